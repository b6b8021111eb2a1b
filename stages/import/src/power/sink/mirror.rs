//! One sensor under two names, and a sensor of the sum beside its parts: counted once.

use super::{Sink, ordered};
use crate::read::fault::{Fault, Result};
use ::sensor::{Kind, Scope};
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
        sum_of_parts(sink, series)?;
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

/// A power that is called the sum of others: the parts count where it is, and nothing where it is not.
fn sum_of_parts(sink: &mut Sink, series: usize) -> Result<()> {
    let known = &sink.known[series];
    let last = known.sensor.device_id.rsplit(':').next().unwrap_or_default().to_lowercase();
    if known.dropped.is_some() || known.sensor.kind == Kind::Counter || !SUMS.contains(&last.as_str()) {
        return Ok(());
    }
    let begin = known.sensor.device_id.len() - last.len();
    let prefix = known.sensor.device_id.get(..begin).unwrap_or_default().to_string();
    let scope: Scope = known.sensor.scope;
    let part = |s: &usize| {
        let k = &sink.known[*s];
        *s != series
            && k.dropped.is_none()
            && k.sensor.scope == scope
            && k.sensor.device_id.starts_with(&prefix)
            && k.readings > 0
    };
    let parts: Vec<usize> = (0..sink.known.len()).filter(part).collect();
    if parts.len() < 2 {
        return Ok(());
    }
    let mean = |s: usize| -> Result<f64> {
        let rows = head(sink, s)?;
        Ok(rows.iter().map(|r| r.1).sum::<f64>() / rows.len().max(1) as f64)
    };
    let whole = mean(series)?;
    let sum = parts.iter().map(|s| mean(*s)).sum::<Result<f64>>()?;
    let id = sink.known[series].sensor.device_id.clone();
    if (whole - sum).abs() > 0.02 * whole.abs() + 1.0 {
        let value = format!("{id} has {whole:.1} W in the mean, the {} others together {sum:.1} W", parts.len());
        let remedy = "leave out its rows or theirs: a sum and its parts must not be added up";
        return Err(Fault::new("a sensor of a sum that is not that of the others", value, remedy));
    }
    sink.notes.say(format!("{id} is the sum of the {} others: they are counted, and it is not", parts.len()));
    sink.known[series].dropped = Some("the sum of the others".into());
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
