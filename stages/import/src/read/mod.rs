//! From bytes to text, tables, numbers and instants: what readers of every kind share.

pub mod decode;
pub mod entries;
pub mod fault;
#[cfg(test)]
pub mod fuzz;
pub mod notes;
pub mod number;
pub mod sheet;
pub mod table;
pub mod zone;
