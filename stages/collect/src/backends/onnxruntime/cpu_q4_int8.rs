//! ONNX Runtime's CPU provider, matrices in the GGUF file's blocks, activations rounded to eight bits. Faster, and another
//! computation than the exact one: its name says so in every row.

use super::cpu_q4;
use crate::{
    backends::{Backend, Form, Promise},
    models::onnx::{Arithmetic, Weighted},
};

pub fn backend() -> Backend {
    Backend {
        name: "onnxruntime-cpu-q4-int8".into(),
        about: "ONNX Runtime, GGUF blocks of 4 bits, activations rounded to 8 bits",
        promise: Promise::BlocksRounded,
        form: Form::Onnx(Weighted::Quantized(Arithmetic::Int8)),
        ..cpu_q4::backend()
    }
}
