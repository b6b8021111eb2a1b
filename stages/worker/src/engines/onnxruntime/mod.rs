//! ONNX Runtime from its shared library.

mod binding;
pub mod cpu;
pub mod gpu;
mod profile;
mod session;
