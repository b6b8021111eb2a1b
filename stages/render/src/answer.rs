//! The first screen: a question, its answer with margin and interval, and how the numbers are known.

use crate::{
    number::Number,
    sections::decision,
    table::{Cell, Evidence, Layout, Show, Table},
};
use anyhow::Result;
use recombine::Workbench;
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize)]
pub struct Answer {
    /// Whether a backend is recommended over another.
    pub told: bool,
    pub sentence: String,
    /// What a million tokens take.
    pub takes: String,
    /// Margin, what the energy rests on, findings.
    pub lines: Vec<String>,
    pub tiles: Vec<Tile>,
    /// Backends in the mode that costs are about, and the other objectives.
    pub tables: Vec<Table>,
}

/// One large number.
#[derive(Debug, Serialize)]
pub struct Tile {
    pub label: String,
    pub unit: &'static str,
    pub number: Number,
    pub sql: String,
}

const BACKENDS: Layout = Layout {
    id: "headline",
    caption: "A million tokens, by backend",
    method: "Mean over scenarios at the cheapest price, of the hardware that ran where there is one; tokens/s: geometric mean",
    sql: "select * from headline",
    source: "select avg(total_usd_per_mtok) as usd, avg(kwh_per_mtok) as kwh, avg(gco2e_per_mtok) as gco2e, \
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
        ("kWh [interval]", Show::Interval("kwh", "kwh_low", "kwh_high")),
        ("gCO2e [interval]", Show::Interval("gco2e", "gco2e_low", "gco2e_high")),
        ("tokens/s [interval]", Show::Interval("tokens_per_s", "tokens_low", "tokens_high")),
        ("mode", Show::Text("mode_name")),
        ("price", Show::Text("price")),
        ("hardware", Show::Text("match")),
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

/// The configured objective in the mode that costs are about.
#[derive(Debug, Deserialize)]
struct Stated {
    objective: String,
    mode_name: String,
    backend: Option<String>,
    price: Option<String>,
    runner_up: Option<String>,
    margin_ratio: Option<f64>,
    margin_low: Option<f64>,
    margin_high: Option<f64>,
    ci_level: f64,
    reason: String,
    evidence: String,
}

const STATED: &str = "select d.*, m.label as mode_name from decision as d \
    inner join mode_label as m on d.mode = m.mode and d.kv_cache = m.kv_cache \
    inner join (select model, mode, kv_cache, count(*) as backends from headline group by model, mode, kv_cache) as h \
    on h.model = d.model and h.mode = d.mode and h.kv_cache = d.kv_cache \
    where d.stated and d.workload = '*' order by h.backends desc, d.model limit 1";

pub fn answer(bench: &Workbench) -> Result<Answer> {
    let tables = vec![BACKENDS.read(bench)?, OBJECTIVES.read(bench)?];
    let stated: Option<Stated> = bench.select(STATED)?.into_iter().next();
    let chosen = stated.as_ref().and_then(|s| s.backend.as_deref());
    // A decision names its backend with device and dtype; the table's names are as short as they can be.
    let is_chosen = |name: &str| chosen.is_some_and(|c| c == name || c.starts_with(&format!("{name} (")));
    let first = tables[0].rows.iter().position(|row| is_chosen(&row.cells[0].shown())).unwrap_or(0);
    let tiles = tables[0].rows.get(first).map(|row| tiles(&row.cells, &row.sql)).unwrap_or_default();
    let lines = vec![margin(stated.as_ref()), energy(bench)?, findings(bench)?];
    let name = tables[0].rows.get(first).map(|row| row.cells[0].shown()).unwrap_or_default();
    let price = tables[0].rows.get(first).map(|row| row.cells[6].shown()).unwrap_or_default();
    let takes = takes(&name, &price, &tiles);
    let told = stated.as_ref().is_some_and(|s| s.backend.is_some() && s.runner_up.is_some());
    Ok(Answer { told, sentence: sentence(stated.as_ref(), &name), takes, lines, tiles, tables })
}

fn tiles(cells: &[Cell], sql: &str) -> Vec<Tile> {
    let units = ["USD per 1M tokens", "kWh per 1M tokens", "gCO2e per 1M tokens", "tokens/s"];
    let labels = ["Cost", "Energy", "Carbon", "Speed"];
    let numbers = cells.iter().filter_map(|cell| match cell {
        Cell::Number(number) => Some(number.clone()),
        Cell::Text(_) => None,
    });
    let tile = |((number, unit), label): ((Number, &'static str), &str)| Tile {
        label: label.into(),
        unit,
        number,
        sql: sql.into(),
    };
    numbers.zip(units).zip(labels).map(tile).collect()
}

fn sentence(stated: Option<&Stated>, name: &str) -> String {
    let Some(stated) = stated else {
        let why =
            if name.is_empty() { "no backend finished" } else { "what the objective needs is known of no backend" };
        return format!("Nothing was decided: {why}.");
    };
    let wanted = stated.objective.replace('_', " ");
    match &stated.backend {
        Some(_) if stated.runner_up.is_none() => {
            format!("Nothing to choose between: of {name} alone are the numbers known for {}.", stated.mode_name)
        }
        Some(_) => format!("Take {name}: it is {wanted} for {}.", stated.mode_name),
        None => {
            let why = stated.reason.trim_start_matches("can't tell").trim_start_matches([':', ' ']);
            format!("Can't tell which backend is {wanted} for {}: {why}.", stated.mode_name)
        }
    }
}

fn takes(name: &str, price: &str, tiles: &[Tile]) -> String {
    let values: Vec<String> = tiles
        .iter()
        .take(3)
        .filter(|tile| tile.number.value.is_some())
        .map(|tile| format!("{} {}", tile.number.with_interval(), tile.unit.trim_end_matches(" per 1M tokens")))
        .collect();
    match values.as_slice() {
        [] => format!("What a million tokens take with {name} is not known."),
        values => format!("With {name} a million tokens take {}, at {price}.", values.join(", ")),
    }
}

fn margin(stated: Option<&Stated>) -> String {
    let Some((stated, ratio, next)) = stated.and_then(|s| Some((s, s.margin_ratio?, s.runner_up.as_deref()?))) else {
        return "Margin: none, there is no backend to compare with.".into();
    };
    let price = stated.price.as_ref().map_or_else(String::new, |p| format!("; reckoned at {p}"));
    let ratio = Number { value: Some(ratio), low: stated.margin_low, high: stated.margin_high, ..Number::default() };
    let level = if ratio.low.is_some() {
        format!(" ({} % interval)", 100.0 * stated.ci_level)
    } else {
        ", without an interval".into()
    };
    format!(
        "Margin: {next} takes {} times as much{level}; evidence: {}{price}.",
        ratio.with_interval(),
        stated.evidence
    )
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
            format!("Findings: {some}, in the section on validation. An error means that its numbers must not be used.")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(backend: Option<&str>, reason: &str) -> Stated {
        Stated {
            objective: "cheapest".into(),
            mode_name: "generate, KV cache".into(),
            backend: backend.map(str::to_string),
            price: Some("own".into()),
            runner_up: Some("b (cpu, f32)".into()),
            margin_ratio: Some(2.0),
            margin_low: Some(1.5),
            margin_high: Some(2.5),
            ci_level: 0.95,
            reason: reason.into(),
            evidence: "measured_counter".into(),
        }
    }

    #[test]
    fn says_who_or_that_it_cannot_be_told() {
        let number = Number { value: Some(0.01), low: Some(0.009), high: Some(0.011), ..Number::default() };
        let tile = Tile { label: "Cost".into(), unit: "USD per 1M tokens", number, sql: String::new() };
        let told = stated(Some("a (cpu, f32)"), "");
        assert_eq!(sentence(Some(&told), "a"), "Take a: it is cheapest for generate, KV cache.");
        assert_eq!(takes("a", "own", &[tile]), "With a a million tokens take 0.01 [0.009, 0.011] USD, at own.");
        assert_eq!(takes("a", "own", &[]), "What a million tokens take with a is not known.");
        assert_eq!(
            margin(Some(&told)),
            "Margin: b (cpu, f32) takes 2 [1.5, 2.5] times as much (95 % interval); evidence: measured_counter; reckoned at own."
        );
        let untold = stated(None, "can't tell a from b");
        assert_eq!(
            sentence(Some(&untold), "a"),
            "Can't tell which backend is cheapest for generate, KV cache: a from b."
        );
        assert_eq!(sentence(None, ""), "Nothing was decided: no backend finished.");
        assert_eq!(sentence(None, "a"), "Nothing was decided: what the objective needs is known of no backend.");
        let alone = Stated { runner_up: None, ..stated(Some("a (cpu, f32)"), "") };
        assert_eq!(
            sentence(Some(&alone), "a"),
            "Nothing to choose between: of a alone are the numbers known for generate, KV cache."
        );
    }
}
