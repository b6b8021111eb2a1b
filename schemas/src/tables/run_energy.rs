//! Energy of a run.

use crate::{column::*, tables::EVIDENCE, tables::SCOPES};

crate::table! {
    RUN_ENERGY: "run_energy", version 4, written by "join-telemetry";
    grain: "One run x sensor, and one row `total` per run x scope: the sensor's whole energy in the run's window.";
    key: &["session_id", "run_id", "scope", "device_id"];
    session_id: text("Session"),
    run_id: text("Run"),
    scope: choice(SCOPES, "What the sensor covers"),
    device_id: text("Sensor, or `total` for the sum over the scope's sensors, or what an import states for the scope"),
    energy_gross_j: float("Energy of the window").or_null("when not resolvable; `reasons` says why"),
    energy_error_j: float(
        "Half width of a 95 % interval around it, by the formulas of docs/energy.md; of a total, the sum over its sensors",
    )
        .at_least(0.0)
        .or_null("when the energy is, and of an energy that an import states"),
    idle_j: float("Idle power of the baselines times the window").or_null("when there is no baseline"),
    energy_net_j: float("Gross minus idle; may be negative").or_null("when either is"),
    decode_j_per_token: float(
        "Gross energy of a token after the first, on totals: (energy of one iteration of generate - of one iteration of \
             prefill) / (tokens_generated - batch), the prefill being the run of the same session, backend, device, dtype, \
             model, scenario, batch and repetition in the same scope; may be negative",
    )
        .or_null("on sensors, for prefill, for a single new token, without exactly one such prefill run, when either run did not \
             finish or its energy is not known, or when the two energies have different evidence"),
    mean_power_w: float("Gross energy over the window's length").or_null("when not resolvable"),
    min_power_w: float("Smallest reading inside the window").or_null("when there is none"),
    max_power_w: float("Largest reading inside the window").or_null("when there is none"),
    energy_counter_j: float("From the cumulative counter").or_null("when the sensor has none or it is not resolvable"),
    energy_integral_j: float("From the power readings").or_null("when the sensor has none or it is not resolvable"),
    samples: count("Readings inside the window"),
    coverage_pct: float("Share of the window between bracketing readings").at_least(0.0),
    max_gap_ns: count("Longest distance between readings that touches the window")
        .or_null("when fewer than two readings touch it"),
    mean_temperature_c: float("Mean temperature inside the window").or_null("when the sensor has none"),
    max_memory_mb: float("Largest device memory inside the window, MiB").or_null("when the sensor has none"),
    throttled_pct: float("Share of readings inside the window that were throttled")
        .or_null("when the sensor does not say"),
    evidence: choice(EVIDENCE, "How the energy is known; of a total, the weakest of its parts"),
    valid: boolean("Whether the energy may be used"),
    reasons: text("Why it may not").or_null("when valid"),
}
