//! Tables of carbon intensity: what a reader gives, what becomes of it, and the registry.
//!
//! A new table is a file here that has a `FORMAT`, its line in [`formats!`], and its page in `docs/imports/grid`.

mod bounds;
pub mod interval;
mod order;

use crate::{
    lists::{self, said, save},
    read::{
        fault::{Notes, Result},
        format::formats,
    },
};
use anyhow::bail;
use order::Order;
use schemas::{
    sorted::{Aside, Group, Sorter, only},
    tables,
};
use std::collections::BTreeSet;

pub use tables::grid::Row as Grid;

formats!(Sink: own, electricity_maps, ember, codecarbon);

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
        if !bounds::check(line, &grid, &mut self.notes)? {
            return Ok(());
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
        let (mut between, mut order) = (Notes::default(), Order::default());
        let mut pick = |group: &Group| {
            let kept = only(group)?;
            order.see(group, &mut between)?;
            Ok(kept)
        };
        let saved = save(input, output, sorter, &mut pick, &options);
        order.remark(&mut between);
        between.print(input);
        let rows = saved?;
        said(input, output, format, rows, "intervals")
    }
}

#[cfg(test)]
mod tests;
