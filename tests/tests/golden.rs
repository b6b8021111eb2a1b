//! TR119's published tables against ours, from its own inputs.

use std::{collections::BTreeSet, fs, path::Path, sync::OnceLock};
use tests::{make, root};

/// `make tr119` into the repository's run folder, once.
fn tables() -> &'static Path {
    static DONE: OnceLock<std::path::PathBuf> = OnceLock::new();
    DONE.get_or_init(|| {
        make(&["tr119"]).ok();
        root().join("data/run/tr119/tables")
    })
}

fn lines(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().map(|l| l.split(',').map(str::to_string).collect()).collect()
}

/// The study counts repetitions, of which it publishes the means alone: ours counts those.
const DEGRADED: &[(&str, &str)] = &[("0/35", "0/5")];

/// Half a unit in the last printed decimal place.
fn rounding(printed: &str) -> f64 {
    match printed.split_once('.') {
        Some((_, decimals)) if !printed.contains('e') => 0.5 * 10f64.powi(-(decimals.len() as i32)),
        _ => 0.0,
    }
}

/// Same header, same rows in the same order, texts equal, numbers within 0.1 % or as printed (three digits at least are).
fn compare(name: &str) -> usize {
    let published = lines(&root().join(format!("tests/fixtures/tr119/{name}.csv")));
    let ours = lines(&tables().join(format!("{name}.csv")));
    assert_eq!(published[0], ours[0], "{name}: header");
    assert_eq!(published.len(), ours.len(), "{name}: rows");
    let mut numbers = 0;
    for (line, (p, o)) in published.iter().zip(&ours).enumerate().skip(1) {
        for (column, (p, o)) in p.iter().zip(o).enumerate() {
            match p.parse::<f64>() {
                Err(_) if DEGRADED.contains(&(p.as_str(), o.as_str())) => {}
                Err(_) => assert_eq!(p, o, "{name}: line {}, {}", line + 1, published[0][column]),
                Ok(value) => {
                    let got: f64 = o.parse().unwrap_or_else(|_| panic!("{name}: line {}: \"{o}\"", line + 1));
                    let off = (got - value).abs();
                    let most = (1e-3 * value.abs()).max(rounding(p));
                    assert!(off <= most, "{name}: line {}, {}: {got} and not {value}", line + 1, published[0][column]);
                    numbers += 1;
                }
            }
        }
    }
    numbers
}

#[test]
fn tr119_tables_within_a_thousandth() {
    let counts = [
        ("cost_cells", 300),
        ("cost_summary", 40),
        ("tiers", 300),
        ("providers", 90),
        ("carbon", 100),
        ("cost_breakdown", 25),
        ("requests", 20),
        ("roi", 10),
        ("tco", 15),
        ("energy_efficiency", 6),
        ("decision_matrix", 15),
        ("latency_summary", 40),
    ];
    for (name, numbers) in counts {
        assert_eq!(compare(name), numbers, "{name}: numbers compared");
    }
    let selected: BTreeSet<String> = fs::read_dir(root().join("data/inputs/tr119/tables"))
        .unwrap()
        .map(|e| e.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(selected, counts.iter().map(|(n, _)| n.to_string()).collect(), "every table is compared");
}

#[test]
fn tr119_inputs_come_from_the_published_tables() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = root().join("data/inputs/tr119");
    let mut python = std::process::Command::new(root().join(".venv/bin/python"));
    tests::run(
        python.arg(inputs.join("from_published.py")).arg(root().join("tests/fixtures/tr119")).arg(folder.path()),
    )
    .ok();
    for name in ["session", "run", "power_sample", "price", "grid"] {
        let file = format!("{name}.csv");
        assert_eq!(
            fs::read_to_string(inputs.join(&file)).unwrap(),
            fs::read_to_string(folder.path().join(&file)).unwrap(),
            "{file} is not what from_published.py writes"
        );
    }
}

#[test]
fn tr119_gpu_runs_have_no_cpu_energy_and_say_so() {
    let run = tables().parent().unwrap().display().to_string();
    let sql = "select distinct r.device = 'cpu' as on_cpu, e.scope, e.valid, e.evidence from run_energy e \
               join run r on e.run_id = r.run_id where e.device_id = 'total' order by on_cpu, scope";
    let out = tests::stage("query", &[sql, "--run", &run, "--format", "csv"]).ok().out;
    assert_eq!(
        out,
        "on_cpu,scope,valid,evidence\nfalse,cpu_package,false,unknown\nfalse,gpu,true,imported\n\
         true,cpu_package,true,imported\ntrue,gpu,true,imported\n"
    );
}
