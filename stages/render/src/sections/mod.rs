//! Sections of the report, one a file, in the order in which they are read.

mod change;
mod cost;
pub mod decision;
mod definitions;
mod depth;
mod energy;
mod limits;
mod matrix;
mod owning;
mod speed;
mod statistics;
mod validation;

use crate::{charts::Chart, report::Section, table::Layout};
use anyhow::Result;
use recombine::Workbench;

/// What sections are made from.
pub struct Material<'a> {
    pub bench: &'a Workbench,
    pub charts: &'a [Chart],
    /// Whether another run's estimates are there as table `beside`.
    pub with_another: bool,
}

impl Material<'_> {
    fn charts(&self, kinds: &[&str]) -> Vec<Chart> {
        let of = |kind: &&str| self.charts.iter().filter(move |c| c.kind == *kind).cloned().collect::<Vec<_>>();
        kinds.iter().flat_map(of).collect()
    }

    fn tables(&self, layouts: &[&Layout]) -> Result<Vec<crate::table::Table>> {
        layouts.iter().map(|layout| layout.read(self.bench)).collect()
    }
}

/// In order.
const ALL: &[fn(&Material<'_>) -> Result<Section>] = &[
    definitions::section,
    matrix::section,
    speed::section,
    cost::section,
    energy::section,
    owning::section,
    depth::section,
    statistics::section,
    validation::section,
    decision::section,
    limits::section,
];

/// `priced` is the configuration that the costs were made with.
pub fn all(material: &Material<'_>, priced: &serde_json::Value) -> Result<Vec<Section>> {
    let rest = ALL.iter().map(|section| section(material));
    std::iter::once(change::section(material, priced)).chain(rest).collect()
}
