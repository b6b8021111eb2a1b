//! What `tests/bench/bootstrap` times: BCa intervals of the means of many cells.
//!
//!     bootstrap CELLS RUNS RESAMPLES LEVEL SEED < values > intervals
//!
//! Standard error gets the most memory used (kB). Standard input and output are little-endian f64: the runs of one cell after
//! another; low and high of one cell after another.

use stats::bootstrap::{Settings, bootstrap_means};
use std::io::{Read, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("usage: bootstrap CELLS RUNS RESAMPLES LEVEL SEED");
    let (cells, runs): (usize, usize) = (next()?.parse()?, next()?.parse()?);
    let settings = Settings { resamples: next()?.parse()?, level: next()?.parse()?, seed: next()?.parse()? };
    let mut bytes = Vec::with_capacity(cells * runs * 8);
    std::io::stdin().read_to_end(&mut bytes)?;
    let values: Vec<f64> = bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
    if values.len() != cells * runs {
        return Err(format!("{} values, {} were to come", values.len(), cells * runs).into());
    }
    let cells: Vec<&[f64]> = values.chunks_exact(runs).collect();
    let found = bootstrap_means(&cells, settings);
    let status = std::fs::read_to_string("/proc/self/status")?;
    let most = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc/self/status")?;
    eprintln!("{}", most.trim_end_matches("kB").trim());
    let mut out = std::io::stdout().lock();
    for estimate in found {
        let estimate = estimate?;
        for limit in [estimate.ci_low, estimate.ci_high] {
            out.write_all(&limit.ok_or("no interval")?.to_le_bytes())?;
        }
    }
    Ok(())
}
