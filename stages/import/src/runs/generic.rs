//! A CSV of one's own, documented in docs/imports/generic.md: one row a run.

use super::{
    figures::{self, Figures},
    load::Load,
    sheet::{Run, Sheet, count, generate, prefill, set_prompt},
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

use schemas::tables::run::{ARRIVALS, ROLES};

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
    "accelerators",
    "role",
    "concurrency",
    "offered_rate_per_s",
    "arrival",
    "requests_completed",
    "requests_failed",
    "cached_prompt_tokens",
    "reasoning_tokens",
];
/// Columns of which rows of one load have the same.
const LOAD: &[&str] =
    &["new_tokens_asked", "role", "concurrency", "offered_rate_per_s", "arrival", "threads", "library"];

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
        "generate" => generate(scenario),
        "prefill" => prefill(scenario),
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
    set_prompt(&mut run, whole("prompt_tokens")?.map(|n| n as f64));
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
        None => String::new(),
        Some(status @ ("ok" | "degraded" | "failed")) => status.into(),
        Some(other) => return Err(Fault::new("no such status", quoted(other), "use ok, degraded or failed").at(line)),
    };
    if matches!(run.status.as_str(), "degraded" | "failed") && run.reason.is_none() {
        return Err(Fault::new("a status without a reason", quoted(&run.status), "fill in column `reason`").at(line));
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
    if let (Some(from), Some(to), Some(ms)) = (time("start")?, time("end")?, duration_ms)
        && let Some(between) = between_ms(from, to)
        && (between - ms).abs() > 0.01 * ms.max(between) + 1000.0
    {
        let value = format!("{} s and {} s", between / 1e3, ms / 1e3);
        let remedy = "correct one, or leave column `duration_s` out";
        return Err(Fault::new("`start` and `end` are not `duration_s` apart", value, remedy).at(line));
    }
    serve(row, &mut run)?;
    let figures = Figures {
        duration_s: length_ms.map(|ms| ms / 1e3),
        completed: run.requests_completed.or(Some(run.batch)).map(|n| n as f64),
        asked: run.new_tokens_asked.filter(|n| *n > 0).map(|n| n as f64),
        output_tokens: run.tokens_generated.map(|n| n as f64),
        ttft_ms: run.ttft_ms,
        tpot_ms: run.tpot_ms,
        // Sequences of a batch run together, as long as nothing says that requests were served.
        latency_ms: length_ms.filter(|_| row.of("batch").is_some() && !is_served(&run)),
        max_concurrency: run.concurrency.map(|n| n as f64),
        is_closed: run.arrival.as_deref() == Some("closed"),
        ..Figures::default()
    };
    run.reason = figures::join(run.reason, figures.check(line)?);
    let mut load = Load::default();
    for name in LOAD {
        row.of(name).into_iter().for_each(|value| load.set(name, value));
    }
    sheet.add(line, run, load, when, said)
}

fn is_served(run: &Run) -> bool {
    let Run { requests_completed, concurrency, offered_rate_per_s, arrival, role, .. } = run;
    requests_completed.is_some()
        || concurrency.is_some()
        || offered_rate_per_s.is_some()
        || arrival.is_some()
        || role.is_some()
}

/// The columns of requests that were served.
fn serve(row: &Row, run: &mut Run) -> Result<()> {
    let whole = |name: &str| -> Result<Option<i64>> {
        let fault = |v: f64| {
            let what = format!("column `{name}` is no count");
            Fault::new(what, v, "give a whole number of at least 0").at(row.line)
        };
        row.number(name)?.map(|v| count(v).filter(|n| *n as f64 == v).ok_or_else(|| fault(v))).transpose()
    };
    let choice = |name: &str, all: &[&str]| -> Result<Option<String>> {
        let fault = |v: &str| {
            Fault::new(format!("column `{name}` has no such value"), quoted(v), format!("use {}", all.join(", ")))
                .at(row.line)
        };
        row.of(name).map(|v| if all.contains(&v) { Ok(v.to_string()) } else { Err(fault(v)) }).transpose()
    };
    run.accelerators = whole("accelerators")?.filter(|n| *n > 0);
    run.role = choice("role", ROLES)?;
    run.arrival = choice("arrival", ARRIVALS)?;
    run.concurrency = whole("concurrency")?;
    run.offered_rate_per_s = row.number("offered_rate_per_s")?;
    (run.requests_completed, run.requests_failed) = (whole("requests_completed")?, whole("requests_failed")?);
    run.cached_prompt_tokens = whole("cached_prompt_tokens")?;
    run.reasoning_tokens = whole("reasoning_tokens")?;
    Ok(())
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
