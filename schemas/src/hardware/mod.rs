//! Names of processors and accelerators: what NVML, `/proc/cpuinfo`, `lspci` and sellers print, to the name that prices go by.
//!
//! Spellings are folded by the one rule in [`fold`]; what folding cannot do stands in `data/inputs/hardware/names.csv`, one row an
//! alias, with its source: `NVIDIA H100 80GB HBM3` is `NVIDIA H100 SXM 80GB`. A name that is not in the table is its folded self: it equals
//! its other spellings and nothing else. `instances.csv` beside it says which of several products a seller's instance has where the
//! seller's catalogue does not: `NVIDIA H100` of p5.48xlarge.

mod fold;

use fold::counted;
pub use fold::{count, fold};
use std::{collections::HashMap, sync::LazyLock};

const NAMES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/inputs/hardware/names.csv"));
const INSTANCES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/inputs/hardware/instances.csv"));

/// A row of `names.csv`.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    pub alias: String,
    pub name: String,
    pub kind: Kind,
    /// Memory of one, GB; of a family that of its largest.
    pub memory_gb: Option<f64>,
    /// Whether the name says one product: `NVIDIA H100` is SXM, PCIe or NVL.
    pub is_exact: bool,
    pub source: String,
    pub retrieved_on: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Cpu,
    Accelerator,
}

/// A row of `instances.csv`; `instance` may end in `*`.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    pub provider: String,
    pub instance: String,
    pub accelerator: String,
    pub source: String,
    pub retrieved_on: String,
}

/// What a printed name stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Hardware {
    pub count: i64,
    /// As prices name it, or folded where it is not in the table.
    pub name: String,
    pub is_known: bool,
    pub is_exact: bool,
    /// Of one, GB, where the table or a slice's name says it.
    pub memory_gb: Option<f64>,
    /// `1g.5gb` of a GPU that is divided (MIG).
    pub slice: Option<String>,
}

static ALIASES: LazyLock<Vec<Alias>> = LazyLock::new(|| rows(NAMES));
static SOLD: LazyLock<Vec<Instance>> = LazyLock::new(|| rows(INSTANCES));
static BY_FOLDED: LazyLock<HashMap<String, &'static Alias>> =
    LazyLock::new(|| ALIASES.iter().map(|row| (fold(&row.alias), row)).collect());

fn rows<T: serde::de::DeserializeOwned>(text: &str) -> Vec<T> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.expect("a row that the tests read")).collect()
}

pub fn aliases() -> &'static [Alias] {
    &ALIASES
}

pub fn instances() -> &'static [Instance] {
    &SOLD
}

/// What a name stands for, whoever printed it.
pub fn recognise(printed: &str) -> Hardware {
    let (count, folded) = counted(printed);
    // NVML names a slice after its GPU: `NVIDIA A100-SXM4-40GB MIG 1g.5gb`.
    if let Some((whole, slice)) = folded.split_once(" mig ") {
        let whole = recognise(whole);
        let memory = slice.rsplit_once('.').and_then(|(_, gb)| gb.strip_suffix("gb")?.parse().ok());
        let name = format!("{} MIG {slice}", whole.name);
        return Hardware { count, name, memory_gb: memory, slice: Some(slice.to_string()), ..whole };
    }
    match BY_FOLDED.get(&folded) {
        Some(row) => {
            let (name, is_exact) = (row.name.clone(), row.is_exact);
            Hardware { count, name, is_known: true, is_exact, memory_gb: row.memory_gb, slice: None }
        }
        None => Hardware { count, name: folded, is_known: false, is_exact: true, memory_gb: None, slice: None },
    }
}

/// What a seller's instance has: the table's word for it, else the catalogue's.
pub fn sold(provider: &str, instance: &str, printed: &str) -> Hardware {
    let of = |row: &&Instance| {
        row.provider.eq_ignore_ascii_case(provider)
            && match row.instance.strip_suffix('*') {
                Some(start) => instance.get(..start.len()).is_some_and(|i| i.eq_ignore_ascii_case(start)),
                None => row.instance.eq_ignore_ascii_case(instance),
            }
    };
    let named = SOLD.iter().find(of).map(|row| recognise(&row.accelerator));
    named.map_or_else(|| recognise(printed), |found| Hardware { count: count(printed), ..found })
}

#[cfg(test)]
mod tests;
