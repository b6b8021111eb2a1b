//! ONNX Runtime's CPU provider: weights in f32, or in the GGUF file's blocks, as the graph has them.

use super::session::{Memory, load as load_session};
use crate::engine::Subject;
use anyhow::Result;
use ort::ep;
use protocol::Load;

/// The CPU provider, memory of its own kept from step to step, as ONNX Runtime itself has it; ort asks for none unless told.
pub fn load(request: &Load) -> Result<Box<dyn Subject>> {
    load_session(request, ep::CPU::default().with_arena_allocator(true).build(), Memory::Host)
}
