//! `collect sample`: reads the configured power sources for a while and says what they gave and what reading them cost.

use crate::{
    cli::Sample,
    clock::Anchor,
    config::Config,
    host,
    journal::Samples,
    power::sampler::{Sampler, Summary},
    progress::said_of_costs,
};
use anyhow::{Context, Result, bail};
use sensor::{Kind, State};
use std::{
    fmt::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Runs every source at `--hz`, or its own rate, for `--seconds`; what was read goes to `--write`, or nowhere.
pub fn sample(config: &Config, asked: &Sample) -> Result<String> {
    // A week; of less than a millisecond nothing could be told.
    if !(0.001..=604_800.0).contains(&asked.seconds) {
        bail!("--seconds must be from 0.001 to 604800, {:?}, correct it", asked.seconds);
    }
    let sources: Vec<_> = config.power.iter().map(|source| source.at(asked.hz)).collect();
    if let Some(fault) = sources.iter().find_map(|source| source.fault()) {
        bail!("--hz: {fault}");
    }
    let samples = Samples::to_nowhere("sample").context("cannot create a file in the folder for temporary files")?;
    let anchor = Anchor::now();
    let session_id = format!("{}-{}", anchor.realtime_ns, std::process::id());
    let sampler = Sampler::start(&sources, &session_id, anchor, &samples)?;
    let started = (Instant::now(), host::own_cpu_ns());
    std::thread::sleep(Duration::from_secs_f64(asked.seconds));
    let cost_ns = host::own_cpu_ns().zip(started.1).map(|(after, before)| after.saturating_sub(before));
    let seconds = started.0.elapsed().as_secs_f64();
    let summaries = sampler.summaries();
    let mut said = String::new();
    for summary in &summaries {
        writeln!(said, "{}", line(summary))?;
    }
    for why in &sampler.unavailable {
        writeln!(said, "not available: {why}")?;
    }
    let (errors, missed) = sampler.faults();
    let readings: u64 = summaries.iter().map(|s| s.readings).sum();
    writeln!(
        said,
        "{readings} readings in {seconds:.1} s, {:.1} a second, {missed} deadlines missed, {errors} errors",
        readings as f64 / seconds
    )?;
    writeln!(said, "{}", said_of_costs(&sampler.costs_pct()))?;
    if let Some(ns) = cost_ns {
        writeln!(said, "cost: {:.2} % of one core", ns as f64 / 1e9 / seconds * 100.0)?;
    }
    let states = sampler.stop().context("samples cannot be written")?;
    write_tables(&samples, states, config, &asked.write)?;
    Ok(said)
}

/// One sensor: how often it was read, how often it changed and by how little.
fn line(summary: &Summary) -> String {
    let Summary { sensor, readings, errors, last_error, period_ns, step } = summary;
    let mut said = format!("{} {} {}: {readings} readings", sensor.device_id, sensor.kind.name(), sensor.scope.name());
    if let Some(ns) = period_ns {
        said += &format!(", new every {:.0} ms", *ns as f64 / 1e6);
    }
    if let Some(step) = step {
        said += &format!(", steps of {step:.3} {}", if sensor.kind == Kind::Counter { "J" } else { "W" });
    }
    if let Some(label) = &sensor.label {
        said += &format!(" ({label})");
    }
    if let Some(why) = last_error {
        said += &format!(", {errors} errors, the last: {why}");
    }
    said
}

fn write_tables(samples: &Samples, states: Vec<State>, config: &Config, paths: &[PathBuf]) -> Result<()> {
    let provenance = schemas::Provenance::new("collect", schemas::config::as_json(config));
    let rows = if paths.is_empty() { Vec::new() } else { samples.read_back()? };
    for path in paths {
        let contract = schemas::io::contract_of(path)?;
        match contract.name {
            "power_sample" => schemas::io::write_rows(path, contract, &rows, &provenance)?,
            "sensor" => {
                let rows = sensor::rows::rows(&rows, states.clone(), "unknown")?;
                schemas::io::write_rows(path, contract, &rows, &provenance)?;
            }
            other => bail!(
                "{}: `collect sample` writes no such table, \"{other}\", give power_sample or sensor",
                path.display()
            ),
        }
    }
    Ok(())
}
