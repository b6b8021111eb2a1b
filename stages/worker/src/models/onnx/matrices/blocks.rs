//! GGUF blocks as affine blocks of 32: `weight = scale * q + minimum`, q of four or eight bits, exactly.
//!
//! Layouts: llama.cpp, ggml-common.h (`block_q4_0`, `block_q4_1`, `block_q4_K`, `block_q8_0`). In Q4_0, Q4_1 the low nibbles of
//! a block are its first half, the high ones its second; in Q4_K each 64 weights share 32 bytes that way.

use anyhow::{Result, bail};
use candle_core::quantized::{GgmlDType, QTensor};
use half::f16;

/// Weights of one block.
pub const BLOCK: usize = 32;

/// A matrix `[rows, cols]`, its blocks row by row.
pub struct Blocks {
    pub rows: usize,
    pub cols: usize,
    pub bits: usize,
    /// One number a weight: 0 to 15 for four bits, 0 to 255 (signed value plus 128) for eight.
    pub q: Vec<u8>,
    pub scale: Vec<f32>,
    /// What q = 0 stands for.
    pub minimum: Vec<f32>,
}

fn half_at(bytes: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([bytes[at], bytes[at + 1]]).to_f32()
}

/// `None` for formats that are no such blocks.
pub fn read(tensor: &QTensor) -> Result<Option<Blocks>> {
    let (rows, cols) = tensor.shape().dims2()?;
    let bytes = tensor.data()?;
    if cols % BLOCK != 0 {
        return Ok(None);
    }
    let count = rows * cols;
    let mut blocks = Blocks {
        rows,
        cols,
        bits: 4,
        q: Vec::with_capacity(count),
        scale: Vec::with_capacity(count / BLOCK),
        minimum: Vec::with_capacity(count / BLOCK),
    };
    match tensor.dtype() {
        GgmlDType::Q4_0 => bytes.chunks_exact(18).for_each(|block| {
            let scale = half_at(block, 0);
            blocks.push_nibbles(&block[2..], scale, -8.0 * scale);
        }),
        GgmlDType::Q4_1 => bytes.chunks_exact(20).for_each(|block| {
            blocks.push_nibbles(&block[4..], half_at(block, 0), half_at(block, 2));
        }),
        GgmlDType::Q4K => bytes.chunks_exact(144).for_each(|block| blocks.push_k(block)),
        GgmlDType::Q8_0 => {
            blocks.bits = 8;
            bytes.chunks_exact(34).for_each(|block| {
                let scale = half_at(block, 0);
                blocks.q.extend(block[2..].iter().map(|b| b ^ 0x80));
                blocks.scale.push(scale);
                blocks.minimum.push(-128.0 * scale);
            });
        }
        _ => return Ok(None),
    }
    if blocks.q.len() != count {
        bail!("a tensor of {count} weights has blocks for {}", blocks.q.len());
    }
    Ok(Some(blocks))
}

impl Blocks {
    fn push_nibbles(&mut self, bytes: &[u8], scale: f32, minimum: f32) {
        self.q.extend(bytes.iter().map(|b| b & 15));
        self.q.extend(bytes.iter().map(|b| b >> 4));
        self.scale.push(scale);
        self.minimum.push(minimum);
    }

    /// One super-block of Q4_K: eight blocks with six-bit scales and minima.
    fn push_k(&mut self, block: &[u8]) {
        let (scale, minimum) = (half_at(block, 0), half_at(block, 2));
        let packed = &block[4..16];
        let six_bits = |j: usize| match j {
            0..4 => (packed[j] & 63, packed[j + 4] & 63),
            _ => ((packed[j + 4] & 15) | ((packed[j - 4] >> 6) << 4), (packed[j + 4] >> 4) | ((packed[j] >> 6) << 4)),
        };
        for (pair, bytes) in block[16..].chunks_exact(32).enumerate() {
            for (half, j) in [2 * pair, 2 * pair + 1].into_iter().enumerate() {
                let (s, m) = six_bits(j);
                self.q.extend(bytes.iter().map(|b| if half == 0 { b & 15 } else { b >> 4 }));
                self.scale.push(scale * f32::from(s));
                self.minimum.push(-minimum * f32::from(m));
            }
        }
    }

    /// Weights as MatMulNBits takes them: two to a byte for four bits, the first of a pair in the low nibble.
    pub fn packed(&self) -> Vec<u8> {
        match self.bits {
            4 => self.q.as_chunks::<2>().0.iter().map(|[low, high]| low | (high << 4)).collect(),
            _ => self.q.clone(),
        }
    }

    /// `minimum + zero * scale` of every block, `[cols / 32, rows]`: what is left when the operator has subtracted its zero.
    /// `None` when nothing is.
    pub fn correction(&self) -> Option<Vec<f32>> {
        let per_row = self.cols / BLOCK;
        // What MatMulNBits takes for zero when none is given.
        let zero = if self.bits == 4 { 8.0 } else { 128.0 };
        let left: Vec<f32> = self.minimum.iter().zip(&self.scale).map(|(m, s)| m + zero * s).collect();
        if left.iter().all(|&c| c == 0.0) {
            return None;
        }
        Some(
            (0..per_row)
                .flat_map(|b| (0..self.rows).map(move |r| (r, b)))
                .map(|(r, b)| left[r * per_row + b])
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Tensor};

    #[test]
    fn every_format_gives_the_weights_that_candle_dequantises() {
        let wave: Vec<f32> = (0..4 * 256).map(|i| (i as f32 * 0.37).sin() + 0.3 * (i as f32 * 0.011).cos()).collect();
        let wave = Tensor::from_vec(wave, (4, 256), &Device::Cpu).unwrap();
        for dtype in [GgmlDType::Q4_0, GgmlDType::Q4_1, GgmlDType::Q4K, GgmlDType::Q8_0] {
            let tensor = QTensor::quantize(&wave, dtype).unwrap();
            let wanted = tensor.dequantize(&Device::Cpu).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let blocks = read(&tensor).unwrap().unwrap();
            assert_eq!(wanted.len(), blocks.q.len());
            for (i, w) in wanted.iter().enumerate() {
                let ours = blocks.scale[i / BLOCK] * f32::from(blocks.q[i]) + blocks.minimum[i / BLOCK];
                assert!((ours - w).abs() <= 1e-6, "{dtype:?} {i}: {ours} {w}");
            }
        }
        assert!(read(&QTensor::quantize(&wave, GgmlDType::Q6K).unwrap()).unwrap().is_none());
    }

    #[test]
    fn symmetric_formats_need_no_correction() {
        let wave = Tensor::arange(0f32, 64.0, &Device::Cpu).unwrap().reshape((2, 32)).unwrap();
        let blocks = |dtype| read(&QTensor::quantize(&wave, dtype).unwrap()).unwrap().unwrap();
        assert!(blocks(GgmlDType::Q4_0).correction().is_none());
        assert!(blocks(GgmlDType::Q8_0).correction().is_none());
        assert_eq!(blocks(GgmlDType::Q4_1).correction().unwrap().len(), 2);
    }
}
