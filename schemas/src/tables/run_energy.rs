//! Energy of a run.

use crate::{Contract, column::*, tables::EVIDENCE, tables::SCOPES};

pub const RUN_ENERGY: Contract = Contract {
    name: "run_energy",
    version: 4,
    stage: "join-telemetry",
    grain: "One run x sensor, and one row `total` per run x scope: the sensor's whole energy in the run's window.",
    key: &["session_id", "run_id", "scope", "device_id"],
    columns: &[
        text("session_id", "Session"),
        text("run_id", "Run"),
        choice("scope", SCOPES, "What the sensor covers"),
        text("device_id", "Sensor, or `total` for the sum over the scope's sensors, or what an import states for the scope"),
        float("energy_gross_j", "Energy of the window").or_null("when not resolvable; `reasons` says why"),
        float(
            "energy_error_j",
            "Half width of a 95 % interval around it, by the formulas of docs/energy.md; of a total, the sum over its sensors",
        )
        .at_least(0.0)
        .or_null("when the energy is, and of an energy that an import states"),
        float("idle_j", "Idle power of the baselines times the window").or_null("when there is no baseline"),
        float("energy_net_j", "Gross minus idle; may be negative").or_null("when either is"),
        float(
            "decode_j_per_token",
            "Gross energy of a token after the first, on totals: (energy of one iteration of generate - of one iteration of \
             prefill) / (tokens_generated - batch), the prefill being the run of the same session, backend, device, dtype, \
             model, scenario, batch and repetition in the same scope; may be negative",
        )
        .or_null(
            "on sensors, for prefill, for a single new token, without exactly one such prefill run, when either run did not \
             finish or its energy is not known, or when the two energies have different evidence",
        ),
        float("mean_power_w", "Gross energy over the window's length").or_null("when not resolvable"),
        float("min_power_w", "Smallest reading inside the window").or_null("when there is none"),
        float("max_power_w", "Largest reading inside the window").or_null("when there is none"),
        float("energy_counter_j", "From the cumulative counter")
            .or_null("when the sensor has none or it is not resolvable"),
        float("energy_integral_j", "From the power readings")
            .or_null("when the sensor has none or it is not resolvable"),
        count("samples", "Readings inside the window"),
        float("coverage_pct", "Share of the window between bracketing readings").at_least(0.0),
        count("max_gap_ns", "Longest distance between readings that touches the window")
            .or_null("when fewer than two readings touch it"),
        float("mean_temperature_c", "Mean temperature inside the window").or_null("when the sensor has none"),
        float("max_memory_mb", "Largest device memory inside the window, MiB").or_null("when the sensor has none"),
        float("throttled_pct", "Share of readings inside the window that were throttled")
            .or_null("when the sensor does not say"),
        choice("evidence", EVIDENCE, "How the energy is known; of a total, the weakest of its parts"),
        boolean("valid", "Whether the energy may be used"),
        text("reasons", "Why it may not").or_null("when valid"),
    ],
};
