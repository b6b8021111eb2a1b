//! The report as a reader sees it: in a browser, as Markdown, JSON and CSV; every number against the query that is its source.

use crate::finished_run::finished;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tests::{make, root, run, stage};

/// What `tests/browser/report.mjs` saw.
fn browse(html: &Path, shot: &Path, width: &str, scheme: &str, changes: Option<&Value>) -> Value {
    let mut node = Command::new("node");
    node.arg(root().join("tests/browser/report.mjs")).arg(html).arg(shot).args([width, scheme]);
    node.args(changes.map(Value::to_string));
    serde_json::from_str(&run(&mut node).ok().out).unwrap()
}

fn query(folder: &Path, sql: &str) -> Vec<Value> {
    let out = stage("query", &[sql, "--run", &folder.display().to_string(), "--format", "json"]).ok().out;
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}"))
}

fn json(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("report.json")).unwrap()).unwrap()
}

fn tables(report: &Value) -> Vec<Value> {
    let of = |v: &Value| v["tables"].as_array().unwrap().clone();
    let sections = report["sections"].as_array().unwrap();
    of(&report["answer"]).into_iter().chain(sections.iter().flat_map(of)).collect()
}

#[test]
fn opens_offline_in_light_and_dark_wide_and_narrow() {
    let html = finished().join("report.html");
    for (width, scheme, ground) in [("1280", "light", "rgb(255, 255, 255)"), ("360", "dark", "rgb(20, 23, 26)")] {
        let shot = finished().join(format!("screenshot-{width}.png"));
        let seen = browse(&html, &shot, width, scheme, None);
        assert_eq!(seen["requests"], Value::Array(vec![]), "{seen}");
        assert_eq!(seen["errors"], Value::Array(vec![]), "{seen}");
        let charts = seen["charts"].as_array().unwrap();
        let kinds =
            ["latency", "throughput", "spread", "cost", "tiers", "efficiency", "carbon", "cost-speed", "cost-energy"];
        for mode in ["prefill", "generate-no-cache", "generate-kv-cache"] {
            for kind in kinds {
                let id = format!("{kind}-{mode}");
                assert!(charts.iter().any(|c| c["id"] == *id), "no chart {id}");
            }
        }
        let single = ["trace", "sensors", "break-even", "utilisation", "cache-factor", "steps", "whatif-cost"];
        for id in single.into_iter().chain(["forest-latency-ms"]) {
            assert!(charts.iter().any(|c| c["id"] == *id), "no chart {id}");
        }
        for chart in charts {
            assert!(chart["marks"].as_i64() > Some(2) && chart["alive"] == "yes", "{chart}");
            assert!(chart["label"].as_str().unwrap().len() > 40, "{chart}");
        }
        assert_eq!(seen["headline"].as_array().unwrap().len(), 6, "margin, evidence, three examples, findings");
        assert!(seen["overflow"].as_i64() <= Some(0), "the page is wider than the window: {seen}");
        assert_eq!(seen["ground"], ground);
        assert_ne!(seen["ink"], seen["ground"], "text of charts is seen in {scheme}");
        assert!(seen["dialog"]["sql"].as_str().unwrap().starts_with("select ") && seen["closed"] == true, "{seen}");
        assert!(fs::metadata(&shot).unwrap().len() > 20_000);
        let (sources, report) = (seen["sources"].as_array().unwrap(), tables(&json(finished())));
        assert!(sources.len() > 15, "{sources:?}");
        for source in sources {
            let table = report.iter().find(|t| t["id"] == source["table"]).unwrap();
            assert_eq!(table["rows"][source["row"].as_u64().unwrap() as usize]["sql"], source["sql"], "{source}");
        }
    }
    assert!(fs::metadata(&html).unwrap().len() < 3_000_000);
}

#[test]
fn the_first_screen_says_what_is_paid_for_and_what_is_an_example() {
    let answer = &json(finished())["answer"];
    let cost = &answer["tiles"][0];
    assert_eq!((&cost["label"], &cost["unit"]), (&"Cost".into(), &"USD per 1M output tokens".into()));
    // short.toml: 1500 USD less 300 over four years, no upkeep, at work all the time.
    let cells = query(
        finished(),
        "select backend, avg(hours_per_mtok) * 1200 / 4 / 8760 as hardware, avg(energy_usd_per_mtok) as electricity from cost \
         where mode = 'generate' and kv_cache and basis = 'output' and tier = 'on_prem' group by backend",
    );
    let sum = |row: &Value| row["hardware"].as_f64().unwrap() + row["electricity"].as_f64().unwrap();
    let shown = cells.iter().find(|row| same(&cost["number"]["value"], &sum(row).into()));
    let shown = shown.unwrap_or_else(|| panic!("{cost} is none of {cells:?}"));
    let digits = |text: &Value| text.as_str().unwrap().split(' ').next().unwrap().trim_start_matches('$').to_string();
    for (part, column) in [(0, "hardware"), (1, "electricity")] {
        let (part, value): (f64, f64) =
            (digits(&cost["parts"][part]).parse().unwrap(), shown[column].as_f64().unwrap());
        assert!((part / value - 1.0).abs() < 0.01, "{column}: {part} {value}");
    }
    let says = |key: &str, words: &[&str]| {
        let text = answer[key].as_str().unwrap();
        assert!(words.iter().all(|w| text.contains(w)), "{text}");
    };
    says(
        "costs",
        &["1M output tokens with ", " cost $", " on your own machine", "purchase and upkeep", " for electricity."],
    );
    says("subject", &["SmolLM2-135M-Instruct (f32) on ", ", measured 20"]);
    let lines: Vec<&str> = answer["lines"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let example = |of: &str| lines.iter().any(|l| l.starts_with(of) && l.contains("shipped example"));
    assert!(example("The energy is a model of the CPU") && example("The purchase of the machine"), "{lines:?}");
}

/// Tables whose source is rows of one contract table, and the column there that says how they are known.
const BADGES: &[(&str, &str, &str)] = &[
    ("headline", "cost", "usd_evidence"),
    ("tiers", "cost", "usd_evidence"),
    ("providers", "cost", "usd_evidence"),
    ("carbon", "cost", "energy_evidence"),
    ("requests", "request_cost", "usd_evidence"),
    ("tco", "tco", "usd_evidence"),
    ("break_even", "break_even", "evidence"),
    ("regions", "region_carbon", "evidence"),
    ("decisions", "decision", "evidence"),
    ("objectives", "decision", "evidence"),
    ("ranking", "ranking", "evidence"),
];

#[test]
fn no_badge_is_firmer_than_the_rows_it_rests_on() {
    let (report, mut seen) = (json(finished()), 0);
    for table in tables(&report) {
        let Some((id, from, column)) = BADGES.iter().find(|(id, ..)| table["id"] == **id) else { continue };
        for row in table["rows"].as_array().unwrap().iter().take(40) {
            let sql = row["sql"].as_str().unwrap();
            let rows = &sql[sql.rfind(&format!("from {from} where")).unwrap_or_else(|| panic!("{id}: {sql}"))..];
            let badge = row["evidence"].as_str().unwrap();
            let answer = query(
                finished(),
                &format!("select weakest({column}) as rows, weakest_of('{badge}', weakest({column})) as both {rows}"),
            );
            assert_eq!(
                answer[0]["both"], badge,
                "{id}: the badge is {badge}, its rows are {}: {rows}",
                answer[0]["rows"]
            );
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen} badges");
    let estimated =
        query(finished(), "select 1 as one from run_energy where evidence <> 'estimated' limit 1").is_empty();
    let firm = query(finished(), "select match from break_even where evidence not in ('estimated', 'extrapolated')");
    assert!(!estimated || firm.is_empty(), "break-even rests on estimated energy: {firm:?}");
}

/// No table that names one cheapest, cleanest or first mixes what was measured with other hardware or another grid.
#[test]
fn extrapolated_and_measured_are_in_no_one_ranking() {
    let mixed = query(
        finished(),
        "select metric, mode, kv_cache from ranking group by metric, mode, kv_cache \
         having bool_or(evidence = 'extrapolated') and bool_or(evidence <> 'extrapolated')",
    );
    assert!(mixed.is_empty(), "{mixed:?}");
    let report = json(finished());
    for (id, hardware) in [("break_even", "its hardware"), ("utilisation", "its hardware"), ("providers", "hardware")] {
        let table = tables(&report).into_iter().find(|t| t["id"] == id).unwrap();
        assert!(table["columns"].as_array().unwrap().iter().any(|c| c["label"] == hardware), "{id}");
    }
}

/// Within 1e-9 of the larger, or both unknown.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        (None, None) => true,
        _ => false,
    }
}

/// Every number of the what-if tables of the page, at the own machine's price, against the costs of a run folder.
fn agrees(shown: &Value, folder: &Path, workload: &str) {
    let label = "case when mode = 'prefill' then 'prefill' when kv_cache then 'generate, KV cache' else 'generate, no cache' end";
    let units = query(
        folder,
        &format!(
            "select backend, {label} as mode, avg(total_usd_per_mtok) as usd, avg(kwh_per_mtok) as kwh, avg(gco2e_per_mtok) as gco2e \
             from cost where tier = 'on_prem' and basis = case when mode = 'prefill' then 'input' else 'output' end \
             group by backend, mode, kv_cache"
        ),
    );
    let label = "case when kv_cache then 'generate, KV cache' else 'generate, no cache' end";
    let months = query(
        folder,
        &format!(
            "select b.backend, {label} as mode, greatest(ceil(v.mtok / b.capacity), 1) * b.fixed + v.mtok * b.added as month \
             from (select distinct backend, kv_cache, own_usd_per_month as fixed, own_usd_per_mtok as added, \
             own_capacity_mtok as capacity from break_even where workload = '{workload}') as b \
             cross join (select max(volume_mtok) as mtok from tco where workload = '{workload}') as v"
        ),
    );
    for (table, answers, columns) in
        [("units", units, &["usd", "kwh", "gco2e"][..]), ("months", months, &["month"][..])]
    {
        let rows = shown[table].as_array().unwrap();
        assert_eq!(rows.len(), answers.len(), "{table}: {shown}");
        assert!(!rows.is_empty(), "{table}");
        for row in rows {
            let answer = answers.iter().find(|a| a["backend"] == row["backend"] && a["mode"] == row["mode"]).unwrap();
            for column in columns {
                assert!(row[column].is_f64() && same(&row[column], &answer[column]), "{column}: {row}, SQL: {answer}");
            }
        }
    }
    let best = query(
        folder,
        &format!(
            "select own_usd_per_month, own_usd_per_mtok, own_capacity_mtok from break_even as b where workload = '{workload}' and backend = \
             (select backend from request_cost where workload = '{workload}' and tier = 'on_prem' order by total_usd limit 1) \
             and kv_cache = (select kv_cache from request_cost where workload = '{workload}' and tier = 'on_prem' order by total_usd limit 1) \
             limit 1"
        ),
    );
    for (shown_as, column) in
        [("fixed", "own_usd_per_month"), ("added", "own_usd_per_mtok"), ("capacity", "own_capacity_mtok")]
    {
        let said: f64 = shown["own"][shown_as].as_str().unwrap().parse().unwrap();
        assert!(same(&said.into(), &best[0][column]), "{shown_as}: {said}, SQL: {}", best[0]);
    }
}

/// The query behind each row of the what-if tables, run over the measured folder, gives the row's numbers.
fn rows_are_what_their_queries_answer(shown: &Value) {
    for (table, columns) in
        [("units", &["usd", "kwh", "gco2e", "embodied"][..]), ("months", &["machines", "month"][..])]
    {
        for row in shown[table].as_array().unwrap() {
            let answers = query(finished(), row["sql"].as_str().unwrap());
            let [answer] = answers.as_slice() else { panic!("{row}: {answers:?}") };
            for column in columns {
                assert!(same(&row[column], &answer[column]), "{column}: {row}, SQL: {answer}");
            }
        }
    }
}

#[test]
fn what_if_is_what_the_pipeline_computes() {
    let html = finished().join("report.html");
    let workload = "draft_128_1024";
    let changes = serde_json::json!({
        "workload": workload, "usd_per_kwh": 0.41, "gco2e_per_kwh": 25.5, "pue": 1.3, "utilisation": 0.35, "volume_mtok": 170,
    });
    let shot = finished().join("screenshot-whatif.png");
    let seen = browse(&html, &shot, "1280", "light", Some(&changes));
    assert_eq!(seen["errors"], Value::Array(vec![]), "{seen}");
    agrees(&seen["before"], finished(), "chat_256_128");
    assert_ne!(seen["before"]["bars"], seen["after"]["bars"], "the chart follows");
    rows_are_what_their_queries_answer(&seen["before"]);
    rows_are_what_their_queries_answer(&seen["after"]);

    // What the page says that keeps it is put where it says, and the costs are computed again.
    let folder = tempfile::tempdir().unwrap();
    let grid = folder.path().join("what-if.csv");
    fs::write(&grid, seen["after"]["csv"].as_str().unwrap()).unwrap();
    let short = std::env::var("TALLYWATT_PIPELINE").unwrap_or_else(|_| "tests/fixtures/short.toml".into());
    let mut pipeline: toml::Table = fs::read_to_string(root().join(short)).unwrap().parse().unwrap();
    let lines: toml::Table = seen["after"]["toml"].as_str().unwrap().parse().unwrap();
    let kept = lines["derive-costs"].as_table().unwrap().clone();
    assert!(kept.len() >= 3, "{kept:?}");
    pipeline["derive-costs"].as_table_mut().unwrap().extend(kept);
    let config = folder.path().join("pipeline.toml");
    fs::write(&config, toml::to_string(&pipeline).unwrap()).unwrap();
    let text = |p: PathBuf| p.display().to_string();
    let read = ["session", "run", "cell", "run_fact"].map(|t| text(finished().join(format!("{t}.parquet"))));
    let write = ["cost", "tco", "break_even", "request_cost"].map(|t| text(folder.path().join(format!("{t}.parquet"))));
    let list = |folder: &str| -> Vec<String> {
        let all = fs::read_dir(root().join(folder)).unwrap().map(|e| e.unwrap().path());
        all.filter(|p| p.extension().is_some_and(|e| e == "csv")).map(text).collect()
    };
    let mut arguments = vec!["--config".to_string(), text(config), "--read".into()];
    arguments.extend(read);
    arguments.push("--prices".into());
    arguments.extend(list("data/inputs/prices"));
    arguments.push("--grid".into());
    arguments.extend(list("data/inputs/grid"));
    arguments.push(text(grid));
    arguments.push("--write".into());
    arguments.extend(write);
    stage("derive-costs", &arguments.iter().map(String::as_str).collect::<Vec<_>>()).ok();
    agrees(&seen["after"], folder.path(), workload);
}

/// The first and the last row of every table: each number is what its row's query answers.
fn numbers_are_what_their_queries_answer(folder: &Path) -> (usize, usize) {
    let (mut numbers, mut tables_seen) = (0, 0);
    for table in tables(&json(folder)) {
        let rows = table["rows"].as_array().unwrap();
        if rows.is_empty() || table["sourced"] == false {
            continue;
        }
        tables_seen += 1;
        for row in [&rows[0], &rows[rows.len() - 1]] {
            let sql = row["sql"].as_str().unwrap();
            let answers = query(folder, sql);
            let known: Vec<&Value> =
                row["cells"].as_array().unwrap().iter().filter(|c| c.is_object() && !c["value"].is_null()).collect();
            assert!(answers.len() == 1 || known.is_empty(), "{}: {} rows of {sql}", table["id"], answers.len());
            for number in known {
                let Some(answer) = answers[0].get(number["column"].as_str().unwrap()) else { continue };
                assert!(same(&number["value"], answer), "{}: {number}, {sql}: {answer}", table["id"]);
                numbers += 1;
            }
        }
    }
    (numbers, tables_seen)
}

#[test]
fn numbers_and_their_queries_agree() {
    let (numbers, tables) = numbers_are_what_their_queries_answer(finished());
    assert!(numbers > 100 && tables > 15, "{numbers} numbers of {tables} tables");
}

#[test]
fn json_and_csv_hold_every_table() {
    let report = json(finished());
    assert_eq!(report["version"], 3);
    let ids: Vec<&str> = report["sections"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        [
            "whatif",
            "definitions",
            "matrix",
            "speed",
            "cost",
            "energy",
            "owning",
            "depth",
            "statistics",
            "findings",
            "decision",
            "limits",
            "reproduce"
        ]
    );
    let mut rows = BTreeMap::new();
    for table in tables(&report) {
        let file = finished().join(format!("csv/{}.csv", table["id"].as_str().unwrap()));
        let mut csv = csv::Reader::from_path(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let n = csv.records().map(Result::unwrap).count();
        assert_eq!(n, table["rows"].as_array().unwrap().len(), "{}", file.display());
        assert!(rows.insert(file, n).is_none(), "two tables have one name, {}", table["id"]);
        let known = table["known"] == true;
        let evident = |row: &Value| !known || !row["evidence"].as_str().unwrap().is_empty();
        assert!(table["rows"].as_array().unwrap().iter().all(evident), "{}: a row without evidence", table["id"]);
    }
    assert!(rows.len() > 18, "{} tables", rows.len());
}

#[test]
fn markdown_names_every_chart_and_every_table_has_its_columns() {
    let text = fs::read_to_string(finished().join("report.md")).unwrap();
    let charts: Vec<&str> =
        text.match_indices("](charts/").map(|(i, _)| text[i + 2..].split(')').next().unwrap()).collect();
    assert!(charts.len() > 35, "{} charts", charts.len());
    for chart in charts {
        assert!(finished().join(chart).is_file(), "{chart}");
        assert!(finished().join(chart.replace(".svg", ".png")).is_file());
    }
    assert!(columns_are_even(&text) > 18);
}

/// How many tables there are; panics where a row has another number of cells than its header.
fn columns_are_even(text: &str) -> usize {
    let (mut columns, mut tables) = (None, 0);
    for line in text.lines() {
        let cells = line.replace("\\|", "").matches('|').count();
        match (line.starts_with('|'), columns) {
            (false, _) => columns = None,
            (true, None) => {
                columns = Some(cells);
                tables += 1;
            }
            (true, Some(n)) => assert_eq!(cells, n, "{line}"),
        }
    }
    tables
}

const HOSTILE: &str =
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>|`x`'\"{{7*7}} [l](javascript:alert(3)) datum.x";

/// TR119's inputs with names that want to be markup, through every stage.
#[test]
fn hostile_names_stay_names() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = root().join("data/inputs/tr119");
    let quoted = format!("\"{}\"", HOSTILE.replace('"', "\"\""));
    let copy = |name: &str, from: &str, to: &str| {
        let text = fs::read_to_string(inputs.join(name)).unwrap();
        assert!(from.is_empty() || text.contains(from), "{name}: {from}");
        let text = if from.is_empty() { text } else { text.replace(from, to) };
        fs::write(folder.path().join(name), text).unwrap();
    };
    copy("session.csv", "", "");
    copy("power_sample.csv", "", "");
    copy("grid.csv", "", "");
    copy("run.csv", ",transformers-cpu,", &format!(",{quoted},"));
    copy("price.csv", ",nc_t4_v3,", &format!(",{quoted},"));
    let at = |name: &str| folder.path().join(name).display().to_string();
    make(&[
        "all",
        &format!("RUN={}", at("run")),
        "PIPELINE=data/inputs/tr119/pipeline.toml",
        &format!("IMPORT={}", folder.path().display()),
        &format!("PRICES={}", at("price.csv")),
        &format!("GRID={}", at("grid.csv")),
        "TARIFFS=",
        "EMBODIED=",
    ])
    .ok();
    let run = folder.path().join("run");
    let html = fs::read_to_string(run.join("report.html")).unwrap();
    // Vega's own code, after the specifications, holds markup.
    let page = html.split("id=\"specs\"").next().unwrap();
    assert!(page.contains("&lt;img src=x onerror=alert(2)&gt;"), "the name is there as text");
    assert!(!page.contains("<img") && !page.contains("<script>alert"), "and not as markup");
    let seen = browse(&run.join("report.html"), &run.join("s.png"), "1280", "light", None);
    assert_eq!((&seen["errors"], &seen["requests"]), (&Value::Array(vec![]), &Value::Array(vec![])), "{seen}");
    let backend = |row: &Value| row["backend"].as_str() == Some(HOSTILE);
    assert!(seen["before"]["units"].as_array().unwrap().iter().any(backend), "{}", seen["before"]);
    let markdown = fs::read_to_string(run.join("report.md")).unwrap();
    for line in markdown.lines().filter(|l| !l.contains("Source of its first row")) {
        assert!(!line.contains('<'), "{line}");
        assert!(!line.contains(" [l]("), "{line}");
    }
    columns_are_even(&markdown);
    for entry in fs::read_dir(run.join("charts")).unwrap().map(|e| e.unwrap().path()) {
        if entry.extension().is_some_and(|e| e == "svg") {
            let svg = fs::read_to_string(&entry).unwrap();
            assert!(
                !svg.contains("<script") && !svg.contains("<img") && !svg.contains("<foreignObject"),
                "{}",
                entry.display()
            );
        }
    }
    let (numbers, _) = numbers_are_what_their_queries_answer(&run);
    assert!(numbers > 60, "{numbers} numbers whose queries name a hostile name or not");
}

/// The README's command, for results with a power log and for results without any clock.
#[test]
fn what_others_measured_reaches_the_report() {
    let case = |name: &str| root().join("tests/fixtures/cases").join(name);
    let (vllm, llama) = (case("08-vllm-bench-serve-json-with-power"), case("01-llama-bench-json-current"));
    let cases = [
        (vllm.join("input.json"), Some(vllm.join("power.csv")), "Only vllm has these numbers", ">0.6556<"),
        (
            llama.join("input.json"),
            None,
            "No cost yet: these runs have neither energy nor a price by the hour",
            "Speed",
        ),
    ];
    for (runs, power, answer, number) in cases {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        let mut words =
            vec!["import".to_string(), format!("RUN={}", run.display()), format!("RUNS={}", runs.display())];
        words.push("IMPORT_OPTIONS=--tz=UTC".into());
        words.extend(power.map(|p| format!("POWER={}", p.display())));
        make(&words.iter().map(String::as_str).collect::<Vec<_>>()).ok();
        let html = fs::read_to_string(run.join("report.html")).unwrap();
        assert!(html.contains(answer) && html.contains(number), "{}: {answer}", runs.display());
    }
}
