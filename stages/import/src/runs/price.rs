//! `--usd-per-hour`: the price of exactly the machine that ran, as a file that `derive-costs --prices` takes.

use super::{Options, accelerators, sheet::Run};
use crate::{
    prices::Price,
    read::{
        fault::{quoted, say},
        zone::utc_text,
    },
};
use anyhow::{Context, bail};
use schemas::{rows, tables::PRICE, text};
use std::collections::BTreeSet;

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

/// One row a device. It is priced as a whole, with as many accelerators as its name has: `8x NVIDIA H100` is eight of one.
pub fn write(options: &Options, runs: &[Run], cpu: Option<&str>, day: &str) -> anyhow::Result<()> {
    let path = options.files.into.join("imported-price.csv");
    if options.usd_per_hour.is_none() {
        if path.exists() {
            say(&format!(
                "{}: of an earlier import and not changed: remove it, or give --usd-per-hour",
                path.display()
            ));
        }
        return Ok(());
    }
    let devices: BTreeSet<&str> = runs.iter().map(|r| r.device.as_str()).collect();
    let prices: Vec<Price> = devices
        .into_iter()
        .map(|device| (device, accelerators::split(device)))
        .map(|(device, (count, name))| Price {
            provider: "own".into(),
            region: "any".into(),
            instance: if device == "cpu" { cpu.unwrap_or(device) } else { device }.into(),
            tier: "on_demand".into(),
            cpu: cpu.filter(|_| device == "cpu").map(str::to_string),
            accelerator: Some(name.to_string()).filter(|_| device != "cpu"),
            accelerator_count: Some(count.unwrap_or(1)).filter(|_| device != "cpu"),
            usd_per_hour: options.usd_per_hour,
            includes_power: true,
            source: "--usd-per-hour".into(),
            as_of: Some(day.into()),
            retrieved_on: day.into(),
            ..Price::default()
        })
        .collect();
    let batch = rows::to_batch(&PRICE, &prices)?;
    Ok(text::write_csv(&path, &PRICE, COLUMNS, &mut |each| each(&batch))?)
}

/// The day on which the price holds: the one that was given, else the day of the last run. A file's own date says when it was copied.
pub fn day(options: &Options, runs: &[Run]) -> anyhow::Result<String> {
    if options.usd_per_hour.is_none() && options.priced_on.is_none() {
        return Ok(String::new());
    }
    if let Some(day) = &options.priced_on {
        if !schemas::column::is_date(day) {
            bail!("--priced-on: not a date, {}, write YYYY-MM-DD", quoted(day));
        }
        return Ok(day.clone());
    }
    let last = runs.iter().filter_map(|run| run.end_ns.or(run.start_ns)).max();
    let day = last.map(|ns| utc_text(ns).chars().take(10).collect());
    day.context("--usd-per-hour: the results have no times, so no day of the price, add --priced-on YYYY-MM-DD")
}
