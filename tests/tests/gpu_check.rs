//! `collect gpu-check` through NVML's stub, whose windows, periods and delays are known; and what it refuses.

use crate::sensors::stub;
use arrow::array::{Array, BooleanArray, Float64Array, StringArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tests::{Ran, binary, root, run};

const INSTANT: &str = "NVML_FI_DEV_POWER_INSTANT";
const AVERAGE: &str = "NVML_FI_DEV_POWER_AVERAGE";
const USAGE: &str = "nvmlDeviceGetPowerUsage";
const COUNTER: &str = "nvmlDeviceGetTotalEnergyConsumption";

/// A configuration whose only backend on a GPU is a worker that says when it runs; `device` is what it claims to be.
fn pipeline(folder: &Path, library: &Path, worker: &str) -> PathBuf {
    let text = fs::read_to_string(root().join("tests/fixtures/every-key.toml")).unwrap();
    let (model, warmup) = (text.find("[collect.model]").unwrap(), text.find("[collect.warmup]").unwrap());
    let (power, join) = (text.find("[[collect.power]]").unwrap(), text.find("[join-telemetry]").unwrap());
    let synthetic =
        "[collect.model]\nname = \"gpt2-tiny\"\nsource = \"synthetic\"\narchitecture = \"gpt2-tiny\"\nseed = 5\n\n";
    let script = root().join("tests/workers").join(worker);
    let nvml = format!(
        "[[collect.power]]\nsource = \"nvml\"\nlibrary = {library:?}\nsample_hz = 20.0\nrequired = true\n\n\
         [[collect.worker]]\nbackend = \"loading\"\ncommand = [\"python3\", {script:?}]\ndevice = \"gpu\"\n\
         dtype = \"f32\"\n\n"
    );
    let head = text[..model].replace("backends = [\"onnxruntime-cpu\", \"candle-cpu\"]", "backends = [\"loading\"]");
    let path = folder.join("pipeline.toml");
    let text = [
        head.replace("cpus = [0, 1]", "cpus = []").replace("max_failures = 3", "max_failures = 99"),
        synthetic.into(),
        text[warmup..power].into(),
        nvml,
        text[join..].into(),
    ];
    fs::write(&path, text.concat()).unwrap();
    path
}

/// `collect gpu-check` on a script of the stub's.
fn check(folder: &Path, script: &str, config: &Path, into: &Path, rest: &[&str]) -> Ran {
    fs::write(folder.join("script"), script).unwrap();
    fs::write(folder.join("load"), "").unwrap();
    let mut collect = Command::new(binary("collect"));
    collect.arg("gpu-check").arg("--config").arg(config).arg("--cache").arg(folder.join("cache"));
    collect.arg("--into").arg(into).args(rest).current_dir(root());
    collect.env("NVML_STUB", folder.join("script")).env("NVML_STUB_LOAD", folder.join("load"));
    run(collect.env_remove("CUDA_VISIBLE_DEVICES"))
}

/// What the Parquet file has: value, interval and note by subject and quantity.
type Found = HashMap<(String, String), (Option<f64>, Option<[f64; 2]>, String)>;

fn findings(path: &Path) -> Found {
    let batches = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap().build().unwrap();
    let mut found = Found::new();
    for batch in batches.map(Result::unwrap) {
        let text = |name: &str, row: usize| {
            let column = batch.column_by_name(name).unwrap().as_any().downcast_ref::<StringArray>().unwrap().clone();
            if column.is_null(row) { String::new() } else { column.value(row).to_string() }
        };
        let number = |name: &str, row: usize| {
            let column = batch.column_by_name(name).unwrap().as_any().downcast_ref::<Float64Array>().unwrap().clone();
            column.is_valid(row).then(|| column.value(row))
        };
        let stub = batch.column_by_name("stub").unwrap().as_any().downcast_ref::<BooleanArray>().unwrap();
        for row in 0..batch.num_rows() {
            assert!(stub.value(row) && text("gpu", row) == "STUB Stub GPU", "row {row} could be a GPU's");
            let interval = number("low", row).zip(number("high", row)).map(|(low, high)| [low, high]);
            let key = (text("subject", row), text("quantity", row));
            found.insert(key, (number("value", row), interval, text("note", row)));
        }
    }
    found
}

#[track_caller]
fn near(found: &Found, subject: &str, quantity: &str, truth: f64, tolerance: f64) {
    let what = (subject.to_string(), quantity.to_string());
    let (value, ..) = found.get(&what).unwrap_or_else(|| panic!("no {what:?}"));
    let value = value.unwrap_or_else(|| panic!("{what:?}: {:?}", found[&what]));
    assert!((value - truth).abs() <= tolerance, "{what:?}: {value} instead of {truth} +- {tolerance}");
}

/// A stub whose readings are `[window, period]` in ms (instant, average, usage), and its counter's period, lag and step in mJ.
struct Setting {
    readings: [[f64; 2]; 3],
    counter: [f64; 3],
}

/// What is stated in docs/hardware: periods to 2 %, windows to 10 % or 5 ms, delays (with the load's rise) to 5 ms, powers to 3 %.
fn check_setting(setting: &Setting) {
    let folder = tempfile::tempdir().unwrap();
    let [[instant, instant_ms], [average, average_ms], [usage, usage_ms]] = setting.readings;
    let [counter_ms, lag_ms, step_mj] = setting.counter;
    let script = format!(
        "gpu GPU-a\ndraw 60000 260000 1000\ncapability 89\nlimit 300000\ninstant ~{instant}/{instant_ms}\n\
         average ~{average}/{average_ms}\npower ~{usage}/{usage_ms}\nenergy %{counter_ms}/{lag_ms}/{step_mj}\n"
    );
    let into = folder.path().join("records");
    let config = pipeline(folder.path(), stub(true), "load.py");
    let ran = check(folder.path(), &script, &config, &into, &["--seconds", "40"]).ok();
    let paths: Vec<PathBuf> = ran.out.lines().map(PathBuf::from).collect();
    let page = fs::read_to_string(&paths[0]).unwrap();
    let marked = |line: &&str| !line.is_empty() && !line.starts_with("| ---");
    assert!(page.lines().filter(marked).all(|line| line.contains("STUB")), "{page}");
    let found = findings(&paths[1]);
    for (name, [window, period]) in [INSTANT, AVERAGE, USAGE].iter().zip(setting.readings) {
        near(&found, name, "update_period_ms", period, 0.02 * period);
        near(&found, name, "window_ms", window, (0.1 * window).max(5.0));
        // A long window shows the sum of the two alone.
        let [delay, rise] = ["delay_ms", "load_rise_ms"].map(|q| found[&(name.to_string(), q.to_string())].0.unwrap());
        assert!((delay + rise).abs() <= 5.0, "{name}: delay {delay}, rise {rise}");
        near(&found, name, "idle_w", 60.0, 3.0);
        near(&found, name, "load_adds_w", 200.0, 6.0);
    }
    // Whatever the shape of the load: no finer than a part of the instant reading's period.
    near(&found, AVERAGE, "window_by_instant_ms", average, 30.0);
    if counter_ms == 0.0 {
        let (value, interval, note) = &found[&(COUNTER.to_string(), "update_period_ms".to_string())];
        assert!(
            value.is_none() && interval.unwrap()[1] < 8.0 && note == "new in every reading",
            "{value:?} {interval:?}"
        );
    } else {
        near(&found, COUNTER, "update_period_ms", counter_ms, 0.02 * counter_ms);
    }
    near(&found, COUNTER, "resolution_j", step_mj / 1e3, 1e-9);
    near(&found, COUNTER, "delay_ms", lag_ms, 5.0);
    for (phase, tolerance) in [("idle_ratio", 0.02), ("load_ratio", 0.01), ("whole_ratio", 0.02)] {
        [AVERAGE, USAGE].iter().for_each(|name| near(&found, name, phase, 1.0, tolerance));
    }
    // The stub's load runs at one speed; what a loss is found by is a unit test.
    assert!(found[&("100 Hz".to_string(), "processor_pct".to_string())].0 > Some(0.0));
    // Capability 8.9 is Ada: an instant power is assumed to be over 100 ms, and NVIDIA documents a second of the other two.
    for (name, [window, _], known) in [(INSTANT, setting.readings[0], 100.0), (USAGE, setting.readings[2], 1000.0)] {
        let note = &found[&(name.to_string(), "window_ms".to_string())].2;
        assert_eq!(note.starts_with(&format!("not the {known} ms that are ")), window != known, "{name}: {note}");
    }
    assert_eq!(found[&("loading".to_string(), "outcome".to_string())].2, "passed");
    assert!(found[&("candle-gpu".to_string(), "outcome".to_string())].2.starts_with("not here: "));
}

#[test]
fn windows_periods_and_delays_of_known_sensors_are_found() {
    let settings = [
        Setting { readings: [[25.0, 100.0], [1000.0, 100.0], [100.0, 100.0]], counter: [0.0, 0.0, 1.0] },
        Setting { readings: [[25.0, 25.0], [1000.0, 25.0], [100.0, 25.0]], counter: [20.0, 30.0, 1.0] },
        Setting { readings: [[100.0, 100.0], [1000.0, 100.0], [25.0, 100.0]], counter: [100.0, 50.0, 15.0] },
    ];
    // They sleep most of the time.
    std::thread::scope(|scope| settings.iter().for_each(|setting| drop(scope.spawn(|| check_setting(setting)))));
}

#[test]
fn a_pack_checks_from_another_folder_and_says_what_it_has_not() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let config = pipeline(at, stub(true), "load.py");
    let (pack, gone) = (at.join("pack"), at.join("gone"));
    let mut packing = Command::new(root().join("stages/collect/gpu-pack"));
    packing.arg(&pack).arg(root().join("target/release")).args([&gone, &gone, &gone]).args([&config, &config]);
    let packed = run(&mut packing).ok();
    assert!(
        packed.out.starts_with(&format!("{}: ", pack.display())) && packed.out.contains(".tar: "),
        "{}",
        packed.out
    );
    for without in ["without a model and a reference, ", "without onnxruntime-gpu, "] {
        assert!(packed.err.contains(without), "{}", packed.err);
    }
    // As on another machine: only the tar goes there.
    let there = at.join("there");
    fs::create_dir(&there).unwrap();
    run(Command::new("tar").arg("-xf").arg(at.join("pack.tar")).arg("-C").arg(&there)).ok();
    fs::remove_dir_all(&pack).unwrap();
    fs::write(at.join("script"), "gpu GPU-a\ndraw 60000 260000 1000\ncapability 89\ninstant ~100/100\nenergy %0/0/1\n")
        .unwrap();
    fs::write(at.join("load"), "").unwrap();
    let mut checking = Command::new(there.join("pack/gpu-check"));
    checking.arg(at.join("records")).current_dir("/").env_remove("CUDA_VISIBLE_DEVICES");
    checking.env("SQUARE_WAVE_S", "20").env("TALLYWATT_COMMIT", "test");
    checking.env("NVML_STUB", at.join("script")).env("NVML_STUB_LOAD", at.join("load"));
    let ran = run(&mut checking).ok();
    let found = findings(Path::new(ran.out.lines().nth(1).unwrap()));
    near(&found, INSTANT, "update_period_ms", 100.0, 5.0);
    near(&found, INSTANT, "window_ms", 100.0, 30.0);
    // The matrix is the same configuration: two scenarios, two repetitions; a worker that generates nothing fails there.
    let measured = |mode: &str| found[&(format!("loading, {mode}"), "runs_measured".to_string())].clone();
    assert_eq!((measured("prefill").0, measured("generate").0), (Some(4.0), Some(0.0)));
    assert!(measured("generate").2.starts_with("of 8: generated 0 tokens instead of "), "{:?}", measured("generate"));
    assert!(found[&("loading, prefill".to_string(), "median_j_per_token".to_string())].0 > Some(0.0));
    assert!(ran.out.starts_with(&at.join("records").display().to_string()), "{}", ran.out);
    let usage = run(&mut Command::new(root().join("stages/collect/gpu-check")));
    let why = "gpu-check: one folder is needed, 0, give the folder for the record: gpu-check INTO";
    assert_eq!((usage.code, usage.err.trim_end()), (Some(2), why));
}

#[test]
fn what_cannot_be_checked_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let one = "gpu GPU-a\nenergy 1\npower 30000\n";
    let config = |library: &Path| pipeline(at, library, "load.py");
    let here = at.join("records");
    let hardware = at.join("docs/hardware");
    let gone = Path::new("/no/such/libnvidia-ml.so.1");
    for (library, script, into, rest, why) in [
        (
            gone,
            one,
            &here,
            vec![],
            "/no/such/libnvidia-ml.so.1: cannot load, /no/such/libnvidia-ml.so.1: cannot open shared object file: No such \
             file or directory, install the NVIDIA driver or correct `library`"
                .to_string(),
        ),
        (stub(true), "driver 550", &here, vec![], "driver without a GPU, 0 devices, see `nvidia-smi -L`".into()),
        (
            stub(true),
            "gpu GPU-a\nenergy 1\ngpu GPU-b\nenergy 1\n",
            &here,
            vec![],
            "which GPU is not said, 2 are here, set CUDA_VISIBLE_DEVICES to one of: GPU-a, GPU-b".into(),
        ),
        (
            stub(true),
            "gpu GPU-a\ntemperature 40\n",
            &here,
            vec![],
            "neither energy nor power is supported, \"Stub GPU\"".into(),
        ),
        (
            stub(true),
            one,
            &hardware,
            vec![],
            format!(
                "{}: a record of the stub is not one of hardware, \"Stub GPU\", write it to another folder with --into",
                hardware.display()
            ),
        ),
        (stub(true), one, &here, vec!["--seconds", "2"], "--seconds must be between 10 and 3600, 2".into()),
    ] {
        let ran = check(at, script, &config(library), into, &rest);
        assert_eq!((ran.code, ran.err.trim_end()), (Some(1), format!("collect: {why}").as_str()));
        assert!(!into.exists(), "{} was written", into.display());
    }
    let ran = check(at, one, &config(stub(true)), &here, &["--load", "candle-gpu"]);
    let why = "no backend can load the GPU, candle-gpu, install one: ";
    assert!(ran.code == Some(1) && ran.err.contains(why), "{}", ran.err);
    let no_nvml = at.join("no-nvml.toml");
    let text = fs::read_to_string(config(stub(true))).unwrap();
    let other = |line: &str| match line.split_once(" = ") {
        Some(("library", _)) => "root = \"/\"".to_string(),
        _ => line.replace("\"nvml\"", "\"power-supply\""),
    };
    fs::write(&no_nvml, text.lines().map(other).collect::<Vec<_>>().join("\n")).unwrap();
    let ran = check(at, one, &no_nvml, &here, &[]);
    let why = "collect: no NVML is configured, add a [[collect.power]] with source = \"nvml\"";
    assert_eq!((ran.code, ran.err.trim_end()), (Some(1), why));
}
