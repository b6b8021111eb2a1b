//! SkyPilot's `vms.csv` of any cloud (skypilot-org/skypilot-catalog): columns by name, prices of whole machines, one row a zone.
//!
//! On GCP a machine and its accelerators are two rows, to be added in the same zone. Which machine carries which accelerators the
//! file does not say: [`MACHINES`] does (docs.cloud.google.com/compute/docs/gpus), else a name with `-Ng` carries N. A TPU's price
//! has its machine in it.

use super::{PLACEHOLDER, PLACEHOLDER_USD, Price, Same, Sink};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    sheet::{Row, Sheet, whole},
    source::Source,
};
use std::{
    cell::Cell,
    collections::{BTreeMap, HashSet},
};

pub const FORMAT: Format<Sink> = Format {
    name: "skypilot",
    about: "vms.csv of SkyPilot's catalogue: AWS, Azure, GCP and others",
    recognises: |head| {
        let header = head.lines().next().unwrap_or_default();
        ["InstanceType", "AcceleratorName", "SpotPrice"].iter().all(|c| header.split(',').any(|h| h.trim() == *c))
    },
    read,
};

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
struct Part {
    line: u64,
    name: String,
    label: String,
    count: i64,
    usd: Option<f64>,
    spot_usd: Option<f64>,
    /// A machine of the list is in the zone to carry them.
    claimed: bool,
    used: Cell<bool>,
}

impl Part {
    fn is_tpu(&self) -> bool {
        self.name.starts_with("tpu-")
    }
}

struct Columns {
    instance: usize,
    accelerator: usize,
    count: usize,
    vcpus: usize,
    memory: usize,
    info: Option<usize>,
    usd: usize,
    spot_usd: usize,
    region: usize,
    zone: Option<usize>,
}

impl Columns {
    fn of(sheet: &Sheet) -> Result<Self> {
        Ok(Columns {
            instance: sheet.column("InstanceType")?,
            accelerator: sheet.column("AcceleratorName")?,
            count: sheet.column("AcceleratorCount")?,
            vcpus: sheet.column("vCPUs")?,
            memory: sheet.column("MemoryGiB")?,
            info: sheet.find_column("GpuInfo"),
            usd: sheet.column("Price")?,
            spot_usd: sheet.column("SpotPrice")?,
            region: sheet.column("Region")?,
            zone: sheet.find_column("AvailabilityZone"),
        })
    }

    fn place(&self, row: &Row) -> (String, String) {
        (row.text(self.region).to_string(), row.text(self.zone).to_string())
    }

    /// The accelerator's name with its maker, where the file says who that is.
    fn label(&self, row: &Row) -> String {
        let (name, info) = (row.text(self.accelerator), row.text(self.info));
        // A Python dictionary on AWS, JSON elsewhere.
        let maker = info.split("Manufacturer").nth(1).and_then(|rest| rest.split(['\'', '"']).nth(2));
        match maker.filter(|m| !m.is_empty() && !name.to_lowercase().starts_with(&m.to_lowercase())) {
            Some(maker) => format!("{maker} {name}"),
            None => name.to_string(),
        }
    }
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    sink.options.dated()?;
    let Some(provider) = sink.options.provider.clone() else {
        let what = "the file does not say whose prices these are";
        return Err(Fault::new(what, "no --provider", "add --provider aws (or gcp, ...)"));
    };
    let sheet = Sheet::open(source)?;
    let columns = Columns::of(&sheet)?;
    if sink.options.per_zone && columns.zone.is_none() {
        return Err(Fault::new("missing column", quoted("AvailabilityZone"), "leave --per-zone out"));
    }
    sink.same = if sink.options.per_zone { Same::Equal } else { Same::Median };
    let parts = parts(sheet, &columns, sink)?;
    let sheet = Sheet::open(source)?;
    sheet.each(&mut |row| {
        let instance = row.text(columns.instance);
        if instance.is_empty() {
            return Ok(());
        }
        let place = columns.place(row);
        let count = row.amount(columns.count)?;
        let name = row.text(columns.accelerator);
        if !name.is_empty() && count.is_none() {
            row.filled(columns.count)?;
        }
        let count = count.filter(|c| *c > 0.0 && !name.is_empty());
        if count.is_some() && whole(count).is_none() {
            sink.notes.add("share of an accelerator, left out", row.line, instance);
            return Ok(());
        }
        let price = Price {
            provider: provider.clone(),
            region: if sink.options.per_zone { place.1.clone() } else { row.filled(columns.region)?.to_string() },
            instance: instance.to_string(),
            // Shared cores come as fractions.
            vcpus: whole(row.amount(columns.vcpus)?),
            memory_mb: row.amount(columns.memory)?.map(|gib| gib * 1024.0),
            accelerator: count.map(|_| columns.label(row)),
            accelerator_count: whole(count),
            includes_power: true,
            grid_region: Some(format!("{provider}:{}", row.text(columns.region))),
            ..Price::default()
        };
        let (usd, spot_usd) = (row.amount(columns.usd)?, row.amount(columns.spot_usd)?);
        let here = parts.get(&place).map(Vec::as_slice).unwrap_or_default();
        let attached = sink.options.host.as_deref() == Some(instance);
        if attached {
            both(sink, row.line, &price, usd, spot_usd)?;
        }
        let fit = if count.is_none() && !parts.is_empty() {
            fitting(instance, here, sink.options.host.as_deref())
        } else {
            Fit::Alone
        };
        match fit {
            Fit::Alone if attached => Ok(()),
            Fit::Alone => both(sink, row.line, &price, usd, spot_usd),
            Fit::Unknown => {
                sink.notes.add("machine of accelerators whose price is not in its zone, left out", row.line, instance);
                Ok(())
            }
            Fit::With(parts) => parts.into_iter().try_for_each(|part| {
                part.used.set(true);
                let price = Price {
                    instance: if attached {
                        format!("{instance}+{}x{}", part.count, part.name)
                    } else {
                        instance.into()
                    },
                    accelerator: Some(part.label.clone()),
                    accelerator_count: Some(part.count),
                    ..price.clone()
                };
                both(sink, row.line, &price, sum(usd, part.usd), sum(spot_usd, part.spot_usd))
            }),
        }
    })?;
    for ((region, zone), part) in parts.iter().flat_map(|(place, here)| here.iter().map(move |part| (place, part))) {
        if part.is_tpu() {
            let price = Price {
                provider: provider.clone(),
                region: if sink.options.per_zone { zone } else { region }.clone(),
                instance: part.name.clone(),
                accelerator: Some(part.label.clone()),
                accelerator_count: Some(part.count),
                includes_power: true,
                grid_region: Some(format!("{provider}:{region}")),
                ..Price::default()
            };
            both(sink, part.line, &price, part.usd, part.spot_usd)?;
        } else if !part.used.get() {
            let what = "accelerator whose machine the file does not tell, left out (--host names one)";
            sink.notes.add(what, part.line, &format!("{} x {}", part.count, part.name));
        }
    }
    Ok(())
}

fn both(sink: &mut Sink, line: u64, price: &Price, usd: Option<f64>, spot_usd: Option<f64>) -> Result<()> {
    sink.hourly(line, price, "on_demand", usd)?;
    sink.hourly(line, price, "spot", spot_usd)
}

/// Both, or nothing; without the digits that binary fractions add.
fn sum(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    format!("{:.9}", a? + b?).parse().ok()
}

/// First pass: the rows without an instance, by region and zone. Placeholders are none: a sum would hide them.
fn parts(sheet: Sheet, columns: &Columns, sink: &mut Sink) -> Result<BTreeMap<(String, String), Vec<Part>>> {
    let (mut parts, mut machines) = (BTreeMap::<(String, String), Vec<Part>>::new(), HashSet::new());
    sheet.each(&mut |row| {
        let instance = row.text(columns.instance);
        if !instance.is_empty() {
            machines.extend(built_in(instance).map(|(name, count)| (columns.place(row), name, count)));
            return Ok(());
        }
        let name = row.filled(columns.accelerator)?.to_string();
        let field = row.filled(columns.count)?;
        let Some(count) = whole(row.amount(columns.count)?).filter(|c| *c > 0) else {
            return Err(row.fault(
                "column `AcceleratorCount` is not a whole number above 0",
                field,
                "correct the line",
            ));
        };
        let mut priced = |column: usize| {
            let usd = row.amount(column)?;
            if usd == Some(PLACEHOLDER_USD) {
                sink.notes.add(PLACEHOLDER, row.line, &name);
            }
            Ok::<_, Fault>(usd.filter(|usd| *usd > 0.0 && *usd != PLACEHOLDER_USD))
        };
        let (usd, spot_usd) = (priced(columns.usd)?, priced(columns.spot_usd)?);
        let here = parts.entry(columns.place(row)).or_default();
        if let Some(earlier) = here.iter_mut().find(|p| p.name == name && p.count == count) {
            if (earlier.usd, earlier.spot_usd) != (usd, spot_usd) {
                let what = "several prices for one accelerator and zone, none taken";
                sink.notes.add(what, row.line, &format!("{count} x {name}"));
                (earlier.usd, earlier.spot_usd) = (None, None);
            }
            return Ok(());
        }
        here.push(Part {
            line: row.line,
            label: columns.label(row),
            name,
            count,
            usd,
            spot_usd,
            claimed: false,
            used: Cell::new(false),
        });
        Ok(())
    })?;
    for (place, name, count) in machines {
        let here = parts.get_mut(&place).map(Vec::as_mut_slice).unwrap_or_default();
        here.iter_mut().filter(|p| p.name == name && p.count == count).for_each(|p| p.claimed = true);
    }
    Ok(parts)
}

enum Fit<'a> {
    /// A machine without accelerators.
    Alone,
    With(Vec<&'a Part>),
    /// A machine with accelerators of which there is no price, or more than one.
    Unknown,
}

/// The accelerators that a machine has built in.
fn built_in(instance: &str) -> Option<(&'static str, i64)> {
    let plain = instance.strip_suffix("-nolssd").unwrap_or(instance);
    MACHINES.iter().find(|(_, _, machines)| machines.contains(&plain)).map(|(name, count, _)| (*name, *count))
}

/// The accelerators of its zone that a machine carries.
fn fitting<'a>(instance: &str, here: &'a [Part], host: Option<&str>) -> Fit<'a> {
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
