//! The machine, from /proc and /etc.

use std::{collections::HashMap, fs};

/// What a session says of its host.
pub struct Host {
    pub name: String,
    pub os: String,
    pub cpu: String,
    pub logical_cores: usize,
    pub memory_mb: f64,
}

impl Host {
    pub fn read() -> Self {
        let system = rustix::system::uname();
        let text = |c: &std::ffi::CStr| c.to_string_lossy().into_owned();
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |key: &str| {
            let line = cpuinfo.lines().find(|l| l.starts_with(key));
            line.and_then(|l| l.split_once(':')).map(|(_, v)| v.trim().to_string())
        };
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let pretty =
            release.lines().find_map(|l| l.strip_prefix("PRETTY_NAME=")).unwrap_or("").trim_matches('"').to_string();
        let memory_kib = fs::read_to_string("/proc/meminfo").ok().and_then(|m| {
            m.lines().find_map(|l| l.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse::<f64>().ok())
        });
        Host {
            name: text(system.nodename()),
            os: format!("{pretty} ({} {})", text(system.sysname()), text(system.release())).trim_start().to_string(),
            cpu: field("model name").unwrap_or_else(|| text(system.machine())),
            logical_cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mb: memory_kib.unwrap_or(0.0) / 1024.0,
        }
    }
}

/// Processor time since boot, all processors together, in clock ticks (proc(5)).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CpuTicks {
    pub busy: u64,
    pub total: u64,
}

impl CpuTicks {
    pub fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// First line of /proc/stat: user nice system idle iowait irq softirq steal (guest times are within user and nice).
    /// Time stolen by the hypervisor is neither busy nor idle here.
    pub fn parse(stat: &str) -> Option<Self> {
        let line = stat.lines().find(|l| l.starts_with("cpu "))?;
        let v: Vec<u64> = line.split_whitespace().skip(1).map(|x| x.parse().ok()).collect::<Option<_>>()?;
        let at = |i: usize| v.get(i).copied().unwrap_or(0);
        let busy = at(0) + at(1) + at(2) + at(5) + at(6);
        Some(CpuTicks { busy, total: busy + at(3) + at(4) })
    }
}

/// Resident memory of this process, MiB (proc_pid_status(5), VmRSS).
pub fn memory_mb() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|l| l.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse::<f64>().ok())?;
    Some(kib / 1024.0)
}

/// User and system time of a process and of its children that ended (a compiler, for one), in clock ticks
/// (proc_pid_stat(5), fields 14 to 17).
pub fn process_ticks(pid: u32) -> Option<u64> {
    ticks_of(&format!("/proc/{pid}/stat"), 4)
}

fn ticks_of(path: &str, fields: usize) -> Option<u64> {
    let stat = fs::read_to_string(path).ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    let times = after_name.split_whitespace().skip(11).take(fields);
    times.map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// User and system time of each thread of a process, in clock ticks, by thread id.
pub fn thread_ticks(pid: u32) -> HashMap<u32, u64> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let ids = tasks.filter_map(|task| task.file_name().to_string_lossy().parse().ok());
    ids.filter_map(|id: u32| Some((id, ticks_of(&format!("/proc/{pid}/task/{id}/stat"), 2)?))).collect()
}

/// Threads that computed between two readings: those with at least a tenth of the busiest one's time.
pub fn threads_used(before: &HashMap<u32, u64>, after: &HashMap<u32, u64>) -> usize {
    let spent = |(id, ticks): (&u32, &u64)| ticks.saturating_sub(before.get(id).copied().unwrap_or(0));
    let most = after.iter().map(spent).max().unwrap_or(0);
    after.iter().filter(|entry| most > 0 && spent((entry.0, entry.1)) * 10 >= most).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_hardly_ran_are_not_counted() {
        let before = HashMap::from([(1, 100), (2, 5), (3, 7)]);
        let after = HashMap::from([(1, 150), (2, 8), (3, 7), (4, 48)]);
        assert_eq!(threads_used(&before, &after), 2);
        assert_eq!(threads_used(&before, &before), 0);
    }

    #[test]
    fn idle_and_iowait_are_idle_and_steal_is_neither() {
        let stat = "cpu  100 20 30 800 50 4 6 999 7 0\ncpu0 1 1 1 1\n";
        assert_eq!(CpuTicks::parse(stat), Some(CpuTicks { busy: 160, total: 1010 }));
        assert_eq!(CpuTicks::parse("intr 5\n"), None);
    }
}
