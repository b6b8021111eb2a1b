//! A matrix product with weights in whatever format they are held.

use anyhow::Result;
use candle_core::{
    Device, Module, Tensor,
    quantized::{QMatMul, QTensor},
    utils::barrier_pool,
};
use std::sync::{Arc, Mutex};

#[derive(Debug, Clone)]
pub enum Linear {
    /// Weights `[in, out]` (a view of `[out, in]` where they are shared with an embedding), bias `[out]`.
    Dense { weight: Tensor, bias: Option<Tensor> },
    /// Weights `[out, in]` in blocks of GGUF.
    Quantized(QMatMul),
}

impl Linear {
    /// From weights `[out, in]`, as Llama has them. They are turned once: a product of many rows would otherwise copy them
    /// into that order each time.
    pub fn out_in(weight: &Tensor, device: &Device) -> Result<Self> {
        Ok(Linear::Dense { weight: weight.to_device(device)?.t()?.contiguous()?, bias: None })
    }

    /// From weights `[out, in]` that are an embedding too, held once.
    pub fn tied(embedding: &Tensor) -> Result<Self> {
        Ok(Linear::Dense { weight: embedding.t()?, bias: None })
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
                let x = x.reshape((rows * seq, width))?;
                let y = if rows * seq == 1 && x.device().is_cpu() { row_times(&x, weight)? } else { x.matmul(weight)? };
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

/// Columns of a matrix that are worth a thread of their own.
const COLUMNS: usize = 64;

/// `x [1, in]` times `weight [in, out]`, the columns shared among candle's threads: its own product of a single row runs on one,
/// and reading the weights is all that such a product does.
fn row_times(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let (pool, columns) = (barrier_pool(), weight.dim(1)?);
    let threads = pool.n_workers() + 1;
    let share = columns.div_ceil(threads).next_multiple_of(COLUMNS);
    if threads == 1 || share >= columns {
        return Ok(x.matmul(weight)?);
    }
    let parts: Vec<Mutex<candle_core::Result<Option<Tensor>>>> = (0..threads).map(|_| Mutex::new(Ok(None))).collect();
    pool.execute(|thread| {
        let first = thread * share;
        if first < columns {
            let part = weight.narrow(1, first, share.min(columns - first)).and_then(|w| x.matmul(&w)).map(Some);
            *parts[thread].lock().unwrap_or_else(|e| e.into_inner()) = part;
        }
    });
    let parts = parts.into_iter().filter_map(|p| p.into_inner().unwrap_or_else(|e| e.into_inner()).transpose());
    Ok(Tensor::cat(&parts.collect::<candle_core::Result<Vec<_>>>()?, 1)?)
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
