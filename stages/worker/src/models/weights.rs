//! Weights on the CPU in f32 under Hugging Face's names, the same for every engine.

use super::{disk::read_json, family::Family, gguf::Gguf};
use anyhow::{Context, Result, anyhow, bail};
use candle_core::{DType, Device, Tensor, safetensors::MmapedSafetensors};
use protocol::{Files, Model};
use std::{collections::BTreeMap, path::PathBuf};

pub struct Weights {
    pub family: Family,
    pub tensors: BTreeMap<String, Tensor>,
}

impl Weights {
    pub fn get(&self, name: &str) -> Result<&Tensor> {
        self.tensors.get(name).ok_or_else(|| anyhow!("model has no weight \"{name}\""))
    }

    /// Reads all weights, whatever their format, as f32.
    pub fn load(model: &Model) -> Result<Self> {
        let weights = match &model.files {
            Files::Gguf(path) => {
                let (family, tensors) = Gguf::open(path)?.dequantized()?;
                Weights { family, tensors }
            }
            Files::Folder { path, weights } => {
                let config = read_json(&path.join("config.json"))?;
                from_safetensors(Family::from_config(&config)?, weights)?
            }
            Files::Onnx { graph, .. } => {
                bail!("{}: the model is an ONNX graph, its weights are not read, use onnxruntime-cpu", graph.display())
            }
            Files::Served => bail!("the model is only served, its weights are not here, use openai-http"),
        };
        weights.check().with_context(|| model.path().display().to_string())?;
        Ok(weights)
    }

    fn check(&self) -> Result<()> {
        for (name, dims) in self.family.tensors() {
            let found = self.get(&name)?.dims();
            if found != dims {
                bail!(
                    "weight \"{name}\" has another shape than its configuration, {found:?} instead of {dims:?}, use a complete model"
                );
            }
        }
        Ok(())
    }
}

/// GPT-2's own repository has no prefix, fine-tuned ones have `transformer.`; mask buffers beside the weights are left.
fn from_safetensors(family: Family, files: &[PathBuf]) -> Result<Weights> {
    let what = || files.iter().map(|f| f.display().to_string()).collect::<Vec<_>>().join(", ");
    // Sound as long as nobody writes to the files while they are mapped, which their hash would show.
    #[expect(unsafe_code, reason = "memory-mapped weights")]
    let stored = unsafe { MmapedSafetensors::multi(files) }.with_context(|| format!("{}: not safetensors", what()))?;
    let names: Vec<String> = stored.tensors().into_iter().map(|(name, _)| name).collect();
    let mut tensors = BTreeMap::new();
    for (name, _) in family.tensors() {
        let held = [name.clone(), format!("transformer.{name}")].into_iter().find(|n| names.contains(n));
        let held = held.ok_or_else(|| anyhow!("{}: no weight \"{name}\", use a complete model", what()))?;
        tensors.insert(name, stored.load(&held, &Device::Cpu)?.to_dtype(DType::F32)?);
    }
    Ok(Weights { family, tensors })
}
