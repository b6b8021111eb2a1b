//! The Llama family as an ONNX graph, with matrices in f32 or in blocks of four and eight bits.

use super::{
    builder::{Builder, Value},
    matrices::Matrices,
    parts::{self, Heads, Inputs},
};
use crate::models::{family::Llama, llama::MAX_POSITIONS};
use anyhow::Result;
use protocol::Graph;

pub fn write(b: &mut Builder, shape: &Llama, matrices: &dyn Matrices, style: Graph) -> Result<()> {
    let heads = Heads { query: shape.heads, kv: shape.kv_heads, width: shape.head() };
    let inputs = parts::inputs(b, style);
    let embedding = matrices.embedding(b, "model.embed_tokens.weight")?;
    let rotary = Rotary::tables(b, shape, &inputs)?;
    let mut x = matrices.embed(b, &embedding, &inputs.ids);
    for i in 0..shape.layers {
        let name = |part: &str| format!("model.layers.{i}.{part}.weight");
        let norm = |b: &mut Builder, x: &str, part: &str| rms_norm(b, shape, matrices, style, x, &name(part));
        let normed = norm(b, &x, "input_layernorm")?;
        let query = matrices.linear(b, &normed, &name("self_attn.q_proj"))?;
        let key = matrices.linear(b, &normed, &name("self_attn.k_proj"))?;
        let mut value = matrices.linear(b, &normed, &name("self_attn.v_proj"))?;
        let (query, key) = (rotary.turn(b, &query, heads.query), rotary.turn(b, &key, heads.kv));
        if style == Graph::Plain {
            value = parts::heads_first(b, &value, heads.kv, heads.width);
        }
        let attended = parts::attention(b, &inputs, i, heads, [&query, &key, &value]);
        let projected = matrices.linear(b, &attended, &name("self_attn.o_proj"))?;
        x = b.node("Add", &[&x, &projected], vec![]);
        let normed = norm(b, &x, "post_attention_layernorm")?;
        let gate = matrices.linear(b, &normed, &name("mlp.gate_proj"))?;
        let up = matrices.linear(b, &normed, &name("mlp.up_proj"))?;
        let sigmoid = b.node("Sigmoid", &[&gate], vec![]);
        let silu = b.node("Mul", &[&gate, &sigmoid], vec![]);
        let gated = b.node("Mul", &[&silu, &up], vec![]);
        let down = matrices.linear(b, &gated, &name("mlp.down_proj"))?;
        x = b.node("Add", &[&x, &down], vec![]);
    }
    let kept = parts::kept(b, &inputs, &x);
    let normed = rms_norm(b, shape, matrices, style, &kept, "model.norm.weight")?;
    let head = if shape.tied { None } else { Some("lm_head.weight") };
    matrices.logits(b, &normed, &embedding, head, [shape.vocabulary, shape.hidden])
}

/// Zhang and Sennrich 2019, arXiv:1910.07467.
fn rms_norm(b: &mut Builder, shape: &Llama, m: &dyn Matrices, style: Graph, x: &str, name: &str) -> Result<String> {
    let scale = m.vector(b, name)?;
    if style == Graph::Standard {
        let attributes = vec![("axis", Value::Int(-1)), ("epsilon", Value::Float(shape.rms_epsilon))];
        return Ok(b.node("RMSNormalization", &[x, &scale], attributes));
    }
    let (two, one, epsilon, axis) = (b.float(2.0), b.float(1.0), b.float(shape.rms_epsilon), b.ints(&[-1]));
    let square = b.node("Pow", &[x, &two], vec![]);
    let mean = b.node("ReduceMean", &[&square, &axis], vec![]);
    let mean = b.node("Add", &[&mean, &epsilon], vec![]);
    let root = b.node("Sqrt", &[&mean], vec![]);
    let inverse = b.node("Div", &[&one, &root], vec![]);
    let normed = b.node("Mul", &[x, &inverse], vec![]);
    Ok(b.node("Mul", &[&normed, &scale], vec![]))
}

/// Tables of the rotary embedding; plain graphs look the rows up once for all layers.
struct Rotary {
    style: Graph,
    cos: String,
    sin: String,
    positions: String,
    width: usize,
}

impl Rotary {
    fn tables(b: &mut Builder, shape: &Llama, inputs: &Inputs) -> Result<Self> {
        let (table, width) = (shape.positions.min(MAX_POSITIONS), shape.head());
        let (cos, sin) = shape.rotary(table);
        let mut cos = b.weight("rotary.cos", &[table, width / 2], &cos)?;
        let mut sin = b.weight("rotary.sin", &[table, width / 2], &sin)?;
        if inputs.style == Graph::Plain {
            let axis = b.ints(&[1]);
            [cos, sin] = [cos, sin].map(|table| {
                let rows = b.node("Gather", &[&table, &inputs.positions], vec![]);
                b.node("Unsqueeze", &[&rows, &axis], vec![])
            });
        }
        Ok(Rotary { style: inputs.style, cos, sin, positions: inputs.positions.clone(), width })
    }

    fn turn(&self, b: &mut Builder, x: &str, heads: usize) -> String {
        if self.style == Graph::Standard {
            let inputs = [x, &self.cos, &self.sin, &self.positions];
            return b.node("RotaryEmbedding", &inputs, vec![("num_heads", Value::Int(heads as i64))]);
        }
        let x = parts::heads_first(b, x, heads, self.width);
        let halves = b.split(&x, &[self.width / 2; 2]);
        let mut product = |half: usize, table: &str| b.node("Mul", &[&halves[half], table], vec![]);
        let [a_cos, b_sin] = [product(0, &self.cos), product(1, &self.sin)];
        let [b_cos, a_sin] = [product(1, &self.cos), product(0, &self.sin)];
        let first = b.node("Sub", &[&a_cos, &b_sin], vec![]);
        let second = b.node("Add", &[&b_cos, &a_sin], vec![]);
        b.node("Concat", &[&first, &second], vec![("axis", Value::Int(-1))])
    }
}
