//! Kinds of logs that can be read in two ways: what each gives, or the question that it is.

use super::*;
use ::sensor::Kind;
use std::collections::BTreeMap;

/// What a log gave: the readings of each sensor that counts, in order of time, and the remarks.
#[derive(Debug, Default)]
pub struct Log {
    pub rows: BTreeMap<String, (Kind, Vec<(i64, f64)>)>,
    pub notes: Vec<String>,
}

impl Log {
    /// Energy of a sensor from one instant to another, s since the hour of the tests, as `join-telemetry` has it; none over a new
    /// beginning.
    pub fn joules(&self, device: &str, from: f64, to: f64) -> Option<f64> {
        let second = || self.rows.contains_key(&format!("{device}#")).then(|| format!("{device}#"));
        self.joules_of(device, from, to).or_else(|| self.joules_of(&second()?, from, to))
    }

    fn joules_of(&self, device: &str, from: f64, to: f64) -> Option<f64> {
        let (kind, rows) = self.rows.get(device)?;
        let (from, to) = (HOUR_NS + (from * 1e9) as i64, HOUR_NS + (to * 1e9) as i64);
        let covered = rows.first()?.0 <= from && to <= rows.last()?.0;
        let pair = |pair: &[(i64, f64)]| -> Option<f64> {
            let ((t0, v0), (t1, v1)) = (pair[0], pair[1]);
            let (a, z) = (t0.max(from), t1.min(to));
            if z <= a {
                return Some(0.0);
            }
            let at = |t: i64| v0 + (v1 - v0) * (t - t0) as f64 / (t1 - t0) as f64;
            let seconds = (z - a) as f64 / 1e9;
            match kind {
                Kind::Counter if v1 < v0 => None,
                Kind::Counter => Some((v1 - v0) * (z - a) as f64 / (t1 - t0) as f64),
                Kind::IntervalMean | Kind::Model => Some(v1 * seconds),
                Kind::Instant | Kind::Average => Some((at(a) + at(z)) / 2.0 * seconds),
            }
        };
        rows.windows(2).map(pair).sum::<Option<f64>>().filter(|_| covered)
    }

    /// Of all sensors together, from the first to the last reading of each.
    pub fn total(&self) -> f64 {
        let ends = |rows: &[(i64, f64)], at: usize| (rows[at].0 - HOUR_NS) as f64 / 1e9;
        let all = self.rows.iter();
        all.filter_map(|(id, (_, rows))| self.joules(id, ends(rows, 0), ends(rows, rows.len() - 1))).sum()
    }

    pub fn says(&self, text: &str) -> bool {
        self.notes.iter().any(|note| note.contains(text))
    }
}

/// 2026-05-14T08:00:00Z.
pub const HOUR_NS: i64 = 1_778_745_600_000_000_000;

pub fn asked(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options::default();
    options.files.into = std::env::temp_dir();
    options.files.tz = Some("UTC".parse().unwrap());
    change(&mut options);
    options
}

/// Reads files as `import power` does, up to what it writes.
pub fn read_files(files: &[&str], options: &Options) -> Result<Log, String> {
    let mut options = options.clone();
    options.files.paths = (0..files.len()).map(|i| PathBuf::from(format!("{i}.csv"))).collect();
    let mut sink = Sink::new(&options);
    let mut log = Log::default();
    for (at, text) in files.iter().enumerate() {
        let source = Source::of(text.as_bytes());
        let name = |fault: crate::read::fault::Fault| fault.of(&options.files.paths[at]).to_string();
        let format = format::of(source, options.format.as_deref(), ALL).map_err(name)?;
        sink.begin(at, format.name);
        (format.read)(source, &mut sink)
            .and_then(|()| sink.end())
            .and_then(|()| sink.refuse_unlike(source))
            .map_err(name)?;
        log.notes.extend(sink.notes.texts());
    }
    sink.notes = Default::default();
    sink.check(&options.files.paths).map_err(|fault| fault.to_string())?;
    log.notes.extend(sink.notes.texts());
    sink.see_rows(|sensor, t, v| {
        // The second part of a power with a time that is not known has another kind.
        let is_second = log.rows.get(&sensor.device_id).is_some_and(|(kind, _)| *kind != sensor.kind);
        let id = if is_second { format!("{}#", sensor.device_id) } else { sensor.device_id.clone() };
        let rows = log.rows.entry(id).or_insert((sensor.kind, Vec::new()));
        if rows.0 == sensor.kind {
            rows.1.extend(t.iter().copied().zip(v.iter().copied()).filter(|(_, v)| !v.is_nan()));
        }
    });
    Ok(log)
}

pub fn read_one(text: &str) -> Result<Log, String> {
    read_files(&[text], &asked(|_| {}))
}

fn csv(header: &str, rows: impl Iterator<Item = String>) -> String {
    format!("{header}\n{}", rows.collect::<String>())
}

const T: i64 = HOUR_NS / 1_000_000_000;

fn four_gpus(s: i64) -> String {
    (0..4).map(|g| format!("{},{g},{}\n", T + s, 300 + 10 * g + 10 * s)).collect()
}

#[test]
fn columns_of_somebodys_own_tell_sensors_apart() {
    for name in [
        "gpu", "GPU_ID", "index", "uuid", "host", "Hostname", "node", "socket", "die", "name", "id", "channel", "phase",
    ] {
        let log = read_one(&csv(&format!("timestamp,{name},power_w"), (0..4).map(four_gpus))).unwrap();
        assert_eq!((log.rows.len(), log.total()), (4, 3960.0), "{name}: {:?}", log.notes);
    }
    // Two machines with the same GPUs, read one after another.
    let rows = |s: i64| format!("{t},a,0,100\n{t},a,1,200\n{t}.5,b,0,300\n{t}.5,b,1,400\n", t = T + s);
    let log = read_one(&csv("time,host,gpu,power_w", (0..40).map(rows))).unwrap();
    let ids: Vec<&str> = log.rows.keys().map(String::as_str).collect();
    assert_eq!(ids, ["csv:a:0", "csv:a:1", "csv:b:0", "csv:b:1"]);
    assert_eq!(log.joules("csv:b:1", 1.0, 11.0), Some(4000.0));
    let turns = |s: i64| format!("{t},a,0,100\n{t}.1,a,1,200\n{t}.5,b,0,300\n{t}.6,b,1,400\n", t = T + s);
    let log = read_one(&csv("time,host,gpu,power_w", (0..40).map(turns))).unwrap();
    assert_eq!((log.rows.len(), log.joules("csv:b:1", 1.0, 11.0)), (4, Some(4000.0)));
    let text = csv("time,host,gpu,power_w", (0..40).map(rows));
    let log = read_files(&[&text], &asked(|o| o.gpus = vec!["b:1".into(), "0".into()])).unwrap();
    assert_eq!(log.rows.len(), 3);
}

#[test]
fn columns_that_are_no_names_are_a_question_or_no_matter() {
    // The utilisation of a GPU.
    let busy = csv(
        "time,power_w,gpu",
        (0..60).map(|s| format!("{},{},{}\n", T + s, 300 + s, [0, 7, 93, 93, 50][s as usize * 7 % 5])),
    );
    assert_eq!(
        read_one(&busy).unwrap_err(),
        "0.csv: line 1: does column \"gpu\" tell sensors apart?, 4 values in 60 rows, \
         --series gpu if it does, --series none if all rows are of one sensor"
    );
    assert_eq!(read_files(&[&busy], &asked(|o| o.series = vec!["none".into()])).unwrap().rows.len(), 1);
    // The number of the row, and a label that changes with time.
    let numbered =
        csv("id,time,job,power_w", (0..60).map(|s| format!("{s},{},{},300\n", T + s, if s < 30 { "a" } else { "b" })));
    let log = read_one(&numbered).unwrap();
    assert_eq!((log.rows.len(), log.total()), (1, 17_700.0));
    assert!(log.says("column job changes with time alone and tells no sensors apart"), "{:?}", log.notes);
}

#[test]
fn unlike_readings_of_one_instant_are_refused_with_the_columns_that_differ() {
    let text = csv("time,box,power_w", (0..4).map(|s| format!("{t},x,300\n{t},y,310\n", t = T + s)));
    assert_eq!(
        read_one(&text).unwrap_err(),
        "0.csv: line 3: unlike readings of one sensor at one instant, \
         2026-05-14T08:00:00Z: 300 W in line 2 and 310 W in line 3 of csv, \
         name the column that tells sensors apart: --series box; \
         or, if they are readings of one sensor of which the mean counts: --series none"
    );
    assert_eq!(read_files(&[&text], &asked(|o| o.series = vec!["box".into()])).unwrap().total(), 1830.0);
    assert_eq!(read_files(&[&text], &asked(|o| o.series = vec!["none".into()])).unwrap().total(), 915.0);
    let shuffled = csv(
        "time,power_w",
        [0, 3, 1, 2, 5, 4, 0, 3, 1].iter().zip(0..).map(|(s, w)| format!("{},{}\n", T + s, 300 + w)),
    );
    let refusal = read_one(&shuffled).unwrap_err();
    assert!(refusal.contains("at one instant, 2026-05-14T08:00:00Z: 300 and 306 of csv"), "{refusal}");
    let twice = csv("time,power_w", (0..4).map(|s| format!("{t},300\n{t},300\n", t = T + s)));
    assert_eq!(read_one(&twice).unwrap().total(), 900.0);
}

#[test]
fn energies_of_intervals_are_added_up_and_totals_are_not() {
    let rows = |values: &'static [i64]| values.iter().zip(0..).map(|(v, s)| format!("{},{v}\n", T + s));
    let level = read_one(&csv("time,energy_j", rows(&[300, 310, 305, 300, 310, 290, 300, 305]))).unwrap();
    assert_eq!(level.total(), 2120.0);
    assert!(level.says("are those of the time since the row before, and no running total"), "{:?}", level.notes);
    assert_eq!(read_one(&csv("time,energy_j", rows(&[300, 610, 900, 1200]))).unwrap().total(), 900.0);
    let still = csv("time,energy_j", rows(&[500, 500, 500, 500]));
    assert_eq!(
        read_one(&still).unwrap_err(),
        "0.csv: a running total of energy, or energies of intervals?, \
         csv: 4 readings, of which 0 are higher than the one before and 0 lower, \
         say which: --energy counter or --energy interval (each row has the energy since the row before)"
    );
    let interval = |o: &mut Options| o.energy = Some(sink::totals::Energies::Interval);
    assert_eq!(read_files(&[&still], &asked(interval)).unwrap().total(), 1500.0);
    // What was used in a step that is missing is not known.
    let missing = csv("time,energy_delta_j", [0, 1, 2, 3, 9, 10].iter().map(|s| format!("{},300\n", T + s)));
    let log = read_one(&missing).unwrap();
    assert_eq!(
        (log.joules("csv", 0.0, 3.0), log.joules("csv", 2.0, 10.0), log.joules("csv", 9.0, 10.0)),
        (Some(900.0), None, Some(300.0))
    );
    let none = csv("time,energy", rows(&[300, 610, 900]));
    assert_eq!(
        read_one(&none).unwrap_err(),
        "0.csv: line 2: energies without a unit, \"300\", \
         say the unit of its column: --energy-unit J, --energy-unit Wh or --energy-unit kWh"
    );
    assert_eq!(
        read_files(&[&none], &asked(|o| o.energy_unit = Some(EnergyUnit::WattHour)))
            .unwrap_err()
            .matches("more energy")
            .count(),
        1
    );
}

#[test]
fn readings_that_no_sensor_gives_are_failed_ones() {
    let spike = csv("time,gpu,power_w", (0..9).map(|s| format!("{},0,{}\n", T + s, if s == 4 { 1e15 } else { 300.0 })));
    let log = read_one(&spike).unwrap();
    assert_eq!((log.total(), log.rows["csv:0"].1.len()), (2400.0, 8));
    assert!(
        log.says("a value over the limit of 10000 W: a failed reading: 1, first line 6 (1000000000000000 W)"),
        "{:?}",
        log.notes
    );
    let busy =
        csv("time,power_w,utilisation_pct", (0..9).map(|s| format!("{},{},97\n", T + s, if s == 4 { 0 } else { 300 })));
    assert_eq!(read_one(&busy).unwrap().total(), 2400.0);
    let below = csv("time,power_w", (0..9).map(|s| format!("{},{}\n", T + s, if s == 4 { -300 } else { 300 })));
    assert_eq!(read_one(&below).unwrap().total(), 2400.0);
    let counter = |s: i64| format!("{},{}\n", T + s, if s == 4 { 4_294_967_295 } else { 1000 + 300 * s });
    let log = read_one(&csv("time,energy_total_j", (0..30).map(counter))).unwrap();
    assert_eq!(log.joules("csv", 0.0, 29.0), Some(8700.0), "{:?}", log.notes);
}

#[test]
fn units_that_nothing_says_are_asked_for() {
    let rows = |watt: f64| (0..4).map(move |s| format!("{},{watt}\n", T + s));
    for (watt, unit) in [(0.412, "kW"), (300_000.0, "mW")] {
        let refusal = read_one(&csv("time,power", rows(watt))).unwrap_err();
        assert_eq!(
            refusal,
            format!(
                "0.csv: no power of a node: the largest reading of csv, {watt} W, \
                 say the unit of its column: --power-unit {unit}, or --power-unit W if it is right"
            )
        );
    }
    let log = read_files(&[&csv("time,power", rows(0.412))], &asked(|o| o.power_unit = Some(PowerUnit::Kilowatt)));
    assert_eq!(log.unwrap().total(), 1236.0);
}

#[test]
fn one_sensor_under_two_names_counts_once() {
    let rows = |s: i64| {
        let uj = 10_000_000_000_i64 + 68_000_000 * s;
        format!("{t},package-0-die-0,{uj},65532610987\n{t},package-0-die-1,{},65532610987\n", uj + 300, t = T + s)
    };
    let log = read_one(&csv("timestamp,zone,energy_uj,max_energy_range_uj", (0..4).map(rows))).unwrap();
    assert_eq!(log.total(), 204.0);
    assert!(log.says("counted once, as rapl:package-0-die-0"), "{:?}", log.notes);
    let sum = |s: i64| format!("{t},a,100\n{t},b,150\n{t},total,250\n", t = T + s);
    assert_eq!(read_one(&csv("time,channel,power_w", (0..4).map(sum))).unwrap().total(), 750.0);
    let other = |s: i64| format!("{t},a,100\n{t},b,150\n{t},total,400\n", t = T + s);
    assert_eq!(
        read_one(&csv("time,channel,power_w", (0..4).map(other))).unwrap_err(),
        "0.csv: a sensor of a sum that is not that of the others, \
         csv:total has 400.0 W in the mean, the 2 others together 250.0 W, \
         leave out its rows or theirs: a sum and its parts must not be added up"
    );
}

#[test]
fn tasks_of_codecarbon_are_windows_of_their_own() {
    let row = |task: &str, end: i64, s: f64, kwh: f64| format!("{task},{},r,{s},{kwh},0,0,{kwh}\n", T + end);
    let header = "task_name,timestamp,run_id,duration,cpu_energy,gpu_energy,ram_energy,energy_consumed";
    let rows = [row("load", 20, 20.0, 0.0005), row("a", 90, 60.0, 0.01), row("b", 220, 120.0, 0.02)];
    let log = read_one(&csv(header, rows.into_iter())).unwrap();
    let joules = |from, to| log.joules("codecarbon:cpu", from, to).map(|j| (j * 1e3).round() / 1e3);
    assert_eq!((joules(100.0, 220.0), joules(30.0, 90.0), joules(0.0, 90.0)), (Some(72_000.0), Some(36_000.0), None));
}

#[test]
fn a_broken_answer_of_a_plug_costs_itself_alone() {
    let answer = |s: i64| format!(r#"{{"meters": [{{"power": 300.0, "is_valid": true}}], "unixtime": {}}}"#, T + s);
    let lines: Vec<String> = (0..5).map(|s| if s == 2 { answer(s)[..30].to_string() } else { answer(s) }).collect();
    let log = read_one(&lines.join("\n")).unwrap();
    assert_eq!(log.joules("shelly:meters:0", 0.0, 4.0), Some(1200.0));
    assert!(log.says("no whole answer, left out: 1, first line 3"), "{:?}", log.notes);
    let phases = |s: i64, total: f64| {
        format!(
            r#"{{"em:0": {{"a_act_power": 100, "b_act_power": 100, "c_act_power": 100, "total_act_power": {total}}},
                "sys": {{"unixtime": {}}}}}"#,
            T + s
        )
    };
    let lines: Vec<String> = (0..5).map(|s| phases(s, if s == 2 { 900.0 } else { 300.0 })).collect();
    let log = read_one(&lines.join("\n")).unwrap();
    assert_eq!(log.joules("shelly:em:0", 0.0, 4.0), Some(1200.0));
    assert!(log.says("phases of 300 W together, and 900 W in all"), "{:?}", log.notes);
}

#[test]
fn a_gpu_without_a_column_is_read_from_the_next() {
    let rows = |s: i64| format!("{t}, 0, 300.00 W, 310.00 W\n{t}, 1, [N/A], 200.00 W\n", t = T + s);
    let log = read_one(&csv("timestamp, index, power.draw [W], power.draw.instant [W]", (0..3).map(rows))).unwrap();
    assert_eq!(
        (log.joules("nvidia-smi:0", 0.0, 2.0), log.joules("nvidia-smi:1", 0.0, 2.0)),
        (Some(600.0), Some(400.0))
    );
    assert!(log.says("GPU 1: power.draw has no reading, power.draw.instant is taken"), "{:?}", log.notes);
    let rows = |s: i64| format!("{},card0,N/A,300\n", T + s);
    let header = "timestamp,device,Average Graphics Package Power (W),Current Socket Graphics Package Power (W)";
    assert_eq!(read_one(&csv(header, (0..3).map(rows))).unwrap().total(), 600.0);
}

/// The unit of a column changed in the middle of a log, and nothing says so.
#[test]
fn a_thousandth_of_the_power_is_refused_and_one_low_reading_is_not() {
    let log = |from: i64, to: i64| {
        let watt = move |s: i64| if (from..to).contains(&s) { 0.12 } else { 120.0 };
        csv("time,gpu,power_w", (0..40).map(move |s| format!("{},0,{}\n", T + s, watt(s))))
    };
    assert_eq!(
        read_one(&log(20, 40)).unwrap_err(),
        "0.csv: line 22: 20 of 40 readings of csv:0 are under 0.5 W, 0.12 W beside 120 W, \
         split the log where its unit changes, or say --power-unit W if it is right"
    );
    assert!(read_one(&log(20, 21)).is_ok());
    assert!(read_files(&[&log(20, 40)], &asked(|o| o.power_unit = Some(PowerUnit::Watt))).is_ok());
}
