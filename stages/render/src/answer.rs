//! The first screen: a question, its answer with margin and interval, and how the numbers are known.

mod examples;
mod tiles;
mod words;

use crate::{
    sections::decision,
    table::{Evidence, Layout, Show, Table},
};
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

const BACKENDS: Layout = Layout {
    id: "headline",
    caption: "A million tokens, by backend",
    method: "Mean over scenarios, at the price that backends are compared at; an own machine with \
             its purchase, upkeep and idle power; \
             tokens/s: geometric mean",
    sql: "select * from headline",
    source: "select avg(total_usd_per_mtok) as usd, avg(energy_usd_per_mtok) as energy_usd, \
             avg(kwh_per_mtok) as kwh, avg(gco2e_per_mtok) as gco2e, \
             (select max(estimate) from estimate where level = 'backend_mode' \
             and metric = case when {mode} = 'prefill' then 'input_tokens_per_s' else 'output_tokens_per_s' end \
             and backend = {backend} and device = {device} and model = {model} and dtype = {dtype} and mode = {mode} \
             and kv_cache = {kv_cache}) as tokens_per_s \
             from cost where backend = {backend} and device = {device} and model = {model} and dtype = {dtype} and mode = {mode} \
             and kv_cache = {kv_cache} and basis = case when {mode} = 'prefill' then 'input' else 'output' end \
             and (provider is not distinct from {provider}) and (region is not distinct from {region}) \
             and (instance is not distinct from {instance}) and (tier is not distinct from {tier})",
    evidence: Evidence::In("usd_evidence"),
    columns: &[
        ("backend", Show::Text("name")),
        ("USD [interval]", Show::Interval("usd", "usd_low", "usd_high")),
        ("of it electricity", Show::Number("energy_usd")),
        ("kWh [interval]", Show::Interval("kwh", "kwh_low", "kwh_high")),
        ("gCO2e [interval]", Show::Interval("gco2e", "gco2e_low", "gco2e_high")),
        ("tokens/s [interval]", Show::Interval("tokens_per_s", "tokens_low", "tokens_high")),
        ("mode", Show::Text("mode_name")),
        ("price", Show::Text("price")),
        ("hardware", Show::Text("hardware")),
    ],
};

const OBJECTIVES: Layout = Layout {
    id: "objectives",
    caption: "What to take, by objective, in the same mode",
    method: decision::METHOD,
    sql: "select d.*, replace(d.objective, '_', ' ') as wanted, coalesce(d.backend, 'can''t tell') as chosen, \
          coalesce(d.runner_up, '') as next, array_to_string(d.excluded, '; ') as out from decision as d \
          where d.workload = '*' and exists \
          (select 1 from headline as h where h.model = d.model and h.mode = d.mode and h.kv_cache = d.kv_cache) \
          order by d.stated desc, d.objective, d.model",
    source: decision::SOURCE,
    evidence: Evidence::In("evidence"),
    columns: &[
        ("objective", Show::Text("wanted")),
        ("take", Show::Text("chosen")),
        ("next", Show::Text("next")),
        ("next over best [interval]", Show::Interval("margin_ratio", "margin_low", "margin_high")),
        ("why", Show::Text("reason")),
        ("left out", Show::Text("out")),
    ],
};

const STATED: &str = "select d.*, m.label as mode_name from decision as d \
    inner join mode_label as m on d.mode = m.mode and d.kv_cache = m.kv_cache \
    inner join (select model, mode, kv_cache, count(*) as backends from headline group by model, mode, kv_cache) as h \
    on h.model = d.model and h.mode = d.mode and h.kv_cache = d.kv_cache \
    where d.stated and d.workload = '*' order by h.backends desc, d.model limit 1";

/// `priced` and `measured` are the configurations that costs and runs were made with.
pub fn answer(bench: &Workbench, priced: &Value, measured: &Value) -> Result<Answer> {
    let tables = vec![BACKENDS.read(bench)?, OBJECTIVES.read(bench)?];
    let heads: Vec<Head> = bench.select("select * from headline")?;
    let stated: Option<Stated> = bench.select(STATED)?.into_iter().next();
    let chosen = stated.as_ref().and_then(|s| s.backend.as_deref());
    // A decision names its backend with device and dtype; the table's names are as short as they can be.
    let is_chosen = |name: &str| chosen.is_some_and(|c| c == name || c.starts_with(&format!("{name} (")));
    let first = heads.iter().position(|head| is_chosen(&head.name)).unwrap_or(0);
    let utilisation = priced["utilisation"].as_f64().unwrap_or(1.0);
    let head = heads.get(first);
    let tiles =
        head.map(|h| tiles::tiles(h, utilisation, BACKENDS.method, &tables[0].rows[first].sql)).unwrap_or_default();
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
    let sql = "select scope, evidence, count(*) as runs from run_energy where device_id = 'total' \
               group by scope, evidence order by scope, evidence";
    let known: Vec<Known> = bench.select(sql)?;
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
    let counts: Vec<Count> = bench.select(
        "select severity, count(*) as n from finding where severity <> 'info' group by severity order by severity",
    )?;
    let plural = |c: &Count| format!("{} {}{}", c.n, c.severity, if c.n == 1 { "" } else { "s" });
    Ok(match counts.iter().map(plural).collect::<Vec<_>>().join(" and ") {
        none if none.is_empty() => "Findings: no error and no warning.".into(),
        some => {
            format!("Findings: {some}, listed under validation. Do not use numbers that an error is about.")
        }
    })
}
