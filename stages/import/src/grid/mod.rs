//! Tables of carbon intensity: what a reader gives, what becomes of it, and the registry.
//!
//! A new table is a file here that has a `FORMAT`, its line in [`formats!`], and its section in `docs/imports.md`.

pub mod interval;

use crate::{
    lists::{self, said, save},
    read::{
        fault::{Fault, Notes, Result},
        format::formats,
    },
};
use anyhow::bail;
use schemas::{
    sorted::{Aside, Sorter, only},
    tables,
};
use std::collections::BTreeSet;

pub use tables::grid::Row as Grid;

formats!(Sink: own, electricity_maps, ember, codecarbon);

/// A plant of oil shale without heat emits about 1300; leakage and old plants leave room.
const MOST_G_PER_KWH: f64 = 2500.0;

/// Takes what a reader found: drops what was not asked for or cannot be an intensity, and keeps the rest in order.
pub struct Sink {
    pub options: lists::Grid,
    pub notes: Notes,
    sorter: Sorter<Grid>,
    /// Regions that were asked for and have a value.
    found: BTreeSet<String>,
}

impl Sink {
    pub fn new(options: &lists::Grid, aside: Aside) -> Self {
        let mut sorter = Sorter::new(&tables::GRID, aside);
        sorter.file(&options.input);
        Sink { options: options.clone(), notes: Notes::default(), sorter, found: BTreeSet::new() }
    }

    /// Refuses to go on without the source, which every format but `own` must be told.
    pub fn sourced(&self) -> Result<()> {
        lists::sourced(self.options.source.as_deref())
    }

    /// Whether a region of the file was asked for.
    pub fn wants(&self, region: &str) -> bool {
        self.options.region.is_empty() || self.options.region.iter().any(|r| r == region)
    }

    /// A region's interval without a value: no row, and never 0.
    pub fn missing(&mut self, line: u64, region: &str) {
        if self.wants(region) {
            self.notes.add("no value, no row", line, region);
        }
    }

    pub fn row(&mut self, line: u64, mut grid: Grid) -> Result<()> {
        if !self.wants(&grid.region) {
            return Ok(());
        }
        if grid.basis == "lifecycle" && grid.gco2e_per_kwh == Some(0.0) {
            self.notes.add("0 g/kWh, which no life cycle has, left out", line, &grid.region);
            return Ok(());
        }
        if let Some(wrong) = grid.gco2e_per_kwh.filter(|g| !(0.0..=MOST_G_PER_KWH).contains(g)) {
            let remedy = "give g/kWh: a figure in kg, lb or a MWh is converted first";
            let what = format!("a carbon intensity that no grid has, beyond 0 to {MOST_G_PER_KWH} g/kWh");
            return Err(Fault::new(what, format!("{}, {wrong}", grid.region), remedy).at(line));
        }
        if let Some(low) = grid.gco2e_per_kwh.filter(|g| *g > 0.0 && *g < 1.0) {
            let what = "below 1 g/kWh, which few grids reach: perhaps in kg, convert the file if so";
            self.notes.add(what, line, &format!("{}, {low}", grid.region));
        }
        if let Some(pue) = grid.pue.filter(|pue| *pue < 1.0) {
            let what = "a PUE below 1, which no data centre has";
            return Err(Fault::new(what, format!("{}, {pue}", grid.region), "correct the row").at(line));
        }
        if !self.options.region.is_empty() {
            self.found.insert(grid.region.clone());
        }
        if grid.method.is_none() && grid.gco2e_per_kwh.is_some() {
            grid.method.clone_from(&self.options.method);
        }
        if let Some(source) = &self.options.source {
            grid.source.clone_from(source);
        }
        if let Some(zone) = &self.options.zone {
            grid.region.clone_from(zone);
        }
        Ok(self.sorter.row(line, grid)?)
    }

    pub fn finish(self, format: &str) -> anyhow::Result<()> {
        let Sink { options, notes, sorter, found } = self;
        let lists::Grid { input, output, .. } = &options;
        notes.print(input);
        if let Some(region) = options.region.iter().find(|r| !found.contains(*r)) {
            bail!(
                "{}: no value for the region, \"{region}\", take another source or leave the region out",
                input.display()
            );
        }
        let rows = save(input, output, sorter, &mut only, &options)?;
        said(input, output, format, rows, "intervals")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_no_grid_has_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let options = lists::Grid::parse(&folder.path().join("out.csv"));
        let mut sink = Sink::new(&options, Aside::beside(&options.output));
        let grid = |g, pue| Grid {
            region: "x".into(),
            gco2e_per_kwh: Some(g),
            pue,
            basis: "direct".into(),
            ..Grid::default()
        };
        let refusal = |sink: &mut Sink, g, pue| sink.row(7, grid(g, pue)).unwrap_err().of("FILE".as_ref()).to_string();
        assert_eq!(
            refusal(&mut sink, 350_000.0, None),
            "FILE: line 7: a carbon intensity that no grid has, beyond 0 to 2500 g/kWh, x, 350000, \
             give g/kWh: a figure in kg, lb or a MWh is converted first"
        );
        assert_eq!(
            refusal(&mut sink, 350.0, Some(0.9)),
            "FILE: line 7: a PUE below 1, which no data centre has, x, 0.9, correct the row"
        );
        sink.row(8, grid(0.35, None)).unwrap();
        assert_eq!(
            sink.notes.texts(),
            ["below 1 g/kWh, which few grids reach: perhaps in kg, convert the file if so: 1, first line 8 (x, 0.35)"]
        );
    }

    #[test]
    fn an_interval_has_the_columns_of_the_contract() {
        let grid = serde_json::to_value(Grid::default()).unwrap();
        let mut fields: Vec<&str> = grid.as_object().unwrap().keys().map(String::as_str).collect();
        let mut columns: Vec<&str> = tables::GRID.columns.iter().map(|c| c.name).collect();
        fields.sort_unstable();
        columns.sort_unstable();
        assert_eq!(fields, columns);
    }
}
