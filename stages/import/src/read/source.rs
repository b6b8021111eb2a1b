//! The bytes of one file, as often as a reader asks for them: its beginning, its lines, all of its text, JSON.

use super::{
    decode::{self, Lines},
    fault::{Fault, Result},
};
use serde::de::DeserializeOwned;
use std::{fs::File, io::Read, path::Path};

/// Bytes that recognition looks at: SGLang writes all of a server's options before the results.
const HEAD_BYTES: u64 = 1 << 20;
/// Largest text, and largest JSON document, that is read at once.
const TEXT_BYTES: u64 = 2 << 30;
const DOCUMENT_BYTES: u64 = 256 << 20;

#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub path: &'a Path,
    bytes: Option<&'a [u8]>,
}

impl<'a> Source<'a> {
    pub fn file(path: &'a Path) -> Self {
        Source { path, bytes: None }
    }

    /// What a file would hold.
    #[cfg(test)]
    pub fn of(bytes: &'a [u8]) -> Self {
        Source { path: Path::new("FILE"), bytes: Some(bytes) }
    }

    fn open(self) -> Result<Box<dyn Read + 'a>> {
        Ok(match self.bytes {
            Some(bytes) => Box::new(bytes),
            None => Box::new(File::open(self.path)?),
        })
    }

    pub fn lines(self) -> Result<Lines<Box<dyn Read + 'a>>> {
        Ok(Lines::new(self.open()?, decode::LONGEST)?)
    }

    fn start(self, most: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        decode::utf8(self.open()?)?.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Its beginning, for recognition.
    pub fn head(self) -> Result<String> {
        let mut bytes = self.start(HEAD_BYTES)?;
        // A character that the end cuts would make all of it Windows-1252.
        if let Err(e) = str::from_utf8(&bytes)
            && e.error_len().is_none()
        {
            bytes.truncate(e.valid_up_to());
        }
        Ok(plain(&bytes))
    }

    /// All of it; lines end with LF.
    pub fn text(self) -> Result<String> {
        self.at_most(TEXT_BYTES)
    }

    fn at_most(self, most: u64) -> Result<String> {
        let bytes = self.start(most + 1)?;
        if bytes.len() as u64 > most {
            let value = format!("more than {} MiB", most >> 20);
            return Err(Fault::new("too large to be read at once", value, "split it and import the parts together"));
        }
        Ok(plain(&bytes))
    }

    /// One JSON document.
    pub fn document<T: DeserializeOwned>(self) -> Result<T> {
        serde_json::from_str(&self.at_most(DOCUMENT_BYTES)?).map_err(|e| no_json(&e))
    }
}

fn plain(bytes: &[u8]) -> String {
    let text = decode::text(bytes).into_owned();
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text }
}

fn no_json(error: &serde_json::Error) -> Fault {
    let remedy = if error.is_eof() { "the file is cut: save it again" } else { "give the answer as it came" };
    Fault::new("not the JSON that this format has", error, remedy).at(error.line() as u64)
}
