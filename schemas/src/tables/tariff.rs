//! Tariffs that change with the time of day.

use crate::{Contract, column::*};

pub const TARIFF: Contract = Contract {
    name: "tariff",
    version: 1,
    stage: "derive-costs",
    grain: "One rule: what a kWh costs in a region on some days between two local times. Exactly one rule holds at every instant.",
    key: &["region", "valid_from", "days", "from"],
    columns: &[
        text("region", "Grid region whose tariff in `grid` this replaces"),
        text("zone", "Time zone of the local times (IANA tz database), such as Europe/Berlin"),
        date("valid_from", "First day, YYYY-MM-DD"),
        date("valid_until", "Day after the last, YYYY-MM-DD"),
        choice("days", &["all", "mon-fri", "sat-sun"], "Days of the week, by local date"),
        text("from", "Local time from which it holds, HH:MM in quarters of an hour"),
        text("until", "Local time until which, HH:MM; 24:00 is the end of the day"),
        float("usd_per_kwh", "Tariff").at_least(0.0),
        text("source", "Where it was read"),
    ],
};
