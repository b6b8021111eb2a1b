//! Llama-family weights from GGUF, dequantised to f32 under Hugging Face names, the same for every engine.

use anyhow::{Context, Result, anyhow};
use candle_core::{DType, Device, Tensor, quantized::gguf_file};
use std::{collections::BTreeMap, fs::File, path::Path};

/// Shape of a Llama-family decoder (Touvron et al. 2023, arXiv:2302.13971; grouped queries: arXiv:2305.13245).
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    pub hidden: usize,
    pub intermediate: usize,
    pub vocabulary: usize,
    pub layers: usize,
    pub heads: usize,
    pub kv_heads: usize,
    pub rms_epsilon: f32,
    pub rope_theta: f32,
    pub positions: usize,
}

impl Shape {
    pub fn head(&self) -> usize {
        self.hidden / self.heads
    }

    /// Cosines and sines of the rotary embedding (Su et al. 2021, arXiv:2104.09864), each `[positions, head / 2]`,
    /// computed in f32 as Transformers does.
    pub fn rotary(&self, positions: usize) -> (Vec<f32>, Vec<f32>) {
        let head = self.head();
        let angle = |p: usize, i: usize| p as f32 * (1.0 / self.rope_theta.powf((2 * i) as f32 / head as f32));
        let angles: Vec<f32> = (0..positions).flat_map(|p| (0..head / 2).map(move |i| angle(p, i))).collect();
        (angles.iter().map(|a| a.cos()).collect(), angles.iter().map(|a| a.sin()).collect())
    }
}

/// Weights on the CPU in f32; linear layers are `[out, in]`.
pub struct Weights {
    pub shape: Shape,
    tensors: BTreeMap<String, Tensor>,
}

/// GGUF name, Hugging Face name.
const LAYER: &[(&str, &str)] = &[
    ("attn_norm", "input_layernorm"),
    ("ffn_norm", "post_attention_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];

impl Weights {
    pub fn get(&self, name: &str) -> Result<&Tensor> {
        self.tensors.get(name).ok_or_else(|| anyhow!("model has no weight \"{name}\""))
    }

    /// The output projection: its own weights, or the tied embedding.
    pub fn head(&self) -> Result<&Tensor> {
        self.get("lm_head.weight").or_else(|_| self.get("model.embed_tokens.weight"))
    }

    /// Reads a GGUF file of architecture `llama` in any quantisation that candle can dequantise.
    pub fn from_gguf(path: &Path) -> Result<Self> {
        let mut file = File::open(path).with_context(|| format!("{}: cannot open", path.display()))?;
        let content =
            gguf_file::Content::read(&mut file).with_context(|| format!("{}: not a GGUF file", path.display()))?;
        let meta = |key: &str| content.metadata.get(key).ok_or_else(|| anyhow!("{}: no \"{key}\"", path.display()));
        let number = |key: &str| -> Result<usize> { Ok(meta(&format!("llama.{key}"))?.to_u32()? as usize) };
        let architecture = meta("general.architecture")?.to_string()?.clone();
        if architecture != "llama" {
            anyhow::bail!(
                "{}: unsupported architecture, \"{architecture}\", use a model of the llama family",
                path.display()
            );
        }
        let shape = Shape {
            hidden: number("embedding_length")?,
            intermediate: number("feed_forward_length")?,
            vocabulary: number("vocab_size")?,
            layers: number("block_count")?,
            heads: number("attention.head_count")?,
            kv_heads: number("attention.head_count_kv")?,
            rms_epsilon: meta("llama.attention.layer_norm_rms_epsilon")?.to_f32()?,
            rope_theta: meta("llama.rope.freq_base")?.to_f32()?,
            positions: number("context_length")?,
        };
        let mut tensors = BTreeMap::new();
        let mut take = |gguf: &str, name: String, heads: Option<usize>| -> Result<()> {
            let tensor =
                content.tensor(&mut file, gguf, &Device::Cpu)?.dequantize(&Device::Cpu)?.to_dtype(DType::F32)?;
            let tensor = heads.map_or_else(|| Ok(tensor.clone()), |h| half_split(&tensor, h))?;
            tensors.insert(name, tensor);
            Ok(())
        };
        take("token_embd.weight", "model.embed_tokens.weight".into(), None)?;
        take("output_norm.weight", "model.norm.weight".into(), None)?;
        if content.tensor_infos.contains_key("output.weight") {
            take("output.weight", "lm_head.weight".into(), None)?;
        }
        for i in 0..shape.layers {
            for (gguf, name) in LAYER {
                let heads = match *gguf {
                    "attn_q" => Some(shape.heads),
                    "attn_k" => Some(shape.kv_heads),
                    _ => None,
                };
                take(&format!("blk.{i}.{gguf}.weight"), format!("model.layers.{i}.{name}.weight"), heads)?;
            }
        }
        Ok(Weights { shape, tensors })
    }
}

/// llama.cpp stores query and key rows for interleaved rotary pairs; this restores the two halves of each head.
fn half_split(rows: &Tensor, heads: usize) -> Result<Tensor> {
    let (out, cols) = rows.dims2()?;
    let pairs = rows.reshape((heads, out / heads / 2, 2, cols))?;
    Ok(pairs.transpose(1, 2)?.contiguous()?.reshape((out, cols))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_split_undoes_the_interleaving() {
        let rows = Tensor::arange(0f32, 8.0, &Device::Cpu).unwrap().reshape((8, 1)).unwrap();
        let split = half_split(&rows, 2).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(split, [0., 2., 1., 3., 4., 6., 5., 7.]);
    }
}
