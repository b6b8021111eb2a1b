//! `--usd-per-hour`: the price of exactly the machine that ran, as a file that `derive-costs --prices` takes.

use super::{Options, sheet::Run};
use crate::{clock::Anchor, imports::zone::utc_text};
use schemas::{rows, tables::PRICE, text};
use serde::Serialize;
use std::collections::BTreeSet;

/// A row of `price`.
#[derive(Debug, Serialize)]
struct Price<'a> {
    provider: &'static str,
    region: &'static str,
    instance: &'a str,
    tier: &'static str,
    cpu: Option<&'a str>,
    accelerator: Option<&'a str>,
    accelerator_count: Option<i64>,
    usd_per_hour: f64,
    includes_power: bool,
    source: &'static str,
    as_of: String,
    retrieved_on: String,
}

const COLUMNS: &[&str] = &[
    "provider",
    "region",
    "instance",
    "tier",
    "cpu",
    "accelerator",
    "accelerator_count",
    "usd_per_hour",
    "includes_power",
    "source",
    "as_of",
    "retrieved_on",
];

/// One row a device. It is priced as a whole: what ran counts as one accelerator, whatever it was made of.
pub fn write(options: &Options, runs: &[Run], cpu: Option<&str>) -> anyhow::Result<()> {
    let path = options.into.join("imported-price.csv");
    let Some(usd_per_hour) = options.usd_per_hour else {
        if path.exists() {
            eprintln!(
                "collect: {}: of an earlier import and not changed: remove it, or give --usd-per-hour",
                path.display()
            );
        }
        return Ok(());
    };
    let devices: BTreeSet<&str> = runs.iter().map(|r| r.device.as_str()).collect();
    // The day on which the price is stated, by who pays it: today.
    let today: String = utc_text(Anchor::now().realtime_ns).chars().take(10).collect();
    let prices: Vec<Price> = devices
        .into_iter()
        .map(|device| Price {
            provider: "own",
            region: "any",
            instance: if device == "cpu" { cpu.unwrap_or(device) } else { device },
            tier: "on_demand",
            cpu: cpu.filter(|_| device == "cpu"),
            accelerator: Some(device).filter(|d| *d != "cpu"),
            accelerator_count: Some(1).filter(|_| device != "cpu"),
            usd_per_hour,
            includes_power: true,
            source: "--usd-per-hour",
            as_of: today.clone(),
            retrieved_on: today.clone(),
        })
        .collect();
    let batch = rows::to_batch(&PRICE, &prices)?;
    Ok(text::write_csv(&path, &PRICE, COLUMNS, &mut |each| each(&batch))?)
}
