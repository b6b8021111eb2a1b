//! Llama for candle: f32, grouped queries, left-padded batches, optional key-value cache.
//!
//! Touvron et al. 2023, arXiv:2302.13971. Rotary embedding on half-split heads, RMS normalisation, SwiGLU.

use crate::models::{batch::Batch, weights::Weights};
use anyhow::Result;
use candle_core::{D, Device, Tensor};
use candle_nn::{
    ops::{rms_norm, silu, softmax_last_dim},
    rotary_emb::rope,
};

struct Layer {
    attention_norm: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    output: Tensor,
    mlp_norm: Tensor,
    gate: Tensor,
    up: Tensor,
    down: Tensor,
    /// Keys and values so far, `[batch, kv_heads, past, head]`.
    cache: Option<(Tensor, Tensor)>,
}

pub struct Llama {
    weights: Weights,
    layers: Vec<Layer>,
    norm: Tensor,
    /// `[positions, head / 2]`.
    cos: Tensor,
    sin: Tensor,
    device: Device,
}

/// Positions for which rotary tables are made; longer inputs are refused.
pub const MAX_POSITIONS: usize = 2048;

impl Llama {
    pub fn new(weights: Weights, device: Device) -> Result<Self> {
        let at = |name: &str| -> Result<Tensor> { Ok(weights.get(name)?.to_device(&device)?) };
        let layers = (0..weights.shape.layers)
            .map(|i| {
                let get = |name: &str| at(&format!("model.layers.{i}.{name}.weight"));
                Ok(Layer {
                    attention_norm: get("input_layernorm")?,
                    query: get("self_attn.q_proj")?,
                    key: get("self_attn.k_proj")?,
                    value: get("self_attn.v_proj")?,
                    output: get("self_attn.o_proj")?,
                    mlp_norm: get("post_attention_layernorm")?,
                    gate: get("mlp.gate_proj")?,
                    up: get("mlp.up_proj")?,
                    down: get("mlp.down_proj")?,
                    cache: None,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let positions = weights.shape.positions.min(MAX_POSITIONS);
        let (cos, sin) = weights.shape.rotary(positions);
        let table = |v: Vec<f32>| Tensor::from_vec(v, (positions, weights.shape.head() / 2), &device);
        let (cos, sin, norm) = (table(cos)?, table(sin)?, at("model.norm.weight")?);
        Ok(Llama { weights, layers, norm, cos, sin, device })
    }

    pub fn clear(&mut self) {
        self.layers.iter_mut().for_each(|l| l.cache = None);
    }

    /// Bytes of keys and values held.
    pub fn cache_bytes(&self) -> usize {
        let bytes = |t: &Tensor| t.elem_count() * t.dtype().size_in_bytes();
        self.layers.iter().filter_map(|l| l.cache.as_ref()).map(|(k, v)| bytes(k) + bytes(v)).sum()
    }

    /// Logits of columns `past..` of the batch: `[batch, len - past, vocabulary]`, or `[batch, 1, vocabulary]` for the
    /// last position alone. With `keep`, keys and values of the columns before `past` come from the cache.
    pub fn forward(&mut self, batch: &Batch, past: usize, keep: bool, last: bool) -> Result<Tensor> {
        let shape = self.weights.shape.clone();
        let (rows, total) = (batch.rows(), batch.len());
        let new = total - past;
        if total > self.cos.dim(0)? {
            anyhow::bail!("sequence too long, {total} tokens, at most {}", self.cos.dim(0)?);
        }
        let ids: Vec<u32> = batch.ids.iter().flat_map(|r| r[past..].iter().copied()).collect();
        let ids = Tensor::from_vec(ids, rows * new, &self.device)?;
        let positions: Vec<u32> =
            (0..rows).flat_map(|r| (past..total).map(move |c| batch.position(r, c) as u32)).collect();
        let positions = Tensor::from_vec(positions, rows * new, &self.device)?;
        let rotary = |table: &Tensor| table.index_select(&positions, 0)?.reshape((rows, new, shape.head() / 2));
        let (cos, sin) = (rotary(&self.cos)?, rotary(&self.sin)?);
        let mask = self.mask(batch, past)?;
        let embedding = self.weights.get("model.embed_tokens.weight")?;
        let mut x = embedding.index_select(&ids, 0)?.reshape((rows, new, shape.hidden))?;
        for layer in &mut self.layers {
            let normed = rms_norm(&x, &layer.attention_norm, shape.rms_epsilon)?;
            let heads = |w: &Tensor, n: usize| -> Result<Tensor> {
                Ok(linear(&normed, w)?.reshape((rows, new, n, shape.head()))?.transpose(1, 2)?.contiguous()?)
            };
            let query = rope(&heads(&layer.query, shape.heads)?, &cos, &sin)?;
            let mut key = rope(&heads(&layer.key, shape.kv_heads)?, &cos, &sin)?;
            let mut value = heads(&layer.value, shape.kv_heads)?;
            if keep {
                if let Some((keys, values)) = &layer.cache {
                    key = Tensor::cat(&[keys, &key], 2)?;
                    value = Tensor::cat(&[values, &value], 2)?;
                }
                layer.cache = Some((key.clone(), value.clone()));
            }
            let attended = attention(&query, &key, &value, mask.as_ref())?;
            x = (x + linear(&attended, &layer.output)?)?;
            let normed = rms_norm(&x, &layer.mlp_norm, shape.rms_epsilon)?;
            let gated = (silu(&linear(&normed, &layer.gate)?)? * linear(&normed, &layer.up)?)?;
            x = (x + linear(&gated, &layer.down)?)?;
        }
        if last {
            x = x.narrow(1, new - 1, 1)?.contiguous()?;
        }
        linear(&rms_norm(&x, &self.norm, shape.rms_epsilon)?, self.weights.head()?)
    }

    /// Additive mask `[batch, 1, 1, new, total]`: a column sees real columns up to itself, and itself. `None` where
    /// nothing is hidden.
    fn mask(&self, batch: &Batch, past: usize) -> Result<Option<Tensor>> {
        let total = batch.len();
        if total - past == 1 && batch.pads.iter().all(|&p| p == 0) {
            return Ok(None);
        }
        let sees = |r: usize, q: usize, k: usize| k == q || (k < q && batch.is_real(r, k));
        let mut values = Vec::with_capacity(batch.rows() * (total - past) * total);
        for r in 0..batch.rows() {
            for q in past..total {
                values.extend((0..total).map(|k| if sees(r, q, k) { 0f32 } else { f32::MIN }));
            }
        }
        Ok(Some(Tensor::from_vec(values, (batch.rows(), 1, 1, total - past, total), &self.device)?))
    }
}

/// `x [batch, seq, in]` times `w [out, in]` transposed.
fn linear(x: &Tensor, w: &Tensor) -> Result<Tensor> {
    let (rows, seq, width) = x.dims3()?;
    Ok(x.reshape((rows * seq, width))?.matmul(&w.t()?)?.reshape((rows, seq, ()))?)
}

/// Scaled dot-product attention (Vaswani et al. 2017, arXiv:1706.03762) with grouped queries: the queries that share a
/// key head are stacked, so keys and values are not copied. Query `[b, h, s, d]`, key and value `[b, g, t, d]`.
fn attention(query: &Tensor, key: &Tensor, value: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
    let (b, h, s, d) = query.dims4()?;
    let (_, g, t, _) = key.dims4()?;
    let stacked = query.reshape((b, g, h / g * s, d))?;
    let mut scores = (stacked.matmul(&key.t()?)? * (1.0 / (d as f64).sqrt()))?;
    if let Some(mask) = mask {
        scores = scores.reshape((b, g, h / g, s, t))?.broadcast_add(mask)?.reshape((b, g, h / g * s, t))?;
    }
    let mixed = softmax_last_dim(&scores)?.matmul(value)?;
    Ok(mixed.reshape((b, h, s, d))?.transpose(1, 2)?.contiguous()?.flatten_from(D::Minus2)?)
}
