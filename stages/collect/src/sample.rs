//! `collect sample`: reads the configured power sources for a while and says what they gave and what reading them cost.

use crate::{cli::Sample, clock::Anchor, config::Config, host, journal::Samples, power::sampler::Sampler};
use anyhow::{Context, Result, anyhow, bail};
use std::{
    fmt::Write,
    time::{Duration, Instant},
};

/// Runs every source at `--hz`, or its own rate, for `--seconds`; what was read is thrown away.
pub fn sample(config: &Config, asked: &Sample) -> Result<String> {
    if !(asked.seconds > 0.0) {
        bail!("--seconds must be above 0, {}", asked.seconds);
    }
    let sources: Vec<_> = config.power.iter().map(|source| source.at(asked.hz)).collect();
    if let Some(fault) = sources.iter().find_map(|source| source.fault()) {
        bail!("--hz: {fault}, correct it");
    }
    let (samples, counted) = Samples::to_nowhere().context("cannot create a file in the folder for temporary files")?;
    let started = (Instant::now(), host::own_cpu_ns());
    let sampler = Sampler::start(&sources, "sample", Anchor::now(), &samples).map_err(|e| anyhow!(e))?;
    std::thread::sleep(Duration::from_secs_f64(asked.seconds));
    let cost_ns = host::own_cpu_ns().zip(started.1).map(|(after, before)| after - before);
    let seconds = started.0.elapsed().as_secs_f64();
    let mut said = String::new();
    for device in &sampler.devices {
        writeln!(said, "{device}")?;
    }
    for why in &sampler.unavailable {
        writeln!(said, "not available: {why}")?;
    }
    let (errors, missed) = sampler.faults();
    sampler.stop();
    let readings = counted.load(std::sync::atomic::Ordering::Relaxed);
    writeln!(
        said,
        "{readings} readings in {seconds:.1} s, {:.1} a second, {missed} deadlines missed, {errors} errors",
        readings as f64 / seconds
    )?;
    if let Some(ns) = cost_ns {
        writeln!(said, "cost: {:.2} % of one core", ns as f64 / 1e9 / seconds * 100.0)?;
    }
    Ok(said)
}
