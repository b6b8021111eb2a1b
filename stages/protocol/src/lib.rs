//! What `collect` and its workers say to each other: requests and answers, models, batches, and what each backend's name promises.
//!
//! It is a crate of its own, and no feature of `worker`'s, because cargo unifies features over a workspace: `collect` would link candle
//! and ONNX Runtime again as soon as both are built together. What a backend promises is here and not with its engine, so that the
//! promise is checked by `collect`, which believes no worker, and a plan can be checked and shown where no engine is installed.

pub mod backend;
pub mod peer;
pub mod random;

mod batch;
mod messages;
mod model;

pub use batch::Batch;
pub use messages::{Answer, Attestation, Http, Load, Mode, Request, RunAnswer, RunRequest, Warmup};
pub use model::{Architecture, Arithmetic, Files, Graph, Model, Source, Weighted};

use rustix::{
    thread::{CpuSet, sched_getaffinity},
    time::{ClockId, clock_gettime},
};

/// Nanoseconds of CLOCK_MONOTONIC: one clock for all processes of the host.
pub fn monotonic_ns() -> i64 {
    let t = clock_gettime(ClockId::Monotonic);
    t.tv_sec * 1_000_000_000 + t.tv_nsec
}

/// Logical processors that this process may use.
pub fn allowed_cpus() -> std::io::Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect())
}
