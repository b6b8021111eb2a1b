//! Tallywatt's own CSV: the columns of table `grid`. Every row says its source and its basis itself.

use super::{Grid, Sink};
use crate::lists::Format;
use anyhow::{Result, bail};
use schemas::{error::Error, tables, text};
use std::path::Path;

pub const FORMAT: Format<Sink> = Format {
    name: "own",
    about: "The columns of table `grid`: checked, filtered and written again",
    recognises: |head| {
        let header = head.lines().next().unwrap_or_default();
        ["region", "basis", "source"].iter().all(|c| header.split(',').any(|h| h.trim() == *c))
    },
    read,
};

fn read(path: &Path, sink: &mut Sink) -> Result<()> {
    if sink.options.source.is_some() || sink.options.basis.is_some() {
        bail!("{}: every row says its source and basis itself, --source or --basis, leave them out", path.display());
    }
    let year = sink.options.year;
    let mut refused = None;
    let read = text::scan_csv(path, &tables::GRID, &mut |line, row| {
        let taken = serde_json::from_value::<Grid>(row.into())
            .map_err(anyhow::Error::from)
            .and_then(|grid| if year.is_none_or(|y| grid.year == Some(y)) { sink.row(line, grid) } else { Ok(()) });
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
