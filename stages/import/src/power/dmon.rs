//! `nvidia-smi dmon -s pucm -o DT` (nvidia-smi's manual, "dmon"): columns by the names in the lines that start with `#`.

use super::sink::{CLOCK, Gpu, MEMORY, NO_EXTRAS, Sensor, Sink, TEMPERATURE, UTILISATION};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    number::{Cell, Decimal, cell},
    source::Source,
    zone::{DateOrder, Stamp, clock, day},
};
use sensor::{Kind, Scope, averaging::Reading};

pub const FORMAT: Format<Sink> = Format {
    name: "nvidia-smi-dmon",
    about: "nvidia-smi dmon -s pucm -o DT",
    recognises: |head| {
        head.lines().take(50).any(|line| {
            let mut words = words(line.trim_start().strip_prefix('#').unwrap_or(""));
            words.clone().any(|w| w == "pwr") && words.any(|w| w == "gpu")
        })
    },
    read,
};

/// Fields between spaces, and with `--format csv` between commas.
fn words(line: &str) -> impl Iterator<Item = &str> + Clone {
    line.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty())
}

const LABEL: &str = "pwr of dmon: mean over a second from Ampere on (but GA100), whole watts";
const DAY_NS: i64 = 86_400_000_000_000;

/// Where the columns are; by names that drivers changed.
struct Columns {
    names: Vec<String>,
}

impl Columns {
    fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.names.iter().position(|n| n == name))
    }
}

/// A time of day without a date: a log that passes midnight goes on in the next day.
#[derive(Default)]
struct Midnights {
    before: i64,
    days: i64,
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let mut lines = source.lines()?;
    let (mut columns, mut midnights) = (None::<Columns>, Midnights::default());
    while let Some(line) = lines.next()? {
        let (number, text) = (line.number, line.text.trim());
        if let Some(header) = text.strip_prefix('#') {
            // The second of the two lines of a header has the units.
            let names: Vec<String> = words(header).map(str::to_string).collect();
            if names.iter().any(|n| n == "gpu") {
                columns = Some(Columns { names });
            }
            continue;
        }
        let Some(columns) = &columns else { continue };
        let fields: Vec<&str> = words(text).collect();
        if fields.is_empty() {
            continue;
        }
        if fields.len() != columns.names.len() || !line.ended {
            sink.leave_out(number, "not as many fields as the header, or cut, left out");
            continue;
        }
        let field = |names: &[&str]| columns.find(names).map(|at| fields[at]);
        let (Some(gpu), Some(power)) = (field(&["gpu"]), field(&["pwr"])) else {
            return Err(
                Fault::new("no power in the log", quoted(text), "log with nvidia-smi dmon -s p -o DT").at(number)
            );
        };
        let t = match (field(&["Date"]), field(&["Time"])) {
            (Some(date), Some(time)) => sink.time(number, &format!("{date} {time}"))?,
            (None, Some(time)) => of_day(sink, number, time, &mut midnights)?,
            _ => Some(sink.swept(gpu, "no Date and Time")?),
        };
        let Some(t) = t else { continue };
        let mut extras = NO_EXTRAS;
        for (names, extra) in [
            (["gtemp", "temp"], TEMPERATURE),
            (["sm", "sm"], UTILISATION),
            (["pclk", "pclk"], CLOCK),
            (["fb", "fb"], MEMORY),
        ] {
            if let Some(Cell::Number(q)) = field(&names).map(|text| cell(text, Decimal::Point)) {
                extras[extra] = q.value;
            }
        }
        let name = Gpu { index: Some(gpu.to_string()), uuid: None };
        let sensor = Sensor::new(format!("nvidia-smi:{gpu}"), Kind::Average, Scope::Gpu)
            .label(LABEL)
            .gpu(name)
            .nvidia(Reading::Usage, "");
        let Some(series) = sink.series(sensor) else { continue };
        match cell(power, Decimal::Point) {
            Cell::Number(q) if q.value >= 0.0 => sink.push(series, t, q.value, Some(&extras))?,
            Cell::Absent(why) => sink.failed(series, number, t, &why)?,
            _ => sink.leave_out(number, "no power in its field, left out"),
        }
    }
    Ok(())
}

/// `-o T` alone: the date is the one of `--start`.
fn of_day(sink: &mut Sink, number: u64, time: &str, midnights: &mut Midnights) -> Result<Option<i64>> {
    let Some((ns, None)) = clock(time) else {
        sink.leave_out(number, super::sink::NO_TIME);
        return Ok(None);
    };
    let Some(start) = sink.options.start.clone() else {
        let remedy = "say the date: --start 2026-05-14, or log with -o DT";
        return Err(Fault::new("times without a date", quoted(time), remedy).at(number));
    };
    let date = start.split(['T', ' ']).next().unwrap_or_default();
    let first = day(date, DateOrder::Unknown)
        .map_err(|_| Fault::new("--start has no date", quoted(&start), "give it like 2026-05-14"))?;
    midnights.days += i64::from(ns < midnights.before - DAY_NS / 2);
    midnights.before = ns;
    let wall = (first + midnights.days).saturating_mul(DAY_NS).saturating_add(ns);
    sink.at(number, Stamp::Wall(wall), time).map(Some)
}
