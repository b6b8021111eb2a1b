//! One log in two files, and spans of time that cannot be.

use super::kinds::{HOUR_NS, asked, read_files, read_one};

const T: i64 = HOUR_NS / 1_000_000_000;

/// The energy of a log in one file, and of its halves in either order.
fn whole_and_halves(header: &str, rows: &[String], device: &str, (from, to): (f64, f64)) -> Vec<Option<f64>> {
    let text = |rows: &[String]| format!("{header}\n{}", rows.concat());
    let joules = |files: &[&str]| read_files(files, &asked(|_| {})).unwrap().joules(device, from, to);
    let mut found = vec![joules(&[&text(rows)])];
    for at in 1..rows.len() {
        let (a, b) = (text(&rows[..at]), text(&rows[at..]));
        found.extend([joules(&[&a, &b]), joules(&[&b, &a])]);
    }
    found.into_iter().map(|j| j.map(|j| (j * 1e3).round() / 1e3)).collect()
}

#[test]
fn one_log_of_spans_in_two_files_is_that_log() {
    let flush = |s: i64| format!("{},r,{s}.0,{:.9},0,0,{:.9}\n", T + s, s as f64 * 3e-5, s as f64 * 3e-5);
    let header = "timestamp,run_id,duration,cpu_energy,gpu_energy,ram_energy,energy_consumed";
    let rows: Vec<String> = (1..8).map(|i| flush(10 * i)).collect();
    let found = whole_and_halves(header, &rows, "codecarbon:cpu", (5.0, 65.0));
    assert!(found.iter().all(|j| *j == Some(6480.0)), "{found:?}");

    let rows: Vec<String> = (0..7).map(|i| format!("{},w{i},10.0,{}\n", T + 10 * i, 1000 + i)).collect();
    let found = whole_and_halves("start_time,window_name,elapsed_time,gpu0_energy", &rows, "zeus:gpu0", (0.0, 70.0));
    assert!(found.iter().all(|j| *j == Some(7021.0)), "{found:?}");

    let rows: Vec<String> = (0..7).map(|i| format!("sensor.plug,{},{}\n", 300 + i, T + 10 * i)).collect();
    let found = whole_and_halves("entity_id,state,last_changed", &rows, "home-assistant:sensor.plug", (5.0, 55.0));
    assert!(found.iter().all(|j| *j == found[0] && j.is_some()), "{found:?}");
}

/// A clock that began with the machine says nothing of itself when a file began.
#[test]
fn windows_of_a_machine_clock_are_placed_by_the_first_of_all_files() {
    let file = |from: i64| {
        let rows: String = (from..from + 2).map(|i| format!("{},w,10.0,1000\n", 500 + 10 * i)).collect();
        format!("start_time,window_name,elapsed_time,gpu0_energy\n{rows}")
    };
    let start = |o: &mut super::Options| o.start = Some("2026-05-14T08:00:00Z".into());
    let found = read_files(&[&file(2), &file(0)], &asked(start)).unwrap();
    assert_eq!(found.joules("zeus:gpu0", 0.0, 40.0), Some(4000.0));
}

#[test]
fn two_exports_of_one_entity_may_overlap_and_not_contradict_each_other() {
    let file = |range: std::ops::Range<i64>, add: i64| {
        let rows: String = range.map(|s| format!("sensor.plug,{},{}\n", 300 + s + add, T + s)).collect();
        format!("entity_id,state,last_changed\n{rows}")
    };
    let whole = read_one(&file(0..60, 0)).unwrap().total();
    assert_eq!(read_files(&[&file(0..40, 0), &file(20..60, 0)], &asked(|_| {})).unwrap().total(), whole);
    assert_eq!(
        read_files(&[&file(0..40, 0), &file(20..60, 7)], &asked(|_| {})).unwrap_err(),
        "1.csv: the same sensor at the same time as in 0.csv, home-assistant:sensor.plug, import one of them, \
         or logs with UUIDs where they are of two machines"
    );
    let apart = read_files(&[&file(0..20, 0), &file(600..620, 0)], &asked(|_| {})).unwrap();
    assert!(apart.says("the last state of 0.csv holds for 581.0 s until the first of 1.csv"), "{:?}", apart.notes);
}

#[test]
fn energies_that_no_window_can_have_are_failed_readings() {
    let log = |joules: [f64; 3]| {
        let rows: String = joules.iter().zip(0..).map(|(j, i)| format!("{},w{i},10.0,{j}\n", T + 10 * i)).collect();
        format!("start_time,window_name,elapsed_time,gpu0_energy\n{rows}")
    };
    for (joules, why) in [
        (
            3.0e6,
            "more energy than anything of its kind takes, a failed reading: 1, first line 3 (3000000 J in 10.0 s of zeus:gpu0)",
        ),
        (3.0, "less energy than what is on takes, a failed reading: 1, first line 3 (3 J in 10.0 s of zeus:gpu0)"),
        (
            65_535.0,
            "a value that stands for none (2^16 - 1), a failed reading: 1, first line 3 (65535 J in 10.0 s of zeus:gpu0)",
        ),
    ] {
        let found = read_one(&log([3000.0, joules, 3000.0])).unwrap();
        assert!(found.says(why), "{:?}", found.notes);
        assert_eq!((found.joules("zeus:gpu0", 0.0, 10.0), found.joules("zeus:gpu0", 5.0, 25.0)), (Some(3000.0), None));
    }
    assert_eq!(
        read_one(&log([3.0e6; 3])).unwrap_err(),
        "0.csv: no energy that its kind can take, zeus:gpu0, check the unit of its column, and the log"
    );
    let twice = log([3000.0, 2000.0, 1000.0]) + &format!("{},w1,10.0,2000\n", T + 10);
    let found = read_one(&twice).unwrap();
    assert!(found.says("a window that is there twice counts once: 1, first line 5"), "{:?}", found.notes);
    assert_eq!(found.joules("zeus:gpu0", 0.0, 30.0), Some(6000.0));
}

/// CodeCarbon cuts its stamps to whole seconds.
#[test]
fn tasks_that_follow_one_another_do_not_overlap() {
    let row = |task: &str, end: i64, s: f64| format!("{task},{},r,{s},0.01,0,0,0.01\n", T + end);
    let header = "task_name,timestamp,run_id,duration,cpu_energy,gpu_energy,ram_energy,energy_consumed";
    let log = |s: f64| format!("{header}\n{}{}", row("a", 20, 20.0), row("b", 40, s));
    let found = read_one(&log(20.7)).unwrap();
    assert_eq!(found.joules("codecarbon:cpu", 0.0, 40.0).map(f64::round), Some(72_000.0));
    assert!(read_one(&log(21.7)).unwrap_err().contains("windows overlap and must not be added"));
}

const CODECARBON: &str =
    "timestamp,run_id,duration,cpu_power,gpu_power,ram_power,cpu_energy,gpu_energy,ram_energy,energy_consumed,pue";

#[test]
fn figures_of_codecarbon_that_contradict_each_other_cost_their_row() {
    let row = |s: i64, gpu: f64, whole: f64| {
        format!("{},r,{s}.0,0,300.0,20.0,0,{:.9},{:.9},{:.9},1.0\n", T + s, gpu, s as f64 * 20.0 / 3.6e6, whole)
    };
    let kwh = |s: i64| s as f64 * 300.0 / 3.6e6;
    let whole = |s: i64| kwh(s) + s as f64 * 20.0 / 3.6e6;
    let rows: Vec<String> =
        (1..6).map(|i| 10 * i).map(|s| row(s, kwh(s) * if s == 20 { 1000.0 } else { 1.0 }, whole(s))).collect();
    let found = read_one(&format!("{CODECARBON}\n{}", rows.concat())).unwrap();
    assert_eq!(found.joules("codecarbon:gpu", 0.0, 50.0).map(f64::round), Some(15_000.0));
    assert!(
        found.says(
            "energy_consumed is not the sum of cpu_energy, gpu_energy and ram_energy, left out: 1, first line 3 ("
        ),
        "{:?}",
        found.notes
    );
    let rows: Vec<String> = (1..6).map(|i| 10 * i).map(|s| row(s, kwh(s) * 1000.0, kwh(s) * 1000.0)).collect();
    let refusal = read_one(&format!("{CODECARBON}\n{}", rows.concat())).unwrap_err();
    assert!(refusal.starts_with("0.csv: mostly unreadable, 5 of 5 lines: "), "{refusal}");
    assert!(
        refusal.contains("an energy over its duration is far from the power beside it, left out: 5, first lines 2"),
        "{refusal}"
    );
}

#[test]
fn a_pue_is_divided_out_of_energies_and_a_clock_that_was_set_is_named() {
    let row = |s: i64, at: i64| {
        let kwh = s as f64 * 1.2 * 300.0 / 3.6e6;
        format!("{},r,{s}.0,0,300.0,0,0,{kwh:.9},0,{kwh:.9},1.2\n", T + at)
    };
    let rows = [row(10, 10), row(20, 20), row(30, 60), row(40, 70)];
    let found = read_one(&format!("{CODECARBON}\n{}", rows.concat())).unwrap();
    assert!(found.says("the energies have a PUE of 1.2 in them: divided by it: 4, first lines 2"), "{:?}", found.notes);
    assert!(
        found.says("the clock was set between this row and the one before, whose durations are less apart: 1, first line 4 (by 30.0 s)"),
        "{:?}",
        found.notes
    );
    let joules = |from, to| found.joules("codecarbon:gpu", from, to).map(f64::round);
    assert_eq!((joules(0.0, 20.0), joules(50.0, 70.0), joules(10.0, 60.0)), (Some(6000.0), Some(6000.0), None));
}
