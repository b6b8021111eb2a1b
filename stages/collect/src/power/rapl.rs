//! Running Average Power Limit counters through Linux's powercap sysfs (Documentation/power/powercap/powercap.rst).
//!
//! Packages, DRAM and psys are read; core and uncore lie inside their package, and the MMIO interface repeats what the
//! MSR interface says, so neither is read.

use super::{Reading, Source};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

struct Zone {
    device_id: String,
    scope: &'static str,
    energy: PathBuf,
    range_j: Option<f64>,
}

pub struct Rapl {
    zones: Vec<Zone>,
}

impl Rapl {
    pub fn open(root: &Path) -> Result<Self, String> {
        let entries =
            fs::read_dir(root).map_err(|_| format!("no {}: this machine offers no RAPL counters", root.display()))?;
        let mut names: Vec<String> = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        let mut zones = Vec::new();
        for name in names.iter().filter(|n| n.starts_with("intel-rapl:")) {
            let folder = root.join(name);
            let Ok(label) = fs::read_to_string(folder.join("name")) else { continue };
            let label = label.trim();
            let scope = match label.split('-').next() {
                Some("package") => "cpu_package",
                Some("dram") => "dram",
                Some("psys") => "node",
                _ => continue,
            };
            let energy = folder.join("energy_uj");
            read_uj(&energy).map_err(|e| match e.kind() {
                io::ErrorKind::PermissionDenied => {
                    format!(
                        "{}: permission denied, run: sudo chmod o+r {}/*/energy_uj",
                        energy.display(),
                        root.display()
                    )
                }
                _ => format!("{}: {e}", energy.display()),
            })?;
            let range_j = read_uj(&folder.join("max_energy_range_uj")).ok().map(|uj| uj as f64 / 1e6);
            zones.push(Zone { device_id: format!("rapl:{name}:{label}"), scope, energy, range_j });
        }
        if zones.is_empty() {
            return Err(format!("{}: no package, dram or psys zone", root.display()));
        }
        Ok(Rapl { zones })
    }
}

fn read_uj(path: &Path) -> io::Result<u64> {
    fs::read_to_string(path)?.trim().parse().map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("{e}")))
}

impl Source for Rapl {
    fn devices(&self) -> Vec<String> {
        self.zones.iter().map(|z| z.device_id.clone()).collect()
    }

    fn read(&mut self, out: &mut Vec<Reading>) -> Result<(), String> {
        let mut failed = None;
        for zone in &self.zones {
            match read_uj(&zone.energy) {
                Ok(uj) => out.push(Reading {
                    energy_j: Some(uj as f64 / 1e6),
                    energy_range_j: zone.range_j,
                    ..Reading::new(&zone.device_id, "counter", zone.scope)
                }),
                Err(e) => failed = Some(format!("{}: {e}", zone.device_id)),
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(root: &Path, folder: &str, name: &str, uj: u64) {
        let folder = root.join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("name"), format!("{name}\n")).unwrap();
        fs::write(folder.join("energy_uj"), format!("{uj}\n")).unwrap();
        fs::write(folder.join("max_energy_range_uj"), "262143328850\n").unwrap();
    }

    #[test]
    fn packages_and_dram_once_without_nested_or_mmio_zones() {
        let root = tempfile::tempdir().unwrap();
        zone(root.path(), "intel-rapl:0", "package-0", 5_000_000);
        zone(root.path(), "intel-rapl:0:0", "core", 3_000_000);
        zone(root.path(), "intel-rapl:0:1", "dram", 1_500_000);
        zone(root.path(), "intel-rapl-mmio:0", "package-0", 5_000_000);
        let mut rapl = Rapl::open(root.path()).unwrap();
        let mut out = Vec::new();
        rapl.read(&mut out).unwrap();
        let seen: Vec<_> = out.iter().map(|r| (r.device_id.as_str(), r.scope.as_str(), r.energy_j)).collect();
        assert_eq!(
            seen,
            [
                ("rapl:intel-rapl:0:package-0", "cpu_package", Some(5.0)),
                ("rapl:intel-rapl:0:1:dram", "dram", Some(1.5))
            ]
        );
        assert_eq!(out[0].energy_range_j, Some(262_143.328_85));
    }

    #[test]
    fn an_absent_tree_is_said_to_be_absent() {
        let root = tempfile::tempdir().unwrap();
        let gone = root.path().join("powercap");
        assert_eq!(
            Rapl::open(&gone).err(),
            Some(format!("no {}: this machine offers no RAPL counters", gone.display()))
        );
    }
}
