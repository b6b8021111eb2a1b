//! The report as data: sections with texts, charts and tables. Both templates show the same one.

use crate::{
    charts::Chart,
    format::{significant, with_interval},
    money,
};
use anyhow::Result;
use recombine::Workbench;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

#[derive(Debug, Serialize)]
pub struct Report {
    pub title: String,
    /// The three lines a reader wants.
    pub headline: Vec<String>,
    pub sections: Vec<Section>,
}

#[derive(Debug, Serialize)]
pub struct Section {
    pub id: &'static str,
    pub title: Cow<'static, str>,
    pub texts: Vec<String>,
    pub charts: Vec<Chart>,
    pub tables: Vec<Table>,
}

#[derive(Debug, Serialize)]
pub struct Table {
    pub caption: String,
    /// What a reader needs beside it; may be empty.
    pub note: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<String>>,
}

#[derive(Debug, Serialize)]
pub struct Column {
    pub label: Cow<'static, str>,
    pub number: bool,
}

/// How a column of a query's rows is shown.
pub enum Show {
    Text(&'static str),
    Number(&'static str),
    /// Value, low, high.
    Interval(&'static str, &'static str, &'static str),
    /// Value and half-width.
    HalfWidth(&'static str, &'static str),
    /// Several texts, joined.
    Joined(&'static [&'static str]),
}

fn number(row: &Value, key: &str) -> Option<f64> {
    row.get(key).and_then(Value::as_f64)
}

fn text(row: &Value, key: &str) -> String {
    match row.get(key) {
        None | Some(Value::Null) => "not known".into(),
        Some(Value::String(s)) => s.clone(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    }
}

impl Show {
    fn cell(&self, row: &Value) -> String {
        let unknown = || "not known".to_string();
        match self {
            Show::Text(key) => text(row, key),
            Show::Number(key) => number(row, key).map_or_else(unknown, significant),
            Show::Interval(value, low, high) => {
                number(row, value).map_or_else(unknown, |v| with_interval(v, number(row, low), number(row, high)))
            }
            Show::HalfWidth(value, half) => number(row, value).map_or_else(unknown, |v| {
                let half = number(row, half);
                with_interval(v, half.map(|h| v - h), half.map(|h| v + h))
            }),
            Show::Joined(keys) => keys.iter().map(|k| text(row, k)).collect::<Vec<_>>().join(" "),
        }
    }
}

pub fn table(bench: &Workbench, caption: &str, sql: &str, shown: &[(&'static str, Show)]) -> Result<Table> {
    let rows: Vec<Value> = bench.select(sql)?;
    Ok(Table {
        caption: caption.into(),
        note: String::new(),
        columns: shown
            .iter()
            .map(|(label, show)| Column {
                label: (*label).into(),
                number: !matches!(show, Show::Text(_) | Show::Joined(_)),
            })
            .collect(),
        rows: rows.iter().map(|row| shown.iter().map(|(_, show)| show.cell(row)).collect()).collect(),
    })
}

pub fn build(
    bench: &Workbench,
    title: &str,
    charts: Vec<Chart>,
    reproduce: Vec<String>,
    with_another: bool,
    appendix: Option<Section>,
) -> Result<Report> {
    let of = |kinds: &[&str]| charts.iter().filter(|c| kinds.contains(&c.kind)).cloned().collect::<Vec<_>>();
    let none = Vec::new;
    let mut speed = vec![backends(bench)?, cells(bench)?, comparisons(bench)?];
    if with_another {
        speed.push(beside(bench)?);
    }
    let mut carbons = vec![energy(bench)?, carbon(bench)?, money::regions(bench)?];
    carbons.extend(money::hours(bench)?);
    let mut sections = vec![
        Section {
            id: "decision",
            title: "Which backend".into(),
            texts: vec![money::DECISIONS.into()],
            charts: Vec::new(),
            tables: vec![money::decisions(bench)?],
        },
        Section {
            id: "findings",
            title: "What to know before using the numbers".into(),
            texts: none(),
            charts: Vec::new(),
            tables: vec![findings(bench)?],
        },
        Section {
            id: "speed",
            title: "Latency and throughput".into(),
            texts: vec![
                "Latency is the mean time of one iteration: one forward pass over the prompt in prefill, the whole greedy \
                 decoding, its prefill included, in generate. Intervals are 95 % unless configured otherwise, Student t over the \
                 runs of a cell."
                    .into(),
            ],
            charts: of(&["latency", "throughput"]),
            tables: speed,
        },
        Section {
            id: "cost",
            title: "Cost of a million tokens".into(),
            texts: vec![
                "Prompt tokens in prefill, new tokens in generate. A price is `measured` when it is of the hardware that ran, \
                 and `extrapolated` when the measured speed is billed at the rate of other hardware: the two are not ranked \
                 together. Electricity is added only where the price does not include it. `on_prem` is the own machine's \
                 electricity alone."
                    .into(),
            ],
            charts: of(&["cost"]),
            tables: vec![tiers(bench)?, money::savings(bench)?],
        },
        Section {
            id: "requests",
            title: "Requests".into(),
            texts: vec![money::REQUESTS.into()],
            charts: Vec::new(),
            tables: vec![money::requests(bench)?],
        },
        Section {
            id: "owning",
            title: "Own machine, rent or API".into(),
            texts: vec![money::OWNING.into()],
            charts: Vec::new(),
            tables: money::owning(bench)?,
        },
        Section {
            id: "energy",
            title: "Energy and carbon".into(),
            texts: vec![
                "Gross is the whole energy of the window; net takes off the idle baseline. Both are of the scope named, at the \
                 evidence named: an estimate is no measurement."
                    .into(),
            ],
            charts: of(&["energy"]),
            tables: carbons,
        },
        Section { id: "environment", title: "Environment".into(), texts: none(), charts: Vec::new(), tables: environment(bench)? },
        Section { id: "reproduce", title: "How to reproduce".into(), texts: reproduce, charts: Vec::new(), tables: Vec::new() },
    ];
    sections.extend(appendix);
    Ok(Report { title: title.into(), headline: crate::headline::lines(bench)?, sections })
}

fn findings(bench: &Workbench) -> Result<Table> {
    table(
        bench,
        "Findings, gravest first",
        "select * from finding order by case severity when 'error' then 1 when 'warning' then 2 else 3 end, code, place",
        &[
            ("severity", Show::Text("severity")),
            ("finding", Show::Text("what")),
            ("where", Show::Text("place")),
            ("code", Show::Text("code")),
        ],
    )
}

fn backends(bench: &Workbench) -> Result<Table> {
    table(
        bench,
        "Backends over all scenarios (geometric means)",
        "select * from backend_estimate where metric not in ('gross_power_w', 'net_kwh_per_mtok') order by place, metric, backend",
        &[
            ("mode", Show::Text("mode")),
            ("metric", Show::Text("metric")),
            ("backend", Show::Text("backend")),
            ("estimate [interval]", Show::Interval("estimate", "ci_low", "ci_high")),
            ("runs", Show::Number("n")),
            ("evidence", Show::Text("evidence")),
        ],
    )
}

/// Cells of another run: whatever was published or measured elsewhere, on its own hardware.
fn beside(bench: &Workbench) -> Result<Table> {
    table(
        bench,
        "Another run's cells beside this run's (ratio: here / there)",
        "select * from beside_cell order by metric desc, mode, scenario, backend",
        &[
            ("metric", Show::Text("metric")),
            ("mode", Show::Text("mode")),
            ("scenario", Show::Text("scenario")),
            ("backend", Show::Text("backend")),
            ("there", Show::Number("there_value")),
            ("on", Show::Text("there_device")),
            ("here [interval]", Show::Interval("here_value", "here_low", "here_high")),
            ("on this machine's", Show::Text("here_device")),
            ("ratio", Show::Number("ratio")),
        ],
    )
}

fn cells(bench: &Workbench) -> Result<Table> {
    table(
        bench,
        "Latency of every cell, ms",
        "select * from cell_estimate where metric = 'latency_ms' order by place, scenario, backend",
        &[
            ("mode", Show::Text("mode")),
            ("scenario", Show::Text("scenario")),
            ("backend", Show::Text("backend")),
            ("mean [interval]", Show::Interval("estimate", "ci_low", "ci_high")),
            ("median", Show::Number("median")),
            ("runs", Show::Number("n")),
        ],
    )
}

fn comparisons(bench: &Workbench) -> Result<Table> {
    table(
        bench,
        "Backends compared, scenarios as blocks: ratio b / a, p adjusted by Holm",
        "select c.*, m.label from comparison as c inner join mode_label as m on c.mode = m.mode and c.kv_cache = m.kv_cache \
         where c.metric in ('latency_ms', 'gross_kwh_per_mtok') order by c.metric desc, m.place, c.a, c.b",
        &[
            ("metric", Show::Text("metric")),
            ("mode", Show::Text("label")),
            ("a", Show::Text("a")),
            ("b", Show::Text("b")),
            ("ratio b / a [interval]", Show::Interval("ratio", "ratio_low", "ratio_high")),
            ("p adjusted", Show::Number("p_adjusted")),
            ("blocks", Show::Number("blocks")),
        ],
    )
}

fn tiers(bench: &Workbench) -> Result<Table> {
    table(
        bench,
        "Cheapest price of every tier, USD per 1M tokens, mean over scenarios",
        "select * from tier_cost order by place, match desc, tier, backend",
        &[
            ("mode", Show::Text("mode")),
            ("tier", Show::Text("tier")),
            ("hardware", Show::Text("match")),
            ("backend", Show::Text("backend")),
            ("USD per 1M [interval]", Show::HalfWidth("usd", "half_usd")),
            ("price", Show::Joined(&["provider", "region", "instance"])),
            ("energy", Show::Text("energy_evidence")),
        ],
    )
}

fn energy(bench: &Workbench) -> Result<Table> {
    table(
        bench,
        "Energy per token by scope",
        "select * from energy_table",
        &[
            ("mode", Show::Text("mode")),
            ("backend", Show::Text("backend")),
            ("scope", Show::Text("scope")),
            ("mean power, W", Show::Number("mean_power_w")),
            ("gross, J per token", Show::Number("gross_j_per_token")),
            ("net, J per token", Show::Number("net_j_per_token")),
            ("runs", Show::Number("runs")),
            ("evidence", Show::Text("evidence")),
        ],
    )
}

fn carbon(bench: &Workbench) -> Result<Table> {
    table(
        bench,
        "Energy and carbon of a million tokens on the own machine, mean over scenarios",
        "select distinct place, mode, backend, kwh, gco2e, energy_evidence from backend_cost where tier = 'on_prem' \
         order by place, backend",
        &[
            ("mode", Show::Text("mode")),
            ("backend", Show::Text("backend")),
            ("kWh per 1M", Show::Number("kwh")),
            ("gCO2e per 1M", Show::Number("gco2e")),
            ("evidence", Show::Text("energy_evidence")),
        ],
    )
}

fn environment(bench: &Workbench) -> Result<Vec<Table>> {
    let sessions = table(
        bench,
        "Sessions",
        "select * from session order by started_ns",
        &[
            ("session", Show::Text("session_id")),
            ("processor", Show::Text("cpu")),
            ("cores", Show::Number("logical_cores")),
            ("memory, MiB", Show::Number("memory_mb")),
            ("GPU", Show::Text("gpu_names")),
            ("system", Show::Text("os")),
            ("engines", Show::Text("engines")),
            ("sensors", Show::Text("sensors")),
        ],
    )?;
    let attested = table(
        bench,
        "What ran, as the engines report it",
        "select backend, device, dtype, coalesce(provider, 'not known') as provider, coalesce(library, 'not known') as library, \
         threads, model, weights, status, count(*) as runs from run \
         group by backend, device, dtype, provider, library, threads, model, weights, status order by backend, status",
        &[
            ("backend", Show::Text("backend")),
            ("device", Show::Text("device")),
            ("dtype", Show::Text("dtype")),
            ("provider", Show::Text("provider")),
            ("library", Show::Text("library")),
            ("threads", Show::Number("threads")),
            ("model", Show::Text("model")),
            ("weights", Show::Text("weights")),
            ("status", Show::Text("status")),
            ("runs", Show::Number("runs")),
        ],
    )?;
    let sensors = table(
        bench,
        "Power sensors, as they were read; steps in W, of counters in J",
        "select device_id, kind, scope, source, sum(readings) as readings, sum(errors) as errors, sum(missed) as missed, \
         max(longest_gap_ns) / 1e6 as longest_gap_ms, max(update_period_ms) as update_period_ms, \
         min(coalesce(resolution_w, resolution_j)) as step, max(averaging_ms) as averaging_ms, max(cost_pct) as cost_pct \
         from sensor group by device_id, kind, scope, source order by device_id, kind",
        &[
            ("sensor", Show::Text("device_id")),
            ("kind", Show::Text("kind")),
            ("scope", Show::Text("scope")),
            ("source", Show::Text("source")),
            ("readings", Show::Number("readings")),
            ("failed", Show::Number("errors")),
            ("deadlines missed", Show::Number("missed")),
            ("longest gap, ms", Show::Number("longest_gap_ms")),
            ("new every, ms", Show::Number("update_period_ms")),
            ("smallest step", Show::Number("step")),
            ("averages over, ms", Show::Number("averaging_ms")),
            ("cost, % of a core", Show::Number("cost_pct")),
        ],
    )?;
    Ok(vec![sessions, sensors, attested])
}

/// A backend's figure that may lead, tie or trail.
#[derive(Debug, Clone, Deserialize)]
pub struct Ranked {
    pub name: String,
    pub value: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
}
