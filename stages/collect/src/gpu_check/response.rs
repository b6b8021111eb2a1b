//! What a power reading is a mean over, from its response to a load that is switched on and off at known times.
//!
//! The model is Yang's, Adamek's and Armour's (arXiv:2312.02741, section "boxcar averaging window"): a reading that was renewed at
//! `u` is `idle + more * mean of the load over [u - delay - window, u - delay]`. They switch at fractions of the update period, so
//! that the load falls into different parts of each window, and search for the window whose means are nearest to the readings. Here
//! the times between two switches are random and spread over the orders of magnitude in question, so that no window fits by
//! aliasing, and the load may rise with a lag of first order, since clocks do.

use super::{
    fit::{Axis, descend, half_widths, least_squares},
    on_times::{Level, OnTimes},
    updates::{Reading, Updates},
};

/// What was found of one reading. In a response to another reading, `load_w` is W per W of it and `idle_w` what is added.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    pub window_ms: f64,
    /// Ends of its 95 % interval.
    pub window_low_ms: f64,
    pub window_high_ms: f64,
    /// Age of the end of the window when the reading appears.
    pub delay_ms: f64,
    /// Half width of its 95 % interval.
    pub delay_half_ms: f64,
    /// Time constant in which the load itself rises.
    pub rise_ms: f64,
    pub idle_w: f64,
    /// What the load adds.
    pub load_w: f64,
    /// Share of the reading's variance that the model says.
    pub explained: f64,
    pub updates: usize,
}

/// Share of the variance under which the model is no answer.
const EXPLAINED: f64 = 0.9;

/// window, delay and rise, in seconds; the window by its logarithm.
const AXES: [Axis; 3] = [
    Axis { low: -7.6, high: 1.1, step: 0.1 },   // 0.5 ms to 3 s
    Axis { low: -0.02, high: 1.0, step: 0.01 }, // the time of an update is known to a reading
    Axis { low: 0.0, high: 0.5, step: 0.01 },
];
const WINDOWS_S: [f64; 15] = [0.002, 0.005, 0.01, 0.02, 0.035, 0.06, 0.1, 0.15, 0.25, 0.4, 0.6, 0.8, 1.0, 1.3, 2.0];
const DELAYS_S: [f64; 11] = [0.0, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.4];
const RISES_S: [f64; 3] = [0.0, 0.02, 0.1];
/// How many places of the grid are descended from.
const STARTS: usize = 6;
const POLISHES: usize = 30;
/// Steps of the numeric derivatives: by the logarithm of the window, and in seconds.
const EPSILON: [f64; 3] = [0.01, 0.0005, 0.0005];

/// The response of a reading to the load, or why it has none.
pub fn response(updates: &Updates, on: &OnTimes) -> Result<Response, String> {
    search(updates, &RISES_S, &|rise| Level::new(on, rise))
}

/// The window of a reading that averages what another one, which is faster, sees: the load may rise as it will.
pub fn response_to(updates: &Updates, faster: &Updates) -> Result<Response, String> {
    let (first, last) = match faster.at.as_slice() {
        [first, .., last] => (first.0, last.0),
        _ => return Err("the faster reading stood still".into()),
    };
    let longest = AXES[0].high.exp();
    let within = updates.at.iter().filter(|r| r.0 - longest > first && r.0 < last).copied().collect();
    search(&Updates { at: within, ..updates.clone() }, &[0.0], &|_| Level::seen(&faster.at))
}

/// The model of least squares; `rises`: where the search for the load's rise begins, or the only one that there is.
fn search(updates: &Updates, rises: &[f64], level_of: &dyn Fn(f64) -> Level) -> Result<Response, String> {
    let seen = updates.thinned()?;
    let mean = seen.iter().map(|r| r.1).sum::<f64>() / seen.len() as f64;
    let variance: f64 = seen.iter().map(|r| (r.1 - mean).powi(2)).sum();
    let fit = |level: &Level, window: f64, delay: f64| {
        let row = |(t, watts): &Reading| ([1.0, level.mean(t - delay - window, t - delay)], *watts);
        least_squares(seen.iter().map(row))
    };
    let of = |p: &[f64; 3]| fit(&level_of(p[2]), p[0].exp(), p[1]);
    let cost = |p: &[f64; 3]| of(p).map_or(f64::INFINITY, |(squares, _)| squares);
    let mut places: Vec<([f64; 3], f64)> = Vec::new();
    for &rise in rises {
        let level = level_of(rise);
        for window in WINDOWS_S {
            for delay in DELAYS_S {
                let squares = fit(&level, window, delay).map_or(f64::INFINITY, |(squares, _)| squares);
                places.push(([window.ln(), delay, rise], squares));
            }
        }
    }
    places.sort_by(|a, b| a.1.total_cmp(&b.1));
    let axes = if rises.len() > 1 { AXES } else { [AXES[0], AXES[1], Axis { step: 0.0, ..AXES[2] }] };
    let descents = places.iter().take(STARTS).map(|(start, _)| descend(*start, &axes, &cost));
    let (mut best, mut least) = descents.min_by(|a, b| a.1.total_cmp(&b.1)).ok_or("no window can be tried")?;
    let said = |p: &[f64; 3], level: &Level, t: f64| level.mean(t - p[1] - p[0].exp(), t - p[1]);
    // Derivatives by window, delay and rise (one-sided where that is at its bound) and by the two powers, and what is left.
    let linear = |at: &[f64; 3], [idle_w, load_w]: [f64; 2]| {
        let moved = |i: usize, by: f64| {
            let mut p = *at;
            p[i] = (p[i] + by * EPSILON[i]).max(AXES[i].low);
            (p, level_of(p[2]))
        };
        let around: [_; 3] = std::array::from_fn(|i| [moved(i, -1.0), moved(i, 1.0)]);
        let level = level_of(at[2]);
        let row = |(t, watts): &Reading| {
            let by = |i: usize| {
                let [(p, low), (q, high)] = &around[i];
                load_w * (said(q, high, *t) - said(p, low, *t)) / (q[i] - p[i])
            };
            let mean = said(at, &level, *t);
            ([by(0), by(1), by(2), 1.0, mean], watts - idle_w - load_w * mean)
        };
        seen.iter().map(row).collect::<Vec<_>>()
    };
    // Another reading has no rise to be told apart.
    let rises_too = rises.len() > 1;
    let without = |r: &[f64; 5]| [r[0], r[1], r[3], r[4]];
    let powers = |p: &[f64; 3]| of(p).map(|(_, powers)| powers).ok_or("the load has not changed while it was read");
    // Steps along the axes stall in a narrow valley; Gauss and Newton go along it.
    for _ in 0..POLISHES {
        let rows = linear(&best, powers(&best)?);
        let step = match rises_too {
            true => least_squares(rows.iter().copied()).map(|(_, s)| [s[0], s[1], s[2]]),
            false => least_squares(rows.iter().map(|(r, left)| (without(r), *left))).map(|(_, s)| [s[0], s[1], 0.0]),
        };
        let Some(step) = step else { break };
        let there = |share: f64| -> [f64; 3] {
            std::array::from_fn(|i| (best[i] + share * step[i]).clamp(AXES[i].low, AXES[i].high))
        };
        let tried = [1.0, 0.3, 0.1, 0.03].map(|share| (there(share), cost(&there(share))));
        match tried.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((p, squares)) if squares < least * (1.0 - 1e-9) => (best, least) = (p, squares),
            _ => break,
        }
    }
    let [idle_w, load_w] = powers(&best)?;
    let explained = 1.0 - least / variance;
    if explained.is_nan() || explained < EXPLAINED {
        let share = 100.0 * explained.max(0.0);
        return Err(format!("no mean over a window of the load says more than {share:.0} % of its variance"));
    }
    let (rows, residuals): (Vec<[f64; 5]>, Vec<f64>) = linear(&best, [idle_w, load_w]).into_iter().unzip();
    let half = match rises_too {
        true => half_widths(&rows, &residuals).map(|half| [half[0], half[1]]),
        false => half_widths(&rows.iter().map(without).collect::<Vec<_>>(), &residuals).map(|half| [half[0], half[1]]),
    };
    let [half, delay_half] = half.unwrap_or([f64::INFINITY; 2]);
    Ok(Response {
        window_ms: best[0].exp() * 1e3,
        window_low_ms: (best[0] - half).exp() * 1e3,
        window_high_ms: (best[0] + half).exp() * 1e3,
        delay_ms: best[1] * 1e3,
        delay_half_ms: delay_half * 1e3,
        rise_ms: best[2] * 1e3,
        idle_w,
        load_w,
        explained,
        updates: seen.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{gpu_check::schedule::Schedule, gpu_check::updates::Period};
    use protocol::random::SplitMix;

    /// A sensor: boxcar over `window_s` that ended `delay_s` ago, renewed every `period_s`, with noise, read every 2 ms.
    struct Sensor {
        window_s: f64,
        period_s: f64,
        delay_s: f64,
        rise_s: f64,
        noise_w: f64,
    }

    fn wave(seconds: f64, seed: u64) -> OnTimes {
        let (mut t, mut on) = (1.0, Vec::new());
        for step in Schedule::random(seconds, seed).steps {
            on.push((t, t + step.on_s));
            t += step.on_s + step.off_s;
        }
        OnTimes(on)
    }

    fn normal(random: &mut SplitMix) -> f64 {
        (-2.0 * (1.0 - random.unit()).ln()).sqrt() * (std::f64::consts::TAU * random.unit()).cos()
    }

    fn read(sensor: &Sensor, on: &OnTimes, random: &mut SplitMix) -> Vec<Reading> {
        let level = Level::new(on, sensor.rise_s);
        let end = on.0.last().unwrap().1 + 1.0;
        let (mut t, mut update, mut value, mut all) = (0.0, random.unit() * sensor.period_s, 60.0, Vec::new());
        while t < end {
            t += 0.002 * (0.8 + 0.4 * random.unit());
            while update <= t {
                let until = update - sensor.delay_s;
                let mean = level.mean(until - sensor.window_s, until);
                value = ((60.0 + 200.0 * mean + sensor.noise_w * normal(random)) * 1e3).round() / 1e3;
                update += sensor.period_s;
            }
            all.push((t, value));
        }
        all
    }

    /// Bounds that a finding has to keep: the wider of 5 % and 3 ms.
    fn near(found: f64, truth: f64) -> bool {
        (found - truth).abs() <= (0.05 * truth).max(3.0)
    }

    #[test]
    fn windows_of_random_sensors_are_found_and_their_intervals_hold() {
        let mut random = SplitMix::new(11);
        let (mut covered, n) = (0, 40);
        for seed in 0..n {
            let sensor = Sensor {
                window_s: 0.01 * 150f64.powf(random.unit()),
                period_s: 0.02 * 6f64.powf(random.unit()),
                delay_s: 0.03 * random.unit(),
                rise_s: if random.unit() < 0.5 { 0.0 } else { 0.05 * random.unit() },
                noise_w: 4.0 * random.unit(),
            };
            let on = wave(45.0, seed);
            let updates = Updates::of(&read(&sensor, &on, &mut random));
            let Period::Every(period_ms, _) = updates.period else { panic!("{:?}", updates.period) };
            assert!((period_ms - 1e3 * sensor.period_s).abs() < 0.01 * period_ms, "period {period_ms}");
            let found = response(&updates, &on).unwrap();
            let truth = 1e3 * sensor.window_s;
            let off = (found.window_ms - truth).abs();
            assert!(off <= (0.1 * truth).max(6.0), "{truth:.1} ms, noise {:.1}: {found:?}", sensor.noise_w);
            covered += u32::from(found.window_low_ms <= truth && truth <= found.window_high_ms);
        }
        assert!(covered >= 35, "the interval held the window in {covered} of {n}");
    }

    #[test]
    fn windows_that_boards_are_known_for_are_found() {
        for (window_s, period_s) in [(0.025, 0.1), (0.1, 0.1), (1.0, 0.1), (0.025, 0.025), (1.0, 0.025), (0.01, 0.02)] {
            let sensor = Sensor { window_s, period_s, delay_s: 0.005, rise_s: 0.0, noise_w: 1.0 };
            let on = wave(60.0, 3);
            let updates = Updates::of(&read(&sensor, &on, &mut SplitMix::new(5)));
            let found = response(&updates, &on).unwrap();
            assert!(near(found.window_ms, 1e3 * window_s), "{window_s} of {period_s}: {found:?}");
            assert!((found.idle_w - 60.0).abs() < 2.0 && (found.load_w - 200.0).abs() < 4.0, "{found:?}");
        }
    }

    #[test]
    fn a_reading_that_does_not_follow_the_load_has_no_window() {
        let on = wave(30.0, 1);
        let mut random = SplitMix::new(2);
        let noise: Vec<Reading> =
            (0..15_000).map(|i| (f64::from(i) * 0.002, 60.0 + normal(&mut random).round())).collect();
        let why = response(&Updates::of(&noise), &on).unwrap_err();
        assert!(why.starts_with("no mean over a window of the load says more than "), "{why}");
        let flat = Updates::of(&[(0.0, 60.0), (1.0, 60.0)]);
        assert_eq!(response(&flat, &on).unwrap_err(), "0 new values, 30 are needed");
    }

    /// `power.draw.average` and `power.draw.instant` of an RTX 3090 around a step of the load at 19:27:37.595627, read by nvidia-smi every
    /// 7 ms: seconds of that minute at which a value was first seen, and W. From the recordings of Yang, Adamek and Armour, July 2023 (MIT
    /// licence; github.com/JimZeyuYang/GPU_Power_Benchmark, plotting/data/Transient_Response/3090_TR).
    #[rustfmt::skip]
    const RTX_3090: [(f64, f64, f64); 33] = [
        (36.427, 127.11, 128.61), (36.529, 127.10, 127.02), (36.632, 127.13, 127.54), (36.733, 127.11, 126.87),
        (36.833, 127.16, 126.97), (36.927, 127.14, 126.93), (37.029, 127.12, 126.88), (37.132, 127.14, 127.10),
        (37.233, 127.16, 126.81), (37.327, 127.14, 126.97), (37.427, 127.14, 126.78), (37.526, 126.96, 126.67),
        (37.632, 131.91, 181.12), (37.731, 148.13, 306.00), (37.831, 173.03, 400.54), (37.930, 199.36, 415.58),
        (38.029, 225.50, 415.22), (38.131, 251.24, 410.30), (38.231, 277.07, 411.17), (38.331, 303.10, 412.69),
        (38.431, 329.05, 412.40), (38.531, 365.60, 413.78), (38.631, 381.23, 413.98), (38.731, 402.41, 414.58),
        (38.831, 412.28, 414.62), (38.931, 413.70, 416.41), (39.030, 413.76, 416.23), (39.130, 413.86, 416.24),
        (39.231, 414.41, 416.40), (39.330, 414.93, 416.89), (39.430, 415.30, 416.76), (39.530, 415.73, 417.13),
        (39.630, 416.06, 417.46),
    ];

    #[test]
    fn the_average_of_a_real_gpu_is_over_a_second_and_a_tenth() {
        let updates = |value: fn(&(f64, f64, f64)) -> f64| {
            let mut at: Vec<Reading> = RTX_3090.iter().map(|r| (r.0 - 0.0035, value(r))).collect();
            // Idle before, as the recording begins: the search for windows looks back for longer.
            at.splice(0..0, (0..30).map(|i| (33.427 + 0.1 * f64::from(i), 127.1)));
            Updates { at, ..Updates::default() }
        };
        let (average, instant) = (updates(|r| r.1), updates(|r| r.2));
        // NVIDIA says 1 s. It rises by 26 W of 287 each time, which are eleven times 100 ms.
        let found = response(&average, &OnTimes(vec![(37.595627, 43.5)])).unwrap();
        assert!((found.window_ms - 1080.0).abs() < 40.0 && found.explained > 0.999, "{found:?}");
        let seen = response_to(&average, &instant).unwrap();
        assert!((seen.window_ms - found.window_ms).abs() < 20.0 && seen.explained > 0.999, "{seen:?}");
        assert!((seen.load_w - 1.0).abs() < 0.02, "{seen:?}");
    }

    #[test]
    fn a_reading_averages_another_however_the_load_rises() {
        let on = wave(60.0, 9);
        let mut random = SplitMix::new(10);
        for window_s in [0.4, 0.7, 1.0] {
            let sensor = |window_s| Sensor { window_s, period_s: 0.1, delay_s: 0.0, rise_s: 0.15, noise_w: 1.0 };
            let faster = Updates::of(&read(&sensor(0.1), &on, &mut random));
            let slower = Updates::of(&read(&sensor(window_s), &on, &mut random));
            let found = response_to(&slower, &faster).unwrap();
            // No finer than a part of the other one's period, 100 ms.
            assert!((found.window_ms - 1e3 * window_s).abs() < 30.0, "{window_s}: {found:?}");
            assert!((found.load_w - 1.0).abs() < 0.05, "{found:?}");
        }
    }
}
