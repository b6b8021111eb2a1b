//! Columns in another unit than they say, zeros, holes, and figures of one sensor that contradict each other.

use super::kinds::{HOUR_NS, asked, read_files, read_one};
use super::{Options, PowerUnit};

const T: i64 = HOUR_NS / 1_000_000_000;

fn csv(header: &str, rows: impl Iterator<Item = String>) -> String {
    format!("{header}\n{}", rows.collect::<String>())
}

#[test]
fn a_lasting_step_of_a_thousand_is_another_unit_and_a_load_is_not() {
    let log = |factor: f64| {
        let watt = move |s: i64| (400.0 + s as f64) * if s < 20 { 1.0 } else { factor };
        csv("time,power_w", (0..40).map(move |s| format!("{},{}\n", T + s, watt(s))))
    };
    assert_eq!(
        read_one(&log(0.001)).unwrap_err(),
        "0.csv: line 22: from here on csv has another unit, or a fault, 419.000000 W and then 0.420000 W, and it stays so, \
         split the log where its unit changes, or say --power-unit W if it is right"
    );
    assert!(read_one(&log(0.03)).is_ok());
    let asked = |o: &mut Options| o.power_unit = Some(PowerUnit::Watt);
    assert!(read_files(&[&log(0.001)], &super::kinds::asked(asked)).is_ok());
    let counter =
        |s: i64| format!("{},{}\n", T + s, if s < 20 { 1e4 + 300.0 * s as f64 } else { 10.0 + 0.3 * s as f64 });
    let refusal = read_one(&csv("time,energy_total_j", (0..40).map(counter))).unwrap_err();
    assert!(refusal.starts_with("0.csv: line 23: from here on csv has another unit, or a fault, 300.0"), "{refusal}");
    assert!(refusal.ends_with("or say --energy-unit J if it is right"), "{refusal}");
}

#[test]
fn a_stretch_in_another_unit_is_named() {
    let watt = |s: i64| if (20..30).contains(&s) { 0.4 } else { 400.0 };
    let found = read_one(&csv("time,power_w", (0..60).map(|s| format!("{},{}\n", T + s, watt(s))))).unwrap();
    let said = "a power changes by a factor of 300 or more: another unit, a fault, or something that was off: 1, first line 22 \
                (2 times, csv: 400 W and then 0.4 W)";
    assert!(found.says(said), "{:?}", found.notes);
}

#[test]
fn a_power_or_a_counter_of_nothing_that_runs_is_refused() {
    let power = csv("time,power_w", (0..9).map(|s| format!("{},0.4\n", T + s)));
    assert_eq!(
        read_one(&power).unwrap_err(),
        "0.csv: no power of a node: the largest reading of csv, 0.4 W, say the unit of its column: --power-unit kW, \
         or --power-unit W if it is right"
    );
    let counter = csv("time,energy_total_j", (0..9).map(|s| format!("{},{}\n", T + s, 0.4 * s as f64)));
    assert_eq!(
        read_one(&counter).unwrap_err(),
        "0.csv: no energy of a node: csv has a mean power of, 0.400000 W, check the unit of its column; \
         --energy-unit states it in a table of your own"
    );
}

#[test]
fn zeros_beside_readings_are_failed_ones() {
    let power =
        csv("time,power_w", (0..9).map(|s| format!("{},{}\n", T + s, if (3..6).contains(&s) { 0 } else { 300 })));
    let found = read_one(&power).unwrap();
    assert_eq!(found.total(), 2400.0);
    assert!(
        found.says(
            "0 beside other readings, which nothing gives that is on: failed readings: 1, first line 5 (3 of csv)"
        ),
        "{:?}",
        found.notes
    );
    let counter = |s: i64| format!("{},{}\n", T + s, if (3..6).contains(&s) { 0 } else { 1000 + 300 * s });
    assert_eq!(read_one(&csv("time,energy_total_j", (0..9).map(counter))).unwrap().total(), 2400.0);
}

#[test]
fn a_hole_is_named_with_its_line_and_its_length() {
    let times = (0..30).chain(60..90);
    let found = read_one(&csv("time,power_w", times.map(|s| format!("{},300\n", T + s)))).unwrap();
    assert!(
        found.says("a hole in the readings ends here: 1, first line 32 (csv: 31.0 s from 2026-05-14T08:00:29Z)"),
        "{:?}",
        found.notes
    );
    for step in [1, 15, 300] {
        let regular = csv("time,power_w", (0..200).map(|i| format!("{},300\n", T + step * i)));
        let found = read_one(&regular).unwrap();
        assert!(!found.says("a hole"), "{:?}", found.notes);
    }
}

/// What the join undoes of a sensor that averages is not lost beside a time that is not known.
#[test]
fn a_power_with_a_hole_stays_a_power() {
    let rows = (0..60).map(|s| (s, 100)).chain((30..90).map(|s| (s, 200)));
    let found = read_one(&csv("time,power_w", rows.map(|(s, w)| format!("{},{w}\n", T + s)))).unwrap();
    let kinds: Vec<_> = found.rows.iter().map(|(id, (kind, rows))| (id.as_str(), kind.name(), rows.len())).collect();
    assert_eq!(kinds, [("csv", "instant", 30), ("csv#", "average", 30)]);
    assert_eq!((found.joules("csv", 0.0, 29.0), found.joules("csv", 60.0, 89.0)), (Some(2900.0), Some(5800.0)));
    assert_eq!((found.joules("csv", 20.0, 40.0), found.joules("csv", 20.0, 80.0)), (None, None));
}

#[test]
fn a_counter_and_a_power_of_one_sensor_agree() {
    let log = |to_wh: f64| -> String {
        (0..60)
            .map(|s| {
                let total = 2000.0 + 300.0 * s as f64 / to_wh;
                format!(r#"{{"sys": {{"unixtime": {}}}, "switch:0": {{"apower": 300.0, "aenergy": {{"total": {total}}}}}}}"#, T + s) + "\n"
            })
            .collect()
    };
    assert!(read_one(&log(3600.0)).is_ok());
    assert_eq!(
        read_one(&log(360.0)).unwrap_err(),
        "0.csv: energy and power of one sensor contradict each other, shelly:switch:0: 3000.000 W by its counter and 300.000 W \
         by its power, in the mean, correct the unit of the one that is wrong, or leave it out of the log"
    );
}

#[test]
fn wholes_and_their_parts_are_not_added() {
    let of = |a: (&str, i64), b: (&str, i64), c: (&str, i64)| {
        let row = |s: i64| [a, b, c].iter().map(|(n, w)| format!("{},{n},{w}\n", T + s)).collect::<String>();
        read_one(&csv("time,device,power_w", (0..9).map(row)))
    };
    let found = of(("cpu", 100), ("gpu0", 150), ("system", 300)).unwrap();
    assert_eq!(found.total(), 2400.0);
    assert!(
        found.says("csv:system is the whole of which csv:cpu, csv:gpu0 are parts: it is counted, and they are not"),
        "{:?}",
        found.notes
    );
    assert_eq!(of(("cpu", 100), ("gpu0", 150), ("total", 250)).unwrap().total(), 2000.0);
    assert_eq!(
        of(("cpu", 100), ("gpu0", 150), ("system", 200)).unwrap_err(),
        "0.csv: a sensor of a sum that is not that of the others, csv:system has 200.0 W in the mean, the 2 others together 250.0 W, \
         leave out its rows or theirs: a sum and its parts must not be added up"
    );
    let counter = |total: i64| {
        let row = |s: i64| {
            [("cpu", 100), ("gpu0", 150), ("total", total)].map(|(n, w)| format!("{},{n},{}\n", T + s, w * s)).concat()
        };
        read_one(&csv("time,device,energy_total_j", (0..9).map(row)))
    };
    assert_eq!(counter(250).unwrap().total(), 2000.0);
    assert!(counter(400).unwrap_err().contains("csv:total has 400.0 W in the mean, the 2 others together 250.0 W"));
}

#[test]
fn rapl_in_another_unit_is_rapl_and_a_fall_costs_its_stretch() {
    let log = |unit: &str, per_j: f64, from: f64| {
        let row = |s: i64| {
            let joules = if s < 20 { 5000.0 + 60.0 * s as f64 } else { from + 60.0 * s as f64 };
            format!("{},package-0,{:.3}\n", T + s, joules * per_j)
        };
        csv(&format!("timestamp,zone,energy_{unit}"), (0..40).map(row))
    };
    for (unit, per_j) in [("uj", 1e6), ("mj", 1e3), ("j", 1.0)] {
        let found = read_files(&[&log(unit, per_j, 5000.0)], &asked(|_| {})).unwrap();
        assert_eq!(found.joules("rapl:package-0", 0.0, 39.0).map(f64::round), Some(2340.0), "{unit}");
    }
    let found = read_one(&log("uj", 1e6, 1.0)).unwrap();
    let joules = |from, to| found.joules("rapl:package-0", from, to).map(f64::round);
    assert_eq!((joules(0.0, 19.0), joules(20.0, 39.0), joules(10.0, 30.0)), (Some(1140.0), Some(1140.0), None));
    assert!(
        found.says("the counter fell and its range is not known")
            && found.says("1, first line 22 (package-0: 6140.000000 J to 1201.000000 J)"),
        "{:?}",
        found.notes
    );
}

#[test]
fn parts_of_powermetrics_and_their_sum_agree() {
    let block = |s: i64, gpu: i64| {
        format!(
            "*** Sampled system activity (Thu May 14 08:00:{s:02} 2026 +0000) (1000.00ms elapsed) ***\n\nCPU Power: 500 mW\n\
             GPU Power: {gpu} mW\nANE Power: 0 mW\nCombined Power (CPU + GPU + ANE): 8500 mW\n\nGPU Power: 8000 mW\n"
        )
    };
    let log: String = (1..20).map(|s| block(s, if s == 9 { 8 } else { 8000 })).collect();
    let found = read_one(&log).unwrap();
    assert!(
        found.says("two unlike powers of the GPU in one sample, left out: 1, first line 65 (0.008 W and 8 W)"),
        "{:?}",
        found.notes
    );
}

#[test]
fn a_rail_draws_no_more_than_the_module_and_a_total_fits_its_power() {
    let row = |s: i64| {
        let (module, soc) = if s == 5 { (2000, 20_000) } else { (20_000, 2000) };
        format!(
            "05-14-2026 08:00:{s:02} RAM 2/3MB (lfb 5x4MB) CPU [4%@729] VDD_IN {module}mW/{module}mW VDD_SOC {soc}mW/{soc}mW\n"
        )
    };
    let found = read_one(&(0..10).map(row).collect::<String>()).unwrap();
    assert_eq!(found.joules("tegrastats:VDD_IN", 0.0, 9.0), Some(180.0));
    assert!(found.says("no reading but \"2 W beside 20 W of VDD_SOC, which lies inside of it\""), "{:?}", found.notes);
    let message = |s: i64| {
        format!(r#"{{"Time": "2026-05-14T08:00:{s:02}", "ENERGY": {{"Total": {}, "Power": 300}}}}"#, 10.0 + s as f64)
            + "\n"
    };
    assert_eq!(
        read_one(&(0..10).map(message).collect::<String>()).unwrap_err(),
        "0.csv: energy and power of one sensor contradict each other, channel 0: 32400000 J by Total and 2700 J by Power, \
         correct the unit of the one that is wrong, or leave Total out of the log"
    );
}
