//! `.tables` and `.schema TABLE`: what there is, and what it means.

use anyhow::{Result, bail};
use recombine::Workbench;
use schemas::tables;
use serde::Serialize;

#[derive(Serialize)]
struct Table {
    table: &'static str,
    row: &'static str,
    written_by: &'static str,
}

#[derive(Serialize)]
struct Column {
    place: u32,
    column: &'static str,
    r#type: String,
    null: &'static str,
    meaning: &'static str,
}

/// The SQL that a word with a point stands for; any other text is SQL.
///
/// # Errors
///
/// A word that is not known, or `.schema` of no contract table.
pub fn expand(bench: &Workbench, text: &str) -> Result<String> {
    let words: Vec<&str> = text.trim().trim_end_matches(';').split_whitespace().collect();
    match words.as_slice() {
        [".tables"] => {
            let row = |t: &&schemas::Contract| Table { table: t.name, row: t.grain, written_by: t.stage };
            bench.values("listed_table", &tables::ALL.iter().map(row).collect::<Vec<_>>())?;
            Ok("select * from listed_table order by \"table\"".into())
        }
        [".schema", name] => {
            let Some(contract) = tables::find(name) else {
                bail!(
                    "SQL: not a table of the contracts, {name:?}, use `describe {name}`, or one of {}",
                    tables::names().join(", ")
                );
            };
            let column = |(place, c): (u32, &schemas::Column)| Column {
                place,
                column: c.name,
                r#type: c.kind.arrow().to_string(),
                null: c.null.unwrap_or("never"),
                meaning: c.doc,
            };
            bench.values("listed_column", &(1..).zip(contract.columns).map(column).collect::<Vec<_>>())?;
            Ok("select \"column\", type, \"null\", meaning from listed_column order by place".into())
        }
        [first, ..] if first.starts_with('.') && first.len() > 1 && first.as_bytes()[1].is_ascii_alphabetic() => {
            bail!("SQL: not a command, {first:?}, use .tables, .schema TABLE, or SQL")
        }
        _ => Ok(text.into()),
    }
}
