//! Clocks that go back, lines out of order, repeated and split ones.

use super::kinds::{HOUR_NS, asked, read_files, read_one};
use proptest::prelude::*;

const T: i64 = HOUR_NS / 1_000_000_000;

fn log(rows: impl Iterator<Item = (f64, i64)>) -> String {
    let rows = rows.map(|(s, watt)| format!("{:.3}, 0, {watt}.00 W\n", T as f64 + s));
    format!("timestamp, index, power.draw [W]\n{}", rows.collect::<String>())
}

#[test]
fn a_clock_that_went_back_leaves_its_time_unknown_and_names_the_line() {
    let before = (0..61).map(|s| (f64::from(s), 100));
    let after = (31..121).map(|s| (f64::from(s), 500));
    let found = read_one(&log(before.chain(after))).unwrap();
    let joules = |from, to| found.joules("nvidia-smi:0", from, to);
    assert_eq!((joules(0.0, 30.0), joules(61.0, 120.0)), (Some(3000.0), Some(29_500.0)));
    assert_eq!((joules(35.0, 55.0), joules(20.0, 40.0), joules(50.0, 90.0)), (None, None, None));
    assert!(found.says("the clock went back here") && found.says("first line 63 (nvidia-smi:0, "), "{:?}", found.notes);
}

#[test]
fn the_hour_that_was_twice_is_told_by_the_fall_of_the_clock() {
    let wall = |m: i64, watt: i64| format!("2026/10/25 {:02}:{:02}:00.000, 0, {watt}.00 W\n", m / 60, m % 60);
    let rows: Vec<String> = (90..180).map(|m| wall(m, 100)).chain((120..210).map(|m| wall(m, 500))).collect();
    let header = "timestamp, index, power.draw [W]\n";
    let zone = |tz: &str| asked(|o| o.files.tz = Some(tz.parse().unwrap()));
    let found = read_files(&[&(header.to_string() + &rows.concat())], &zone("Europe/Berlin")).unwrap();
    assert!(
        found.says(
            "the clocks of Europe/Berlin went back at line 92: times before it are of +02:00, from it on of +01:00"
        )
    );
    assert_eq!(found.rows["nvidia-smi:0"].1.len(), 180);
    assert!(found.rows["nvidia-smi:0"].1.windows(2).all(|p| p[1].0 - p[0].0 == 60_000_000_000));
    assert_eq!(
        read_files(&[&(header.to_string() + &rows.concat())], &zone("+02:00")).unwrap_err(),
        "0.csv: line 92: the clock went back by about an hour, from 2026-10-25T00:59:00Z to 2026-10-25T00:00:00Z, \
         name the zone whose clocks went back there, such as --tz Europe/Berlin; if they did not, cut the log at this line"
    );
    let one: String = (125..170).map(|m| wall(m, 100)).collect();
    assert_eq!(
        read_files(&[&(header.to_string() + &one)], &zone("Europe/Berlin")).unwrap_err(),
        "0.csv: line 2: a time that Europe/Berlin had twice, \"2026/10/25 02:05:00.000\", \
         give a log that lies in one of the two hours its offset, --tz +02:00 before the clocks went back or --tz +01:00 after; \
         cut any other log there"
    );
}

#[test]
fn pieces_in_the_wrong_order_repeated_ones_and_jitter_do_no_harm() {
    let rows = |range: std::ops::Range<i32>| range.map(|s| (f64::from(s), 100 + i64::from(s)));
    let truth = read_one(&log(rows(0..60))).unwrap().joules("nvidia-smi:0", 0.0, 59.0);
    let mut turned: Vec<(f64, i64)> = rows(0..60).collect();
    turned.swap(20, 21);
    for text in [
        log(rows(30..60).chain(rows(0..30))),
        log(rows(0..40).chain(rows(20..60))),
        log(rows(0..60).collect::<Vec<_>>().into_iter().rev()),
        log(turned.iter().copied()),
    ] {
        let found = read_one(&text).unwrap();
        assert_eq!(found.joules("nvidia-smi:0", 0.0, 59.0), truth, "{:?}", found.notes);
    }
    let counter: String =
        (0..60).chain(30..90).map(|s| format!("{},{}\n", T + s, 1000 + 300 * s + if s > 59 { 7 } else { 0 })).collect();
    let found = read_one(&format!("time,energy_total_j\n{counter}")).unwrap();
    assert!(found.says("readings are repeated that came before"), "{:?}", found.notes);
}

fn sweeps(rows: &[(i64, i64, i64)]) -> String {
    let rows: String = rows.iter().map(|(s, gpu, watt)| format!("{},{gpu},{watt}\n", T + s)).collect();
    format!("time,gpu,power_w\n{rows}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn order_split_and_repeats_change_nothing(
        watts in prop::collection::vec(100_i64..700, 3 * 20), seed in any::<u64>(), at in 3_usize..57,
        order in Just((0_usize..60).collect::<Vec<_>>()).prop_shuffle()
    ) {
        let rows: Vec<(i64, i64, i64)> = watts.iter().zip(0..).map(|(w, i)| (i / 3, i % 3, *w)).collect();
        let truth = read_one(&sweeps(&rows)).unwrap().total();
        let near = |found: f64| (found - truth).abs() < 1e-6 * truth;
        // Lines of one instant in another order.
        let mut turned = rows.clone();
        turned.chunks_mut(3).zip(0..).for_each(|(sweep, i)| sweep.rotate_left((seed >> i & 1) as usize));
        prop_assert!(near(read_one(&sweeps(&turned)).unwrap().total()));
        // A file in two, given in either order.
        let halves = [sweeps(&rows[..at]), sweeps(&rows[at..])];
        for files in [[&*halves[0], &*halves[1]], [&*halves[1], &*halves[0]]] {
            let found = read_files(&files, &asked(|_| {})).unwrap().total();
            prop_assert!(near(found));
        }
        // Every line twice, and all lines in any order.
        let twice: Vec<_> = rows.iter().flat_map(|row| [*row, *row]).collect();
        prop_assert!(near(read_one(&sweeps(&twice)).unwrap().total()));
        let shuffled: Vec<_> = order.iter().map(|row| rows[*row]).collect();
        prop_assert!(near(read_one(&sweeps(&shuffled)).unwrap().total()));
    }

    /// The clock is put back at some row: what lies outside of the time that it went through twice is right, what reaches into it
    /// unknown.
    #[test]
    fn a_clock_put_back_never_gives_another_energy(
        watts in prop::collection::vec(100_i64..700, 120), at in 2_usize..118, back in 2.0_f64..200.0,
        windows in prop::collection::vec((0.0_f64..119.0, 1.0_f64..40.0), 20)
    ) {
        let back = back.floor() + 0.5;
        let time = |i: usize| i as f64 - if i >= at { back } else { 0.0 };
        let found = read_one(&log(watts.iter().enumerate().map(|(i, w)| (time(i), *w))));
        let Ok(found) = found else { return Ok(()) };
        let (last, first) = (time(at - 1), time(at));
        let (end, begin) = (time(119), 0.0_f64);
        let truth = |rows: std::ops::Range<usize>, from: f64, to: f64| -> f64 {
            rows.clone().zip(rows.skip(1)).map(|(a, b)| {
                let (t0, t1) = (time(a), time(b));
                let (x, y) = (t0.max(from), t1.min(to));
                let at = |t: f64| watts[a] as f64 + (watts[b] - watts[a]) as f64 * (t - t0) / (t1 - t0);
                if y > x { (at(x) + at(y)) / 2.0 * (y - x) } else { 0.0 }
            }).sum()
        };
        for (from, length) in windows {
            let from = (begin.min(first) + from).floor();
            let to = from + length.floor();
            let Some(joules) = found.joules("nvidia-smi:0", from, to) else { continue };
            let before = truth(0..at, from, to);
            let after = truth(at..120, from, to);
            let in_before = from >= begin && to <= last && (to <= first || from >= end);
            let in_after = from >= first && to <= end && (to <= begin || from >= last);
            let is_apart = end < begin;
            let wanted = if in_before { before } else if in_after { after } else { f64::NAN };
            // A fall of less than a step is jitter; without an overlap the stretches follow one another.
            let sorted = is_apart || last - first < 1.0;
            // A counter made of the integral shares a pair that a window cuts by time.
            let slack = if found.rows["nvidia-smi:0"].0 == ::sensor::Kind::Counter { 700.0 } else { 1e-6 };
            prop_assert!(sorted || !wanted.is_nan() && (joules - wanted).abs() <= slack, "{from} {to}: {joules} and not {wanted}");
        }
    }
}
