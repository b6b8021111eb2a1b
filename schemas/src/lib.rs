//! Tallywatt's contracts: the tables that one stage may hand to another, how they are written, read and checked.
//!
//! A table is a Parquet file whose Arrow schema, keys and units are fixed by a [`Contract`]. This crate knows nothing of
//! any stage's computation, names no SQL engine and parses no command line.

pub mod check;
pub mod column;
pub mod config;
pub mod contract;
pub mod document;
pub mod error;
pub mod evidence;
pub mod hardware;
pub mod inputs;
pub mod io;
pub mod layers;
pub mod limits;
pub mod metrics;
pub mod own_config;
pub mod partial;
pub mod provenance;
pub mod rows;
pub mod seal;
pub mod sorted;
pub mod tables;
pub mod terminal;
pub mod text;

pub use column::{Column, Kind};
pub use contract::Contract;
pub use error::{Error, Result};
pub use evidence::Evidence;
pub use provenance::Provenance;
