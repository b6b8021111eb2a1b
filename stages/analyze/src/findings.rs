//! Findings: one `.sql` file a kind in `sql/findings`. A new kind is a file there, and where it needs `verdict` its name here.

use recombine::{Model, Workbench};
use serde_json::Value;

mod sql {
    include!(concat!(env!("OUT_DIR"), "/sql.rs"));
}

/// What is found in the runs of a cell taken together; all else is found in runs, sensors and prices.
const OF_CELLS: [&str; 8] = [
    "first_run_cold",
    "independence_unchecked",
    "interval_wide",
    "not_normal",
    "outliers",
    "runs_dependent",
    "spread",
    "stalls_unseen",
];

pub fn of_runs() -> impl Iterator<Item = &'static Model> {
    sql::findings::ALL.iter().filter(|kind| !OF_CELLS.contains(&kind.name))
}

pub fn of_cells() -> impl Iterator<Item = &'static Model> {
    sql::findings::ALL.iter().filter(|kind| OF_CELLS.contains(&kind.name))
}

/// Rows of some kinds, in the contract's columns: one a kind and place, whatever the data, since what is found must not stop the numbers
/// that it is about.
pub fn found<'a>(bench: &Workbench, kinds: impl Iterator<Item = &'a Model>) -> anyhow::Result<Vec<Value>> {
    let mut rows: Vec<Value> = Vec::new();
    for model in kinds {
        let found: Vec<Value> = bench.select(model.sql).map_err(|e| anyhow::anyhow!("finding {}: {e}", model.name))?;
        let first = rows.len();
        for mut row in found {
            let what = row["what"].as_str().unwrap_or(model.name).to_string();
            match rows[first..].iter_mut().find(|before| before["place"] == row["place"]) {
                Some(before) => {
                    before["what"] = format!("{}; {what}", before["what"].as_str().unwrap_or_default()).into()
                }
                None => {
                    row["what"] = what.into();
                    rows.push(row);
                }
            }
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_a_kind_and_place() {
        let bench = Workbench::new("analyze", &()).unwrap();
        let rows = |sql: &'static str| found(&bench, [Model { name: "odd", sql }].iter()).unwrap();
        let said = rows(
            "select 'odd' as code, column1 as place, 'info' as severity, column2 as what \
             from (values ('x', 'one'), ('y', cast(null as varchar)), ('x', 'two'))",
        );
        let shown: Vec<_> = said.iter().map(|r| (r["place"].as_str().unwrap(), r["what"].as_str().unwrap())).collect();
        assert_eq!(shown, [("x", "one; two"), ("y", "odd")]);
    }
}
