//! What a decision says of itself.

use crate::{config::Config, known::Known};
use stats::t_test::TTest;

/// A reason speaks of the backends that have the numbers alone.
pub fn beside(unknown: usize) -> String {
    match unknown {
        0 => String::new(),
        1 => "; of one backend the numbers are not known".into(),
        n => format!("; of {n} backends the numbers are not known"),
    }
}

/// Why there is no recommendation, or what it rests on.
pub fn reason(
    best: Option<&String>,
    others: &[(&String, Option<TTest>)],
    tied: &[String],
    known: Known,
    trivial: bool,
    scope: &str,
    config: &Config,
) -> String {
    let Some(name) = best else {
        return "no backend is left: none has the numbers, or constraints exclude all".into();
    };
    if others.is_empty() {
        return "the only backend that has the numbers".into();
    }
    if known.is_model {
        return "can't tell: the energy is an estimate from utilisation, which does not rank backends".into();
    }
    let small = format!("the difference is under {} %", config.practical_pct);
    match (tied, trivial) {
        ([], true) => format!("better than every other in {scope}, though {small}"),
        ([], false) => format!("better than every other in {scope}"),
        _ if others.iter().any(|(_, t)| t.is_none()) => {
            format!("can't tell {name} from {}: too few runs or scenarios give an error", tied.join(", "))
        }
        (_, true) => format!("can't tell {name} from {}: {small}", tied.join(", ")),
        (_, false) => format!("can't tell {name} from {}", tied.join(", ")),
    }
}
