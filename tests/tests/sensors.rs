//! Sensors as `collect` reads them: NVML through a stub of its library, sysfs as trees of files, a command's lines.

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::{Duration, Instant},
};
use tests::{Ran, binary, root, run};

/// The stub, built once, with and without `nvmlDeviceGetFieldValues`, which old drivers lack.
pub fn stub(fields: bool) -> &'static Path {
    static BUILT: OnceLock<(tempfile::TempDir, [PathBuf; 2])> = OnceLock::new();
    let (_, libraries) = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let libraries = ["new", "old"].map(|driver| {
            let library = folder.path().join(driver).join("libnvidia-ml.so.1");
            fs::create_dir_all(library.parent().unwrap()).unwrap();
            let mut cc = Command::new("cc");
            cc.args(["-Wall", "-Wextra", "-O2", "-shared", "-fPIC", "-o"]).arg(&library);
            run(cc.args((driver == "old").then_some("-DWITHOUT_FIELDS")).arg(root().join("tests/nvml/stub.c"))).ok();
            library
        });
        (folder, libraries)
    });
    &libraries[usize::from(!fields)]
}

/// A GPU that has everything; the first value of a feature answers the question whether it is there.
fn gpu(uuid: &str) -> String {
    format!(
        "gpu {uuid}\nenergy 1000 @100+2500\ninstant 25000 @20+250\naverage 26000 @100+1000\ntemperature 45 46\n\
         memory 1048576000\nutilisation 50\nclock 1500\nthrottle 0 0x4\nlimit 250000\nmig 0\ncapability 89\n"
    )
}

fn nvml(rest: &str) -> String {
    nvml_of(stub(true), rest)
}

fn nvml_of(library: &Path, rest: &str) -> String {
    format!("[[collect.power]]\nsource = \"nvml\"\nlibrary = {library:?}\nsample_hz = 50.0\nrequired = true\n{rest}\n")
}

/// A pipeline.toml with these power sources and no others.
fn pipeline(folder: &Path, power: &str) -> PathBuf {
    let text = fs::read_to_string(root().join("tests/fixtures/every-key.toml")).unwrap();
    let (before, after) = (text.find("[[collect.power]]").unwrap(), text.find("[join-telemetry]").unwrap());
    let path = folder.join("pipeline.toml");
    fs::write(&path, format!("{}{power}\n{}", &text[..before], &text[after..])).unwrap();
    path
}

struct Sampled {
    ran: Ran,
    samples: Vec<Value>,
    sensors: Vec<Value>,
}

fn rows(path: &Path, contract: &'static schemas::Contract) -> Vec<Value> {
    schemas::rows::from_batches(contract.name, &schemas::io::read(path, contract).unwrap()).unwrap()
}

/// `collect sample` on a script of the stub's.
fn sample(power: &str, script: &str, arguments: &[&str]) -> Sampled {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("script"), script).unwrap();
    let [samples, sensors] = ["power_sample", "sensor"].map(|t| folder.path().join(format!("{t}.parquet")));
    let mut collect = Command::new(binary("collect"));
    collect.arg("sample").arg("--config").arg(pipeline(folder.path(), power)).args(arguments);
    collect.arg("--write").args([&samples, &sensors]).env("NVML_STUB", folder.path().join("script"));
    let ran = run(&mut collect);
    if ran.code != Some(0) {
        return Sampled { ran, samples: Vec::new(), sensors: Vec::new() };
    }
    let (samples, sensors) = (rows(&samples, &schemas::tables::POWER_SAMPLE), rows(&sensors, &schemas::tables::SENSOR));
    Sampled { ran, samples, sensors }
}

impl Sampled {
    fn of(&self, device: &str, kind: &str) -> Vec<&Value> {
        self.samples.iter().filter(|s| s["device_id"] == device && s["kind"] == kind).collect()
    }

    #[track_caller]
    fn sensor(&self, device: &str, kind: &str) -> &Value {
        let mut found = self.sensors.iter().filter(|s| s["device_id"] == device && s["kind"] == kind);
        found.next().unwrap_or_else(|| panic!("no {device} {kind} in {:?}", self.sensors))
    }
}

#[test]
fn nvml_gives_counter_instant_and_average_of_each_gpu_by_uuid() {
    let seen = sample(&nvml(""), &(gpu("GPU-a") + &gpu("GPU-b")), &["--seconds", "2"]);
    let ids: Vec<_> =
        seen.sensors.iter().map(|s| (s["device_id"].as_str().unwrap(), s["kind"].as_str().unwrap())).collect();
    let kinds = ["average", "counter", "instant"];
    let expected: Vec<_> = ["nvml:GPU-a", "nvml:GPU-b"].iter().flat_map(|id| kinds.map(|kind| (*id, kind))).collect();
    assert_eq!(ids, expected, "{:?}", seen.ran);
    let counter = seen.of("nvml:GPU-a", "counter");
    assert_eq!((&counter[0]["energy_j"], &counter[0]["power_w"]), (&1.0.into(), &Value::Null));
    assert!(seen.of("nvml:GPU-a", "instant").iter().all(|s| s["power_w"].as_f64() >= Some(25.0)));
    let average = seen.of("nvml:GPU-a", "average");
    let extras = ["temperature_c", "memory_mb", "utilisation_pct", "clock_mhz", "power_limit_w", "throttled"];
    let of_last: Vec<&Value> = extras.iter().map(|e| &average.last().unwrap()[*e]).collect();
    let expected: [Value; 6] = [46.0.into(), 1000.0.into(), 50.0.into(), 1500.0.into(), 250.0.into(), true.into()];
    assert_eq!(of_last, expected.iter().collect::<Vec<_>>());
    for (kind, resolution, step, averaging) in
        [("counter", "resolution_j", 2.5, None), ("average", "resolution_w", 1.0, Some(1000.0))]
    {
        let sensor = seen.sensor("nvml:GPU-b", kind);
        let period = sensor["update_period_ms"].as_f64().unwrap();
        assert!((period - 100.0).abs() < 21.0, "read every 20 ms, new every 100: {sensor}");
        assert_eq!((sensor[resolution].as_f64(), sensor["averaging_ms"].as_f64()), (Some(step), averaging), "{sensor}");
        assert!(sensor["readings"].as_i64() > Some(60) && sensor["errors"] == 0, "{sensor}");
        assert_eq!((&sensor["source"], &sensor["scope"]), (&"nvml".into(), &"gpu".into()));
    }
    assert!(seen.ran.out.contains("nvml:GPU-a counter gpu: "), "{}", seen.ran.out);
}

#[test]
fn power_usage_is_an_average_from_ampere_on_but_for_ga100_and_instant_before() {
    let script = |capability: u32| format!("gpu GPU-a\npower 30000\ncapability {capability}\n");
    for (fields, capability, kind) in [
        (true, 75, "instant"),
        (true, 80, "instant"),
        (true, 86, "average"),
        (false, 90, "average"),
        (false, 61, "instant"),
    ] {
        let seen = sample(&nvml_of(stub(fields), ""), &script(capability), &["--seconds", "0.3"]);
        let kinds: Vec<_> = seen.sensors.iter().map(|s| s["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, [kind], "compute capability {capability}: {:?}", seen.ran);
        assert_eq!(seen.samples[0]["power_w"], 30.0);
    }
    // With the field for the power now, the average stands beside it and is not read twice.
    let seen = sample(&nvml(""), "gpu GPU-a\ninstant 31000\npower 30000\ncapability 86\n", &["--seconds", "0.3"]);
    let first = |kind| seen.of("nvml:GPU-a", kind)[0]["power_w"].as_f64();
    assert_eq!((first("instant"), first("average"), seen.sensors.len()), (Some(31.0), Some(30.0), 2));
    let seen = sample(&nvml(""), "gpu GPU-a\ninstant 31000\npower 30000\ncapability 75\n", &["--seconds", "0.3"]);
    assert_eq!(seen.sensors.len(), 1, "one instant power is enough: {:?}", seen.sensors);
}

#[test]
fn nvml_that_cannot_be_read_says_why_and_what_to_do() {
    let library = stub(true).display();
    let said = |power: &str, script: &str| sample(power, script, &["--seconds", "0.2"]).ran;
    let gone = nvml_of(Path::new("/no/such/libnvidia-ml.so.1"), "");
    let other = nvml_of(Path::new("libm.so.6"), "");
    for (power, script, why) in [
        (
            gone,
            "",
            "/no/such/libnvidia-ml.so.1: cannot load, /no/such/libnvidia-ml.so.1: cannot open shared object file: \
             No such file or directory, install the NVIDIA driver or correct `library`"
                .to_string(),
        ),
        (other, "", "libm.so.6: not NVML, correct `library`".into()),
        (nvml(""), "init 9", format!("{library}: driver not loaded, run `sudo modprobe nvidia` and see `dmesg`")),
        (nvml(""), "driver 550.54.14", "driver without a GPU, 0 devices, see `nvidia-smi -L`".into()),
        (nvml(""), "gpu GPU-a\ntemperature 40", "GPU-a: neither energy nor power is supported, \"Stub GPU\"".into()),
        (
            nvml("devices = [\"GPU-z\"]"),
            "gpu GPU-a\nenergy 1\ngpu GPU-b\nenergy 1",
            "no such device, \"GPU-z\", correct `devices`; there are: GPU-a, GPU-b".into(),
        ),
        (
            nvml(""),
            "gpu GPU-a\nenergy !15",
            "GPU-a: GPU lost: it fell off the bus, see `dmesg` and restart the machine".into(),
        ),
    ] {
        let ran = said(&power, script);
        let text = format!(": power source nvml is required and cannot be read, {why}, fix it or set required = false");
        let (file, rest) = ran.err.trim_end().split_once(": line ").unwrap_or_default();
        assert!(ran.code == Some(1) && file.ends_with(".toml") && rest.ends_with(&text), "{ran:?}");
        let optional = said(&power.replace("required = true", "required = false"), script).ok();
        assert!(optional.out.contains(&format!("not available: nvml: {why}\n")), "{}", optional.out);
    }
}

#[test]
fn devices_are_those_that_were_named_and_a_broken_one_leaves_the_others() {
    let script = gpu("GPU-a") + "handle !4\n" + &gpu("GPU-b") + &gpu("GPU-c");
    let ids = |seen: &Sampled| {
        let mut ids: Vec<String> = seen.sensors.iter().map(|s| s["device_id"].as_str().unwrap().to_string()).collect();
        ids.dedup();
        ids
    };
    let seen = sample(&nvml("devices = [\"GPU-c\"]"), &script, &["--seconds", "0.2"]);
    assert_eq!(ids(&seen), ["nvml:GPU-c"]);
    let seen = sample(&nvml(""), &script, &["--seconds", "0.2"]);
    assert_eq!(ids(&seen), ["nvml:GPU-b", "nvml:GPU-c"]);
    let why = "not available: nvml: device 0: no permission, add yourself to the group of /dev/nvidia*\n";
    assert!(seen.ran.out.contains(why), "{}", seen.ran.out);
}

#[test]
fn a_gpu_lost_in_the_middle_costs_its_own_readings() {
    // 11 answers to the questions at the start, then 9 a look: lost at the start of its fourth.
    let lost = format!("{}lost {}!15\n", gpu("GPU-a"), "0 ".repeat(11 + 3 * 9));
    let seen = sample(&nvml(""), &(lost + &gpu("GPU-b")), &["--seconds", "1"]);
    for kind in ["counter", "instant", "average"] {
        let (a, b) = (seen.sensor("nvml:GPU-a", kind), seen.sensor("nvml:GPU-b", kind));
        assert_eq!(a["readings"], 3, "{a}");
        let total = a["readings"].as_i64().unwrap() + a["errors"].as_i64().unwrap();
        assert_eq!((b["errors"].as_i64(), b["readings"].as_i64().unwrap()), (Some(0), total), "{b}");
        assert_eq!(a["last_error"], "nvml:GPU-a: GPU lost: it fell off the bus, see `dmesg` and restart the machine");
    }
}

#[test]
fn a_failed_reading_has_no_row_and_a_reset_counter_is_read_as_it_is() {
    let script = "gpu GPU-a\nenergy 0 5000 !999 6000 70 80\npower 30000\ntemperature 40 !999 41\ncapability 75\n";
    let seen = sample(&nvml(""), script, &["--seconds", "0.5"]);
    let joules: Vec<_> = seen.of("nvml:GPU-a", "counter").iter().take(4).map(|s| s["energy_j"].as_f64()).collect();
    assert_eq!(joules, [Some(5.0), Some(6.0), Some(0.07), Some(0.08)]);
    let counter = seen.sensor("nvml:GPU-a", "counter");
    assert_eq!(counter["errors"], 1);
    assert_eq!(counter["last_error"], "nvml:GPU-a: an internal driver error occurred");
    let power = seen.of("nvml:GPU-a", "instant");
    let temperatures: Vec<_> = power.iter().take(2).map(|s| s["temperature_c"].as_f64()).collect();
    assert_eq!(temperatures, [None, Some(41.0)], "what could not be read is null");
    assert_eq!(seen.sensor("nvml:GPU-a", "instant")["errors"], 1, "and counted");
}

#[test]
fn power_of_mig_instances_is_their_parents_and_says_so() {
    let script = gpu("GPU-a MIG-1").replace("mig 0", "mig 1") + &gpu("GPU-b");
    for power in [nvml(""), nvml("devices = [\"MIG-1\", \"GPU-a\", \"GPU-b\"]")] {
        let seen = sample(&power, &script, &["--seconds", "0.2"]);
        assert_eq!(seen.sensors.len(), 6, "{:?}", seen.ran);
        let label = |id| seen.sensor(id, "counter").get("label").cloned();
        assert_eq!((label("nvml:GPU-a"), label("nvml:GPU-b")), (Some("parent of MIG instances".into()), None));
        assert!(seen.ran.out.contains("(parent of MIG instances)"), "{}", seen.ran.out);
    }
}

#[test]
fn reading_eight_gpus_costs_little() {
    let script: String = (0..8).map(|i| gpu(&format!("GPU-{i}"))).collect();
    for (hz, most) in [("10", 0.5), ("100", 5.0)] {
        let seen = sample(&nvml(""), &script, &["--seconds", "4", "--hz", hz]);
        let cost = seen.ran.out.lines().find_map(|l| l.strip_prefix("cost: ")).unwrap_or_default();
        let cost: f64 = cost.split(' ').next().unwrap().parse().unwrap();
        let readings = seen.samples.len() as f64 / 24.0 / 4.0;
        assert!(readings > 0.5 * hz.parse::<f64>().unwrap(), "{readings} looks a second at {hz} Hz");
        assert!(cost <= most, "{cost} % at {hz} Hz, bound {most} %");
        let recorded = seen.sensor("nvml:GPU-0", "counter")["cost_pct"].as_f64().unwrap();
        assert!(recorded > 0.0 && recorded <= cost + 0.1, "{recorded} of {cost}");
    }
}

#[test]
fn a_sensor_that_hangs_holds_nothing_up() {
    let hangs = gpu("GPU-a") + "slow 0 0 0 0 0 0 0 0 0 0 0 60000\n";
    let model = "[[collect.power]]\nsource = \"cpu-model\"\nidle_w = 1.0\nfull_w = 2.0\nsample_hz = 50.0\n";
    let started = Instant::now();
    let seen = sample(&(nvml("") + model), &hangs, &["--seconds", "1"]);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert!(seen.of("cpu-model:package", "model").len() > 40, "the other source goes on");
    let hanging = seen.sensor("nvml:GPU-a", "counter");
    assert_eq!((&hanging["readings"], &hanging["errors"]), (&0.into(), &1.into()));
    assert!(hanging["last_error"].as_str().unwrap().starts_with("no answer for "), "{hanging}");
}

#[test]
fn a_sensor_is_read_by_one_source() {
    let twice = nvml("") + &nvml("devices = [\"GPU-a\"]");
    let ran = sample(&twice, &gpu("GPU-a"), &["--seconds", "0.2"]).ran;
    let why =
        "a sensor would be read twice by power source nvml, nvml:GPU-a (counter), name it once in [[collect.power]]";
    assert!(
        ran.code == Some(1) && ran.err.starts_with("collect: ") && ran.err.contains("pipeline.toml: line "),
        "{ran:?}"
    );
    assert!(ran.err.trim_end().ends_with(why), "{}", ran.err);
}

/// Writes files into a folder of a tree.
fn tree(root: &Path, folder: &str, files: &[(&str, &str)]) {
    fs::create_dir_all(root.join(folder)).unwrap();
    files.iter().for_each(|(name, text)| fs::write(root.join(folder).join(name), format!("{text}\n")).unwrap());
}

#[test]
fn sysfs_sources_are_read_side_by_side() {
    let sys = tempfile::tempdir().unwrap();
    let zone = |folder: &str, name: &str, uj: &str| {
        let files = [("name", name), ("energy_uj", uj), ("max_energy_range_uj", "262143328850")];
        tree(sys.path(), &format!("powercap/{folder}"), &files);
    };
    zone("intel-rapl:0", "package-0", "5000000");
    zone("intel-rapl:0:0", "core", "3000000");
    zone("intel-rapl:0:1", "dram", "1000000");
    zone("intel-rapl-mmio:0", "package-0", "5000000");
    tree(sys.path(), "hwmon/hwmon2", &[("name", "amdgpu"), ("power1_average", "35000000")]);
    let battery =
        [("type", "Battery"), ("status", "Discharging"), ("current_now", "1500000"), ("voltage_now", "12000000")];
    tree(sys.path(), "power_supply/BAT0", &battery);
    let source = |name: &str, folder: &str| {
        let root = sys.path().join(folder);
        format!("[[collect.power]]\nsource = {name:?}\nroot = {root:?}\nsample_hz = 20.0\nrequired = true\n")
    };
    let power = source("rapl", "powercap") + &source("hwmon", "hwmon") + &source("power-supply", "power_supply");
    let seen = sample(&power, "", &["--seconds", "0.5"]);
    let told: Vec<_> = seen
        .sensors
        .iter()
        .map(|s| ["device_id", "kind", "scope", "source"].map(|c| s[c].as_str().unwrap().to_string()).join(" "))
        .collect();
    assert_eq!(
        told,
        [
            "hwmon:amdgpu:hwmon2 average gpu hwmon",
            "power-supply:BAT0 instant node power-supply",
            "rapl:intel-rapl:0:1:dram counter dram rapl",
            "rapl:intel-rapl:0:package-0 counter cpu_package rapl"
        ],
        "{:?}",
        seen.ran
    );
    let package = seen.of("rapl:intel-rapl:0:package-0", "counter")[0];
    assert_eq!((&package["energy_j"], &package["energy_range_j"]), (&5.0.into(), &262_143.328_85.into()));
    assert_eq!(seen.of("power-supply:BAT0", "instant")[0]["power_w"], 18.0);
}

fn external(script: &str) -> String {
    format!(
        "[[collect.power]]\nsource = \"external\"\nname = \"plug\"\ncommand = [\"sh\", \"-c\", {script:?}]\n\
         sample_hz = 20.0\nrequired = false\n"
    )
}

#[test]
fn a_commands_lines_are_samples_and_its_rubbish_is_named() {
    let script = "for w in 40 41.5 oops 43; do echo $(date +%s%N),$w; sleep 0.05; done; sleep 60";
    let seen = sample(&external(script), "", &["--seconds", "1"]);
    let watts: Vec<_> = seen.samples.iter().map(|s| s["power_w"].as_f64().unwrap()).collect();
    assert_eq!(watts, [40.0, 41.5, 43.0], "{:?}", seen.ran);
    assert!(seen.samples.iter().all(|s| s["scope"] == "node" && s["kind"] == "instant"));
    let sensor = seen.sensor("external:plug", "instant");
    assert_eq!(sensor["errors"], 1);
    let why = sensor["last_error"].as_str().unwrap();
    assert!(why.starts_with("external:plug: line 3 is not `t_unix_ns,power_w`, \"1"), "{why}");
    assert!(why.ends_with(",oops\", correct `command`"), "{why}");

    let folder = tempfile::tempdir().unwrap();
    let mut doctor = Command::new(binary("collect"));
    doctor.args(["doctor", "--cache"]).arg(folder.path()).arg("--config");
    let ran = run(doctor.arg(pipeline(folder.path(), &external("echo 12 W; sleep 60"))).current_dir(root()));
    let said = "limited  sensor: external: line 1 is not `t_unix_ns,power_w`, \"12 W\", correct `command`, \
                without it energy may be an estimate";
    assert!(ran.out.lines().any(|l| l == said), "{}", ran.out);
}

#[test]
fn an_import_tells_its_sensors_too() {
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("power_sample.csv");
    let line = |i: i64| format!("s,meter,instant,{},node,{}\n", i * 500_000_000, 100 + i / 2 * 3);
    let lines: String = (0..20).map(line).collect();
    fs::write(&csv, format!("session_id,device_id,kind,t_ns,scope,power_w\n{lines}")).unwrap();
    run(Command::new(binary("import")).arg("tables").arg(&csv).arg("--into").arg(folder.path())).ok();
    let sensors = rows(&folder.path().join("sensor.parquet"), &schemas::tables::SENSOR);
    let expected = serde_json::json!([{
        "session_id": "s", "device_id": "meter", "kind": "instant", "scope": "node", "source": "import", "readings": 20,
        "longest_gap_ns": 500_000_000, "update_period_ms": 1000.0, "resolution_w": 1.0
    }]);
    assert_eq!(Value::from(sensors), expected);
}

/// A run of seconds on a tiny model, its power from a GPU that is new every 150 ms.
#[test]
fn the_slowest_required_sensor_decides_the_window_and_a_run_keeps_its_sensors() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("script"), "gpu GPU-a\nenergy 1000 @150+2500\nmig 0\ncapability 89\n").unwrap();
    let config = |required: bool| {
        let power = nvml("").replace("required = true", &format!("required = {required}"));
        let text = fs::read_to_string(pipeline(folder.path(), &power)).unwrap();
        let model = text.find("[collect.model]").unwrap()..text.find("[collect.warmup]").unwrap();
        let synthetic =
            "[collect.model]\nsource = \"synthetic\"\nname = \"gpt2-tiny\"\narchitecture = \"gpt2-tiny\"\nseed = 5\n\n";
        let text = text.replace(&text[model], synthetic);
        let mut text = text.replace("[\"onnxruntime-cpu\", \"candle-cpu\"]", "[\"candle-cpu\"]");
        for (from, to) in [
            ("min_window_ms = 250", "min_window_ms = 20"),
            ("min_updates = 2\nidle_s = 1.0", "min_updates = 3\nidle_s = 1.5"),
            ("repetitions = 2", "repetitions = 1"),
        ] {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        fs::write(folder.path().join("pipeline.toml"), text).unwrap();
    };
    let measured = |name: &str| {
        let tables =
            ["run", "session", "power_sample", "sensor"].map(|t| folder.path().join(name).join(format!("{t}.parquet")));
        let mut collect = Command::new(binary("collect"));
        collect.args(["run", "--cache", "data/cache", "--config"]).arg(folder.path().join("pipeline.toml"));
        collect.arg("--journal").arg(folder.path().join(name)).arg("--write").args(&tables).current_dir(root());
        let ran = run(collect.env("NVML_STUB", folder.path().join("script"))).ok();
        let runs = rows(&tables[0], &schemas::tables::RUN);
        let length = |r: &Value| (r["end_ns"].as_i64().unwrap() - r["start_ns"].as_i64().unwrap()) / 1_000_000;
        (ran, runs.iter().map(length).min().unwrap(), rows(&tables[3], &schemas::tables::SENSOR))
    };
    config(true);
    let (ran, shortest_ms, sensors) = measured("required");
    assert!((420..700).contains(&shortest_ms), "three updates of 150 ms: {shortest_ms} ms\n{}", ran.err);
    assert!(ran.err.contains("the slowest sensor needed updates every 1"), "{}", ran.err);
    assert!(ran.err.contains("collect: reading sensors took "), "{}", ran.err);
    assert_eq!(sensors.len(), 1);
    let sensor = &sensors[0];
    let period = sensor["update_period_ms"].as_f64().unwrap();
    assert!((period - 150.0).abs() < 21.0 && sensor["cost_pct"].as_f64() > Some(0.0), "{sensor}");
    assert_eq!((&sensor["source"], &sensor["errors"]), (&"nvml".into(), &0.into()), "{sensor}");
    config(false);
    let (ran, shortest_ms, _) = measured("optional");
    assert!(shortest_ms < 300, "a sensor that may be absent does not lengthen runs: {shortest_ms} ms\n{}", ran.err);
}
