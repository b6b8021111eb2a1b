//! `collect sample`: reads the configured power sources for a while and says what they gave and what reading them cost.

use crate::{
    cli::Sample,
    clock::{Anchor, process_cpu_ns},
    config::Config,
    journal::LineFile,
    power::{reader::Seen, sampler::Sampler},
    progress::said_of_costs,
    tables,
};
use anyhow::{Context, Result, bail};
use sensor::{Kind, Sensor};
use std::{
    fmt::Write,
    time::{Duration, Instant},
};

/// Runs every source at `--hz`, or its own rate, for `--seconds`; what was read goes to `--write`, or nowhere.
pub fn sample(config: &Config, asked: &Sample) -> Result<String> {
    for path in &asked.write {
        let name = schemas::io::contract_of(path)?.name;
        if !["power_sample", "sensor"].contains(&name) {
            let path = path.display();
            bail!("{path}: `collect sample` writes no such table, \"{name}\", give power_sample or sensor");
        }
    }
    // A week; of less than a millisecond nothing could be told.
    if !(0.001..=604_800.0).contains(&asked.seconds) {
        bail!("--seconds must be from 0.001 to 604800, {:?}, correct it", asked.seconds);
    }
    let sources: Vec<_> = config.power.iter().map(|source| source.at(asked.hz)).collect();
    if let Some(fault) = sources.iter().find_map(|source| source.fault()) {
        bail!("--hz: {fault}");
    }
    let samples = LineFile::to_nowhere("sample").context("cannot create a file in the folder for temporary files")?;
    let anchor = Anchor::now();
    let session_id = format!("{}-{}", anchor.realtime_ns, std::process::id());
    let sampler = Sampler::start(&sources, &session_id, anchor, &samples)?;
    let started = (Instant::now(), process_cpu_ns());
    std::thread::sleep(Duration::from_secs_f64(asked.seconds));
    let cost_ns = process_cpu_ns() - started.1;
    let seconds = started.0.elapsed().as_secs_f64();
    let (mut said, mut readings) = (String::new(), 0);
    sampler.each_seen(|sensor, seen| {
        readings += seen.readings;
        said += &line(sensor, seen);
    });
    for why in &sampler.unavailable {
        writeln!(said, "not available: {why}")?;
    }
    let (errors, missed) = sampler.faults();
    writeln!(
        said,
        "{readings} readings in {seconds:.1} s, {:.1} a second, {missed} deadlines missed, {errors} errors",
        readings as f64 / seconds
    )?;
    writeln!(said, "{}", said_of_costs(&sampler.costs_pct()))?;
    writeln!(said, "cost: {:.2} % of one core", cost_ns as f64 / 1e9 / seconds * 100.0)?;
    let states = sampler.stop().context("samples cannot be written")?;
    let by = schemas::Provenance::new("collect", schemas::config::as_json(config));
    tables::write_sampled(&samples, || Ok(states), &asked.write, &by)?;
    Ok(said)
}

/// One sensor: how often it was read, how often it changed and by how little.
fn line(sensor: &Sensor, seen: &Seen) -> String {
    let (kind, readings) = (sensor.kind, seen.readings);
    let mut said = format!("{} {} {}: {readings} readings", sensor.device_id, kind.name(), sensor.scope.name());
    if let Some(ns) = seen.updates.period_ns().filter(|_| !kind.made_by_reading()) {
        said += &format!(", new every {:.0} ms", ns as f64 / 1e6);
    }
    if let Some(step) = seen.updates.quantum() {
        said += &format!(", steps of {step:.3} {}", if kind == Kind::Counter { "J" } else { "W" });
    }
    if let Some(label) = &sensor.label {
        said += &format!(" ({label})");
    }
    if let Some(why) = &seen.last_error {
        said += &format!(", {} errors, the last: {why}", seen.errors);
    }
    said + "\n"
}
