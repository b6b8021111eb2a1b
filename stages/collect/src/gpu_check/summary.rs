//! From what was measured to what the record says of it.

use super::{
    counter,
    findings::Finding,
    load::Load,
    on_times::OnTimes,
    probe::{Gpu, Series, Way},
    response,
    sampling::Cost,
    schedule::SETTLE,
    updates::{Period, Updates},
};
use crate::{
    available::available,
    gate::{Excluded, Gated},
    installed::Installed,
};
use sensor::averaging::{Averaging, Reading};

/// What is left out of a steady phase at its beginning and its end: the longest window, and a delay.
const FORGET_S: f64 = 1.5;
const BEFORE_END_S: f64 = 0.1;
/// Periods of the instant reading that a window must be longer than to be told by it.
const PERIODS: f64 = 3.0;
/// A window that is off by less is the known one: the tolerance to which windows are found.
const NEAR: f64 = 0.1;

/// The GPU and its load.
pub fn machine(gpu: &Gpu, load: &Load, seconds: f64) -> Vec<Finding> {
    let number = |quantity, value| Finding::number("machine", "GPU", quantity, value);
    let capability = gpu.capability.map_or("unknown".into(), |(major, minor)| format!("{major}.{minor}"));
    let (batch, tokens) = load.shape;
    vec![
        Finding::told("machine", "GPU", "compute_capability", capability),
        number("power_limit_w", gpu.limit_w.unwrap_or(f64::NAN)),
        number("square_wave_s", seconds),
        Finding::number("machine", &load.backend, "prefill_ms", load.prefill_ms)
            .noted(format!("the load: {batch} sequences of {tokens} tokens")),
    ]
}

/// What was found of each reading, and of the counter beside them.
pub fn sensors(gpu: &Gpu, series: &[Series], on: &OnTimes) -> Vec<Finding> {
    let instant = series.iter().find(|s| s.way == Way::Power(Reading::Instant)).map(|s| Updates::of(&s.values));
    let of = |s: &Series| match s.way {
        Way::Power(Reading::Instant) => reading(gpu, s, on, None),
        Way::Power(_) => reading(gpu, s, on, instant.as_ref()),
        Way::Counter => counted(s, on),
    };
    series.iter().flat_map(of).chain(ratios(series, on)).collect()
}

/// How often a value is new.
fn renewed(part: &'static str, series: &Series, updates: &Updates) -> Vec<Finding> {
    let name = series.way.name();
    let period = Finding::number(part, name, "update_period_ms", f64::NAN);
    let errors = series.last_error.as_ref().map(|why| format!("{} failed readings, the last: {why}", series.errors));
    let call = Finding::number(part, name, "call_us", series.call_us);
    vec![
        match updates.period {
            Period::Every(ms, half) => Finding { value: Some(ms), ..period }.between(ms - half, ms + half),
            Period::AtMost(ms) => period.between(0.0, ms).noted("new in every reading"),
            Period::Irregular(ms, low, high) => Finding { value: Some(ms), ..period }
                .noted(format!("irregular, the middle half is {low:.1} to {high:.1}")),
            Period::Unknown => period.noted("too few new values"),
        },
        match errors {
            Some(errors) => call.noted(errors),
            None => call,
        },
    ]
}

fn reading(gpu: &Gpu, series: &Series, on: &OnTimes, instant: Option<&Updates>) -> Vec<Finding> {
    let (name, updates) = (series.way.name(), Updates::of(&series.values));
    let number = |quantity, value| Finding::number("reading", name, quantity, value);
    let mut found = renewed("reading", series, &updates);
    let said = if let Way::Power(reading) = series.way { Some(gpu.said(reading)) } else { None };
    if let Some(said) = said {
        found.push(number("known_window_ms", said.window_ms).noted(format!("{:?}", said.known).to_lowercase()));
    }
    let response = response::response(&updates, on);
    match &response {
        Ok(r) => found.extend([
            window(said, number("window_ms", r.window_ms).between(r.window_low_ms, r.window_high_ms)),
            number("delay_ms", r.delay_ms).between(r.delay_ms - r.delay_half_ms, r.delay_ms + r.delay_half_ms),
            number("load_rise_ms", r.rise_ms),
            number("idle_w", r.idle_w),
            number("load_adds_w", r.load_w),
            number("explained_pct", 100.0 * r.explained).noted(format!("of the variance of {} new values", r.updates)),
        ]),
        Err(why) => found.push(Finding::told("reading", name, "window_ms", why)),
    }
    // Another reading tells a window that is longer than a few of its own periods.
    let period_ms = instant.map_or(f64::NAN, |i| if let Period::Every(ms, _) = i.period { ms } else { 0.0 });
    if let Some(instant) = instant.filter(|_| response.is_ok_and(|r| r.window_ms > PERIODS * period_ms)) {
        found.push(match response::response_to(&updates, instant) {
            Ok(r) => number("window_by_instant_ms", r.window_ms)
                .between(r.window_low_ms, r.window_high_ms)
                .noted(format!("{:.4} W per W, {:.1} % explained", r.load_w, 100.0 * r.explained)),
            Err(why) => Finding::told("reading", name, "window_by_instant_ms", why),
        });
    }
    found
}

/// A window that is not the known one says so.
fn window(said: Option<Averaging>, found: Finding) -> Finding {
    let differs = |(low, high): (f64, f64), known: f64| known < low * (1.0 - NEAR) || known > high * (1.0 + NEAR);
    match (said, found.low.zip(found.high)) {
        (Some(said), Some(ends)) if differs(ends, said.window_ms) => {
            let known = format!("{:?}", said.known).to_lowercase();
            found.noted(format!("not the {} ms that are {known}", said.window_ms))
        }
        _ => found,
    }
}

fn counted(series: &Series, on: &OnTimes) -> Vec<Finding> {
    let (name, updates) = (series.way.name(), Updates::of(&series.values));
    let number = |quantity, value| Finding::number("counter", name, quantity, value);
    let mut found = renewed("counter", series, &updates);
    match counter::counter(&updates, on) {
        Ok(c) => found.extend([
            number("resolution_j", c.resolution_j),
            number("delay_ms", c.delay_ms).between(c.delay_ms - c.delay_half_ms, c.delay_ms + c.delay_half_ms),
            number("idle_w", c.idle_w),
            number("load_adds_w", c.load_w),
            number("explained_pct", 100.0 * c.explained).noted("of what departs from steady power"),
        ]),
        Err(why) => found.push(Finding::told("counter", name, "delay_ms", why)),
    }
    found
}

/// The counter's energy over each power's integral, in each phase.
fn ratios(series: &[Series], on: &OnTimes) -> Vec<Finding> {
    let counter = series.iter().find(|s| s.way == Way::Counter).map(|s| s.values.as_slice());
    let (Some(counter), Some(&(start, end)), Some(&(_, last))) = (counter, on.0.first(), on.0.last()) else {
        return Vec::new();
    };
    let phases = [
        ("idle_ratio", start - SETTLE.as_secs_f64() + FORGET_S, start - BEFORE_END_S),
        ("load_ratio", start + FORGET_S, end - BEFORE_END_S),
        ("whole_ratio", start - SETTLE.as_secs_f64() / 2.0, last + SETTLE.as_secs_f64() - 0.5),
    ];
    let powers = series.iter().filter(|s| matches!(s.way, Way::Power(_)));
    let each = |s: &Series| {
        phases.map(|(quantity, from, to)| {
            let (counted, integrated) = (counter::counted(counter, from, to), counter::integrated(&s.values, from, to));
            let ratio = counted.zip(integrated).map_or(f64::NAN, |(c, i)| c / i);
            let note = counted.zip(integrated).map(|(c, i)| format!("{c:.1} J and {i:.1} J in {:.1} s", to - from));
            Finding::number("energy", s.way.name(), quantity, ratio)
                .noted(note.unwrap_or_else(|| "not read all the time".into()))
        })
    };
    powers.flat_map(each).collect()
}

pub fn sampling(cost: &Cost) -> [Finding; 2] {
    let subject = format!("{} Hz", cost.hz);
    let loss = Finding::number("sampling", &subject, "speed_loss_pct", cost.loss_pct);
    [
        loss.between(cost.loss_pct - cost.half_width_pct, cost.loss_pct + cost.half_width_pct),
        Finding::number("sampling", &subject, "processor_pct", cost.cpu_pct).noted("of one processor"),
    ]
}

/// `passed`, or why a backend did not.
pub fn outcome(gated: &Gated, here: &Installed) -> String {
    match &gated.excluded {
        // What it needs says more than what failed.
        Some(Excluded::Skipped(why)) => {
            format!("not here: {}", available(&gated.backend, here).err().unwrap_or_else(|| why.clone()))
        }
        Some(Excluded::Failed(why)) => format!("failed: {why}"),
        None => "passed".into(),
    }
}

/// How a backend came through the gate.
pub fn backend(gated: &Gated, here: &Installed) -> Vec<Finding> {
    let told = |quantity, note: &str| Finding::told("backend", &gated.backend.name, quantity, note);
    let mut found = vec![told("outcome", &outcome(gated, here))];
    if let Some(a) = &gated.attestation {
        found.push(told("attested", &format!("{}, {}, {}, {}", a.device, a.dtype, a.provider, a.library)));
    }
    found.extend(gated.parity.as_ref().map(|parity| told("parity", parity)));
    found
}
