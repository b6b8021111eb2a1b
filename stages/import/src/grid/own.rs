//! Tallywatt's own CSV: the columns of table `grid`. Every row says its source and its basis itself.

use super::{Grid, Sink};
use crate::{
    lists::{contract_rows, row_of},
    read::{
        fault::{Fault, Result},
        format::{Format, has_names},
        source::Source,
    },
};
use schemas::tables;

pub const FORMAT: Format<Sink> = Format {
    name: "own",
    about: "The columns of table `grid`: checked, filtered and written again",
    recognises: |head| has_names(head, &["region", "basis", "source"]),
    read,
};

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    if sink.options.source.is_some() || sink.options.basis.is_some() {
        let what = "every row says its source and basis itself";
        return Err(Fault::new(what, "--source or --basis", "leave them out"));
    }
    let year = sink.options.year;
    contract_rows(source, &tables::GRID, &mut |line, row| {
        let grid: Grid = row_of(row)?;
        if year.is_none_or(|y| grid.year == Some(y)) { sink.row(line, grid) } else { Ok(()) }
    })
}
