//! Power logs of other tools through the binaries: `import power`, then `join-telemetry` over runs with the windows of a case.
//! Expected values come from each case's `case.json`; what a careless reader would print must not appear.

use schemas::tables::{RUN_ENERGY, SENSOR};
use serde::Deserialize;
use serde_json::Value;
use std::{fs, path::PathBuf};
use tests::{Ran, stage};

#[derive(Debug, Deserialize)]
struct Energy {
    run_id: String,
    scope: String,
    device_id: String,
    energy_gross_j: Option<f64>,
    energy_counter_j: Option<f64>,
    energy_integral_j: Option<f64>,
    mean_power_w: Option<f64>,
    samples: i64,
    evidence: String,
    reasons: Option<String>,
}

/// A folder with a session and runs of these windows (`start/end` in UTC), named 0, 1, ..
struct Bench {
    folder: tempfile::TempDir,
}

fn ns(text: &str) -> i64 {
    let (day, clock) = text.split_once('T').unwrap();
    let day: i64 = match day {
        "2026-05-14" => 1_778_716_800,
        "2026-04-03" => 1_775_174_400,
        other => panic!("{other}"),
    };
    let parts: Vec<f64> = clock.split(':').map(|p| p.parse().unwrap()).collect();
    let of_day = (parts[0] * 3600.0 + parts[1] * 60.0) * 1e9 + (parts[2] * 1e9).round();
    day * 1_000_000_000 + of_day as i64
}

impl Bench {
    fn new(windows: &[(&str, &str)]) -> Self {
        let bench = Bench { folder: tempfile::tempdir().unwrap() };
        let session = "session_id,source,started_ns\nimport,imported,0\n";
        let mut runs =
            "session_id,run_id,status,backend,device,dtype,model,weights,mode,kv_cache,scenario,batch,prompt_tokens,\
                        prompt_tokens_padded,new_tokens_asked,repetition,start_ns,end_ns\n"
                .to_string();
        for (i, (start, end)) in windows.iter().enumerate() {
            let (start, end) = (ns(start), ns(end));
            runs += &format!("import,{i},ok,b,gpu,f16,m,real,generate,true,s,1,1,1,1,{i},{start},{end}\n");
        }
        fs::write(bench.path("session.csv"), session).unwrap();
        fs::write(bench.path("run.csv"), runs).unwrap();
        let files = [bench.path("session.csv"), bench.path("run.csv")];
        let files = files.each_ref().map(|p| p.to_str().unwrap());
        stage("import", &[&["tables"], files.as_slice(), &["--into", bench.path("").to_str().unwrap()]].concat()).ok();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn import(&self, file: &str, options: &[&str]) -> Ran {
        let file = tests::root().join("tests/fixtures/cases").join(file);
        let into = self.path("");
        let paths = [file.to_str().unwrap(), "--into", into.to_str().unwrap()];
        stage("import", &[&["power"], paths.as_slice(), options].concat())
    }

    fn joined(&self, max_gap_ms: f64) -> Vec<Energy> {
        self.joined_by(&format!(
            "[join-telemetry]\nmin_updates = 2\nmax_gap_ms = {max_gap_ms:.1}\nmax_error_pct = 1000.0\nclock_error_ms = 0.0\nclock_search_s = 120.0\n\
             energy_scope = \"sum\"\n"
        ))
    }

    fn joined_by(&self, config: &str) -> Vec<Energy> {
        fs::write(self.path("pipeline.toml"), config).unwrap();
        let tables = ["session", "run", "power_sample", "sensor"].map(|t| self.path(&format!("{t}.parquet")));
        let (config, out) = (self.path("pipeline.toml"), self.path("run_energy.parquet"));
        let mut arguments = vec!["--config", config.to_str().unwrap(), "--write", out.to_str().unwrap(), "--read"];
        arguments.extend(tables.iter().map(|t| t.to_str().unwrap()));
        stage("join-telemetry", &arguments).ok();
        schemas::rows::from_batches("run_energy", &schemas::io::read(&out, &RUN_ENERGY).unwrap()).unwrap()
    }
}

fn expected(case: &str) -> Value {
    let path = tests::root().join("tests/fixtures/cases").join(case).join("case.json");
    serde_json::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap()["expected"].clone()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1e-9)
}

/// The total of a run over all scopes; `None` where any is unknown.
fn total(energies: &[Energy], run: &str) -> Option<f64> {
    let totals: Vec<&Energy> = energies.iter().filter(|e| e.run_id == run && e.device_id == "total").collect();
    assert!(!totals.is_empty());
    totals.iter().map(|e| e.energy_gross_j).sum()
}

fn of<'e>(energies: &'e [Energy], run: &str, device: &str) -> &'e Energy {
    let found = energies.iter().find(|e| e.run_id == run && e.device_id == device);
    found.unwrap_or_else(|| panic!("no {device} in {energies:?}"))
}

/// One log, one window, one total.
#[track_caller]
fn gives(
    case: &str,
    file: &str,
    options: &[&str],
    window: (&str, &str),
    key: &str,
    forbidden: &[f64],
) -> (Ran, Vec<Energy>) {
    let bench = Bench::new(&[window]);
    let ran = bench.import(&format!("{case}/{file}"), options).ok();
    let energies = bench.joined(60_000.0);
    let found = total(&energies, "0").unwrap_or_else(|| panic!("{energies:?}"));
    let wanted = expected(case)[key].as_f64().unwrap_or_else(|| panic!("{case}: {key}"));
    assert!(close(found, wanted), "{case}: {found} and not {wanted}");
    for wrong in forbidden {
        assert!(!energies.iter().any(|e| e.energy_gross_j.is_some_and(|j| close(j, *wrong))), "{case}: {wrong}");
    }
    assert!(energies.iter().all(|e| e.evidence == "imported" || e.evidence == "unknown"), "{energies:?}");
    (ran, energies)
}

/// A refusal: exit 1, nothing written, and what it says.
#[track_caller]
fn refused(bench: &Bench, file: &str, options: &[&str], said: &[&str]) {
    let ran = bench.import(file, options);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.is_empty() && ran.err.starts_with("import: "), "{ran:?}");
    for text in said {
        assert!(ran.err.contains(text), "{text:?} is not in {}", ran.err);
    }
    assert!(!bench.path("power_sample.parquet").exists() && !bench.path("sensor.parquet").exists());
}

#[test]
fn case_20_two_gpus_are_two_series() {
    let case = "20-nvidia-smi-two-gpus";
    let bench = Bench::new(&[
        ("2026-05-14T09:00:00.012", "2026-05-14T09:00:04.014"),
        ("2026-05-14T09:00:01.5", "2026-05-14T09:00:03.5"),
    ]);
    bench.import(&format!("{case}/input.csv"), &["--tz", "UTC"]).ok();
    let (energies, wanted) = (bench.joined(60_000.0), expected(case));
    for (run, device, key) in [
        ("0", "nvidia-smi:0", "gpu0_j"),
        ("0", "nvidia-smi:1", "gpu1_j"),
        ("0", "total", "total_j"),
        ("1", "total", "window_total_j"),
    ] {
        let found = of(&energies, run, device).energy_gross_j.unwrap();
        assert!(close(found, wanted[key].as_f64().unwrap()), "{run} {device}: {found}");
    }
    assert!(close(of(&energies, "0", "total").mean_power_w.unwrap(), wanted["mean_total_w"].as_f64().unwrap()));
    let file = tests::root().join("tests/fixtures/cases").join(case).join("input.csv");
    let into = bench.path("");
    let ran =
        stage("import", &["power", file.to_str().unwrap(), "--into", into.to_str().unwrap(), "--tz", "Mars/Olympus"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("no time zone \"Mars/Olympus\", give a name such as Europe/Berlin"), "{}", ran.err);
}

#[test]
fn case_21_a_gpu_that_says_nothing_is_not_0() {
    let case = "21-nvidia-smi-na-not-supported";
    let bench = Bench::new(&[("2026-05-14T10:00:00", "2026-05-14T10:00:03")]);
    let ran = bench.import(&format!("{case}/input.csv"), &["--tz", "UTC"]).ok();
    assert!(ran.err.contains("partial: 1 of 2 sensors have readings, not nvidia-smi:1"), "{}", ran.err);
    let energies = bench.joined(60_000.0);
    assert_eq!(of(&energies, "0", "nvidia-smi:0").energy_gross_j, Some(690.0));
    let silent = of(&energies, "0", "nvidia-smi:1");
    assert_eq!((silent.energy_gross_j, silent.samples), (None, 0), "{silent:?}");
    assert_eq!(total(&energies, "0"), None);
    let sensors: Vec<Value> =
        schemas::rows::from_batches("sensor", &schemas::io::read(&bench.path("sensor.parquet"), &SENSOR).unwrap())
            .unwrap();
    assert_eq!((&sensors[1]["errors"], &sensors[1]["last_error"]), (&4.into(), &"line 9: [N/A]".into()));
}

#[test]
fn case_22_failed_readings_are_bridged_and_said() {
    let case = "22-nvidia-smi-unknown-error-gap";
    let window = ("2026-05-14T11:00:00", "2026-05-14T11:00:05");
    let (ran, energies) = gives(case, "input.csv", &["--tz", "UTC"], window, "energy_j", &[810.0]);
    assert!(ran.err.contains("no reading but \"[Unknown Error]\", which is not 0: 2, first lines 4, 5"), "{}", ran.err);
    assert_eq!(of(&energies, "0", "nvidia-smi:0").samples, 4);
    let bench = Bench::new(&[window]);
    bench.import(&format!("{case}/input.csv"), &["--tz", "UTC"]).ok();
    let reasons = of(&bench.joined(2_000.0), "0", "nvidia-smi:0").reasons.clone();
    assert_eq!(reasons.as_deref(), Some("gap between readings over max_gap_ms"));
}

#[test]
fn case_24_cut_and_glued_rows_are_named() {
    let window = ("2026-05-14T13:00:00", "2026-05-14T13:00:03");
    let (ran, energies) =
        gives("24-nvidia-smi-repeated-header-glued-line", "input.csv", &["--tz", "UTC"], window, "energy_j", &[]);
    assert!(ran.err.contains("not as many fields as the header, left out: 1, first line 7"), "{}", ran.err);
    assert!(ran.err.contains("the last row is cut, left out: 1, first line 8"), "{}", ran.err);
    assert_eq!(of(&energies, "0", "nvidia-smi:0").samples, 4);
    assert!(ran.out.contains(": 4 readings, 2026-05-14T13:00:00Z to 2026-05-14T13:00:03Z"), "{}", ran.out);
}

#[test]
fn case_26_utf_16_and_case_27_a_spreadsheets_locale() {
    let window = ("2026-05-14T15:00:00", "2026-05-14T15:00:03");
    gives("26-nvidia-smi-utf16-powershell", "input.csv", &["--tz", "UTC"], window, "energy_j", &[]);
    let window = ("2026-04-03T08:00:00", "2026-04-03T08:00:02");
    gives("27-semicolon-decimal-comma-bom", "input.csv", &["--tz", "UTC"], window, "energy_j", &[320.0, 32050.0]);
}

#[test]
fn case_29_sweeps_of_one_second_are_averaged() {
    let window = ("2026-05-14T08:00:00", "2026-05-14T08:00:03");
    let (_, energies) = gives("29-amd-smi-watch-csv", "input.csv", &[], window, "total_j", &[]);
    let gpus = ["amd-smi:0", "amd-smi:1"].map(|d| of(&energies, "0", d).energy_gross_j);
    assert_eq!(gpus, [Some(2205.0), Some(2122.5)]);
}

#[test]
fn case_30_a_snapshot_is_no_energy() {
    let bench = Bench::new(&[]);
    let said = [
        "input.csv: line 1: no times in the log, a snapshot of 412 W from 2 sensors",
        "2 secondary dies (card1, card3) are included",
        "--start and --interval-ms",
    ];
    refused(&bench, "30-rocm-smi-csv-secondary-die/input.csv", &[], &said);
}

#[test]
fn case_32_dmon_bridges_what_was_not_read() {
    let window = ("2026-05-14T16:00:00", "2026-05-14T16:00:03");
    let (ran, energies) = gives("32-nvidia-smi-dmon-with-time", "input.txt", &["--tz", "UTC"], window, "total_j", &[]);
    assert!(ran.err.contains("no reading but \"-\", which is not 0: 1, first line 10"), "{}", ran.err);
    let gpus = ["nvidia-smi:0", "nvidia-smi:1"].map(|d| of(&energies, "0", d).energy_gross_j);
    assert!(close(gpus[0].unwrap(), 945.0) && close(gpus[1].unwrap(), 600.0), "{gpus:?}");
}

#[test]
fn case_34_mig_instances_are_one_board() {
    let window = ("2026-05-14T08:00:00", "2026-05-14T08:00:30");
    let (ran, energies) = gives("34-dcgm-prometheus-mig-duplicates", "input.json", &[], window, "total_j", &[31165.5]);
    assert!(ran.err.contains("dcgm:GPU-aaaa is split into 3 MIG instances"), "{}", ran.err);
    assert!(close(of(&energies, "0", "dcgm:GPU-aaaa").energy_gross_j.unwrap(), 9388.5));
    let bench = Bench::new(&[window]);
    bench.import("34-dcgm-prometheus-mig-duplicates/input.json", &["--gpus", "GPU-bbbb"]).ok();
    assert_eq!(total(&bench.joined(60_000.0), "0"), Some(3000.0));
}

#[test]
fn case_35_a_counter_that_began_anew() {
    let at = |m: &str| format!("2026-05-14T08:0{m}");
    let windows = [at("0:00"), at("1:00"), at("1:30"), at("2:00")];
    let bench = Bench::new(&[(&windows[0], &windows[1]), (&windows[2], &windows[3]), (&windows[0], &windows[3])]);
    let ran = bench.import("35-dcgm-energy-counter-reset/input.json", &[]).ok();
    assert!(ran.err.contains("the energy counter began anew"), "{}", ran.err);
    assert!(ran.out.contains("mean 10.000000 W over 90.000 s") && !ran.out.contains("695"), "{}", ran.out);
    let energies = bench.joined(60_000.0);
    assert_eq!(["0", "1", "2"].map(|run| total(&energies, run)), [Some(600.0), Some(300.0), None]);
    assert_eq!(of(&energies, "2", "dcgm:GPU-aaaa").reasons.as_deref(), Some("counter was reset"));
}

#[test]
fn case_37_windows_of_zeus_are_never_added() {
    let (case, file) = ("37-zeus-window-csv", "37-zeus-window-csv/input.csv");
    let bench = Bench::new(&[]);
    refused(
        &bench,
        file,
        &[],
        &["input.csv: line 2: ", "start_time 13585.2 is no epoch but a clock of the machine", "--start"],
    );
    let start = ["--start", "2026-05-14T09:00:00Z"];
    let said = ["windows overlap and must not be added", "--select generate or --select prefill or --select whole"];
    refused(&bench, file, &start, &said);
    let window = ("2026-05-14T09:00:00", "2026-05-14T09:00:10");
    let options = [start.as_slice(), &["--select", "generate"]].concat();
    let (_, energies) = gives(case, "input.csv", &options, window, "generate_j", &[6720.0, 3370.0]);
    assert_eq!(of(&energies, "0", "total").mean_power_w, Some(300.0));
    let options = [start.as_slice(), &["--select", "whole"]].concat();
    gives(case, "input.csv", &options, ("2026-05-14T09:00:00", "2026-05-14T09:00:11.1"), "whole_j", &[6720.0]);
}

fn kwh(energies: &[Energy], run: &str) -> f64 {
    total(energies, run).unwrap() / 3.6e6
}

#[test]
fn case_39_rows_of_one_run_are_not_added() {
    let case = "39-codecarbon-cumulative-flush-rows";
    let bench = Bench::new(&[
        ("2026-05-14T09:00:00", "2026-05-14T09:03:00"),
        ("2026-05-14T09:59:30", "2026-05-14T10:00:00"),
        ("2026-05-14T09:02:00", "2026-05-14T09:59:50"),
    ]);
    bench.import(&format!("{case}/input.csv"), &["--tz", "UTC"]).ok();
    let (energies, wanted) = (bench.joined(200_000.0), expected(case));
    assert!(close(kwh(&energies, "0"), wanted["run1_kwh"].as_f64().unwrap()));
    assert!(close(kwh(&energies, "0") + kwh(&energies, "1"), wanted["total_kwh"].as_f64().unwrap()));
    assert_eq!(total(&energies, "2"), None, "between two runs nothing is known");
}

#[test]
fn case_40_a_short_row_costs_itself_alone() {
    let case = "40-codecarbon-append-dropped-columns";
    let bench =
        Bench::new(&[("2026-05-14T09:00:00", "2026-05-14T09:01:00"), ("2026-05-14T11:58:40", "2026-05-14T12:00:00")]);
    let ran = bench.import(&format!("{case}/input.csv"), &["--tz", "UTC"]).ok();
    assert!(ran.err.contains("not as many fields as the header, left out: 1, first line 3"), "{}", ran.err);
    let energies = bench.joined(200_000.0);
    assert!(close(kwh(&energies, "0") + kwh(&energies, "1"), expected(case)["valid_kwh"].as_f64().unwrap()));
}

#[test]
fn case_42_rows_that_must_not_pass() {
    let case = "42-codecarbon-negative-nan-zero-rows";
    let bench = Bench::new(&[("2026-05-14T08:59:00", "2026-05-14T09:00:00")]);
    let ran = bench.import(&format!("{case}/input.csv"), &["--tz", "UTC"]).ok();
    for said in [
        "a duration of 0 or less, left out: 1, first line 2",
        "negative energy (a counter wrapped), left out: 1, first line 3",
        "no run_id, left out: 1, first line 4",
        "cpu_energy is 0 beside a power that is not: it was not measured: 1, first line 5",
    ] {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    assert!(close(kwh(&bench.joined(200_000.0), "0"), expected(case)["kwh"].as_f64().unwrap()));
}

#[test]
fn case_43_a_counter_wraps_at_its_range_or_its_stretch_is_unknown() {
    let window = ("2026-05-14T08:00:00", "2026-05-14T08:00:03");
    let forbidden = [-261_693.328_85, 261_693.328_85, 300.0];
    let (_, energies) = gives("43-rapl-energy-uj-wrap", "input.csv", &[], window, "energy_j", &forbidden);
    assert!(close(of(&energies, "0", "rapl:package-0").mean_power_w.unwrap(), 150.0));
    let bench = Bench::new(&[window]);
    let whole =
        fs::read_to_string(tests::root().join("tests/fixtures/cases/43-rapl-energy-uj-wrap/input.csv")).unwrap();
    let without: String = whole.lines().map(|l| l.rsplit_once(',').unwrap().0.to_string() + "\n").collect();
    let file = bench.path("rapl.csv");
    fs::write(&file, without).unwrap();
    let ran = bench.import(file.to_str().unwrap(), &[]).ok();
    let said =
        ["the counter fell and its range is not known", "log a column max_energy_range_uj too: 1, first line 4 ("];
    assert!(said.iter().all(|text| ran.err.contains(text)), "{}", ran.err);
    assert_eq!(total(&bench.joined(60_000.0), "0"), None);
}

#[test]
fn case_45_and_47_intervals_are_not_integrated_by_trapezoids() {
    let window = ("2026-05-14T11:41:39.9971", "2026-05-14T11:41:43.0001");
    let (ran, _) =
        gives("45-powermetrics-text-interval-average", "input.txt", &[], window, "energy_j", &[33031.2, 59.1]);
    assert!(ran.out.contains("without memory, display, drives and power supply"), "{}", ran.out);
    let bench =
        Bench::new(&[("2026-05-14T08:00:00", "2026-05-14T08:00:03"), ("2026-05-14T08:00:01", "2026-05-14T08:00:03")]);
    let ran = bench.import("47-turbostat-glued-header/input.txt", &[]).ok();
    assert!(ran.err.contains("names without a tab between them"), "{}", ran.err);
    let energies = bench.joined(60_000.0);
    let package = |run| of(&energies, run, "turbostat:package").energy_gross_j;
    // 94 J would be the trapezoid between the stamps, 96 J are the two intervals that lie there.
    assert_eq!((package("0"), package("1")), (Some(141.0), Some(96.0)));
    assert!(!energies.iter().any(|e| e.mean_power_w == Some(12.5)));
}

#[test]
fn case_49_only_what_was_tested_counts() {
    let window = ("2026-05-14T10:00:05", "2026-05-14T10:00:08");
    let (ran, energies) = gives("49-mlperf-ptd-spl", "input.txt", &["--tz", "UTC"], window, "energy_j", &[]);
    assert!(ran.err.contains("no reading but \"-1.000000\", which is not 0: 1, first line 9"), "{}", ran.err);
    assert_eq!(of(&energies, "0", "ptdaemon").samples, 3);
}

#[test]
fn case_51_channels_and_case_52_units_of_plugs() {
    let window = ("2026-05-14T09:00:00", "2026-05-14T09:02:00");
    let case = "51-tasmota-jsonl-arrays";
    let options = ["--tz", "UTC", "--select", "0"];
    let (ran, _) = gives(case, "input.jsonl", &options, window, "channel0_power_j", &[0.017, 17.0]);
    assert!(
        ran.err.contains("channel 0: Total counted 61200 J in steps of 1 Wh, power gives 60000 J, which is taken"),
        "{}",
        ran.err
    );
    gives(case, "input.jsonl", &["--tz", "UTC"], window, "both_power_j", &[]);
    let bench = Bench::new(&[("2026-05-14T08:00:00", "2026-05-14T08:01:00")]);
    bench.import("52-shelly-gen1-gen2-units/input.json", &[]).ok();
    let energies = bench.joined(60_000.0);
    for device in ["shelly:meters:0", "shelly:switch:0"] {
        let energy = of(&energies, "0", device);
        let both = (energy.energy_counter_j, energy.energy_integral_j);
        assert_eq!(both, (Some(36_000.0), Some(36_000.0)), "{device}");
    }
}

#[test]
fn case_53_changes_hold_and_a_hole_is_no_zero() {
    let file = "53-home-assistant-history-csv/input.csv";
    let at = |s: &str| format!("2026-05-14T07:00:{s}");
    let windows = [at("00"), at("20"), at("30"), at("40"), at("05")];
    let bench = Bench::new(&[
        (&windows[0], &windows[1]),
        (&windows[2], &windows[3]),
        (&windows[0], &windows[3]),
        (&windows[4], &windows[1]),
    ]);
    let said = ["several entities, 2", "--select sensor.other_plug_power or --select sensor.server_plug_power"];
    refused(&bench, file, &[], &said);
    let ran = bench.import(file, &["--select", "sensor.server_plug_power"]).ok();
    assert!(
        ran.err.contains("\"unavailable\", a hole and not 0: 1, first line 4") && ran.err.contains("a hole of 10.0 s"),
        "{}",
        ran.err
    );
    assert!(ran.out.contains("mean 466.666667 W over 30.000 s"), "{}", ran.out);
    let energies = bench.joined(60_000.0);
    assert_eq!(["0", "1", "2", "3"].map(|run| total(&energies, run)), [Some(9000.0), Some(5000.0), None, Some(7000.0)]);
}

#[test]
fn case_55_the_zone_that_fits_is_suggested() {
    let (case, file) = ("55-clock-skew-no-overlap", "55-clock-skew-no-overlap/input.csv");
    let window = ("2026-05-14T09:00:05", "2026-05-14T09:00:15");
    let bench = Bench::new(&[window]);
    let said = [
        "input.csv: times without a zone, \"2026/05/14 11:00:00.000\"",
        "as UTC the log is 2026-05-14T11:00:00Z to 2026-05-14T11:00:20Z and the run 2026-05-14T09:00:05Z to 2026-05-14T09:00:15Z",
        "give it: --tz +02:00 would make log and runs meet",
    ];
    refused(&bench, file, &[], &said);
    let said = [
        "2026-05-14T11:00:00Z to 2026-05-14T11:00:20Z does not cover the run 2026-05-14T09:00:05Z to 2026-05-14T09:00:15Z",
        "0.0 of 10.0 s of \"0\"",
        "--tz +02:00 or --shift-ms -7200000 would make them meet",
    ];
    refused(&bench, file, &["--tz", "UTC"], &said);
    gives(case, "input.csv", &["--tz", "+02:00"], window, "energy_j_with_offset_2h", &[0.0, 8000.0]);
    gives(case, "input.csv", &["--tz", "Europe/Berlin"], window, "energy_j_with_offset_2h", &[8000.0]);
    gives(case, "input.csv", &["--tz", "UTC", "--shift-ms", "-7200000"], window, "energy_j_with_offset_2h", &[8000.0]);
    // A log that meets the run in UTC and in no other zone needs none.
    let window = ("2026-05-14T11:00:05", "2026-05-14T11:00:15");
    let (ran, _) = gives(case, "input.csv", &[], window, "energy_j_with_offset_2h", &[]);
    assert!(ran.err.contains("taken for UTC: with no other zone do log and runs meet"), "{}", ran.err);
}

#[test]
fn case_56_logs_without_an_interval() {
    for (file, said) in [
        ("input", "input.csv: empty file, 0 bytes, give the file as the tool wrote it"),
        ("header-only", "header-only.csv: no samples, 0 readings under the header, log while something runs"),
        ("one-sample", "one-sample.csv: one sample, no interval, log over the whole run"),
        (
            "zero-span",
            "zero-span.csv: line 3: unlike readings of one sensor at one instant, 2026-05-14T09:00:00Z: 100 W in line 2 and 140 W in line 3",
        ),
    ] {
        let bench = Bench::new(&[]);
        refused(&bench, &format!("56-empty-and-header-only/{file}.csv"), &["--tz", "UTC"], &[said]);
    }
}

#[test]
fn case_57_the_column_is_named_and_the_limit_is_none() {
    let (case, window) = ("57-nvidia-smi-limit-before-draw-nounits", ("2026-05-14T18:00:00", "2026-05-14T18:00:02"));
    let (ran, _) = gives(case, "input.csv", &["--tz", "UTC"], window, "energy_j", &[1400.0]);
    assert!(ran.err.contains("power is power.draw, not power.draw.average or power.draw.instant"), "{}", ran.err);
    let options = ["--tz", "UTC", "--select", "power.draw.average"];
    gives(case, "input.csv", &options, window, "average_column_j", &[1400.0]);
    let bench = Bench::new(&[]);
    let said = ["input.csv: line 1: --select names no column of power, power.limit, use one of power.draw"];
    refused(&bench, &format!("{case}/input.csv"), &["--tz", "UTC", "--select", "power.limit"], &said);
}

#[test]
fn case_58_idle_gpus_are_told_and_can_be_left_out() {
    let (case, window) = ("58-idle-gpus-in-same-log", ("2026-05-14T19:00:00", "2026-05-14T19:00:03"));
    let (ran, _) = gives(case, "input.csv", &["--tz", "UTC"], window, "all_gpus_j", &[]);
    assert!(
        ran.err.contains("the log has 4 GPUs (0, 1, 2, 3) and all count: --gpus names those that the runs used"),
        "{}",
        ran.err
    );
    let (ran, _) = gives(case, "input.csv", &["--tz", "UTC", "--gpus", "0,1"], window, "gpus_0_1_j", &[2790.0]);
    assert!(
        ran.err.contains("2 of 4 GPUs (0, 1, 2, 3) are taken, the energy of the others is left out"),
        "{}",
        ran.err
    );
    let bench = Bench::new(&[]);
    let said = ["--gpus names GPUs that the log does not have, 0,7, it has 0, 1, 2, 3"];
    refused(&bench, &format!("{case}/input.csv"), &["--tz", "UTC", "--gpus", "0,7"], &said);
}

#[test]
fn case_59_columns_of_one_name_are_a_question() {
    let (case, window) = ("59-hwinfo-csv-cp1252-duplicate-columns", ("2026-05-14T20:00:00.1", "2026-05-14T20:00:02.1"));
    let bench = Bench::new(&[]);
    let said = [
        "input.csv: line 1: 2 columns have the same name, \"GPU Power [W]\"",
        "--select \"GPU Power [W]#1\" or --select \"GPU Power [W]#2\"",
    ];
    refused(&bench, &format!("{case}/input.csv"), &["--tz", "UTC"], &said);
    for (select, key) in [("GPU Power [W]#1", "first_j"), ("GPU Power [W]#2", "second_j")] {
        gives(case, "input.csv", &["--tz", "UTC", "--select", select], window, key, &[]);
    }
}

#[test]
fn case_60_the_input_rail_is_the_total() {
    let case = "60-tegrastats-two-versions";
    let window = ("2026-05-14T21:00:00", "2026-05-14T21:00:02");
    gives(case, "input.txt", &["--tz", "UTC"], window, "vdd_in_j", &[22.85, 15_800.0]);
    let bench = Bench::new(&[]);
    let old = "60-tegrastats-two-versions/input-old.txt";
    refused(
        &bench,
        old,
        &[],
        &["input-old.txt: no instants in the log, an old tegrastats prints no date, say when the log began: --start"],
    );
    let start = ["--start", "2026-05-14T09:00:00Z"];
    refused(
        &bench,
        old,
        &start,
        &["no times in the log, an old tegrastats prints no date, say how far apart its readings are: --interval-ms"],
    );
    let options = [start.as_slice(), &["--interval-ms", "1000"]].concat();
    gives(case, "input-old.txt", &options, ("2026-05-14T09:00:00", "2026-05-14T09:00:01"), "old_j_if_interval_1s", &[]);
}

#[test]
fn case_61_the_head_of_a_long_log() {
    let window = ("2026-05-14T00:00:00", "2026-05-14T00:00:24.9");
    let (_, energies) = gives("61-huge-log-by-recipe", "input.csv", &["--tz", "UTC"], window, "head_j", &[]);
    assert_eq!(energies.iter().filter(|e| e.scope == "gpu" && e.device_id != "total").count(), 8);
}

#[test]
fn case_63_megajoules_and_snapshots_written_twice() {
    let window = ("2026-05-14T07:00:00", "2026-05-14T07:00:02");
    let case = "63-aiperf-gpu-telemetry-megajoule";
    let (_, energies) = gives(case, "input.jsonl", &[], window, "counter_j", &[0.00101, 1.01e-6]);
    let gpu = of(&energies, "0", "aiperf:node-a:GPU-0000");
    assert!(close(gpu.energy_integral_j.unwrap(), expected(case)["power_j"].as_f64().unwrap()));
    assert_eq!(gpu.samples, 3);
}

#[test]
fn case_65_a_log_that_covers_a_part() {
    let bench = Bench::new(&[("2026-05-14T09:00:00", "2026-05-14T09:00:10")]);
    let file = "65-log-starts-after-run/input.csv";
    let said = [
        "input.csv: 2026-05-14T09:00:02Z to 2026-05-14T09:00:09Z does not cover the run 2026-05-14T09:00:00Z to 2026-05-14T09:00:10Z",
        "7.0 of 10.0 s of \"0\"",
        "log from before the run until after it, or give --partial: the energy of such runs stays unknown",
    ];
    refused(&bench, file, &["--tz", "UTC"], &said);
    let ran = bench.import(file, &["--tz", "UTC", "--partial"]).ok();
    assert!(ran.err.contains("its energy stays unknown"), "{}", ran.err);
    let energies = bench.joined(60_000.0);
    assert_eq!(total(&energies, "0"), None);
    assert_eq!(of(&energies, "0", "nvidia-smi:0").reasons.as_deref(), Some("window not bracketed by readings"));
}

/// Each page shows a command that makes the log, and one that imports it with options that there are.
#[test]
fn pages_show_commands_with_options_that_exist() {
    let help = stage("import", &["power", "--help"]).ok().out;
    let list = help.split("Formats, described in docs/imports.md:").nth(1).unwrap();
    let formats: Vec<&str> = list.lines().filter_map(|l| l.split_whitespace().next()).collect();
    assert!(formats.len() >= 18, "{formats:?}");
    for format in formats {
        let page = fs::read_to_string(tests::root().join(format!("docs/imports/{format}.md"))).unwrap();
        let block = page.split("```sh\n").nth(1).and_then(|b| b.split("```").next()).unwrap();
        let (makes, imports): (Vec<&str>, Vec<&str>) =
            block.lines().partition(|l| !l.starts_with("target/release/import power"));
        assert!(!makes.is_empty() && imports.len() == 1, "{format}: {block}");
        for flag in imports[0].split_whitespace().filter(|w| w.starts_with("--")) {
            assert!(help.contains(flag), "{format}: no {flag}");
        }
    }
}

/// What holds for imports differs from `pipeline.toml` in what is measured, in two limits and in the purchase.
#[test]
fn the_pipeline_of_imports_differs_in_its_limits_alone() {
    let read = |name: &str| schemas::layers::effective(&tests::root().join(name)).unwrap();
    let (mut ours, mut imports) = (read("pipeline.toml"), read("import.toml"));
    assert_ne!(ours.remove("collect"), imports.remove("collect"));
    let limits = |of: &mut toml::Table| {
        let join = of["join-telemetry"].as_table_mut().unwrap();
        ["min_updates", "max_gap_ms"].map(|name| join.remove(name).unwrap())
    };
    assert_ne!(limits(&mut ours), limits(&mut imports));
    // Nobody knows what the machine of an import cost.
    let owned = |of: &mut toml::Table| of["derive-costs"].as_table_mut().unwrap().remove("owned").unwrap();
    assert_eq!(owned(&mut imports)["capex_usd"].as_float(), Some(0.0));
    owned(&mut ours);
    assert_eq!(ours, imports);
}

/// Readings 5 s apart of a load that stands still, under the limits that `make import` ships (case 08's log).
#[test]
fn the_shipped_limits_take_what_loggers_do() {
    let case = "08-vllm-bench-serve-json-with-power";
    let bench = Bench::new(&[("2026-05-14T07:14:05.8", "2026-05-14T07:15:30")]);
    bench.import(&format!("{case}/power.csv"), &["--tz", "Europe/Berlin"]).ok();
    let shipped = fs::read_to_string(tests::root().join("import.toml")).unwrap();
    let energies = bench.joined_by(&shipped);
    assert_eq!(total(&energies, "0"), expected(case)["energy_j"].as_f64());
}
