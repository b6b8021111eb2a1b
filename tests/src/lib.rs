//! What the tests share: where things are, and how a stage is run.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Once,
};

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// A stage's binary, built by the same profile as these tests, from the sources as they are now.
pub fn binary(stage: &str) -> PathBuf {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        let mut cargo = outside(Command::new("cargo"));
        run(cargo.args(["build", "--quiet", "--release", "--locked", "--workspace", "--bins"]).current_dir(root()))
            .ok();
    });
    root().join("target/release").join(stage)
}

/// A command without what cargo tells a test of its package: a build script (ring's) takes that for a change, and everything above it
/// is built again.
fn outside(mut command: Command) -> Command {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_") && name != "CARGO_HOME") {
        command.env_remove(name);
    }
    command
}

/// Runs a stage in the repository's folder.
pub fn stage(name: &str, arguments: &[&str]) -> Ran {
    run(Command::new(binary(name)).args(arguments).current_dir(root()))
}

/// Runs make in the repository's folder.
pub fn make(arguments: &[&str]) -> Ran {
    let mut make = outside(Command::new("make"));
    run(make.args(arguments).current_dir(root()).env_remove("MAKEFLAGS").env_remove("MAKELEVEL"))
}

/// What a command left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

pub fn run(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { code: status.code(), out: text(stdout), err: text(stderr) }
}

impl Ran {
    /// Panics with everything it printed unless it succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        self
    }
}

/// Seals the bytes of a contract file again, as if a build had written them so.
pub fn resealed(bytes: &mut [u8]) {
    let key = schemas::seal::SEAL.as_bytes();
    let at = bytes.windows(key.len()).rposition(|part| part == key).expect("a seal") + key.len() + 2;
    let digits = at..at + schemas::seal::OPEN.len();
    bytes[digits.clone()].copy_from_slice(schemas::seal::OPEN.as_bytes());
    let seal = schemas::seal::of(bytes);
    bytes[digits].copy_from_slice(seal.as_bytes());
}
