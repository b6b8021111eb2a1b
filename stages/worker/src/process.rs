//! This process: its processors, its memory, and that it dies first when memory runs out.

use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_setaffinity};
use std::fs;

/// Keeps this process on some logical processors; none named: on all.
pub fn stay_on(cpus: &[usize]) -> Result<()> {
    if cpus.is_empty() {
        return Ok(());
    }
    let mut set = CpuSet::new();
    for &cpu in cpus.iter().filter(|&&cpu| cpu < CpuSet::MAX_CPU) {
        set.set(cpu);
    }
    sched_setaffinity(None, &set).with_context(|| format!("cannot stay on processors {cpus:?}, correct [collect] cpus"))
}

/// When memory runs out the kernel is to end this process and not the one that keeps the measurements (proc_pid_oom_score_adj(5)).
pub fn prefer_oom_kill() {
    // Without it the worst case is another victim: nothing that was measured is wrong.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
}

/// Resident memory, MiB (proc_pid_status(5), VmRSS).
pub fn memory_mb() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|l| l.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse::<f64>().ok())?;
    Some(kib / 1024.0)
}
