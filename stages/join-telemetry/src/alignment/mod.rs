//! Whether the log of a sensor and the runs go by one clock: power should rise when runs begin and fall when they end.
//!
//! The result is a row of `alignment` a series. Where sensor and runs were stamped by one process there is nothing to find; where the
//! pattern of the runs is not in the readings, the error of the clock is assumed (`[join-telemetry] clock_error_ms`).

mod fit;
mod pattern;

use crate::Config;
use fit::{Bin, Found};
use pattern::Pattern;
use recombine::{Workbench, model};
use schemas::tables::{ALIGNMENT, alignment::Row};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// Runs of a session that are looked at, and of those the ones whose edges are looked at closely.
const RUNS: usize = 200;
const EDGES: usize = 100;
/// Runs that make a pattern.
const FEWEST: usize = 4;
/// Bins of the first look.
const BINS: f64 = 8000.0;
/// Averaging times of sensors that do not state theirs, s: boards have 25 ms, 100 ms and 1 s (Yang, Adamek, Armour 2024,
/// arXiv:2312.02741), meters up to some seconds.
const AVERAGING_S: &[f64] =
    &[0.0, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0];
/// Share of the variance of power that the pattern explains where an averaging time is taken from it.
const CLEAR: f64 = 0.9;

#[derive(Debug, Clone, Deserialize)]
struct Series {
    place: i64,
    session_id: String,
    device_id: String,
    kind: String,
    is_same_clock: bool,
    step_ns: Option<f64>,
    averaging_ms: Option<f64>,
    is_averaging_assumed: bool,
    clock_step_ms: f64,
}

#[derive(Debug, Deserialize)]
struct Window {
    session_id: String,
    start_ns: i64,
    end_ns: i64,
}

/// A stretch of time whose mean power is asked for.
#[derive(Debug, Clone, Serialize)]
struct Stretch {
    place: i64,
    session_id: String,
    device_id: String,
    kind: String,
    start_ns: i64,
    end_ns: i64,
}

#[derive(Debug, Deserialize)]
struct Power {
    place: i64,
    start_ns: i64,
    end_ns: i64,
    power_w: f64,
}

/// Registers `alignment`.
pub fn align(bench: &Workbench, config: &Config) -> anyhow::Result<()> {
    bench.materialise(model!("clock_series"))?;
    let series: Vec<Series> = bench.select("select * from clock_series order by place")?;
    let windows: Vec<Window> = bench.select(
        "select session_id, start_ns, end_ns from timespan where purpose = 'run' and end_ns > start_ns order by start_ns",
    )?;
    let looks: Vec<Look> = series.iter().map(|one| Look::new(one, &windows)).collect();
    let wide = power(bench, looks.iter().map(|look| look.around(config.clock_search_s)))?;
    let centres: Vec<Option<Centre>> =
        looks.iter().zip(&wide).map(|(look, bins)| look.centre(bins, config.clock_search_s)).collect();
    let near = power(bench, looks.iter().zip(&centres).map(|(look, centre)| look.edges(centre.as_ref())))?;
    let rows: Vec<Row> = looks
        .iter()
        .zip(centres.iter().zip(&near))
        .map(|(look, (centre, bins))| look.row(centre.as_ref(), bins, config.clock_error_ms))
        .collect();
    Ok(bench.rows(&ALIGNMENT, &rows)?)
}

/// Mean power of the stretches of each series, in order of time.
fn power(bench: &Workbench, stretches: impl Iterator<Item = Vec<Stretch>>) -> anyhow::Result<Vec<Vec<Power>>> {
    let stretches: Vec<Vec<Stretch>> = stretches.collect();
    let all: Vec<&Stretch> = stretches.iter().flatten().collect();
    if all.is_empty() {
        return Ok(stretches.iter().map(|_| Vec::new()).collect());
    }
    bench.values("timeline", &all)?;
    bench.materialise(model!("timeline_power"))?;
    let mut found: HashMap<i64, Vec<Power>> = HashMap::new();
    for power in bench.select::<Power>("select * from timeline_power order by place, start_ns")? {
        found.entry(power.place).or_default().push(power);
    }
    Ok((0..stretches.len() as i64).map(|place| found.remove(&place).unwrap_or_default()).collect())
}

/// Where a close look goes.
struct Centre {
    shift: f64,
    is_ambiguous: bool,
}

/// One series and the runs it is held against; times in s since the first run.
struct Look<'a> {
    place: i64,
    series: &'a Series,
    /// Why there is nothing to look at.
    reason: Option<&'static str>,
    step: f64,
    origin: i64,
    windows: Vec<(f64, f64)>,
    pattern: Pattern,
    /// Shifts further apart than this are different ones, s.
    apart: f64,
    averaging: f64,
}

impl<'a> Look<'a> {
    fn new(series: &'a Series, windows: &[Window]) -> Self {
        let own = || windows.iter().filter(|w| w.session_id == series.session_id).take(RUNS);
        let origin = own().next().map_or(0, |w| w.start_ns);
        let second = |ns: i64| (ns - origin) as f64 / 1e9;
        let windows: Vec<(f64, f64)> = own().map(|w| (second(w.start_ns), second(w.end_ns))).collect();
        let step = series.step_ns.unwrap_or(0.0) / 1e9;
        let reason = match () {
            () if step.is_nan() || step <= 0.0 => Some("no readings during the runs"),
            () if windows.len() < FEWEST => Some("fewer than 4 runs"),
            () => None,
        };
        Look {
            place: series.place,
            series,
            reason,
            step,
            origin,
            pattern: Pattern::new(&windows),
            windows,
            apart: (4.0 * step).max(1.5),
            averaging: series.averaging_ms.unwrap_or(0.0) / 1e3,
        }
    }

    fn looks(&self) -> bool {
        self.reason.is_none() && !self.series.is_same_clock
    }

    fn width(&self, furthest: f64) -> f64 {
        let last = self.windows.iter().map(|w| w.1).fold(0.0, f64::max);
        ((last + 2.0 * furthest) / BINS).max(self.step / 2.0).max(0.02)
    }

    /// All runs and what lies `furthest` s before and after them.
    fn around(&self, furthest: f64) -> Vec<Stretch> {
        let last = self.windows.iter().map(|w| w.1).fold(0.0, f64::max);
        if self.looks() { self.bins(&[(-furthest, last + furthest)], self.width(furthest)) } else { Vec::new() }
    }

    /// `None` where runs follow one another without a pause, or the log has nothing around them.
    fn centre(&self, power: &[Power], furthest: f64) -> Option<Centre> {
        let bins = self.read(power);
        let idle = bins.iter().filter(|bin| self.pattern.share(bin.from, bin.to, 0.0) < 0.5).count();
        if idle * 50 < bins.len() || idle == bins.len() {
            return None;
        }
        let step = self.width(furthest).max(0.1);
        let apart = self.apart.max(2.0 * step);
        let (shift, is_ambiguous) = fit::coarse(&bins, &self.pattern, self.averaging, furthest, step, apart);
        Some(Centre { shift, is_ambiguous })
    }

    fn edges(&self, centre: Option<&Centre>) -> Vec<Stretch> {
        let Some(Centre { shift, .. }) = centre else { return Vec::new() };
        let picked = self.windows.iter().step_by(self.windows.len().div_ceil(EDGES));
        let edges: Vec<(f64, f64)> = picked
            .flat_map(|(start, end)| [*start, *end])
            .map(|edge| (edge + shift - self.apart, edge + shift + self.apart + self.averaging.max(1.0)))
            .collect();
        self.bins(&edges, (self.step / 2.0).max(self.apart / 60.0))
    }

    /// Bins of `width` s over these stretches, each bin once.
    fn bins(&self, stretches: &[(f64, f64)], width: f64) -> Vec<Stretch> {
        let cover = |(from, to): &(f64, f64)| (from / width).floor() as i64..=(to / width).ceil() as i64;
        let bins: BTreeSet<i64> = stretches.iter().flat_map(cover).collect();
        let at = |bin: i64| self.origin + (bin as f64 * width * 1e9).round() as i64;
        let stretch = |bin: i64| Stretch {
            place: self.place,
            session_id: self.series.session_id.clone(),
            device_id: self.series.device_id.clone(),
            kind: self.series.kind.clone(),
            start_ns: at(bin),
            end_ns: at(bin + 1),
        };
        bins.into_iter().map(stretch).collect()
    }

    fn read(&self, power: &[Power]) -> Vec<Bin> {
        let second = |ns: i64| (ns - self.origin) as f64 / 1e9;
        power.iter().map(|p| Bin { from: second(p.start_ns), to: second(p.end_ns), power: p.power_w }).collect()
    }

    /// Averaging times that come into question, s.
    fn averagings(&self) -> Vec<f64> {
        match self.series.averaging_ms {
            Some(ms) if !self.series.is_averaging_assumed => vec![ms / 1e3],
            // One of a few readings' length looks like the straight lines between them, and like a shift by half of it.
            _ if matches!(self.series.kind.as_str(), "instant" | "average") => {
                AVERAGING_S.iter().copied().filter(|s| *s == 0.0 || *s > 4.0 * self.step).collect()
            }
            _ => vec![0.0],
        }
    }

    fn row(&self, centre: Option<&Centre>, power: &[Power], error_ms: f64) -> Row {
        let Series { session_id, device_id, kind, averaging_ms, is_averaging_assumed, .. } = self.series.clone();
        let same = self.series.is_same_clock;
        // Of a log that another program stamped, no offset holds for the runs before and after the clock was set.
        let set_ms = self.series.clock_step_ms.abs();
        let row = Row {
            session_id,
            device_id,
            kind,
            method: if same { "same_clock" } else { "assumed" }.into(),
            reason: self.reason.filter(|_| !same).map(str::to_string),
            runs: self.windows.len() as i64,
            offset_ms: None,
            offset_low_ms: if same { 0.0 } else { -error_ms - set_ms },
            offset_high_ms: if same { 0.0 } else { error_ms + set_ms },
            is_ambiguous: false,
            step_w: None,
            explained_pct: None,
            averaging_ms,
            averaging_from: averaging_ms.map(|_| if is_averaging_assumed { "assumed" } else { "stated" }.into()),
        };
        if !self.looks() {
            return row;
        }
        let found = centre.and_then(|centre| {
            let bins = self.read(power);
            let step = self.apart / 30.0;
            fit::fine(&bins, &self.pattern, &self.averagings(), centre.shift, self.apart, step).map(|f| (centre, f))
        });
        let Some((centre, Found { fit, low, high, averaging })) = found else {
            return Row { reason: Some("no pauses between the runs in which power was read".into()), ..row };
        };
        let row = Row { step_w: Some(fit.step), explained_pct: Some(100.0 * fit.explained), ..row };
        if !fit.has_step() {
            return Row { reason: Some("power is no higher in runs than between them".into()), ..row };
        }
        let is_open = averaging_ms.is_none() || is_averaging_assumed;
        let is_found = is_open && fit.explained >= CLEAR && averaging.1 <= 2.0 * averaging.0.max(self.step);
        let found_ms = Some(fit.candidate.averaging * 1e3).filter(|ms| *ms > 0.0);
        Row {
            method: "aligned".into(),
            offset_ms: Some(fit.candidate.shift * 1e3),
            offset_low_ms: low * 1e3 - set_ms,
            offset_high_ms: high * 1e3 + set_ms,
            is_ambiguous: centre.is_ambiguous,
            averaging_ms: if is_found { found_ms } else { row.averaging_ms },
            averaging_from: if is_found { found_ms.map(|_| "found".into()) } else { row.averaging_from },
            ..row
        }
    }
}
