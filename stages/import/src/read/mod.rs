//! From bytes to text, tables, numbers and instants: what readers of every kind share.

pub mod decimal;
pub mod decode;
pub mod fault;
pub mod fields;
pub mod format;
#[cfg(test)]
pub mod fuzz;
pub mod header;
pub mod json;
pub mod number;
pub mod sheet;
pub mod source;
pub mod table;
mod units;
mod unpack;
pub mod value;
#[cfg(test)]
mod variants;
pub mod zone;
