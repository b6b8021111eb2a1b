//! `collect run --dry-run`: the matrix, the order and the expected time, before anything is measured.

use crate::{
    available::available,
    backends,
    cli::Run,
    config::Config,
    host::Host,
    measure::journal_of,
    plan::{Planned, plan},
};
use anyhow::Result;
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    fmt::Write,
    fs,
    path::Path,
};

/// Loading a worker, where no session has measured it.
const LOAD_S: f64 = 3.0;

pub fn describe(config: &Config, asked_for: &Run) -> Result<String> {
    let asked = backends::asked(config)?;
    let here = asked_for.setup.here.with_server_of(config);
    let host = Host::read();
    let folder = journal_of(&asked_for.journal, &schemas::config::as_json(config), &host);
    let known = Known::read(&folder, &asked_for.journal);
    let runs = plan(config);
    let todo: Vec<&Planned> = runs.iter().filter(|r| !known.done.contains(&r.run_id)).collect();
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} runs: {} backends x {} modes x {} scenarios x {} repetitions; {} measured before, {} to go",
        runs.len(),
        config.backends.len(),
        config.mode.len(),
        config.scenario.len(),
        config.repetitions,
        runs.len() - todo.len(),
        todo.len()
    );
    let _ = writeln!(text, "model: {} ({})\n\nbackends:", config.model.name(), config.model.describe());
    for backend in &asked {
        let state =
            available(backend, &here).map_or_else(|why| format!("not here: {why}"), |what| format!("here: {what}"));
        let _ = writeln!(text, "  {:<26} {state}", backend.name);
    }
    let _ = writeln!(text, "\nscenarios (batch x prompt tokens):");
    for s in &config.scenario {
        let _ = writeln!(text, "  {:<26} {} x {}", s.name, s.batch, s.prompt_tokens);
    }
    let _ = writeln!(text, "\norder:");
    for run in &todo {
        let _ = writeln!(text, "  {:>4}  {}", run.order, run.run_id);
    }
    let runs_here = |run: &&&Planned| asked.iter().any(|b| b.name == run.backend && available(b, &here).is_ok());
    let runs_here: Vec<&Planned> = todo.iter().filter(runs_here).copied().collect();
    let expected = Expected::of(config, &runs_here, &known);
    let _ = writeln!(
        text,
        "\nexpected: {} (windows and warm-ups {:.0} s{}, loading {:.0} s, idle and cool-down {:.0} s)",
        minutes(expected.total()),
        expected.runs_s,
        if known.latency_ms.is_empty() { ", at least: no run was measured before" } else { "" },
        expected.loads_s,
        expected.pauses_s
    );
    Ok(text)
}

fn minutes(seconds: f64) -> String {
    format!("{:.0} min {:02.0} s", (seconds / 60.0).floor(), seconds % 60.0)
}

struct Expected {
    runs_s: f64,
    loads_s: f64,
    pauses_s: f64,
}

impl Expected {
    fn of(config: &Config, todo: &[&Planned], known: &Known) -> Self {
        let mut expected = Expected { runs_s: 0.0, loads_s: 0.0, pauses_s: 2.0 * config.idle_s };
        let window_s = config.min_window_ms as f64 / 1e3;
        let mut alive = "";
        for run in todo {
            let latency_s = known.latency_ms.get(cell_of(&run.run_id)).map_or(0.0, |ms| ms / 1e3);
            // A window ends with the iteration that reaches its length.
            let iterations = (window_s / latency_s.max(1e-9)).ceil().max(1.0);
            expected.runs_s += if latency_s > 0.0 { iterations * latency_s } else { window_s };
            expected.runs_s += warm_ups(config) as f64 * latency_s;
            expected.pauses_s += config.cooldown_ms as f64 / 1e3;
            if run.backend != alive {
                alive = &run.backend;
                expected.loads_s += known.load_s.get(alive).copied().unwrap_or(LOAD_S);
            }
        }
        expected
    }

    fn total(&self) -> f64 {
        self.runs_s + self.loads_s + self.pauses_s
    }
}

/// Warm-ups of a run on a steady machine: the least that the coefficient of variation can be told from, within the bounds.
fn warm_ups(config: &Config) -> usize {
    config.warmup.min_iterations.max(3).min(config.warmup.max_iterations)
}

/// A run's name without its repetition.
fn cell_of(run_id: &str) -> &str {
    run_id.rsplit_once('/').map_or(run_id, |(cell, _)| cell)
}

/// What earlier sessions of this or another plan measured on the same machine.
#[derive(Default)]
struct Known {
    done: HashSet<String>,
    latency_ms: HashMap<String, f64>,
    load_s: HashMap<String, f64>,
}

impl Known {
    fn read(folder: &Path, journal: &Path) -> Self {
        let mut known = Known::default();
        let others = fs::read_dir(journal).into_iter().flatten().flatten().map(|e| e.path());
        for plan in others.chain([folder.to_path_buf()]) {
            let text = fs::read_to_string(plan.join("runs.jsonl")).unwrap_or_default();
            for run in text.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok()) {
                let Some(id) = run["run_id"].as_str() else { continue };
                if plan == folder {
                    known.done.insert(id.into());
                }
                if let Some(ms) = run["latency_ms"].as_f64() {
                    known.latency_ms.insert(cell_of(id).into(), ms);
                }
                if let (Some(backend), Some(ms)) = (run["backend"].as_str(), run["load_ms"].as_f64()) {
                    known.load_s.insert(backend.into(), ms / 1e3);
                }
            }
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_latencies_give_the_time_and_finished_runs_are_not_counted() {
        let text = include_str!("../../../pipeline.toml");
        let config: Config = schemas::config::parse(text, Path::new("pipeline.toml"), "collect").unwrap();
        let runs = plan(&config);
        let one = &runs[0];
        let mut known = Known::default();
        known.latency_ms.insert(cell_of(&one.run_id).into(), 300.0);
        known.load_s.insert(one.backend.clone(), 1.5);
        let expected = Expected::of(&config, &[one], &known);
        let window_s = (config.min_window_ms as f64 / 300.0).ceil() * 0.3;
        let warm_ups_s = warm_ups(&config) as f64 * 0.3;
        assert!((expected.runs_s - window_s - warm_ups_s).abs() < 1e-9);
        assert_eq!(expected.loads_s, 1.5);
        assert_eq!(minutes(125.4), "2 min 05 s");
    }
}
