//! What the seal of a contract file costs: hashing it beside reading and checking its rows.
//!
//!     seal FOLDER [SAMPLES] [ROUNDS]
//!
//! Writes a `power_sample` of many readings (100 million) into the folder, takes both times in turn and prints the median of their ratios.

use anyhow::Context;
use arrow::{
    array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, new_null_array},
    datatypes::DataType,
};
use schemas::{Provenance, io, seal, tables::POWER_SAMPLE};
use std::{path::Path, process::ExitCode, sync::Arc, time::Instant};

const BATCH: usize = 131_072;
const DEVICES: usize = 64;
/// The bound on the seal's share of reading.
const TARGET: f64 = 0.10;

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("seal: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Vec<String>) -> anyhow::Result<()> {
    let folder = arguments.first().context("no folder was given: seal FOLDER [SAMPLES] [ROUNDS]")?;
    let number = |at: usize, usual: usize| arguments.get(at).map_or(Ok(usual), |text| text.parse());
    let (samples, rounds) = (number(1, 100_000_000)?, number(2, 5)?.max(1));
    let path = Path::new(folder).join("power_sample.parquet");
    let rows = write(&path, samples)?;
    let mut ratios = Vec::new();
    for _ in 0..rounds {
        let hashed = timed(|| seal::unbroken(&path, &POWER_SAMPLE).map(drop))?;
        let whole = timed(|| io::scan(&path, &POWER_SAMPLE, |_| ()).map(drop))?;
        ratios.push(hashed / (whole - hashed));
    }
    ratios.sort_by(f64::total_cmp);
    let (ratio, bytes) = (ratios[rounds / 2], std::fs::metadata(&path)?.len());
    let verdict = if ratio <= TARGET { "met" } else { "missed" };
    println!("{rows} rows, {:.1} bytes a row", bytes as f64 / rows as f64);
    println!(
        "hash over reading: {ratio:.3} (median of {rounds}, {:.3} to {:.3}); target {TARGET}: {verdict}",
        ratios[0],
        ratios[rounds - 1]
    );
    Ok(())
}

fn timed(work: impl FnOnce() -> schemas::Result<()>) -> schemas::Result<f64> {
    let started = Instant::now();
    work().map(|()| started.elapsed().as_secs_f64())
}

/// Readings of some devices at 10 Hz, in milliwatts and without a pattern: more bytes a row than a real log, so the hash costs most.
fn write(path: &Path, samples: usize) -> anyhow::Result<usize> {
    let each = samples.div_ceil(DEVICES);
    io::write_each(path, &POWER_SAMPLE, &Provenance::new("seal", serde_json::Value::Null), &mut |write| {
        for device in 0..DEVICES {
            let mut state = device as u64 + 1;
            for from in (0..each).step_by(BATCH) {
                let power: Vec<f64> = (from..each.min(from + BATCH))
                    .map(|_| {
                        // Knuth's MMIX constants.
                        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                        (state >> 45) as f64 / 1e3
                    })
                    .collect();
                write(&batch(device, from, power))?;
            }
        }
        Ok(())
    })?;
    Ok(each * DEVICES)
}

fn batch(device: usize, from: usize, power: Vec<f64>) -> RecordBatch {
    let rows = power.len();
    let text = |text: &str| Arc::new(StringArray::from(vec![text; rows])) as ArrayRef;
    let schema = POWER_SAMPLE.arrow();
    let columns = schema.fields().iter().map(|field| match (field.name().as_str(), field.data_type()) {
        ("session_id", _) => text("bench"),
        ("device_id", _) => text(&format!("nvml:GPU-{device:02}")),
        ("kind", _) => text("instant"),
        ("scope", _) => text("gpu"),
        ("t_ns", _) => Arc::new(Int64Array::from_iter_values((from..from + rows).map(|i| i as i64 * 100_000_000))),
        ("power_w", DataType::Float64) => Arc::new(Float64Array::from(power.clone())),
        (_, kind) => new_null_array(kind, rows),
    });
    RecordBatch::try_new(schema.clone(), columns.collect()).expect("columns of the contract")
}
