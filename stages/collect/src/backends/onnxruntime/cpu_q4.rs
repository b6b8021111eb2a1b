//! ONNX Runtime's CPU provider, matrices in the GGUF file's blocks, multiplied exactly.

use super::{Memory, cpu, load};
use crate::{
    backends::{Backend, Form, Process, Promise},
    models::onnx::{Arithmetic, Weighted},
};

pub fn backend() -> Backend {
    Backend {
        name: "onnxruntime-cpu-q4".into(),
        about: "ONNX Runtime, GGUF blocks of 4 bits as they are, exact arithmetic",
        promise: Promise::Blocks,
        form: Form::Onnx(Weighted::Quantized(Arithmetic::Float)),
        process: Process::Own(|request| load(request, cpu::provider(), Memory::Host)),
        ..cpu::backend()
    }
}
