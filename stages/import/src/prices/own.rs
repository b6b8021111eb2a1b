//! Tallywatt's own CSV: the columns of table `price`. Every row says its source and its date itself.

use super::{Price, Sink};
use crate::lists::Format;
use anyhow::{Context, Result, bail};
use schemas::{error::Error, inputs::has_price, tables, text};
use std::path::Path;

pub const FORMAT: Format<Sink> = Format {
    name: "own",
    about: "The columns of table `price`: checked, filtered and written again",
    recognises: |head| {
        let header = head.lines().next().unwrap_or_default();
        ["provider", "region", "instance", "tier", "source"].iter().all(|c| header.split(',').any(|h| h.trim() == *c))
    },
    read,
};

fn read(path: &Path, sink: &mut Sink) -> Result<()> {
    let options = &sink.options;
    if options.source.is_some() || options.retrieved_on.is_some() || options.as_of.is_some() {
        bail!(
            "{}: every row says its source and dates itself, --source, --retrieved-on or --as-of, leave them out",
            path.display()
        );
    }
    let mut refused = None;
    let read = text::scan_csv(path, &tables::PRICE, &mut |line, row| {
        has_price(path, line, &row)?;
        let taken = serde_json::from_value::<Price>(row.into()).context("a row of the contract").and_then(|price| {
            if sink.options.provider.as_ref().is_some_and(|p| *p != price.provider) {
                return Ok(());
            }
            sink.row(line, price)
        });
        refused = taken.err();
        match refused {
            None => Ok(()),
            Some(_) => Err(Error::Csv { path: path.to_path_buf(), cause: "refused".into() }),
        }
    });
    match refused {
        Some(refused) => Err(refused),
        None => Ok(read?),
    }
}
