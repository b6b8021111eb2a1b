//! `energy_join((samples query), (runs query))`: what each run got from each series of readings, in one pass over the readings.
//!
//! DataFusion has no join of that kind: a range join is quadratic, and sums over windows lose digits with the length of the record.
//!
//! **Inputs.** The samples query has `t_ns`; `power_w` (W), or `energy_j` (J, cumulative) where the text column `kind` is `counter`;
//! optionally `energy_range_j`, `temperature_c`, `memory_mb`, `throttled`. All its other columns are text and are keys: rows that
//! agree in them are one series. `kind` is a key too (`power_sample` says what each means; without it, `instant`). The runs query has
//! `start_ns`, `end_ns` and anything else; a run meets the series that agree with it in the keys that both queries have.
//!
//! **Output.** All columns of the runs query; the keys that only the samples query has; and of each run and series `energy_j`,
//! `energy_error_j` (half width of a 95 % interval), `covered_ns` (how much of the window lies between readings), `bracketed` (all of
//! it does), `was_reset`, `samples`, `max_gap_ns`, `min_power_w`, `max_power_w`, `mean_temperature_c`, `max_memory_mb`, `throttled_pct`.
//! A run that meets no series has one row with null keys.
//!
//! **Rules.**
//! - Energy is null unless the window is bracketed and no counter was reset in it. How large a gap may be is for the caller to say.
//! - Readings are inside a window with both its ends, and the pairs of readings around the ends are cut there, by time.
//! - A window that does not end after it starts, or lacks an end, has no energy, no coverage and no samples.
//! - A reading without an instant or without a finite value is none; it widens the pair around it.
//! - Two readings at one instant are a step: of power no energy, of a counter what it rose by, which goes to windows that contain
//!   the instant, but not to one that starts there.
//! - A counter that falls has wrapped where its range is known and it thereby went at most half around; else it was reset.
//! - Readings need not be sorted: order is checked while they pass, and where it is broken DataFusion sorts them and they are read again.
//!
//! **Error.** What the cut pairs may have had on either side of the cut; of powers also the standard error of sampling times Student's t,
//! from the residuals of readings against the line through their neighbours (Gasser, Sroka, Jennen-Steinmetz 1986,
//! doi:10.1093/biomet/73.3.625; formulas: docs/energy.md). It holds for variation faster than the readings that is not in step with
//! them. Resolution, delay, averaging and clock of a sensor are not in it.

mod columns;
mod exec;
mod feed;
pub mod folders;
mod kernel;
mod output;
mod readings;
mod scan;
mod spans;
mod sql;
mod sums;

pub use sql::taught;
