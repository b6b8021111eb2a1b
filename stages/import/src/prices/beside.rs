//! Prices beside each other: terms of one machine, counts of one accelerator, rows of one instance.

use super::Price;
use crate::read::fault::{Fault, Notes, Result};
use schemas::sorted::Group;
use std::collections::{BTreeMap, HashMap};

/// Spot and reserved hours cost a tenth of the hour on demand at the least; a twentieth is in another unit.
const LEAST_SHARE: f64 = 1.0 / 20.0;
/// How far the price of one accelerator may differ between machines with few and with many: 4.5 times on AWS (g4dn.16xlarge has one T4,
/// g4dn.metal eight).
const MOST_BETWEEN_COUNTS: f64 = 6.0;
/// Prices that are the same whatever the number of accelerators.
const SAME: f64 = 0.02;

/// What is improbable in a price of another term beside the one on demand.
pub fn doubt_of(on_demand: f64, tier: &str, usd: f64) -> Option<String> {
    match usd {
        usd if usd > on_demand => Some(format!("{tier} costs more than on_demand, perhaps exchanged")),
        usd if usd > 0.0 && usd < LEAST_SHARE * on_demand => {
            Some(format!("implausible, {tier} costs less than a twentieth of on_demand, perhaps in another unit"))
        }
        _ => None,
    }
}

/// The machine whose prices come one after another, by the order of the key: `on_demand` before `reserved_1yr` and `spot`.
#[derive(Debug, Default)]
pub struct Terms {
    machine: [String; 3],
    on_demand: Option<f64>,
}

impl Terms {
    pub fn see(&mut self, group: &Group, row: usize, notes: &mut Notes) {
        let machine = ["provider", "region", "instance"].map(|column| group.text(row, column));
        if machine != self.machine {
            *self = Terms { machine, on_demand: None };
        }
        let (tier, Some(usd)) = (group.text(row, "tier"), group.float(row, "usd_per_hour")) else { return };
        match (tier.as_str(), self.on_demand) {
            ("on_demand", _) => self.on_demand = Some(usd),
            ("api" | "on_prem", _) | (_, None) => {}
            (tier, Some(on_demand)) => {
                if let Some(what) = doubt_of(on_demand, tier, usd) {
                    notes.add(&what, group.place(row).1, &format!("{}, {usd} and {on_demand}", self.machine[2]));
                }
            }
        }
    }
}

/// A price by the number of accelerators that it is of, and its line.
type Counts = BTreeMap<i64, (f64, u64)>;

/// What rows of other lines say of the same things.
#[derive(Debug, Default)]
pub struct Known {
    /// Accelerators of an instance.
    counts: HashMap<(String, String), (i64, u64)>,
    /// The least price of machines with so many of one accelerator, by seller, region, tier and accelerator.
    scales: BTreeMap<[String; 4], Counts>,
}

impl Known {
    /// Refuses an instance that has another number of accelerators in another line.
    pub fn see(&mut self, line: u64, price: &Price) -> Result<()> {
        let (Some(name), Some(count)) = (&price.accelerator, price.accelerator_count) else { return Ok(()) };
        let instance = (price.provider.clone(), price.instance.clone());
        let (before, first) = *self.counts.entry(instance).or_insert((count, line));
        if before != count {
            let value = format!("{}, {count} and in line {first} {before}", price.instance);
            let what = "one instance with two numbers of accelerators";
            return Err(Fault::new(what, value, "correct one of the rows").at(line));
        }
        // Prices of spare capacity follow no count.
        if let Some(usd) = price.usd_per_hour.filter(|_| price.tier != "spot") {
            let of = [&price.provider, &price.region, &price.tier, name].map(String::clone);
            let least = self.scales.entry(of).or_default().entry(count).or_insert((usd, line));
            if usd < least.0 {
                *least = (usd, line);
            }
        }
        Ok(())
    }

    /// Remarks on prices that do not grow with the number of accelerators.
    pub fn remark(&self, notes: &mut Notes) {
        for (of, counts) in &self.scales {
            let pairs = counts.iter().zip(counts.iter().skip(1));
            for ((few, (usd, _)), (many, (more, line))) in pairs {
                let example = format!("{few} x {} at {usd} and {many} x at {more}", of[3]);
                let growth = more / few_times(*usd, *few, *many);
                if *many >= 2 * few && (more / usd - 1.0).abs() < SAME {
                    notes.add("one price whatever the number of accelerators, perhaps that of one", *line, &example);
                } else if !(1.0 / MOST_BETWEEN_COUNTS..=MOST_BETWEEN_COUNTS).contains(&growth) {
                    let what = format!(
                        "implausible, prices of one accelerator differ more than {MOST_BETWEEN_COUNTS} times by their number"
                    );
                    notes.add(&what, *line, &example);
                }
            }
        }
    }
}

/// What `many` accelerators cost at the price of `few`.
fn few_times(usd: f64, few: i64, many: i64) -> f64 {
    usd / few as f64 * many as f64
}
