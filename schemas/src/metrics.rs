//! Every metric, told once: contracts take their lists from here, and `analyze` what it does with each.
//!
//! A metric is a column of `run_value.sql` or `run_price.sql` (stages/analyze/sql), which compute it of each run; its name ends in its
//! unit.

/// What is known of a metric whatever its values are.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    pub name: &'static str,
    /// The column that says how it is known.
    pub evidence: &'static str,
    /// The column that says how the energy in it is known, where `evidence` may hide that.
    pub energy_evidence: Option<&'static str>,
    /// The column of the half width (95 %) that its sensors give it.
    pub error: Option<&'static str>,
    /// Whether scenarios add up to it: then its mean over them is the arithmetic one, else the geometric one.
    pub adds_up: bool,
    pub more_is_better: bool,
    /// Whether it has rows in `estimate`; costs have their own table and intervals.
    pub is_estimated: bool,
    /// Whether backends are compared in it: it has a log.
    pub is_compared: bool,
}

pub const ALL: &[Metric] = &[
    time("latency_ms"),
    time("ttft_ms"),
    time("tpot_ms"),
    Metric { more_is_better: true, ..time("input_tokens_per_s") },
    Metric { more_is_better: true, ..time("output_tokens_per_s") },
    Metric {
        evidence: "usd_evidence",
        energy_evidence: Some("usd_energy_evidence"),
        error: Some("total_usd_error_per_mtok"),
        is_estimated: false,
        ..energy("total_usd_per_mtok")
    },
    Metric { error: Some("gross_kwh_error_per_mtok"), ..energy("gross_kwh_per_mtok") },
    Metric { is_compared: false, ..energy("net_kwh_per_mtok") },
    Metric { is_compared: false, adds_up: false, ..energy("gross_power_w") },
    Metric { is_compared: false, ..energy("decode_j_per_token") },
    Metric {
        evidence: "gco2e_evidence",
        energy_evidence: Some("energy_evidence"),
        error: Some("gco2e_error_per_mtok"),
        is_estimated: false,
        ..energy("gco2e_per_mtok")
    },
];

/// What `estimate` has rows of, and what backends are compared in.
pub const ESTIMATED: &[&str] = &names::<{ count(false) }>(false);
pub const COMPARED: &[&str] = &names::<{ count(true) }>(true);

pub fn find(name: &str) -> Option<&'static Metric> {
    ALL.iter().find(|metric| metric.name == name)
}

const fn time(name: &'static str) -> Metric {
    Metric {
        name,
        evidence: "evidence",
        energy_evidence: None,
        error: None,
        adds_up: false,
        more_is_better: false,
        is_estimated: true,
        is_compared: true,
    }
}

const fn energy(name: &'static str) -> Metric {
    Metric { evidence: "energy_evidence", adds_up: true, ..time(name) }
}

const fn counts(metric: &Metric, compared: bool) -> bool {
    if compared { metric.is_compared } else { metric.is_estimated }
}

const fn count(compared: bool) -> usize {
    let (mut i, mut n) = (0, 0);
    while i < ALL.len() {
        n += counts(&ALL[i], compared) as usize;
        i += 1;
    }
    n
}

const fn names<const N: usize>(compared: bool) -> [&'static str; N] {
    let (mut names, mut i, mut n) = ([""; N], 0, 0);
    while i < ALL.len() {
        if counts(&ALL[i], compared) {
            names[n] = ALL[i].name;
            n += 1;
        }
        i += 1;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_hold_what_their_flags_say() {
        assert_eq!(ESTIMATED.len() + COMPARED.len(), count(false) + count(true));
        assert!(ESTIMATED.contains(&"net_kwh_per_mtok") && !COMPARED.contains(&"net_kwh_per_mtok"));
        assert!(COMPARED.contains(&"gco2e_per_mtok") && !ESTIMATED.contains(&"gco2e_per_mtok"));
        let by_unit = |m: &Metric| m.name.ends_with("_per_mtok") || m.name.ends_with("_per_token");
        assert!(ALL.iter().all(|m| m.adds_up == by_unit(m) && m.more_is_better == m.name.ends_with("_per_s")));
    }
}
