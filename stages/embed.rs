//! Build script of stages with folders in `sql/`: for each folder a module with a model for each file, and the list of them.

use std::{env, fmt::Write, fs, io, path::Path};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=sql");
    let mut code = String::new();
    for folder in fs::read_dir("sql")?.collect::<io::Result<Vec<_>>>()? {
        if !folder.file_type()?.is_dir() {
            continue;
        }
        let files = fs::read_dir(folder.path())?.collect::<io::Result<Vec<_>>>()?;
        let folder = folder.file_name().to_string_lossy().into_owned();
        let mut names: Vec<String> =
            files.iter().map(|f| f.file_name().to_string_lossy().replace(".sql", "")).collect();
        names.sort();
        let constant = |name: &String| name.to_uppercase().replace('-', "_");
        let mut models = String::new();
        for name in &names {
            let path = format!("concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/sql/{folder}/{name}.sql\")");
            let model = format!("Model {{ name: {name:?}, sql: include_str!({path}) }}");
            let _ = writeln!(models, "pub const {}: Model = {model};", constant(name));
        }
        // What code names alone needs no list: the compiler says which of them nothing uses.
        if folder != "relations" {
            let all = names.iter().map(constant).collect::<Vec<_>>().join(", ");
            let _ = writeln!(models, "pub const ALL: &[Model] = &[{all}];");
        }
        let _ = writeln!(code, "pub mod {folder} {{ use recombine::Model; {models} }}");
    }
    fs::write(Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("sql.rs"), code)
}
