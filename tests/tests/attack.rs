//! Short parts of `make attack` and `make import-faults`, which try each of these hundreds of times.

use std::process::Command;
use tests::{binary, root, run};

/// Sections that need no mount, no second container and no drawing.
const SECTIONS: [&str; 6] = ["journal", "attest", "queries", "strangers", "config", "two"];

#[test]
fn a_short_attack_changes_and_loses_nothing() {
    let python = root().join(".venv-test/bin/python");
    let mut attack = Command::new(python);
    attack.args(["-B", "tests/attack"]).arg(binary("collect").parent().unwrap()).args(["--trials", "3"]).args(SECTIONS);
    let ran = run(attack.current_dir(root())).ok();
    let sums: Vec<&str> = ran.out.lines().filter(|line| line.contains(" failures (seed ")).collect();
    assert_eq!(sums.len(), SECTIONS.len(), "{}", ran.out);
    assert!(sums.iter().all(|sum| sum.contains(" trials, 0 failures")), "{}", ran.out);
}

/// A part of `make import-faults`: the same said in another way gives the same answer, in one reader of each kind and in tables of one's own.
#[test]
fn another_way_of_writing_changes_no_answer() {
    let python = root().join(".venv-test/bin/python");
    let mut faults = Command::new(python);
    faults.args(["-B", "tests/faults"]).arg(binary("import").parent().unwrap()).args([
        "--places",
        "1",
        "--expects",
        "same",
    ]);
    for reader in
        ["power/nvidia-smi", "power/csv", "power/hwinfo", "runs/vllm", "prices/skypilot", "grid/electricity-maps"]
    {
        faults.args(["--reader", reader]);
    }
    let ran = run(faults.current_dir(root())).ok();
    assert!(ran.out.contains(", 0 failures (seed 1)"), "{}", ran.out);
}
