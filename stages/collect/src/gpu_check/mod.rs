//! `collect gpu-check`: what the power readings of an NVIDIA GPU are, what reading them costs, and which CUDA backends compute what
//! they should, on a machine that has this binary and a driver. docs/hardware says what a record holds and how it is found.

mod counter;
mod findings;
mod fit;
mod load;
mod matrix;
mod on_times;
mod probe;
mod record;
mod response;
mod sampling;
mod schedule;
mod summary;
mod updates;

use crate::{
    backends,
    cli::{GpuCheck, Setup},
    clock::Anchor,
    config::{Config, OnUnavailable},
    gate::{Gate, Gated},
    installed::Installed,
    power,
    prepare::Preparer,
    prompts::Prompts,
};
use anyhow::{Context, Result, anyhow, bail};
use on_times::OnTimes;
use probe::{Gpu, Series};
use protocol::backend::{self, Backend, Form, Kind};
use record::Record;
use schedule::{SETTLE, Schedule};

/// Rates at which sampling is priced: a session's, and a fast one.
const RATES_HZ: [f64; 2] = [20.0, 100.0];
const STEADY_S: f64 = 5.0;

/// Checks the GPU and writes its record; what is printed is where.
pub fn check(config: &Config, asked: &GpuCheck) -> Result<String> {
    if !(10.0..=3600.0).contains(&asked.seconds) {
        bail!("--seconds must be between 10 and 3600, {}", asked.seconds);
    }
    let nvml = config.power.iter().find_map(|p| if let power::Config::Nvml(c) = p { Some((p, c)) } else { None });
    let (source, nvml) = nvml.context("no NVML is configured, add a [[collect.power]] with source = \"nvml\"")?;
    let visible = std::env::var("CUDA_VISIBLE_DEVICES").ok();
    let gpu = Gpu::open(&nvml.library, visible.as_deref()).map_err(|e| anyhow!(e))?;
    record::refuse_stub(&gpu, &asked.into)?;
    let ways = gpu.ways.iter().map(|way| way.name()).collect::<Vec<_>>().join(", ");
    eprintln!("collect: {}, driver {}, {}: {ways}", gpu.name, gpu.driver, gpu.uuid);
    if asked.dry_run {
        return Ok(String::new());
    }
    let matrix = matrix::matrix(&asked.matrix)?;

    // Every CUDA backend is tried, whatever the configuration asks for; those that are not here are told.
    let config = Config { on_unavailable: OnUnavailable::Skip, ..config.clone() };
    let Setup { here, cache, .. } = &asked.setup;
    std::fs::create_dir_all(cache).with_context(|| format!("{}: cannot create", cache.display()))?;
    let mut preparer = Preparer::default();
    let model = preparer.model(&config, here, cache)?;
    let prompts = Prompts::new(&config, &model, &mut preparer)?;
    let gate = Gate { config: &config, model: &model, here, cache, batch: prompts.parity_batch() };
    let gated = gate.pass(candidates(&config)?, &mut preparer)?;
    preparer.finish();
    let loading = choose(&gated, asked.load.as_deref(), here)?;
    let backend = loading.backend.name.as_str();
    let loads = loading.load.as_ref().context("a backend without a model")?;
    let mut load = load::Load::start(&config, backend, loads, here, &prompts)?;
    eprintln!("collect: load: {backend}, prefills of {:?} in {:.1} ms", load.shape, load.prefill_ms);

    let costs = RATES_HZ.map(|hz| sampling::cost(&mut load, source, hz));
    let (series, on) = wave(&gpu, &mut load, &Schedule::random(asked.seconds, asked.seed))?;
    let mut found = summary::machine(&gpu, &load, asked.seconds);
    load.finish();
    found.extend(summary::sensors(&gpu, &series, &on));
    for cost in costs {
        found.extend(summary::sampling(&cost?));
    }
    found.extend(gated.iter().filter(|g| g.backend.kind == Kind::Gpu).flat_map(|g| summary::backend(g, here)));
    found.extend(matrix);
    let date = chrono::DateTime::from_timestamp_nanos(Anchor::now().realtime_ns).format("%Y-%m-%d").to_string();
    let by = schemas::Provenance::new("collect", schemas::config::as_json(&config));
    let [parquet, page] = Record { gpu: &gpu, date, findings: found }.write(&asked.into, &by)?;
    Ok(format!("{}\n{}\n", page.display(), parquet.display()))
}

/// The reference of the gate, and every backend on a GPU: those that the configuration names, and those that are registered.
fn candidates(config: &Config) -> Result<Vec<Backend>> {
    let asked = backends::asked(config)?;
    let reference = asked.iter().find(|b| b.kind == Kind::Cpu && b.promise.exact()).cloned();
    let registered: Vec<Backend> = backend::all().filter(|b| asked.iter().all(|a| a.name != b.name)).collect();
    let gpus = asked.into_iter().chain(registered).filter(|b| b.kind == Kind::Gpu && b.form != Form::Served);
    Ok(reference.into_iter().chain(gpus).collect())
}

/// The backend that loads the GPU.
fn choose<'a>(gated: &'a [Gated], asked: Option<&str>, here: &Installed) -> Result<&'a Gated> {
    let on_gpu = || gated.iter().filter(|g| g.backend.kind == Kind::Gpu);
    let found = on_gpu().find(|g| g.excluded.is_none() && asked.is_none_or(|name| g.backend.name == name));
    found.ok_or_else(|| {
        let all = on_gpu().map(|g| format!("{}: {}", g.backend.name, summary::outcome(g, here)));
        let all = all.collect::<Vec<_>>().join("; ");
        anyhow!("no backend can load the GPU, {}, install one: {all}", asked.unwrap_or("none"))
    })
}

/// Idle, steady load, idle, the square wave, idle, read all the time.
fn wave(gpu: &Gpu, load: &mut load::Load, schedule: &Schedule) -> Result<(Vec<Series>, OnTimes)> {
    // What went before is forgotten first.
    std::thread::sleep(SETTLE);
    let stop = gpu.watch();
    let waved = (|| {
        std::thread::sleep(SETTLE);
        let steady = load.run(STEADY_S)?;
        std::thread::sleep(SETTLE);
        let steps = schedule.steps.len();
        let mut on = load.wave(schedule, |at| {
            if at % 20 == 0 {
                eprintln!("collect: square wave, step {at} of {steps}");
            }
        })?;
        on.0.insert(0, (probe::seconds(steady.start_ns), probe::seconds(steady.end_ns)));
        std::thread::sleep(SETTLE);
        Ok(on)
    })();
    // The threads end also where the load failed.
    let series = stop().map_err(|e| anyhow!(e))?;
    waved.map(|on| (series, on))
}
