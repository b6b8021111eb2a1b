//! What the runs of one cell of the matrix have in common.

use crate::{column::*, provenance::sha256_bytes, tables::run};

/// The columns that tell one cell from another.
pub const COLUMNS: &[&str] = &["backend", "device", "model", "dtype", "mode", "kv_cache", "scenario"];

/// The id of a cell: the first 16 hexadecimal digits of the SHA-256 of its `COLUMNS`, with a unit separator (U+001F) between them.
pub fn id(columns: [&str; 7]) -> String {
    let mut digits = sha256_bytes(columns.join("\u{1f}").as_bytes());
    digits.truncate(16);
    digits
}

crate::table! {
    CELL: "cell", version 1, written by "join-telemetry";
    grain: "One cell of the matrix: what its runs have in common.";
    key: &["cell_id"];
    cell_id: text("The same in every table and run folder: 16 hexadecimal digits of a hash of the next seven columns"),
    backend: text("Engine and device"),
    device: text("`cpu`, or the GPU's product name; `unknown` of runs that did not start"),
    model: text("Model"),
    dtype: text("Number format of the weights; `unknown` of runs that did not start"),
    mode: choice(run::MODES, "Mode"),
    kv_cache: boolean("Whether keys and values were kept"),
    scenario: text("Scenario"),
    batch: count("Sequences in one iteration, the most of its runs"),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_one_id_and_no_other_cell_has_it() {
        let columns = ["b", "cpu", "m", "f32", "generate", "true", "x"];
        assert_eq!(id(columns), "2636cd45bd765b5e");
        let (mut longer, mut moved) = (columns, columns);
        (longer[0], longer[1]) = ("bc", "pu");
        (moved[5], moved[6]) = ("false", "x");
        assert!(id(longer) != id(columns) && id(moved) != id(columns));
    }
}
