//! Ember's yearly electricity data in long form: one row an area, year and variable. Intensity is over the life cycle.

use super::{Grid, Sink};
use crate::{
    grid::interval,
    read::{
        fault::{Fault, Result, quoted},
        format::{Format, has_names},
        sheet::Sheet,
        source::Source,
    },
};
use std::collections::BTreeMap;

pub const FORMAT: Format<Sink> = Format {
    name: "ember",
    about: "Ember's yearly CSV in long form: CO2 intensity of the newest year that has one",
    recognises: |head| has_names(head, &["Area", "Variable", "Unit", "Value"]),
    read,
};

/// CodeCarbon's countries are Ember's too, by way of Our World in Data.
pub const METHOD: &str = "ember";

#[derive(Default)]
struct Newest {
    line: u64,
    value: Option<(i64, f64)>,
    /// Newest year without a value, and its row.
    empty: Option<(i64, u64)>,
    /// First and last year that have a row, and how many rows.
    years: Option<(i64, i64, i64)>,
}

/// Generation and emissions, whose quotient the intensity is; half of their last digit.
const TOTALS: [[&str; 2]; 2] = [["Total Generation", "TWh"], ["Total emissions", "mtCO2"]];
const ROUNDED: f64 = 0.005;
/// Between years that follow each other an intensity changes by less, but for countries with a plant or two.
const MOST_GROWTH: f64 = 5.0;

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    sink.sourced()?;
    if sink.options.basis.as_deref() == Some("direct") {
        return Err(Fault::new("Ember's intensity is over the life cycle", "--basis direct", "leave it out"));
    }
    let sheet = Sheet::open(source)?;
    let (area, code) = (sheet.column("Area")?, sheet.column("ISO 3 code")?);
    let (year, variable) = (sheet.column("Year")?, sheet.column("Variable")?);
    let (unit, value) = (sheet.column("Unit")?, sheet.column("Value")?);
    let mut regions: BTreeMap<String, Newest> = BTreeMap::new();
    let (mut totals, mut stated) = (BTreeMap::<_, [Option<f64>; 2]>::new(), BTreeMap::new());
    let mut codes: BTreeMap<String, (String, u64)> = BTreeMap::new();
    sheet.each(&mut |row| {
        if let Some(total) =
            TOTALS.iter().position(|total| row.text(variable) == total[0] && row.text(unit) == total[1])
        {
            let named = (row.text(area).to_string(), row.text(year).to_string());
            totals.entry(named).or_default()[total] = row.amount(value).unwrap_or_default();
            return Ok(());
        }
        if row.text(variable) != "CO2 intensity" {
            return Ok(());
        }
        if !["gCO2/kWh", "gCO2e/kWh"].contains(&row.text(unit)) {
            return Err(row.fault(
                "CO2 intensity in another unit",
                row.text(unit),
                "gCO2/kWh is expected: correct the line",
            ));
        }
        if let Some(g) = row.amount(value)? {
            stated.insert((row.text(area).to_string(), row.text(year).to_string()), (row.line, g));
        }
        let named = codes.entry(row.filled(area)?.into()).or_insert_with(|| (row.text(code).into(), row.line));
        if named.0 != row.text(code) {
            let value =
                format!("{}, {} and in line {} {}", row.text(area), quoted(row.text(code)), named.1, quoted(&named.0));
            return Err(Fault::new("two codes of one area", value, "correct one of the lines").at(row.line));
        }
        // The world and other sums of countries have no code.
        let region = if row.text(code).is_empty() { row.filled(area)? } else { row.text(code) };
        let text = row.filled(year)?;
        let Some(year) = text.parse::<i64>().ok().filter(|y| interval::year(*y).is_some()) else {
            return Err(row.fault("column `Year` is not a year", text, "correct the line"));
        };
        if !sink.wants(region) || sink.options.year.is_some_and(|y| y != year) {
            return Ok(());
        }
        let newest = regions.entry(region.to_string()).or_default();
        let (first, last, rows) = newest.years.unwrap_or((year, year, 0));
        newest.years = Some((first.min(year), last.max(year), rows + 1));
        match row.amount(value)? {
            Some(_) if newest.value.is_some_and(|v| v.0 == year) => {
                return Err(row.fault("second intensity of the year", &format!("{region} {year}"), "remove one"));
            }
            Some(v) if newest.value.is_none_or(|n| n.0 < year) => {
                let before = newest.value.filter(|(before, g)| before + 1 == year && *g > 0.0 && v > 0.0);
                if let Some((_, g)) = before.filter(|(_, g)| !(1.0 / MOST_GROWTH..=MOST_GROWTH).contains(&(v / g))) {
                    let what =
                        format!("implausible, an intensity that changed more than {MOST_GROWTH} times in a year");
                    sink.notes.add(&what, row.line, &format!("{region} {year}, {v} after {g}"));
                }
                (newest.value, newest.line) = (Some((year, v)), row.line)
            }
            None if newest.empty.is_none_or(|e| e.0 < year) => newest.empty = Some((year, row.line)),
            _ => {}
        }
        Ok(())
    })?;
    for (named, (line, g)) in &stated {
        let Some([Some(twh), Some(mt)]) = totals.get(named).copied() else { continue };
        let (quotient, error) = (mt / twh * 1000.0, 0.01 + ROUNDED / twh + ROUNDED / mt);
        if twh > 0.0 && mt > 0.0 && (g / quotient - 1.0).abs() > error {
            let example = format!("{} {}, {g} and {quotient:.1} of {mt} Mt for {twh} TWh", named.0, named.1);
            sink.notes.add("an intensity that is not the emissions by the generation of its year", *line, &example);
        }
    }
    for (region, newest) in regions {
        let empty = newest.empty.unwrap_or_default();
        if let Some((first, last, _)) = newest.years.filter(|(first, last, rows)| last - first + 1 > *rows) {
            sink.notes.add("years without a row", newest.line, &format!("{region}, {first} to {last}"));
        }
        let Some((year, intensity)) = newest.value else {
            sink.missing(empty.1, &format!("{region} {}", empty.0));
            continue;
        };
        if empty.0 > year + 1 {
            sink.notes.add("several newer years are empty", empty.1, &format!("{region}, {year} is used"));
        }
        if empty.0 > year {
            sink.notes.add(&format!("{} is empty, {year} used", empty.0), empty.1, &region);
        }
        let Some((start_ns, end_ns)) = interval::year(year) else { continue };
        let (basis, method) = ("lifecycle".into(), Some(METHOD.into()));
        let (gco2e_per_kwh, year) = (Some(intensity), Some(year));
        sink.row(
            newest.line,
            Grid { region, start_ns, end_ns, gco2e_per_kwh, basis, method, year, ..Grid::default() },
        )?;
    }
    Ok(())
}
