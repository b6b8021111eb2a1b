//! Whether logs cover the runs that lie in the same folder, and what would make them.

use super::Sink;
use crate::read::{
    fault::{Fault, quoted},
    zone::{offset_text, utc_text},
};
use crate::session::{NO_ZONE_SUFFIX, SESSION};
use anyhow::Result;
use schemas::tables::RUN;
use serde::Deserialize;
use std::path::Path;

/// Zones are whole quarters of an hour off UTC, by at most 14 hours.
const QUARTER_NS: i64 = 900_000_000_000;
const QUARTERS: i64 = 56;

/// A run that was timed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Run {
    session_id: String,
    run_id: String,
    pub start_ns: Option<i64>,
    pub end_ns: Option<i64>,
    device: String,
    accelerators: Option<i64>,
    imported_from: Option<String>,
}

/// The imported runs of a folder; none where there is no such table.
pub fn runs(folder: &Path) -> Result<Vec<Run>> {
    let path = folder.join("run.parquet");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let rows: Vec<Run> = schemas::rows::from_batches(RUN.name, &schemas::io::read(&path, &RUN)?)?;
    Ok(rows.into_iter().filter(|r| r.session_id == SESSION && r.start_ns.is_some() && r.end_ns.is_some()).collect())
}

/// GPUs that the imported runs of a folder say they ran on, each once, without their number.
pub fn boards(folder: &Path) -> Result<Vec<String>> {
    let bare = |device: &str| device.split_once("x ").map_or(device, |(_, name)| name).trim().to_string();
    let mut boards: Vec<String> = runs(folder)?.iter().map(|run| bare(&run.device)).collect();
    boards.sort_unstable();
    boards.dedup();
    Ok(boards)
}

/// How many accelerators the imported runs of a folder used, each number once; none where a run does not say.
pub fn accelerators(folder: &Path) -> Result<Vec<i64>> {
    let counts: Option<Vec<i64>> = runs(folder)?.iter().map(|run| run.accelerators).collect();
    let mut counts = counts.unwrap_or_default();
    counts.sort_unstable();
    counts.dedup();
    Ok(counts)
}

/// What all sensors together cover: from the latest beginning to the earliest end.
fn span(sink: &Sink) -> Option<(i64, i64)> {
    let spans = || sink.known.iter().filter(|k| k.readings > 1).filter_map(|k| k.span());
    Some((spans().map(|s| s.0).max()?, spans().map(|s| s.1).min()?))
}

/// Offsets in quarters of an hour, smallest first, with which the log would cover every run.
fn fitting(log: (i64, i64), runs: &[(i64, i64)]) -> Vec<i64> {
    let mut quarters: Vec<i64> = (-QUARTERS..=QUARTERS).collect();
    quarters.sort_by_key(|q| (q.abs(), *q));
    let covers = |q: &i64| runs.iter().all(|r| log.0 + q * QUARTER_NS <= r.0 && r.1 <= log.1 + q * QUARTER_NS);
    quarters.retain(covers);
    quarters
}

/// Refuses logs that do not cover the runs, and times without a zone where the answer depends on it. Remarks go to the sink's notes.
pub fn check(sink: &mut Sink, runs: &[Run], file: &Path) -> Result<(), Fault> {
    let Some(log) = span(sink) else { return Ok(()) };
    let windows: Vec<(i64, i64)> = runs.iter().filter_map(|r| r.start_ns.zip(r.end_ns)).collect();
    let fitting = if windows.is_empty() { Vec::new() } else { fitting(log, &windows) };
    if let Some(text) = sink.zoneless.clone() {
        let runs_too = !runs.is_empty()
            && runs.iter().all(|r| r.imported_from.as_ref().is_some_and(|f| f.ends_with(NO_ZONE_SUFFIX)));
        match fitting.as_slice() {
            _ if runs_too => sink.notes.say("neither log nor runs name a zone: taken for one zone, as UTC"),
            [0] => sink.notes.say("times without a zone were taken for UTC: with no other zone do log and runs meet"),
            [] => {
                return Err(no_zone(&text, "give it: --tz Europe/Berlin, --tz +02:00 or --tz UTC", log, runs).of(file));
            }
            some => {
                let zones: Vec<String> = some.iter().take(4).map(|q| zone(*q)).collect();
                let remedy = format!("give it: {} would make log and runs meet", zones.join(" or "));
                return Err(no_zone(&text, &remedy, log, runs).of(file));
            }
        }
    }
    let zoneless = |r: &Run| r.imported_from.as_ref().is_some_and(|from| from.ends_with(NO_ZONE_SUFFIX));
    if sink.zoneless.is_none() && runs.iter().any(zoneless) {
        match fitting.as_slice() {
            _ if sink.options.partial => sink.notes.say("the runs' times without a zone were taken for UTC"),
            [0] => sink
                .notes
                .say("the runs' times without a zone were taken for UTC: with no other zone do log and runs meet"),
            some => {
                let zones: Vec<String> =
                    some.iter().take(4).map(|q| format!("--tz {}", offset_text((q * 900) as i32))).collect();
                let remedy = match some {
                    [] => {
                        "import the runs again with their zone: --tz Europe/Berlin, --tz +02:00 or --tz UTC".to_string()
                    }
                    _ => format!("import the runs again with their zone: {} would make them meet", zones.join(" or ")),
                };
                let run = runs.iter().find(|r| zoneless(r)).and_then(|r| r.start_ns.zip(r.end_ns)).unwrap_or_default();
                let value = format!("as UTC they are {}, the log is {}", said(run), said(log));
                return Err(Fault::new("the runs' times have no zone", value, remedy).of(file));
            }
        }
    }
    let holes: Vec<(i64, i64)> = sink.known.iter().flat_map(|k| k.holes().to_vec()).collect();
    let meets =
        |r: &&Run| r.start_ns.zip(r.end_ns).is_some_and(|(from, to)| holes.iter().any(|h| h.0 < to && from < h.1));
    let unknown = runs.iter().filter(meets).count();
    if unknown > 0 {
        sink.notes.say(format!(
            "{unknown} of {} runs reach into a time that the clock of the log went through twice: their energy stays unknown",
            runs.len()
        ));
    }
    let short = runs.iter().find(|r| r.start_ns.zip(r.end_ns).is_some_and(|(start, end)| start < log.0 || log.1 < end));
    let Some((run, (start, end))) = short.and_then(|r| Some((r, r.start_ns.zip(r.end_ns)?))) else { return Ok(()) };
    let covered = (end.min(log.1) - start.max(log.0)).max(0) as f64 / 1e9;
    let what = format!("{} does not cover the run {}", said(log), said((start, end)));
    let value = format!("{covered:.1} of {:.1} s of {}", (end - start) as f64 / 1e9, quoted(&run.run_id));
    if sink.options.partial {
        sink.notes.say(format!("{what}, {value}: its energy stays unknown"));
        return Ok(());
    }
    let remedy = match fitting.first() {
        Some(q) if covered == 0.0 => {
            format!("{} or --shift-ms {} would make them meet", zone(*q), q * QUARTER_NS / 1_000_000)
        }
        _ => "log from before the run until after it, or give --partial: the energy of such runs stays unknown".into(),
    };
    Err(Fault::new(what, value, remedy).of(file))
}

/// The zone of times that must be moved by so many quarters to be UTC.
fn zone(quarters: i64) -> String {
    format!("--tz {}", offset_text(-(quarters * 900) as i32))
}

fn said((from, to): (i64, i64)) -> String {
    format!("{} to {}", utc_text(from), utc_text(to))
}

fn no_zone(text: &str, remedy: &str, log: (i64, i64), runs: &[Run]) -> Fault {
    let run = runs.first().and_then(|r| r.start_ns.zip(r.end_ns));
    let beside = run.map(|run| format!("; as UTC the log is {} and the run {}", said(log), said(run)));
    Fault::new("times without a zone", format!("{}{}", quoted(text), beside.unwrap_or_default()), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_that_make_log_and_runs_meet() {
        let (hour, s) = (3_600_000_000_000, 1_000_000_000);
        let log = (11 * hour, 11 * hour + 20 * s);
        assert_eq!(fitting(log, &[(9 * hour + 5 * s, 9 * hour + 15 * s)]), [-8]);
        assert_eq!(zone(-8), "--tz +02:00");
        assert_eq!(fitting(log, &[(9 * hour, 10 * hour)]), [0; 0]);
        assert_eq!(fitting((0, hour), &[(hour / 2, hour / 2 + s)]), [0, -1, 1, 2]);
    }
}
