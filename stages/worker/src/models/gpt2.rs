//! GPT-2 for candle: f32, left-padded batches, optional key-value cache.
//!
//! Radford et al. 2019, "Language Models are Unsupervised Multitask Learners". Learned positions, LayerNorm before each
//! block (Ba et al. 2016, arXiv:1607.06450), GELU in its tanh form (Hendrycks and Gimpel 2016, arXiv:1606.08415).

use super::{
    decoder::{Cache, Decoder, attention, extend, ids_and_positions, kept, mask, split_heads},
    family::Gpt2,
    linear::Linear,
    weights::Weights,
};
use anyhow::{Result, bail};
use candle_core::{Device, Tensor};
use candle_nn::ops::layer_norm;
use protocol::Batch;

struct Norm {
    weight: Tensor,
    bias: Tensor,
}

struct Layer {
    attention_norm: Norm,
    /// Query, key and value in one product.
    projections: Linear,
    output: Linear,
    mlp_norm: Norm,
    up: Linear,
    down: Linear,
}

pub struct Gpt2Model {
    shape: Gpt2,
    tokens: Tensor,
    positions: Tensor,
    layers: Vec<Layer>,
    norm: Norm,
    /// The tied embedding, transposed.
    head: Linear,
    device: Device,
}

impl Gpt2Model {
    pub fn new(shape: Gpt2, weights: &Weights, device: Device) -> Result<Self> {
        let at = |name: &str| -> Result<Tensor> { Ok(weights.get(name)?.to_device(&device)?) };
        let norm = |name: &str| -> Result<Norm> {
            Ok(Norm { weight: at(&format!("{name}.weight"))?, bias: at(&format!("{name}.bias"))? })
        };
        let layers = (0..shape.layers).map(|i| {
            let linear = |part: &str| {
                let named = |what: &str| weights.get(&format!("h.{i}.{part}.{what}"));
                Linear::in_out(named("weight")?, named("bias")?, &device)
            };
            Ok(Layer {
                attention_norm: norm(&format!("h.{i}.ln_1"))?,
                projections: linear("attn.c_attn")?,
                output: linear("attn.c_proj")?,
                mlp_norm: norm(&format!("h.{i}.ln_2"))?,
                up: linear("mlp.c_fc")?,
                down: linear("mlp.c_proj")?,
            })
        });
        let layers = layers.collect::<Result<Vec<_>>>()?;
        let (tokens, positions, norm) = (at("wte.weight")?, at("wpe.weight")?, norm("ln_f")?);
        let head = Linear::out_in(&tokens, &device)?;
        Ok(Gpt2Model { shape, tokens, positions, layers, norm, head, device })
    }

    fn normed(&self, x: &Tensor, norm: &Norm) -> Result<Tensor> {
        Ok(layer_norm(x, &norm.weight, &norm.bias, self.shape.epsilon)?)
    }
}

impl Decoder for Gpt2Model {
    fn forward(&self, batch: &Batch, past: usize, mut cache: Option<&mut Cache>, last: bool) -> Result<Tensor> {
        let (heads, width) = (self.shape.heads, self.shape.hidden);
        let (rows, total) = (batch.rows(), batch.columns());
        if total > self.shape.positions {
            bail!("sequence too long, {total} tokens, at most {}", self.shape.positions);
        }
        let (ids, positions) = ids_and_positions(batch, past, &self.device)?;
        let mask = mask(batch, past, &self.device)?;
        let embedded = (self.tokens.index_select(&ids, 0)? + self.positions.index_select(&positions, 0)?)?;
        let mut x = embedded.reshape((rows, total - past, width))?;
        for (i, layer) in self.layers.iter().enumerate() {
            let projected = layer.projections.forward(&self.normed(&x, &layer.attention_norm)?)?;
            let [query, mut key, mut value] = split_heads(&projected, [heads; 3])?;
            if let Some(cache) = &mut cache {
                (key, value) = extend(cache, i, key, value)?;
            }
            let attended = attention(&query, &key, &value, mask.as_ref())?;
            x = (x + layer.output.forward(&attended)?)?;
            let normed = self.normed(&x, &layer.mlp_norm)?;
            let up = layer.up.forward(&normed)?.gelu()?;
            x = (x + layer.down.forward(&up)?)?;
        }
        self.head.forward(&self.normed(&kept(x, last)?, &self.norm)?)
    }
}
