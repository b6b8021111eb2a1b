//! Llama for candle: grouped queries, left-padded batches, optional key-value cache; weights in f32 or as GGUF has them.
//!
//! Touvron et al. 2023, arXiv:2302.13971. Rotary embedding on half-split heads, RMS normalisation, SwiGLU.

use super::{
    decoder::{Cache, Decoder, attention, extend, halves, ids_and_positions, kept, mask, split_heads},
    family::Llama,
    linear::Linear,
    weights::Weights,
};
use anyhow::{Result, anyhow, bail};
use candle_core::{Device, Tensor, quantized::QTensor};
use candle_nn::{
    ops::{rms_norm, silu},
    rotary_emb::rope,
};
use protocol::Batch;
use std::{collections::BTreeMap, sync::Arc};

struct Layer {
    attention_norm: Tensor,
    /// Query, key and value in one product.
    projections: Linear,
    output: Linear,
    mlp_norm: Tensor,
    /// Gate and up in one product.
    gated: Linear,
    down: Linear,
}

pub struct LlamaModel {
    shape: Llama,
    embedding: Tensor,
    layers: Vec<Layer>,
    norm: Tensor,
    head: Linear,
    /// `[positions, head / 2]`.
    cos: Tensor,
    sin: Tensor,
    device: Device,
}

/// Positions for which rotary tables are made; longer inputs are refused.
pub const MAX_POSITIONS: usize = 2048;

const EMBEDDING: &str = "model.embed_tokens.weight";
const HEAD: &str = "lm_head.weight";

impl LlamaModel {
    /// Weights in f32.
    pub fn dense(shape: Llama, weights: &Weights, device: Device) -> Result<Self> {
        let vector = |name: &str| -> Result<Tensor> { Ok(weights.get(name)?.to_device(&device)?) };
        let linear = |name: &str| Linear::out_in(weights.get(name)?, &device);
        let head = |shape: &Llama, embedding: &Tensor| match shape.tied {
            true => Linear::out_in(embedding, &device),
            false => linear(HEAD),
        };
        Self::build(shape, device.clone(), &vector, &linear, &head)
    }

    /// Matrices in the blocks of a GGUF file. The embedding is read row by row, so it is dequantised.
    pub fn quantized(shape: Llama, tensors: BTreeMap<String, QTensor>, device: Device) -> Result<Self> {
        let tensors: BTreeMap<String, Arc<QTensor>> = tensors.into_iter().map(|(n, t)| (n, Arc::new(t))).collect();
        let get = |name: &str| tensors.get(name).ok_or_else(|| anyhow!("model has no weight \"{name}\""));
        let vector = |name: &str| -> Result<Tensor> { Ok(get(name)?.dequantize(&device)?) };
        let linear = |name: &str| Linear::quantized(get(name)?.clone());
        let head = |shape: &Llama, _: &Tensor| linear(if shape.tied { EMBEDDING } else { HEAD });
        Self::build(shape, device.clone(), &vector, &linear, &head)
    }

    fn build(
        shape: Llama,
        device: Device,
        vector: &dyn Fn(&str) -> Result<Tensor>,
        linear: &dyn Fn(&str) -> Result<Linear>,
        head: &dyn Fn(&Llama, &Tensor) -> Result<Linear>,
    ) -> Result<Self> {
        let layers = (0..shape.layers).map(|i| {
            let name = |part: &str| format!("model.layers.{i}.{part}.weight");
            let beside = |parts: &[&str]| {
                Linear::beside(parts.iter().map(|part| linear(&name(part))).collect::<Result<Vec<_>>>()?)
            };
            Ok(Layer {
                attention_norm: vector(&name("input_layernorm"))?,
                projections: beside(&["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"])?,
                output: linear(&name("self_attn.o_proj"))?,
                mlp_norm: vector(&name("post_attention_layernorm"))?,
                gated: beside(&["mlp.gate_proj", "mlp.up_proj"])?,
                down: linear(&name("mlp.down_proj"))?,
            })
        });
        let layers = layers.collect::<Result<Vec<_>>>()?;
        let positions = shape.positions.min(MAX_POSITIONS);
        let (cos, sin) = shape.rotary(positions);
        let embedding = vector(EMBEDDING)?;
        let head = head(&shape, &embedding)?;
        let table = |v: Vec<f32>| Tensor::from_vec(v, (positions, shape.head() / 2), &device);
        let (cos, sin, norm) = (table(cos)?, table(sin)?, vector("model.norm.weight")?);
        Ok(LlamaModel { embedding, shape, layers, norm, head, cos, sin, device })
    }
}

impl Decoder for LlamaModel {
    fn forward(&self, batch: &Batch, past: usize, mut cache: Option<&mut Cache>, last: bool) -> Result<Tensor> {
        let shape = &self.shape;
        let (rows, total) = (batch.rows(), batch.columns());
        let new = total - past;
        if total > self.cos.dim(0)? {
            bail!("sequence too long, {total} tokens, at most {}", self.cos.dim(0)?);
        }
        let (ids, positions) = ids_and_positions(batch, past, &self.device)?;
        let rotary = |table: &Tensor| table.index_select(&positions, 0)?.reshape((rows, new, shape.head() / 2));
        let (cos, sin) = (rotary(&self.cos)?, rotary(&self.sin)?);
        let mask = mask(batch, past, &self.device)?;
        let mut x = self.embedding.index_select(&ids, 0)?.reshape((rows, new, shape.hidden))?;
        for (i, layer) in self.layers.iter().enumerate() {
            let normed = rms_norm(&x, &layer.attention_norm, shape.rms_epsilon)?;
            let heads = [shape.heads, shape.kv_heads, shape.kv_heads];
            let [query, key, mut value] = split_heads(&layer.projections.forward(&normed)?, heads)?;
            let (query, mut key) = (rope(&query, &cos, &sin)?, rope(&key, &cos, &sin)?);
            if let Some(cache) = &mut cache {
                (key, value) = extend(cache, i, key, value)?;
            }
            let attended = attention(&query, &key, &value, mask.as_ref())?;
            x = (x + layer.output.forward(&attended)?)?;
            let normed = rms_norm(&x, &layer.mlp_norm, shape.rms_epsilon)?;
            // Side by side they would be walked row by row, on one thread.
            let [gate, up] = halves(&layer.gated.forward(&normed)?)?;
            x = (x + layer.down.forward(&(silu(&gate)? * up)?)?)?;
        }
        self.head.forward(&rms_norm(&kept(x, last)?, &self.norm, shape.rms_epsilon)?)
    }
}
