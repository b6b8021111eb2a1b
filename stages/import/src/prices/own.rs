//! Tallywatt's own CSV: the columns of table `price`. Every row says its source and its date itself.

use super::{Price, Sink};
use crate::{
    lists::{contract_rows, row_of},
    read::{
        fault::{Fault, Result},
        format::{Format, has_names},
        source::Source,
    },
};
use schemas::{inputs::has_price, tables};

pub const FORMAT: Format<Sink> = Format {
    name: "own",
    about: "The columns of table `price`: checked, filtered and written again",
    recognises: |head| has_names(head, &["provider", "region", "instance", "tier", "source"]),
    read,
};

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let options = &sink.options;
    if options.source.is_some() || options.retrieved_on.is_some() || options.as_of.is_some() {
        let what = "every row says its source and dates itself";
        return Err(Fault::new(what, "--source, --retrieved-on or --as-of", "leave them out"));
    }
    contract_rows(source, &tables::PRICE, &mut |line, row| {
        has_price(source.path, line, &row)?;
        let price: Price = row_of(row)?;
        if let Some(as_of) = price.as_of.as_ref().filter(|as_of| **as_of > price.retrieved_on) {
            let value = format!("{as_of} and {}", price.retrieved_on);
            let what = "a price that is vouched for after the day of reading";
            return Err(Fault::new(what, value, "correct the line").at(line));
        }
        if sink.options.provider.as_ref().is_some_and(|p| *p != price.provider) {
            return Ok(());
        }
        sink.row(line, price)
    })
}
