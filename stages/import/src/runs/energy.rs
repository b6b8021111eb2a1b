//! Energies that a result states itself, by name and unit: of the run, of a request or of an output token; of one GPU or of all.
//!
//! Only what is said is read: a name without a unit, without a scope, or of a "token" that may be one of a prompt is noted and left out.

use super::{figures::short, sheet::Run};
use crate::read::json::Value;

const NAMES: [(&[&str], &str); 4] = [
    (&["gpu", "accelerator"], "GPUs"),
    (&["dram", "ram", "memory"], "memory"),
    (&["cpu", "package"], "processor packages"),
    (&["node", "system", "server", "wall", "machine"], "the whole machine"),
];

/// Joules in one of a unit. Case tells milli from mega.
pub fn joules(unit: &str) -> Option<f64> {
    Some(match unit.trim() {
        "J" | "joule" | "joules" | "Joules" => 1.0,
        "mJ" => 1e-3,
        "kJ" => 1e3,
        "MJ" => 1e6,
        "Wh" => 3600.0,
        "kWh" => 3.6e6,
        _ => return None,
    })
}

/// Joules by the end of a name; `mj` says neither milli nor mega.
fn by_name(name: &str) -> Option<f64> {
    let ends = |end: &str| name.ends_with(end);
    match () {
        () if ends("_kwh") => Some(3.6e6),
        () if ends("_wh") => Some(3600.0),
        () if ends("_kj") => Some(1e3),
        () if ends("_j") || ends("_joules") || ends("_joule") => Some(1.0),
        () => None,
    }
}

/// Sets what the run's energies are by the fields of an object, and gives what is to be said of those that were not taken.
pub fn read(entry: &Value, run: &mut Run, has_each_request: bool) -> Vec<String> {
    let mut said = Vec::new();
    let Value::Map(pairs) = entry else { return said };
    let mut found: [Option<(f64, String)>; 4] = [const { None }; 4];
    for (key, value) in pairs {
        let name = key.to_ascii_lowercase().replace(['-', ' ', '/'], "_");
        if !name.contains("energy") || name.contains("efficiency") || name.contains("_tokens_per") {
            continue;
        }
        let number = value.as_f64().or(value.number("avg")).or(value.number("value"));
        let Some(number) = number.filter(|n| *n > 0.0) else { continue };
        let unit = value.text("unit").or(value.text("units"));
        let Some(factor) = unit.map_or(by_name(&name), |unit| joules(unit.split('/').next().unwrap_or(unit))) else {
            said.push(format!("`{key}`: its unit is not known, left out"));
            continue;
        };
        let words: Vec<&str> = name.split('_').collect();
        let at =
            NAMES.iter().position(|(words_of, _)| words.iter().any(|w| words_of.contains(&w.trim_end_matches('s'))));
        let Some(at) = at else {
            said.push(format!("`{key}`: it does not say of what, left out"));
            continue;
        };
        let per_gpu = if name.contains("per_gpu") { run.accelerators.map(|n| n as f64) } else { Some(1.0) };
        let times = match () {
            () if name.contains("per_output_token") || name.contains("per_generated_token") => {
                run.tokens_generated.map(|n| n as f64)
            }
            () if name.contains("token") => None,
            () if name.contains("per_req") || has_each_request && value.number("avg").is_some() => {
                run.requests_completed.map(|n| n as f64)
            }
            () => Some(1.0),
        };
        let Some((times, per_gpu)) = times.zip(per_gpu) else {
            said.push(format!("`{key}`: of how many it is is not known, left out"));
            continue;
        };
        let joule = number * factor * times * per_gpu;
        match &found[at] {
            Some((known, from)) if (known - joule).abs() > 0.01 * known.max(joule) => {
                let (a, b) = (short(*known), short(joule));
                said.push(format!("energy of {}: {a} J by `{from}`, {b} J by `{key}`: both are left out", NAMES[at].1));
                found[at] = Some((f64::NAN, from.clone()));
            }
            Some(_) => {}
            None => found[at] = Some((joule, key.clone())),
        }
    }
    let [gpu, dram, package, node] =
        found.map(|energy| energy.map(|(joule, _)| joule).filter(|joule| joule.is_finite()));
    run.reported_gpu_j = gpu.or(run.reported_gpu_j);
    run.reported_dram_j = dram.or(run.reported_dram_j);
    run.reported_cpu_package_j = package.or(run.reported_cpu_package_j);
    run.reported_node_j = node.or(run.reported_node_j);
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{fault::Notes, json::entries};

    fn energies(text: &str) -> (Run, Vec<String>) {
        let (mut run, mut said) = (Run::default(), Vec::new());
        (run.requests_completed, run.tokens_generated, run.accelerators) = (Some(10), Some(500), Some(4));
        entries(text, &mut Notes::default(), &mut |_, entry, _| {
            said = read(&entry, &mut run, false);
            Ok(())
        })
        .unwrap();
        (run, said)
    }

    #[test]
    fn each_is_told_by_its_name() {
        for (text, joule) in [
            (r#"{"total_gpu_energy_j": 900}"#, 900.0),
            (r#"{"gpu_energy_per_request_j": 90}"#, 900.0),
            (r#"{"gpu_energy_per_output_token_j": 1.8}"#, 900.0),
            (r#"{"energy_per_gpu_j": 225}"#, 900.0),
            (r#"{"gpu_energy": {"avg": 0.9, "unit": "kJ"}}"#, 900.0),
            (r#"{"gpu_energy": {"avg": 0.25, "unit": "Wh"}}"#, 900.0),
        ] {
            let (run, said) = energies(text);
            assert_eq!((run.reported_gpu_j, said.len()), (Some(joule), 0), "{text}");
        }
        assert_eq!(energies(r#"{"node_energy_kwh": 0.001}"#).0.reported_node_j, Some(3600.0));
    }

    #[test]
    fn what_is_not_said_is_left_out() {
        for (text, wanted) in [
            (r#"{"gpu_energy": 900}"#, "`gpu_energy`: its unit is not known, left out"),
            (r#"{"gpu_energy_mj": 900}"#, "`gpu_energy_mj`: its unit is not known, left out"),
            (r#"{"energy_j": 900}"#, "`energy_j`: it does not say of what, left out"),
            (
                r#"{"gpu_energy_per_token_j": 900}"#,
                "`gpu_energy_per_token_j`: of how many it is is not known, left out",
            ),
            (
                r#"{"gpu_energy_j": 900, "gpu_energy_per_request_j": 80}"#,
                "energy of GPUs: 900 J by `gpu_energy_j`, 800 J by `gpu_energy_per_request_j`: both are left out",
            ),
        ] {
            let (run, said) = energies(text);
            assert_eq!((run.reported_gpu_j, said), (None, vec![wanted.to_string()]), "{text}");
        }
    }
}
