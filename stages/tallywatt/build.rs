//! Embeds the shipped inputs, the demonstration and the commit, so that the installed binary needs no checkout.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Folders and files of the repository that the binary carries, and the names that it gives them.
const PACKAGED: &[(&str, &str)] = &[
    ("data/inputs/prices", "data/inputs/prices"),
    ("data/inputs/grid", "data/inputs/grid"),
    ("data/inputs/embodied", "data/inputs/embodied"),
    ("data/inputs/retired", "data/inputs/retired"),
    ("data/inputs/demo", "data/inputs/demo"),
    ("pipeline.toml", "pipeline.toml"),
    ("import.toml", "import.toml"),
    ("stages/tallywatt/Makefile", "Makefile"),
    ("stages/render/draw.py", "draw.py"),
];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace");
    let mut entries = Vec::new();
    for (from, name) in PACKAGED {
        println!("cargo::rerun-if-changed={}", root.join(from).display());
        embed(&root.join(from), name, &mut entries);
    }
    entries.sort();
    let list = entries.iter().map(|(name, path)| format!("({name:?}, include_str!({path:?})),\n")).collect::<String>();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo")).join("packaged.rs");
    fs::write(&out, format!("&[\n{list}]\n")).expect("a file in OUT_DIR");
    println!("cargo::rerun-if-env-changed=TALLYWATT_COMMIT");
    println!("cargo::rerun-if-changed={}", root.join(".git/HEAD").display());
    println!("cargo::rustc-env=TALLYWATT_BUILT_FROM={}", commit(&root));
}

fn embed(path: &Path, name: &str, entries: &mut Vec<(String, PathBuf)>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder of the repository").flatten() {
            embed(&entry.path(), &format!("{name}/{}", entry.file_name().to_string_lossy()), entries);
        }
    } else if path.extension().is_none_or(|ending| ending != "py") || name == "draw.py" {
        entries.push((name.into(), path.into()));
    }
}

/// The commit that the caller names, else the one that is checked out, else `unknown`.
fn commit(root: &Path) -> String {
    let git = || {
        let said =
            Command::new("git").args(["describe", "--always", "--abbrev=40", "--dirty"]).current_dir(root).output();
        said.ok()
            .filter(|said| said.status.success())
            .map(|said| String::from_utf8_lossy(&said.stdout).trim().to_string())
    };
    env::var("TALLYWATT_COMMIT").ok().or_else(git).unwrap_or_else(|| "unknown".into())
}
