//! The seal of a contract file: a hash in its footer of all its other bytes, so that a damaged file is no other table.
//!
//! Parquet has page checksums, but nothing in it sums its footer, indexes and statistics, and a changed statistic drops rows as surely
//! as a changed page changes them. The seal is the BLAKE3 hash (256 bits; O'Connor, Aumasson, Neves and Wilcox-O'Hearn, 2020) of the
//! whole file with its own 64 digits taken as zeros. It is written as such zeros, found again behind its key, and filled in when all
//! else is written. SHA-256 would cost more than a tenth of decoding what it hashes.

use crate::{
    contract::Contract,
    error::{Error, Result},
};
use blake3::Hasher;
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

pub const SEAL: &str = "tallywatt.seal";
/// Hexadecimal digits of the hash.
const DIGITS: usize = 64;
/// What stands in a file's place until its bytes are known.
pub const OPEN: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Thrift's compact protocol, behind the key: the second field, a text of 64 bytes.
const FIELD: [u8; 2] = [0x18, 0x40];
/// Behind the footer: its length and `PAR1`.
const TAIL: u64 = 8;
const MAGIC: &[u8; 4] = b"PAR1";
/// Longest footer that is believed.
const MAX_FOOTER: u64 = 1 << 30;

/// The seal of these bytes, whose own digits are taken as zeros.
pub fn of(open: &[u8]) -> String {
    blake3::hash(open).to_string()
}

/// Passes bytes on and hashes them.
pub struct Sealing<'a> {
    file: &'a mut File,
    hash: Hasher,
}

impl<'a> Sealing<'a> {
    pub fn new(file: &'a mut File) -> Self {
        Sealing { file, hash: Hasher::new() }
    }

    /// Fills in the seal of a file that was written through this.
    pub fn close(self, path: &Path) -> Result<()> {
        let io = |cause| Error::Io { path: path.to_path_buf(), action: "write", cause };
        let seal = self.hash.finalize().to_hex();
        let at = place(self.file, path)?.ok_or_else(|| damaged(path, "no place for its seal"))?;
        self.file.seek(SeekFrom::Start(at)).and_then(|_| self.file.write_all(seal.as_bytes())).map_err(io)
    }
}

impl Write for Sealing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Compares a file with its seal, and gives the seal.
pub fn unbroken(path: &Path, contract: &'static Contract) -> Result<String> {
    let io = |cause| Error::Io { path: path.to_path_buf(), action: "read", cause };
    let mut file = crate::io::plain(path)?;
    let Some(at) = place(&mut file, path)? else {
        return Err(Error::NoContract { path: path.to_path_buf(), missing: SEAL, stage: contract.stage });
    };
    file.rewind().map_err(io)?;
    let (mut hash, mut rest) = (Hasher::new(), Vec::new());
    hash.update_reader(Read::by_ref(&mut file).take(at)).map_err(io)?;
    file.read_to_end(&mut rest).map_err(io)?;
    let (seal, rest) = rest.split_at_checked(DIGITS).ok_or_else(|| damaged(path, "it ends early"))?;
    let found = hash.update(OPEN.as_bytes()).update(rest).finalize().to_hex();
    if found.as_bytes() != seal {
        return Err(damaged(path, "its bytes are not those of its seal"));
    }
    Ok(found.to_string())
}

fn damaged(path: &Path, how: &'static str) -> Error {
    Error::Damaged { path: path.to_path_buf(), how }
}

/// Where the digits begin; `None` where the footer has none.
fn place(file: &mut File, path: &Path) -> Result<Option<u64>> {
    let io = |cause| Error::Io { path: path.to_path_buf(), action: "read", cause };
    let length = file.seek(SeekFrom::End(0)).map_err(io)?;
    if length < TAIL {
        return Err(damaged(path, "it is no Parquet file"));
    }
    let mut tail = [0; TAIL as usize];
    file.seek(SeekFrom::Start(length - TAIL)).map_err(io)?;
    file.read_exact(&mut tail).map_err(io)?;
    let [a, b, c, d, magic @ ..] = tail;
    if magic != *MAGIC {
        return Err(damaged(path, "it is no Parquet file"));
    }
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    if footer > MAX_FOOTER.min(length - TAIL) {
        return Err(damaged(path, "its footer is longer than the file"));
    }
    let start = length - TAIL - footer;
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start)).map_err(io)?;
    file.take(footer).read_to_end(&mut bytes).map_err(io)?;
    let key = [SEAL.as_bytes(), &FIELD].concat();
    // The last one: statistics, which hold texts of rows, stand before.
    let found = bytes.windows(key.len() + DIGITS).rposition(|part| part.starts_with(&key));
    Ok(found.map(|at| start + (at + key.len()) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(rows: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let mut file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        let footer = [b"before".as_slice(), SEAL.as_bytes(), &FIELD, OPEN.as_bytes(), b"after"].concat();
        let mut sealing = Sealing::new(&mut file);
        let length = u32::try_from(footer.len()).unwrap();
        let bytes = [MAGIC.as_slice(), rows, &footer, &length.to_le_bytes(), MAGIC].concat();
        sealing.write_all(&bytes).unwrap();
        sealing.close(&path).unwrap();
        (folder, path)
    }

    #[test]
    fn every_bit_and_every_cut_is_seen() {
        let (_folder, path) = sealed(b"some rows");
        let bytes = std::fs::read(&path).unwrap();
        let seal = unbroken(&path, &crate::tables::RUN).unwrap();
        assert!(String::from_utf8_lossy(&bytes).contains(&seal));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &flipped).unwrap();
            assert!(unbroken(&path, &crate::tables::RUN).is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert!(unbroken(&path, &crate::tables::RUN).is_err(), "{length} bytes");
        }
        std::fs::write(&path, [bytes.as_slice(), b"more"].concat()).unwrap();
        assert!(unbroken(&path, &crate::tables::RUN).is_err());
    }
}
