//! What becomes of a series on its way to the table: times that two clocks claim are left out, and nothing is integrated across them.
//!
//! `join-telemetry` bridges readings of a power that failed, but not a counter that began anew: a power with such a time becomes a counter
//! of its own integral, which begins anew behind it. A run that reaches into it has no energy.

use super::{
    Sensor,
    series::{Columns, EXTRAS, Page},
    totals::{Energies, most_j},
};
use ::sensor::{Kind, Scope};
use std::io;

/// What is known of a series once all of it was read.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Times that are left out, in order and apart.
    pub holes: Vec<(i64, i64)>,
    /// Of energies per row: the usual step. Behind a longer one nothing is known of what came before.
    pub interval_ns: Option<i64>,
    /// What the readings were before they became a counter.
    pub was: Option<Kind>,
    /// Rises that no sensor gives are looked for.
    pub has_spikes: bool,
    /// Readings of exactly 0 failed; of a counter those behind others.
    pub has_zeros: bool,
    /// Instants outside of which nothing is written.
    pub within: Option<(i64, i64)>,
}

impl Plan {
    pub fn is_plain(&self) -> bool {
        self.holes.is_empty()
            && self.interval_ns.is_none()
            && !self.has_spikes
            && !self.has_zeros
            && self.within.is_none()
    }

    pub fn of(energies: Energies, step_ns: Option<i64>) -> Self {
        Plan { interval_ns: step_ns.filter(|_| energies == Energies::Interval), ..Plan::default() }
    }
}

/// Readings in a row that no sensor gives and that are left out; more are a new beginning.
const SPIKES: u32 = 2;

/// Gives pages on in the shape that the plan says.
pub struct Shaper<'a> {
    plan: &'a Plan,
    scope: Scope,
    range_j: Option<f64>,
    /// Its values go on as they are.
    is_power: bool,
    hole: usize,
    before: Option<(i64, f64)>,
    /// The counter that is written.
    total: f64,
    /// A hole lies before the next reading.
    is_new: bool,
    spikes: u32,
    pub left_out: u64,
    out: Columns,
}

impl<'a> Shaper<'a> {
    pub fn new(plan: &'a Plan, sensor: &Sensor) -> Self {
        Shaper {
            plan,
            scope: sensor.scope,
            range_j: sensor.range_j,
            is_power: sensor.kind != Kind::Counter,
            hole: 0,
            before: None,
            total: 0.0,
            is_new: false,
            spikes: 0,
            left_out: 0,
            out: Columns::default(),
        }
    }

    pub fn page(&mut self, page: Page, each: &mut dyn FnMut(Page) -> io::Result<()>) -> io::Result<()> {
        if self.plan.is_plain() {
            return each(page);
        }
        self.out.clear();
        for row in 0..page.len() {
            let t = page.t[row];
            while self.plan.holes.get(self.hole).is_some_and(|(_, to)| *to < t) {
                self.hole += 1;
                self.is_new = true;
            }
            if self.plan.holes.get(self.hole).is_some_and(|(from, _)| *from <= t) {
                self.left_out += 1;
                continue;
            }
            if self.plan.within.is_some_and(|(from, to)| t < from || to < t) {
                continue;
            }
            let v = match page.v[row] {
                v if v.is_nan() || v == 0.0 && self.plan.has_zeros && (self.is_power || self.before.is_some()) => {
                    f64::NAN
                }
                v if self.is_power => v,
                v => self.value(t, v),
            };
            let extras: [f64; EXTRAS] = std::array::from_fn(|e| page.extras[e].get(row).copied().unwrap_or(f64::NAN));
            self.out.push(t, v, extras.iter().any(|e| !e.is_nan()).then_some(&extras));
        }
        if self.out.len() > 0 { each(self.out.page()) } else { Ok(()) }
    }

    fn value(&mut self, t: i64, v: f64) -> f64 {
        let Some((then, before)) = self.before else {
            self.before = Some((t, v));
            self.total = if self.plan.was.is_some() || self.plan.interval_ns.is_some() { 0.0 } else { v };
            self.is_new = false;
            return self.total;
        };
        let gap = t - then;
        let seconds = gap as f64 / 1e9;
        let late = self.plan.interval_ns.is_some_and(|step| gap > step + step / 2);
        let rise = match (self.plan.interval_ns, self.plan.was) {
            (Some(_), _) => Some(v),
            (_, Some(Kind::IntervalMean | Kind::Model)) => Some(v * seconds),
            (_, Some(_)) => Some((before + v) / 2.0 * seconds),
            (None, None) => self.rise(before, v),
        };
        if !(self.is_new || late) && self.plan.has_spikes && rise.is_some_and(|r| r > most_j(self.scope, gap)) {
            self.spikes += 1;
            if self.spikes <= SPIKES {
                self.left_out += 1;
                return f64::NAN;
            }
            self.is_new = true;
        }
        (self.before, self.spikes) = (Some((t, v)), 0);
        self.total = match rise.filter(|_| !self.is_new && !late) {
            Some(rise) => self.total + rise,
            // Lower by less than half of any range: a new beginning, and no wrap.
            None => self.total - 1e-3 * (1.0 + self.total.abs() * 1e-6),
        };
        self.is_new = false;
        self.total
    }

    /// What a counter counted; `None` where it began anew.
    fn rise(&self, before: f64, after: f64) -> Option<f64> {
        let rise = after - before;
        let wrapped = self
            .range_j
            .map(|range| rise + range)
            .filter(|w| self.range_j.is_some_and(|r| (0.0..=r / 2.0).contains(w)));
        if rise >= 0.0 { Some(rise) } else { wrapped }
    }
}
