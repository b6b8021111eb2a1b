//! Observed runs by cell: what `run_value` and `run_price` say of each run, one list a metric, in the order of execution.

use crate::known::Known;
use anyhow::{Context, Result};
use arrow::{
    array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch},
    datatypes::Float64Type,
    row::{RowConverter, Rows, SortField},
};
use rayon::prelude::*;
use recombine::Workbench;
use schemas::{metrics, tables::cell};
use stats::{
    dependence::{Dependence, OWN_RUNS, dependence, widening},
    positive_mean::Cell as Sample,
    scenario_mean::Over,
};
use std::collections::{BTreeMap, HashMap};

/// What is averaged over scenarios: everything that tells backends and modes apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    pub metric: String,
    pub backend: String,
    pub device: String,
    pub model: String,
    pub dtype: String,
    pub mode: String,
    pub kv_cache: bool,
}

impl Group {
    fn of(metric: &str, cell: &cell::Row) -> Self {
        let cell::Row { backend, device, model, dtype, mode, kv_cache, .. } = cell.clone();
        Group { metric: metric.into(), backend, device, model, dtype, mode, kv_cache }
    }
}

/// The runs of one group: values by scenario in the order of execution, and how they are known.
#[derive(Debug, Default)]
pub struct Runs {
    pub by_scenario: BTreeMap<String, Vec<f64>>,
    /// The session of each scenario's runs, the first by name where there are several.
    session: BTreeMap<String, String>,
    /// The id of each scenario's cell.
    cell: BTreeMap<String, String>,
    /// How far runs resemble those before them, in scenarios of which that was looked for.
    dependence: BTreeMap<String, Dependence>,
    weakest: Option<Known>,
}

impl Runs {
    /// As the weakest among the runs.
    pub fn known(&self) -> Known {
        self.weakest.unwrap_or(Known::FIRM)
    }

    pub fn evidence(&self) -> &'static str {
        self.known().name()
    }

    /// The runs of every scenario, and how much wider dependence makes the variance of their mean.
    pub fn samples(&self) -> Vec<Sample<'_>> {
        self.by_scenario.keys().filter_map(|scenario| self.sample(scenario)).collect()
    }

    pub fn sample(&self, scenario: &str) -> Option<Sample<'_>> {
        let runs = self.by_scenario.get(scenario)?.as_slice();
        let rho = self.dependence.get(scenario).and_then(|d| d.rho);
        Some(Sample { runs, widening: rho.map_or(1.0, |rho| widening(rho, runs.len())) })
    }

    pub fn cell_id(&self, scenario: &str) -> Option<String> {
        self.cell.get(scenario).cloned()
    }

    pub fn dependence(&self, scenario: &str) -> Option<Dependence> {
        self.dependence.get(scenario).copied()
    }

    fn add(&mut self, scenario: &str, values: Vec<f64>, known: Known) {
        self.weakest = Some(self.known().weaker(known));
        self.by_scenario.entry(scenario.to_string()).or_default().extend(values);
    }

    #[cfg(test)]
    pub fn of(cells: &[(&str, &[f64])], evidence: &str) -> Self {
        Runs::known_as(cells, Known::of(Some(evidence), None))
    }

    #[cfg(test)]
    pub fn known_as(cells: &[(&str, &[f64])], known: Known) -> Self {
        let mut runs = Runs::default();
        cells.iter().for_each(|(scenario, values)| runs.add(scenario, values.to_vec(), known));
        runs
    }
}

const ORDER: [&str; 3] = ["session_id", "place", "run_id"];

/// Columns that are metrics or their errors, and beside each the columns that say how it is known, and how the energy in it.
fn columns() -> impl Iterator<Item = (&'static str, &'static str, Option<&'static str>)> {
    metrics::ALL.iter().flat_map(|metric| {
        let error = metric.error.map(|error| (error, "energy_evidence", None));
        std::iter::once((metric.name, metric.evidence, metric.energy_evidence)).chain(error)
    })
}

/// What the sensors themselves may be off by, of metrics that hold energy.
pub fn own_errors<'a>(groups: &'a BTreeMap<Group, Runs>, group: &Group) -> Option<&'a Runs> {
    let error = metrics::find(&group.metric)?.error?;
    groups.get(&Group { metric: error.into(), ..group.clone() })
}

/// Which mean over scenarios a metric has.
pub fn over(metric: &str) -> Over {
    Over::of(metrics::find(metric).is_some_and(|metric| metric.adds_up))
}

/// The runs of each metric of these relations, by what they are of.
pub fn observed(bench: &Workbench, relations: &[&str]) -> Result<BTreeMap<Group, Runs>> {
    let rows: Vec<cell::Row> = bench.select("select * from cell")?;
    let named: HashMap<String, cell::Row> = rows.into_iter().map(|row| (row.cell_id.clone(), row)).collect();
    let mut groups = BTreeMap::new();
    for relation in relations {
        let mut cells = Cells::default();
        bench.read_only(&format!("select * from {relation}"), |batch| cells.take(&batch))?;
        cells.into_groups(&named, &mut groups)?;
    }
    look_for_dependence(&mut groups);
    Ok(groups)
}

/// A cell of many runs alone; those of few together with the session's others, metric by metric.
pub fn look_for_dependence(groups: &mut BTreeMap<Group, Runs>) {
    let mut pools: BTreeMap<(String, String), Vec<(Group, String)>> = BTreeMap::new();
    let mut found: Vec<(Group, String, Dependence)> = Vec::new();
    let logs = |group: &Group, scenario: &str| groups.get(group)?.sample(scenario)?.logs();
    for (group, runs) in groups.iter() {
        for (scenario, values) in &runs.by_scenario {
            if values.len() < OWN_RUNS {
                let session = runs.session.get(scenario).cloned().unwrap_or_default();
                pools.entry((group.metric.clone(), session)).or_default().push((group.clone(), scenario.clone()));
            } else if let Some(d) = logs(group, scenario).and_then(|logs| dependence(&[logs])) {
                found.push((group.clone(), scenario.clone(), d));
            }
        }
    }
    for cells in pools.into_values() {
        let series: Vec<Vec<f64>> = cells.iter().filter_map(|(group, scenario)| logs(group, scenario)).collect();
        if let Some(d) = dependence(&series) {
            found.extend(cells.into_iter().map(|(group, scenario)| (group, scenario, d)));
        }
    }
    for (group, scenario, d) in found {
        if let Some(runs) = groups.get_mut(&group) {
            runs.dependence.insert(scenario, d);
        }
    }
}

/// Runs as they come, by cell.
#[derive(Default)]
struct Cells {
    converter: Option<RowConverter>,
    parts: Vec<Part>,
    known: HashMap<String, usize>,
    cells: Vec<Cell>,
}

/// What is kept of a batch.
struct Part {
    order: Rows,
    /// Metric, its values, and how each is known.
    metrics: Vec<(&'static str, Float64Array, Vec<Known>)>,
}

struct Cell {
    cell_id: String,
    session: String,
    /// Batch and row of each run.
    runs: Vec<(usize, usize)>,
}

impl Cells {
    fn take(&mut self, batch: &RecordBatch) -> Result<()> {
        let column = |name: &str| batch.column_by_name(name).with_context(|| format!("runs have no {name}"));
        let order: Vec<ArrayRef> = ORDER.iter().map(|name| column(name).cloned()).collect::<Result<_>>()?;
        if self.converter.is_none() {
            let fields = order.iter().map(|c| SortField::new(c.data_type().clone())).collect();
            self.converter = Some(RowConverter::new(fields)?);
        }
        let Some(of_order) = &mut self.converter else { return Ok(()) };
        let (ids, sessions) = (column("cell_id")?.as_string::<i32>(), order[0].as_string::<i32>());
        let part = self.parts.len();
        for i in 0..batch.num_rows() {
            let place = match self.known.get(ids.value(i)) {
                Some(&place) => place,
                None => {
                    let (cell_id, session) = (ids.value(i).to_string(), sessions.value(i).to_string());
                    self.known.insert(cell_id.clone(), self.cells.len());
                    self.cells.push(Cell { cell_id, session, runs: Vec::new() });
                    self.cells.len() - 1
                }
            };
            let cell = &mut self.cells[place];
            cell.runs.push((part, i));
            if sessions.value(i) < cell.session.as_str() {
                cell.session = sessions.value(i).to_string();
            }
        }
        let mut metrics = Vec::new();
        for (metric, evidence, energy) in columns() {
            let Some(values) = batch.column_by_name(metric) else { continue };
            let evidence = column(evidence)?.as_string::<i32>();
            let known = match energy {
                None => evidence.iter().map(|number| Known::of(number, None)).collect(),
                Some(energy) => {
                    evidence.iter().zip(column(energy)?.as_string::<i32>()).map(|(n, e)| Known::of(n, e)).collect()
                }
            };
            metrics.push((metric, values.as_primitive::<Float64Type>().clone(), known));
        }
        self.parts.push(Part { order: of_order.convert_columns(&order)?, metrics });
        Ok(())
    }

    fn into_groups(mut self, named: &HashMap<String, cell::Row>, groups: &mut BTreeMap<Group, Runs>) -> Result<()> {
        let (cells, parts) = (&mut self.cells, &self.parts);
        let Some(first) = parts.first() else { return Ok(()) };
        let metrics: Vec<&'static str> = first.metrics.iter().map(|(metric, ..)| *metric).collect();
        let of_cell = |cell: &mut Cell| -> Vec<(Vec<f64>, Known)> {
            cell.runs.sort_unstable_by(|a, b| parts[a.0].order.row(a.1).cmp(&parts[b.0].order.row(b.1)));
            let of_metric = |metric: usize| {
                let (mut values, mut weakest) = (Vec::new(), Known::FIRM);
                for &(part, row) in &cell.runs {
                    let (_, column, known) = &parts[part].metrics[metric];
                    if column.is_valid(row) {
                        values.push(column.value(row));
                        weakest = weakest.weaker(known[row]);
                    }
                }
                (values, weakest)
            };
            (0..metrics.len()).map(of_metric).collect()
        };
        let found: Vec<_> = cells.par_iter_mut().map(of_cell).collect();
        for (cell, of_metrics) in cells.iter().zip(found) {
            let row = named.get(&cell.cell_id).with_context(|| format!("no cell has the id {}", cell.cell_id))?;
            for (metric, (values, weakest)) in metrics.iter().zip(of_metrics) {
                if !values.is_empty() {
                    let runs: &mut Runs = groups.entry(Group::of(metric, row)).or_default();
                    runs.add(&row.scenario, values, weakest);
                    runs.session.insert(row.scenario.clone(), cell.session.clone());
                    runs.cell.insert(row.scenario.clone(), cell.cell_id.clone());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weakest_evidence_counts() {
        let mut runs = Runs::of(&[("x", &[1.0])], "measured_integral");
        assert_eq!(runs.evidence(), "measured_integral");
        runs.add("y", vec![2.0], Known::of(Some("estimated"), None));
        runs.add("z", vec![2.0], Known::FIRM);
        assert_eq!(runs.evidence(), "estimated");
    }

    #[derive(serde::Serialize)]
    struct Row {
        session_id: &'static str,
        run_id: &'static str,
        cell_id: &'static str,
        place: i64,
        latency_ms: f64,
        ttft_ms: Option<f64>,
        evidence: &'static str,
    }

    /// A run of two cells of one backend; the first token's time is known of those that took long.
    fn row(run_id: &'static str, place: i64, cell_id: &'static str, latency_ms: f64, evidence: &'static str) -> Row {
        let ttft_ms = (latency_ms > 3.0).then_some(latency_ms / 4.0);
        Row { session_id: "s", run_id, cell_id, place, latency_ms, ttft_ms, evidence }
    }

    fn of_scenario(cell_id: &str, scenario: &str) -> cell::Row {
        let Group { backend, device, model, dtype, .. } = crate::comparisons::tests::named("b");
        let (cell_id, mode, scenario) = (cell_id.into(), "generate".into(), scenario.into());
        cell::Row { cell_id, backend, device, model, dtype, mode, kv_cache: true, scenario, batch: 1 }
    }

    #[test]
    fn runs_in_the_order_of_execution_by_metric_and_scenario() {
        let bench = Workbench::new("analyze", &()).unwrap();
        let rows = [
            row("b", 2, "1", 1.0, "measured"),
            row("a", 5, "2", 2.0, "imported"),
            row("c", -1, "1", 8.0, "measured"),
            row("aa", 2, "1", 4.0, "measured"),
        ];
        bench.rows(&schemas::tables::CELL, &[of_scenario("1", "x"), of_scenario("2", "y")]).unwrap();
        bench.values("run_value", &rows).unwrap();
        let groups = observed(&bench, &["run_value"]).unwrap();
        let [(latency, runs), (ttft, some)] = groups.iter().collect::<Vec<_>>()[..] else { panic!("{groups:?}") };
        assert_eq!((latency.metric.as_str(), ttft.metric.as_str(), ttft.kv_cache), ("latency_ms", "ttft_ms", true));
        assert_eq!(runs.by_scenario["x"], [8.0, 4.0, 1.0], "place, then name");
        assert_eq!((runs.by_scenario["y"].as_slice(), runs.evidence()), (&[2.0][..], "imported"));
        assert_eq!((some.by_scenario.len(), some.by_scenario["x"].as_slice()), (1, &[2.0, 1.0][..]));
        assert_eq!(some.evidence(), "measured");
        assert_eq!((runs.cell_id("x").as_deref(), runs.cell_id("z")), (Some("1"), None));
        assert_eq!((runs.session["x"].as_str(), runs.dependence("x").map(|d| d.cells)), ("s", Some(1)));
    }

    #[test]
    fn cells_of_a_session_tell_together_what_none_can_tell_alone() {
        // Runs that climb and fall in pairs: each resembles its neighbour.
        let wave = [1.0, 1.02, 1.01, 0.99];
        let of = |cells: usize, session: &str| -> BTreeMap<Group, Runs> {
            let group = Group { metric: "latency_ms".into(), ..crate::comparisons::tests::named("b") };
            let mut runs = Runs::default();
            for i in 0..cells {
                runs.add(&format!("{session}{i:02}"), wave.map(|v| v * (1.0 + i as f64)).to_vec(), Known::FIRM);
                runs.session.insert(format!("{session}{i:02}"), session.into());
            }
            let many: Vec<f64> = (0..40).map(|i| 10.0 + 0.01 * f64::from(i)).collect();
            runs.add("many", many, Known::FIRM);
            let mut groups = BTreeMap::from([(group, runs)]);
            look_for_dependence(&mut groups);
            groups
        };
        let (few, enough) = (of(5, "s"), of(20, "s"));
        let (few, enough) = (few.values().next().unwrap(), enough.values().next().unwrap());
        assert_eq!((few.dependence("s01").unwrap().rho, few.sample("s01").unwrap().widening), (None, 1.0));
        let found = enough.dependence("s01").unwrap();
        assert!((found.cells, found.rho.unwrap() > 0.4, found.p.unwrap() < 0.1) == (20, true, true), "{found:?}");
        assert!(enough.sample("s01").unwrap().widening > 2.0);
        assert_eq!(enough.dependence("many").unwrap().cells, 1, "many runs speak for themselves");
    }
}
