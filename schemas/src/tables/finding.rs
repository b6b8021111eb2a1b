//! A fact that a reader must know.

use crate::{Contract, column::*};

pub const FINDING: Contract = Contract {
    name: "finding",
    version: 1,
    stage: "analyze",
    grain: "One fact that a reader must know before using the numbers.",
    key: &["code", "place"],
    columns: &[
        text("code", "Kind of finding"),
        text("place", "Where it was found"),
        choice("severity", &["info", "warning", "error"], "`error`: the numbers concerned must not be used"),
        text("what", "The finding, with its numbers"),
    ],
};
