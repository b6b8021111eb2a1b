//! One sensor under two names, and a sensor of the sum beside its parts: counted once.

use super::{Sink, ordered, write::shaped};
use crate::read::fault::{Fault, Result};
use ::sensor::Kind;
use std::{collections::HashSet, io};

/// Readings that are compared.
const HEAD: usize = 1 << 14;
/// Readings of a power, and different ones among them, from which agreement to the last digit is no chance.
const POWERS: usize = 20;
const LEVELS: usize = 10;
/// Readings of two counters that are compared at least.
const COUNTS: usize = 3;
/// Time that may pass between two reads of one counter, s: a loop reads files in less.
const APART_S: f64 = 0.02;
/// Counters of different things differ by more than this share of what they stand at.
const SHARE: f64 = 1e-5;

const SUMS: [&str; 7] = ["total", "sum", "all", "overall", "combined", "mains", "aggregate"];
/// Names of what has parts, and of parts without their numbers.
const WHOLES: [&str; 10] =
    ["system", "wall", "psu", "machine", "node", "server", "platform", "chassis", "computer", "module"];
const PARTS: [&str; 12] =
    ["cpu", "gpu", "dram", "ram", "memory", "mem", "package", "pkg", "soc", "ane", "igpu", "dgpu"];

/// Leaves out what counts twice.
pub(super) fn count_once(sink: &mut Sink) -> Result<()> {
    let mut order: Vec<usize> = (0..sink.known.len()).filter(|&s| is_compared(sink, s)).collect();
    order.sort_by_key(|&s| sink.known[s].sensor.device_id.clone());
    for at in 0..order.len() {
        for other in 0..at {
            let (first, second) = (order[other], order[at]);
            let is_open = |s: usize| sink.known[s].dropped.is_none();
            if !is_open(first) || !is_open(second) || !may_mirror(sink, first, second) {
                continue;
            }
            if mirrors(sink, first, second)? {
                let (a, b) = (sink.known[first].sensor.device_id.clone(), sink.known[second].sensor.device_id.clone());
                sink.notes
                    .say(format!("{a} and {b} have the same readings all the time: one sensor, counted once, as {a}"));
                sink.known[second].dropped = Some(format!("the same as {a}"));
            }
        }
    }
    for series in order {
        whole_and_parts(sink, series)?;
    }
    Ok(())
}

fn is_compared(sink: &Sink, series: usize) -> bool {
    let known = &sink.known[series];
    known.dropped.is_none()
        && known.readings > 1
        && known.sensor.totals != super::Totals::Made
        && known.plan.holes.is_empty()
}

/// What costs nothing to know.
fn may_mirror(sink: &Sink, a: usize, b: usize) -> bool {
    let (a, b) = (&sink.known[a], &sink.known[b]);
    let same =
        a.sensor.scope == b.sensor.scope && a.sensor.kind == b.sensor.kind && a.sensor.device_id != b.sensor.device_id;
    let as_counter = a.sensor.kind == Kind::Counter;
    same && (as_counter || a.readings == b.readings && a.highest_w == b.highest_w)
}

fn head(sink: &Sink, series: usize) -> Result<Vec<(i64, f64)>> {
    let mut rows = Vec::new();
    let done = ordered::read(&sink.store, series, &mut |page| {
        rows.extend(page.t.iter().copied().zip(page.v.iter().copied()).filter(|(_, v)| !v.is_nan()));
        if rows.len() < HEAD { Ok(()) } else { Err(io::Error::from(io::ErrorKind::Interrupted)) }
    });
    match done {
        Err(e) if e.kind() != io::ErrorKind::Interrupted => Err(e.into()),
        _ => {
            rows.truncate(HEAD);
            Ok(rows)
        }
    }
}

fn mirrors(sink: &Sink, a: usize, b: usize) -> Result<bool> {
    let is_counter = sink.known[a].sensor.kind == Kind::Counter;
    let (a, b) = (head(sink, a)?, head(sink, b)?);
    Ok(if is_counter { are_one_counter(&a, &b) } else { are_one_power(&a, &b) })
}

fn are_one_power(a: &[(i64, f64)], b: &[(i64, f64)]) -> bool {
    let levels: HashSet<u64> = a.iter().map(|(_, v)| v.to_bits()).collect();
    a.len() == b.len() && a.len() >= POWERS && levels.len() >= LEVELS && a.iter().zip(b).all(|(a, b)| a.1 == b.1)
}

/// Both stand at the same energy all the time, but for what passed between two reads.
fn are_one_counter(a: &[(i64, f64)], b: &[(i64, f64)]) -> bool {
    let (Some(first), Some(last)) = (a.first(), a.last()) else { return false };
    let seconds = (last.0 - first.0) as f64 / 1e9;
    let watts =
        a.windows(2).map(|p| (p[1].1 - p[0].1).abs() / ((p[1].0 - p[0].0).max(1) as f64 / 1e9)).fold(0.0, f64::max);
    let counted: f64 = a.windows(2).map(|p| (p[1].1 - p[0].1).max(0.0)).sum();
    if counted <= 0.0 || seconds <= 0.0 {
        return false;
    }
    let (mut at, mut common, mut moved) = (0, 0, HashSet::new());
    for &(t, v) in a {
        while b.get(at).is_some_and(|(of, _)| *of < t) {
            at += 1;
        }
        // The other one just before or behind it.
        let Some((of, other)) = [at.checked_sub(1), Some(at)]
            .into_iter()
            .flatten()
            .filter_map(|i| b.get(i))
            .min_by_key(|(of, _)| (of - t).abs())
        else {
            return false;
        };
        let apart = (of - t).abs() as f64 / 1e9;
        if apart > APART_S {
            continue;
        }
        let most = watts * (APART_S + apart);
        if (v - other).abs() > most.min(SHARE * v.abs().max(counted)).max(1e-3) {
            return false;
        }
        moved.insert(v.to_bits());
        common += 1;
    }
    common >= COUNTS && moved.len() >= COUNTS && common * 2 > a.len()
}

/// Time that a sensor was read over.
fn span(sink: &Sink, series: usize) -> Option<(i64, i64)> {
    sink.known[series].span()
}

/// Times that two sensors were both read over, ns.
fn common(a: Option<(i64, i64)>, b: Option<(i64, i64)>) -> Option<(i64, i64)> {
    let (a, b) = a.zip(b)?;
    Some((a.0.max(b.0), a.1.min(b.1))).filter(|(from, to)| from < to)
}

/// Mean power of a sensor over its steps within a time, W, and how many of them had energy.
fn mean_w(sink: &Sink, series: usize, (from, to): (i64, i64)) -> Result<(f64, usize)> {
    let known = &sink.known[series];
    let (mut before, mut joules, mut seconds, mut steps) = (None::<(i64, f64)>, 0.0, 0.0, 0);
    let mut see = |t: i64, v: f64| {
        let Some((then, last)) = before.replace((t, v)) else { return };
        let width = (t - then) as f64 / 1e9;
        let step = match known.sensor.kind {
            Kind::Counter if v < last => return,
            Kind::Counter => v - last,
            Kind::IntervalMean | Kind::Model => v * width,
            Kind::Instant | Kind::Average => (last + v) / 2.0 * width,
        };
        (joules, seconds, steps) = (joules + step, seconds + width, steps + usize::from(step > 0.0));
    };
    shaped(&sink.store, series, known, &mut |page| {
        let rows = page.t.iter().zip(page.v).filter(|(t, v)| (from..=to).contains(*t) && !v.is_nan());
        rows.for_each(|(t, v)| see(*t, *v));
        Ok(())
    })?;
    Ok((if seconds > 0.0 { joules / seconds } else { 0.0 }, steps))
}

/// Steps with energy that a comparison takes, and how far a counter may be from the power of its own sensor: powers of a moment, read now
/// and then, are off by what the load changes between them.
const STEPS: usize = 20;
const FAR: f64 = 3.0;

/// Refuses a counter and a power of one sensor of which one is in another unit.
pub(super) fn compare_kinds(sink: &Sink) -> Result<()> {
    let is_kind = |s: &usize, counts: bool| (sink.known[*s].sensor.kind == Kind::Counter) == counts;
    for counter in (0..sink.known.len()).filter(|s| is_compared(sink, *s) && is_kind(s, true)) {
        let id = &sink.known[counter].sensor.device_id;
        let own = |s: &usize| is_compared(sink, *s) && is_kind(s, false) && sink.known[*s].sensor.device_id == *id;
        for power in (0..sink.known.len()).filter(own) {
            let Some(time) = common(span(sink, counter), span(sink, power)) else { continue };
            let ((counted, rises), (watt, steps)) = (mean_w(sink, counter, time)?, mean_w(sink, power, time)?);
            if rises < STEPS || steps < STEPS || counted.max(watt) <= FAR * counted.min(watt) {
                continue;
            }
            let value = format!("{id}: {counted:.3} W by its counter and {watt:.3} W by its power, in the mean");
            let remedy = "correct the unit of the one that is wrong, or leave it out of the log";
            return Err(Fault::new("energy and power of one sensor contradict each other", value, remedy));
        }
    }
    Ok(())
}

/// A sensor of a whole and those of its parts. The parts count beside what is called their sum and is it; what is called a machine counts
/// alone beside its processors, boards and memory.
fn whole_and_parts(sink: &mut Sink, series: usize) -> Result<()> {
    let known = &sink.known[series];
    let id = known.sensor.device_id.clone();
    let last = |id: &str| id.rsplit(':').next().unwrap_or_default().to_lowercase();
    let (name, scope) = (last(&id), known.sensor.scope);
    let is_sum = SUMS.contains(&name.as_str());
    if known.dropped.is_some() || !is_sum && !WHOLES.contains(&name.as_str()) {
        return Ok(());
    }
    let prefix = id.get(..id.len() - name.len()).unwrap_or_default().to_string();
    let is_part = |id: &str| {
        let name = last(id);
        PARTS.contains(&name.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default())
    };
    let part = |s: &usize| {
        let k = &sink.known[*s];
        *s != series
            && k.dropped.is_none()
            && k.sensor.scope == scope
            && k.sensor.kind == known.sensor.kind
            && k.sensor.device_id.starts_with(&prefix)
            && k.readings > 0
            && (is_sum || is_part(&k.sensor.device_id))
    };
    let parts: Vec<usize> = (0..sink.known.len()).filter(part).collect();
    let time = parts.iter().fold(span(sink, series), |time, s| common(time, span(sink, *s)));
    let Some(time) = time.filter(|_| parts.len() > usize::from(is_sum)) else { return Ok(()) };
    let whole = mean_w(sink, series, time)?.0;
    let sum = parts.iter().map(|s| Ok(mean_w(sink, *s, time)?.0)).sum::<Result<f64>>()?;
    let slack = 0.02 * whole.abs() + 1.0;
    if is_sum && (whole - sum).abs() > slack || sum > whole + slack {
        let value = format!("{id} has {whole:.1} W in the mean, the {} others together {sum:.1} W", parts.len());
        let remedy = "leave out its rows or theirs: a sum and its parts must not be added up";
        return Err(Fault::new("a sensor of a sum that is not that of the others", value, remedy));
    }
    if is_sum {
        sink.notes.say(format!("{id} is the sum of the {} others: they are counted, and it is not", parts.len()));
        sink.known[series].dropped = Some("the sum of the others".into());
        return Ok(());
    }
    let names: Vec<String> = parts.iter().map(|s| sink.known[*s].sensor.device_id.clone()).collect();
    sink.notes
        .say(format!("{id} is the whole of which {} are parts: it is counted, and they are not", names.join(", ")));
    parts.into_iter().for_each(|s| sink.known[s].dropped = Some(format!("a part of {id}")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    #[test]
    fn two_names_of_one_counter_and_two_counters() {
        let counter = |from: f64, step: f64| (0..10).map(|i| (i * S, from + step * i as f64)).collect::<Vec<_>>();
        // 300 uJ apart after 10 kJ each.
        assert!(are_one_counter(&counter(10_000.0, 68.0), &counter(10_000.000_3, 68.0)));
        assert!(!are_one_counter(&counter(10_000.0, 68.0), &counter(9_000.0, 68.0)));
        assert!(!are_one_counter(&counter(10_000.0, 68.0), &counter(10_000.0, 68.5)));
        assert!(!are_one_counter(&counter(10_000.0, 0.0), &counter(10_000.0, 0.0)));
    }

    #[test]
    fn equal_powers_are_one_sensor_only_where_they_vary() {
        let power = |n: i64, levels: i64| (0..n).map(|i| (i * S, 300.0 + (i * 7 % levels) as f64)).collect::<Vec<_>>();
        assert!(are_one_power(&power(40, 13), &power(40, 13)));
        assert!(!are_one_power(&power(40, 2), &power(40, 2)));
        assert!(!are_one_power(&power(40, 13), &power(40, 11)));
    }
}
