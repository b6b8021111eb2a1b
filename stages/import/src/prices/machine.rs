//! What a price says of its machine, checked in itself: how many accelerators it is of, sizes that no machine has, prices that nobody
//! asks. What contradicts itself is refused with both figures; what is only improbable is kept with a remark.

use super::Price;
use crate::{
    read::fault::{Fault, Notes, Result},
    runs::accelerators::split,
};
use schemas::hardware;

/// USD an hour of an accelerator, and of a vCPU where there is none. In `data/inputs/prices` an accelerator costs 0.063 to 12.3 and a vCPU
/// 0.0076 to 0.058; the smallest machines of AWS are below 0.001, those with most memory cost 0.5. A price a thousand times too high or
/// too low lies outside for all but the rarest.
const USD_PER_ACCELERATOR: [f64; 2] = [0.02, 50.0];
const USD_PER_VCPU: [f64; 2] = [0.0002, 2.0];
/// A price is a range of at most this much: spot falls to a tenth of what is asked on demand.
const MOST_RANGE: f64 = 12.0;
/// GiB of a vCPU: AWS has 0.25 (t4g.nano) to 55 (u-24tb1.112xlarge), hosts of accelerators more.
const GIB_PER_VCPU: [f64; 2] = [0.2, 256.0];
/// Of products under one name the smallest has half of the memory of the largest.
const LEAST_SHARE_OF_FAMILY: f64 = 0.1;
/// All bits of two bytes: no size that anything has.
const SENTINEL: f64 = 65535.0;
/// Beyond what is built: 32 TiB and 1,920 vCPUs (u7inh-32tb.480xlarge), 288 GiB of an accelerator.
const MOST_MEMORY_MB: f64 = 48.0 * 1024.0 * 1024.0;
const MOST_VCPUS: i64 = 8192;
const MOST_ACCELERATOR_MEMORY_MB: f64 = 2.0 * 1024.0 * 1024.0;
/// USD per million tokens: above the first a price is probably one per thousand or per token, below the second one in thousands of USD.
/// Above the third, a dollar a token, it is none.
const MOST_USD_PER_MTOK: f64 = 1000.0;
const LEAST_USD_PER_MTOK: f64 = 0.001;
const NO_USD_PER_MTOK: f64 = 1e6;

/// The price with what its names say, and remarks; `false` where it cannot be one.
pub fn check(line: u64, price: &mut Price, notes: &mut Notes) -> Result<bool> {
    count_accelerators(line, price)?;
    check_sizes(line, price, notes)?;
    check_range(line, price, notes)?;
    doubt_usd(line, price, notes);
    Ok(check_tokens(line, price, notes))
}

/// Makes the count that a name has the price's. Where both are there, they must agree.
fn count_accelerators(line: u64, price: &mut Price) -> Result<()> {
    let Some(accelerator) = price.accelerator.clone() else {
        return match price.accelerator_count.filter(|count| *count > 0) {
            None => Ok(()),
            Some(count) => {
                let value = format!("{}, {count}", price.instance);
                Err(Fault::new("accelerators without a name", value, "fill in `accelerator`").at(line))
            }
        };
    };
    let count = price.accelerator_count;
    let (named, bare) = split(&accelerator);
    let sold = count_in_instance(&price.provider, &price.instance, bare);
    let named = named.map(|n| (accelerator.clone(), n));
    let sold = sold.map(|n| (price.instance.clone(), n));
    let stated = count.map(|n| ("`accelerator_count`".to_string(), n));
    let counts: Vec<(String, i64)> = [stated, named, sold].into_iter().flatten().collect();
    match counts.split_first() {
        None => {
            let value = format!("{}, {accelerator}", price.instance);
            Err(Fault::new("no number of accelerators", value, "fill in `accelerator_count`").at(line))
        }
        Some((first, others)) => {
            if let Some(other) = others.iter().find(|other| other.1 != first.1) {
                let value = format!("{} says {}, {} says {}", first.0, first.1, other.0, other.1);
                let what = "the number of accelerators contradicts itself";
                return Err(Fault::new(what, value, "correct the row").at(line));
            }
            (price.accelerator, price.accelerator_count) = (Some(bare.to_string()), Some(first.1));
            match first.1 {
                1.. => Ok(()),
                none => {
                    let value = format!("{accelerator}, {none}");
                    Err(Fault::new("an accelerator that is there no time", value, "correct the row").at(line))
                }
            }
        }
    }
}

/// What the name of an instance says of its accelerators: `8x_H100_SECURE`, `gpu-h100x8-640gb`, `gpu-h100-sxm_8gpu`, `8H100.80S`, Google's
/// `a3-highgpu-8g` and Oracle's `BM.GPU.H100.8`.
fn count_in_instance(provider: &str, instance: &str, accelerator: &str) -> Option<i64> {
    let words = |text: &str| -> Vec<String> {
        let parts = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        parts.map(str::to_ascii_lowercase).collect()
    };
    let (parts, names) = (words(instance), words(accelerator));
    let models: Vec<&String> = names.iter().filter(|n| has_digit(n) && !n.ends_with("gb")).collect();
    let is_model = |word: &str| {
        let is_part = |model: &&&String| word.starts_with(model.as_str()) || model.starts_with(word);
        word.len() > 1 && (models.iter().any(|m| is_part(&m)) || names.iter().any(|name| name == word))
    };
    let found = parts.iter().enumerate().find_map(|(at, word)| {
        let end = word.bytes().take_while(u8::is_ascii_digit).count();
        let (count, rest) = word.split_at(end);
        let next = parts.get(at + 1).map_or("", String::as_str);
        let is_counted = match rest {
            "x" => is_model(next),
            "gpu" | "gpus" => true,
            "g" => provider.eq_ignore_ascii_case("gcp"),
            rest => rest.len() > 1 && (models.iter().any(|m| rest == m.as_str()) || is_times(rest, &is_model)),
        };
        let before = (!count.is_empty() && is_counted).then_some(count);
        let behind =
            || word.rsplit_once('x').filter(|(name, _)| is_model(name) && has_digit(name) || name.starts_with("sxm"));
        before.or_else(|| behind().map(|(_, count)| count))?.parse().ok()
    });
    let of_oracle = || {
        let is_gpu = parts.len() > 2 && parts.iter().any(|word| word.starts_with("gpu")) && instance.contains(".GPU");
        if is_gpu { parts.last()?.parse().ok() } else { None }
    };
    found.or_else(of_oracle).filter(|count| (1..=1024).contains(count))
}

/// `xh100` behind a number.
fn is_times(rest: &str, is_model: &dyn Fn(&str) -> bool) -> bool {
    rest.strip_prefix('x').is_some_and(|name| name.len() > 1 && is_model(name))
}

fn has_digit(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_digit())
}

/// Sizes that no machine has are taken for unknown; memory that the accelerator's name contradicts is refused.
fn check_sizes(line: u64, price: &mut Price, notes: &mut Notes) -> Result<()> {
    let instance = price.instance.clone();
    let mut doubt = |what: &str, value: f64, most: f64| {
        let what = match value {
            0.0 => format!("0 {what}, taken as unknown"),
            SENTINEL => format!("{SENTINEL} {what}, which a failed reading has, taken as unknown"),
            value if value > most => format!("more {what} than any has, above {most}, taken as unknown"),
            _ => return true,
        };
        notes.add(&what, line, &format!("{instance}, {value}"));
        false
    };
    price.vcpus = price.vcpus.filter(|n| doubt("vCPUs", *n as f64, MOST_VCPUS as f64));
    price.memory_mb = price.memory_mb.filter(|mb| doubt("MiB of memory", *mb, MOST_MEMORY_MB));
    price.accelerator_memory_mb =
        price.accelerator_memory_mb.filter(|mb| doubt("MiB of an accelerator", *mb, MOST_ACCELERATOR_MEMORY_MB));
    if let (Some(vcpus), Some(mb)) = (price.vcpus, price.memory_mb) {
        let gib = mb / 1024.0 / vcpus as f64;
        let [least, most] = GIB_PER_VCPU;
        if !(least..=most).contains(&gib) {
            let what = format!("implausible, beyond {least} to {most} GiB a vCPU, perhaps in another unit");
            notes.add(&what, line, &format!("{instance}, {vcpus} and {mb} MiB"));
        }
    }
    let (Some(name), Some(mb)) = (&price.accelerator, price.accelerator_memory_mb) else { return Ok(()) };
    let known = hardware::recognise(name);
    let is_exact = known.is_exact || name.to_ascii_lowercase().contains("gb");
    let share = known.memory_gb.map(|gb| mb / 1024.0 / gb);
    match share {
        Some(share) if share > 1.15 || share < 0.85 && is_exact || share < LEAST_SHARE_OF_FAMILY => {
            let value = format!("{name}, {mb} MiB and not {} GB", known.memory_gb.unwrap_or_default());
            let what = "`accelerator_memory_mb` is not that of the accelerator";
            Err(Fault::new(what, value, "correct the row").at(line))
        }
        None if mb < 1024.0 => {
            let what = "implausible, an accelerator with less than 1 GiB, perhaps in another unit";
            notes.add(what, line, &format!("{instance}, {mb} MiB"));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A price lies in its range, which has both ends, and a share costs no more than the whole.
fn check_range(line: u64, price: &Price, notes: &mut Notes) -> Result<()> {
    let shown = |value: Option<f64>| value.map_or("nothing".to_string(), |v| v.to_string());
    let (usd, low, high) = (price.usd_per_hour, price.low_usd_per_hour, price.high_usd_per_hour);
    let is_inside = match (low, usd, high) {
        (None, _, None) => true,
        (Some(low), Some(usd), Some(high)) => low <= usd && usd <= high,
        _ => false,
    };
    if !is_inside {
        let value = format!("{}, {} in {} to {}", price.instance, shown(usd), shown(low), shown(high));
        return Err(Fault::new("`usd_per_hour` is not in its range", value, "correct the row").at(line));
    }
    if let (Some(low), Some(high)) = (low, high)
        && high > MOST_RANGE * low
    {
        let what = format!("implausible, a range of more than {MOST_RANGE} times, perhaps in another unit");
        notes.add(&what, line, &format!("{}, {low} to {high}", price.instance));
    }
    match (price.share_usd_per_hour, usd) {
        (Some(share), Some(usd)) if share > usd => {
            let value = format!("{}, {share} of {usd}", price.instance);
            Err(Fault::new("`share_usd_per_hour` is more than the whole", value, "correct the row").at(line))
        }
        _ => Ok(()),
    }
}

/// What nobody asks for an hour, which a price in another unit would be.
pub fn doubt_usd(line: u64, price: &Price, notes: &mut Notes) {
    let Some(usd) = price.usd_per_hour.filter(|_| price.tier != "on_prem") else { return };
    let ([least, mut most], count, each) = match (price.accelerator_count, price.vcpus) {
        (Some(count), _) if count > 0 => (USD_PER_ACCELERATOR, count, "accelerator"),
        (_, vcpus) => (USD_PER_VCPU, vcpus.unwrap_or(1), "vCPU"),
    };
    // A pod of TPUs is sold as one, and a machine of unknown size may be large.
    let is_pod = price.accelerator.as_ref().is_some_and(|name| name.to_ascii_lowercase().contains("tpu"));
    if is_pod || price.accelerator.is_none() && price.vcpus.is_none() {
        most = f64::INFINITY;
    }
    let side = match usd / count as f64 {
        one if one < least => format!("below {least}"),
        one if one > most => format!("above {most}"),
        _ => return,
    };
    let what = format!("implausible, {side} USD an hour and {each}, perhaps in another unit");
    notes.add(&what, line, &format!("{}, {usd}", price.instance));
}

/// Prices by the token beside each other: output costs no less than input, and a cached input no more. `false`: a dollar a token.
fn check_tokens(line: u64, price: &Price, notes: &mut Notes) -> bool {
    let (input, output, cached) =
        (price.input_usd_per_mtok, price.output_usd_per_mtok, price.cached_input_usd_per_mtok);
    let mut doubt = |what: String, values: String| notes.add(&what, line, &format!("{}, {values}", price.instance));
    let stated = || [input, output, cached].into_iter().flatten().filter(|usd| *usd > 0.0);
    let (least, most) = (stated().fold(f64::INFINITY, f64::min), stated().fold(0.0, f64::max));
    if most > NO_USD_PER_MTOK {
        doubt(format!("a price above {NO_USD_PER_MTOK} USD per million tokens, left out"), most.to_string());
        return false;
    }
    if most > MOST_USD_PER_MTOK {
        let what = format!("implausible, above {MOST_USD_PER_MTOK} USD per million tokens, perhaps in another unit");
        doubt(what, most.to_string());
    }
    if least < LEAST_USD_PER_MTOK {
        let what = format!("implausible, below {LEAST_USD_PER_MTOK} USD per million tokens, perhaps in another unit");
        doubt(what, least.to_string());
    }
    match (input, output) {
        (Some(input), Some(output)) if output > 0.0 && output < input => {
            doubt(
                "implausible, input costs more than output, perhaps exchanged".into(),
                format!("{input} and {output}"),
            );
        }
        (Some(input), Some(output)) if output > 100.0 * input => {
            doubt("implausible, output costs more than 100 times the input".into(), format!("{input} and {output}"));
        }
        _ => {}
    }
    match (input, cached) {
        (Some(input), Some(cached)) if cached > input => {
            doubt(
                "implausible, cached input costs more than input, perhaps exchanged".into(),
                format!("{cached} and {input}"),
            );
        }
        (Some(input), Some(cached)) if cached * 1000.0 < input => {
            doubt(
                "implausible, cached input costs less than a thousandth of input".into(),
                format!("{cached} and {input}"),
            );
        }
        _ => {}
    }
    true
}
