//! AWS's offer file of EC2 as CSV: lines about the file, then a header, then one line a SKU, term and dimension.
//!
//! Of a dozen lines for an instance type two kinds are what an hour costs: Linux, shared tenancy, nothing pre-installed, used capacity;
//! on demand, or reserved without payment in advance. The day for which the file vouches is its `Publication Date`.

use super::{Price, Same, Sink};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    sheet::{Row, Sheet, whole},
    source::Source,
};
use schemas::column::is_date;

pub const FORMAT: Format<Sink> = Format {
    name: "aws-offer",
    about: "AWS's offer CSV of EC2: Linux, shared, on demand and reserved without upfront payment",
    recognises: |head| {
        ["TermType", "PricePerUnit", "Instance Type"].iter().all(|name| head.contains(&format!("\"{name}\"")))
            || head.lines().any(|l| l.starts_with("SKU,OfferTermCode,"))
    },
    read,
};

struct Columns {
    instance: usize,
    term: usize,
    unit: usize,
    usd: usize,
    description: Option<usize>,
    currency: usize,
    system: usize,
    tenancy: usize,
    capacity: usize,
    installed: Option<usize>,
    market: Option<usize>,
    region: Option<usize>,
    length: Option<usize>,
    option: Option<usize>,
    class: Option<usize>,
    vcpus: Option<usize>,
    memory: Option<usize>,
    gpus: Option<usize>,
    cpu: Option<usize>,
}

impl Columns {
    fn of(sheet: &Sheet) -> Result<Self> {
        Ok(Columns {
            instance: sheet.column("Instance Type")?,
            term: sheet.column("TermType")?,
            unit: sheet.column("Unit")?,
            usd: sheet.column("PricePerUnit")?,
            description: sheet.find_column("PriceDescription"),
            currency: sheet.column("Currency")?,
            system: sheet.column("Operating System")?,
            tenancy: sheet.column("Tenancy")?,
            capacity: sheet.column("CapacityStatus")?,
            installed: sheet.find_column("Pre Installed S/W"),
            market: sheet.find_column("MarketOption"),
            region: sheet.find_column("Region Code"),
            length: sheet.find_column("LeaseContractLength"),
            option: sheet.find_column("PurchaseOption"),
            class: sheet.find_column("OfferingClass"),
            vcpus: sheet.find_column("vCPU"),
            memory: sheet.find_column("Memory"),
            gpus: sheet.find_column("GPU"),
            cpu: sheet.find_column("Physical Processor"),
        })
    }

    /// The tier whose hourly price a line is, or why it is none.
    fn tier(&self, row: &Row) -> Result<&'static str, &'static str> {
        let is = |column: usize, wanted: &str| row.text(column) == wanted;
        let open = |column: Option<usize>, wanted: &str| ["", wanted].contains(&row.text(column));
        match () {
            () if row.text(self.instance).is_empty() => Err("not an instance, skipped"),
            () if is(self.unit, "Quantity") => Err("payment in advance (Quantity), not by the hour, skipped"),
            () if !is(self.unit, "Hrs") => Err("not by the hour, skipped"),
            () if !is(self.system, "Linux") || !open(self.installed, "NA") => {
                Err("other software than plain Linux, skipped")
            }
            () if !is(self.tenancy, "Shared") => Err("dedicated tenancy, skipped"),
            () if !is(self.capacity, "Used") => Err("reserved capacity that is not used, skipped"),
            () if !open(self.market, "OnDemand") => Err("capacity block or other market, skipped"),
            () if !is(self.currency, "USD") => Err("other currency than USD, skipped"),
            () if is(self.term, "OnDemand") => Ok("on_demand"),
            () if !is(self.term, "Reserved") => Err("other term, skipped"),
            () if row.text(self.option) != "No Upfront" || row.text(self.class) != "standard" => {
                Err("reserved with upfront payment or convertible, skipped")
            }
            () => match row.text(self.length).replace(' ', "").as_str() {
                "1yr" => Ok("reserved_1yr"),
                "3yr" => Ok("reserved_3yr"),
                _ => Err("reserved for another time, skipped"),
            },
        }
    }
}

/// The description has the price again, sometimes with fewer digits.
const MOST_ROUNDED: f64 = 0.015;

/// `$0.0042 per On Demand Linux t4g.nano Instance Hour` as 0.0042.
fn described(text: &str) -> Option<f64> {
    let (usd, rest) = text.strip_prefix('$')?.split_once(' ')?;
    if rest.starts_with("per ") { usd.replace(',', "").parse().ok() } else { None }
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    sink.options.dated()?;
    let sheet = Sheet::below(source, &["SKU", "TermType", "PricePerUnit"])?;
    let columns = Columns::of(&sheet)?;
    if let Some(published) = sheet.said("Publication Date") {
        sink.stated(published.get(..10).filter(|day| is_date(day)).ok_or_else(|| {
            Fault::new("`Publication Date` is not a date", quoted(published), "give the file as it was fetched").at(1)
        })?)?;
    }
    let named = match (columns.region, sink.options.region.as_slice()) {
        (Some(_), _) => None,
        (None, [one]) => Some(one.clone()),
        (None, _) => {
            let remedy = "say the region with --region us-east-1";
            return Err(Fault::new("missing column", quoted("Region Code"), remedy));
        }
    };
    let provider = sink.options.provider.clone().unwrap_or_else(|| "aws".into());
    sink.same = Same::Equal;
    sheet.each(&mut |row| {
        let instance = row.text(columns.instance);
        let tier = match columns.tier(row) {
            Ok(tier) => tier,
            Err(why) => {
                sink.notes.add(why, row.line, instance);
                return Ok(());
            }
        };
        let region = match (&named, columns.region) {
            (Some(region), _) => region.clone(),
            (None, Some(column)) => row.filled(column)?.to_string(),
            (None, None) => return Ok(()),
        };
        let text = |column: Option<usize>| Some(row.text(column)).filter(|t| !["", "NA"].contains(t));
        let count = |column: Option<usize>| whole(text(column).and_then(|t| t.parse().ok()));
        // "2,048 GiB"
        let gib = text(columns.memory).and_then(|t| t.strip_suffix("GiB")?.replace(',', "").trim().parse::<f64>().ok());
        let gpus = count(columns.gpus).filter(|n| *n > 0);
        let price = Price {
            provider: provider.clone(),
            instance: instance.to_string(),
            cpu: text(columns.cpu).map(str::to_string),
            vcpus: count(columns.vcpus),
            memory_mb: gib.map(|gib| gib * 1024.0),
            // The file counts accelerators and does not name them.
            accelerator: gpus.map(|_| "unknown".into()),
            accelerator_count: gpus,
            includes_power: true,
            grid_region: Some(format!("{provider}:{region}")),
            region,
            ..Price::default()
        };
        let usd = row.amount(columns.usd)?;
        if let (Some(usd), Some(described)) = (usd, described(row.text(columns.description)))
            && (usd - described).abs() > MOST_ROUNDED * described
        {
            let value = format!("{}, {usd} beside {}", instance, quoted(row.text(columns.description)));
            let what = "`PricePerUnit` is not what `PriceDescription` says";
            return Err(Fault::new(what, value, "give the file as it was fetched").at(row.line));
        }
        sink.hourly(row.line, &price, tier, usd)
    })
}
