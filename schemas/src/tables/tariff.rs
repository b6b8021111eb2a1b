//! Tariffs that change with the time of day.

use crate::column::*;

crate::table! {
    TARIFF: "tariff", version 1, written by "derive-costs";
    grain: "One rule: what a kWh costs in a region on some days between two local times. Exactly one rule holds at every instant.";
    key: &["region", "valid_from", "days", "from"];
    region: text("Grid region whose tariff in `grid` this replaces"),
    zone: text("Time zone of the local times (IANA tz database), such as Europe/Berlin"),
    valid_from: date("First day, YYYY-MM-DD"),
    valid_until: date("Day after the last, YYYY-MM-DD"),
    days: choice(&["all", "mon-fri", "sat-sun"], "Days of the week, by local date"),
    from: text("Local time from which it holds, HH:MM in quarters of an hour"),
    until: text("Local time until which, HH:MM; 24:00 is the end of the day"),
    usd_per_kwh: float("Tariff").at_least(0.0),
    source: text("Where it was read"),
}
