//! Reads what SciPy, statsmodels and R say (`tests/fixtures/stats`), for the tests of the statistics beside this file.

use serde_json::Value;

const SAMPLES: &str = include_str!("../../../tests/fixtures/stats/samples.csv");
const PYTHON: &str = include_str!("../../../tests/fixtures/stats/python.json");
const R: &str = include_str!("../../../tests/fixtures/stats/r.json");

pub fn documents() -> [(&'static str, Value); 2] {
    [("python", PYTHON), ("R", R)].map(|(name, text)| (name, serde_json::from_str(text).unwrap()))
}

/// The groups of a set of `samples.csv`.
pub fn sample(set: &str) -> Vec<Vec<f64>> {
    let mut groups: Vec<Vec<f64>> = Vec::new();
    for line in SAMPLES.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        if fields[0] == set {
            let group: usize = fields[1].parse().unwrap();
            groups.resize(groups.len().max(group + 1), Vec::new());
            groups[group].push(fields[2].parse().unwrap());
        }
    }
    assert!(!groups.is_empty(), "{set}: no such set");
    groups
}

/// Relative to the expected value, absolute below 1e-3: differences of numbers near zero are rounding.
fn off(found: f64, expected: f64) -> f64 {
    (found - expected).abs() / expected.abs().max(1e-3)
}

/// A set of values that differ in the tenth digit: references lose digits there (R more than SciPy), we compare six.
const FAR: (&str, f64) = ("far", 1e-6);

/// Computes the statistic for every set that a reference has, and compares what both name. A name that the reference
/// has and `compute` lacks is a failure. Prints the largest difference.
pub fn statistic(name: &str, tolerance: f64, compute: impl Fn(&[Vec<f64>]) -> Vec<(String, f64)>) {
    let mut compared = 0;
    for (source, document) in documents() {
        let Some(sets) = document["statistics"][name].as_object() else { continue };
        let mut largest = (0.0, String::new());
        for (set, expected) in sets {
            let found = compute(&sample(set));
            let far = set == FAR.0;
            let tolerance = if far { FAR.1 } else { tolerance };
            for (quantity, expected) in expected.as_object().unwrap() {
                let Some((_, found)) = found.iter().find(|(q, _)| q == quantity) else {
                    panic!("{name}: {source} has {quantity}, we have {found:?}");
                };
                let off = off(*found, expected.as_f64().unwrap());
                assert!(off <= tolerance, "{name}: {set}: {quantity}: {found}, {source} says {expected}, {off:e}");
                compared += 1;
                if off > largest.0 && !far {
                    largest = (off, format!("{set} {quantity}"));
                }
            }
        }
        println!("{name:28} {source:8} {:3} sets, largest difference {:.1e} {}", sets.len(), largest.0, largest.1);
    }
    assert!(compared > 0, "{name}: nothing to compare with");
}

/// Rows of arguments and a value, of every reference that has them.
pub fn distribution(name: &str, tolerance: f64, compute: impl Fn(&[f64]) -> f64) {
    let mut compared = 0;
    for (source, document) in documents() {
        let Some(rows) = document["distributions"][name].as_array() else { continue };
        let mut largest = 0f64;
        for row in rows {
            let row: Vec<f64> = row.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
            let (expected, arguments) = row.split_last().unwrap();
            let off = off(compute(arguments), *expected);
            let found = compute(arguments);
            assert!(off <= tolerance, "{name} {arguments:?}: {found}, {source} says {expected}, {off:e}");
            largest = largest.max(off);
            compared += 1;
        }
        println!("{name:28} {source:8} {:3} rows, largest difference {largest:.1e}", rows.len());
    }
    assert!(compared > 0, "{name}: nothing to compare with");
}

pub fn named<const N: usize>(values: [(&str, f64); N]) -> Vec<(String, f64)> {
    values.map(|(name, value)| (name.to_owned(), value)).to_vec()
}
