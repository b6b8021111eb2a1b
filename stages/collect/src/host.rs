//! The machine, from /proc and /etc.

use std::{fs, os::unix::fs::FileExt};

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
            cpu: field("model name").or_else(|| arm_core(&cpuinfo)).unwrap_or_else(|| text(system.machine())),
            logical_cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mb: memory_kib.unwrap_or(0.0) / 1024.0,
        }
    }
}

/// The core of an Arm processor, whose cpuinfo has numbers for a name (lscpu-arm.c of util-linux; Arm's MIDR_EL1, part numbers).
fn arm_core(cpuinfo: &str) -> Option<String> {
    let field = |key: &str| {
        let line = cpuinfo.lines().find(|l| l.starts_with(key))?;
        u32::from_str_radix(line.split_once(':')?.1.trim().trim_start_matches("0x"), 16).ok()
    };
    let core = match (field("CPU implementer")?, field("CPU part")?) {
        (0x41, 0xd0c) => "ARM Neoverse-N1",
        (0x41, 0xd49) => "ARM Neoverse-N2",
        (0x41, 0xd40) => "ARM Neoverse-V1",
        (0x41, 0xd4f) => "ARM Neoverse-V2",
        (0xc0, 0xac3) => "Ampere-1",
        (0xc0, 0xac4) => "Ampere-1a",
        (implementer, part) => return Some(format!("Arm {implementer:#x} {part:#x}")),
    };
    Some(core.into())
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

    /// From /proc/stat that is kept open: its first line alone is copied, and no file is looked up.
    pub fn read_again(stat: &fs::File) -> Option<Self> {
        let mut start = [0; 256];
        let length = stat.read_at(&mut start, 0).ok()?;
        Self::parse(std::str::from_utf8(&start[..length]).ok()?.split_inclusive('\n').next()?)
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

/// User and system time of a process and of its children that ended (a compiler, for one), in clock ticks
/// (proc_pid_stat(5), fields 14 to 17).
pub fn process_ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    let times = after_name.split_whitespace().skip(11).take(4);
    times.map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// Clock ticks a second in /proc: USER_HZ, which is 100 on x86-64 and AArch64 (include/asm-generic/param.h).
pub const TICKS_PER_S: f64 = 100.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_and_iowait_are_idle_and_steal_is_neither() {
        let stat = "cpu  100 20 30 800 50 4 6 999 7 0\ncpu0 1 1 1 1\n";
        assert_eq!(CpuTicks::parse(stat), Some(CpuTicks { busy: 160, total: 1010 }));
        assert_eq!(CpuTicks::parse("intr 5\n"), None);
    }

    #[test]
    fn an_arm_processor_is_named_by_its_core() {
        let graviton3 = "processor\t: 0\nBogoMIPS\t: 2100.00\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n";
        assert_eq!(arm_core(graviton3).as_deref(), Some("ARM Neoverse-V1"));
        assert_eq!(arm_core(&graviton3.replace("0xd40", "0xfff")).as_deref(), Some("Arm 0x41 0xfff"));
        assert_eq!(arm_core("model name\t: AMD EPYC\n"), None);
    }
}
