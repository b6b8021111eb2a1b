//! From bytes to text, tables, numbers and instants: what readers of every kind share.

pub mod decode;
pub mod fault;
pub mod format;
#[cfg(test)]
pub mod fuzz;
pub mod json;
pub mod number;
pub mod sheet;
pub mod source;
pub mod table;
pub mod value;
pub mod zone;
