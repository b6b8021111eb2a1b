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
}

/// Lower case, the subscript two as a digit, hyphens as spaces.
fn plain(name: &str) -> String {
    name.to_lowercase().replace('\u{2082}', "2").replace(['-', '_'], " ")
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
    let mut only = None;
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
    let (start, zone) = (need("datetime (utc)")?, need("zone id")?);
    Ok((Columns { start, zone, intensity, estimated: find("data estimated") }, basis))
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
