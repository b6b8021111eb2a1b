//! Which processors a process may use, and who dies first when memory runs out.

use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use schemas::config::Fault;

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

/// Processors that this process may use.
pub fn allowed() -> Result<Vec<usize>> {
    let set = sched_getaffinity(None).context("cannot read this process's processors")?;
    Ok((0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect())
}

/// The fault of a processor that this machine, or what it allows this process, does not have.
pub fn fault(cpus: &[usize]) -> Result<Option<Fault>> {
    let allowed = allowed()?;
    let absent = cpus.iter().enumerate().find(|(_, cpu)| !allowed.contains(cpu));
    Ok(absent.map(|(i, cpu)| Fault::new(format!("cpus.{i}"), "cpus must be processors that may be used here", cpu)))
}

/// When memory runs out the kernel is to end this process and not the one that keeps the measurements (proc_pid_oom_score_adj(5)).
pub fn first_to_be_killed() {
    // Without it the worst case is another victim: nothing that was measured is wrong.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}
