//! The model: where it comes from, its weights, its tokenizer, and its forms for each engine.

pub mod batch;
pub mod llama;
pub mod onnx;
pub mod source;
pub mod tokenizer;
pub mod weights;
