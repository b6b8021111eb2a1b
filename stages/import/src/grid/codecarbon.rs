//! CodeCarbon's two tables: `impact.csv` (cloud regions) and `global_energy_mix.json` (countries by ISO 3166-1 alpha-3).
//!
//! The first states no year and no basis; the second repeats Our World in Data's life-cycle figures with their year.

use super::{Grid, Sink};
use crate::{
    grid::interval,
    read::{
        fault::{Fault, Result, quoted},
        format::{Format, has_names},
        json::{self, Value, amount},
        sheet::Sheet,
        source::Source,
    },
};

pub const FORMAT: Format<Sink> = Format {
    name: "codecarbon",
    about: "CodeCarbon's impact.csv (cloud regions) or global_energy_mix.json (countries)",
    recognises: |head| {
        has_names(head, &["provider", "region", "impact"])
            || (head.trim_start().starts_with('{') && head.contains("\"carbon_intensity\""))
    },
    read,
};

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    sink.sourced()?;
    if source.head()?.trim_start().starts_with('{') { countries(source, sink) } else { clouds(source, sink) }
}

fn clouds(source: Source, sink: &mut Sink) -> Result<()> {
    let Some(year) = sink.options.year else {
        return Err(Fault::new("the file states no year", "no --year", "add --year 2023"));
    };
    let Some((start_ns, end_ns)) = interval::year(year) else {
        return Err(Fault::new("--year is out of range", year, "give a year from 1700 to 2261"));
    };
    let basis = sink.options.basis.clone().unwrap_or_else(|| "unknown".into());
    let sheet = Sheet::open(source)?;
    let (provider, region, impact) = (sheet.column("provider")?, sheet.column("region")?, sheet.column("impact")?);
    let offset = sheet.find_column("offsetRatio");
    sheet.each(&mut |row| {
        if let Some(ratio) = row.amount(offset)?.filter(|ratio| *ratio > 100.0) {
            let remedy = "the columns may be exchanged: give the file as it was fetched";
            return Err(row.fault("column `offsetRatio` is above 100 %", &ratio.to_string(), remedy));
        }
        let region = format!("{}:{}", row.filled(provider)?, row.filled(region)?);
        let Some(intensity) = row.amount(impact)? else {
            sink.missing(row.line, &region);
            return Ok(());
        };
        let (gco2e_per_kwh, year, basis) = (Some(intensity), Some(year), basis.clone());
        sink.row(row.line, Grid { region, start_ns, end_ns, gco2e_per_kwh, basis, year, ..Grid::default() })
    })?;
    if sink.options.basis.is_none() {
        sink.notes.add("the file states no basis, \"unknown\" was written (--basis says it)", 1, "impact");
    }
    if sink.options.method.is_none() {
        sink.notes.add("the file states no method, so its regions are not ranked (--method says it)", 1, "impact");
    }
    Ok(())
}

fn countries(source: Source, sink: &mut Sink) -> Result<()> {
    if sink.options.basis.as_deref() == Some("direct") {
        return Err(Fault::new("these figures are over the life cycle", "--basis direct", "leave it out"));
    }
    json::fields(&source.text()?, &mut |line, region, entry| {
        if !matches!(entry, Value::Map(_)) {
            return Ok(());
        }
        if !sink.wants(region) {
            return Ok(());
        }
        if let Some(other) = entry.text("iso_code").filter(|code| *code != region) {
            let value = format!("{region} and {}", quoted(other));
            return Err(Fault::new("two codes of one country", value, "give the file as it was fetched").at(line));
        }
        let Some(intensity) = amount(line, region, entry, "carbon_intensity")? else {
            sink.missing(line, region);
            return Ok(());
        };
        let stated = entry.get("year");
        let known = match stated {
            Some(Value::Int(year)) => interval::year(*year).map(|span| (*year, span)),
            _ => None,
        };
        let Some((year, (start_ns, end_ns))) = known else {
            let what = format!("`year` of {region} is not a year");
            return Err(Fault::new(
                what,
                quoted(&stated.and_then(Value::shown).unwrap_or_default()),
                "correct the entry",
            )
            .at(line));
        };
        if sink.options.year.is_some_and(|y| y != year) {
            return Ok(());
        }
        let (gco2e_per_kwh, basis, year) = (Some(intensity), "lifecycle".into(), Some(year));
        let method = Some(super::ember::METHOD.into());
        let row =
            Grid { region: region.into(), start_ns, end_ns, gco2e_per_kwh, basis, method, year, ..Grid::default() };
        sink.row(line, row)
    })
}
