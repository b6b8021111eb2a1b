//! `nvidia-smi --query-gpu=timestamp,index,power.draw,.. --format=csv -l 1` (nvidia-smi's manual, "--query-gpu"; fields by
//! `nvidia-smi --help-query-gpu`).
//!
//! Most rows look like the one before, so they are read byte by byte without a thought for what else there could be; a row that
//! is any different goes through the table.

mod blocks;
mod quick;

use super::sink::{CLOCK, EXTRAS, Gpu, LIMIT, MEMORY, NO_EXTRAS, Sensor, Sink, TEMPERATURE, THROTTLED, UTILISATION};
use crate::read::{
    decode::{Line, Lines},
    fault::{Fault, Result, quoted},
    format::Format,
    number::{Cell, Measure, cell, unit_of_name},
    source::Source,
    table::{Header, Layout, Row},
};
use sensor::{Kind, Scope, averaging};
use std::{collections::HashMap, io::Read};

pub const FORMAT: Format<Sink> = Format {
    name: "nvidia-smi",
    about: "nvidia-smi --query-gpu=timestamp,index,power.draw --format=csv",
    recognises: |head| {
        head.lines().take(50).any(|line| line.contains("power.draw") && line.contains(|c| ",;\t".contains(c)))
    },
    read,
};

/// Power columns in the order in which they are taken.
const POWERS: [&str; 3] = ["power.draw", "power.draw.average", "power.draw.instant"];

/// What tells GPUs apart, best first.
const IDENTITIES: [&str; 8] =
    ["uuid", "gpu_uuid", "index", "pci.bus_id", "gpu_bus_id", "serial", "gpu_serial", "pci.bus"];

const EXTRA_NAMES: [(&str, usize); 8] = [
    ("temperature.gpu", TEMPERATURE),
    ("memory.used", MEMORY),
    ("utilization.gpu", UTILISATION),
    ("clocks.current.sm", CLOCK),
    ("clocks.sm", CLOCK),
    ("clocks.gr", CLOCK),
    ("enforced.power.limit", LIMIT),
    ("power.limit", LIMIT),
];

/// Reasons for which heat or a limit of power holds the clock down.
const REASONS: [&str; 5] =
    ["sw_power_cap", "hw_slowdown", "hw_thermal_slowdown", "sw_thermal_slowdown", "hw_power_brake_slowdown"];

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Role {
    Time,
    /// The column that names the GPU.
    Gpu,
    /// Its index beside a UUID, so that both can be asked for.
    Index,
    /// Factor to W of cells without a unit.
    Power(f64),
    Extra(usize),
    Throttle,
    Nothing,
}

/// A name without its unit.
fn bare(name: &str) -> &str {
    name.split('[').next().unwrap_or(name).trim()
}

/// What rows of one file are read by.
struct Reader<'s> {
    sink: &'s mut Sink,
    layout: Layout,
    roles: Vec<Role>,
    kind: Kind,
    label: &'static str,
    reading: Option<averaging::Reading>,
    /// Columns that name the board and the driver.
    board: Option<usize>,
    driver: Option<usize>,
    is_uuid: bool,
    by_name: HashMap<String, Option<usize>>,
    has_extras: bool,
    /// Of a log that does not tell GPUs apart: the row before, and the times between rows.
    before: Option<(i64, f64)>,
    steps: Vec<i64>,
    /// Columns of power that are not taken.
    others: Vec<&'static str>,
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let (mut reader, mut lines) = open(source, sink)?;
    if reader.layout.delimiter == b',' {
        let number = lines.number();
        blocks::read(&mut reader, lines.rest(), number)?;
    } else {
        while let Some(line) = lines.next()? {
            reader.line(line)?;
        }
    }
    reader.finish()
}

/// Reads the header; the lines go on behind it.
fn open<'s, 'b>(source: Source<'b>, sink: &'s mut Sink) -> Result<(Reader<'s>, Lines<Box<dyn Read + 'b>>)> {
    let mut lines = source.lines()?;
    let is_header = |names: &[String]| names.iter().any(|n| POWERS.contains(&bare(n)));
    let layout = Layout::find(&mut lines, &is_header, "timestamp, index and power.draw")?;
    Ok((Reader::new(sink, layout)?, lines))
}

impl<'s> Reader<'s> {
    fn new(sink: &'s mut Sink, layout: Layout) -> Result<Self> {
        let names = layout.header.names.iter().map(|n| bare(n).to_string()).collect();
        let header = Header { names, line: layout.header.line };
        let asked: Vec<&str> = sink.options.select.iter().map(|s| bare(s)).collect();
        let name = match asked.as_slice() {
            [] => POWERS.into_iter().find(|p| header.find(&[p]).is_some()).unwrap_or(POWERS[0]),
            [name] if header.find(&[name]).is_some() && name.contains("power.draw") => name,
            other => {
                let there = POWERS.into_iter().filter(|p| header.find(&[p]).is_some()).collect::<Vec<_>>().join(", ");
                return Err(Fault::new(
                    "--select names no column of power",
                    other.join(","),
                    format!("use one of {there}"),
                )
                .at(header.line));
            }
        };
        let power = header.must(name)?;
        let mut roles = vec![Role::Nothing; header.names.len()];
        for (at, column) in header.names.iter().enumerate() {
            let reason =
                column.strip_prefix("clocks_throttle_reasons.").or(column.strip_prefix("clocks_event_reasons."));
            if reason.is_some_and(|r| REASONS.contains(&r)) {
                roles[at] = Role::Throttle;
            }
        }
        for (column, extra) in EXTRA_NAMES.into_iter().rev() {
            if let Some(at) = header.find(&[column]) {
                roles.iter_mut().filter(|r| **r == Role::Extra(extra)).for_each(|r| *r = Role::Nothing);
                roles[at] = Role::Extra(extra);
            }
        }
        let has_extras = roles.iter().any(|r| matches!(r, Role::Extra(_) | Role::Throttle));
        let identity = IDENTITIES.into_iter().find_map(|i| Some((i, header.find(&[i])?)));
        let is_uuid = identity.is_some_and(|(name, _)| name.ends_with("uuid"));
        if let Some(at) = header.find(&["index"]) {
            roles[at] = Role::Index;
        }
        if let Some((_, at)) = identity {
            roles[at] = Role::Gpu;
        }
        roles[power] = Role::Power(
            unit_of_name(&layout.header.names[power]).filter(|u| u.of == Measure::Power).map_or(1.0, |u| u.factor),
        );
        roles[header.must("timestamp")?] = Role::Time;
        let (kind, reading, label) = match name {
            "power.draw.instant" => (Kind::Instant, Some(averaging::Reading::Instant), "power.draw.instant"),
            "power.draw.average" => {
                (Kind::Average, Some(averaging::Reading::Average), "power.draw.average: mean over the last second")
            }
            "power.draw" => (
                Kind::Average,
                Some(averaging::Reading::Usage),
                "power.draw: mean over a second from Ampere on (but GA100), the instant before it",
            ),
            _ => (Kind::Average, None, "a column of power named by --select"),
        };
        let (board, driver) = (header.find(&["name"]), header.find(&["driver_version"]));
        let others = POWERS.into_iter().filter(|p| *p != name && header.find(&[p]).is_some()).collect::<Vec<_>>();
        if !others.is_empty() {
            sink.notes.say(format!("power is {name}, not {}; --select takes another", others.join(" or ")));
        }
        let by_name = HashMap::new();
        Ok(Reader {
            sink,
            layout,
            roles,
            kind,
            label,
            reading,
            board,
            driver,
            is_uuid,
            by_name,
            has_extras,
            before: None,
            steps: Vec::new(),
            others,
        })
    }

    /// `column` gives a cell of the row that names the GPU.
    fn series(&mut self, name: &str, index: Option<&str>, column: &dyn Fn(usize) -> String) -> Option<usize> {
        if let Some(found) = self.by_name.get(name) {
            return *found;
        }
        let text = |at: Option<usize>| at.map(column).unwrap_or_default();
        let (board, driver) = (text(self.board), text(self.driver));
        let gpu = match (self.is_uuid, name) {
            (true, _) => Some(Gpu { index: index.map(str::to_string), uuid: Some(name.to_string()) }),
            (false, "") => None,
            (false, _) => Some(Gpu { index: Some(name.to_string()), uuid: None }),
        };
        let id = if name.is_empty() { "nvidia-smi".to_string() } else { format!("nvidia-smi:{name}") };
        let sensor = Sensor {
            reading: self.reading,
            board,
            driver,
            gpu,
            ..Sensor::new(id, self.kind, Scope::Gpu).label(self.label)
        };
        let found = self.sink.series(sensor);
        self.by_name.insert(name.to_string(), found);
        found
    }

    /// Any line after the header.
    fn line(&mut self, line: Line) -> Result<()> {
        let Reader { layout, sink, roles, .. } = self;
        let decimal = layout.decimal;
        let Some(row) = layout.row(line, &mut sink.notes) else { return Ok(()) };
        let at = |role: Role| roles.iter().position(|r| *r == role);
        let text = |role: Role| at(role).map(|at| row.get(at).into_owned());
        let number = row.line;
        let Some(t) = sink.time(number, &text(Role::Time).unwrap_or_default())? else { return Ok(()) };
        let mut extras = NO_EXTRAS;
        let (mut power, mut factor) = (Cell::Rubbish, 1.0);
        for (at, role) in roles.iter().enumerate() {
            match role {
                Role::Extra(extra) => extras[*extra] = of(cell(&row.get(at), decimal), 1.0).unwrap_or(f64::NAN),
                Role::Throttle => throttle(&row, at, &mut extras),
                Role::Power(unit) => (power, factor) = (cell(&row.get(at), decimal), *unit),
                _ => {}
            }
        }
        let (name, index) = (text(Role::Gpu).unwrap_or_default(), text(Role::Index));
        // The row borrows the layout, and naming a GPU changes the reader: its cells are kept.
        let cells = [self.board, self.driver].map(|at| at.map(|at| (at, row.get(at).into_owned())));
        let column = |at: usize| {
            let cell = cells.iter().flatten().find(|(of, _)| *of == at);
            cell.map_or(String::new(), |(_, text)| text.clone())
        };
        let wrong_gpu = at(Role::Gpu).is_some() && (name.is_empty() || name.contains(['[', ' ']));
        match (power, wrong_gpu) {
            (Cell::Rubbish, _) | (_, true) => {
                self.sink.leave_out(number, "no GPU or no power in their fields, left out");
                Ok(())
            }
            (Cell::Absent(why), _) => match self.series(&name, index.as_deref(), &column) {
                Some(series) => self.sink.failed(series, number, t, &why),
                None => Ok(()),
            },
            (power, _) => match of(power, factor).filter(|w| *w >= 0.0) {
                Some(watt) => {
                    let series = self.series(&name, index.as_deref(), &column);
                    self.reading(number, t, &name, series, watt, &extras)
                }
                None => {
                    self.sink.leave_out(number, "power below 0 or in another unit, left out");
                    Ok(())
                }
            },
        }
    }

    fn reading(
        &mut self,
        line: u64,
        t: i64,
        name: &str,
        series: Option<usize>,
        watt: f64,
        extras: &[f64; EXTRAS],
    ) -> Result<()> {
        let Some(series) = series else { return Ok(()) };
        if name.is_empty() {
            self.see_step(line, t, watt)?;
        }
        self.sink.push(series, t, watt, self.has_extras.then_some(extras))
    }

    fn see_step(&mut self, line: u64, t: i64, watt: f64) -> Result<()> {
        // The same row again is no other GPU.
        if self.before == Some((t, watt)) {
            return Ok(());
        }
        let step = self.before.replace((t, watt)).map(|(before, _)| (t - before).abs());
        let Some(step) = step.filter(|_| self.steps.len() < STEPS) else { return Ok(()) };
        self.steps.push(step);
        if self.steps.len() == STEPS { self.one_gpu(line) } else { Ok(()) }
    }

    fn one_gpu(&mut self, line: u64) -> Result<()> {
        if are_sweeps(&self.steps) {
            let remedy = "log again with --query-gpu=timestamp,index,power.draw";
            return Err(Fault::new("several GPUs that no column tells apart", quoted("index"), remedy).at(line));
        }
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        self.one_gpu(self.layout.header.line)?;
        if let Some(failed) = self.sink.known.iter().find_map(|k| k.last_error.clone())
            && self.sink.known.iter().all(|k| k.readings == 0)
            && !self.others.is_empty()
        {
            let names = self.others.iter().map(|name| format!("--select {name}")).collect::<Vec<_>>();
            let remedy = format!("take another column: {}", names.join(" or "));
            return Err(Fault::new("no reading in the column of power", failed, remedy));
        }
        self.sink.left_out(self.layout.left_out);
        Ok(())
    }
}

/// Times between rows that are looked at.
const STEPS: usize = 4096;

/// GPUs of a sweep are asked one after another, without a pause.
const CLOSE_NS: i64 = 60_000_000;

/// Whether rows come in sweeps: as many short steps between two long ones, again and again. One GPU is read at even times.
fn are_sweeps(steps: &[i64]) -> bool {
    let mut sorted = steps.to_vec();
    sorted.sort_unstable();
    // A sweep of 16 GPUs has one long step in 16.
    let Some(long) = sorted.get(sorted.len() * 15 / 16).or(sorted.last()).map(|long| long / 3) else { return false };
    let is_short = |step: &i64| *step < long.min(CLOSE_NS);
    let mut sweeps: Vec<usize> = steps.split(|step| !is_short(step)).map(<[i64]>::len).collect();
    // The first and the last may be cut.
    let whole = sweeps.len().saturating_sub(1);
    sweeps.truncate(whole);
    sweeps.sort_unstable();
    let Some(&usual) = sweeps.get(sweeps.len() / 2) else { return false };
    let same = sweeps.iter().filter(|n| **n == usual).count();
    long > 0 && sweeps.len() >= 3 && usual >= 1 && same * 10 >= sweeps.len() * 8
}

/// A cell in base units; `factor` where it names none.
fn of(cell: Cell, factor: f64) -> Option<f64> {
    match cell {
        Cell::Number(q) => Some(q.value * q.unit.map_or(factor, |u| u.factor)),
        _ => None,
    }
}

fn throttle(row: &Row, at: usize, extras: &mut [f64; EXTRAS]) {
    match &*row.get(at) {
        "Active" => extras[THROTTLED] = 1.0,
        "Not Active" if extras[THROTTLED].is_nan() => extras[THROTTLED] = 0.0,
        _ => {}
    }
}
