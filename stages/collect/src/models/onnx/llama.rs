//! The Llama family as an ONNX graph of standard operators: Attention, RotaryEmbedding and RMSNormalization (opset 23).
//!
//! Inputs: `input_ids [batch, seq]`, `attention_mask [batch, total]`, `position_ids [batch, seq]` and, per layer,
//! `past_key_values.N.{key,value} [batch, kv_heads, past, head]` (`past` may be 0, so one graph serves prefill, cached and
//! uncached decoding). Outputs: `logits [batch, kept, vocabulary]` for the positions listed in the input `keep [kept]`, and
//! `present.N.{key,value}`.

use super::builder::{Builder, Dim, Element, Value};
use crate::models::{llama::MAX_POSITIONS, weights::Weights};
use anyhow::Result;
use std::path::Path;

pub fn write(weights: &Weights, path: &Path) -> Result<()> {
    let shape = &weights.shape;
    let (head, groups) = (shape.head(), shape.kv_heads);
    let mut b = Builder::new(path, "llama")?;
    let sequence = [Dim::Named("batch"), Dim::Named("seq")];
    let ids = b.input("input_ids", Element::I64, &sequence);
    let attention_mask = b.input("attention_mask", Element::I64, &[Dim::Named("batch"), Dim::Named("total")]);
    let positions = b.input("position_ids", Element::I64, &sequence);
    let keep = b.input("keep", Element::I64, &[Dim::Named("kept")]);
    let mask = mask(&mut b, &ids, &attention_mask);

    let embedding = tensor(&mut b, weights, "model.embed_tokens.weight")?;
    let table = shape.positions.min(MAX_POSITIONS);
    let (cos, sin) = shape.rotary(table);
    let cos = b.weight("rotary.cos", &[table, head / 2], &cos)?;
    let sin = b.weight("rotary.sin", &[table, head / 2], &sin)?;
    let mut x = b.node("Gather", &[&embedding, &ids], vec![]);
    for i in 0..shape.layers {
        let name = |part: &str| format!("model.layers.{i}.{part}.weight");
        let normed = rms_norm(&mut b, weights, &x, &name("input_layernorm"))?;
        let query = linear(&mut b, weights, &normed, &name("self_attn.q_proj"))?;
        let key = linear(&mut b, weights, &normed, &name("self_attn.k_proj"))?;
        let value = linear(&mut b, weights, &normed, &name("self_attn.v_proj"))?;
        let mut rotate = |x: &str, heads: usize| {
            b.node("RotaryEmbedding", &[x, &cos, &sin, &positions], vec![("num_heads", Value::Int(heads as i64))])
        };
        let (query, key) = (rotate(&query, shape.heads), rotate(&key, groups));
        let [past_key, past_value] = ["key", "value"].map(|kv| {
            let dims = [Dim::Named("batch"), Dim::Fixed(groups), Dim::Named("past"), Dim::Fixed(head)];
            b.input(&format!("past_key_values.{i}.{kv}"), Element::F32, &dims)
        });
        let [present_key, present_value] = ["key", "value"].map(|kv| {
            let dims = [Dim::Named("batch"), Dim::Fixed(groups), Dim::Named("total"), Dim::Fixed(head)];
            let name = format!("present.{i}.{kv}");
            b.output(&name, Element::F32, &dims);
            name
        });
        let attended = format!("attended.{i}");
        b.node_to(
            "Attention",
            &[&query, &key, &value, &mask, &past_key, &past_value],
            &[&attended, &present_key, &present_value],
            vec![
                ("q_num_heads", Value::Int(shape.heads as i64)),
                ("kv_num_heads", Value::Int(groups as i64)),
                ("scale", Value::Float(1.0 / (head as f32).sqrt())),
            ],
        );
        let projected = linear(&mut b, weights, &attended, &name("self_attn.o_proj"))?;
        x = b.node("Add", &[&x, &projected], vec![]);
        let normed = rms_norm(&mut b, weights, &x, &name("post_attention_layernorm"))?;
        let gate = linear(&mut b, weights, &normed, &name("mlp.gate_proj"))?;
        let up = linear(&mut b, weights, &normed, &name("mlp.up_proj"))?;
        let sigmoid = b.node("Sigmoid", &[&gate], vec![]);
        let silu = b.node("Mul", &[&gate, &sigmoid], vec![]);
        let gated = b.node("Mul", &[&silu, &up], vec![]);
        let down = linear(&mut b, weights, &gated, &name("mlp.down_proj"))?;
        x = b.node("Add", &[&x, &down], vec![]);
    }
    let kept = b.node("Gather", &[&x, &keep], vec![("axis", Value::Int(1))]);
    let normed = rms_norm(&mut b, weights, &kept, "model.norm.weight")?;
    logits(&mut b, weights, &normed, &embedding)?;
    b.finish(23)
}

/// `[batch, 1, seq, total]`, true where a column may be seen: real and not later, or the column itself (so that padding
/// never attends to nothing).
fn mask(b: &mut Builder, ids: &str, attention_mask: &str) -> String {
    let (zero, one) = (b.int(0), b.int(1));
    let size = |b: &mut Builder, of: &str| {
        let shape = b.node("Shape", &[of], vec![]);
        b.node("Gather", &[&shape, &one], vec![])
    };
    let (new, total) = (size(b, ids), size(b, attention_mask));
    let past = b.node("Sub", &[&total, &new], vec![]);
    let keys = b.node("Range", &[&zero, &total, &one], vec![]);
    let queries = b.node("Range", &[&past, &total, &one], vec![]);
    let last_axis = b.ints(&[1]);
    let queries = b.node("Unsqueeze", &[&queries, &last_axis], vec![]);
    let earlier = b.node("LessOrEqual", &[&keys, &queries], vec![]);
    let itself = b.node("Equal", &[&keys, &queries], vec![]);
    let real = b.node("Cast", &[attention_mask], vec![("to", Value::Int(Element::Bool as i64))]);
    let heads_and_queries = b.ints(&[1, 2]);
    let real = b.node("Unsqueeze", &[&real, &heads_and_queries], vec![]);
    let seen = b.node("And", &[&earlier, &real], vec![]);
    b.node("Or", &[&seen, &itself], vec![])
}

fn tensor(b: &mut Builder, weights: &Weights, name: &str) -> Result<String> {
    let tensor = weights.get(name)?;
    b.weight(name, tensor.dims(), &tensor.flatten_all()?.to_vec1::<f32>()?)
}

/// `x` times the transpose of weights kept `[out, in]`.
fn linear(b: &mut Builder, weights: &Weights, x: &str, name: &str) -> Result<String> {
    let transposed = weights.get(name)?.t()?.contiguous()?;
    let transposed = b.weight(&format!("{name}.T"), transposed.dims(), &transposed.flatten_all()?.to_vec1::<f32>()?)?;
    Ok(b.node("MatMul", &[x, &transposed], vec![]))
}

fn rms_norm(b: &mut Builder, weights: &Weights, x: &str, name: &str) -> Result<String> {
    let scale = tensor(b, weights, name)?;
    let epsilon = Value::Float(weights.shape.rms_epsilon);
    Ok(b.node("RMSNormalization", &[x, &scale], vec![("axis", Value::Int(-1)), ("epsilon", epsilon)]))
}

/// The output projection. A tied embedding stays `[vocabulary, hidden]` and is used transposed by Gemm, so it is stored once.
fn logits(b: &mut Builder, weights: &Weights, x: &str, embedding: &str) -> Result<()> {
    let shape = &weights.shape;
    let head = match weights.get("lm_head.weight") {
        Ok(_) => tensor(b, weights, "lm_head.weight")?,
        Err(_) => embedding.to_string(),
    };
    let (flat, vocabulary) = (b.ints(&[-1, shape.hidden as i64]), b.ints(&[shape.vocabulary as i64]));
    let dims = b.node("Shape", &[x], vec![]);
    let (from, to) = (b.ints(&[0]), b.ints(&[2]));
    let dims = b.node("Slice", &[&dims, &from, &to], vec![]);
    let dims = b.node("Concat", &[&dims, &vocabulary], vec![("axis", Value::Int(0))]);
    let rows = b.node("Reshape", &[x, &flat], vec![]);
    let scores = b.node("Gemm", &[&rows, &head], vec![("transB", Value::Int(1))]);
    b.node_to("Reshape", &[&scores, &dims], &["logits"], vec![]);
    b.output("logits", Element::F32, &[Dim::Named("batch"), Dim::Named("kept"), Dim::Fixed(shape.vocabulary)]);
    Ok(())
}
