//! Which machine of Google Cloud carries which accelerators: a machine and its accelerators are two rows of SkyPilot's catalogue.

use std::cell::Cell;

/// Accelerator, how many, and the machines that have them built in.
const MACHINES: &[(&str, i64, &[&str])] = &[
    ("A100", 1, &["a2-highgpu-1g"]),
    ("A100", 2, &["a2-highgpu-2g"]),
    ("A100", 4, &["a2-highgpu-4g"]),
    ("A100", 8, &["a2-highgpu-8g"]),
    ("A100", 16, &["a2-megagpu-16g"]),
    ("A100-80GB", 1, &["a2-ultragpu-1g"]),
    ("A100-80GB", 2, &["a2-ultragpu-2g"]),
    ("A100-80GB", 4, &["a2-ultragpu-4g"]),
    ("A100-80GB", 8, &["a2-ultragpu-8g"]),
    ("L4", 1, &["g2-standard-4", "g2-standard-8", "g2-standard-12", "g2-standard-16", "g2-standard-32"]),
    ("L4", 2, &["g2-standard-24"]),
    ("L4", 4, &["g2-standard-48"]),
    ("L4", 8, &["g2-standard-96"]),
    ("H100", 1, &["a3-highgpu-1g"]),
    ("H100", 2, &["a3-highgpu-2g"]),
    ("H100", 4, &["a3-highgpu-4g"]),
    ("H100", 8, &["a3-highgpu-8g", "a3-edgegpu-8g"]),
    ("H100-MEGA", 8, &["a3-megagpu-8g"]),
    ("H200", 8, &["a3-ultragpu-8g"]),
    ("B200", 8, &["a4-highgpu-8g"]),
    ("RTXPRO6000", 1, &["g4-standard-48"]),
    ("RTXPRO6000", 2, &["g4-standard-96"]),
    ("RTXPRO6000", 4, &["g4-standard-192"]),
    ("RTXPRO6000", 8, &["g4-standard-384"]),
];

/// Accelerators that have a row of their own.
pub struct Part {
    pub line: u64,
    pub name: String,
    pub label: String,
    pub count: i64,
    pub usd: Option<f64>,
    pub spot_usd: Option<f64>,
    /// A machine of the list is in the zone to carry them.
    pub claimed: bool,
    pub used: Cell<bool>,
}

impl Part {
    pub fn is_tpu(&self) -> bool {
        self.name.starts_with("tpu-")
    }
}

pub enum Fit<'a> {
    /// A machine without accelerators.
    Alone,
    With(Vec<&'a Part>),
    /// A machine with accelerators of which there is no price, or more than one.
    Unknown,
}

/// The accelerators that a machine has built in.
pub fn built_in(instance: &str) -> Option<(&'static str, i64)> {
    let plain = instance.strip_suffix("-nolssd").unwrap_or(instance);
    MACHINES.iter().find(|(_, _, machines)| machines.contains(&plain)).map(|(name, count, _)| (*name, *count))
}

/// The accelerators of its zone that a machine carries.
pub fn fitting<'a>(instance: &str, here: &'a [Part], host: Option<&str>) -> Fit<'a> {
    if let Some(wanted) = built_in(instance) {
        let part = here.iter().find(|p| (p.name.as_str(), p.count) == wanted);
        return part.map_or(Fit::Unknown, |p| Fit::With(vec![p]));
    }
    if host == Some(instance) {
        let attachable = |p: &&Part| !p.is_tpu() && !MACHINES.iter().any(|(name, _, _)| *name == p.name);
        return Fit::With(here.iter().filter(attachable).collect());
    }
    let Some(carries) = instance.split('-').find_map(|word| word.strip_suffix('g')?.parse::<i64>().ok()) else {
        // Families a2, a3, a4x, g2, g4 have accelerators, whatever a newer machine of them is called.
        let accelerated = matches!(instance.as_bytes(), [b'a' | b'g', digit, ..] if digit.is_ascii_digit());
        return if accelerated { Fit::Unknown } else { Fit::Alone };
    };
    // A machine that the list does not know: sure only if one kind fits, and no machine of the list is there to have it.
    match here.iter().filter(|p| p.count == carries && !p.claimed && !p.is_tpu()).collect::<Vec<_>>() {
        one if one.len() == 1 => Fit::With(one),
        _ => Fit::Unknown,
    }
}
