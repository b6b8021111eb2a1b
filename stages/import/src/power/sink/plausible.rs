//! Whether a power can be one of what its sensor covers.

use super::Known;
use crate::read::fault::{Fault, Result};
use sensor::{Kind, Scope, bounds_w};

/// Share of the readings that may be over the bound as spikes; more are a column in another unit.
const SPIKES: u64 = 20;

/// Bounds where nothing says the unit, W. No machine that runs a language model stays below 5 W (a Raspberry Pi 5 idles at 3 W and works at
/// 7 to 12 W), and none of one owner takes more than 20 kW (DGX B200: 14.3 kW); in kW or mW each of them would lie outside.
const UNITLESS_NODE_W: (f64, f64) = (5.0, 20e3);

/// Least W of the largest reading of a log in which something ran, beside what `bounds_w` takes: a package with RAPL draws 2 W and more
/// at work (0.5 W is a notebook's at idle), memory 0.1 W a module, and the smallest board that runs a model, a Raspberry Pi Zero 2 W, 2 W.
fn peak_w(scope: Scope) -> f64 {
    match scope {
        Scope::CpuPackage => 0.5,
        Scope::Dram => 0.05,
        Scope::Node => 2.0,
        Scope::Gpu => bounds_w(Scope::Gpu).0,
    }
}

fn bounds(known: &Known) -> (f64, f64) {
    match (known.sensor.is_unitless, known.sensor.scope) {
        (true, Scope::Node) => UNITLESS_NODE_W,
        (_, scope) if known.sensor.sleeps => (0.0, bounds_w(scope).1),
        (_, scope) => (peak_w(scope), bounds_w(scope).1),
    }
}

/// Refuses a counter whose mean power, W, is less than half of that.
pub(super) fn check_mean(known: &Known, watt: f64) -> Result<()> {
    let (scope, id) = (known.sensor.scope, &known.sensor.device_id);
    if watt <= 0.0 || watt >= peak_w(scope) / 2.0 || known.sensor.sleeps {
        return Ok(());
    }
    let what = format!("no energy of a {}: {id} has a mean power of", scope.name());
    let remedy = "check the unit of its column; --energy-unit states it in a table of your own";
    Err(Fault::new(what, format!("{watt:.6} W"), remedy))
}

/// Consecutive powers that differ by this factor or more are no load: of a board that is idle and at work they differ by up to 30 (an RTX
/// 4090 draws 15 W idle and 450 W), of a whole machine by less. A unit that changes makes it 1000, beside what the load changes.
const STEP: f64 = 100.0;
/// A notebook's processor may do more between two readings, but not this.
const FAR: f64 = 300.0;
/// Least share of the smaller powers before or behind such a step by which the larger ones must lie above all of them.
const APART: f64 = 10.0;
/// Readings on either side of it.
const SIDE: u64 = 3;

/// Powers between two steps.
#[derive(Debug, Clone, Copy)]
struct Level {
    low: f64,
    high: f64,
    count: u64,
}

/// Powers as they follow one another, divided where one is a hundredth of the next or a hundred times it.
#[derive(Debug, Clone)]
pub(super) struct Levels {
    before: f64,
    level: Level,
    first: Option<Level>,
    steps: u64,
    /// File, line and both W of the first step.
    at: (usize, u64, f64, f64),
    /// Steps that are too far for any load, and the line and both W of the first.
    pub far: u64,
    pub far_at: (u64, f64, f64),
}

impl Default for Levels {
    fn default() -> Self {
        Levels {
            before: 0.0,
            level: Level::of(f64::NAN),
            first: None,
            steps: 0,
            at: (0, 0, 0.0, 0.0),
            far: 0,
            far_at: (0, 0.0, 0.0),
        }
    }
}

impl Level {
    fn of(watt: f64) -> Self {
        Level { low: watt, high: watt, count: 1 }
    }
}

impl Levels {
    #[inline]
    pub fn see(&mut self, file: usize, line: u64, watt: f64) {
        if watt < self.before * STEP && watt * STEP > self.before {
            self.level.low = self.level.low.min(watt);
            self.level.high = self.level.high.max(watt);
            self.level.count += 1;
            self.before = watt;
        } else if watt > 0.0 {
            self.see_step(file, line, watt);
        }
    }

    #[cold]
    fn see_step(&mut self, file: usize, line: u64, watt: f64) {
        if self.before > 0.0 {
            if self.steps == 0 {
                (self.first, self.at) = (Some(self.level), (file, line, self.before, watt));
            }
            self.steps += 1;
            if (watt / self.before).max(self.before / watt) >= FAR {
                if self.far == 0 {
                    self.far_at = (line, self.before, watt);
                }
                self.far += 1;
            }
        }
        (self.before, self.level) = (watt, Level::of(watt));
    }

    /// What lies before and behind the one such step of a series that never comes back.
    fn change(&self) -> Option<(Level, Level)> {
        let first = self.first.filter(|first| self.steps == 1 && first.count.min(self.level.count) >= SIDE)?;
        let (low, high) = if first.low < self.level.low { (first, self.level) } else { (self.level, first) };
        (high.low >= APART * low.high).then_some((low, high))
    }
}

impl Known {
    /// A reading that its bounds allow.
    #[inline]
    pub(super) fn see(&mut self, file: usize, line: u64, t: i64, value: f64) {
        self.readings += 1;
        self.highest_w = self.highest_w.max(value);
        if self.sensor.kind != Kind::Counter {
            if value < self.faint_below && value > 0.0 {
                self.faint.see(file, line, value);
            }
            self.levels.see(file, line, value);
            self.zeros.see(value == 0.0, file, line);
            return;
        }
        let (then, before) = self.counted;
        self.zeros.see(value == 0.0 && before > 0.0, file, line);
        if value != 0.0 || before <= 0.0 {
            self.counted = (t, value);
            if then < t {
                self.levels.see(file, line, (value - before) * 1e9 / (t - then) as f64);
            }
        }
    }

    /// Refuses powers that are in another unit than their column says, all of them or some.
    pub(super) fn check_powers(&self) -> std::result::Result<(), (usize, Fault)> {
        let file = self.spans.first().map_or(0, |span| span.0);
        check(self).map_err(|fault| (file, fault))?;
        check_faint(self).map_err(|fault| (self.faint.first.0, fault))?;
        self.check_levels(false)
    }

    /// Refuses a series whose unit changes, unless the unit is `asked` for.
    pub(super) fn check_levels(&self, asked: bool) -> std::result::Result<(), (usize, Fault)> {
        let remedy = if self.sensor.kind == Kind::Counter { "--energy-unit J" } else { "--power-unit W" };
        if asked || self.sensor.sleeps || self.plan.interval_ns.is_some() || self.levels.change().is_none() {
            return Ok(());
        }
        let (file, line, before, after) = self.levels.at;
        let what = format!("from here on {} has another unit, or a fault", self.sensor.device_id);
        let value = format!("{before:.6} W and then {after:.6} W, and it stays so");
        let remedy = format!("split the log where its unit changes, or say {remedy} if it is right");
        Err((file, Fault::new(what, value, remedy).at(line)))
    }
}

/// Readings of exactly 0, of a counter behind others, and file and line of the first.
#[derive(Debug, Clone, Default)]
pub(super) struct Zeros {
    pub count: u64,
    pub first: (usize, u64),
}

impl Zeros {
    #[inline]
    fn see(&mut self, is_zero: bool, file: usize, line: u64) {
        if is_zero {
            if self.count == 0 {
                self.first = (file, line);
            }
            self.count += 1;
        }
    }
}

/// Readings above 0 that are less than what of their scope is on draws: a change of the unit in mid-log leaves them.
#[derive(Debug, Default, Clone)]
pub(super) struct Faint {
    count: u64,
    /// File, line and W of the first.
    pub first: (usize, u64, f64),
}

impl Faint {
    pub fn see(&mut self, file: usize, line: u64, watt: f64) {
        if self.count == 0 {
            self.first = (file, line, watt);
        }
        self.count += 1;
    }
}

/// W that what a scope covers is assumed to stay above while it is on: half of what `bounds_w` takes for the least of a board, and its
/// least of a node. It knows none for packages and memory, which are assumed to draw 0.1 W and 0.01 W.
pub(super) fn floor_w(scope: Scope) -> f64 {
    match scope {
        Scope::Gpu => 0.5,
        Scope::CpuPackage => 0.1,
        Scope::Dram => 0.01,
        Scope::Node => bounds_w(Scope::Node).0,
    }
}

/// Refuses powers of which some are a thousandth of the others.
fn check_faint(known: &Known) -> Result<()> {
    let (Faint { count, first: (_, line, watt) }, below) = (&known.faint, floor_w(known.sensor.scope));
    if *count < 3 || count * SPIKES < known.readings || known.highest_w < 50.0 * below {
        return Ok(());
    }
    let what = format!("{count} of {} readings of {} are under {below} W", known.readings, known.sensor.device_id);
    let value = format!("{watt} W beside {} W", known.highest_w);
    let remedy = "split the log where its unit changes, or say --power-unit W if it is right";
    Err(Fault::new(what, value, remedy).at(*line))
}

/// Refuses a power that nothing of its scope draws: a column in another unit than its name says.
fn check(known: &Known) -> Result<()> {
    if known.sensor.kind == Kind::Counter && known.plan.was.is_none() {
        return Ok(());
    }
    let (least, most) = bounds(known);
    let are_spikes = known.over == 0 || known.readings > 0 && (known.over == 1 || known.over * SPIKES < known.readings);
    let highest = if are_spikes { known.highest_w } else { known.first_over };
    within(known, highest, least, most)
}

fn within(known: &Known, highest: f64, least: f64, most: f64) -> Result<()> {
    refuse(known.sensor.scope, &known.sensor.device_id, highest, least, most)
}

fn refuse(scope: Scope, id: &str, highest: f64, least: f64, most: f64) -> Result<()> {
    if highest > most || 0.0 < highest && highest < least {
        let unit = if highest > most { "mW" } else { "kW" };
        let what = format!("no power of a {}: the largest reading of {id}", scope.name());
        let remedy = format!("say the unit of its column: --power-unit {unit}, or --power-unit W if it is right");
        return Err(Fault::new(what, format!("{highest} W"), remedy));
    }
    Ok(())
}
