//! Benchmark results of others, through `import runs` and every stage behind it: cases from public reports with the values
//! that a correct tool gives, refusals with their whole text, and what each format's page says.

use schemas::{Contract, io, rows, tables};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use tests::{Ran, root, stage};

/// Keys of `expected` that say what a careless tool would give, or what the input is.
const OF_THE_INPUT: [&str; 6] = [
    "wrong_j_per_token",
    "naive_avg_ts_row1",
    "true_avg_ts_row1",
    "true_avg_ts_row2",
    "whole_file_valid",
    "v2_has_tokens",
];

fn folder(case: u64) -> PathBuf {
    let all = fs::read_dir(root().join("tests/fixtures/cases")).unwrap().map(|e| e.unwrap().path());
    let begin = format!("{case:02}-");
    all.into_iter().find(|p| p.file_name().unwrap().to_string_lossy().starts_with(&begin)).unwrap()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn table(path: &Path, contract: &'static Contract) -> Vec<Value> {
    rows::from_batches(contract.name, &io::read(path, contract).unwrap()).unwrap()
}

fn import(files: &[PathBuf], into: &Path, options: &[&str]) -> Ran {
    let files: Vec<String> = files.iter().map(|f| text(f)).collect();
    let into = text(into);
    let mut arguments = vec!["runs", "--into", &into];
    arguments.extend(options);
    arguments.extend(files.iter().map(String::as_str));
    let mut ran = stage("import", &arguments);
    files.iter().for_each(|f| ran.err = ran.err.replace(f, "FILE"));
    ran
}

/// Everything behind an import, on the tables that it wrote.
struct Priced {
    _at: tempfile::TempDir,
    said: String,
    runs: Vec<Value>,
    energy: Vec<Value>,
    cost: Vec<Value>,
    finding: Vec<Value>,
}

/// The shipped configuration for a log that is read every five seconds and whose power hardly ever changes: a sensor that says the same
/// for 90 s is taken for one that is renewed every 90 s.
const COARSE: [(&str, &str); 2] =
    [("max_gap_ms = 500.0", "max_gap_ms = 6000.0"), ("max_error_pct = 25.0", "max_error_pct = 100.0")];

/// The machine that `pipeline.toml` ships as an example.
const OWNED: [(&str, &str); 3] = [
    ("capex_usd = 0.0", "capex_usd = 1500.0"),
    ("residual_usd = 0.0", "residual_usd = 300.0"),
    ("idle_w = 0.0", "idle_w = 20.0"),
];

fn priced(
    file: &Path,
    options: &[&str],
    power: Option<&Path>,
    gco2e_per_kwh: f64,
    configured: &[(&str, &str)],
) -> Priced {
    let at = tempfile::tempdir().unwrap();
    let price: &[&str] = if options.contains(&"--usd-per-hour") { &[] } else { &["--usd-per-hour", "2.4"] };
    let ran = import(&[file.to_path_buf()], at.path(), &[options, price, &["--priced-on", "2026-05-14"]].concat()).ok();
    if let Some(log) = power {
        let (log, into) = (text(log), text(at.path()));
        stage("import", &["power", &log, "--into", &into]).ok();
    }
    let path = |name: &str| at.path().join(name);
    let table_text = |name: &str| text(&path(&format!("{name}.parquet")));
    let shipped = schemas::layers::DEFAULTS.to_string();
    let configured = [configured, &OWNED].concat();
    let changed = configured.iter().fold(shipped, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    fs::write(path("pipeline.toml"), changed).unwrap();
    let grid = format!(
        "region,start,end,usd_per_kwh,gco2e_per_kwh,pue,basis,year,source\n\
         home,2026-01-01T00:00:00Z,2027-01-01T00:00:00Z,0.1,{gco2e_per_kwh},1.0,unknown,2026,test\n"
    );
    fs::write(path("grid.csv"), grid).unwrap();
    let (config, prices, grid) =
        (text(&path("pipeline.toml")), text(&path("imported-price.csv")), text(&path("grid.csv")));
    let measured = ["session", "run", "power_sample", "sensor"].map(table_text);
    let (energy, price, cost, tco) =
        (table_text("run_energy"), table_text("price"), table_text("cost"), table_text("tco"));
    let request = table_text("request_cost");
    let gridded = table_text("grid");
    let [session, run, samples, sensor] = &measured;
    crate::refusals::join(&measured, &config, Path::new(&energy)).ok();
    let [cell, fact] = &crate::refusals::facts(Path::new(&energy));
    stage(
        "derive-costs",
        &[
            "--config", &config, "--read", session, run, cell, fact, "--prices", &prices, "--grid", &grid, "--write",
            &cost, &price, &gridded, &request, &tco,
        ],
    )
    .ok();
    let finding = table_text("finding");
    stage(
        "analyze",
        &[
            "--config",
            &config,
            "--read",
            session,
            run,
            samples,
            sensor,
            &energy,
            cell,
            fact,
            &price,
            &gridded,
            &cost,
            &request,
            &tco,
            "--write",
            &finding,
            &table_text("estimate"),
            &table_text("comparison"),
            &table_text("verdict"),
            &table_text("decision"),
        ],
    )
    .ok();
    let read = |name: &str, contract| table(&path(&format!("{name}.parquet")), contract);
    Priced {
        said: ran.err,
        runs: read("run", &tables::RUN),
        energy: read("run_energy", &tables::RUN_ENERGY),
        cost: read("cost", &tables::COST),
        finding: read("finding", &tables::FINDING),
        _at: at,
    }
}

impl Priced {
    /// Runs of one scenario.
    fn of(&self, scenario: &str) -> Vec<&Value> {
        self.runs.iter().filter(|r| r["scenario"] == scenario).collect()
    }

    fn sum(&self, scenario: &str, column: &str) -> f64 {
        self.of(scenario).iter().map(|r| r[column].as_f64().unwrap()).sum()
    }

    fn cost(&self, scenario: &str, column: &str) -> Value {
        let basis = |c: &&Value| c["basis"] == if c["mode"] == "prefill" { "input" } else { "output" };
        let cells: Vec<&Value> = self.cost.iter().filter(|c| c["scenario"] == scenario && basis(c)).collect();
        assert_eq!(cells.len(), 1, "{scenario}: {:?}", self.cost.iter().map(|c| &c["scenario"]).collect::<Vec<_>>());
        cells[0][column].clone()
    }

    /// kWh of a million tokens at constant power.
    fn kwh_at(&self, scenario: &str, watt: f64) -> Value {
        json!(self.cost(scenario, "hours_per_mtok").as_f64().unwrap() * watt / 1e3)
    }

    fn only(&self) -> &Value {
        assert_eq!(self.runs.len(), 1);
        &self.runs[0]
    }

    fn found(&self, code: &str, words: &str) -> bool {
        self.finding.iter().any(|f| f["code"] == code && format!("{}: {}", f["place"], f["what"]).contains(words))
    }
}

fn tests_of(p: &Priced) -> Value {
    json!(p.runs.iter().map(|r| r["scenario"].as_str().unwrap()).collect::<BTreeSet<_>>().len())
}

fn input(case: u64, name: &str) -> PathBuf {
    folder(case).join(name)
}

fn value(number: f64) -> Value {
    json!(number)
}

fn float(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// What the tools give for a case, under the names that the case uses. Forbidden values are looked for among them.
fn given(case: u64) -> Vec<(&'static str, Value)> {
    let plain = |name: &str, usd: &str| priced(&input(case, name), &["--usd-per-hour", usd], None, 380.0, &[]);
    match case {
        1 => {
            let p = plain("input.json", "2.4");
            assert!(p.runs.iter().all(|r| r["start_ns"].is_null()
                && r["window_from"].as_str().unwrap().starts_with("no clock times: the start includes warm-up")));
            assert!(p.energy.iter().all(|e| e["reasons"] == "no clock times of this run, so no reading belongs to it"));
            assert!(
                p.of("pp512")
                    .iter()
                    .all(|r| r["mode"] == "prefill" && r["tokens_generated"] == 0 && r["prompt_tokens"] == 512)
            );
            assert_eq!(p.sum("tg128 @ d4096", "prompt_tokens"), 0.0);
            assert_eq!(
                (p.only_session_cpu(), &p.runs[0]["device"], &p.runs[0]["dtype"]),
                (json!("Example CPU 16-Core"), &json!("Example GPU 24GB"), &json!("Q4_K - Medium"))
            );
            let assumed = tempfile::tempdir().unwrap();
            import(&[input(1, "input.json")], assumed.path(), &["--window", "assumed"]).ok();
            let windows = table(&assumed.path().join("run.parquet"), &tables::RUN);
            let tg: Vec<&Value> = windows.iter().filter(|r| r["scenario"] == "tg128").collect();
            assert!(tg.iter().all(|r| r["window_from"].as_str().unwrap().starts_with("assumed: ")));
            assert_eq!(tg[1]["start_ns"], tg[0]["end_ns"], "repetitions follow each other");
            let generated = p.sum("pp512+tg128", "tokens_generated");
            vec![
                ("tests", tests_of(&p)),
                ("tg_total_s", value(p.sum("tg128", "latency_ms") / 1e3)),
                ("tg_tokens", value(p.sum("tg128", "tokens_generated"))),
                ("tg_kwh_per_1m", p.kwh_at("tg128", 350.0)),
                ("tg_usd_per_1m", p.cost("tg128", "total_usd_per_mtok")),
                ("pg_generated_tokens", value(generated)),
                ("pg_generated_per_s_end_to_end", p.cost("pp512+tg128", "tokens_per_s")),
                // what llama-bench itself reports counts the prompt too
                ("pg_avg_ts_reported", value(mean_rate(&p, "pp512+tg128"))),
                ("depth_row_tokens", value(p.sum("tg128 @ d4096", "tokens_generated"))),
            ]
        }
        2 => {
            let p = plain("input.json", "2.4");
            let lines = p.said.split("not JSON, passed over: ").nth(1).unwrap().lines().next().unwrap().to_string();
            let lines: Vec<u64> =
                lines.split("lines ").nth(1).unwrap().split(", ").map(|n| n.parse().unwrap()).collect();
            vec![
                ("tests", tests_of(&p)),
                ("tg_tokens", value(p.sum("tg128", "tokens_generated"))),
                ("tg_total_s", value(p.sum("tg128", "latency_ms") / 1e3)),
                ("tok_per_s_aggregate", p.cost("tg128", "tokens_per_s")),
                ("skipped_lines", json!(lines)),
            ]
        }
        4 => {
            let p = plain("input.json", "2.4");
            assert!(
                p.said.contains(
                    "FILE: the file ends inside an entry (a killed run?), the entry is left out: 1, first line 90"
                ),
                "{}",
                p.said
            );
            vec![
                ("complete_tests", tests_of(&p)),
                ("pp_tok_s", value(mean_rate(&p, "pp512"))),
                ("tg_tok_s", value(mean_rate(&p, "tg128"))),
            ]
        }
        7 => {
            let p = plain("input.md", "2.4");
            assert!(
                p.runs
                    .iter()
                    .all(|r| r["model"] == "llama 8B Q4_K - Medium" && r["library"] == "llama.cpp 0a1b2c3d (9001)")
            );
            assert!(
                p.cost.iter().all(|c| c["scenario"] != "pp512" || c["basis"] != "output"),
                "prompt speed is no output speed"
            );
            let rate = p.cost("tg128", "tokens_per_s");
            vec![
                ("tests", tests_of(&p)),
                ("output tok/s", rate.clone()),
                ("tg128_tok_s", rate),
                ("tg128_kwh_per_1m", p.kwh_at("tg128", 350.0)),
            ]
        }
        8 => {
            let log = input(8, "power.csv");
            let p = priced(&input(8, "input.json"), &["--usd-per-hour", "4.8"], Some(&log), 380.0, &COARSE);
            let run = p.only();
            assert_eq!(run["status"], "degraded");
            assert!(run["reason"].as_str().unwrap().starts_with("3 of 200 requests failed"), "{run}");
            let ns = |t: &str| schemas::text::instant(t).unwrap();
            assert_eq!(
                (run["start_ns"].as_i64(), run["end_ns"].as_i64()),
                (Some(ns("2026-05-14T09:14:05.8Z")), Some(ns("2026-05-14T09:15:30Z")))
            );
            assert!(run["window_from"].as_str().unwrap().starts_with("`date`, stamped after the run"), "{run}");
            assert!(run["imported_from"].as_str().unwrap().ends_with(", times without a zone"), "{run}");
            let scenario = "200 requests, rate unlimited, 500 tokens in, 214 tokens out";
            let total: Vec<&Value> = p.energy.iter().filter(|e| e["device_id"] == "total").collect();
            assert!(p.found("window_derived", "stamped after the run") && p.found("run_degraded", "1 runs degraded"));
            vec![
                ("energy_j", total[0]["energy_gross_j"].clone()),
                ("tokens", run["tokens_generated"].clone()),
                ("usd_per_1m_output", p.cost(scenario, "total_usd_per_mtok")),
                ("kwh_per_1m_output", p.cost(scenario, "kwh_per_mtok")),
                ("gco2e_per_1m_output", p.cost(scenario, "gco2e_per_mtok")),
                ("tok_s", p.cost(scenario, "tokens_per_s")),
            ]
        }
        9 => {
            let p = plain("input.json", "2.4");
            let rate = |rate: &str| {
                p.cost(&format!("100 requests, rate {rate}, 985 tokens in, 300 tokens out"), "tokens_per_s")
            };
            vec![
                ("runs", json!(p.runs.len())),
                ("tok_s", json!([rate("2"), rate("4")])),
                ("total_tokens", value(p.runs.iter().map(|r| float(&r["tokens_generated"])).sum())),
            ]
        }
        10 => {
            let p = plain("input.jsonl", "2.4");
            let run = p.only();
            assert!(p.said.contains("FILE: degraded: 1352 of 3000 requests failed, 1648 completed"), "{}", p.said);
            let scenario = run["scenario"].as_str().unwrap();
            let counts: Vec<f64> = run["reason"].as_str().unwrap().split(' ').filter_map(|w| w.parse().ok()).collect();
            vec![
                ("tok_s", p.cost(scenario, "tokens_per_s")),
                ("request_rate_is_inf", json!(scenario.contains("rate unlimited"))),
                ("tpot_missing", json!(run["tpot_ms"].is_null())),
                ("completed_fraction", value(counts[2] / counts[1])),
            ]
        }
        12 => {
            let p = plain("input.json", "2.4");
            let run = p.only();
            assert!(p.said.contains("the mean output is 387 of 2048 tokens that were asked for"), "{}", p.said);
            assert!(p.said.contains("1 of 4 requests failed"), "{}", p.said);
            assert!(p.found("output_shortened", "1161 of"), "{:?}", p.finding);
            let tokens = float(&run["tokens_generated"]);
            vec![
                ("tokens", value(tokens)),
                ("agrees_with_total", json!(!p.said.contains("add up to"))),
                ("j_per_token", value(5000.0 / tokens)),
                ("kwh_per_1m", value(5000.0 / 3.6 / tokens)),
            ]
        }
        13 => {
            let p = plain("input.json", "2.4");
            let device = [("energy_scope = \"sum\"", "energy_scope = \"device\"")];
            let gpu = priced(&input(13, "input.json"), &["--device", "Example GPU"], None, 380.0, &device);
            assert!(p.of("decode")[0]["tokens_from"].as_str().unwrap().starts_with("assumed: "));
            assert!(p.found("tokens_from", "assumed: batch x (max_new_tokens - 1)"), "{:?}", p.finding);
            assert!(p.energy.iter().all(|e| e["evidence"] == "imported" && e["valid"] == true));
            assert!(!p.runs.iter().any(|r| r["scenario"] == "load_model"));
            vec![
                ("decode_tokens_assumed", value(p.sum("decode", "tokens_generated"))),
                ("decode_kwh_per_1m", p.cost("decode", "kwh_per_mtok")),
                ("decode_kwh_per_1m_gpu_only", gpu.cost("decode", "kwh_per_mtok")),
                ("generate_kwh_per_1m_output", p.cost("generate", "kwh_per_mtok")),
                ("decode_tok_s", p.cost("decode", "tokens_per_s")),
            ]
        }
        15 => {
            let p = plain("input.json", "3.6");
            let run = p.only();
            let from = run["tokens_from"].as_str().unwrap();
            let visible: f64 = from.split("has the ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
            let scenario = "120 requests, 550 tokens in, 200 tokens out";
            let usd = p.cost(scenario, "total_usd_per_mtok");
            vec![
                ("generated_tokens", run["tokens_generated"].clone()),
                ("visible_tokens", value(visible)),
                ("usd_per_1m_visible", value(float(&usd) * float(&run["tokens_generated"]) / visible)),
                ("usd_per_1m_generated", usd),
                ("window_s", value((float(&run["end_ns"]) - float(&run["start_ns"])) / 1e9)),
            ]
        }
        16 => {
            let p = plain("input.csv", "4.5");
            let run = p.only();
            let scenario = "500 requests, 1024 tokens in, 200 tokens out";
            assert!(run["tokens_from"].as_str().unwrap().starts_with("approximate: "));
            vec![
                ("isl_avg", value(float(&run["prompt_tokens"]) / float(&run["batch"]))),
                ("tokens", run["tokens_generated"].clone()),
                ("duration_s", value(float(&run["latency_ms"]) / 1e3)),
                ("tok_s", p.cost(scenario, "tokens_per_s")),
                ("usd_per_1m_output", p.cost(scenario, "total_usd_per_mtok")),
            ]
        }
        17 => {
            let p = plain("input.jsonl", "2.4");
            let run = p.only();
            let counts: Vec<u64> = run["reason"].as_str().unwrap().split(' ').filter_map(|w| w.parse().ok()).collect();
            assert!(p.said.contains("FILE: 1 requests of the warm-up are left out"), "{}", p.said);
            vec![
                ("records", json!(counts[1] + 1)),
                ("profiling", json!(counts[1])),
                ("ok", json!(counts[0])),
                ("tokens", run["tokens_generated"].clone()),
                ("window_s", value((float(&run["end_ns"]) - float(&run["start_ns"])) / 1e9)),
                ("tok_s", p.cost(run["scenario"].as_str().unwrap(), "tokens_per_s")),
            ]
        }
        19 => {
            let p = plain("input.csv", "2.4");
            let of = |model: &str| {
                p.cost.iter().find(|c| c["model"] == model && c["basis"] == "output").unwrap()["kwh_per_mtok"].clone()
            };
            let (one, two) = (of("example-org/example-7b-chat"), of("example-org/example-13b-chat"));
            let into = tempfile::tempdir().unwrap();
            refused(
                &import(&[input(19, "input.json")], into.path(), &[]),
                "FILE: line 1: energy per response without a count of tokens, 92 J a response, give --tokens-per-response N",
            );
            let told = priced(&input(19, "input.json"), &["--tokens-per-response", "250"], None, 380.0, &[]);
            let kwh = float(&told.cost[0]["kwh_per_mtok"]);
            assert!(
                (kwh - 92.0 / 250.0 / 3.6).abs() < 1e-9 && told.found("tokens_from", "assumed: --tokens-per-response"),
                "{kwh}"
            );
            vec![("kwh_per_1m", json!([one, two])), ("row1_kwh_per_1m", one), ("row2_kwh_per_1m", two)]
        }
        other => panic!("case {other}"),
    }
}

impl Priced {
    fn only_session_cpu(&self) -> Value {
        table(&self._at.path().join("session.parquet"), &tables::SESSION)[0]["cpu"].clone()
    }
}

/// Mean over repetitions of their own rates, prompt and new tokens together, as llama-bench has it.
fn mean_rate(p: &Priced, scenario: &str) -> f64 {
    let runs = p.of(scenario);
    let rate =
        |r: &&Value| (float(&r["prompt_tokens"]) + float(&r["tokens_generated"])) / float(&r["latency_ms"]) * 1e3;
    runs.iter().map(rate).sum::<f64>() / runs.len() as f64
}

#[track_caller]
fn refused(ran: &Ran, text: &str) {
    assert_eq!((ran.code, ran.err.trim_end()), (Some(1), format!("import: {text}").as_str()));
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        _ => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-6 * b.abs(),
            _ => a == b,
        },
    }
}

const CASES: &[u64] = &[1, 2, 4, 7, 8, 9, 10, 12, 13, 15, 16, 17, 19];

/// Numbers of `expected` that no stage prints: counted at the input instead.
fn looked_at(case: u64, key: &str) -> bool {
    !(OF_THE_INPUT.contains(&key) || case == 16 && key == "request_latency_avg_ms")
}

#[test]
fn cases_give_what_a_correct_tool_gives() {
    for &number in CASES {
        let case: Value = serde_json::from_str(&fs::read_to_string(folder(number).join("case.json")).unwrap()).unwrap();
        let given = given(number);
        for (key, wanted) in case["expected"].as_object().unwrap().iter().filter(|(k, _)| looked_at(number, k)) {
            let found =
                given.iter().find(|(k, _)| k == key).unwrap_or_else(|| panic!("{number}: {key} is not looked at"));
            assert!(same(&found.1, wanted), "{number}: {key} is {} and not {wanted}", found.1);
        }
        for (key, found) in &given {
            let wrong: &[f64] = match (number, *key) {
                (1, "pg_generated_per_s_end_to_end") => &[369.950437],
                (7, "output tok/s") => &[4000.04],
                (8, "tokens") => &[140_600.0],
                (12, "j_per_token") => &[5000.0 / 8192.0],
                (19, "row1_kwh_per_1m" | "row2_kwh_per_1m") => &[50.0],
                _ => &[],
            };
            assert!(!wrong.iter().any(|w| same(found, &json!(w))), "{number}: {key} is {found}, which is forbidden");
        }
    }
}

#[test]
fn a_header_with_too_few_names_is_refused() {
    let into = tempfile::tempdir().unwrap();
    refused(
        &import(&[input(3, "input.csv")], into.path(), &[]),
        "FILE: line 2: 27 fields where the header has 26, \"77aa001\", \
         a column has no name or a field is missing: give the file as the tool wrote it",
    );
    assert_eq!(fs::read_dir(into.path()).unwrap().count(), 0, "a refusal leaves nothing");
}

/// Names of the formats, as the help lists them.
fn formats() -> Vec<String> {
    let help = stage("import", &["runs", "--help"]).ok().out;
    let list = help.split("Formats, described in docs/imports.md:").nth(1).unwrap();
    list.lines().filter_map(|l| l.split_whitespace().next()).map(str::to_string).collect()
}

#[test]
fn every_format_is_a_file_and_a_page_whose_command_works() {
    let source = root().join("stages/import/src/runs");
    let files = fs::read_dir(&source).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file());
    let has_format = |p: &PathBuf| fs::read_to_string(p).unwrap().contains("pub const FORMAT: Format<Sheet> =");
    let named = |p: PathBuf| p.file_stem().unwrap().to_string_lossy().replace('_', "-");
    let mut files: Vec<String> = files.filter(has_format).map(named).collect();
    let mut formats = formats();
    files.sort();
    formats.sort();
    assert_eq!(formats, files);
    let help = stage("import", &["runs", "--help"]).ok().out;
    for format in &formats {
        let page = fs::read_to_string(root().join(format!("docs/imports/{format}.md")))
            .unwrap_or_else(|e| panic!("{format}: {e}"));
        assert!(page.starts_with(&format!("# {format}\n")), "{format}");
        let block = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
        let [made, read] = block.lines().collect::<Vec<_>>()[..] else {
            panic!("{format}: a command that makes the file and one that reads it")
        };
        assert!(!made.starts_with("target/release"), "{format}: {made}");
        assert!(read.starts_with("target/release/import runs "), "{format}: {read}");
        for flag in page.split([' ', '`', '\n', '(']).filter(|w| w.starts_with("--") && read.contains(*w)) {
            assert!(help.contains(flag), "{format}: no {flag}");
        }
    }
}

#[test]
fn the_page_of_the_generic_csv_makes_a_file_that_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let page = fs::read_to_string(root().join("docs/imports/generic.md")).unwrap();
    let text = page.split("printf '").nth(1).unwrap().split('\'').next().unwrap().replace("\\n", "\n");
    fs::write(folder.path().join("runs.csv"), text).unwrap();
    import(&[folder.path().join("runs.csv")], folder.path(), &["--usd-per-hour", "0.8"]).ok();
    let runs = table(&folder.path().join("run.parquet"), &tables::RUN);
    assert_eq!((runs.len(), &runs[0]["tokens_generated"], &runs[0]["device"]), (1, &json!(24000), &json!("NVIDIA L4")));
    let prices = fs::read_to_string(folder.path().join("imported-price.csv")).unwrap();
    assert!(
        prices
            .lines()
            .nth(1)
            .unwrap()
            .starts_with("own,any,NVIDIA L4,on_demand,,NVIDIA L4,1,0.8,true,--usd-per-hour,20"),
        "{prices}"
    );
    // A day is never read from the clock: it is that of the last run, or given.
    assert!(prices.trim_end().ends_with("2026-05-14,2026-05-14"), "{prices}");
    fs::write(
        folder.path().join("untimed.csv"),
        "model,device,batch,tokens_generated,duration_s\nm,NVIDIA L4,1,10,2\n",
    )
    .unwrap();
    let untimed = |options: &[&str]| import(&[folder.path().join("untimed.csv")], folder.path(), options);
    let refusal = "--usd-per-hour: the results have no times, so no day of the price, add --priced-on YYYY-MM-DD";
    let said = |options: &[&str]| {
        let ran = untimed(options);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        ran.err.lines().last().unwrap().to_string()
    };
    assert_eq!(said(&["--usd-per-hour", "0.8"]), format!("import: {refusal}"));
    let word = "--priced-on: not a date, \"soon\", write YYYY-MM-DD";
    assert_eq!(said(&["--usd-per-hour", "0.8", "--priced-on", "soon"]), format!("import: {word}"));
    untimed(&["--usd-per-hour", "0.8", "--priced-on", "2026-05-14"]).ok();
    // Every column that the page names is read, and the other way round.
    let ran = import(&[folder.path().join("runs.csv")], folder.path(), &["--format", "vllm"]);
    refused(
        &ran,
        "FILE: line 1: no run in it, \"start,end,model,device,batch,tokens_generated\", give results of vllm, or name another format with --format",
    );
}

#[test]
fn a_price_and_a_count_that_are_none_are_refused() {
    let into = tempfile::tempdir().unwrap();
    let with = |options: &[&str]| import(&[input(9, "input.json")], into.path(), options);
    refused(&with(&["--usd-per-hour", "0"]), "--usd-per-hour: not a price, 0, give USD above 0");
    refused(
        &with(&["--tokens-per-response", "NaN"]),
        "--tokens-per-response: not a number of tokens, NaN, give a number above 0",
    );
    assert_eq!(with(&["--window", "soon"]).code, Some(2));
    assert_eq!(with(&["--tz", "Mars"]).code, Some(2));
    refused(
        &import(&[into.path().join("none.json")], into.path(), &[]),
        "FILE: cannot be read, No such file or directory (os error 2), check that the path exists and may be used",
    );
    assert_eq!(fs::read_dir(into.path()).unwrap().count(), 0);
}

#[test]
fn power_that_lies_there_already_stays() {
    let into = tempfile::tempdir().unwrap();
    let log = text(&input(8, "power.csv"));
    stage("import", &["power", &log, "--tz", "UTC", "--into", &text(into.path())]).ok();
    import(&[input(8, "input.json")], into.path(), &["--tz", "UTC"]).ok();
    assert!(!table(&into.path().join("power_sample.parquet"), &tables::POWER_SAMPLE).is_empty());
}
