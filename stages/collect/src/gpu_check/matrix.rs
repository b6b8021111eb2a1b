//! What the study's matrix gave here, by backend and mode, from the tables that `collect run` and `join-telemetry` wrote.

use super::findings::Finding;
use anyhow::{Result, bail};
use schemas::text::Row;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

pub fn matrix(paths: &[PathBuf]) -> Result<Vec<Finding>> {
    let (mut runs, mut energies) = (Vec::new(), Vec::new());
    for path in paths {
        let contract = schemas::io::contract_of(path)?;
        let rows: Vec<Row> = schemas::rows::from_batches(contract.name, &schemas::io::read(path, contract)?)?;
        match contract.name {
            "run" => runs = rows,
            "run_energy" => energies = rows,
            other => bail!("{}: the record tells no such table, \"{other}\", give run and run_energy", path.display()),
        }
    }
    Ok(findings(&runs, &energies))
}

fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}

fn number(row: &Row, column: &str) -> Option<f64> {
    row.get(column).and_then(Value::as_f64)
}

fn findings(runs: &[Row], energies: &[Row]) -> Vec<Finding> {
    let of_gpu = energies.iter().filter(|e| text(e, "scope") == "gpu" && text(e, "device_id") == "total");
    let joules: HashMap<&str, f64> =
        of_gpu.filter_map(|e| Some((text(e, "run_id"), number(e, "energy_gross_j")?))).collect();
    let mut cells: BTreeMap<(String, String), Vec<&Row>> = BTreeMap::new();
    for run in runs {
        cells.entry((text(run, "backend").into(), text(run, "mode").into())).or_default().push(run);
    }
    let cell = |((backend, mode), runs): ((String, String), Vec<&Row>)| {
        let subject = format!("{backend}, {mode}");
        let usable: Vec<&&Row> = runs.iter().filter(|r| ["ok", "degraded"].contains(&text(r, "status"))).collect();
        let why = runs.iter().find(|r| !text(r, "reason").is_empty()).map(|r| text(r, "reason").to_string());
        let count = Finding::number("matrix", &subject, "runs_measured", usable.len() as f64);
        let note = format!("of {}{}", runs.len(), why.map(|w| format!(": {w}")).unwrap_or_default());
        let tokens = |r: &Row| {
            let each = number(r, "prompt_tokens").unwrap_or(0.0) + number(r, "tokens_generated").unwrap_or(0.0);
            Some(each * number(r, "iterations")?)
        };
        let latency = median(usable.iter().filter_map(|r| number(r, "latency_ms")).collect());
        let per_token = usable.iter().filter_map(|r| Some(joules.get(text(r, "run_id"))? / tokens(r)?));
        let per_token: Vec<f64> = per_token.filter(|j| j.is_finite()).collect();
        let known = format!("GPU energy known of {} runs", per_token.len());
        [
            Some(count.noted(note)),
            latency.map(|ms| Finding::number("matrix", &subject, "median_latency_ms", ms)),
            median(per_token).map(|j| Finding::number("matrix", &subject, "median_j_per_token", j).noted(known)),
        ]
    };
    cells.into_iter().flat_map(cell).flatten().collect()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_backend_is_told_by_its_runs_latency_and_energy() {
        let row = |v: Value| v.as_object().cloned().unwrap();
        let run = |id: &str, backend: &str, status: &str, ms: f64| {
            row(json!({"run_id": id, "backend": backend, "mode": "prefill", "status": status, "latency_ms": ms,
                "prompt_tokens": 10, "tokens_generated": 0, "iterations": 2, "reason": if status == "ok" { "" } else { "why" }}))
        };
        let runs = [run("1", "a", "ok", 3.0), run("2", "a", "ok", 5.0), run("3", "b", "skipped", 0.0)];
        let energy = |id: &str, scope: &str, j: f64| {
            row(json!({"run_id": id, "scope": scope, "device_id": "total", "energy_gross_j": j}))
        };
        let found = findings(&runs, &[energy("1", "gpu", 40.0), energy("1", "cpu_package", 9.0)]);
        let said: Vec<_> = found.iter().map(|f| (f.subject.as_str(), f.quantity, f.value, f.note.as_deref())).collect();
        assert_eq!(
            said,
            [
                ("a, prefill", "runs_measured", Some(2.0), Some("of 2")),
                ("a, prefill", "median_latency_ms", Some(4.0), None),
                ("a, prefill", "median_j_per_token", Some(2.0), Some("GPU energy known of 1 runs")),
                ("b, prefill", "runs_measured", Some(0.0), Some("of 1: why")),
            ]
        );
    }
}
