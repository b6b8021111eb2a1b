//! candle on the models that `models` writes for it.

pub mod cpu;
pub mod cpu_q4;
mod decoding;
pub mod gpu;
