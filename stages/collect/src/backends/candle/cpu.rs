//! candle on the CPU, weights in f32.

use super::dense;
use crate::backends::{Backend, Form, Kind, Process, Promise};
use candle_core::Device;

pub fn backend() -> Backend {
    Backend {
        name: "candle-cpu".into(),
        about: "candle (Rust), f32, CPU",
        kind: Kind::Cpu,
        promise: Promise::Exactly("f32".into()),
        provider: None,
        compiled: false,
        form: Form::Files,
        process: Process::Own(|load| dense(load, Device::Cpu, "cpu".into())),
        available: |_| Ok("part of this binary".into()),
    }
}
