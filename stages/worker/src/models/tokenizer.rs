//! The model's tokenizer: tokenizer.json, or GGUF metadata.
//!
//! candle's reader of GGUF falls to a byte-level pre-tokenizer with a leading space for `smollm` and `gpt-2`; both are
//! set here to what llama.cpp and Transformers use for them.

use super::gguf::Gguf;
use anyhow::{Context, Result, anyhow};
use candle_core::quantized::tokenizer::TokenizerFromGguf;
use std::path::Path;
use tokenizers::{
    Tokenizer,
    pre_tokenizers::{PreTokenizerWrapper, byte_level::ByteLevel, digits::Digits, sequence::Sequence},
};

pub fn load(path: &Path) -> Result<Tokenizer> {
    if path.extension().is_some_and(|e| e == "json") {
        return Tokenizer::from_file(path).map_err(|e| anyhow!("{}: not a tokenizer, {e}", path.display()));
    }
    let content = Gguf::open(path)?.content;
    let mut tokenizer = Tokenizer::from_gguf(&content).with_context(|| format!("{}: no tokenizer", path.display()))?;
    let bytes = ByteLevel::new(false, true, true);
    match content.metadata.get("tokenizer.ggml.pre").and_then(|v| v.to_string().ok()).map(String::as_str) {
        Some("smollm") => {
            let steps = vec![PreTokenizerWrapper::from(Digits::new(true)), bytes.into()];
            tokenizer.with_pre_tokenizer(Some(PreTokenizerWrapper::from(Sequence::new(steps))));
        }
        Some("gpt-2") | None => {
            tokenizer.with_pre_tokenizer(Some(PreTokenizerWrapper::from(bytes)));
        }
        Some(_) => {}
    }
    Ok(tokenizer)
}

/// Token ids of a text, without special tokens.
pub fn encode(tokenizer: &Tokenizer, text: &str) -> Result<Vec<u32>> {
    let encoding = tokenizer.encode_fast(text, false).map_err(|e| anyhow!("cannot tokenize \"{text}\": {e}"))?;
    Ok(encoding.get_ids().to_vec())
}

/// Text of token ids.
pub fn decode(tokenizer: &Tokenizer, ids: &[u32]) -> Result<String> {
    tokenizer.decode(ids, false).map_err(|e| anyhow!("cannot turn tokens into text: {e}"))
}
