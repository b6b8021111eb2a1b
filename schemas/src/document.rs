//! `SCHEMA.md`, generated from the contracts.

use crate::{column::Kind, contract::Contract, tables};
use std::fmt::Write;

/// The whole text of `SCHEMA.md`.
pub fn schema_md() -> String {
    let mut out = String::from(
        "<!-- Generated from schemas/src/tables by `cargo run --release -p schemas --bin schema-md`. Do not edit. -->\n\
         # Tables\n\n\
         One Parquet file per table. Rows are sorted by the key, which is unique. Units are the last word of a column's\n\
         name. Times are UTC nanoseconds; intervals are half-open, [start, end). Absent is null, never zero. No value is\n\
         NaN or infinite. The footer carries stage, contract version, git commit, SHA-256 of the inputs and the stage's\n\
         own configuration.\n\n",
    );
    for contract in tables::ALL {
        table(&mut out, contract).unwrap_or_default();
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn table(out: &mut String, contract: &Contract) -> std::fmt::Result {
    writeln!(out, "## {}\n", contract.name)?;
    writeln!(
        out,
        "{} Version {}, written by `{}`. Key: `{}`.\n",
        contract.grain,
        contract.version,
        contract.stage,
        contract.key.join(", ")
    )?;
    writeln!(out, "| column | type | null | meaning |\n| --- | --- | --- | --- |")?;
    for c in contract.columns {
        let kind = match c.kind {
            Kind::Text => "text".to_string(),
            Kind::Date => "date (text)".into(),
            Kind::Choice(of) => of.join(", "),
            Kind::Int => "int64".into(),
            Kind::Float => "float64".into(),
            Kind::Bool => "bool".into(),
            Kind::Floats => "list of float64".into(),
            Kind::Texts => "list of text".into(),
        };
        let bound = c.at_least.map(|b| format!(" (at least {b})")).unwrap_or_default();
        writeln!(out, "| `{}` | {kind}{bound} | {} | {} |", c.name, c.null.unwrap_or("never"), c.doc)?;
    }
    writeln!(out)
}
