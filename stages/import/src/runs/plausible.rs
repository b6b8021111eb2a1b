//! What no run can have been, whatever tool wrote its result: figures that nobody measured, and those that no hardware reaches.

use super::figures::short;
use crate::read::fault::{Fault, Notes, Result};
use ::sensor::{Scope, bounds_w};
use schemas::tables::run::Row as Run;

/// New tokens a second of one accelerator, or processor, that nothing reaches: the fastest published results are below a tenth of it.
const MOST_NEW_TOKENS_PER_S: f64 = 1e6;
/// The same of prompt tokens, of those that were in no cache.
const MOST_PROMPT_TOKENS_PER_S: f64 = 1e7;
/// The same of one sequence, whose tokens follow from each other: 17,000 are claimed for a model
/// that is wired into a chip (Taalas HC1, February 2026), 3,000 for other hardware.
const MOST_TOKENS_OF_A_SEQUENCE_PER_S: f64 = 3e4;
/// Mean power of an accelerator over a run, W: half over the largest board of 2026, which takes 2.7 kW.
const MOST_GPU_W: f64 = 4e3;
/// Sockets and machines that a run may have had: nobody says how many.
const MOST_DEVICES: f64 = 64.0;

/// No benchmark takes longer, ms.
pub const LONGEST_MS: f64 = 30.0 * 86_400e3;
/// Threads of a machine, several times over the largest.
const MOST_THREADS: i64 = 1 << 14;

/// Refuses what cannot be, and leaves out with a note what was not measured.
pub fn check(line: u64, run: &mut Run, length_ms: f64, notes: &mut Notes) -> Result<()> {
    if let Some(rate) = run.offered_rate_per_s.filter(|rate| !(rate.is_finite() && *rate >= 0.0)) {
        return Err(Fault::new("a rate of requests below 0", rate, "correct the rate").at(line));
    }
    if let Some(threads) = run.threads.filter(|n| !(1..=MOST_THREADS).contains(n)) {
        return Err(Fault::new("no number of threads", threads, "correct it or leave it out").at(line));
    }
    if run.status == "failed" {
        return Ok(());
    }
    leave_out_unmeasured(line, run, notes);
    compare_counts(line, run)?;
    check_rates(line, run, length_ms / 1e3)?;
    check_energies(line, run, length_ms / 1e3)?;
    check_times(line, run)
}

/// What counters of 16, 31 and 32 bits show where they have no value.
pub const SENTINELS: [f64; 3] = [65_535.0, 2_147_483_647.0, 4_294_967_295.0];

/// A time or an energy of 0 is that of a tool which did not measure it. Of single tokens there is no time between tokens.
fn leave_out_unmeasured(line: u64, run: &mut Run, notes: &mut Notes) {
    if run.prompt_tokens == Some(0) && run.requests_completed.is_some_and(|n| n > 0) {
        (run.prompt_tokens, run.prompt_tokens_padded) = (None, None);
        notes.line(line, "0 prompt tokens of requests that completed: not counted, left out");
    }
    let is_single = run.tokens_generated.is_some_and(|n| n <= run.batch);
    for (what, unit, value, is_expected) in [
        ("time to the first token", "ms", &mut run.ttft_ms, false),
        ("time per token", "ms", &mut run.tpot_ms, is_single),
        ("energy of GPUs", "J", &mut run.reported_gpu_j, false),
        ("energy of processor packages", "J", &mut run.reported_cpu_package_j, false),
        ("energy of memory", "J", &mut run.reported_dram_j, false),
        ("energy of the whole machine", "J", &mut run.reported_node_j, false),
    ] {
        let Some(number) = value.take_if(|v| !(v.is_finite() && *v > 0.0) || SENTINELS.contains(v)) else { continue };
        if !is_expected {
            notes.line(line, &format!("{what}: {number} {unit} is no measurement, left out"));
        }
    }
}

/// Parts that are more than their whole, and fewer prompt tokens than prompts.
fn compare_counts(line: u64, run: &Run) -> Result<()> {
    // Caches count the prompts of requests that failed, too.
    let cached = run.cached_prompt_tokens.filter(|_| run.requests_failed.unwrap_or(0) == 0);
    for (part, whole, what) in [
        (cached, run.prompt_tokens, "more cached prompt tokens than prompt tokens"),
        (run.reasoning_tokens, run.tokens_generated, "more tokens of reasoning than new tokens"),
        (Some(run.batch), run.prompt_tokens.filter(|n| *n > 0), "fewer prompt tokens than sequences"),
    ] {
        if let (Some(part), Some(whole)) = (part, whole)
            && part > whole
        {
            return Err(Fault::new(what, format!("{part} and {whole}"), "correct one of them").at(line));
        }
    }
    Ok(())
}

/// Refuses rates that no hardware has: a length in another unit, or a count that is none.
fn check_rates(line: u64, run: &Run, seconds: f64) -> Result<()> {
    let times = run.iterations.unwrap_or(1) as f64 / seconds;
    let per_accelerator = times / run.accelerators.unwrap_or(1).max(1) as f64;
    let new = run.tokens_generated.unwrap_or(0) as f64;
    let read = (run.prompt_tokens.unwrap_or(0) - run.cached_prompt_tokens.unwrap_or(0)).max(0) as f64;
    for (what, rate, most) in [
        ("new", new * per_accelerator, MOST_NEW_TOKENS_PER_S),
        ("prompt", read * per_accelerator, MOST_PROMPT_TOKENS_PER_S),
    ] {
        if rate > most {
            let known = run.accelerators.is_some();
            let known = if known { "" } else { ", or say how many accelerators ran with --accelerators" };
            let remedy = format!("no hardware reaches {most:e}: correct the length or the tokens{known}");
            let what = format!("too many {what} tokens a second and accelerator");
            return Err(Fault::new(what, format!("{rate:.3e}"), remedy).at(line));
        }
    }
    let is_one = run.requests_completed == Some(1) || run.batch == 1 && run.new_tokens_asked == run.tokens_generated;
    let by_length = Some(new * times).filter(|_| is_one);
    let by_token = run.tpot_ms.map(|ms| 1e3 / ms);
    for rate in [by_length, by_token].into_iter().flatten() {
        if rate > MOST_TOKENS_OF_A_SEQUENCE_PER_S {
            let remedy = format!("none reaches {MOST_TOKENS_OF_A_SEQUENCE_PER_S:e}: correct the times or the tokens");
            return Err(Fault::new("too many tokens a second of one sequence", format!("{rate:.3e}"), remedy).at(line));
        }
    }
    Ok(())
}

/// Refuses an energy that nothing of its kind takes, or that nothing stays below, in so many seconds.
fn check_energies(line: u64, run: &Run, seconds: f64) -> Result<()> {
    let gpus = run.accelerators.unwrap_or(1).max(1) as f64;
    let least = |scope| bounds_w(scope).0;
    let most = |scope| bounds_w(scope).1 * MOST_DEVICES;
    for (joules, scope, least, most) in [
        (run.reported_gpu_j, Scope::Gpu, least(Scope::Gpu), MOST_GPU_W * gpus),
        (run.reported_cpu_package_j, Scope::CpuPackage, 0.0, most(Scope::CpuPackage)),
        (run.reported_dram_j, Scope::Dram, 0.0, most(Scope::Dram)),
        (run.reported_node_j, Scope::Node, least(Scope::Node), most(Scope::Node)),
    ] {
        let Some(watts) = joules.map(|j| j / seconds).filter(|w| !(least..=most).contains(w)) else { continue };
        let is_asked = scope == Scope::Gpu && run.accelerators.is_none() && watts > most;
        let bound = if watts < least { format!("less than {least}") } else { format!("more than {most:e}") };
        let asks = if is_asked { ", or say how many ran with --accelerators" } else { "" };
        let remedy = format!("none takes {bound} W: correct the energy or the length{asks}");
        let what = format!("a mean power of {} that is impossible", scope.name());
        return Err(Fault::new(what, format!("{watts:.3e} W"), remedy).at(line));
    }
    Ok(())
}

/// A token takes no longer than the run. A run that is doubted already says why.
fn check_times(line: u64, run: &Run) -> Result<()> {
    for (name, ms) in [("first token", run.ttft_ms), ("token", run.tpot_ms)] {
        let latency = run.latency_ms.unwrap_or(f64::INFINITY);
        if let Some(ms) = ms.filter(|ms| run.reason.is_none() && *ms > 1.01 * latency) {
            let value = format!("{} and {} ms", short(ms), short(latency));
            let what = format!("a {name} that takes longer than all of its run");
            return Err(Fault::new(what, value, "correct one of them").at(line));
        }
    }
    Ok(())
}
