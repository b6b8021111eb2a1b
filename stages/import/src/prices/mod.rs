//! Price catalogues: what a reader gives, what becomes of it, and the registry.
//!
//! A new catalogue is a file here that has a `FORMAT`, its line in [`formats!`], and its page in `docs/imports/prices`.

mod beside;
mod machine;

use crate::{
    lists::{Prices, said, save},
    read::{
        fault::{Fault, Notes, Result},
        format::formats,
    },
};
use beside::{Known, Terms};
use schemas::{
    sorted::{Aside, Group, Kept, Sorter, only},
    tables,
};

pub use tables::price::Row as Price;

formats!(Sink: own, skypilot, litellm, aws_offer);

/// What to do with several rows of one provider, region, instance and tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Same {
    /// The file is wrong.
    Refuse,
    /// They are zones of a region: the price is the lower median, which some zone asks.
    Median,
    /// They repeat one price; if they differ, none is taken.
    Equal,
}

/// Price of a whole machine that no machine has: SkyPilot's catalogues use it where none is known.
const PLACEHOLDER_USD: f64 = 700.0;
const PLACEHOLDER: &str = "price of exactly 700, a placeholder, left out";
/// When a catalogue was fetched says nothing of when its prices were asked for.
const UNDATED: &str = "no date of the prices, `as_of` is left empty (--as-of DATE, if the source vouches for a day)";
/// Range of what zones ask.
const LOW: &str = "low_usd_per_hour";
const HIGH: &str = "high_usd_per_hour";
/// Takes what a reader found: drops what was not asked for or cannot be a price, and keeps the rest in order.
pub struct Sink {
    pub options: Prices,
    pub notes: Notes,
    pub same: Same,
    /// Day for which the file vouches: what it says itself, else `--as-of`.
    pub as_of: Option<String>,
    known: Known,
    sorter: Sorter<Price>,
}

impl Sink {
    pub fn new(options: &Prices, aside: Aside) -> Self {
        let mut sorter = Sorter::new(&tables::PRICE, aside);
        sorter.file(&options.input);
        Sink {
            options: options.clone(),
            notes: Notes::default(),
            same: Same::Refuse,
            as_of: options.as_of.clone(),
            known: Known::default(),
            sorter,
        }
    }

    /// The day for which the file itself vouches.
    pub fn stated(&mut self, as_of: &str) -> Result<()> {
        self.options.fetched_after(Some(as_of), "the file's own date")?;
        match &self.options.as_of {
            Some(given) if given != as_of => {
                let value = format!("--as-of {given} beside \"{as_of}\"");
                Err(Fault::new("the file says its date itself", value, "leave --as-of out"))
            }
            _ => {
                self.as_of = Some(as_of.to_string());
                Ok(())
            }
        }
    }

    /// A price by the hour, of a whole machine. `None` is no price, and no row.
    pub fn hourly(&mut self, line: u64, price: &Price, tier: &str, usd: Option<f64>) -> Result<()> {
        let price = Price { tier: tier.into(), usd_per_hour: usd, ..price.clone() };
        match usd {
            _ if !self.options.wants(&price) => {}
            None => self.notes.add(&format!("no {tier} price, no row"), line, &price.instance),
            Some(PLACEHOLDER_USD) => self.notes.add(PLACEHOLDER, line, &price.instance),
            Some(_) => self.row(line, price)?,
        }
        Ok(())
    }

    /// A row with its source and date, if it was asked for and can be a price. By the token, 0 is one.
    pub fn row(&mut self, line: u64, mut price: Price) -> Result<()> {
        if !self.options.wants(&price) {
            return Ok(());
        }
        let max = self.options.max_usd_per_hour_per_accelerator;
        match price.usd_per_hour {
            Some(0.0) if price.tier != "on_prem" => {
                self.notes.add("price of 0, left out", line, &price.instance);
                return Ok(());
            }
            Some(usd) if usd / price.accelerator_count.unwrap_or(1).max(1) as f64 > max => {
                let what = format!("price above {max} USD an hour and accelerator, left out");
                self.notes.add(&what, line, &format!("{}, {usd}", price.instance));
                return Ok(());
            }
            _ => {}
        }
        if !machine::check(line, &mut price, &mut self.notes)? {
            return Ok(());
        }
        self.known.see(line, &price)?;
        if let (Some(source), Some(date)) = (&self.options.source, &self.options.retrieved_on) {
            (price.source, price.retrieved_on) = (source.clone(), date.clone());
            price.as_of = self.as_of.clone();
            if self.as_of.is_none() {
                self.notes.add(UNDATED, line, &price.instance);
            }
        }
        Ok(self.sorter.row(line, price)?)
    }

    /// Writes the rows, of each key one.
    pub fn finish(self, format: &str) -> anyhow::Result<()> {
        let Sink { options, mut notes, same, known, mut sorter, .. } = self;
        known.remark(&mut notes);
        notes.print(&options.input);
        let (mut chosen, mut terms) = (Notes::default(), Terms::default());
        let mut pick = |group: &Group| {
            let kept = match same {
                _ if group.rows() == 1 => Some(Kept::row(0)),
                Same::Refuse => only(group)?,
                Same::Median => Some(median(group, &mut chosen)),
                Same::Equal => equal(group, &mut chosen).map(Kept::row),
            };
            if let Some(kept) = &kept {
                terms.see(group, kept.row, &mut chosen);
            }
            Ok(kept)
        };
        if same == Same::Median {
            [LOW, HIGH].iter().for_each(|column| sorter.fill(column));
        }
        let written = save(&options.input, &options.output, sorter, &mut pick, &options);
        chosen.print(&options.input);
        said(&options.input, &options.output, format, written?, "prices")
    }
}

fn prices(group: &Group) -> Vec<(f64, usize)> {
    let mut prices: Vec<(f64, usize)> =
        (0..group.rows()).filter_map(|i| group.float(i, "usd_per_hour").map(|usd| (usd, i))).collect();
    prices.sort_by(|a, b| a.0.total_cmp(&b.0));
    prices
}

/// The lower median of what the zones ask, with the range.
fn median(group: &Group, notes: &mut Notes) -> Kept {
    let prices = prices(group);
    let (Some(least), Some(most)) = (prices.first(), prices.last()) else { return Kept::row(0) };
    let row = prices[(prices.len() - 1) / 2].1;
    if least.0 == most.0 {
        return Kept::row(row);
    }
    let what = format!("{} differs between the zones of a region, the lower median was taken", group.text(0, "tier"));
    notes.add(&what, group.place(0).1, &format!("{}, {} to {}", group.text(0, "instance"), least.0, most.0));
    Kept { row, numbers: vec![(LOW, least.0), (HIGH, most.0)] }
}

fn equal(group: &Group, notes: &mut Notes) -> Option<usize> {
    let columns = ["usd_per_hour", "input_usd_per_mtok", "cached_input_usd_per_mtok", "output_usd_per_mtok"];
    let price = |row: usize| columns.map(|c| group.float(row, c));
    if let Some(other) = (1..group.rows()).find(|row| price(*row) != price(0)) {
        let shown = |row| {
            let all = price(row).into_iter().flatten().map(|usd| usd.to_string()).collect::<Vec<_>>().join("/");
            format!("{all} in line {}", group.place(row).1)
        };
        let example = format!("{}, {} and {}", group.text(0, "instance"), shown(0), shown(other));
        notes.add("several prices for one instance and tier, none taken", group.place(0).1, &example);
        return None;
    }
    Some(0)
}

#[cfg(test)]
mod tests;
