//! TR119's published tables against ours, from its own inputs.

use std::{collections::BTreeSet, fs, path::Path, sync::OnceLock};
use tests::{make, root};

/// `make tr119` into the repository's run folder, once.
pub fn tables() -> &'static Path {
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
    let of_statistics = ["stats", "stats_blocked"];
    let compared = counts.iter().map(|(n, _)| *n).chain(of_statistics).map(str::to_string).collect();
    assert_eq!(selected, compared, "every table is compared");
}

/// The study printed p and d from values that it did not round first; ours come from the rounded ones that it printed.
#[test]
fn tr119_tests_within_a_unit_of_the_last_digit() {
    let published = lines(&root().join("tests/fixtures/tr119/stats.csv"));
    let ours = lines(&tables().join("stats.csv"));
    assert_eq!(published[0], ours[0]);
    let named = |rows: &[Vec<String>]| rows.iter().map(|r| r[..4].to_vec()).collect::<Vec<_>>();
    assert_eq!(named(&published), named(&ours), "the same pairs under 0.05, and no other");
    let mut numbers = 0;
    for (p, o) in published.iter().zip(&ours).skip(1) {
        for (column, (p, o)) in p.iter().zip(o).enumerate().skip(4).filter(|(_, (p, _))| !p.is_empty()) {
            let (value, got): (f64, f64) = (p.parse().unwrap(), o.parse().unwrap());
            let unit = 2.0 * rounding(p);
            assert!(
                (got - value).abs() <= unit.max(1e-3 * value.abs()),
                "{}: {got} and not {value}",
                published[0][column]
            );
            numbers += 1;
        }
    }
    assert_eq!(numbers, 2 * 2 + 11 * 4);
}

#[test]
fn tr119_blocked_by_scenario() {
    let ours = lines(&tables().join("stats_blocked.csv"));
    let row = |mode: &str, test: &str| ours.iter().find(|r| r[0] == mode && r[1] == test).unwrap();
    let number = |row: &[String], column: usize| row[column].parse::<f64>().unwrap();
    for (mode, f) in [("generate", 19.36), ("prefill", 12.34)] {
        let blocked = row(mode, "blocked anova");
        assert!((number(blocked, 7) / f - 1.0).abs() < 1e-3, "{mode}: {}", blocked[7]);
        assert_eq!((number(blocked, 8), number(blocked, 9)), (4.0, 16.0));
        let pairs: Vec<&Vec<String>> = ours.iter().filter(|r| r[0] == mode && r[1] == "paired t of logs").collect();
        assert_eq!(pairs.len(), 10, "all pairs are tests");
        // p adjusted by hand: the smallest times ten, and so on, never falling.
        let mut largest = 0f64;
        for (place, pair) in pairs.iter().enumerate() {
            largest = largest.max(((10 - place) as f64 * number(pair, 10)).min(1.0));
            assert!((number(pair, 11) / largest - 1.0).abs() < 1e-6, "{pair:?}");
            // The interval is that of the ratio of pairs: five scenarios, t(0.975, 4) = 2.776445.
            let (ratio, low, t) = (number(pair, 4).ln(), number(pair, 5).ln(), number(pair, 7));
            assert!(((ratio - low) / (ratio / t) / 2.776_445 - 1.0).abs() < 1e-5 && number(pair, 8) == 4.0, "{pair:?}");
        }
        let left = pairs.iter().filter(|p| number(p, 11) < 0.05).count();
        assert_eq!(left, if mode == "generate" { 9 } else { 4 }, "{mode}");
    }
}

/// Without what another commit changes: hashes, and the commit itself.
fn without_hashes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, word) in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()).enumerate() {
        let bare = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let hash = bare.len() >= 12 && bare.bytes().all(|b| b.is_ascii_hexdigit());
        let commit = i > 0 && out.ends_with("at commit ");
        out.push_str(if hash || commit { "#" } else { bare });
        out.push_str(&word[bare.len()..]);
    }
    out
}

/// The report of the study's own tables, word for word. After a change that is meant: TALLYWATT_GOLDEN=write, and read the difference.
#[test]
fn tr119_report_as_markdown() {
    let golden = root().join("tests/fixtures/golden/tr119.md");
    let report = tables().parent().unwrap().join("report.md");
    let text = without_hashes(&fs::read_to_string(report).unwrap());
    if std::env::var_os("TALLYWATT_GOLDEN").is_some_and(|v| v == "write") {
        fs::create_dir_all(golden.parent().unwrap()).unwrap();
        fs::write(&golden, &text).unwrap();
    }
    let known = fs::read_to_string(&golden).unwrap_or_else(|e| panic!("{}: {e}", golden.display()));
    for (line, (new, old)) in text.lines().zip(known.lines()).enumerate() {
        assert_eq!(new, old, "line {}", line + 1);
    }
    assert_eq!(text.lines().count(), known.lines().count(), "lines");
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
