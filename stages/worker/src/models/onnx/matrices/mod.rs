//! How a graph holds its matrices: in f32, or in the blocks of a GGUF file.

mod blocks;
pub mod dense;
pub mod quantized;

use super::builder::Builder;
use anyhow::Result;

pub trait Matrices {
    /// A vector or a table that is looked up, in f32.
    fn vector(&self, b: &mut Builder, name: &str) -> Result<String>;
    /// `x [.., in]` times the matrix, `[.., out]`.
    fn linear(&self, b: &mut Builder, x: &str, name: &str) -> Result<String>;
    /// The token embedding, as the handle that `embed` and `logits` take.
    fn embedding(&self, b: &mut Builder, name: &str) -> Result<String> {
        self.vector(b, name)
    }
    /// Rows of the embedding, `[batch, seq, hidden]`.
    fn embed(&self, b: &mut Builder, embedding: &str, ids: &str) -> String {
        b.node("Gather", &[embedding, ids], vec![])
    }
    /// The output `logits`, by the weights named `head` or the tied embedding.
    fn logits(&self, b: &mut Builder, x: &str, embedding: &str, head: Option<&str>, dims: [usize; 2]) -> Result<()>;
    /// Number format of the matrices.
    fn format(&self) -> String;
}
