//! The first screen: a question, its answer with margin and interval, and how the numbers are known.

mod examples;
mod tiles;
mod words;

use crate::{outline, sql::tables, table::Table};
use anyhow::Result;
use recombine::Workbench;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tiles::Head;
pub use tiles::Tile;
use words::Stated;

#[derive(Debug, Default, Serialize)]
pub struct Answer {
    /// Whether a backend is recommended over another.
    pub told: bool,
    pub sentence: String,
    /// What a million tokens cost, and which part of it is electricity.
    pub costs: String,
    /// Model, hardware and date.
    pub subject: String,
    /// Margin, what the energy rests on, examples that stand for the reader's own values, findings.
    pub lines: Vec<String>,
    pub tiles: Vec<Tile>,
    /// Backends in the mode that costs are about, and the other objectives.
    pub tables: Vec<Table>,
}

/// `priced` and `measured` are the configurations that costs and runs were made with.
pub fn answer(bench: &Workbench, shown: &outline::Answer, priced: &Value, measured: &Value) -> Result<Answer> {
    let tables = vec![shown.backends.read(bench)?, shown.objectives.read(bench)?];
    let heads: Vec<Head> = bench.select(tables::HEADLINE.sql)?;
    let stated: Option<Stated> = bench.select(tables::STATED.sql)?.into_iter().next();
    let chosen = stated.as_ref().and_then(|s| s.backend.as_deref());
    // A decision names its backend with device and dtype; the table's names are as short as they can be.
    let is_chosen = |name: &str| chosen.is_some_and(|c| c == name || c.starts_with(&format!("{name} (")));
    let first = heads.iter().position(|head| is_chosen(&head.name)).unwrap_or(0);
    let utilisation = priced["utilisation"].as_f64().unwrap_or(1.0);
    let head = heads.get(first);
    let tiles = head
        .map(|h| tiles::tiles(h, utilisation, &shown.backends.method, &tables[0].rows[first].sql))
        .unwrap_or_default();
    let mut lines = vec![words::margin(stated.as_ref()), energy(bench)?];
    lines.extend(examples::lines(bench, priced, measured, head)?);
    lines.push(findings(bench)?);
    let told = stated.as_ref().is_some_and(|s| s.backend.is_some() && s.runner_up.is_some());
    Ok(Answer {
        told,
        sentence: words::sentence(stated.as_ref(), head.map(|h| h.name.as_str())),
        costs: head.map_or_else(String::new, |h| words::costs(h, utilisation)),
        subject: words::subject(bench, head)?,
        lines,
        tiles,
        tables,
    })
}

fn energy(bench: &Workbench) -> Result<String> {
    #[derive(Deserialize)]
    struct Known {
        scope: String,
        evidence: String,
        runs: i64,
    }
    let known: Vec<Known> = bench.select(tables::ENERGY_EVIDENCE.sql)?;
    let shown: Vec<String> = known.iter().map(|k| format!("{} {} ({} runs)", k.scope, k.evidence, k.runs)).collect();
    let line = if shown.is_empty() { "no run has any".into() } else { shown.join("; ") };
    Ok(format!("Evidence of the energy: {line}."))
}

fn findings(bench: &Workbench) -> Result<String> {
    #[derive(Deserialize)]
    struct Count {
        severity: String,
        n: i64,
    }
    let counts: Vec<Count> = bench.select(tables::FINDING_COUNT.sql)?;
    let plural = |c: &Count| format!("{} {}{}", c.n, c.severity, if c.n == 1 { "" } else { "s" });
    Ok(match counts.iter().map(plural).collect::<Vec<_>>().join(" and ") {
        none if none.is_empty() => "Findings: no error and no warning.".into(),
        some => {
            format!("Findings: {some}, listed under validation. Do not use numbers that an error is about.")
        }
    })
}
