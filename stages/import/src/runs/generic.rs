//! A CSV of one's own, documented in docs/imports/generic.md: one row a run.

use super::{
    sheet::{Run, Sheet, count},
    window::When,
};
use crate::read::{
    fault::{Fault, Result, quoted},
    fields::split_header,
    format::Format,
    sheet::{Row, Sheet as Table},
    source::Source,
    zone::{DateOrder, Stamp, stamp},
};

pub const FORMAT: Format<Sheet> =
    Format { name: "generic", about: "a CSV of one's own, see docs/imports/generic.md", recognises, read };

/// All columns that are read.
const COLUMNS: &[&str] = &[
    "start",
    "end",
    "duration_s",
    "mode",
    "backend",
    "device",
    "dtype",
    "model",
    "scenario",
    "batch",
    "prompt_tokens",
    "tokens_generated",
    "new_tokens_asked",
    "ttft_ms",
    "tpot_ms",
    "gpu_j",
    "cpu_package_j",
    "dram_j",
    "node_j",
    "threads",
    "library",
    "status",
    "reason",
];

fn is_header(names: &[String]) -> bool {
    let has = |name: &str| names.iter().any(|n| n == name);
    (has("tokens_generated") || has("prompt_tokens")) && (has("duration_s") || has("start") && has("end"))
}

fn recognises(head: &str) -> bool {
    head.lines().find(|l| !l.trim().is_empty()).is_some_and(|l| split_header(l, None, &is_header).is_some())
}

fn read(source: Source, sheet: &mut Sheet) -> Result<()> {
    let rows = Table::rows(source, &is_header)?;
    if let Some(row) = rows.first() {
        let unknown: Vec<&str> = row.names().filter(|n| !COLUMNS.contains(n)).collect();
        if !unknown.is_empty() {
            let value = quoted(&unknown.join(", "));
            return Err(Fault::new("columns that are not known", value, format!("use {}", COLUMNS.join(", "))).at(1));
        }
    }
    rows.iter().try_for_each(|row| take(row, sheet))
}

fn take(row: &Row, sheet: &mut Sheet) -> Result<()> {
    let line = row.line;
    let scenario = row.of("scenario").unwrap_or("default");
    let mut run = match row.of("mode").unwrap_or("generate") {
        "generate" => Run::generate(scenario),
        "prefill" => Run::prefill(scenario),
        other => return Err(Fault::new("no such mode", quoted(other), "use generate or prefill").at(line)),
    };
    let whole = |name: &str| {
        let value = row.number(name)?;
        let fault = |v: f64| {
            Fault::new(format!("column `{name}` is no count"), v, "give a whole number of at least 0").at(line)
        };
        value.map(|v| count(v).filter(|n| *n as f64 == v).ok_or_else(|| fault(v))).transpose()
    };
    let text = |name: &str| row.of(name).unwrap_or("").to_string();
    (run.backend, run.device, run.dtype, run.model) = (text("backend"), text("device"), text("dtype"), text("model"));
    run.batch = whole("batch")?.unwrap_or(1).max(1);
    run.prompt(whole("prompt_tokens")?.map(|n| n as f64));
    if run.mode == "generate" {
        run.tokens_generated = Some(whole("tokens_generated")?.ok_or_else(|| {
            row.must("tokens_generated").err().unwrap_or_else(|| {
                Fault::new("column `tokens_generated` has no number", "nothing", "fill it in").at(line)
            })
        })?);
        run.new_tokens_asked = whole("new_tokens_asked")?;
        run.tokens_from = Some("column `tokens_generated`".into());
    }
    (run.ttft_ms, run.tpot_ms) = (row.number("ttft_ms")?, row.number("tpot_ms")?);
    let energy = |name: &str| {
        let negative = |v: f64| Fault::new(format!("column `{name}` is below 0"), v, "correct the field").at(line);
        row.number(name)?.map(|v| if v >= 0.0 { Ok(v) } else { Err(negative(v)) }).transpose()
    };
    (run.reported_gpu_j, run.reported_cpu_package_j) = (energy("gpu_j")?, energy("cpu_package_j")?);
    (run.reported_dram_j, run.reported_node_j) = (energy("dram_j")?, energy("node_j")?);
    (run.threads, run.library) = (whole("threads")?, row.of("library").map(str::to_string));
    run.reason = row.of("reason").map(str::to_string);
    run.status = match row.of("status") {
        None => "",
        Some("ok") => "ok",
        Some("degraded") => "degraded",
        Some("failed") => "failed",
        Some(other) => return Err(Fault::new("no such status", quoted(other), "use ok, degraded or failed").at(line)),
    };
    if matches!(run.status, "degraded" | "failed") && run.reason.is_none() {
        return Err(Fault::new("a status without a reason", quoted(run.status), "fill in column `reason`").at(line));
    }
    let time = |name: &str| {
        let fault = |t: &str| {
            Fault::new(format!("column `{name}` is no time"), quoted(t), "write 2026-05-14T09:00:00Z").at(line)
        };
        row.of(name).map(|t| stamp(t, DateOrder::Unknown).map_err(|_| fault(t))).transpose()
    };
    let duration_ms = row.number("duration_s")?.map(|s| s * 1e3);
    let (when, length_ms, said) = match (time("start")?, time("end")?, duration_ms) {
        (Some(from), Some(to), _) => (When::Between(from, to), between_ms(from, to), "columns `start` and `end`"),
        (Some(from), None, Some(ms)) => {
            (When::Between(from, later(from, ms)), Some(ms), "column `start` and `duration_s`")
        }
        (None, Some(to), Some(ms)) => (When::Ended(to), Some(ms), "column `end` less `duration_s`"),
        (_, _, ms) => (When::Unknown, ms, "column `duration_s`"),
    };
    run.latency_ms = length_ms;
    sheet.run(line, run, when, said)
}

fn ns(at: Stamp) -> i64 {
    match at {
        Stamp::Utc(ns) | Stamp::Wall(ns) => ns,
    }
}

/// Of two times that are written alike; of others the window's check decides.
fn between_ms(from: Stamp, to: Stamp) -> Option<f64> {
    Some(ns(to).checked_sub(ns(from))? as f64 / 1e6)
}

fn later(at: Stamp, ms: f64) -> Stamp {
    let moved = ns(at).saturating_add((ms * 1e6) as i64);
    if matches!(at, Stamp::Utc(_)) { Stamp::Utc(moved) } else { Stamp::Wall(moved) }
}
