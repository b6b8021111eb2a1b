//! Shapes of the two families: what config.json and GGUF metadata say, and which tensors follow from it.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// A decoder whose arithmetic is written here.
#[derive(Debug, Clone, PartialEq)]
pub enum Family {
    Llama(Llama),
    Gpt2(Gpt2),
}

/// Touvron et al. 2023, arXiv:2302.13971; grouped queries: Ainslie et al. 2023, arXiv:2305.13245.
#[derive(Debug, Clone, PartialEq)]
pub struct Llama {
    pub hidden: usize,
    pub intermediate: usize,
    pub vocabulary: usize,
    pub layers: usize,
    pub heads: usize,
    pub kv_heads: usize,
    pub rms_epsilon: f32,
    pub rope_theta: f32,
    pub positions: usize,
    /// The output projection is the embedding.
    pub tied: bool,
}

/// Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
#[derive(Debug, Clone, PartialEq)]
pub struct Gpt2 {
    pub hidden: usize,
    pub inner: usize,
    pub vocabulary: usize,
    pub layers: usize,
    pub heads: usize,
    pub epsilon: f32,
    pub positions: usize,
}

impl Llama {
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

impl Family {
    pub fn vocabulary(&self) -> usize {
        match self {
            Family::Llama(f) => f.vocabulary,
            Family::Gpt2(f) => f.vocabulary,
        }
    }

    pub fn positions(&self) -> usize {
        match self {
            Family::Llama(f) => f.positions,
            Family::Gpt2(f) => f.positions,
        }
    }

    /// Names, as Hugging Face gives them, and dims of all tensors. Linear layers are `[out, in]` in Llama and `[in, out]`
    /// in GPT-2 (its Conv1D).
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let mut all = Vec::new();
        let mut add = |name: String, dims: &[usize]| all.push((name, dims.to_vec()));
        match self {
            Family::Llama(f) => {
                let kv = f.kv_heads * f.head();
                add("model.embed_tokens.weight".into(), &[f.vocabulary, f.hidden]);
                for i in 0..f.layers {
                    let mut part = |name: &str, dims: &[usize]| add(format!("model.layers.{i}.{name}.weight"), dims);
                    part("input_layernorm", &[f.hidden]);
                    part("self_attn.q_proj", &[f.hidden, f.hidden]);
                    part("self_attn.k_proj", &[kv, f.hidden]);
                    part("self_attn.v_proj", &[kv, f.hidden]);
                    part("self_attn.o_proj", &[f.hidden, f.hidden]);
                    part("post_attention_layernorm", &[f.hidden]);
                    part("mlp.gate_proj", &[f.intermediate, f.hidden]);
                    part("mlp.up_proj", &[f.intermediate, f.hidden]);
                    part("mlp.down_proj", &[f.hidden, f.intermediate]);
                }
                add("model.norm.weight".into(), &[f.hidden]);
                if !f.tied {
                    add("lm_head.weight".into(), &[f.vocabulary, f.hidden]);
                }
            }
            Family::Gpt2(f) => {
                add("wte.weight".into(), &[f.vocabulary, f.hidden]);
                add("wpe.weight".into(), &[f.positions, f.hidden]);
                for i in 0..f.layers {
                    let mut both = |name: &str, dims: &[usize]| {
                        add(format!("h.{i}.{name}.weight"), dims);
                        add(format!("h.{i}.{name}.bias"), &dims[dims.len() - 1..]);
                    };
                    both("ln_1", &[f.hidden]);
                    both("attn.c_attn", &[f.hidden, 3 * f.hidden]);
                    both("attn.c_proj", &[f.hidden, f.hidden]);
                    both("ln_2", &[f.hidden]);
                    both("mlp.c_fc", &[f.hidden, f.inner]);
                    both("mlp.c_proj", &[f.inner, f.hidden]);
                }
                add("ln_f.weight".into(), &[f.hidden]);
                add("ln_f.bias".into(), &[f.hidden]);
            }
        }
        all
    }

    /// Reads config.json; what would be computed otherwise than here is refused rather than ignored.
    pub fn from_config(config: &Value) -> Result<Self> {
        let number = |key: &str| -> Result<usize> {
            Ok(config[key].as_u64().with_context(|| format!("no number \"{key}\", use a complete config.json"))?
                as usize)
        };
        let only = |key: &str, allowed: &[Value]| -> Result<()> {
            let found = &config[key];
            if !found.is_null() && !allowed.contains(found) {
                bail!("unsupported {key}, {found}, use a model with {}", Value::from(allowed));
            }
            Ok(())
        };
        match config["model_type"].as_str() {
            Some("llama") => {
                let (hidden, heads) = (number("hidden_size")?, number("num_attention_heads")?);
                only("hidden_act", &[json!("silu")])?;
                only("attention_bias", &[json!(false)])?;
                only("mlp_bias", &[json!(false)])?;
                only("head_dim", &[json!(hidden / heads.max(1))])?;
                let rope = &config["rope_parameters"];
                for kind in [&rope["rope_type"], &config["rope_scaling"]["rope_type"], &config["rope_scaling"]["type"]]
                {
                    if !kind.is_null() && kind != "default" {
                        bail!("unsupported rope_type, {kind}, use a model without scaled rotary embeddings");
                    }
                }
                let theta = rope["rope_theta"].as_f64().or(config["rope_theta"].as_f64()).unwrap_or(10_000.0);
                Ok(Family::Llama(Llama {
                    hidden,
                    intermediate: number("intermediate_size")?,
                    vocabulary: number("vocab_size")?,
                    layers: number("num_hidden_layers")?,
                    heads,
                    kv_heads: number("num_key_value_heads").unwrap_or(heads),
                    rms_epsilon: config["rms_norm_eps"].as_f64().unwrap_or(1e-6) as f32,
                    rope_theta: theta as f32,
                    positions: number("max_position_embeddings")?,
                    tied: config["tie_word_embeddings"].as_bool().unwrap_or(false),
                }))
            }
            Some("gpt2") => {
                only("activation_function", &[json!("gelu_new"), json!("gelu_pytorch_tanh")])?;
                only("scale_attn_weights", &[json!(true)])?;
                only("scale_attn_by_inverse_layer_idx", &[json!(false)])?;
                only("add_cross_attention", &[json!(false)])?;
                only("tie_word_embeddings", &[json!(true)])?;
                let hidden = number("n_embd")?;
                Ok(Family::Gpt2(Gpt2 {
                    hidden,
                    inner: number("n_inner").unwrap_or(4 * hidden),
                    vocabulary: number("vocab_size")?,
                    layers: number("n_layer")?,
                    heads: number("n_head")?,
                    epsilon: config["layer_norm_epsilon"].as_f64().unwrap_or(1e-5) as f32,
                    positions: number("n_positions")?,
                }))
            }
            other => bail!("unsupported model_type, {other:?}, use a model of the llama or gpt2 family"),
        }
    }

    /// What `from_config` reads, and what Transformers needs to load it.
    pub fn config(&self) -> Value {
        match self {
            Family::Llama(f) => json!({
                "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
                "hidden_size": f.hidden, "intermediate_size": f.intermediate, "vocab_size": f.vocabulary,
                "num_hidden_layers": f.layers, "num_attention_heads": f.heads, "num_key_value_heads": f.kv_heads,
                "rms_norm_eps": widened(f.rms_epsilon), "rope_theta": widened(f.rope_theta),
                "max_position_embeddings": f.positions, "tie_word_embeddings": f.tied, "attention_bias": false,
                "mlp_bias": false, "torch_dtype": "float32",
            }),
            Family::Gpt2(f) => json!({
                "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "activation_function": "gelu_new",
                "n_embd": f.hidden, "n_inner": f.inner, "vocab_size": f.vocabulary, "n_layer": f.layers,
                "n_head": f.heads, "layer_norm_epsilon": widened(f.epsilon), "n_positions": f.positions,
                "tie_word_embeddings": true, "torch_dtype": "float32",
            }),
        }
    }
}

/// The shortest decimal of an f32: 1e-5 and not 0.000009999999747378752.
fn widened(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_that_computes_something_else_is_refused() {
        let base = json!({"model_type": "llama", "hidden_size": 64, "num_attention_heads": 4, "intermediate_size": 128,
            "vocab_size": 100, "num_hidden_layers": 1, "max_position_embeddings": 32});
        assert!(Family::from_config(&base).is_ok());
        for (key, value, message) in [
            ("attention_bias", json!(true), "unsupported attention_bias, true, use a model with [false]"),
            ("head_dim", json!(32), "unsupported head_dim, 32, use a model with [16]"),
            (
                "rope_parameters",
                json!({"rope_type": "yarn"}),
                "unsupported rope_type, \"yarn\", use a model without scaled rotary embeddings",
            ),
            (
                "model_type",
                json!("mamba"),
                "unsupported model_type, Some(\"mamba\"), use a model of the llama or gpt2 family",
            ),
            ("vocab_size", json!(null), "no number \"vocab_size\", use a complete config.json"),
        ] {
            let mut config = base.clone();
            config[key] = value;
            assert_eq!(Family::from_config(&config).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn config_survives_a_round_trip() {
        for family in [
            Family::Gpt2(Gpt2 {
                hidden: 64,
                inner: 200,
                vocabulary: 9,
                layers: 2,
                heads: 4,
                epsilon: 1e-5,
                positions: 16,
            }),
            Family::Llama(Llama {
                hidden: 64,
                intermediate: 96,
                vocabulary: 9,
                layers: 2,
                heads: 4,
                kv_heads: 2,
                rms_epsilon: 1e-6,
                rope_theta: 100_000.0,
                positions: 16,
                tied: false,
            }),
        ] {
            assert_eq!(Family::from_config(&family.config()).unwrap(), family);
        }
    }
}
