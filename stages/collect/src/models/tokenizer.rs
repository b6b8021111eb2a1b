//! Tokenizer from GGUF metadata.
//!
//! candle's reader falls to a byte-level pre-tokenizer with a leading space for `smollm` and `gpt-2`; both are
//! set here to what llama.cpp and Transformers use for them.

use anyhow::{Context, Result, anyhow};
use candle_core::quantized::{gguf_file, tokenizer::TokenizerFromGguf};
use std::{fs::File, path::Path};
use tokenizers::{
    Tokenizer,
    pre_tokenizers::{PreTokenizerWrapper, byte_level::ByteLevel, digits::Digits, sequence::Sequence},
};

/// The tokenizer of a GGUF file.
pub fn load(gguf: &Path) -> Result<Tokenizer> {
    let mut file = File::open(gguf).with_context(|| format!("{}: cannot open", gguf.display()))?;
    let content =
        gguf_file::Content::read(&mut file).with_context(|| format!("{}: not a GGUF file", gguf.display()))?;
    let mut tokenizer = Tokenizer::from_gguf(&content).with_context(|| format!("{}: no tokenizer", gguf.display()))?;
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
