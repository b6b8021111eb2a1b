//! What careless imports would take: logs and results that look right and are not, each with what is said of it, or what it comes to.

use schemas::{io, tables};
use serde_json::Value;
use std::{fs, path::PathBuf};
use tests::{Ran, root, stage};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn import(&self, what: &str, files: &[(&str, &str)], options: &[&str]) -> Ran {
        let into = self.path("run").display().to_string();
        let mut arguments = vec![what, "--into", &into];
        arguments.extend(options);
        let paths: Vec<String> = files.iter().map(|(name, _)| self.path(name).display().to_string()).collect();
        files.iter().for_each(|(name, text)| fs::write(self.path(name), text).unwrap());
        arguments.extend(paths.iter().map(String::as_str));
        stage("import", &arguments)
    }

    fn rows(&self, contract: &'static schemas::Contract) -> Vec<Value> {
        let path = self.path("run").join(format!("{}.parquet", contract.name));
        schemas::rows::from_batches(contract.name, &io::read(&path, contract).unwrap()).unwrap()
    }

    /// Gross energies of runs under the limits that `make import` ships: run, device, energy, error, reasons.
    fn energies(&self) -> Vec<Value> {
        let tables = ["session", "run", "power_sample", "sensor"];
        let tables = tables.map(|table| self.path("run").join(format!("{table}.parquet")).display().to_string());
        let (config, out) = (root().join("import.toml"), self.path("run").join("run_energy.parquet"));
        let (config, written) = (config.display().to_string(), out.display().to_string());
        let mut arguments = vec!["--config", &config, "--write", &written, "--read"];
        arguments.extend(tables.iter().map(String::as_str));
        stage("join-telemetry", &arguments).ok();
        self.rows(&tables::RUN_ENERGY)
    }
}

/// Refused: exit 1, all of `said`, and no table.
#[track_caller]
fn refused(what: &str, files: &[(&str, &str)], options: &[&str], said: &[&str]) {
    let folder = Folder::new();
    let ran = folder.import(what, files, options);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    said.iter().for_each(|said| assert!(ran.err.contains(said), "{said:?} is not in {}", ran.err));
    let left = fs::read_dir(folder.path("run")).map_or(0, |entries| entries.count());
    assert_eq!(left, 0, "something was written");
}

/// A minute of a vLLM benchmark that ended at 09:01:00 on the wall.
fn vllm(errors: &str) -> String {
    format!(
        r#"{{"date": "20260514-090100", "backend": "openai", "model_id": "m", "num_prompts": 10, "request_rate": "inf", "duration": 60.0,
            "completed": 10, "total_input_tokens": 1000, "total_output_tokens": 2000, "mean_ttft_ms": 5.0, "mean_tpot_ms": 1.0{errors}}}"#
    )
}

/// 600 W from 09:00 to 09:01 and 80 W before and after, three hours long, in UTC.
fn prometheus(uuid: &str) -> String {
    let watts = |s: i64| if (3600..3660).contains(&s) { 600 } else { 80 };
    let began = 1_778_745_600; // 2026-05-14T08:00:00Z
    let values: Vec<String> = (0..10_800).step_by(5).map(|s| format!("[{}, \"{}\"]", began + s, watts(s))).collect();
    format!(
        r#"{{"status": "success", "data": {{"resultType": "matrix", "result": [{{"metric": {{"__name__": "DCGM_FI_DEV_POWER_USAGE",
            "gpu": "0", "UUID": "{uuid}", "Hostname": "h"}}, "values": [{}]}}]}}}}"#,
        values.join(", ")
    )
}

#[test]
fn a_folder_of_measured_runs_is_refused() {
    let folder = Folder::new();
    fs::create_dir(folder.path("run")).unwrap();
    let session = serde_json::json!({"session_id": "20260514-1", "source": "measured"});
    let path = folder.path("run").join("session.parquet");
    io::write_rows(&path, &tables::SESSION, &[session], &Default::default()).unwrap();
    let before = fs::read(&path).unwrap();
    for (what, name, text) in [("runs", "vllm.json", vllm("")), ("power", "prometheus.json", prometheus("GPU-1"))] {
        let ran = folder.import(what, &[(name, &text)], &[]);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        let said = "run: holds measured runs, session 20260514-1, import into another folder: --into";
        assert!(ran.err.contains(said), "{}", ran.err);
    }
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path("run")).unwrap().count(), 1);
}

#[test]
fn the_same_results_are_no_repetition() {
    let text = vllm("");
    let said =
        ["b.json: the same results twice, \"a.json\", give each result once: repetitions are results of their own"];
    refused("runs", &[("a.json", &text), ("b.json", &text)], &[], &said);
}

#[test]
fn runs_without_a_zone_do_not_join_the_wrong_hour() {
    let folder = Folder::new();
    folder.import("runs", &[("vllm.json", &vllm(""))], &[]).ok();
    let ran = folder.import("power", &[("prometheus.json", &prometheus("GPU-1"))], &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    for said in [
        "prometheus.json: the runs' times have no zone, as UTC they are 2026-05-14T09:00:00Z to 2026-05-14T09:01:00Z, the log is",
        "import the runs again with their zone: --tz +00:00 or --tz -00:15 or",
    ] {
        assert!(ran.err.contains(said), "{}", ran.err);
    }
    for (zone, joules) in [("UTC", 36_000.0), ("+00:30", 4_800.0)] {
        folder.import("runs", &[("vllm.json", &vllm(""))], &["--tz", zone]).ok();
        folder.import("power", &[("prometheus.json", &prometheus("GPU-1"))], &[]).ok();
        let energies = folder.energies();
        let found = energies[0]["energy_gross_j"].as_f64().unwrap();
        assert!((found / joules - 1.0).abs() < 0.05, "{zone}: {found}");
    }
}

#[test]
fn a_window_that_contains_a_run_gives_it_its_share() {
    let folder = Folder::new();
    folder.import("runs", &[("vllm.json", &vllm(""))], &["--tz", "UTC"]).ok();
    // 61 s and 18,300 J: 300 W, half a second before and after the run.
    let zeus = "start_time,window_name,elapsed_time,gpu0_energy\n1778749199.5,run,61.0,18300.0\n";
    folder.import("power", &[("zeus.csv", zeus)], &[]).ok();
    let energies = folder.energies();
    let total = energies.iter().find(|e| e["device_id"] == "total").unwrap();
    assert!((total["energy_gross_j"].as_f64().unwrap() - 18_000.0).abs() < 1.0, "{total}");
    // All that a board could have drawn in the second around the run: (2,000 W x 61 s - 18,300 J) / 61.
    assert!((total["energy_error_j"].as_f64().unwrap() - 1_700.0).abs() < 1.0, "{total}");
    // Of a window ten times as long as the run nothing can be said.
    let zeus = "start_time,window_name,elapsed_time,gpu0_energy\n1778748900,run,600.0,180000.0\n";
    folder.import("power", &[("zeus.csv", zeus)], &[]).ok();
    let energies = folder.energies();
    let total = energies.iter().find(|e| e["device_id"] == "total").unwrap();
    assert_eq!(total["energy_gross_j"], Value::Null, "{total}");
    assert!(energies.iter().any(|e| e["reasons"] == "error bound over max_error_pct"), "{energies:?}");
}

#[test]
fn one_gpu_in_two_logs_is_not_two() {
    let csv = "timestamp, uuid, power.draw [W]\n2026/05/14 09:00:00.000, GPU-1, 80.00 W\n2026/05/14 09:10:00.000, GPU-1, 80.00 W\n";
    let said = ["one GPU in two logs at the same time, dcgm:GPU-1 and nvidia-smi:GPU-1, import one of them"];
    refused("power", &[("a.json", &prometheus("GPU-1")), ("b.csv", csv)], &["--tz", "UTC"], &said);
    Folder::new().import("power", &[("a.json", &prometheus("GPU-2")), ("b.csv", csv)], &["--tz", "UTC"]).ok();
}

#[test]
fn sweeps_without_a_column_for_the_gpu_are_refused() {
    let log = |close_ms: i64, sweeps: i64| {
        let row = |ms: i64| format!("2026/05/14 09:00:{:02}.{:03}, 300.00 W\n", ms / 1000, ms % 1000);
        let rows: String = (0..sweeps).flat_map(|s| [row(s * 1000), row(s * 1000 + close_ms)]).collect();
        format!("timestamp, power.draw [W]\n{rows}")
    };
    let said =
        ["several GPUs that no column tells apart, \"index\", log again with --query-gpu=timestamp,index,power.draw"];
    for (close_ms, sweeps) in [(3, 6), (30, 40), (50, 40)] {
        refused("power", &[("gpu.csv", &log(close_ms, sweeps))], &["--tz", "UTC"], &said);
    }
    // Two readings a second of one GPU; bursts; every row twice.
    Folder::new().import("power", &[("gpu.csv", &log(500, 40))], &["--tz", "UTC"]).ok();
    let row = |m: u32, s: u32| format!("2026/05/14 09:{m:02}:{s:02}.000, 300.00 W\n");
    let bursts: String = (0..20).flat_map(|m| (0..10).map(move |s| row(m, s))).collect();
    let twice: String = (0..40).flat_map(|s| [row(0, s), row(0, s)]).collect();
    for rows in [bursts, twice] {
        Folder::new()
            .import("power", &[("gpu.csv", &format!("timestamp, power.draw [W]\n{rows}"))], &["--tz", "UTC"])
            .ok();
    }
}

#[test]
fn a_column_without_readings_names_the_one_that_has_them() {
    let row = |s: u32| format!("2026/05/14 09:00:0{s}.000, 0, [N/A], 300.00 W\n");
    let text = format!("timestamp, index, power.draw [W], power.draw.instant [W]\n{}{}", row(1), row(2));
    let ran = Folder::new().import("power", &[("gpu.csv", &text)], &["--tz", "UTC"]).ok();
    assert!(
        ran.err.contains("GPU 0: power.draw has no reading, power.draw.instant is taken: 1, first line 2"),
        "{}",
        ran.err
    );
    assert!(
        ran.out.contains("nvidia-smi:0 instant gpu: 2 readings") && ran.out.contains("mean 300.000000 W over 1.000 s")
    );
    // A column that was asked for has no other in its place.
    let options = ["--tz", "UTC", "--select", "power.draw"];
    refused(
        "power",
        &[("gpu.csv", &text)],
        &options,
        &["no reading in the column of power", "take another column: --select power.draw.instant"],
    );
    // What one chip has in one column, another has in the next.
    let row = |s: u32| format!("177874920{s},0,N/A,300\n");
    let amd = format!("timestamp,gpu,current_socket_power,average_socket_power\n{}{}", row(1), row(2));
    let ran = Folder::new().import("power", &[("amd.csv", &amd)], &[]).ok();
    assert!(ran.out.contains("mean 300.000000 W over 1.000 s (average_socket_power of amd-smi)"), "{}", ran.out);
    let header = "timestamp,gpu,current_socket_power,average_socket_power\n";
    let amd = format!("{header}1778749201,0,300,10\n1778749202,0,N/A,10\n1778749203,0,300,10\n");
    let ran = Folder::new().import("power", &[("amd.csv", &amd)], &[]).ok();
    assert!(ran.out.contains("2 readings") && ran.out.contains("mean 300.000000 W over 2.000 s"), "{}", ran.out);
}

#[test]
fn gpus_that_are_not_there_are_named_and_names_are_bounded() {
    let row = |s: u32, gpu: &str| format!("2026/05/14 09:00:0{s}.000, {gpu}, 300.00 W\n");
    let text = |gpu: &str| format!("timestamp, index, power.draw [W]\n{}{}", row(1, gpu), row(2, gpu));
    let said = ["gpu.csv: --gpus names GPUs that the log does not have, 7, it has 0"];
    refused("power", &[("gpu.csv", &text("0"))], &["--tz", "UTC", "--gpus", "7"], &said);
    let said = ["gpu.csv: a sensor's name of 40011 bytes, \"nvidia-smi:xxxx", "give it one of at most 512"];
    refused("power", &[("gpu.csv", &text(&"x".repeat(40_000)))], &["--tz", "UTC"], &said);
}

#[test]
fn rails_are_added_up_and_the_five_volt_rail_is_not_the_board() {
    let row = |s: u32| {
        format!(
            "05-14-2026 09:00:0{s} RAM 2000/30000MB (lfb 5x4MB) CPU [5%@1200,3%@1200] gpu@45C VDD_GPU_SOC 25000mW/24000mW \
             VDD_CPU_CV 5000mW/5000mW VIN_SYS_5V0 6000mW/6000mW\n"
        )
    };
    let orin = [row(0), row(1), row(2)].concat();
    let said = ["no rail of the whole module", "VDD_GPU_SOC, VDD_CPU_CV, VIN_SYS_5V0: --select NAME --select NAME"];
    refused("power", &[("tegrastats.txt", &orin)], &["--tz", "UTC"], &said);
    let rails = ["--tz", "UTC", "--select", "VDD_GPU_SOC", "--select", "VDD_CPU_CV", "--select", "VIN_SYS_5V0"];
    let ran = Folder::new().import("power", &[("tegrastats.txt", &orin)], &rails).ok();
    let said = "tegrastats:VDD_GPU_SOC+VDD_CPU_CV+VIN_SYS_5V0 instant node: 3 readings";
    assert!(ran.out.contains(said) && ran.out.contains("mean 36.000000 W over 2.000 s"), "{}", ran.out);
    let row = |s: u32| {
        format!("05-14-2026 09:00:0{s} RAM 2000/30000MB GPU 1000/1000 CPU 2000/2000 SOC 500/500 SYS5V 700/700\n")
    };
    let xavier = [row(0), row(1), row(2)].concat();
    let options = ["--tz", "UTC", "--select", "GPU", "--select", "CPU", "--select", "GPU"];
    assert!(
        Folder::new()
            .import("power", &[("x.txt", &xavier)], &options)
            .ok()
            .out
            .contains("mean 3.000000 W over 2.000 s")
    );
}

#[test]
fn rows_of_two_sockets_are_summed_up_by_the_row_before_them() {
    let interval = |s: u32| {
        let t = 1_778_749_200 + s;
        format!("Time_Of_Day_Seconds\tPkgWatt\n{t}.010\t200.0\n{t}.002\t120.0\n{t}.004\n{t}.008\t80.0\n{t}.010\n")
    };
    let text: String = (0..11).map(interval).collect();
    let ran = Folder::new().import("power", &[("turbostat.txt", &text)], &[]).ok();
    assert!(ran.out.contains("mean 200.000000 W over 11.000 s"), "{}{}", ran.out, ran.err);
}

#[test]
fn entities_of_home_assistant_have_units() {
    let csv = "entity_id,state,last_changed\nsensor.plug_total_consumption,1234.5,2026-05-14T09:00:00.000Z\n\
               sensor.plug_total_consumption,1234.6,2026-05-14T09:01:00.000Z\n";
    let said = ["an entity that is no power, \"sensor.plug_total_consumption\", export the entity of the power, in W"];
    refused("power", &[("history.csv", csv)], &[], &said);
    for (entity, is_power) in [
        ("sensor.server_power_energy", false),
        ("sensor.power_meter_total_consumption", false),
        ("sensor.powermeter_voltage", false),
        ("sensor.pdu_current_consumption", true),
        ("sensor.total_power", true),
        ("sensor.energy_meter_watts", true),
    ] {
        let csv = csv.replace("sensor.plug_total_consumption", entity);
        assert_eq!(Folder::new().import("power", &[("history.csv", &csv)], &[]).code == Some(0), is_power, "{entity}");
    }
    let json = |unit: &str| {
        format!(
            r#"[[{{"entity_id": "sensor.plug", "state": "0.5", "attributes": {{"unit_of_measurement": "{unit}"}},
                "last_changed": "2026-05-14T09:00:00+00:00"}}, {{"state": "0.5", "last_changed": "2026-05-14T09:01:00+00:00"}}]]"#
        )
    };
    let said = ["an entity that is no power, \"sensor.plug in kWh\", export the entity of the power"];
    refused("power", &[("history.json", &json("kWh"))], &[], &said);
    let ran = Folder::new().import("power", &[("history.json", &json("kW"))], &[]).ok();
    assert!(ran.out.contains("mean 500.000000 W over 60.000 s"), "{}", ran.out);
}

#[test]
fn clients_name_neither_the_engine_nor_what_failed() {
    let folder = Folder::new();
    folder.import("runs", &[("vllm.json", &vllm(""))], &["--tz", "UTC"]).ok();
    assert_eq!(folder.rows(&tables::RUN)[0]["backend"], "vllm");
    let text = vllm(r#", "mean_e2e_latency_ms": 9.0, "errors": ["", "timed out", "", "refused"]"#);
    let text = text.replace("\"num_prompts\": 10, ", "").replace('\n', "");
    let ran = folder.import("runs", &[("sglang.jsonl", &text)], &["--tz", "UTC"]).ok();
    assert!(ran.err.contains("degraded: 2 of 12 requests failed, 10 completed"), "{}", ran.err);
    assert_eq!(folder.rows(&tables::RUN)[0]["backend"], "sglang");
}

#[test]
fn the_rate_with_more_digits_says_how_long_it_took() {
    let text = "Metric,avg,min,max\nOutput Sequence Length,512.00,500,520\n\n\
                Metric,Value\nRequest Throughput (per sec),0.08\nOutput Token Throughput (per sec),38.60\nRequest Count (count),10\n";
    let folder = Folder::new();
    folder.import("runs", &[("genai.csv", text)], &["--model", "m"]).ok();
    let run = &folder.rows(&tables::RUN)[0];
    let rate = run["tokens_generated"].as_f64().unwrap() / run["latency_ms"].as_f64().unwrap() * 1e3;
    assert!((rate - 38.60).abs() < 0.01, "{run}");
}

/// A table that only a reader of commas between words sees.
#[test]
fn dmon_with_commas_is_read() {
    let text = "#Date, Time, gpu, pwr, gtemp\n#YYYYMMDD, HH:MM:SS, Idx, W, C\n20260514, 09:00:00, 0, 300, 50\n20260514, 09:00:01, 0, 300, 50\n";
    let ran = Folder::new().import("power", &[("dmon.csv", text)], &["--tz", "UTC"]).ok();
    assert!(
        ran.out.contains("nvidia-smi:0 average gpu: 2 readings") && ran.out.contains("mean 300.000000 W over 1.000 s"),
        "{}",
        ran.out
    );
}

#[test]
fn joules_of_intervals_are_powers_of_them() {
    let text =
        "Time_Of_Day_Seconds\tPkg_J\tRAM_J\n1778749202.0\t400\t20\n1778749204.0\t600\t20\n1778749205.0\t300\t10\n";
    let ran = Folder::new().import("power", &[("turbostat.txt", text)], &[]).ok();
    assert!(
        ran.out.contains("package interval_mean cpu_package: 4 readings")
            && ran.out.contains("mean 260.000000 W over 5.000 s"),
        "{}",
        ran.out
    );
}

#[test]
fn joules_of_no_time_are_left_out() {
    let text = "Time_Of_Day_Seconds\tPkg_J\tCPU\n1778749202.0\t400\t-\n1778749204.0\t600\t-\n1778749204.0\t600\t-\n1778749206.0\t600\t-\n";
    let ran = Folder::new().import("power", &[("turbostat.txt", text)], &[]).ok();
    assert!(
        ran.err.contains("joules of no time, left out: 1, first line 4")
            && ran.out.contains("mean 266.666667 W over 6.000 s"),
        "{}{}",
        ran.out,
        ran.err
    );
}

#[test]
fn a_meter_of_three_phases_has_their_sum() {
    let status = |s: i64| {
        format!(
            r#"{{"em:0": {{"id": 0, "a_act_power": 100.0, "total_act_power": 360.0}}, "emdata:0": {{"id": 0, "total_act": {:.3}}},
                "sys": {{"mac": "AA", "unixtime": {}}}}}"#,
            1000.0 + 0.1 * s as f64,
            1_778_749_200 + s
        )
    };
    let ran =
        Folder::new().import("power", &[("shelly.json", &[status(0), status(1), status(2)].join("\n"))], &[]).ok();
    assert!(
        ran.out.contains("shelly:AA:em:0 counter node") && ran.out.contains("mean 360.000000 W over 2.000 s"),
        "{}",
        ran.out
    );
}

/// Prometheus gives the last scrape again and again: a counter that stands still in between is late by as much as a scrape.
#[test]
fn a_counter_that_is_read_more_often_than_scraped_has_that_error() {
    let folder = Folder::new();
    folder.import("runs", &[("vllm.json", &vllm(""))], &["--tz", "UTC"]).ok();
    // 600 W in the minute of the run, 80 W else; scraped every 30 s, ten seconds off, asked every 5 s.
    let began = 1_778_745_600;
    let joules = |s: i64| 80 * s + 520 * (s - 3600).clamp(0, 60);
    let value = |s: i64| 1000 * joules((s - 10) / 30 * 30 + 10);
    let values: Vec<String> = (60..7200).step_by(5).map(|s| format!("[{}, \"{}\"]", began + s, value(s))).collect();
    let text = format!(
        r#"{{"status": "success", "data": {{"resultType": "matrix", "result": [{{"metric": {{
            "__name__": "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "gpu": "0", "UUID": "GPU-1"}}, "values": [{}]}}]}}}}"#,
        values.join(", ")
    );
    folder.import("power", &[("prometheus.json", &text)], &[]).ok();
    let sensor = &folder.rows(&tables::SENSOR)[0];
    assert_eq!(sensor["update_period_ms"], 30_000.0, "{sensor}");
    let energies = folder.energies();
    assert!(energies.iter().any(|e| e["reasons"] == "error bound over max_error_pct"), "{energies:?}");
}
