//! What follows from all readings of a series once every file was read: times that two stretches cover, unlike readings of one instant,
//! what its energies are.

use super::{
    Blend, Sink,
    clock::{self, Overlap, Stretch},
    mirror, ordered, plausible,
    shape::Plan,
    totals::{Energies, Tally, most_j},
};
use crate::read::{
    fault::{Fault, Result, quoted},
    zone::{Zone, utc_text},
};
use ::sensor::Kind;
use std::path::{Path, PathBuf};

const WENT_BACK: &str = "the clock went back here: the readings of the time that it went through twice are left out, and runs that reach \
                         into it have no energy";
const IN_PIECES: &str = "the time falls here and no time is read twice: sorted";
const REPEATED: &str = "from here on readings are repeated that came before: taken once";
const NO_ORDER: &str = "the lines are in no order of time: sorted";

/// What a clock seems to go back by when summer time ends, ns: an hour less a step of up to ten minutes.
const HOUR_NS: std::ops::RangeInclusive<i64> = 3_000_000_000_000..=3_600_000_000_000;

impl Sink {
    pub(super) fn settle(&mut self, files: &[PathBuf]) -> Result<()> {
        let name = |at: usize| files.get(at).map_or(Path::new(""), |p| p.as_path());
        for series in 0..self.known.len() {
            self.settle_clock(series).map_err(|(file, fault)| fault.of(name(file)))?;
            let file = self.known[series].clock.stretches.first().map_or(0, |s| s.file);
            self.settle_energies(series).map_err(|fault| fault.of(name(file)))?;
        }
        for series in 0..self.known.len() {
            self.note_zeros_and_holes(series, true);
        }
        mirror::compare_kinds(self).map_err(|fault| fault.of(name(0)))?;
        mirror::count_once(self).map_err(|fault| fault.of(name(0)))?;
        for series in 0..self.known.len() {
            self.replace_power(series);
        }
        Ok(())
    }

    pub(super) fn note_zeros_and_holes(&mut self, series: usize, is_regular: bool) {
        let known = &mut self.known[series];
        if known.readings == 0 || known.sensor.totals == super::Totals::Made {
            return;
        }
        let id = known.sensor.device_id.clone();
        let (zeros, line) = (known.zeros.count, known.zeros.first.1);
        let is_power = known.sensor.kind != Kind::Counter;
        let is_total = !is_power && known.plan.interval_ns.is_none();
        if zeros > 0 && known.highest_w > 0.0 && (is_power && !known.sensor.sleeps || is_total) {
            known.plan.has_zeros = true;
            known.readings -= zeros.min(known.readings);
            known.errors += zeros;
            known.last_error = Some(format!("line {line}: 0"));
            let what = "0 beside other readings, which nothing gives that is on: failed readings";
            self.notes.add(what, line, &format!("{zeros} of {id}"));
        }
        let known = &self.known[series];
        if is_power && known.levels.far > 0 && !known.sensor.sleeps && self.options.power_unit.is_none() {
            let (line, before, after) = known.levels.far_at;
            let what = "a power changes by a factor of 300 or more: another unit, a fault, or something that was off";
            let example = format!("{} times, {id}: {before} W and then {after} W", known.levels.far);
            self.notes.add(what, line, &example);
        }
        let rows = known.readings + known.errors;
        if let Some((gap, count)) = known.clock.hole(rows).filter(|_| is_regular) {
            let other = if count > 1 { format!(", the longest of {count}") } else { String::new() };
            let example = format!("{id}: {:.1} s from {}{other}", gap.ns() as f64 / 1e9, utc_text(gap.from));
            self.notes.add("a hole in the readings ends here", gap.line, &example);
        }
    }

    /// Where the first interval of this file begins, of a sensor that gives means of intervals. It is a reading of its own unless another
    /// file has one there.
    pub fn open(&mut self, series: usize, t: i64, watt: f64) {
        self.known[series].openings.push((t, self.file, self.line, watt));
    }

    /// Gives the readings with which logs begin.
    pub(super) fn settle_openings(&mut self) -> Result<(), (usize, Fault)> {
        for series in 0..self.known.len() {
            for (t, file, line, watt) in std::mem::take(&mut self.known[series].openings) {
                let is_covered = self.known[series].clock.stretches.iter().any(|s| s.first <= t && t <= s.last);
                if !is_covered {
                    (self.file, self.line) = (file, line);
                    self.push(series, t, watt, None).and_then(|()| self.close(file)).map_err(|fault| (file, fault))?;
                }
            }
        }
        Ok(())
    }

    fn settle_clock(&mut self, series: usize) -> Result<(), (usize, Fault)> {
        let known = &self.known[series];
        // Instances of one board repeat its readings one after another.
        if known.clock.is_plain() || known.sensor.blend == Blend::Mean {
            return Ok(());
        }
        if let Some((file, line)) = known.clock.wild {
            let remedy = "log with a clock that stays, in UTC, and give the log as the tool wrote it";
            let what = "the clock goes back again and again";
            return Err((file, Fault::new(what, &known.sensor.device_id, remedy).at(line)));
        }
        let file = known.clock.stretches.last().map_or(0, |s| s.file);
        let failed = |e: std::io::Error| (file, Fault::from(e));
        let found = clock::overlaps(&self.store, series, &known.clock).map_err(failed)?;
        let mut holes = Vec::new();
        let mut notes: Vec<(&str, u64, String)> = Vec::new();
        for overlap in &found {
            let Overlap { from, to, of: (before, after), is_repeat } = overlap;
            let example = format!("{}, {}", known.sensor.device_id, overlap.text());
            if *is_repeat {
                notes.push((REPEATED, after.line, example));
            } else if before.file != after.file {
                return Err((after.file, self.same_time(before.file, &known.sensor.device_id)));
            } else {
                if let Some(fault) = self.hour_back(after) {
                    return Err((after.file, fault.at(after.line)));
                }
                holes.push((*from, *to));
                notes.push((WENT_BACK, after.line, example));
            }
        }
        for stretch in known.clock.stretches.iter().filter(|s| s.after.is_some() && !known.clock.is_shuffled(s.file)) {
            if found.iter().all(|o| o.of.0 != *stretch && o.of.1 != *stretch) {
                let from = stretch.after.map(utc_text).unwrap_or_default();
                notes.push((IN_PIECES, stretch.line, format!("{from} to {}", utc_text(stretch.first))));
            }
        }
        if known.clock.stretches.iter().any(|s| known.clock.is_shuffled(s.file)) {
            notes.push((NO_ORDER, known.clock.stretches[0].line, String::new()));
        }
        if !known.blends(&self.options.series) {
            let unlike = ordered::unlike(&self.store, series, &holes).map_err(failed)?;
            if let Some((t, a, b)) = unlike {
                let value = format!("{}: {a} and {b} of {}", utc_text(t), known.sensor.device_id);
                return Err((file, unlike_fault(value, &self.columns.names)));
            }
        }
        for (what, line, example) in notes {
            self.notes.add(what, line, &example);
        }
        self.known[series].plan.holes = holes;
        Ok(())
    }

    /// A clock on the wall that went back by an hour, in a log without the zone that does so: what follows may be an hour off.
    fn hour_back(&self, stretch: &Stretch) -> Option<Fault> {
        let back = stretch.after?.checked_sub(stretch.first)?;
        let is_named = matches!(self.options.files.tz, Some(Zone::Named(_)));
        if is_named || !self.has_walls || !HOUR_NS.contains(&back) {
            return None;
        }
        let remedy = "name the zone whose clocks went back there, such as --tz Europe/Berlin; if they did not, cut the log at this line";
        let value = format!("from {} to {}", utc_text(stretch.after?), utc_text(stretch.first));
        Some(Fault::new("the clock went back by about an hour", value, remedy))
    }

    fn settle_energies(&mut self, series: usize) -> Result<()> {
        let known = &self.known[series];
        let id = known.sensor.device_id.clone();
        let (kind, range_j, scope, totals) =
            (known.sensor.kind, known.sensor.range_j, known.sensor.scope, known.sensor.totals);
        if kind != Kind::Counter || totals == super::Totals::Made || known.readings == 0 {
            return Ok(());
        }
        let has_zeros = known.zeros.count > 0 && self.options.energy != Some(Energies::Interval);
        let (mut tally, mut before, mut spikes) = (Tally::default(), None::<(i64, f64)>, 0_u64);
        ordered::read(&self.store, series, &mut |page| {
            let is_zero = |v: f64, before: Option<(i64, f64)>| v == 0.0 && before.is_some_and(|(_, b)| b > 0.0);
            for (&t, &v) in page.t.iter().zip(page.v).filter(|(_, v)| !v.is_nan()) {
                if has_zeros && is_zero(v, before) {
                    continue;
                }
                let wrapped =
                    |b: f64| range_j.map(|range| v - b + range).filter(|w| *w <= range_j.unwrap_or(0.0) / 2.0);
                let rise = |b: f64| if v < b { wrapped(b).unwrap_or(0.0) } else { v - b };
                spikes += u64::from(before.is_some_and(|(then, b)| rise(b) > most_j(scope, t - then)));
                before = Some((t, v));
                tally.see(t, v, range_j);
            }
            Ok(())
        })?;
        let Some(energies) = tally.energies(totals, self.options.energy) else {
            let value = format!("{}: {}", id, tally.text());
            let remedy =
                "say which: --energy counter or --energy interval (each row has the energy since the row before)";
            return Err(Fault::new("a running total of energy, or energies of intervals?", value, remedy));
        };
        if spikes * 20 > tally.readings && spikes > 1 && energies == Energies::Counter {
            let value = format!("{spikes} of {} rises of {}", tally.readings - 1, id);
            let remedy =
                "check the unit of its column: --energy-unit, or --energy interval if its rows are no running total";
            return Err(Fault::new("more energy than anything of its kind takes", value, remedy));
        }
        if energies == Energies::Interval {
            self.notes.say(format!(
                "the energies of {} are those of the time since the row before, and no running total: added up",
                id
            ));
        }
        if energies == Energies::Counter && tally.seconds > 0.0 && self.options.energy_unit.is_none() {
            plausible::check_mean(&self.known[series], tally.counted_j / tally.seconds)?;
        }
        let holes = std::mem::take(&mut self.known[series].plan.holes);
        let plan = Plan { holes, has_spikes: spikes > 0, ..Plan::of(energies, tally.step_ns()) };
        if spikes > 0 {
            self.notes.say(format!(
                "{}: {spikes} rises that are more than a {} takes are failed readings",
                id,
                scope.name()
            ));
        }
        self.known[series].plan = plan;
        Ok(())
    }

    /// `join-telemetry` bridges what a power lacks. One with a time that is not known goes on as two powers of one sensor, of which neither
    /// covers that time; with several such times as a counter that begins anew, which has no averaging to be corrected.
    fn replace_power(&mut self, series: usize) {
        let known = &self.known[series];
        let other = match known.sensor.kind {
            Kind::Counter => return,
            Kind::Instant => Some(Kind::Average),
            Kind::Average => Some(Kind::Instant),
            Kind::IntervalMean | Kind::Model => None,
        };
        let id = known.sensor.device_id.clone();
        let has = |kind: Kind| self.known.iter().any(|k| k.sensor.kind == kind && k.sensor.device_id == id);
        match (known.plan.holes.as_slice(), other) {
            ([], _) => {}
            (_, _) if has(Kind::Counter) => {
                self.known[series].dropped = Some("its energy counter is taken, since the clock went back".into());
            }
            ([(from, to)], Some(kind)) if !has(kind) => {
                let (before, behind) = ((i64::MIN, from.saturating_sub(1)), (to.saturating_add(1), i64::MAX));
                let mut second = known.clone();
                (second.sensor.kind, second.stored) = (kind, Some(series));
                (second.plan.within, self.known[series].plan.within) = (Some(behind), Some(before));
                self.known.push(second);
            }
            _ => {
                let known = &mut self.known[series];
                known.plan.was = Some(known.sensor.kind);
                known.sensor.kind = Kind::Counter;
                known.sensor.range_j = None;
            }
        }
    }
}

/// Refuses unlike readings of one instant.
pub(super) fn unlike_fault(value: String, columns: &[String]) -> Fault {
    let remedy = match columns {
        [] => "log with a column that tells sensors apart; or, if they are readings of one sensor of which the mean counts: --series none"
            .to_string(),
        names => format!(
            "name the column that tells sensors apart: --series {}; or, if they are readings of one sensor of which the mean \
             counts: --series none",
            names.iter().take(8).map(|n| if n.contains(' ') { quoted(n) } else { n.clone() }).collect::<Vec<_>>().join(" or --series ")
        ),
    };
    Fault::new("unlike readings of one sensor at one instant", value, remedy)
}
