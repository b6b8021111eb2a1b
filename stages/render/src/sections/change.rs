//! What would change the answer.

use super::Material;
use crate::{report::Section, whatif};
use anyhow::Result;
use serde_json::Value;

const TEXT: &str = "Tariff, carbon and PUE are those of your own grid; hardware rented elsewhere keeps its region's. Each backend is \
    at its cheapest price of the terms. A month of own machines holds their purchase, upkeep and \
    idle power. An interval is that of the costs, stretched by what its parts grow; where they grow unlike, \
    by the larger.";

pub fn section(material: &Material<'_>, priced: &Value) -> Result<Section> {
    Ok(Section {
        id: "whatif",
        title: "What if".into(),
        texts: vec![TEXT.into()],
        whatif: whatif::whatif(material.bench, priced)?,
        charts: material.charts(&["whatif-cost", "whatif-month"]),
        ..Section::default()
    })
}
