//! SkyPilot's `vms.csv` of any cloud (skypilot-org/skypilot-catalog): columns by name, prices of whole machines, one row a zone.
//!
//! On GCP a machine and its accelerators are two rows, to be added in the same zone. Which machine carries which accelerators the
//! file does not say: a list in [`gcp`] does (docs.cloud.google.com/compute/docs/gpus), else a name with `-Ng` carries N. A TPU's price
//! has its machine in it.

mod gcp;

use super::{PLACEHOLDER, PLACEHOLDER_USD, Price, Same, Sink, beside::doubt_of, machine};
use crate::{
    read::{
        fault::{Fault, Result, quoted},
        format::{Format, has_names},
        sheet::{Row, Sheet, whole},
        source::Source,
    },
    runs::accelerators::split,
};
use gcp::{Fit, Part, built_in, fitting};
use std::{
    cell::Cell,
    collections::{BTreeMap, HashMap, HashSet},
};

pub const FORMAT: Format<Sink> = Format {
    name: "skypilot",
    about: "vms.csv of SkyPilot's catalogue: AWS, Azure, GCP and others",
    recognises: |head| has_names(head, &["InstanceType", "AcceleratorName", "SpotPrice"]),
    read,
};

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
    /// Columns that other catalogues have: each must say USD, or an hour.
    currency: Option<usize>,
    unit: Option<usize>,
}

impl Columns {
    fn of(sheet: &Sheet) -> Result<Self> {
        let named = |names: &[&str]| {
            sheet.header().iter().position(|name| names.contains(&name.replace(' ', "").to_lowercase().as_str()))
        };
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
            currency: named(&["currency", "pricecurrency", "price_currency"]),
            unit: named(&["unit", "priceunit", "price_unit", "per", "period", "billingperiod"]),
        })
    }

    fn place(&self, row: &Row) -> (String, String) {
        (row.text(self.region).to_string(), row.text(self.zone).to_string())
    }

    /// Refuses prices in another currency or unit, and a number of accelerators that `GpuInfo` contradicts.
    fn check(&self, row: &Row) -> Result<()> {
        let is_one = |column: Option<usize>, words: &[&str]| {
            let text = row.text(column).to_lowercase();
            text.is_empty() || words.contains(&text.as_str())
        };
        if !is_one(self.currency, &["usd", "us$", "$"]) {
            return Err(row.fault("a price that is not in USD", row.text(self.currency), "convert the file first"));
        }
        if !is_one(self.unit, &["hour", "hours", "hr", "hrs", "h", "1h", "usd/hour", "usd/h", "per hour", "hourly"]) {
            return Err(row.fault("a price that is not by the hour", row.text(self.unit), "convert the file first"));
        }
        let counted = row.text(self.info).split("Count").nth(1).and_then(|rest| {
            let rest = rest.trim_start_matches(['\'', '"', ':', ' ']);
            rest[..rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len())].parse::<f64>().ok()
        });
        match (counted, row.amount(self.count)?) {
            (Some(counted), Some(count)) if counted != count => {
                let value = format!("{}, {count} beside {counted}", row.text(self.instance));
                let what = "`AcceleratorCount` is not what `GpuInfo` says";
                Err(Fault::new(what, value, "give the file as it was fetched").at(row.line))
            }
            _ => Ok(()),
        }
    }

    /// The accelerator's name with its maker, where the file says who that is, and with the count that it has.
    fn label(&self, row: &Row) -> String {
        let (count, name) = split(row.text(self.accelerator));
        // A Python dictionary on AWS, JSON elsewhere.
        let info = row.text(self.info);
        let maker = info.split("Manufacturer").nth(1).and_then(|rest| rest.split(['\'', '"']).nth(2));
        let name = match maker.filter(|m| !m.is_empty() && !name.to_lowercase().starts_with(&m.to_lowercase())) {
            Some(maker) => format!("{maker} {name}"),
            None => name.to_string(),
        };
        count.map_or(name.clone(), |count| format!("{count}x {name}"))
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
    let mut machines = Machines::default();
    let parts = parts(sheet, &columns, &mut machines, sink)?;
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
        let stated = count;
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
        let has_some = stated.is_some_and(|count| count > 0.0) || row.text(columns.info).contains("Count");
        if name.is_empty() && has_some {
            sink.notes.add("accelerators without a name, left out", row.line, instance);
            return Ok(());
        }
        if let Some(example) = machines.two_prices(&columns, row) {
            sink.notes.add("several prices for one machine and zone, none taken", row.line, &example);
            return Ok(());
        }
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
            Fit::With(_) if [usd, spot_usd].contains(&Some(PLACEHOLDER_USD)) => {
                sink.notes.add(PLACEHOLDER, row.line, instance);
                Ok(())
            }
            Fit::With(parts) => parts.into_iter().try_for_each(|part| {
                let (usd, spot_usd) = (usd.filter(|usd| *usd > 0.0), spot_usd.filter(|usd| *usd > 0.0));
                // A sum would hide what is wrong with its parts.
                for one in [usd, spot_usd] {
                    machine::doubt_usd(row.line, &Price { usd_per_hour: one, ..price.clone() }, &mut sink.notes);
                }
                for (line, name, [usd, spot]) in
                    [(row.line, instance, [usd, spot_usd]), (part.line, &part.label, [part.usd, part.spot_usd])]
                {
                    if let (Some(usd), Some(spot)) = (usd, spot)
                        && let Some(what) = doubt_of(usd, "spot", spot)
                    {
                        sink.notes.add(&what, line, &format!("{name}, {spot} and {usd}"));
                    }
                }
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
fn parts(
    sheet: Sheet,
    columns: &Columns,
    zoned: &mut Machines,
    sink: &mut Sink,
) -> Result<BTreeMap<(String, String), Vec<Part>>> {
    let (mut parts, mut machines) = (BTreeMap::<(String, String), Vec<Part>>::new(), HashSet::new());
    sheet.each(&mut |row| {
        columns.check(row)?;
        let instance = row.text(columns.instance);
        if !instance.is_empty() {
            zoned.see(columns, row);
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
        let price = Price {
            provider: sink.options.provider.clone().unwrap_or_default(),
            region: row.text(columns.region).into(),
            instance: format!("{count}x{name}"),
            tier: "on_demand".into(),
            accelerator: Some(columns.label(row)),
            accelerator_count: Some(count),
            usd_per_hour: usd,
            ..Price::default()
        };
        if sink.options.wants(&price) {
            sink.known.see(row.line, &price)?;
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

/// The machines of each zone by their first line and its prices, and the line in which another price stands.
#[derive(Default)]
struct Machines(HashMap<[String; 3], Offered>);

struct Offered {
    line: u64,
    prices: [String; 2],
    other: Option<(u64, [String; 2])>,
}

impl Machines {
    fn key(columns: &Columns, row: &Row) -> [String; 3] {
        let (region, zone) = columns.place(row);
        [row.text(columns.instance).to_string(), region, zone]
    }

    fn see(&mut self, columns: &Columns, row: &Row) {
        let prices = [columns.usd, columns.spot_usd].map(|column| row.text(column).to_string());
        let (line, first) = (row.line, prices.clone());
        let offered = self.0.entry(Self::key(columns, row)).or_insert(Offered { line, prices: first, other: None });
        if offered.prices != prices {
            offered.other.get_or_insert((row.line, prices));
        }
    }

    /// Both prices of a machine that has two in its zone.
    fn two_prices(&self, columns: &Columns, row: &Row) -> Option<String> {
        let Offered { line, prices, other } = self.0.get(&Self::key(columns, row))?;
        let (other_line, others) = other.as_ref()?;
        let shown = |prices: &[String; 2]| prices.join("/");
        let instance = row.text(columns.instance);
        Some(format!("{instance}, {} in line {line} and {} in line {other_line}", shown(prices), shown(others)))
    }
}
