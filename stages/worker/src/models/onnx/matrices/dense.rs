//! Matrices in f32.

use super::Matrices;
use crate::models::{
    family::Family,
    onnx::{builder::Builder, parts},
    weights::Weights,
};
use anyhow::Result;
use candle_core::Tensor;

pub struct Dense<'a>(pub &'a Weights);

impl Dense<'_> {
    fn write(b: &mut Builder, name: &str, tensor: &Tensor) -> Result<String> {
        b.weight(name, tensor.dims(), &tensor.flatten_all()?.to_vec1::<f32>()?)
    }
}

impl Matrices for Dense<'_> {
    fn vector(&self, b: &mut Builder, name: &str) -> Result<String> {
        Self::write(b, name, self.0.get(name)?)
    }

    /// Llama keeps matrices `[out, in]`, GPT-2 `[in, out]`; MatMul wants the latter.
    fn linear(&self, b: &mut Builder, x: &str, name: &str) -> Result<String> {
        let tensor = self.0.get(name)?;
        let weight = match self.0.family {
            Family::Llama(_) => Self::write(b, &format!("{name}.T"), &tensor.t()?.contiguous()?)?,
            Family::Gpt2(_) => Self::write(b, name, tensor)?,
        };
        Ok(b.node("MatMul", &[x, &weight], vec![]))
    }

    fn logits(&self, b: &mut Builder, x: &str, embedding: &str, head: Option<&str>, dims: [usize; 2]) -> Result<()> {
        let head = match head {
            Some(name) => self.vector(b, name)?,
            None => embedding.to_string(),
        };
        parts::logits(b, x, &head, dims)
    }

    fn format(&self) -> String {
        "f32".into()
    }
}
