//! NVIDIA Jetson: `tegrastats --interval 1000` (Jetson's manual). Rails are `NAME now/average` in mW; where there is VDD_IN, it is the sum
//! of the others and more. AGX boards have rails beside one another and none of the whole: VIN_SYS_5V0 and SYS5V are their 5 V rail alone.
//! Rails that are selected are added up. Old versions print neither date nor unit.

use super::sink::{Sensor, Sink, TEMPERATURE};
use crate::read::{
    fault::{Fault, Result, quoted},
    format::Format,
    source::Source,
    zone::{DateOrder, stamp},
};
use sensor::{Kind, Scope};

pub const FORMAT: Format<Sink> = Format {
    name: "tegrastats",
    about: "tegrastats --interval 1000 (NVIDIA Jetson)",
    recognises: |head| {
        head.lines().take(20).any(|line| line.contains("RAM ") && line.contains("MB") && rails(line).next().is_some())
    },
    read,
};

/// Rails that are the whole module's input, by board.
const INPUTS: [&str; 4] = ["VDD_IN", "POM_5V_IN", "VDD_MUX", "VIN"];

/// By how much a rail may seem to draw more than the module that it lies in, since they are read one after another: share, and W.
const INSIDE: f64 = 1.2;
const INSIDE_W: f64 = 1.0;
/// A rail draws no hundred times its mean, and no hundredth: a module that is idle and at work differs by less than 20.
const FAR: f64 = 100.0;

/// Names, present power and mean power in mW of the rails of a line.
fn rails(line: &str) -> impl Iterator<Item = (&str, f64, f64)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let pairs: Vec<(&str, f64, f64)> = words
        .windows(2)
        .filter_map(|pair| {
            let [name, value] = pair else { return None };
            let (now, mean) = value.split_once('/')?;
            let milliwatts = |text: &str| {
                let value = text.strip_suffix("mW").unwrap_or(text).parse::<f64>().ok();
                value.filter(|v| v.is_finite() && *v >= 0.0)
            };
            let is_name =
                name.starts_with(|c: char| c.is_ascii_uppercase()) && !matches!(*name, "RAM" | "SWAP" | "IRAM");
            is_name.then_some((*name, milliwatts(now)?, milliwatts(mean)?))
        })
        .collect();
    pairs.into_iter()
}

fn read(source: Source, sink: &mut Sink) -> Result<()> {
    let mut lines = source.lines()?;
    let mut names: Vec<String> = Vec::new();
    for name in &sink.options.select {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    if let Some(input) = names.iter().find(|name| INPUTS.contains(&name.as_str())).filter(|_| names.len() > 1) {
        return Err(Fault::new("a rail that contains the others", quoted(input), "select it alone, or the others"));
    }
    // A damaged line is no reason to refuse the others.
    let mut refusal: Option<Fault> = None;
    let mut is_read = false;
    while let Some(line) = lines.next()? {
        let (number, text) = (line.number, line.text.trim());
        if text.is_empty() {
            continue;
        }
        if !line.ended || !text.contains("RAM ") {
            sink.leave_out(number, "no row of tegrastats, or cut, left out");
            continue;
        }
        let there: Vec<(&str, f64, f64)> = rails(text).collect();
        if there.is_empty() {
            sink.leave_out(number, "no rail in the line, left out");
            continue;
        }
        let known = || there.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ");
        let missing = |name: &&String| there.iter().all(|(of, ..)| of != name);
        if let Some(name) = names.iter().find(missing).filter(|_| !is_read) {
            let fault = || Fault::new("no such rail", quoted(name), format!("use one of {}", known())).at(number);
            refusal.get_or_insert_with(fault);
        }
        if names.is_empty() {
            match INPUTS.iter().find(|input| there.iter().any(|(name, ..)| name == *input)) {
                Some(input) => names.push(input.to_string()),
                None => {
                    let remedy = format!("say which rails to add up, of {}: --select NAME --select NAME", known());
                    let fault = || Fault::new("no rail of the whole module", quoted(INPUTS[0]), remedy).at(number);
                    refusal.get_or_insert_with(fault);
                    sink.leave_out(number, "no rail of the whole module in the line, left out");
                    continue;
                }
            }
        }
        let dated: String = text.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        let t = match stamp(&dated, DateOrder::MonthFirst) {
            Ok(stamp) => sink.at(number, stamp, &dated)?,
            Err(_) if text.starts_with("RAM ") => sink.swept("", "an old tegrastats prints no date")?,
            Err(_) => {
                sink.leave_out(number, super::sink::NO_TIME);
                continue;
            }
        };
        let of_gpu =
            |word: &str| word.to_ascii_lowercase().strip_prefix("gpu@")?.trim_end_matches('c').parse::<f64>().ok();
        let degrees = text.split_whitespace().find_map(of_gpu);
        let mut extras = super::sink::NO_EXTRAS;
        extras[TEMPERATURE] = degrees.filter(|c| c.is_finite()).unwrap_or(f64::NAN);
        let scope = match names.as_slice() {
            [rail] if !INPUTS.contains(&rail.as_str()) => scope(rail),
            _ => Scope::Node,
        };
        let id = names.join("+");
        let label = format!("tegrastats: rail {id} now, not its mean");
        let Some(series) = sink.series(Sensor::new(format!("tegrastats:{id}"), Kind::Instant, scope).label(label))
        else {
            continue;
        };
        let of = |name: &String| there.iter().find(|(of, ..)| of == name).map(|(_, now, mean)| (now / 1e3, mean / 1e3));
        let is_input = matches!(names.as_slice(), [rail] if INPUTS.contains(&rail.as_str()));
        let larger = |watt: f64| {
            let rails = there.iter().map(|(rail, now, _)| (*rail, now / 1e3));
            rails.into_iter().find(|(_, own)| *own > INSIDE * watt + INSIDE_W)
        };
        let rails = names.iter().map(of).collect::<Option<Vec<(f64, f64)>>>();
        match rails.map(|rails| rails.iter().fold((0.0, 0.0), |sum, rail| (sum.0 + rail.0, sum.1 + rail.1))) {
            Some((watt, mean)) if watt.min(mean) > 0.0 && watt.max(mean) > FAR * watt.min(mean) => {
                sink.failed(series, number, t, &format!("{watt} W beside a mean of {mean} W"))?;
            }
            Some((watt, _)) if is_input && larger(watt).is_some() => {
                let (rail, own) = larger(watt).unwrap_or_default();
                sink.failed(series, number, t, &format!("{watt} W beside {own} W of {rail}, which lies inside of it"))?;
            }
            Some((watt, _)) => {
                is_read = true;
                sink.push(series, t, watt, Some(&extras))?;
            }
            None => sink.leave_out(number, "a rail is not in the line, left out"),
        }
    }
    match refusal.filter(|_| !is_read) {
        Some(fault) => Err(fault),
        None => Ok(()),
    }
}

fn scope(rail: &str) -> Scope {
    match rail {
        _ if rail.contains("GPU") && !rail.contains("CPU") => Scope::Gpu,
        _ if rail.contains("CPU") && !rail.contains("GPU") => Scope::CpuPackage,
        _ if rail.contains("DDR") => Scope::Dram,
        _ => Scope::Node,
    }
}
