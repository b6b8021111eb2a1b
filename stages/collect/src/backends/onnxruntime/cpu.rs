//! ONNX Runtime's CPU provider, weights in f32.

use super::{Memory, find_library, load};
use crate::{
    backends::{Backend, Form, Kind, Process, Promise, Surroundings},
    models::onnx::Weighted,
};
use ort::ep::{self, ExecutionProviderDispatch};

pub fn backend() -> Backend {
    Backend {
        name: "onnxruntime-cpu".into(),
        about: "ONNX Runtime (C++), f32, CPU provider",
        kind: Kind::Cpu,
        promise: Promise::Exactly("f32".into()),
        provider: Some("CPUExecutionProvider"),
        compiled: false,
        form: Form::Onnx(Weighted::Float),
        process: Process::Own(|request| load(request, provider(), Memory::Host)),
        available,
    }
}

pub(super) fn available(here: &Surroundings) -> Result<String, String> {
    match &here.onnxruntime {
        Some(library) => Surroundings::needs(library, "make setup"),
        None => find_library(&here.site_packages).map(|library| library.display().to_string()),
    }
}

/// The CPU provider, memory of its own kept from step to step, as ONNX Runtime itself has it; ort asks for none unless told.
pub fn provider() -> ExecutionProviderDispatch {
    ep::CPU::default().with_arena_allocator(true).build()
}
