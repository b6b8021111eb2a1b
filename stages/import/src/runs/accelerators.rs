//! How many accelerators ran: what a result states under many names, beside the count in the device's name and `--accelerators`.
//!
//! Tensor, pipeline and data parallel sizes multiply. Expert parallelism divides what these already count, and SGLang's attention with
//! data parallelism lies inside the tensor parallel group: neither multiplies.

use crate::read::{
    fault::{Fault, Result},
    json::Value,
};

/// A number of accelerators and where it was stated.
pub type Count = (String, i64);

const TENSOR: &[&str] =
    &["tp", "tp_size", "tensor_parallel", "tensor_parallel_size", "tensor_parallelism", "tp_degree"];
const PIPELINE: &[&str] =
    &["pp", "pp_size", "pipeline_parallel", "pipeline_parallel_size", "pipeline_parallelism", "pp_degree"];
const DATA: &[&str] = &["dp", "dp_size", "data_parallel", "data_parallel_size", "data_parallelism", "dp_degree"];
const TOTAL: &[&str] = &[
    "accelerators",
    "accelerator_count",
    "num_accelerators",
    "num_gpus",
    "num_gpu",
    "gpu_count",
    "gpus",
    "n_gpus",
    "n_gpu",
    "ngpus",
    "number_of_gpus",
    "total_gpus",
    "num_chips",
    "num_devices",
    "device_count",
    "world_size",
];
const NODES: &[&str] = &["nodes", "nnodes", "num_nodes", "node_count"];
const PER_NODE: &[&str] =
    &["gpus_per_node", "num_gpus_per_node", "gpu_per_node", "accelerators_per_node", "devices_per_node"];
const LISTS: &[&str] = &["gpu_ids", "device_ids", "devices", "gpus", "cuda_visible_devices", "visible_devices"];
/// More than any machine has: a larger number is of something else.
const MOST: i64 = 100_000;

/// `# GPUs` and `Tensor-Parallel Size` as the names above.
fn plain(key: &str) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    key.chars().map(word).collect::<String>().trim_matches('_').to_string()
}

/// Whether a name says how many accelerators ran.
pub fn is_count(key: &str) -> bool {
    let key = plain(key);
    [TENSOR, PIPELINE, DATA, TOTAL, PER_NODE].iter().any(|names| names.contains(&key.as_str()))
}

fn whole(value: &Value) -> Option<i64> {
    value.as_f64().filter(|n| *n >= 1.0 && *n <= MOST as f64 && n.fract() == 0.0).map(|n| n as i64)
}

/// Accelerators that share each layer, several times over the largest: NVLink joins 72.
const MOST_PARALLEL: i64 = 1024;

/// What one object states, and what the objects in it do; and what stands in the place of a number and is none.
pub fn stated(entry: &Value) -> (Vec<Count>, Vec<(String, String)>) {
    let (mut counts, mut unread) = (Vec::new(), Vec::new());
    scopes(entry, "", 0, &mut counts, &mut unread);
    (counts, unread)
}

fn scopes(entry: &Value, path: &str, depth: usize, counts: &mut Vec<Count>, unread: &mut Vec<(String, String)>) {
    let Value::Map(pairs) = entry else { return };
    let is_size = |name: &str| [TENSOR, PIPELINE, DATA].iter().any(|names| names.contains(&name));
    for (key, value) in pairs.iter().filter(|(key, _)| is_size(&plain(key))) {
        if whole(value).is_none_or(|n| n > MOST_PARALLEL) && *value != Value::Null {
            unread.extend(value.shown().map(|shown| (format!("{path}{key}"), shown)));
        }
    }
    let find = |names: &[&str]| {
        let named = pairs.iter().filter(|(key, _)| names.contains(&plain(key).as_str()));
        named.filter_map(|(key, value)| Some((format!("{path}{key}"), whole(value)?))).next()
    };
    let find_size = |names: &[&str]| find(names).filter(|(_, n)| *n <= MOST_PARALLEL);
    let is_inside = pairs.iter().any(|(key, value)| plain(key) == "enable_dp_attention" && *value == Value::Bool(true));
    let data = find_size(DATA).filter(|_| !is_inside);
    let sizes: Vec<Count> = [find_size(TENSOR), find_size(PIPELINE), data].into_iter().flatten().collect();
    counts.extend(product(&sizes));
    let nodes = find(NODES);
    match (find(PER_NODE), nodes) {
        (Some(each), Some(nodes)) => counts.extend(product(&[nodes, each])),
        (Some(each), None) => counts.push(each),
        (None, _) => {}
    }
    for (key, value) in pairs {
        let (name, at) = (plain(key), format!("{path}{key}"));
        match value {
            _ if TOTAL.contains(&name.as_str()) && whole(value).is_some() => {
                counts.extend(whole(value).map(|number| (at, number)));
            }
            Value::List(items) if LISTS.contains(&name.as_str()) && !items.is_empty() => {
                counts.push((at, items.len() as i64));
            }
            Value::Text(ids) if LISTS.contains(&name.as_str()) && is_list(ids) => {
                counts.push((at, ids.split(',').count() as i64));
            }
            Value::Map(_) if depth < 4 => scopes(value, &format!("{at}."), depth + 1, counts, unread),
            _ => {}
        }
    }
}

/// `0,1,2,3`.
fn is_list(text: &str) -> bool {
    text.split(',').all(|id| !id.trim().is_empty() && id.trim().bytes().all(|b| b.is_ascii_digit()))
}

fn product(sizes: &[Count]) -> Option<Count> {
    let names: Vec<&str> = sizes.iter().map(|(name, _)| name.as_str()).collect();
    let number = sizes.iter().try_fold(1_i64, |all, (_, n)| all.checked_mul(*n))?;
    (!sizes.is_empty()).then(|| (names.join(" x "), number))
}

/// Count and name of `8x H100`, `8xH100`, `H100 x8` and MLPerf's `H100-SXM-80GBx8`; no count where the name says none.
pub fn split(printed: &str) -> (Option<i64>, &str) {
    let text = printed.trim();
    let number = |digits: &str| digits.parse().ok().filter(|n| (1..=MOST).contains(n));
    let is_times = |c: char| matches!(c, 'x' | 'X' | '×' | '*');
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if let Some(name) = text[digits..].trim_start().strip_prefix(is_times)
        && let (Some(count), name) = (number(&text[..digits]), name.trim_start_matches([' ', '-', '_']))
        && name.starts_with(|c: char| c.is_alphabetic())
    {
        return (Some(count), name);
    }
    let before = text.trim_end_matches(|c: char| c.is_ascii_digit());
    if let Some(name) = before.strip_suffix(is_times)
        && let Some(count) = number(&text[before.len()..])
        && (name.ends_with(' ') || ends_with_size(name) || before.ends_with(['×', '*']))
        && !name.to_ascii_lowercase().trim_end().ends_with("pcie")
    {
        return (Some(count), name.trim_end());
    }
    (None, text)
}

fn ends_with_size(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    upper.strip_suffix("GB").is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_digit()))
}

/// The count and the device's name with it: `8x NVIDIA H100`. Statements that contradict each other are refused.
pub fn resolve(line: u64, given: Option<i64>, stated: &[Count], device: &str) -> Result<(Option<i64>, String)> {
    if device == "cpu" {
        return Ok((None, device.into()));
    }
    let (named, name) = split(device);
    let mut counts = stated.to_vec();
    counts.extend(named.map(|n| (device.to_string(), n)));
    let mut distinct: Vec<&Count> = Vec::new();
    for count in &counts {
        if distinct.iter().all(|known| known.1 != count.1) {
            distinct.push(count);
        }
    }
    let listed = || distinct.iter().map(|(name, n)| format!("{name} = {n}")).collect::<Vec<_>>().join(", ");
    let count = match (given, distinct.as_slice()) {
        (Some(given), []) => Some(given),
        (Some(given), known) if known.iter().any(|(_, n)| *n == given) => Some(given),
        (Some(given), _) => {
            let value = format!("--accelerators {given} and {}", listed());
            let remedy = "correct the option, or the result";
            return Err(Fault::new("the result states another number of accelerators", value, remedy).at(line));
        }
        (None, []) => None,
        (None, [(_, n)]) => Some(*n),
        (None, _) => {
            let remedy = "say how many ran with --accelerators N";
            return Err(Fault::new("several numbers of accelerators", listed(), remedy).at(line));
        }
    };
    let printed = match count {
        Some(n) if n > 1 && name != "unknown" => format!("{n}x {name}"),
        _ => name.to_string(),
    };
    Ok((count, printed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{fault::Notes, json::entries};

    fn counts(text: &str) -> Vec<Count> {
        let mut found = Vec::new();
        entries(text, &mut Notes::default(), &mut |_, entry, _| {
            found = stated(&entry).0;
            Ok(())
        })
        .unwrap();
        found
    }

    fn count(of: &str, number: i64) -> Vec<Count> {
        vec![(of.to_string(), number)]
    }

    #[test]
    fn sizes_multiply_and_experts_do_not() {
        assert_eq!(counts(r#"{"tp": "8"}"#), count("tp", 8));
        assert_eq!(counts(r#"{"tp": 4, "pp": 2, "ep": 8, "dp": 2}"#), count("tp x pp x dp", 16));
        assert_eq!(counts(r##"{"# GPUs": 4}"##), count("# GPUs", 4));
        let server = r#"{"server_info": {"tp_size": 8, "dp_size": 8, "enable_dp_attention": true, "nnodes": 2}}"#;
        assert_eq!(counts(server), count("server_info.tp_size", 8));
        assert_eq!(counts(r#"{"nodes": 2, "gpus_per_node": 8}"#), count("nodes x gpus_per_node", 16));
        assert_eq!(counts(r#"{"cuda_visible_devices": "0,1,2,3"}"#), count("cuda_visible_devices", 4));
        assert_eq!(counts(r#"{"gpu_ids": [0, 1]}"#), count("gpu_ids", 2));
        assert_eq!(counts(r#"{"tp": "auto", "tensor_parallel_size": -1, "num_gpus": 0}"#), []);
    }

    #[test]
    fn counts_in_names() {
        for (printed, wanted) in [
            ("8x NVIDIA H100", (Some(8), "NVIDIA H100")),
            ("8xH100", (Some(8), "H100")),
            ("8 × H100", (Some(8), "H100")),
            ("H100 x8", (Some(8), "H100")),
            ("H100-SXM-80GBx8", (Some(8), "H100-SXM-80GB")),
            ("1x L4", (Some(1), "L4")),
            ("MI300X", (None, "MI300X")),
            ("NVIDIA A100 PCIe x16", (None, "NVIDIA A100 PCIe x16")),
            ("4090", (None, "4090")),
            ("0x L4", (None, "0x L4")),
        ] {
            assert_eq!(split(printed), wanted, "{printed}");
        }
    }

    #[test]
    fn what_contradicts_is_asked_for() {
        let named = |given, stated: &[Count], device: &str| {
            resolve(7, given, stated, device).map_err(|fault| fault.of("FILE".as_ref()).to_string())
        };
        let eight = count("tp", 8);
        assert_eq!(named(None, &eight, "NVIDIA H100"), Ok((Some(8), "8x NVIDIA H100".into())));
        assert_eq!(named(None, &eight, "8xH100"), Ok((Some(8), "8x H100".into())));
        assert_eq!(named(None, &eight, "unknown"), Ok((Some(8), "unknown".into())));
        assert_eq!(named(Some(2), &[], "L4"), Ok((Some(2), "2x L4".into())));
        assert_eq!(named(None, &[], "L4"), Ok((None, "L4".into())));
        assert_eq!(named(Some(4), &eight, "cpu"), Ok((None, "cpu".into())));
        let both = [count("gpu_count", 8), count("tp", 4)].concat();
        assert_eq!(
            named(None, &both, "H100"),
            Err("FILE: line 7: several numbers of accelerators, gpu_count = 8, tp = 4, \
                 say how many ran with --accelerators N"
                .into())
        );
        assert_eq!(named(Some(4), &both, "H100"), Ok((Some(4), "4x H100".into())));
        assert_eq!(
            named(Some(2), &both, "H100"),
            Err("FILE: line 7: the result states another number of accelerators, \
                 --accelerators 2 and gpu_count = 8, tp = 4, correct the option, or the result"
                .into())
        );
    }
}
