//! A matrix product with weights in whatever format they are held.

use super::decoder::share;
use anyhow::Result;
use candle_core::{
    D, Device, Module, Tensor,
    quantized::{QMatMul, QTensor},
};
use std::sync::Arc;

#[derive(Debug, Clone)]
pub enum Linear {
    /// Weights `[in, out]`, a view of `[out, in]`; bias `[out]`.
    Dense { weight: Tensor, bias: Option<Tensor> },
    /// Weights `[out, in]` in blocks of GGUF.
    Quantized(QMatMul),
    /// Products of the same input, their columns side by side.
    Beside(Vec<Linear>),
}

impl Linear {
    /// From weights `[out, in]`, as Llama has them.
    pub fn out_in(weight: &Tensor, device: &Device) -> Result<Self> {
        Ok(Linear::Dense { weight: weight.to_device(device)?.t()?, bias: None })
    }

    /// From weights `[in, out]` and a bias, as GPT-2 has them. They are turned once: a product walks down the inputs, and rows as
    /// wide as GPT-2's put each step on another page of memory.
    pub fn in_out(weight: &Tensor, bias: &Tensor, device: &Device) -> Result<Self> {
        let weight = weight.to_device(device)?.t()?.contiguous()?.t()?;
        Ok(Linear::Dense { weight, bias: Some(bias.to_device(device)?) })
    }

    /// Matrices that take the same input: one product where they are dense.
    pub fn beside(parts: Vec<Linear>) -> Result<Self> {
        let dense = |part: &Linear| match part {
            Linear::Dense { weight, bias: None } => Some(weight.clone()),
            _ => None,
        };
        match parts.iter().map(dense).collect::<Option<Vec<_>>>() {
            Some(weights) => {
                let turned = weights.iter().map(Tensor::t).collect::<candle_core::Result<Vec<_>>>()?;
                Ok(Linear::Dense { weight: Tensor::cat(&turned, 0)?.t()?, bias: None })
            }
            None => Ok(Linear::Beside(parts)),
        }
    }

    pub fn quantized(weight: Arc<QTensor>) -> Result<Self> {
        Ok(Linear::Quantized(QMatMul::from_arc(weight)?))
    }

    /// `x [batch, seq, in]` to `[batch, seq, out]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (rows, seq, width) = x.dims3()?;
        match self {
            Linear::Dense { weight, bias } => {
                let x = x.reshape((rows * seq, width))?;
                let y = if rows * seq == 1 && x.device().is_cpu() { row_times(&x, weight)? } else { x.matmul(weight)? };
                let y = match bias {
                    Some(bias) => y.broadcast_add(bias)?,
                    None => y,
                };
                Ok(y.reshape((rows, seq, ()))?)
            }
            Linear::Quantized(weight) => Ok(weight.forward(&x.contiguous()?)?),
            Linear::Beside(parts) => {
                let products = parts.iter().map(|part| part.forward(x)).collect::<Result<Vec<_>>>()?;
                Ok(Tensor::cat(&products, D::Minus1)?)
            }
        }
    }
}

/// Columns of a matrix that are worth a thread of their own.
const COLUMNS: usize = 64;

/// `x [1, in]` times `weight [in, out]`, the columns shared among candle's threads: its own product of a single row runs on one,
/// and reading the weights is all that such a product does.
fn row_times(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let parts = share(weight.dim(1)?, COLUMNS, |first, count| x.matmul(&weight.narrow(1, first, count)?))?;
    Ok(Tensor::cat(&parts, 1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row goes through threads, two through one product.
    #[test]
    fn a_row_times_a_matrix_is_the_same_on_all_threads() {
        let values = |n: usize, step: f32| (0..n).map(|i| (i as f32 * step).sin()).collect::<Vec<_>>();
        let x = Tensor::from_vec(values(48, 0.3), (1, 48), &Device::Cpu).unwrap();
        for columns in [1, 63, 64, 65, 200, 1000] {
            let turned = Tensor::from_vec(values(48 * columns, 0.7), (columns, 48), &Device::Cpu).unwrap();
            for weight in [turned.t().unwrap(), turned.t().unwrap().contiguous().unwrap()] {
                let shared = row_times(&x, &weight).unwrap();
                let twice = Tensor::cat(&[&x, &x], 0).unwrap().matmul(&weight).unwrap().narrow(0, 1, 1).unwrap();
                let worst = (shared - twice).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
                assert!(worst < 1e-5, "{columns} columns: {worst}");
            }
        }
    }
}
