//! What a power reading of an NVIDIA GPU is a mean over: by architecture, by which of the three readings it is, and by driver.
//!
//! Sources:
//! - D, documented: NVML API Reference, `nvmlDeviceGetPowerUsage`: "On Ampere (except GA100) or newer GPUs, the API returns power
//!   averaged over 1 sec interval. On GA100 and older architectures, instantaneous power is returned"; the same of `power.draw` in
//!   `nvidia-smi --help-query-gpu`; `nvml.h`, `NVML_FI_DEV_POWER_AVERAGE` (185): "averaged over 1 sec interval, supported on Ampere
//!   (except GA100) or newer". nvidia-smi has the two other readings from driver 530 on; nvml.h has their fields in CUDA 12.2 (driver
//!   535), not in 12.1. <https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceQueries.html>, read 2026-11-27.
//! - Y, measured: Z. Yang, K. Adamek, W. Armour, "Part-time Power Measurements: nvidia-smi's Lack of Attention", arXiv:2312.02741v2
//!   (SC24, doi:10.1109/SC41406.2024.00028): an "instant" power is a boxcar mean, and "on the A100 and H100 GPUs only 25% of the
//!   runtime is sampled". Their recordings of July 2023 (github.com/JimZeyuYang/GPU_Power_Benchmark, MIT): A100 new every 100 ms, V100
//!   every 20 ms, both with `power.draw` and `power.draw.instant` equal; RTX 3090 new every 100 ms, `power.draw` equal to
//!   `power.draw.average`, a ramp of 1 s after a step, and `power.draw.instant` there after 100 ms.
//! - Nothing: neither says it. The longest window that a reading of this kind is known to have is assumed.
//!
//! `make gpu-check` measures the window and the period of a GPU: docs/hardware.

/// The three powers that a driver offers, by nvidia-smi's names. `power.draw` is `nvmlDeviceGetPowerUsage` and DCGM's field 155.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// `power.draw`
    Usage,
    /// `power.draw.average`, NVML's field 185
    Average,
    /// `power.draw.instant`, NVML's field 186
    Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    Pascal,
    Volta,
    Turing,
    /// A100, A800, A30: Ampere with another power sensor than the rest of it.
    Ga100,
    Ampere,
    Ada,
    Hopper,
    Blackwell,
}

/// How a window is known, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// By NVIDIA.
    Documented,
    /// By others, with a square-wave load.
    Measured,
    /// By nobody: the longest that is known of such a reading.
    Assumed,
}

/// What a reading is a mean over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Averaging {
    pub window_ms: f64,
    pub known: Known,
}

/// Architecture, reading, window in ms, how it is known.
#[rustfmt::skip]
const WINDOWS: &[(Architecture, Reading, f64, Known)] = &[
    (Architecture::Volta,     Reading::Usage,   20.0,   Known::Measured),   // Y: at most its period
    (Architecture::Volta,     Reading::Instant, 20.0,   Known::Measured),
    (Architecture::Pascal,    Reading::Usage,   100.0,  Known::Assumed),    // D: "instantaneous"; a boxcar no longer than 100 ms
    (Architecture::Pascal,    Reading::Instant, 100.0,  Known::Assumed),
    (Architecture::Turing,    Reading::Usage,   100.0,  Known::Assumed),
    (Architecture::Turing,    Reading::Instant, 100.0,  Known::Assumed),
    (Architecture::Ga100,     Reading::Usage,   25.0,   Known::Measured),   // Y: 25 ms of every 100
    (Architecture::Ga100,     Reading::Instant, 25.0,   Known::Measured),
    (Architecture::Ampere,    Reading::Usage,   1000.0, Known::Documented),
    (Architecture::Ampere,    Reading::Average, 1000.0, Known::Documented),
    (Architecture::Ampere,    Reading::Instant, 100.0,  Known::Measured),   // Y: RTX 3090
    (Architecture::Ada,       Reading::Usage,   1000.0, Known::Documented),
    (Architecture::Ada,       Reading::Average, 1000.0, Known::Documented),
    (Architecture::Hopper,    Reading::Usage,   1000.0, Known::Documented),
    (Architecture::Hopper,    Reading::Average, 1000.0, Known::Documented),
    (Architecture::Hopper,    Reading::Instant, 25.0,   Known::Measured),   // Y: 25 ms of every 100
    (Architecture::Blackwell, Reading::Usage,   1000.0, Known::Documented),
    (Architecture::Blackwell, Reading::Average, 1000.0, Known::Documented),
];

/// First driver whose documentation says what `power.draw` is.
const DOCUMENTED_FROM: u32 = 530;

/// What a reading is a mean over, by CUDA's compute capability where it is known, and by the name and the driver that NVML and
/// nvidia-smi give (`NVIDIA A100-SXM4-40GB`, `550.54.14`); an empty or unknown one leaves it assumed.
pub fn averaging(reading: Reading, capability: Option<(i32, i32)>, gpu_name: &str, driver: &str) -> Averaging {
    let by_capability = capability.and_then(|(major, minor)| Architecture::of_capability(major, minor));
    let architecture = by_capability.or_else(|| Architecture::of_name(gpu_name));
    architecture.map_or_else(|| assumed(reading), |a| a.averaging(reading, driver))
}

fn assumed(reading: Reading) -> Averaging {
    let window_ms = if reading == Reading::Instant { 100.0 } else { 1000.0 };
    Averaging { window_ms, known: Known::Assumed }
}

impl Architecture {
    pub fn averaging(self, reading: Reading, driver: &str) -> Averaging {
        let found = WINDOWS.iter().find(|(a, r, ..)| (*a, *r) == (self, reading));
        let Some((.., window_ms, known)) = found else { return assumed(reading) };
        let major: Option<u32> = driver.split('.').next().and_then(|text| text.trim().parse().ok());
        let documented = major.is_some_and(|major| major >= DOCUMENTED_FROM);
        let known = if *known == Known::Documented && !documented { Known::Assumed } else { *known };
        Averaging { window_ms: *window_ms, known }
    }

    /// By CUDA's compute capability (CUDA Programming Guide, "Compute Capabilities").
    pub fn of_capability(major: i32, minor: i32) -> Option<Self> {
        Some(match (major, minor) {
            (6, _) => Self::Pascal,
            (7, 0 | 2) => Self::Volta,
            (7, _) => Self::Turing,
            (8, 0) => Self::Ga100,
            (8, 9) => Self::Ada,
            (8, _) => Self::Ampere,
            (9, _) => Self::Hopper,
            (10..=12, _) => Self::Blackwell,
            _ => return None,
        })
    }

    /// By the name of the board, as the driver spells it.
    pub fn of_name(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        let words: Vec<&str> = upper.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
        // Workstation boards have the architecture in their name, since the number before it is older.
        for (word, architecture) in [("BLACKWELL", Self::Blackwell), ("ADA", Self::Ada)] {
            if words.contains(&word) {
                return Some(architecture);
            }
        }
        let known = |word: &&str| BOARDS.iter().find(|(_, boards)| boards.contains(word)).map(|(a, _)| *a);
        words.iter().find_map(known).or_else(|| Self::of_geforce(&words))
    }

    /// `GeForce RTX 3090`, `Quadro RTX 6000`, `TITAN V`.
    fn of_geforce(words: &[&str]) -> Option<Self> {
        let after =
            |word: &str| words.iter().position(|w| *w == word).map(|at| words.get(at + 1).copied().unwrap_or(""));
        match (after("TITAN"), after("QUADRO")) {
            (Some("RTX"), _) | (_, Some("RTX")) => return Some(Self::Turing),
            (Some("V"), _) => return Some(Self::Volta),
            (Some("XP"), _) => return Some(Self::Pascal),
            _ => {}
        }
        let number = words.contains(&"GEFORCE").then(|| after("RTX").or(after("GTX"))).flatten()?;
        // `3090`, `3080TI`: four digits, the first two of which are the series.
        let is_board = number.len() >= 4 && number.bytes().take(4).all(|b| b.is_ascii_digit());
        match number.get(..2).filter(|_| is_board)? {
            "10" => Some(Self::Pascal),
            "16" | "20" => Some(Self::Turing),
            "30" => Some(Self::Ampere),
            "40" => Some(Self::Ada),
            "50" => Some(Self::Blackwell),
            _ => None,
        }
    }
}

/// Boards whose name is a word of its own (NVIDIA's product pages and CUDA GPUs list).
const BOARDS: &[(Architecture, &[&str])] = &[
    (Architecture::Pascal, &["P4", "P6", "P40", "P100", "GP100"]),
    (Architecture::Volta, &["V100", "V100S", "GV100"]),
    (Architecture::Turing, &["T4", "T4G", "T400", "T500", "T550", "T600", "T1000", "T1200"]),
    (Architecture::Ga100, &["A30", "A30X", "A100", "A100X", "A800"]),
    (
        Architecture::Ampere,
        &[
            "A2", "A10", "A10G", "A10M", "A16", "A40", "A400", "A500", "A1000", "A2000", "A3000", "A4000", "A4500",
            "A5000", "A5500", "A6000",
        ],
    ),
    (Architecture::Ada, &["L2", "L4", "L20", "L40", "L40S", "L40G"]),
    (Architecture::Hopper, &["H20", "H100", "H200", "H800", "GH200"]),
    (Architecture::Blackwell, &["B100", "B200", "B300", "GB10", "GB200", "GB300"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_drivers_give_have_an_architecture() {
        for (name, architecture) in [
            ("NVIDIA H100 80GB HBM3", Some(Architecture::Hopper)),
            ("NVIDIA GH200 480GB", Some(Architecture::Hopper)),
            ("NVIDIA A100-SXM4-40GB", Some(Architecture::Ga100)),
            ("NVIDIA A100-PCIE-40GB MIG 1g.5gb", Some(Architecture::Ga100)),
            ("NVIDIA A10G", Some(Architecture::Ampere)),
            ("NVIDIA RTX A6000", Some(Architecture::Ampere)),
            ("NVIDIA GeForce RTX 3090 Ti", Some(Architecture::Ampere)),
            ("NVIDIA GeForce RTX 3080Ti", Some(Architecture::Ampere)),
            ("NVIDIA GeForce RTX 4090", Some(Architecture::Ada)),
            ("NVIDIA RTX 6000 Ada Generation", Some(Architecture::Ada)),
            ("NVIDIA L40S", Some(Architecture::Ada)),
            ("NVIDIA RTX PRO 6000 Blackwell Server Edition", Some(Architecture::Blackwell)),
            ("NVIDIA B200", Some(Architecture::Blackwell)),
            ("NVIDIA GeForce RTX 5090", Some(Architecture::Blackwell)),
            ("Tesla T4", Some(Architecture::Turing)),
            ("Quadro RTX 6000", Some(Architecture::Turing)),
            ("NVIDIA GeForce GTX 1660 SUPER", Some(Architecture::Turing)),
            ("NVIDIA TITAN RTX", Some(Architecture::Turing)),
            ("Tesla V100-SXM2-16GB", Some(Architecture::Volta)),
            ("NVIDIA TITAN V", Some(Architecture::Volta)),
            ("Tesla P100-PCIE-16GB", Some(Architecture::Pascal)),
            ("GeForce GTX 1080 Ti", Some(Architecture::Pascal)),
            // Not told apart, or not known: RTX 6000 alone is Turing's or Ada's.
            ("NVIDIA RTX 6000", None),
            ("Tesla K40m", None),
            ("Stub GPU", None),
            ("", None),
        ] {
            assert_eq!(Architecture::of_name(name), architecture, "{name}");
        }
    }

    #[test]
    fn windows_are_those_of_board_reading_and_driver() {
        let (usage, average, instant) = (Reading::Usage, Reading::Average, Reading::Instant);
        for (reading, name, driver, window_ms, known) in [
            (usage, "NVIDIA H100 80GB HBM3", "550.54.14", 1000.0, Known::Documented),
            (average, "NVIDIA H100 80GB HBM3", "550.54.14", 1000.0, Known::Documented),
            (instant, "NVIDIA H100 80GB HBM3", "550.54.14", 25.0, Known::Measured),
            (usage, "NVIDIA GeForce RTX 3090", "525.60.13", 1000.0, Known::Assumed),
            (usage, "NVIDIA GeForce RTX 3090", "530.30.02", 1000.0, Known::Documented),
            (usage, "NVIDIA GeForce RTX 3090", "", 1000.0, Known::Assumed),
            (instant, "NVIDIA GeForce RTX 3090", "530.30.02", 100.0, Known::Measured),
            (usage, "NVIDIA A100-SXM4-40GB", "470.57.02", 25.0, Known::Measured),
            (usage, "NVIDIA A100-SXM4-40GB", "550.54.14", 25.0, Known::Measured),
            (average, "NVIDIA A100-SXM4-40GB", "550.54.14", 1000.0, Known::Assumed),
            (usage, "Tesla V100-SXM2-16GB", "535.0", 20.0, Known::Measured),
            (usage, "Tesla T4", "535.0", 100.0, Known::Assumed),
            (instant, "NVIDIA L4", "535.0", 100.0, Known::Assumed),
            (usage, "Stub GPU", "550.54.14", 1000.0, Known::Assumed),
            (usage, "", "", 1000.0, Known::Assumed),
            (instant, "", "", 100.0, Known::Assumed),
        ] {
            assert_eq!(
                averaging(reading, None, name, driver),
                Averaging { window_ms, known },
                "{reading:?} {name} {driver}"
            );
        }
    }

    #[test]
    fn a_compute_capability_is_the_architecture_of_the_name() {
        for (capability, name) in [
            ((6, 1), "GeForce GTX 1080"),
            ((7, 0), "Tesla V100-SXM2-16GB"),
            ((7, 5), "Tesla T4"),
            ((8, 0), "NVIDIA A100-SXM4-40GB"),
            ((8, 6), "NVIDIA A10"),
            ((8, 9), "NVIDIA L4"),
            ((9, 0), "NVIDIA H100 PCIe"),
            ((10, 0), "NVIDIA B200"),
            ((12, 0), "NVIDIA GeForce RTX 5090"),
        ] {
            assert!(Architecture::of_name(name).is_some());
            assert_eq!(Architecture::of_capability(capability.0, capability.1), Architecture::of_name(name), "{name}");
        }
        assert_eq!(Architecture::of_capability(3, 7), None);
    }

    #[test]
    fn one_reading_of_one_architecture_has_one_window() {
        for (at, (a, r, ..)) in WINDOWS.iter().enumerate() {
            assert!(!WINDOWS[at + 1..].iter().any(|(b, s, ..)| (a, r) == (b, s)), "{a:?} {r:?} is there twice");
        }
    }
}
