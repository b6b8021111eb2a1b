//! The bytes of one file, as often as a reader asks for them: its beginning, its lines, all of its text, JSON.

use super::{
    decode::{self, Lines},
    fault::{Fault, Result},
    number::Mark,
    unpack,
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
    /// `--decimal`.
    pub decimal: Option<Mark>,
}

impl<'a> Source<'a> {
    pub fn file(path: &'a Path) -> Self {
        Source { path, bytes: None, decimal: None }
    }

    /// The mark of decimals that was asked for.
    pub fn with_decimal(self, decimal: Option<Mark>) -> Self {
        Source { decimal, ..self }
    }

    /// What a file would hold.
    #[cfg(test)]
    pub fn of(bytes: &'a [u8]) -> Self {
        Source { path: Path::new("FILE"), bytes: Some(bytes), decimal: None }
    }

    fn open(self) -> Result<Box<dyn Read + 'a>> {
        Ok(unpack::open(match self.bytes {
            Some(bytes) => Box::new(bytes),
            None => Box::new(File::open(self.path)?),
        })?)
    }

    /// Its text as bytes of UTF-8, for readers of contracts.
    pub fn utf8(self) -> Result<impl Read + 'a> {
        Ok(decode::utf8(self.open()?))
    }

    pub fn lines(self) -> Result<Lines<'a>> {
        let mut lines = Lines::new(self.open()?, decode::LONGEST);
        lines.from = Some(self);
        Ok(lines)
    }

    fn start(self, most: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = decode::utf8(self.open()?).take(most).read_to_end(&mut bytes);
        let line = || memchr::memchr_iter(b'\n', &bytes).count() as u64 + 1;
        read.map_err(|error| decode::at_line(error, line()))?;
        Ok(bytes)
    }

    /// Its beginning, for recognition, without a first line that names the separator.
    pub fn head(self) -> Result<String> {
        let mut bytes = self.start(HEAD_BYTES)?;
        // A character that the end cuts would make all of it Windows-1252.
        if let Err(e) = str::from_utf8(&bytes)
            && e.error_len().is_none()
        {
            bytes.truncate(e.valid_up_to());
        }
        Ok(plain(&bytes).trim_start_matches('\n').to_string())
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

/// Text whose lines end with LF; a first line that names the separator is blank, so that lines keep their numbers.
fn plain(bytes: &[u8]) -> String {
    let text = decode::text(bytes).into_owned();
    let mut text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text };
    let first = text.find('\n').unwrap_or(text.len());
    if decode::declared(&text[..first]).is_some() {
        text.drain(..first);
    }
    text
}

fn no_json(error: &serde_json::Error) -> Fault {
    let remedy = if error.is_eof() { "the file is cut: save it again" } else { "give the answer as it came" };
    Fault::new("not the JSON that this format has", error, remedy).at(error.line() as u64)
}
