//! `analyze diff BEFORE AFTER`: two run folders, cell by cell; a gate for continuous integration.

use crate::{
    gate::{Found, Pair, Verdict, judge},
    observed::{Group, Runs},
    ranking::more_is_better,
};
use anyhow::Context;
use clap::{Args, ValueEnum};
use recombine::{Workbench, model};
use schemas::metrics;
use serde::Serialize;
use stats::positive_mean::Cell;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::{Path, PathBuf},
};

/// Compares two run folders cell by cell. Exit status: 0 no cell is worse, 1 a cell is worse or gone, 2 broken call or input, 3 unclear
#[derive(Debug, Args)]
pub struct Diff {
    /// Run folder to compare with
    before: PathBuf,
    /// Run folder that may have got worse
    after: PathBuf,
    /// Quantities that are compared: those of `estimate` and `comparison`; unless given latency, kWh and dollars, as far as one of the
    /// folders has them
    #[arg(long = "metric", value_name = "METRIC")]
    metrics: Vec<String>,
    /// How much worse a cell may be, %
    #[arg(long, value_name = "PCT", default_value_t = 5.0)]
    max_regression_pct: f64,
    /// A build in which every cell is as bad as allowed fails with probability 1 - this at most (one-sided tests, Holm over all cells)
    #[arg(long, default_value_t = 0.95)]
    ci_level: f64,
    /// What a build is in which a cell may be worse and nothing shows it
    #[arg(long, value_enum, default_value_t = Unclear::Exit3)]
    unclear: Unclear,
    /// Price that dollars are at, by provider, region, instance and tier with a space between, or the cheapest of each folder
    #[arg(long, default_value = "cheapest")]
    price: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Unclear {
    /// Exit status 3
    #[value(name = "exit-3")]
    Exit3,
    /// Exit status 1
    Fail,
    /// Exit status 0
    Pass,
}

const BY_DEFAULT: [&str; 3] = ["latency_ms", "gross_kwh_per_mtok", "total_usd_per_mtok"];

/// What the cost models ask of the configuration.
#[derive(Serialize)]
struct Priced<'a> {
    price: &'a str,
}

#[derive(Serialize)]
struct Wanted {
    hardware: &'static str,
}

struct Line {
    cell: String,
    runs: (usize, usize),
    found: Found,
}

/// The exit status. Prints every cell, the worst first.
pub fn run(diff: &Diff) -> anyhow::Result<u8> {
    let of_costs = metrics::ALL.iter().filter(|metric| !metric.is_estimated).map(|metric| metric.name);
    let known: Vec<&str> = metrics::ESTIMATED.iter().copied().chain(of_costs).collect();
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
    let (before, after) = (observed(&diff.before, diff)?, observed(&diff.after, diff)?);
    let has = |metric: &str| before.keys().chain(after.keys()).any(|group| group.metric == metric);
    let folders = format!("{} and {}", diff.before.display(), diff.after.display());
    if let Some(metric) = diff.metrics.iter().find(|metric| !has(metric)) {
        anyhow::bail!("{folders}: neither has a value of {metric}, compare another");
    }
    let asked: Vec<String> = match diff.metrics.is_empty() {
        true => BY_DEFAULT.iter().filter(|metric| has(metric)).map(ToString::to_string).collect(),
        false => diff.metrics.clone(),
    };
    anyhow::ensure!(!asked.is_empty(), "{folders}: neither has a value of {}, name a --metric", BY_DEFAULT.join(", "));
    let lines = compare(&asked, &before, &after, diff);
    print!("{}", shown(&lines, diff));
    let any = |verdicts: &[Verdict]| lines.values().flatten().any(|line| verdicts.contains(&line.found.verdict));
    Ok(match diff.unclear {
        _ if any(&[Verdict::Worse, Verdict::Gone]) => 1,
        Unclear::Exit3 if any(&[Verdict::Unclear, Verdict::Untested]) => 3,
        Unclear::Fail if any(&[Verdict::Unclear, Verdict::Untested]) => 1,
        _ => 0,
    })
}

/// Values of a run folder by cell; of its dollars and grams, where it holds costs.
fn observed(folder: &Path, diff: &Diff) -> anyhow::Result<BTreeMap<Group, Runs>> {
    let mut bench = Workbench::new("analyze", &())?;
    let table = |name: &str| folder.join(format!("{name}.parquet"));
    let mut tables = ["session", "run", "run_energy", "cell", "run_fact"].map(table).to_vec();
    let costs = table("cost");
    let with_costs = costs.is_file();
    tables.extend(with_costs.then_some(costs));
    bench
        .read(tables.iter().map(PathBuf::as_path))
        .with_context(|| format!("{}: not a run folder", folder.display()))?;
    bench.model(model!("run_check"))?;
    bench.model(model!("run_value"))?;
    if !with_costs {
        return crate::observed::observed(&bench, &["run_value"]);
    }
    bench.values("config", &[Priced { price: &diff.price }])?;
    bench.values("wanted", &[Wanted { hardware: "any" }])?;
    bench.materialise(model!("chosen_cost"))?;
    bench.model(model!("run_price"))?;
    crate::observed::observed(&bench, &["run_value", "run_price"])
}

fn cells<'a>(metric: &str, groups: &'a BTreeMap<Group, Runs>) -> BTreeMap<String, Cell<'a>> {
    let of_metric = groups.iter().filter(|(group, _)| group.metric == metric);
    let named = of_metric.flat_map(|(g, runs)| {
        runs.by_scenario.keys().filter_map(move |scenario| {
            let mode = if g.kv_cache { format!("{}, KV cache", g.mode) } else { g.mode.clone() };
            let name = format!("{} on {}, {} {}, {mode}, {scenario}", g.backend, g.device, g.model, g.dtype);
            Some((name, runs.sample(scenario)?))
        })
    });
    named.collect()
}

/// Every cell of every metric, the worst first.
fn compare<'a>(
    metrics: &'a [String],
    before: &BTreeMap<Group, Runs>,
    after: &BTreeMap<Group, Runs>,
    diff: &Diff,
) -> BTreeMap<&'a str, Vec<Line>> {
    let none = Cell { runs: &[], widening: 1.0 };
    let (mut names, mut pairs) = (Vec::new(), Vec::new());
    for metric in metrics {
        let (before, after) = (cells(metric, before), cells(metric, after));
        let all: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for cell in all {
            let (before, after) = (before.get(cell).copied(), after.get(cell).copied());
            let (before, after) = (before.unwrap_or(none), after.unwrap_or(none));
            names.push((metric.as_str(), cell.clone()));
            pairs.push(Pair { before, after, more_is_better: more_is_better(metric) });
        }
    }
    let mut lines: BTreeMap<&str, Vec<Line>> = BTreeMap::new();
    let judged = judge(&pairs, diff.max_regression_pct, diff.ci_level);
    for (((metric, cell), pair), found) in names.into_iter().zip(&pairs).zip(judged) {
        let runs = (pair.before.runs.len(), pair.after.runs.len());
        lines.entry(metric).or_default().push(Line { cell, runs, found });
    }
    for (metric, lines) in &mut lines {
        let worse_by = |line: &Line| match (line.found.ratio, more_is_better(metric)) {
            (Some(ratio), true) => 1.0 / ratio,
            (ratio, _) => ratio.unwrap_or(0.0),
        };
        lines.sort_by(|x, y| (x.found.verdict.cmp(&y.found.verdict)).then_with(|| worse_by(y).total_cmp(&worse_by(x))));
    }
    lines
}

fn shown(metrics: &BTreeMap<&str, Vec<Line>>, diff: &Diff) -> String {
    let mut text = String::new();
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_string(), |v| format!("{v:.3}"));
    for (metric, lines) in metrics {
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "{metric}: after / before, {} % intervals; p of being no more than {} % worse, adjusted by Holm; worst first",
            100.0 * diff.ci_level,
            diff.max_regression_pct
        );
        for line in lines {
            let found = &line.found;
            let interval =
                found.interval.map_or_else(|| "-".to_string(), |(low, high)| format!("{low:.3} to {high:.3}"));
            let runs = format!("{}, {}", line.runs.0, line.runs.1);
            let _ = writeln!(
                text,
                "{:8}  {:>8}  {:18}  {:>7}  {:>8}  {}",
                found.verdict.name(),
                number(found.ratio),
                interval,
                number(found.p),
                runs,
                line.cell
            );
        }
        let count = |verdict| lines.iter().filter(|line| line.found.verdict == verdict).count();
        let _ = writeln!(
            text,
            "{} cells: {} worse by more than {} %, {} gone, {} unclear, {} untested, {} new, {} fine, {} better",
            lines.len(),
            count(Verdict::Worse),
            diff.max_regression_pct,
            count(Verdict::Gone),
            count(Verdict::Unclear),
            count(Verdict::Untested),
            count(Verdict::New),
            count(Verdict::Fine),
            count(Verdict::Better)
        );
        let mut caught: Vec<f64> = lines.iter().filter_map(|line| line.found.caught_pct).collect();
        caught.sort_by(f64::total_cmp);
        if let (Some(median), Some(most)) = (caught.get(caught.len() / 2), caught.last()) {
            let _ = writeln!(
                text,
                "a cell that is truly {median:.1} % worse is called so in four builds of five (median cell; {most:.1} % in the noisiest)"
            );
        }
    }
    text
}
