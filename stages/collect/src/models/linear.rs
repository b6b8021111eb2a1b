//! A matrix product with weights in whatever format they are held.

use anyhow::Result;
use candle_core::{
    Device, Module, Tensor,
    quantized::{QMatMul, QTensor},
};
use std::sync::Arc;

#[derive(Debug, Clone)]
pub enum Linear {
    /// Weights `[in, out]` (possibly a view of `[out, in]`), bias `[out]`.
    Dense { weight: Tensor, bias: Option<Tensor> },
    /// Weights `[out, in]` in blocks of GGUF.
    Quantized(QMatMul),
}

impl Linear {
    /// From weights `[out, in]`, as Llama has them.
    pub fn out_in(weight: &Tensor, device: &Device) -> Result<Self> {
        Ok(Linear::Dense { weight: weight.to_device(device)?.t()?, bias: None })
    }

    /// From weights `[in, out]` and a bias, as GPT-2 has them.
    pub fn in_out(weight: &Tensor, bias: &Tensor, device: &Device) -> Result<Self> {
        Ok(Linear::Dense { weight: weight.to_device(device)?, bias: Some(bias.to_device(device)?) })
    }

    pub fn quantized(weight: Arc<QTensor>) -> Result<Self> {
        Ok(Linear::Quantized(QMatMul::from_arc(weight)?))
    }

    /// `x [batch, seq, in]` to `[batch, seq, out]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (rows, seq, width) = x.dims3()?;
        match self {
            Linear::Dense { weight, bias } => {
                let y = x.reshape((rows * seq, width))?.matmul(weight)?;
                let y = match bias {
                    Some(bias) => y.broadcast_add(bias)?,
                    None => y,
                };
                Ok(y.reshape((rows, seq, ()))?)
            }
            Linear::Quantized(weight) => Ok(weight.forward(&x.contiguous()?)?),
        }
    }
}
