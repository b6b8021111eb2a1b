//! The GPT-2 family as an ONNX graph.

use super::{
    builder::{Builder, Value},
    matrices::Matrices,
    parts::{self, Heads},
};
use crate::models::family::Gpt2;
use anyhow::Result;
use protocol::Graph;

pub fn write(b: &mut Builder, shape: &Gpt2, matrices: &dyn Matrices, style: Graph) -> Result<()> {
    let heads = Heads { query: shape.heads, kv: shape.heads, width: shape.hidden / shape.heads };
    let inputs = parts::inputs(b, style);
    let tokens = matrices.embedding(b, "wte.weight")?;
    let positions = matrices.vector(b, "wpe.weight")?;
    let embedded = matrices.embed(b, &tokens, &inputs.ids);
    let placed = b.node("Gather", &[&positions, &inputs.positions], vec![]);
    let mut x = b.node("Add", &[&embedded, &placed], vec![]);
    let biased = |b: &mut Builder, x: &str, name: &str| -> Result<String> {
        let product = matrices.linear(b, x, &format!("{name}.weight"))?;
        let bias = matrices.vector(b, &format!("{name}.bias"))?;
        Ok(b.node("Add", &[&product, &bias], vec![]))
    };
    for i in 0..shape.layers {
        let normed = layer_norm(b, shape, matrices, style, &x, &format!("h.{i}.ln_1"))?;
        let projected = biased(b, &normed, &format!("h.{i}.attn.c_attn"))?;
        let mut parts_of = b.split(&projected, &[shape.hidden; 3]);
        if style == Graph::Plain {
            parts_of = parts_of.iter().map(|x| parts::heads_first(b, x, heads.query, heads.width)).collect();
        }
        let attended = parts::attention(b, &inputs, i, heads, [&parts_of[0], &parts_of[1], &parts_of[2]]);
        let projected = biased(b, &attended, &format!("h.{i}.attn.c_proj"))?;
        x = b.node("Add", &[&x, &projected], vec![]);
        let normed = layer_norm(b, shape, matrices, style, &x, &format!("h.{i}.ln_2"))?;
        let up = biased(b, &normed, &format!("h.{i}.mlp.c_fc"))?;
        let up = gelu(b, style, &up);
        let down = biased(b, &up, &format!("h.{i}.mlp.c_proj"))?;
        x = b.node("Add", &[&x, &down], vec![]);
    }
    let kept = parts::kept(b, &inputs, &x);
    let normed = layer_norm(b, shape, matrices, style, &kept, "ln_f")?;
    matrices.logits(b, &normed, &tokens, None, [shape.vocabulary, shape.hidden])
}

/// Ba et al. 2016, arXiv:1607.06450.
fn layer_norm(b: &mut Builder, shape: &Gpt2, m: &dyn Matrices, style: Graph, x: &str, name: &str) -> Result<String> {
    let scale = m.vector(b, &format!("{name}.weight"))?;
    let bias = m.vector(b, &format!("{name}.bias"))?;
    if style == Graph::Standard {
        let attributes = vec![("axis", Value::Int(-1)), ("epsilon", Value::Float(shape.epsilon))];
        return Ok(b.node("LayerNormalization", &[x, &scale, &bias], attributes));
    }
    let (two, epsilon, axis) = (b.float(2.0), b.float(shape.epsilon), b.ints(&[-1]));
    let mean = b.node("ReduceMean", &[x, &axis], vec![]);
    let centred = b.node("Sub", &[x, &mean], vec![]);
    let square = b.node("Pow", &[&centred, &two], vec![]);
    let variance = b.node("ReduceMean", &[&square, &axis], vec![]);
    let variance = b.node("Add", &[&variance, &epsilon], vec![]);
    let deviation = b.node("Sqrt", &[&variance], vec![]);
    let normed = b.node("Div", &[&centred, &deviation], vec![]);
    let normed = b.node("Mul", &[&normed, &scale], vec![]);
    Ok(b.node("Add", &[&normed, &bias], vec![]))
}

/// The tanh form (Hendrycks and Gimpel 2016, arXiv:1606.08415): x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
fn gelu(b: &mut Builder, style: Graph, x: &str) -> String {
    if style == Graph::Standard {
        return b.node("Gelu", &[x], vec![("approximate", Value::Text("tanh"))]);
    }
    let (half, one, three) = (b.float(0.5), b.float(1.0), b.float(3.0));
    let (cubic, outer) = (b.float(0.044_715), b.float((2.0 / std::f32::consts::PI).sqrt()));
    let cube = b.node("Pow", &[x, &three], vec![]);
    let cube = b.node("Mul", &[&cube, &cubic], vec![]);
    let inner = b.node("Add", &[x, &cube], vec![]);
    let inner = b.node("Mul", &[&inner, &outer], vec![]);
    let tanh = b.node("Tanh", &[&inner], vec![]);
    let gate = b.node("Add", &[&tanh, &one], vec![]);
    let half = b.node("Mul", &[x, &half], vec![]);
    b.node("Mul", &[&half, &gate], vec![])
}
