//! A step with keys and values that stay on the GPU: outputs are bound to its memory, logits to the host's.

use super::session::{Inputs, OnnxRuntime, keep_present, show_logits};
use crate::engine::Step;
use anyhow::{Result, bail};
use ort::{
    memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType},
    session::SessionInputValue,
};

impl OnnxRuntime {
    pub(super) fn forward_bound(
        &mut self,
        inputs: Inputs,
        step: &Step,
        see: &mut dyn FnMut(&[f32], [usize; 3]),
    ) -> Result<()> {
        let host = MemoryInfo::new(AllocationDevice::CPU, 0, AllocatorType::Device, MemoryType::Default)?;
        let gpu = MemoryInfo::new(AllocationDevice::CUDA, 0, AllocatorType::Device, MemoryType::Default)?;
        let mut binding = self.session.create_binding()?;
        for (name, value) in &inputs {
            match value {
                SessionInputValue::Owned(value) => binding.bind_input(name.to_string(), value)?,
                _ => bail!("an input that is not owned, \"{name}\""),
            }
        }
        for output in self.session.outputs() {
            let memory = if output.name() == "logits" { &host } else { &gpu };
            binding.bind_output_to_device(output.name(), memory)?;
        }
        let outputs = self.session.run_binding(&binding)?;
        binding.synchronize_outputs()?;
        show_logits(&outputs, see)?;
        if step.keep {
            (self.kept, self.kept_bytes) = keep_present(outputs);
        }
        Ok(())
    }
}
