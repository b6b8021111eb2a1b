//! Where a table came from: kept in the Parquet footer so that a file explains itself.

use crate::{
    error::{Error, Result},
    seal::{OPEN, SEAL},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fs::File, io::Read, path::Path};

pub const CONTRACT: &str = "tallywatt.contract";
pub const VERSION: &str = "tallywatt.version";
pub const STAGE: &str = "tallywatt.stage";
pub const COMMIT: &str = "tallywatt.commit";
pub const INPUTS: &str = "tallywatt.inputs";
pub const CONFIG: &str = "tallywatt.config";

/// One input file: its name without the folder (so that the same inputs give the same bytes anywhere), and the seal of a contract
/// file or the SHA-256 of any other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Input {
    pub file: String,
    pub hash: String,
}

/// Stage, code version, inputs and own configuration of a table.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Provenance {
    pub stage: String,
    /// Git commit of the code, from the environment variable `TALLYWATT_COMMIT` (the Makefile sets it).
    pub commit: String,
    pub inputs: Vec<Input>,
    /// The stage's own table of `pipeline.toml`, as JSON.
    pub config: serde_json::Value,
}

impl Provenance {
    pub fn new(stage: &str, config: serde_json::Value) -> Self {
        let commit = std::env::var("TALLYWATT_COMMIT").unwrap_or_else(|_| "unknown".into());
        Provenance { stage: stage.into(), commit, inputs: Vec::new(), config }
    }

    /// Adds an input that is no contract file by hashing it.
    pub fn input(&mut self, path: &Path) -> Result<()> {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let hash = sha256_file(path)?;
        self.hashed(file, hash);
        Ok(())
    }

    /// Adds an input whose hash is known.
    pub fn hashed(&mut self, file: String, hash: String) {
        let input = Input { file, hash };
        if let Err(at) = self.inputs.binary_search(&input) {
            self.inputs.insert(at, input);
        }
    }

    pub fn footer(&self, contract: &crate::Contract) -> Vec<(&'static str, String)> {
        let json = |v| serde_json::to_string(v).unwrap_or_else(|e| e.to_string());
        vec![
            (CONTRACT, contract.name.to_string()),
            (VERSION, contract.version.to_string()),
            (STAGE, self.stage.clone()),
            (COMMIT, self.commit.clone()),
            (INPUTS, serde_json::to_string(&self.inputs).unwrap_or_else(|e| e.to_string())),
            (CONFIG, json(&self.config)),
            (SEAL, OPEN.to_string()),
        ]
    }
}

/// Lower-case hexadecimal SHA-256 (FIPS 180-4) of a file's bytes.
pub fn sha256_file(path: &Path) -> Result<String> {
    let io = |action| move |cause| Error::Io { path: path.to_path_buf(), action, cause };
    let mut file = File::open(path).map_err(io("open"))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(io("read"))? {
            0 => return Ok(hex(&hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}

/// Lower-case hexadecimal SHA-256 of bytes in memory.
pub fn sha256_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
