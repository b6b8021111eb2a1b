//! What the report does not say.

use super::Material;
use crate::report::Section;
use anyhow::Result;
use serde::Deserialize;

const ALWAYS: &[&str] = &[
    "Energy is of the scopes named. What no sensor covered (fans, power supplies, disks) is not in it unless a node sensor saw it.",
    "Carbon is a yearly mean of a grid; an hour's may differ by more than its interval. Quality of answers is not measured.",
];

#[derive(Deserialize)]
struct Line {
    line: String,
}

pub fn section(material: &Material<'_>) -> Result<Section> {
    let said: Vec<Line> = material.bench.select(table!("limits").sql)?;
    let mut list: Vec<String> = said.into_iter().map(|l| l.line).collect();
    list.extend(ALWAYS.iter().map(|l| (*l).to_string()));
    Ok(Section { id: "limits", title: "Limits".into(), list, ..Section::default() })
}
