//! One test binary: each one links DataFusion.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod accuracy;
mod analysis;
mod attack;
mod bounds;
mod catalogue;
mod contracts;
mod cycles;
mod damage;
mod docs;
mod door;
mod energy;
mod energy_cases;
mod energy_join;
mod engines;
mod finished_run;
mod golden;
mod gpu_check;
mod hostile;
mod import_faults;
mod inputs;
mod outputs;
mod paths;
mod power_imports;
mod recomputation;
mod refusals;
mod report;
mod run_cases;
mod sensors;
mod slt;
mod tidy;
