//! Matrices in the blocks of a GGUF file, on MatMulNBits.
//!
//! MatMulNBits with floating zero points is exact but slow, and an integer zero point is wrong for Q4_1, whose minimum is not on
//! its grid. With `weight = scale * q + minimum` and the operator's implied zero z,
//! `y = MatMulNBits(x; q, scale) + (minimum + z * scale) . blocksum(x)`:
//! the fast kernel, and one small product with the sums of x over blocks of 32.

use super::{
    Matrices,
    blocks::{self, BLOCK, Blocks},
};
use crate::models::{
    gguf,
    onnx::{
        builder::{Builder, Value},
        parts,
    },
};
use anyhow::{Result, anyhow};
use candle_core::{Device, quantized::QTensor};
use protocol::Arithmetic;
use std::collections::BTreeMap;

pub struct Quantized {
    pub tensors: BTreeMap<String, QTensor>,
    pub arithmetic: Arithmetic,
}

impl Quantized {
    fn get(&self, name: &str) -> Result<&QTensor> {
        self.tensors.get(name).ok_or_else(|| anyhow!("model has no weight \"{name}\""))
    }

    fn dequantized(&self, b: &mut Builder, name: &str) -> Result<String> {
        let tensor = self.get(name)?.dequantize(&Device::Cpu)?;
        b.weight(name, tensor.dims(), &tensor.flatten_all()?.to_vec1::<f32>()?)
    }

    /// Blocks of a matrix if it is to stay in them.
    fn blocks(&self, name: &str) -> Result<Option<Blocks>> {
        let blocks = blocks::read(self.get(name)?)?;
        Ok(blocks.filter(|b| b.bits == 4 || self.arithmetic == Arithmetic::Int8))
    }

    fn product(&self, b: &mut Builder, x: &str, name: &str, blocks: &Blocks) -> Result<String> {
        let per_row = blocks.cols / BLOCK;
        let weights =
            b.bytes(&format!("{name}.q"), &[blocks.rows, per_row, BLOCK * blocks.bits / 8], &blocks.packed())?;
        let scales = b.weight(&format!("{name}.scale"), &[blocks.rows, per_row], &blocks.scale)?;
        Ok(self.multiply(b, x, [&weights, &scales], blocks.bits, [blocks.rows, blocks.cols]))
    }

    fn multiply(&self, b: &mut Builder, x: &str, w: [&str; 2], bits: usize, [rows, cols]: [usize; 2]) -> String {
        let accuracy = if self.arithmetic == Arithmetic::Int8 { 4 } else { 0 };
        let attributes =
            [("K", cols), ("N", rows), ("bits", bits), ("block_size", BLOCK), ("accuracy_level", accuracy)];
        let attributes = attributes.into_iter().map(|(name, v)| (name, Value::Int(v as i64))).collect();
        b.microsoft("MatMulNBits", &[x, w[0], w[1]], attributes)
    }
}

impl Matrices for Quantized {
    fn vector(&self, b: &mut Builder, name: &str) -> Result<String> {
        self.dequantized(b, name)
    }

    fn linear(&self, b: &mut Builder, x: &str, name: &str) -> Result<String> {
        let Some(blocks) = self.blocks(name)? else {
            let tensor = self.get(name)?.dequantize(&Device::Cpu)?.t()?.contiguous()?;
            let weight = b.weight(&format!("{name}.T"), tensor.dims(), &tensor.flatten_all()?.to_vec1::<f32>()?)?;
            return Ok(b.node("MatMul", &[x, &weight], vec![]));
        };
        let product = self.product(b, x, name, &blocks)?;
        let Some(correction) = blocks.correction() else { return Ok(product) };
        let per_row = blocks.cols / BLOCK;
        let correction = b.weight(&format!("{name}.correction"), &[per_row, blocks.rows], &correction)?;
        let (shape, axis) = (b.ints(&[0, 0, per_row as i64, BLOCK as i64]), b.ints(&[-1]));
        let grouped = b.shared("Reshape", &[x, &shape], vec![]);
        let sums = b.shared("ReduceSum", &[&grouped, &axis], vec![("keepdims", Value::Int(0))]);
        let rest = b.node("MatMul", &[&sums, &correction], vec![]);
        Ok(b.node("Add", &[&product, &rest], vec![]))
    }

    fn embedding(&self, b: &mut Builder, name: &str) -> Result<String> {
        match self.blocks(name)?.filter(|blocks| blocks.bits == 8) {
            None => self.dequantized(b, name),
            Some(blocks) => {
                let per_row = blocks.cols / BLOCK;
                b.bytes(&format!("{name}.q"), &[blocks.rows, per_row, BLOCK], &blocks.packed())?;
                b.weight(&format!("{name}.scale"), &[blocks.rows, per_row], &blocks.scale)?;
                // Marks an embedding in blocks of eight bits for `embed` and `logits`.
                Ok(format!("{name}.q"))
            }
        }
    }

    fn embed(&self, b: &mut Builder, embedding: &str, ids: &str) -> String {
        let Some(name) = embedding.strip_suffix(".q") else { return b.node("Gather", &[embedding, ids], vec![]) };
        let scale = format!("{name}.scale");
        let [rows, cols] = self.get(name).and_then(|t| Ok(t.shape().dims2()?)).map_or([0, 0], |(r, c)| [r, c]);
        let shape = b.ints(&[rows as i64, cols as i64]);
        let flat = b.node("Reshape", &[embedding, &shape], vec![]);
        let attributes = [("bits", 8), ("block_size", BLOCK as i64), ("gather_axis", 0), ("quantize_axis", 1)];
        let attributes = attributes.into_iter().map(|(name, v)| (name, Value::Int(v))).collect();
        b.microsoft("GatherBlockQuantized", &[&flat, ids, &scale], attributes)
    }

    fn logits(&self, b: &mut Builder, x: &str, embedding: &str, head: Option<&str>, dims: [usize; 2]) -> Result<()> {
        let product = match head {
            Some(name) => match self.blocks(name)? {
                Some(blocks) if blocks.correction().is_none() => self.product(b, x, name, &blocks)?,
                _ => {
                    let weight = self.dequantized(b, name)?;
                    return parts::logits(b, x, &weight, dims);
                }
            },
            None => match embedding.strip_suffix(".q") {
                Some(name) => self.multiply(b, x, [embedding, &format!("{name}.scale")], 8, dims),
                None => return parts::logits(b, x, embedding, dims),
            },
        };
        b.node_to("Identity", &[&product], &["logits"], vec![]);
        parts::declare_logits(b, dims[0]);
        Ok(())
    }

    fn format(&self) -> String {
        let held = self.tensors.values().filter(|t| t.rank() == 2).map(|t| match blocks::read(t) {
            Ok(Some(b)) if b.bits == 4 || self.arithmetic == Arithmetic::Int8 => gguf::format_name(t.dtype()),
            _ => "f32".into(),
        });
        let suffix = if self.arithmetic == Arithmetic::Int8 { "/int8-activations" } else { "" };
        gguf::most_frequent(held) + suffix
    }
}
