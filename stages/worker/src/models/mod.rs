//! The model: where it comes from, its shape and weights, its tokenizer, and its forms for each engine.

pub mod decoder;
mod disk;
pub mod family;
pub mod folder;
mod found;
pub mod gguf;
pub mod gpt2;
pub mod linear;
pub mod llama;
pub mod onnx;
pub mod source;
pub mod tokenizer;
pub mod weights;
