//! What both families' graphs are made of, in either style.
//!
//! Inputs of every graph: `input_ids [batch, seq]`, `attention_mask [batch, total]`, `position_ids [batch, seq]`, `keep [kept]`
//! (positions of `seq` whose logits are wanted) and, per layer, `past_key_values.N.{key,value} [batch, kv_heads, past, head]`
//! (`past` may be 0, so one graph serves prefill, cached and uncached decoding). Outputs: `logits [batch, kept, vocabulary]`
//! and `present.N.{key,value}`.

use super::builder::{Builder, Dim, Element, Value};
use anyhow::Result;
use protocol::Graph;

/// Names of the inputs, and of the mask made from them.
pub struct Inputs {
    pub style: Graph,
    pub ids: String,
    pub positions: String,
    pub keep: String,
    /// Standard: `[batch, 1, seq, total]`, true where a column may be seen. Plain: the same as an additive term.
    mask: String,
}

/// Heads of one attention.
#[derive(Clone, Copy)]
pub struct Heads {
    pub query: usize,
    pub kv: usize,
    pub width: usize,
}

pub fn inputs(b: &mut Builder, style: Graph) -> Inputs {
    let sequence = [Dim::Named("batch"), Dim::Named("seq")];
    let ids = b.input("input_ids", Element::I64, &sequence);
    let attention_mask = b.input("attention_mask", Element::I64, &[Dim::Named("batch"), Dim::Named("total")]);
    let positions = b.input("position_ids", Element::I64, &sequence);
    let keep = b.input("keep", Element::I64, &[Dim::Named("kept")]);
    let mut mask = mask(b, &ids, &attention_mask);
    if style == Graph::Plain {
        let (seen, hidden) = (b.float(0.0), b.float(f32::MIN));
        mask = b.node("Where", &[&mask, &seen, &hidden], vec![]);
    }
    Inputs { style, ids, positions, keep, mask }
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

/// Attention of layer `i` over the cache and the new columns. Standard: query, key and value `[batch, seq, heads * width]`.
/// Plain: `[batch, heads, seq, width]`. Result `[batch, seq, heads * width]`.
pub fn attention(b: &mut Builder, inputs: &Inputs, i: usize, heads: Heads, [q, k, v]: [&str; 3]) -> String {
    let dims = |columns| [Dim::Named("batch"), Dim::Fixed(heads.kv), Dim::Named(columns), Dim::Fixed(heads.width)];
    let past = ["key", "value"].map(|kv| b.input(&format!("past_key_values.{i}.{kv}"), Element::F32, &dims("past")));
    let present = ["key", "value"].map(|kv| {
        let name = format!("present.{i}.{kv}");
        b.output(&name, Element::F32, &dims("total"));
        name
    });
    let scale = 1.0 / (heads.width as f32).sqrt();
    if inputs.style == Graph::Standard {
        let attended = format!("attended.{i}");
        b.node_to(
            "Attention",
            &[q, k, v, &inputs.mask, &past[0], &past[1]],
            &[&attended, &present[0], &present[1]],
            vec![
                ("q_num_heads", Value::Int(heads.query as i64)),
                ("kv_num_heads", Value::Int(heads.kv as i64)),
                ("scale", Value::Float(scale)),
            ],
        );
        return attended;
    }
    for (new, (old, all)) in [k, v].into_iter().zip(past.iter().zip(&present)) {
        b.node_to("Concat", &[old, new], &[all], vec![("axis", Value::Int(2))]);
    }
    let [keys, values] = present.map(|all| repeated(b, &all, heads));
    let turned = b.node("Transpose", &[&keys], vec![("perm", Value::Ints(vec![0, 1, 3, 2]))]);
    let scale = b.float(scale);
    let scores = b.node("MatMul", &[q, &turned], vec![]);
    let scores = b.node("Mul", &[&scores, &scale], vec![]);
    let scores = b.node("Add", &[&scores, &inputs.mask], vec![]);
    let weights = b.node("Softmax", &[&scores], vec![("axis", Value::Int(-1))]);
    let mixed = b.node("MatMul", &[&weights, &values], vec![]);
    let mixed = b.node("Transpose", &[&mixed], vec![("perm", Value::Ints(vec![0, 2, 1, 3]))]);
    let flat = b.ints(&[0, 0, (heads.query * heads.width) as i64]);
    b.node("Reshape", &[&mixed, &flat], vec![])
}

/// Each key head once for every query head that uses it.
fn repeated(b: &mut Builder, x: &str, heads: Heads) -> String {
    let times = heads.query / heads.kv;
    if times == 1 {
        return x.into();
    }
    let (axis, copies) = (b.ints(&[2]), b.ints(&[1, 1, times as i64, 1, 1]));
    let x = b.node("Unsqueeze", &[x, &axis], vec![]);
    let x = b.node("Expand", &[&x, &copies], vec![]);
    let shape = b.ints(&[0, heads.query as i64, -1, heads.width as i64]);
    b.node("Reshape", &[&x, &shape], vec![])
}

/// `[batch, seq, heads * width]` to `[batch, heads, seq, width]`.
pub fn heads_first(b: &mut Builder, x: &str, heads: usize, width: usize) -> String {
    let shape = b.ints(&[0, 0, heads as i64, width as i64]);
    let x = b.node("Reshape", &[x, &shape], vec![]);
    b.node("Transpose", &[&x], vec![("perm", Value::Ints(vec![0, 2, 1, 3]))])
}

/// Hidden states of the positions in `keep`.
pub fn kept(b: &mut Builder, inputs: &Inputs, x: &str) -> String {
    b.node("Gather", &[x, &inputs.keep], vec![("axis", Value::Int(1))])
}

/// Logits by a head `[vocabulary, hidden]` that Gemm uses transposed, so that a tied embedding is stored once.
pub fn logits(b: &mut Builder, x: &str, head: &str, [vocabulary, hidden]: [usize; 2]) -> Result<()> {
    let (flat, width) = (b.ints(&[-1, hidden as i64]), b.ints(&[vocabulary as i64]));
    let dims = b.node("Shape", &[x], vec![]);
    let (from, to) = (b.ints(&[0]), b.ints(&[2]));
    let dims = b.node("Slice", &[&dims, &from, &to], vec![]);
    let dims = b.node("Concat", &[&dims, &width], vec![("axis", Value::Int(0))]);
    let rows = b.node("Reshape", &[x, &flat], vec![]);
    let scores = b.node("Gemm", &[&rows, head], vec![("transB", Value::Int(1))]);
    b.node_to("Reshape", &[&scores, &dims], &["logits"], vec![]);
    declare_logits(b, vocabulary);
    Ok(())
}

pub fn declare_logits(b: &mut Builder, vocabulary: usize) {
    b.output("logits", Element::F32, &[Dim::Named("batch"), Dim::Named("kept"), Dim::Fixed(vocabulary)]);
}
