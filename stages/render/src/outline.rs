//! `report.toml`: what the report shows, in which order.

use crate::{
    charts::{self, Chart},
    report::Section,
    sql,
    table::{Layout, Shown},
    whatif,
};
use anyhow::{Context, Result};
use recombine::Workbench;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outline {
    pub answer: Answer,
    section: Vec<Part>,
}

/// Tables of the first screen.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub backends: Layout,
    pub objectives: Layout,
}

/// A section before its numbers are known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    id: String,
    title: String,
    /// Whether it holds the form of what-if.
    #[serde(default)]
    whatif: bool,
    #[serde(default)]
    texts: Vec<String>,
    /// A table whose column `line` comes before `list`.
    list_from: Option<String>,
    #[serde(default)]
    list: Vec<String>,
    #[serde(default)]
    chart: Vec<charts::Kind>,
    #[serde(default)]
    table: Vec<Layout>,
}

/// What sections are made from.
pub struct Material<'a> {
    pub bench: &'a Workbench,
    pub charts: &'a [Chart],
    /// Whether another run's estimates are there as table `beside`.
    pub with_another: bool,
    /// The configuration that the costs were made with.
    pub priced: &'a Value,
}

impl Outline {
    pub fn read() -> Result<Self> {
        toml::from_str(include_str!("../report.toml")).context("report.toml")
    }

    pub fn charts(&self) -> impl Iterator<Item = &charts::Kind> {
        self.section.iter().flat_map(|section| &section.chart)
    }

    pub fn sections(&self, material: &Material<'_>) -> Result<Vec<Section>> {
        self.section.iter().map(|part| part.section(material)).collect()
    }
}

impl Part {
    fn section(&self, material: &Material<'_>) -> Result<Section> {
        #[derive(Deserialize)]
        struct Line {
            line: String,
        }
        let bench = material.bench;
        let lines: Vec<Line> = match &self.list_from {
            Some(name) => bench.select(sql::find(sql::tables::ALL, name)?.sql)?,
            None => Vec::new(),
        };
        let of =
            |kind: &charts::Kind| material.charts.iter().filter(|c| c.kind == kind.name).cloned().collect::<Vec<_>>();
        let shown = self.table.iter().filter(|layout| layout.shown != Shown::WithAnotherRun || material.with_another);
        let mut tables = shown.map(|layout| Ok((layout, layout.read(bench)?))).collect::<Result<Vec<_>>>()?;
        tables.retain(|(layout, table)| layout.shown != Shown::WithRows || !table.rows.is_empty());
        Ok(Section {
            id: self.id.clone(),
            title: self.title.clone(),
            texts: self.texts.clone(),
            list: lines.into_iter().map(|l| l.line).chain(self.list.iter().cloned()).collect(),
            whatif: if self.whatif { whatif::whatif(bench, material.priced)? } else { None },
            charts: self.chart.iter().flat_map(of).collect(),
            tables: tables.into_iter().map(|(_, table)| table).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_that_of_a_file() {
        let outline = Outline::read().unwrap();
        let layouts = outline.section.iter().flat_map(|s| &s.table);
        for layout in layouts.chain([&outline.answer.backends, &outline.answer.objectives]) {
            layout.files().unwrap();
        }
        for kind in outline.charts() {
            sql::find(sql::charts::ALL, &kind.name).unwrap();
        }
        let drawn = outline.charts().count();
        assert_eq!(drawn, sql::charts::ALL.len(), "every chart's rows are drawn once");
    }

    #[test]
    fn misspelt_keys_are_refused() {
        let odd = "name = \"x\"\ncaption = \"x\"\nmetod = \"x\"\ncolumns = []";
        assert!(toml::from_str::<Layout>(odd).unwrap_err().to_string().contains("unknown field `metod`"));
    }
}
