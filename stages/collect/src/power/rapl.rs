//! Running Average Power Limit counters through Linux's powercap sysfs (Documentation/power/powercap/powercap.rst,
//! Documentation/ABI/testing/sysfs-class-powercap); AMD's processors have the same tree.
//!
//! Packages, DRAM and psys are read. Core and uncore lie inside their package. The same counter may show through several
//! interfaces (MSR, TPMI, MMIO); the first of them that has it is read.

use super::{
    polled::Polled,
    source::{Source, Values, new_sensor},
    sysfs::{self, Number, Tree},
};
use sensor::{Kind, Scope};
use std::{io, path::Path};

/// Control types in order of preference.
const INTERFACES: [&str; 3] = ["intel-rapl", "intel-rapl-tpmi", "intel-rapl-mmio"];

pub fn open(Tree { root, .. }: &Tree) -> Result<Box<dyn Source>, String> {
    let names = sysfs::names(root).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => format!("no {}: this machine offers no RAPL counters", root.display()),
        _ => format!("{}: {e}", root.display()),
    })?;
    let mut zones = Polled::default();
    let mut seen: Vec<String> = Vec::new();
    for interface in INTERFACES {
        for name in names.iter().filter(|n| n.split_once(':').is_some_and(|(of, _)| of == interface)) {
            let folder = root.join(name);
            let Some(label) = sysfs::text(&folder.join("name")) else { continue };
            let Some(scope) = scope(&label) else { continue };
            let what = path_of_names(root, name);
            if !seen.contains(&what) {
                let file = folder.join("energy_uj");
                let energy = Number::open_read(&file).map_err(|e| refused(&e, &file, root))?;
                let range_uj = sysfs::text(&folder.join("max_energy_range_uj")).and_then(|t| t.parse::<f64>().ok());
                let energy_range_j = range_uj.filter(|uj| *uj > 0.0).map(|uj| uj / 1e6);
                let sensor = new_sensor(&format!("rapl:{name}:{label}"), Kind::Counter, scope);
                zones.add(sensor, move || {
                    let energy_j = Some(energy.read()? as f64 / 1e6);
                    Ok(Some(Values { energy_j, energy_range_j, ..Values::default() }))
                });
                seen.push(what);
            }
        }
    }
    zones.opened(|_| format!("{}: no package, dram or psys zone", root.display()))
}

/// What a zone covers; `None` for parts of a package.
fn scope(label: &str) -> Option<Scope> {
    match label.split('-').next() {
        Some("package") => Some(Scope::CpuPackage),
        Some("dram") => Some(Scope::Dram),
        Some("psys") => Some(Scope::Node),
        _ => None,
    }
}

/// Names of a zone and of those around it, such as `package-0/dram`: what two interfaces have in common.
fn path_of_names(root: &Path, zone: &str) -> String {
    let ends = zone.match_indices(':').map(|(at, _)| at).skip(1).chain([zone.len()]);
    let names = ends.map(|end| sysfs::text(&root.join(&zone[..end]).join("name")).unwrap_or_default());
    names.collect::<Vec<_>>().join("/")
}

/// Since Linux 5.10 the counters are root's alone (CVE-2020-8694).
fn refused(error: &io::Error, file: &Path, root: &Path) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!(
            "{}: permission denied, run `sudo chmod a+r {}/intel-rapl*:*/energy_uj` (until the next start)",
            file.display(),
            root.display()
        ),
        _ => format!("{}: {error}", file.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::source::Look, *};
    use std::fs;

    fn zone(root: &Path, folder: &str, name: &str, uj: u64) {
        let folder = root.join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("name"), format!("{name}\n")).unwrap();
        fs::write(folder.join("energy_uj"), format!("{uj}\n")).unwrap();
        fs::write(folder.join("max_energy_range_uj"), "262143328850\n").unwrap();
    }

    fn open(root: &Path) -> Result<Box<dyn Source>, String> {
        super::open(&Tree { root: root.into(), sample_hz: 1.0, required: true })
    }

    fn seen(root: &Path) -> Vec<(String, &'static str, Option<f64>)> {
        let (mut rapl, mut look) = (open(root).unwrap(), Look::default());
        rapl.read(&mut look);
        let sensor = |at: usize| &rapl.sensors()[at];
        look.readings
            .iter()
            .map(|r| (sensor(r.sensor).device_id.clone(), sensor(r.sensor).scope.name(), r.values.energy_j))
            .collect()
    }

    #[test]
    fn every_zone_once_without_nested_or_repeated_ones() {
        let root = tempfile::tempdir().unwrap();
        zone(root.path(), "intel-rapl:0", "package-0", 5_000_000);
        zone(root.path(), "intel-rapl:0:0", "core", 3_000_000);
        zone(root.path(), "intel-rapl:0:1", "uncore", 3_000_000);
        zone(root.path(), "intel-rapl:0:2", "dram", 1_500_000);
        zone(root.path(), "intel-rapl:1", "package-1", 7_000_000);
        zone(root.path(), "intel-rapl:1:0", "dram", 2_500_000);
        zone(root.path(), "intel-rapl:2", "psys", 30_000_000);
        zone(root.path(), "intel-rapl-mmio:0", "package-0", 5_000_000);
        zone(root.path(), "intel-rapl-mmio:0:0", "dram", 1_500_000);
        fs::create_dir(root.path().join("intel-rapl")).unwrap();
        let expected = [
            ("rapl:intel-rapl:0:package-0", "cpu_package", Some(5.0)),
            ("rapl:intel-rapl:0:2:dram", "dram", Some(1.5)),
            ("rapl:intel-rapl:1:package-1", "cpu_package", Some(7.0)),
            ("rapl:intel-rapl:1:0:dram", "dram", Some(2.5)),
            ("rapl:intel-rapl:2:psys", "node", Some(30.0)),
        ];
        let mut expected = expected.map(|(id, scope, joules)| (id.to_string(), scope, joules));
        let mut seen = seen(root.path());
        seen.sort_by(|a, b| a.0.cmp(&b.0));
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_only_the_mmio_interface_has_is_read_there() {
        let root = tempfile::tempdir().unwrap();
        zone(root.path(), "intel-rapl-mmio:0", "package-0", 4_000_000);
        zone(root.path(), "intel-rapl:0", "psys", 9_000_000);
        let ids: Vec<String> = seen(root.path()).into_iter().map(|s| s.0).collect();
        assert_eq!(ids, ["rapl:intel-rapl:0:psys", "rapl:intel-rapl-mmio:0:package-0"]);
    }

    #[test]
    fn the_range_comes_with_every_reading_and_a_wrap_is_read_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        zone(root.path(), "intel-rapl:0", "package-0", 262_143_328_000);
        let (mut rapl, mut look) = (open(root.path()).unwrap(), Look::default());
        rapl.read(&mut look);
        fs::write(root.path().join("intel-rapl:0/energy_uj"), "1000000\n").unwrap();
        rapl.read(&mut look);
        let read: Vec<_> = look.readings.iter().map(|r| (r.values.energy_j, r.values.energy_range_j)).collect();
        assert_eq!(read, [(Some(262_143.328), Some(262_143.328_85)), (Some(1.0), Some(262_143.328_85))]);
        fs::write(root.path().join("intel-rapl:0/energy_uj"), "\n").unwrap();
        look.clear();
        rapl.read(&mut look);
        let failed = (0, "rapl:intel-rapl:0:package-0: not a whole number, \"\"".to_string());
        assert_eq!((look.readings, look.failures), (vec![], vec![failed]));
    }

    #[test]
    fn an_absent_tree_an_empty_one_and_a_locked_one_say_what_they_are() {
        let root = tempfile::tempdir().unwrap();
        let gone = root.path().join("powercap");
        assert_eq!(open(&gone).err(), Some(format!("no {}: this machine offers no RAPL counters", gone.display())));
        assert_eq!(open(root.path()).err(), Some(format!("{}: no package, dram or psys zone", root.path().display())));
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let root = Path::new("/sys/class/powercap");
        assert_eq!(
            refused(&denied, &root.join("intel-rapl:0/energy_uj"), root),
            "/sys/class/powercap/intel-rapl:0/energy_uj: permission denied, \
             run `sudo chmod a+r /sys/class/powercap/intel-rapl*:*/energy_uj` (until the next start)"
        );
    }
}
