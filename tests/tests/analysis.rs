//! `analyze` as a gate: two run folders compared, and findings that forbid the use of numbers.

use crate::refusals::join;
use std::{fmt::Write, fs, path::Path};
use tests::{Ran, run, stage};

/// A run folder whose cells took `latencies` ms each, one after the other; a run of 0 ms failed.
fn folder(into: &Path, cells: &[(&str, [f64; 4])]) {
    fs::create_dir_all(into).unwrap();
    let session = "session_id,source,started_ns,cpu,sensors\ns,imported,1,Chip,\n";
    let mut runs = String::from(
        "session_id,run_id,status,reason,backend,device,dtype,model,weights,mode,kv_cache,scenario,batch,prompt_tokens,\
         prompt_tokens_padded,new_tokens_asked,tokens_generated,iterations,start_ns,end_ns,latency_ms,repetition,imported_from\n",
    );
    let mut start_ns = 0;
    for (scenario, latencies) in cells {
        for (repetition, ms) in latencies.iter().enumerate() {
            let end_ns = start_ns + (ms * 1e6) as i64;
            let (status, reason) = if *ms > 0.0 { ("ok", "") } else { ("failed", "out of memory") };
            let measured = if *ms > 0.0 { format!("1,{start_ns},{end_ns},{ms}") } else { ",,,".to_string() };
            writeln!(
                runs,
                "s,{scenario}-{repetition},{status},{reason},b,cpu,f32,m,real,prefill,false,{scenario},1,100,100,0,0,{measured},\
                 {repetition},csv"
            )
            .unwrap();
            start_ns = end_ns + 1000;
        }
    }
    let files =
        [("session", session), ("run", &runs), ("power_sample", "session_id,device_id,kind,t_ns,scope,power_w\n")];
    let paths = files.map(|(name, text)| {
        let path = into.join(format!("{name}.csv"));
        fs::write(&path, text).unwrap();
        path.display().to_string()
    });
    stage("import", &["tables", &paths[0], &paths[1], &paths[2], "--into", &into.display().to_string()]).ok();
    let tables: Vec<String> = ["session", "run", "power_sample", "sensor"]
        .map(|name| into.join(format!("{name}.parquet")).display().to_string())
        .to_vec();
    join(&tables, "pipeline.toml", &into.join("run_energy.parquet")).ok();
}

fn diff(before: &Path, after: &Path, extra: &[&str]) -> Ran {
    let (before, after) = (before.display().to_string(), after.display().to_string());
    let arguments = ["diff", &before, &after, "--metric", "latency_ms"];
    stage("analyze", &[&arguments[..], extra].concat())
}

const BEFORE: [(&str, [f64; 4]); 2] = [("short", [10.0, 10.2, 9.9, 10.1]), ("long", [40.0, 41.0, 40.5, 39.8])];

#[test]
fn diff_is_a_gate() {
    let place = tempfile::tempdir().unwrap();
    let (before, slower, fewer) = (place.path().join("a"), place.path().join("b"), place.path().join("c"));
    folder(&before, &BEFORE);
    folder(&slower, &[("short", [10.1, 10.0, 10.0, 10.2]), ("long", [48.0, 49.1, 48.2, 48.6])]);
    folder(&fewer, &BEFORE[..1]);

    let same = diff(&before, &before, &[]).ok().out;
    assert!(
        same.contains("2 cells: 0 worse by more than 5 %, 0 gone, 0 unclear, 0 untested, 0 new, 2 fine, 0 better"),
        "{same}"
    );
    assert!(same.contains("is called so in four builds of five (median cell;"), "{same}");

    let worse = diff(&before, &slower, &[]);
    assert_eq!((worse.code, worse.err.as_str()), (Some(1), ""));
    let lines: Vec<&str> = worse.out.lines().collect();
    assert_eq!(
        lines[0],
        "latency_ms: after / before, 95 % intervals; p of being no more than 5 % worse, adjusted by Holm; worst first"
    );
    assert!(lines[1].starts_with("WORSE") && lines[1].ends_with("b on cpu, m f32, prefill, long"), "{}", worse.out);
    assert!(lines[2].starts_with("fine") && lines[2].ends_with("prefill, short"), "{}", worse.out);
    diff(&before, &slower, &["--max-regression-pct", "30"]).ok();
    diff(&slower, &before, &[]).ok();

    let gone = diff(&before, &fewer, &[]);
    assert_eq!(gone.code, Some(1), "{}", gone.out);
    assert!(gone.out.contains("1 gone"), "{}", gone.out);
    diff(&fewer, &before, &[]).ok();
}

#[test]
fn diff_tells_unclear_from_fine_and_says_so_by_its_status() {
    let place = tempfile::tempdir().unwrap();
    let (before, noisy) = (place.path().join("a"), place.path().join("b"));
    folder(&before, &BEFORE);
    folder(&noisy, &[("short", [8.0, 12.5, 9.0, 11.9]), ("long", [40.2, 40.9, 40.4, 39.9])]);
    let unclear = diff(&before, &noisy, &[]);
    assert_eq!((unclear.code, unclear.err.as_str()), (Some(3), ""), "{}", unclear.out);
    assert!(unclear.out.lines().nth(1).unwrap().starts_with("unclear"), "the gravest first: {}", unclear.out);
    assert_eq!(diff(&before, &noisy, &["--unclear", "pass"]).code, Some(0));
    assert_eq!(diff(&before, &noisy, &["--unclear", "fail"]).code, Some(1));
    // Nobody has energy or costs: of what is compared by default only latency is left.
    let (a, b) = (before.display().to_string(), before.display().to_string());
    let default = stage("analyze", &["diff", &a, &b]).ok().out;
    assert!(default.starts_with("latency_ms:") && default.matches("cells:").count() == 1, "{default}");
}

#[test]
fn diff_compares_dollars_where_there_are_costs() {
    let place = tempfile::tempdir().unwrap();
    let (before, slower) = (place.path().join("a"), place.path().join("b"));
    folder(&before, &BEFORE);
    folder(&slower, &[("short", [20.1, 20.0, 20.0, 20.2]), ("long", [80.0, 81.1, 80.2, 80.6])]);
    for into in [&before, &slower] {
        let at = |table: &str| into.join(format!("{table}.parquet")).display().to_string();
        let prices = into.join("rent.csv");
        let row = "provider,region,instance,tier,cpu,accelerator,usd_per_hour,includes_power,source,retrieved_on\n\
                   own,r,box,on_demand,Chip,,3.6,true,here,2026-11-01\n";
        fs::write(&prices, row).unwrap();
        let mut derive = std::process::Command::new(tests::binary("derive-costs"));
        derive.current_dir(tests::root()).args(["--config", "pipeline.toml", "--read"]);
        derive.args(["session", "run", "cell", "run_fact"].map(at)).arg("--prices").arg(&prices);
        run(derive.args(["--grid", "data/inputs/grid/home.csv", "--write", &at("cost")])).ok();
    }
    let (a, b) = (before.display().to_string(), slower.display().to_string());
    let worse = stage("analyze", &["diff", &a, &b, "--metric", "total_usd_per_mtok"]);
    assert_eq!(worse.code, Some(1), "{} {}", worse.out, worse.err);
    assert!(worse.out.contains("2 cells: 2 worse by more than 5 %"), "{}", worse.out);
    let none = stage("analyze", &["diff", &a, &b, "--metric", "total_usd_per_mtok", "--price", "nobody"]);
    assert_eq!(none.code, Some(2), "{}", none.out);
}

#[test]
fn diff_refuses_what_it_cannot_compare() {
    let place = tempfile::tempdir().unwrap();
    let (before, empty) = (place.path().join("a"), place.path().join("none"));
    folder(&before, &BEFORE[..1]);
    let unknown = diff(&before, &before, &["--metric", "speed"]);
    assert_eq!(unknown.code, Some(2));
    assert!(
        unknown.err.starts_with("analyze: no metric of that name, \"speed\", use one of latency_ms, "),
        "{}",
        unknown.err
    );
    let missing = diff(&before, &empty, &[]);
    assert_eq!(missing.code, Some(2));
    assert!(missing.err.starts_with(&format!("analyze: {}: not a run folder", empty.display())), "{}", missing.err);
    let none = diff(&before, &before, &["--metric", "gross_kwh_per_mtok"]);
    assert_eq!(none.code, Some(2));
    assert!(none.err.contains("neither has a value of gross_kwh_per_mtok, compare another"), "{}", none.err);
    assert_eq!(stage("analyze", &["diff", "only-one"]).code, Some(2));
}

#[test]
fn strict_exits_with_1_when_runs_failed_and_writes_all_the_same() {
    let place = tempfile::tempdir().unwrap();
    for (name, cells, code) in [("fine", BEFORE, 0), ("failed", [BEFORE[0], ("long", [40.0, 0.0, 41.0, 40.5])], 1)] {
        let into = place.path().join(name);
        folder(&into, &cells);
        let at = |table: &str| into.join(format!("{table}.parquet")).display().to_string();
        let read: Vec<String> = ["session", "run", "cell", "run_fact"].map(at).to_vec();
        let priced: Vec<String> = ["price", "grid", "cost", "request_cost", "tco"].map(at).to_vec();
        let mut derive = std::process::Command::new(tests::binary("derive-costs"));
        derive.current_dir(tests::root()).args(["--config", "pipeline.toml", "--read"]).args(&read);
        derive
            .args(["--prices", "data/inputs/prices/own.csv", "--grid", "data/inputs/grid/home.csv", "--write"])
            .args(&priced);
        run(&mut derive).ok();
        let mut analyze = std::process::Command::new(tests::binary("analyze"));
        analyze
            .current_dir(tests::root())
            .args(["--strict", "--config", "pipeline.toml", "--read"])
            .args(&read)
            .args(&priced);
        analyze
            .args(["run_energy", "power_sample", "sensor"].map(at))
            .arg("--write")
            .args(["estimate", "comparison", "omnibus", "ranking", "verdict", "decision", "finding"].map(at));
        let ran = run(&mut analyze);
        assert_eq!(ran.code, Some(code), "{name}: {}", ran.err);
        assert!(Path::new(&at("finding")).exists());
        if code == 1 {
            assert_eq!(ran.err.trim(), "analyze: run_failed: 1 runs failed, b: out of memory");
        }
        let sql = "select scenario, verdict from verdict order by scenario";
        let verdicts = stage("query", &[sql, "--run", &into.display().to_string(), "--format", "csv"]).ok().out;
        // No sensor was there, and windows are short.
        let long = if code == 1 { "fail" } else { "warn" };
        assert_eq!(verdicts, format!("scenario,verdict\nlong,{long}\nshort,warn\n"), "{name}");
    }
}

/// The bench of the statistics on few cells, through every stage: intervals cover, tests err as seldom as stated, the gate keeps its limit.
#[test]
fn simulated_worlds_are_covered() {
    let folder = tests::binary("analyze").parent().unwrap().to_path_buf();
    let mut bench = std::process::Command::new("python3");
    bench
        .current_dir(tests::root())
        .args(["-B", "tests/bench/truth/statistics.py"])
        .arg(folder)
        .args(["pipeline.toml", "--short"]);
    let ran = run(&mut bench);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("every target is kept") && ran.out.matches(">= 93").count() > 20, "{}", ran.out);
}
