//! `analyze diff BEFORE AFTER`: two run folders, cell by cell; a gate for continuous integration.

use crate::{
    observed::{Group, Runs},
    ranking::more_is_better,
    stats::{holm::holm, log_ratio::log_ratio},
};
use anyhow::Context;
use clap::Args;
use recombine::{Workbench, model};
use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
};

/// Compares two run folders cell by cell; exit status 1 when a cell got worse
#[derive(Debug, Args)]
pub struct Diff {
    /// Run folder to compare with
    before: PathBuf,
    /// Run folder that may have got worse
    after: PathBuf,
    /// Quantities that are compared
    #[arg(long = "metric", value_name = "METRIC", default_values_t = ["latency_ms".to_string(), "gross_kwh_per_mtok".to_string()])]
    metrics: Vec<String>,
    /// How much worse a cell may be, %
    #[arg(long, value_name = "PCT", default_value_t = 5.0)]
    max_regression_pct: f64,
    /// Coverage of the intervals; the tests' errors over all cells of a metric stay below the rest (Holm)
    #[arg(long, default_value_t = 0.95)]
    ci_level: f64,
}

/// What became of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Same,
    Better,
    Worse,
    /// Too few runs, or nothing varies.
    Unknown,
    /// Only before.
    Gone,
    /// Only after.
    New,
}

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Verdict::Same => "same",
            Verdict::Better => "better",
            Verdict::Worse => "WORSE",
            Verdict::Unknown => "can't tell",
            Verdict::Gone => "GONE",
            Verdict::New => "new",
        }
    }
}

struct Line {
    cell: String,
    ratio: Option<f64>,
    interval: Option<(f64, f64)>,
    p: Option<f64>,
    runs: (usize, usize),
    verdict: Verdict,
}

/// Whether no cell is worse or gone. Prints every cell.
pub fn run(diff: &Diff) -> anyhow::Result<bool> {
    let known = schemas::tables::estimate::METRICS;
    if let Some(metric) = diff.metrics.iter().find(|m| !known.contains(&m.as_str())) {
        anyhow::bail!("no metric of that name, \"{metric}\", use one of {}", known.join(", "));
    }
    anyhow::ensure!(
        diff.ci_level > 0.0 && diff.ci_level < 1.0,
        "--ci-level must be between 0 and 1, {}",
        diff.ci_level
    );
    anyhow::ensure!(
        diff.max_regression_pct >= 0.0,
        "--max-regression-pct must be at least 0, {}",
        diff.max_regression_pct
    );
    let (before, after) = (observed(&diff.before)?, observed(&diff.after)?);
    let mut fine = true;
    for metric in &diff.metrics {
        let lines = compare(metric, &before, &after, diff);
        anyhow::ensure!(
            !lines.is_empty(),
            "{} and {}: neither has a value of {metric}, compare another",
            diff.before.display(),
            diff.after.display()
        );
        print!("{}", shown(metric, &lines, diff));
        fine &= lines.iter().all(|line| !matches!(line.verdict, Verdict::Worse | Verdict::Gone));
    }
    Ok(fine)
}

/// Values of a run folder by cell.
fn observed(folder: &Path) -> anyhow::Result<BTreeMap<Group, Runs>> {
    let mut bench = Workbench::new("analyze", &())?;
    let tables = ["session", "run", "run_energy"].map(|name| folder.join(format!("{name}.parquet")));
    bench
        .read(tables.iter().map(PathBuf::as_path))
        .with_context(|| format!("{}: not a run folder", folder.display()))?;
    bench.model(model!("run_check"))?;
    bench.model(model!("run_value"))?;
    crate::observed::observed(&bench, &["run_value"])
}

fn cells<'a>(metric: &str, groups: &'a BTreeMap<Group, Runs>) -> BTreeMap<String, &'a Vec<f64>> {
    let of_metric = groups.iter().filter(|(group, _)| group.metric == metric);
    let named = of_metric.flat_map(|(g, runs)| {
        runs.by_scenario.iter().map(move |(scenario, values)| {
            let mode = if g.kv_cache { format!("{}, KV cache", g.mode) } else { g.mode.clone() };
            (format!("{} on {}, {} {}, {mode}, {scenario}", g.backend, g.device, g.model, g.dtype), values)
        })
    });
    named.collect()
}

fn compare(metric: &str, before: &BTreeMap<Group, Runs>, after: &BTreeMap<Group, Runs>, diff: &Diff) -> Vec<Line> {
    let (before, after) = (cells(metric, before), cells(metric, after));
    let none = Vec::new();
    let mut lines: Vec<Line> = Vec::new();
    for cell in before.keys().chain(after.keys().filter(|cell| !before.contains_key(*cell))) {
        let (a, b) = (before.get(cell).copied().unwrap_or(&none), after.get(cell).copied().unwrap_or(&none));
        let found = log_ratio(a, b, diff.ci_level);
        let verdict = match (a.is_empty(), b.is_empty()) {
            (true, _) => Verdict::New,
            (_, true) => Verdict::Gone,
            _ => Verdict::Unknown,
        };
        lines.push(Line {
            cell: cell.clone(),
            ratio: found.as_ref().map(|f| f.ratio),
            interval: found.as_ref().and_then(|f| f.interval),
            p: found.and_then(|f| f.p),
            runs: (a.len(), b.len()),
            verdict,
        });
    }
    let adjusted = holm(&lines.iter().map(|line| line.p).collect::<Vec<_>>());
    let most = 1.0 + diff.max_regression_pct / 100.0;
    for (line, p) in lines.iter_mut().zip(adjusted) {
        line.p = p;
        if let (Verdict::Unknown, Some(ratio), Some(p)) = (line.verdict, line.ratio, p) {
            let worse_by = if more_is_better(metric) { 1.0 / ratio } else { ratio };
            line.verdict = match p < 1.0 - diff.ci_level {
                true if worse_by > most => Verdict::Worse,
                true if worse_by < 1.0 / most => Verdict::Better,
                _ => Verdict::Same,
            };
        }
    }
    lines
}

fn shown(metric: &str, lines: &[Line], diff: &Diff) -> String {
    let mut text = format!("{metric}: after / before, {} % intervals, p adjusted by Holm\n", 100.0 * diff.ci_level);
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_string(), |v| format!("{v:.3}"));
    for line in lines {
        let interval = line.interval.map_or_else(|| "-".to_string(), |(low, high)| format!("{low:.3} to {high:.3}"));
        let runs = format!("{}, {}", line.runs.0, line.runs.1);
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "{:10}  {:>8}  {:18}  {:>7}  {:>8}  {}",
            line.verdict.name(),
            number(line.ratio),
            interval,
            number(line.p),
            runs,
            line.cell
        );
    }
    let count = |verdict| lines.iter().filter(|line| line.verdict == verdict).count();
    let _ = writeln!(
        text,
        "{} cells: {} worse by more than {} %, {} gone, {} better, {} same, {} can't tell, {} new",
        lines.len(),
        count(Verdict::Worse),
        diff.max_regression_pct,
        count(Verdict::Gone),
        count(Verdict::Better),
        count(Verdict::Same),
        count(Verdict::Unknown),
        count(Verdict::New)
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(metric: &str, scenario: &str, values: &[f64]) -> BTreeMap<Group, Runs> {
        let group = Group {
            metric: metric.into(),
            backend: "b".into(),
            device: "cpu".into(),
            model: "m".into(),
            dtype: "f32".into(),
            mode: "prefill".into(),
            kv_cache: false,
        };
        BTreeMap::from([(group, Runs::of(&[(scenario, values)], "measured"))])
    }

    fn verdict(metric: &str, before: &[f64], after: &[f64]) -> Verdict {
        let diff = Diff {
            before: PathBuf::new(),
            after: PathBuf::new(),
            metrics: Vec::new(),
            max_regression_pct: 5.0,
            ci_level: 0.95,
        };
        compare(metric, &runs(metric, "s", before), &runs(metric, "s", after), &diff)[0].verdict
    }

    #[test]
    fn a_regression_is_large_and_certain() {
        let before = [10.0, 10.1, 9.9, 10.0];
        assert_eq!(verdict("latency_ms", &before, &[12.0, 12.1, 11.9, 12.0]), Verdict::Worse);
        assert_eq!(verdict("latency_ms", &before, &[8.0, 8.1, 7.9, 8.0]), Verdict::Better);
        assert_eq!(verdict("output_tokens_per_s", &before, &[8.0, 8.1, 7.9, 8.0]), Verdict::Worse);
        assert_eq!(verdict("latency_ms", &before, &[10.2, 10.3, 10.2, 10.3]), Verdict::Same, "certain and small");
        assert_eq!(verdict("latency_ms", &before, &[8.0, 20.0, 9.0, 16.0]), Verdict::Same, "large and uncertain");
        assert_eq!(verdict("latency_ms", &before, &[12.0]), Verdict::Unknown);
        assert_eq!(verdict("latency_ms", &before, &[]), Verdict::Gone);
        assert_eq!(verdict("latency_ms", &[], &before), Verdict::New);
    }
}
