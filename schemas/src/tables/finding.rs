//! A fact that a reader must know.

use crate::column::*;

crate::table! {
    FINDING: "finding", version 1, written by "analyze";
    grain: "One fact that a reader must know before using the numbers.";
    key: &["code", "place"];
    code: text("Kind of finding"),
    place: text("Where it was found"),
    severity: choice(&["info", "warning", "error"], "`error`: the numbers concerned must not be used"),
    what: text("The finding, with its numbers"),
}
