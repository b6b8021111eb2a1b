//! Electricity Maps' CSV files of a zone: hourly, daily, monthly or yearly rows, intensity direct and over the life cycle.
//!
//! The names of the columns changed twice, so they are found by what they mean.

use super::{Grid, Sink};
use crate::{
    grid::interval::Step,
    read::{
        fault::{Fault, Result, quoted},
        format::Format,
        sheet::{Row, Sheet},
        source::Source,
    },
};
use schemas::text::instant;
use std::collections::HashMap;

pub const FORMAT: Format<Sink> = Format {
    name: "electricity-maps",
    about: "Electricity Maps' CSV of a zone, with any of its headers",
    recognises: |head| {
        let header = head.lines().next().unwrap_or_default().to_lowercase();
        header.contains("datetime (utc)") && header.contains("carbon intensity") && header.contains("zone")
    },
    read,
};

struct Columns {
    start: usize,
    zone: usize,
    intensity: usize,
    estimated: Option<usize>,
    /// Both intensities, where the file has both: direct, life cycle.
    both: Option<[usize; 2]>,
    /// Percentages without carbon, and of renewables, which are part of it.
    carbon_free: Option<usize>,
    renewable: Option<usize>,
    /// The start on the clocks of the zone, and the zone's name.
    local: Option<usize>,
    name: Option<usize>,
}

/// Figures are rounded to two decimals.
const ROUNDED: f64 = 0.02;
/// Clocks differ from UTC by 12 hours behind to 14 ahead, in quarters of an hour.
const QUARTER_NS: i64 = 900_000_000_000;
const OFFSETS: std::ops::RangeInclusive<i64> = -48..=56;

impl Columns {
    /// Refuses figures of one row that contradict each other, as those of exchanged columns do.
    fn check(&self, row: &Row, start_ns: i64) -> Result<()> {
        let pair = |a: Option<usize>, b: Option<usize>| Ok::<_, Fault>(row.amount(a)?.zip(row.amount(b)?));
        let contradict = |what: &str, (one, other): (f64, f64)| {
            let value = format!("{one} and {other}");
            Err(Fault::new(what, value, "the columns may be exchanged: give the file as it was fetched").at(row.line))
        };
        if let Some(figures) = pair(self.both.map(|b| b[0]), self.both.map(|b| b[1]))?
            && figures.0 > figures.1 + ROUNDED
        {
            return contradict("direct emissions above those of the life cycle", figures);
        }
        if let Some(shares) = pair(self.renewable, self.carbon_free)?
            && shares.0 > shares.1 + ROUNDED
        {
            return contradict("more renewable than carbon-free energy", shares);
        }
        for column in [self.renewable, self.carbon_free] {
            if let Some(share) = row.amount(column)?.filter(|share| *share > 100.0 + ROUNDED) {
                return Err(row.fault("a percentage above 100", &share.to_string(), "give the file as it was fetched"));
            }
        }
        let local = row.text(self.local);
        let offset_ns = instant(local).map(|ns| ns.saturating_sub(start_ns));
        if offset_ns.is_some_and(|ns| ns % QUARTER_NS != 0 || !OFFSETS.contains(&(ns / QUARTER_NS))) {
            let value = format!("{} and {}", quoted(local), quoted(row.text(self.start)));
            let what = "local time and UTC that no zone has at one instant";
            return Err(Fault::new(what, value, "give the file as it was fetched").at(row.line));
        }
        Ok(())
    }
}

/// Lower case, the subscript two as a digit, hyphens as spaces.
fn plain(name: &str) -> String {
    name.to_lowercase().replace('\u{2082}', "2").replace(['-', '_'], " ")
}

/// Grams for a kilowatt-hour, under any of its names; kilograms for a megawatt-hour are the same.
fn is_grams(name: &str) -> bool {
    ["gco2eq/kwh", "gco2e/kwh", "gco2/kwh", "kgco2eq/mwh", "kgco2e/mwh", "kgco2/mwh"]
        .iter()
        .any(|unit| plain(name).split([' ', '(', ')', '[', ']']).any(|word| word == *unit))
}

fn basis_of(name: &str) -> Option<&'static str> {
    let name = plain(name);
    match name.contains("carbon intensity") {
        true if name.contains("direct") => Some("direct"),
        true if ["lca", "life cycle", "lifecycle"].iter().any(|w| name.contains(w)) => Some("lifecycle"),
        _ => None,
    }
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    sink.sourced()?;
    let sheet = Sheet::open(source)?;
    let (columns, basis) = columns(&sheet, sink.options.basis.as_deref())?;
    let step = match sink.options.interval.as_deref().and_then(Step::named) {
        Some(step) => step,
        None => step(sheet, &columns)?,
    };
    let (mut only, mut names) = (None, HashMap::new());
    Sheet::open(source)?.each(&mut |row| {
        let (text, zone) = (row.filled(columns.start)?, row.filled(columns.zone)?);
        let start_ns = start(row, &columns)?;
        let end_ns = step.end(text, start_ns).ok_or_else(|| {
            row.fault("no interval of the file's length starts here", text, "correct the line or give --interval")
        })?;
        let year: i64 = text.get(..4).and_then(|y| y.parse().ok()).unwrap_or_default();
        if !sink.wants(zone) || sink.options.year.is_some_and(|y| y != year) {
            return Ok(());
        }
        columns.check(row, start_ns)?;
        let name = row.text(columns.name);
        let first = names.entry(zone.to_string()).or_insert_with(|| name.to_string());
        if first != name {
            let example = format!("{zone}, {} after {}", quoted(name), quoted(first));
            sink.notes.add("another name of a zone", row.line, &example);
            *first = name.to_string();
        }
        if sink.options.zone.is_some() && *only.get_or_insert_with(|| zone.to_string()) != zone {
            return Err(row.fault("a second zone, which --zone cannot name too", zone, "pick one with --region"));
        }
        let estimated = match plain(row.text(columns.estimated)).as_str() {
            "" => None,
            "true" => Some(true),
            "false" => Some(false),
            other => return Err(row.fault("whether it is estimated is not true or false", other, "correct the line")),
        };
        match row.amount(columns.intensity)? {
            None => {
                sink.missing(row.line, zone);
                Ok(())
            }
            Some(intensity) => {
                let (region, basis) = (zone.to_string(), basis.to_string());
                let gco2e_per_kwh = Some(intensity);
                let (method, year) = (Some("electricity-maps".into()), Some(year));
                let grid =
                    Grid { region, start_ns, end_ns, gco2e_per_kwh, basis, method, year, estimated, ..Grid::default() };
                sink.row(row.line, grid)
            }
        }
    })
}

fn columns(sheet: &Sheet, wanted: Option<&str>) -> Result<(Columns, &'static str)> {
    let header = sheet.header();
    let find = |means: &str| header.iter().position(|h| plain(h) == means);
    let need = |means: &str| {
        let known = header.join(", ");
        find(means).ok_or_else(|| {
            Fault::new("missing column", quoted(means), format!("give the file as it was fetched (columns: {known})"))
        })
    };
    let bases: Vec<(usize, &'static str)> =
        header.iter().enumerate().filter_map(|(i, h)| basis_of(h).map(|b| (i, b))).collect();
    let (intensity, basis) =
        match bases.iter().filter(|b| wanted.is_none_or(|w| w == b.1)).collect::<Vec<_>>().as_slice() {
            [one] => **one,
            [] => {
                let remedy = format!("give the file as it was fetched (columns: {})", header.join(", "));
                let value = quoted(wanted.unwrap_or("lifecycle or direct"));
                return Err(Fault::new("no column of carbon intensity", value, remedy));
            }
            _ => {
                let names = bases.iter().map(|b| header[b.0].as_str()).collect::<Vec<_>>().join(", ");
                let remedy = "choose with --basis lifecycle or --basis direct";
                return Err(Fault::new("several carbon intensities", quoted(&names), remedy));
            }
        };
    if !is_grams(&header[intensity]) {
        let remedy = "give g/kWh: convert the file, and its header, first";
        return Err(Fault::new("a carbon intensity in another unit", quoted(&header[intensity]), remedy));
    }
    let of = |basis: &str| bases.iter().find(|b| b.1 == basis && is_grams(&header[b.0])).map(|b| b.0);
    let starting =
        |start: &str, more: &str| header.iter().position(|h| plain(h).starts_with(start) && plain(h).contains(more));
    let columns = Columns {
        start: need("datetime (utc)")?,
        zone: need("zone id")?,
        intensity,
        estimated: find("data estimated"),
        both: of("direct").zip(of("lifecycle")).map(|(direct, life)| [direct, life]),
        carbon_free: starting("carbon free", "%").or_else(|| starting("low carbon perc", "")),
        renewable: starting("renewable", "perc"),
        local: starting("datetime", "local"),
        name: find("zone name"),
    };
    Ok((columns, basis))
}

fn start(row: &Row, columns: &Columns) -> Result<i64> {
    let text = row.filled(columns.start)?;
    instant(text).ok_or_else(|| row.fault("not an instant", text, "write it as 2026-05-14 09:00:00, UTC"))
}

/// First pass: the shortest distance between two starts of one zone. One start that is not midnight is of an hour.
fn step(sheet: Sheet, columns: &Columns) -> Result<Step> {
    let (mut last, mut shortest, mut text) = (HashMap::<String, i64>::new(), i64::MAX, String::new());
    sheet.each(&mut |row| {
        let start = start(row, columns)?;
        text = row.text(columns.start).to_string();
        if let Some(before) = last.insert(row.filled(columns.zone)?.to_string(), start) {
            let distance = start.saturating_sub(before).saturating_abs();
            shortest = if distance > 0 { shortest.min(distance) } else { shortest };
        }
        Ok(())
    })?;
    let alone = || (shortest == i64::MAX && !text.contains(" 00:00")).then(|| Step::named("hour")).flatten();
    Step::of_distance(shortest).or_else(alone).ok_or_else(|| {
        let todo = "give --interval hour, day, month or year";
        Fault::new("cannot tell how long an interval is", format!("starts such as {}", quoted(&text)), todo)
    })
}
