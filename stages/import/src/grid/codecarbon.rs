//! CodeCarbon's two tables: `impact.csv` (cloud regions) and `global_energy_mix.json` (countries by ISO 3166-1 alpha-3).
//!
//! The first states no year and no basis; the second repeats Our World in Data's life-cycle figures with their year.

use super::{Grid, Sink};
use crate::{
    grid::interval,
    lists::Format,
    read::entries::{self, number},
    read::sheet::{Sheet, fault},
};
use anyhow::{Result, bail};
use serde_json::Value;
use std::{fs::File, io::Read, path::Path};

pub const FORMAT: Format<Sink> = Format {
    name: "codecarbon",
    about: "CodeCarbon's impact.csv (cloud regions) or global_energy_mix.json (countries)",
    recognises: |head| {
        let header = head.lines().next().unwrap_or_default();
        let cloud = ["provider", "region", "impact"].iter().all(|c| header.split(',').any(|h| h.trim() == *c));
        cloud || (head.trim_start().starts_with('{') && head.contains("\"carbon_intensity\""))
    },
    read,
};

fn read(path: &Path, sink: &mut Sink) -> Result<()> {
    let mut start = Vec::new();
    File::open(path)?.take(64).read_to_end(&mut start)?;
    match String::from_utf8_lossy(&start).trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        true => countries(path, sink),
        false => clouds(path, sink),
    }
}

fn clouds(path: &Path, sink: &mut Sink) -> Result<()> {
    let source = sink.source()?;
    let Some(year) = sink.options.year else {
        bail!("{}: the file states no year, no --year, add --year 2023", path.display());
    };
    let Some((start_ns, end_ns)) = interval::year(year) else {
        bail!("--year: out of range, {year}, give a year from 1700 to 2261");
    };
    let basis = sink.options.basis.clone().unwrap_or_else(|| "unknown".into());
    let sheet = Sheet::open(path)?;
    let (provider, region, impact) = (sheet.column("provider")?, sheet.column("region")?, sheet.column("impact")?);
    sheet.each(&mut |line| {
        let region = format!("{}:{}", line.filled(provider)?, line.filled(region)?);
        let Some(intensity) = line.number(impact)? else {
            sink.missing(line.number, &region);
            return Ok(());
        };
        let (gco2e_per_kwh, year, basis, source) = (Some(intensity), Some(year), basis.clone(), source.clone());
        sink.row(line.number, Grid { region, start_ns, end_ns, gco2e_per_kwh, basis, year, source, ..Grid::default() })
    })?;
    if sink.options.basis.is_none() {
        sink.notes.add("the file states no basis, \"unknown\" was written (--basis says it)", 1, "impact");
    }
    if sink.options.method.is_none() {
        sink.notes.add("the file states no method, so its regions are not ranked (--method says it)", 1, "impact");
    }
    Ok(())
}

fn countries(path: &Path, sink: &mut Sink) -> Result<()> {
    let source = sink.source()?;
    if sink.options.basis.as_deref() == Some("direct") {
        bail!("{}: these figures are over the life cycle, --basis direct, leave it out", path.display());
    }
    entries::each(path, &mut |line, region, entry| {
        if !entry.is_object() {
            return Ok(());
        }
        if !sink.wants(region) {
            return Ok(());
        }
        let Some(intensity) = number(path, line, region, entry, "carbon_intensity")? else {
            sink.missing(line, region);
            return Ok(());
        };
        let stated = entry.get("year").unwrap_or(&Value::Null);
        let Some((year, (start_ns, end_ns))) = stated.as_i64().and_then(|y| interval::year(y).map(|span| (y, span)))
        else {
            return Err(fault(
                path,
                line,
                &format!("`year` of {region} is not a year"),
                &stated.to_string(),
                "correct the entry",
            ));
        };
        if sink.options.year.is_some_and(|y| y != year) {
            return Ok(());
        }
        let (gco2e_per_kwh, basis, year) = (Some(intensity), "lifecycle".into(), Some(year));
        let method = Some(super::ember::METHOD.into());
        let row = Grid {
            region: region.into(),
            start_ns,
            end_ns,
            gco2e_per_kwh,
            basis,
            method,
            year,
            source: source.clone(),
            ..Grid::default()
        };
        sink.row(line, row)
    })
}
