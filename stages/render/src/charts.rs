//! Charts: Vega-Lite files, filled through `vega_lite_4`. A new chart is a line in [`ALL`], and a file in `charts/` if it needs
//! another shape.

use anyhow::{Context, Result, bail};
use recombine::Workbench;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vega_lite_4::Vegalite;

/// A chart of one mode for each mode that has rows.
struct Kind {
    id: &'static str,
    title: &'static str,
    axis: &'static str,
    file: &'static str,
    /// Rows `mode, row, series, value, low, high, n, evidence`, ordered.
    sql: &'static str,
}

const VALUE: &str = include_str!("../charts/value.vl.json");

const ALL: &[Kind] = &[
    Kind {
        id: "latency",
        title: "Latency",
        axis: "ms per iteration",
        file: VALUE,
        sql: "select mode, scenario as row, backend as series, estimate as value, ci_low as low, ci_high as high, n, evidence \
              from cell_estimate where metric = 'latency_ms' order by place, scenario, backend",
    },
    Kind {
        id: "throughput",
        title: "Throughput",
        axis: "tokens per second (prompt tokens in prefill, new tokens in generate)",
        file: VALUE,
        sql: "select mode, scenario as row, backend as series, estimate as value, ci_low as low, ci_high as high, n, evidence \
              from cell_estimate where metric in ('input_tokens_per_s', 'output_tokens_per_s') order by place, scenario, backend",
    },
    Kind {
        id: "cost",
        title: "Cost of a million tokens by tier",
        axis: "USD per 1M tokens, mean over scenarios, cheapest price of each tier",
        file: VALUE,
        sql: "select mode, tier || ' (' || match || ')' as row, backend as series, usd as value, usd - half_usd as low, \
              usd + half_usd as high, runs as n, energy_evidence as evidence \
              from tier_cost order by place, match desc, tier, backend",
    },
    Kind {
        id: "energy",
        title: "Energy of a million tokens",
        axis: "kWh per 1M tokens, gross",
        file: VALUE,
        sql: "select mode, scenario as row, backend as series, estimate as value, ci_low as low, ci_high as high, n, evidence \
              from cell_estimate where metric = 'gross_kwh_per_mtok' order by place, scenario, backend",
    },
];

/// One row that a chart draws.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Drawn {
    mode: String,
    row: String,
    series: String,
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
    n: Option<i64>,
    evidence: String,
}

/// A chart ready to be drawn.
#[derive(Debug, Clone, Serialize)]
pub struct Chart {
    pub id: String,
    pub kind: &'static str,
    pub title: String,
    /// What the chart shows, in words.
    pub alternative: String,
    pub spec: Value,
}

/// Every chart that has something to show.
pub fn fill(bench: &Workbench) -> Result<Vec<Chart>> {
    let mut charts = Vec::new();
    for kind in ALL {
        let rows: Vec<Drawn> = bench.select(kind.sql).with_context(|| format!("chart {}", kind.id))?;
        let mut modes: Vec<&str> = Vec::new();
        rows.iter().for_each(|r| {
            if !modes.contains(&r.mode.as_str()) {
                modes.push(&r.mode);
            }
        });
        for mode in modes {
            charts.push(chart(kind, mode, rows.iter().filter(|r| r.mode == mode).collect())?);
        }
    }
    Ok(charts)
}

fn chart(kind: &Kind, mode: &str, rows: Vec<&Drawn>) -> Result<Chart> {
    let title = format!("{}: {mode}", kind.title);
    let slug: String =
        mode.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let id = format!("{}-{}", kind.id, slug.replace("--", "-"));
    let mut spec: Value = serde_json::from_str(kind.file).with_context(|| format!("chart {}: not JSON", kind.id))?;
    spec["title"] = title.clone().into();
    spec["spec"]["layer"][0]["encoding"]["x"]["title"] = kind.axis.into();
    spec["data"]["values"] = serde_json::to_value(&rows)?;
    let listed: Vec<String> =
        rows.iter().map(|r| format!("{}, {}: {}", r.row, r.series, crate::format::significant(r.value))).collect();
    let alternative = format!("Bars of {}. {}.", kind.axis, listed.join("; "));
    Ok(Chart {
        id,
        kind: kind.id,
        title,
        alternative,
        spec: checked(&spec).with_context(|| format!("chart {}", kind.id))?,
    })
}

/// The specification as `vega_lite_4` understands it. That crate drops keys it does not know without a word, so what comes back
/// is compared with what went in.
pub fn checked(spec: &Value) -> Result<Value> {
    let back = std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, || round_trip(spec))?;
        worker.join().map_err(|_| anyhow::anyhow!("the reader of Vega-Lite 4 failed"))?
    })?;
    match lost(spec, &back, "$") {
        None => Ok(back),
        Some(path) => bail!("Vega-Lite 4 does not know {path}, correct the chart's file"),
    }
}

/// The crate's types nest deeper than a thread's usual stack holds.
const STACK_BYTES: usize = 64 << 20;

fn round_trip(spec: &Value) -> Result<Value> {
    let typed: Vegalite = serde_json::from_value(spec.clone()).context("not a Vega-Lite 4 specification")?;
    Ok(serde_json::to_value(&typed)?)
}

/// The first path of `before` that `after` does not have. Null is the same as absent.
fn lost(before: &Value, after: &Value, path: &str) -> Option<String> {
    match (before, after) {
        (Value::Object(b), Value::Object(a)) => b.iter().find_map(|(key, value)| {
            let path = format!("{path}.{key}");
            match a.get(key) {
                Some(found) => lost(value, found, &path),
                None if value.is_null() => None,
                None => Some(path),
            }
        }),
        (Value::Array(b), Value::Array(a)) if b.len() == a.len() => {
            b.iter().zip(a).enumerate().find_map(|(i, (b, a))| lost(b, a, &format!("{path}[{i}]")))
        }
        (Value::Number(b), Value::Number(a)) if b.as_f64() == a.as_f64() => None,
        (b, a) if b == a => None,
        _ => Some(path.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chart_files_survive_the_round_trip() {
        for kind in ALL {
            checked(&serde_json::from_str(kind.file).unwrap()).unwrap_or_else(|e| panic!("{}: {e:#}", kind.id));
        }
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let mut spec: Value = serde_json::from_str(VALUE).unwrap();
        spec["spec"]["layer"][1]["mark"]["strokeWidht"] = 2.into();
        assert_eq!(
            checked(&spec).unwrap_err().to_string(),
            "Vega-Lite 4 does not know $.spec.layer[1].mark.strokeWidht, correct the chart's file"
        );
    }
}
