//! `nvidia-smi --query-gpu=timestamp,index,power.draw,.. --format=csv -l 1` (nvidia-smi's manual, "--query-gpu"; fields by
//! `nvidia-smi --help-query-gpu`).

use super::sink::{
    self, CLOCK, EXTRAS, Gpu, LIMIT, MEMORY, NO_EXTRAS, Sensor, Sink, TEMPERATURE, THROTTLED, UTILISATION,
    identity::Identity,
};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    number::{Cell, Decimal, Measure, cell, factor_of_name},
    source::Source,
    table::{Header, Row, Table},
};
use sensor::{Kind, Scope, averaging};
use std::collections::HashMap;

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

/// A name without its unit.
fn bare(name: &str) -> &str {
    name.split('[').next().unwrap_or(name).trim()
}

/// Where the columns are.
struct Columns {
    time: usize,
    /// The column that names the GPU.
    gpu: Option<usize>,
    /// Its index beside a UUID, so that both can be asked for.
    index: Option<usize>,
    /// Columns of power, the one to be taken first: name, place, factor to W of cells without a unit.
    powers: Vec<(&'static str, usize, f64)>,
    extras: Vec<(usize, usize)>,
    throttles: Vec<usize>,
}

impl Columns {
    /// `power`: the name of the column of power, and whether the others may take its place.
    fn of(header: &Header, (power, may_fall_back): (&str, bool), units: &[String]) -> Result<Self> {
        let is_reason = |name: &&String| {
            let reason = name.strip_prefix("clocks_throttle_reasons.").or(name.strip_prefix("clocks_event_reasons."));
            reason.is_some_and(|r| REASONS.contains(&r))
        };
        let mut extras: Vec<(usize, usize)> = Vec::new();
        for (name, extra) in EXTRA_NAMES {
            extras.extend(header.find(&[name]).filter(|_| extras.iter().all(|e| e.1 != extra)).map(|at| (at, extra)));
        }
        let (first, gpu) = (header.must(power)?, header.find(&IDENTITIES));
        let factor = |at: usize| factor_of_name(&units[at], Measure::Power).map_err(|fault| fault.at(header.line));
        let name = POWERS.into_iter().find(|p| *p == power).unwrap_or("a column of power named by --select");
        let others = POWERS.into_iter().filter(|p| may_fall_back && *p != power);
        let others = others.filter_map(|p| Some((p, header.find(&[p])?)));
        let powers = std::iter::once((name, first)).chain(others).map(|(name, at)| Ok((name, at, factor(at)?)));
        let throttles = header.names.iter().enumerate().filter(|(_, name)| is_reason(name)).map(|(at, _)| at);
        Ok(Columns {
            time: header.must("timestamp")?,
            gpu,
            index: header.find(&["index"]).filter(|at| Some(*at) != gpu),
            powers: powers.collect::<Result<_>>()?,
            extras,
            throttles: throttles.collect(),
        })
    }

    fn extras(&self, row: &Row, decimal: Decimal) -> [f64; EXTRAS] {
        let mut extras = NO_EXTRAS;
        for &(at, extra) in &self.extras {
            extras[extra] = of(&cell(&row.get(at), decimal), 1.0).unwrap_or(f64::NAN);
        }
        for &at in &self.throttles {
            match &*row.get(at) {
                "Active" => extras[THROTTLED] = 1.0,
                "Not Active" if extras[THROTTLED].is_nan() => extras[THROTTLED] = 0.0,
                _ => {}
            }
        }
        extras
    }
}

/// Which of the columns of power is taken, and what is known of it.
fn power<'a>(header: &Header, asked: &'a [String]) -> Result<&'a str> {
    let there = || POWERS.into_iter().filter(|p| header.find(&[p]).is_some());
    let asked: Vec<&'a str> = asked.iter().map(|s| bare(s)).collect();
    match asked.as_slice() {
        [] => Ok(there().next().unwrap_or(POWERS[0])),
        [name] if header.find(&[name]).is_some() && name.contains("power.draw") => Ok(name),
        other => {
            let remedy = format!("use one of {}", there().collect::<Vec<_>>().join(", "));
            Err(Fault::new("--select names no column of power", other.join(","), remedy).at(header.line))
        }
    }
}

/// What a column of power is: its kind, which of NVIDIA's powers, and what must be known of it.
fn meaning(name: &str) -> (Kind, Option<averaging::Reading>, &'static str) {
    match name {
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
    }
}

/// The column that a GPU is read from: the next one only where the driver says that it does not have the first.
fn column(row: &Row, decimal: Decimal, powers: &[(&'static str, usize, f64)]) -> usize {
    let lacks = |at: usize| match cell(&row.get(at), decimal) {
        Cell::Absent(why) => {
            let why = why.to_ascii_lowercase();
            why.contains("n/a") || why.contains("not supported")
        }
        _ => false,
    };
    let has = |at: usize| matches!(cell(&row.get(at), decimal), Cell::Number(_));
    let other = || powers.iter().position(|(_, at, _)| has(*at));
    if powers.first().is_some_and(|(_, at, _)| lacks(*at)) { other().unwrap_or(0) } else { 0 }
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let is_header = |names: &[String]| names.iter().any(|n| POWERS.contains(&bare(n)));
    let mut table = Table::find(source.lines()?, &is_header, "timestamp, index and power.draw")?;
    let names = table.header.names.iter().map(|n| bare(n).to_string()).collect();
    let (header, decimal) = (Header { names, line: table.header.line }, table.decimal);
    let asked: Vec<String> = sink.options.select.clone();
    let name = power(&header, &asked)?;
    let columns = Columns::of(&header, (name, asked.is_empty()), &table.header.names)?;
    let has_extras = !columns.extras.is_empty() || !columns.throttles.is_empty();
    let is_uuid = columns.gpu.is_some_and(|at| header.names[at].to_ascii_lowercase().ends_with("uuid"));
    let (board, driver) = (header.find(&["name"]), header.find(&["driver_version"]));
    let others: Vec<&str> = POWERS.into_iter().filter(|p| *p != name && header.find(&[p]).is_some()).collect();
    if !others.is_empty() {
        sink.notes.say(format!("power is {name}, not {}; --select takes another", others.join(" or ")));
    }
    let used: Vec<usize> = columns.powers.iter().map(|p| p.1).chain([columns.time]).chain(columns.gpu).collect();
    sink.use_columns(sink::identity::Columns::new(&header, &used));
    let machines = Identity::of_machines(&header, &used, &sink.options.series)?;
    // The series of each GPU, and which column of power it is read from.
    let mut known: HashMap<String, (Option<usize>, usize)> = HashMap::new();
    let mut steps = Steps::default();
    while let Some(row) = table.next(&mut sink.notes)? {
        let Some(t) = sink.time(row.line, &row.get(columns.time))? else { continue };
        let gpu = columns.gpu.map(|at| row.get(at));
        let bare = gpu.as_deref().unwrap_or("");
        let with_machine;
        let name = match machines.is_empty() {
            true => bare,
            false => {
                with_machine = format!("{}:{bare}", machines.suffix(&row));
                with_machine.trim_matches(':')
            }
        };
        let found = known.get(name).copied();
        let chosen = found.map_or_else(|| column(&row, decimal, &columns.powers), |(_, at)| at);
        let (power, at, factor) = columns.powers[chosen];
        let watt = cell(&row.get(at), decimal);
        if watt == Cell::Rubbish || gpu.as_ref().is_some_and(|name| name.is_empty() || name.contains(['[', ' '])) {
            sink.leave_out(row.line, "no GPU or no power in their fields, left out");
            continue;
        }
        if matches!(watt, Cell::Number(q) if q.of(Measure::Power, factor).is_none_or(|w| w < 0.0)) {
            sink.leave_out(row.line, "power below 0 or in another unit, left out");
            continue;
        }
        let series = match found {
            Some((series, _)) => series,
            None => {
                let text = |at: Option<usize>| at.map_or(String::new(), |at| row.get(at).into_owned());
                let index = columns.index.map(|at| row.get(at).into_owned());
                let gpu = match (is_uuid, name) {
                    (true, _) => Some(Gpu { index, uuid: Some(bare.to_string()) }),
                    (false, "") => None,
                    (false, _) => Some(Gpu { index: Some(name.to_string()), uuid: None }),
                };
                let id = if name.is_empty() { "nvidia-smi".to_string() } else { format!("nvidia-smi:{name}") };
                let (kind, reading, label) = meaning(power);
                let sensor = Sensor::new(id, kind, Scope::Gpu).label(label);
                let series = sink.series(Sensor { reading, board: text(board), driver: text(driver), gpu, ..sensor });
                if chosen > 0 {
                    let of = if name.is_empty() { String::new() } else { format!("GPU {name}: ") };
                    sink.notes.line(row.line, &format!("{of}{} has no reading, {power} is taken", columns.powers[0].0));
                }
                // A name of which nothing is known yet may have a reading in another column later.
                if !matches!(watt, Cell::Absent(_)) || found.is_some() {
                    known.insert(name.to_string(), (series, chosen));
                }
                series
            }
        };
        let Some(series) = series else { continue };
        match watt {
            Cell::Absent(why) => sink.failed(series, row.line, t, &why)?,
            watt => {
                let watt = of(&watt, factor).unwrap_or(f64::NAN);
                if columns.gpu.is_none() {
                    steps.see(row.line, t, watt)?;
                }
                let extras = has_extras.then(|| columns.extras(&row, decimal));
                sink.push(series, t, watt, extras.as_ref())?;
            }
        }
    }
    steps.one_gpu(header.line)?;
    if let Some(failed) = sink.known.iter().find_map(|k| k.last_error.clone())
        && sink.known.iter().all(|k| k.readings == 0)
        && !others.is_empty()
    {
        let names = others.iter().map(|name| format!("--select {name}")).collect::<Vec<_>>();
        let remedy = format!("take another column: {}", names.join(" or "));
        return Err(Fault::new("no reading in the column of power", failed, remedy));
    }
    sink.left_out(table.left_out);
    Ok(())
}

/// Of a log that does not tell GPUs apart: the row before, and the times between rows.
#[derive(Default)]
struct Steps {
    before: Option<(i64, f64)>,
    ns: Vec<i64>,
}

impl Steps {
    fn see(&mut self, line: u64, t: i64, watt: f64) -> Result<()> {
        // The same row again is no other GPU.
        if self.before == Some((t, watt)) {
            return Ok(());
        }
        let step = self.before.replace((t, watt)).map(|(before, _)| (t - before).abs());
        let Some(step) = step.filter(|_| self.ns.len() < STEPS) else { return Ok(()) };
        self.ns.push(step);
        if self.ns.len() == STEPS { self.one_gpu(line) } else { Ok(()) }
    }

    fn one_gpu(&self, line: u64) -> Result<()> {
        if are_sweeps(&self.ns) {
            let remedy = "log again with --query-gpu=timestamp,index,power.draw";
            return Err(Fault::new("several GPUs that no column tells apart", quoted("index"), remedy).at(line));
        }
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
fn of(cell: &Cell, factor: f64) -> Option<f64> {
    match cell {
        Cell::Number(q) => Some(q.value * q.unit.map_or(factor, |u| u.factor)),
        _ => None,
    }
}
