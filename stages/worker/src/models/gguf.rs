//! Llama-family models in GGUF: shape, tokens that end a sequence, weights as they are or dequantised.
//!
//! llama.cpp stores the rows of query and key projections for interleaved rotary pairs; both readers restore the two halves
//! of each head, which is what Hugging Face's names promise. Whole rows move, so quantised blocks stay intact.

use super::family::{Family, Llama};
use anyhow::{Context, Result, anyhow, bail};
use candle_core::{
    DType, Device, Tensor,
    quantized::{GgmlDType, QStorage, QTensor, gguf_file},
};
use std::{borrow::Cow, collections::BTreeMap, fs::File, path::Path};

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

pub struct Gguf {
    path: String,
    file: File,
    pub content: gguf_file::Content,
}

impl Gguf {
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).with_context(|| format!("{}: cannot open", path.display()))?;
        let content =
            gguf_file::Content::read(&mut file).with_context(|| format!("{}: not a GGUF file", path.display()))?;
        Ok(Gguf { path: path.display().to_string(), file, content })
    }

    fn meta(&self, key: &str) -> Result<&gguf_file::Value> {
        self.content.metadata.get(key).ok_or_else(|| anyhow!("{}: no \"{key}\"", self.path))
    }

    fn number(&self, key: &str) -> Result<usize> {
        Ok(self.meta(&format!("llama.{key}"))?.to_u32()? as usize)
    }

    pub fn family(&self) -> Result<Family> {
        let architecture = self.meta("general.architecture")?.to_string()?;
        if architecture != "llama" {
            bail!("{}: unsupported architecture, \"{architecture}\", use a model of the llama family", self.path);
        }
        let embedding = self.content.tensor_infos.get("token_embd.weight");
        let vocabulary = embedding.and_then(|t| t.shape.dims().first().copied());
        let heads = self.number("attention.head_count")?;
        Ok(Family::Llama(Llama {
            hidden: self.number("embedding_length")?,
            intermediate: self.number("feed_forward_length")?,
            vocabulary: vocabulary.ok_or_else(|| anyhow!("{}: no token embedding", self.path))?,
            layers: self.number("block_count")?,
            heads,
            kv_heads: self.number("attention.head_count_kv").unwrap_or(heads),
            rms_epsilon: self.meta("llama.attention.layer_norm_rms_epsilon")?.to_f32()?,
            rope_theta: self.meta("llama.rope.freq_base").and_then(|v| Ok(v.to_f32()?)).unwrap_or(10_000.0),
            positions: self.number("context_length")?,
            tied: !self.content.tensor_infos.contains_key("output.weight"),
        }))
    }

    pub fn stop_tokens(&self) -> Vec<u32> {
        let keys = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"];
        keys.iter().filter_map(|k| self.content.metadata.get(*k)?.to_u32().ok()).collect()
    }

    /// All weights dequantised to f32.
    pub fn dequantized(mut self) -> Result<(Family, BTreeMap<String, Tensor>)> {
        let family = self.family()?;
        let mut tensors = BTreeMap::new();
        self.each(|name, tensor| {
            tensors.insert(name, tensor.dequantize(&Device::Cpu)?.to_dtype(DType::F32)?);
            Ok(())
        })?;
        Ok((family, tensors))
    }

    /// All weights as they are stored.
    pub fn quantized(mut self) -> Result<(Family, BTreeMap<String, QTensor>)> {
        let family = self.family()?;
        let mut tensors = BTreeMap::new();
        self.each(|name, tensor| {
            tensors.insert(name, tensor);
            Ok(())
        })?;
        Ok((family, tensors))
    }

    fn each(&mut self, mut take: impl FnMut(String, QTensor) -> Result<()>) -> Result<()> {
        let Family::Llama(shape) = self.family()? else { bail!("{}: not of the llama family", self.path) };
        let mut wanted = vec![
            ("token_embd.weight".to_string(), "model.embed_tokens.weight".to_string(), None),
            ("output_norm.weight".into(), "model.norm.weight".into(), None),
        ];
        if !shape.tied {
            wanted.push(("output.weight".into(), "lm_head.weight".into(), None));
        }
        for i in 0..shape.layers {
            for (gguf, name) in LAYER {
                let heads = match *gguf {
                    "attn_q" => Some(shape.heads),
                    "attn_k" => Some(shape.kv_heads),
                    _ => None,
                };
                wanted.push((format!("blk.{i}.{gguf}.weight"), format!("model.layers.{i}.{name}.weight"), heads));
            }
        }
        for (gguf, name, heads) in wanted {
            let tensor = self.content.tensor(&mut self.file, &gguf, &Device::Cpu);
            let tensor = tensor.with_context(|| format!("{}: cannot read \"{gguf}\"", self.path))?;
            take(
                name,
                match heads {
                    Some(heads) => half_split(&tensor, heads)?,
                    None => tensor,
                },
            )?;
        }
        Ok(())
    }
}

/// Rows `[head][pair][2]` become `[head][2][pair]`.
fn half_split(tensor: &QTensor, heads: usize) -> Result<QTensor> {
    let (rows, _) = tensor.shape().dims2()?;
    let bytes = tensor.data()?;
    let moved = half_split_rows(&bytes, rows, heads);
    let storage = QStorage::from_data(Cow::Owned(moved), &Device::Cpu, tensor.dtype())?;
    Ok(QTensor::new(storage, tensor.shape())?)
}

fn half_split_rows(bytes: &[u8], rows: usize, heads: usize) -> Vec<u8> {
    let (row, head) = (bytes.len() / rows, rows / heads);
    let from = |h: usize, half: usize, pair: usize| (h * head + 2 * pair + half) * row;
    let mut moved = Vec::with_capacity(bytes.len());
    for h in 0..heads {
        for half in 0..2 {
            for pair in 0..head / 2 {
                moved.extend_from_slice(&bytes[from(h, half, pair)..][..row]);
            }
        }
    }
    moved
}

/// Short name of a stored format, as llama.cpp writes it: `q4_k` of candle's `Q4K`.
pub fn format_name(dtype: GgmlDType) -> String {
    format!("{dtype:?}").to_lowercase().replace('k', "_k")
}

/// Formats of the matrices, the most frequent first: `q4_1+q8_0`.
pub fn formats<'a>(tensors: impl Iterator<Item = &'a QTensor>) -> String {
    most_frequent(tensors.filter(|t| t.rank() == 2).map(|t| format_name(t.dtype())))
}

pub fn most_frequent(names: impl Iterator<Item = String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    counts.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join("+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_the_names_of_llama_cpp() {
        let names = [GgmlDType::BF16, GgmlDType::Q4_1, GgmlDType::Q8_0, GgmlDType::Q6K].map(format_name);
        assert_eq!(names, ["bf16", "q4_1", "q8_0", "q6_k"]);
    }

    #[test]
    fn half_split_undoes_the_interleaving() {
        assert_eq!(half_split_rows(&[0, 1, 2, 3, 4, 5, 6, 7], 8, 2), [0, 2, 1, 3, 4, 6, 5, 7]);
    }
}
