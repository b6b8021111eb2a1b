//! Bytes as they were before somebody compressed them: gzip (of several members too) and zstd, told by their first bytes and unpacked
//! while they are read. What is no text at all is refused by its name.

use super::fault::Fault;
use flate2::read::MultiGzDecoder;
use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};
use std::{
    cell::Cell,
    io::{self, Cursor, Read},
    rc::Rc,
};

/// Bytes that tell what a file is: a zip names its first members there, a tar its magic at 257.
const HEAD: u64 = 4096;
/// Most that one file may unpack to, and most that a byte of it may, once that is more than a log of steady values explains.
const MOST_BYTES: u64 = 64 << 30;
const MOST_RATIO: u64 = 1000;
const RATIO_FROM: u64 = 256 << 20;

const GZIP: &[u8] = b"\x1F\x8B\x08";
const ZSTD: &[u8] = b"\x28\xB5\x2F\xFD";

/// First bytes of what is no text, what it is, and what to do.
const OTHERS: &[(&[u8], &str, &str)] = &[
    (b"\xFD7zXZ\0", "a file compressed with xz", "unpack it: xz -d FILE"),
    (b"BZh", "a file compressed with bzip2", "unpack it: bzip2 -d FILE"),
    (b"\x04\x22\x4D\x18", "a file compressed with lz4", "unpack it: lz4 -d FILE"),
    (b"\x1F\x9D", "a file compressed with compress", "unpack it: gzip -d FILE"),
    (b"7z\xBC\xAF\x27\x1C", "a 7z archive", "unpack it and give the file that it holds"),
    (b"Rar!\x1A\x07", "a RAR archive", "unpack it and give the file that it holds"),
    (b"PAR1", "a Parquet file", "save its table as CSV"),
    (b"ARROW1", "an Arrow or Feather file", "save its table as CSV"),
    (b"\x89HDF\r\n\x1A\n", "an HDF5 file", "save its table as CSV"),
    (
        b"SQLite format 3\0",
        "an SQLite database",
        "export its table as CSV: sqlite3 -header -csv FILE \"select * from TABLE\"",
    ),
    (b"%PDF-", "a PDF document", "give the log or table itself, as text"),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an Excel workbook (.xls)", "save its sheet as CSV"),
    (b"\x7FELF", "a program", "give the log that it writes"),
];

/// The bytes of a file, unpacked if they are compressed.
pub fn open<'a>(source: Box<dyn Read + 'a>) -> io::Result<Box<dyn Read + 'a>> {
    let (head, source) = peek(source, HEAD);
    refuse(&head)?;
    let packed = Packed::default();
    let source = Counted { source, packed: packed.clone() };
    let unpacked: Box<dyn Read + 'a> = if head.starts_with(GZIP) {
        Box::new(Unpacked { inner: MultiGzDecoder::new(source), tool: "gzip", packed, bytes: 0 })
    } else if is_zstd(&head) {
        let frames = Frames { source, decoder: FrameDecoder::new(), is_open: false };
        Box::new(Unpacked { inner: frames, tool: "zstd", packed, bytes: 0 })
    } else {
        return Ok(Box::new(source.source));
    };
    let (head, unpacked) = peek(unpacked, HEAD);
    if head.starts_with(GZIP) || is_zstd(&head) {
        return Err(io::Error::other(no_text("a file that was compressed twice", "unpack it once")));
    }
    refuse(&head)?;
    Ok(Box::new(unpacked))
}

/// A frame of zstd, or one that its readers skip.
fn is_zstd(head: &[u8]) -> bool {
    head.starts_with(ZSTD) || head.len() > 4 && (0x50..0x60).contains(&head[0]) && head[1..4] == *b"\x2A\x4D\x18"
}

/// A source whose first bytes were looked at; what stopped that comes behind them.
pub struct Peeked<R> {
    head: Cursor<Vec<u8>>,
    error: Option<io::Error>,
    source: R,
}

/// The first bytes, and the source with them.
pub fn peek<R: Read>(mut source: R, most: u64) -> (Vec<u8>, Peeked<R>) {
    let mut head = Vec::new();
    let error = (&mut source).take(most).read_to_end(&mut head).err();
    (head.clone(), Peeked { head: Cursor::new(head), error, source })
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match (self.head.read(out)?, self.error.take()) {
            (0, Some(error)) => Err(error),
            (0, None) => self.source.read(out),
            (got, error) => {
                self.error = error;
                Ok(got)
            }
        }
    }
}

fn no_text(what: &str, remedy: &str) -> Fault {
    Fault::new("no text", what, remedy)
}

fn refuse(head: &[u8]) -> io::Result<()> {
    match binary(head) {
        None => Ok(()),
        Some((what, remedy)) => Err(io::Error::other(no_text(what, remedy))),
    }
}

/// What it is, and what to do.
fn binary(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let has = |text: &[u8]| memchr::memmem::find(head, text).is_some();
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Some(match () {
            () if has(b"opendocument.spreadsheet") => ("a spreadsheet (.ods)", "save its sheet as CSV"),
            () if has(b"[Content_Types].xml") || has(b"xl/") || has(b"_rels/.rels") => {
                ("an Excel workbook (.xlsx)", "save its sheet as CSV")
            }
            () => ("a zip archive", "unpack it and give the file that it holds"),
        });
    }
    let text = head.trim_ascii_start();
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text).trim_ascii_start();
    let begins = |tag: &[u8]| text.get(..tag.len()).is_some_and(|t| t.eq_ignore_ascii_case(tag));
    if begins(b"<!doctype html") || begins(b"<html") || begins(b"<head") {
        let remedy = "fetch the file itself: a page to log in or of an error came in its place";
        return Some(("a web page (HTML)", remedy));
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some(("a tar archive", "unpack it and give the file that it holds: tar -xf FILE"));
    }
    let found = OTHERS.iter().find(|(magic, ..)| head.starts_with(magic))?;
    // Text may begin with these three letters.
    let is_bzip = found.0 != b"BZh" || head.get(4..10) == Some(b"1AY&SY");
    is_bzip.then_some((found.1, found.2))
}

/// Bytes that were read of the packed file, and whether its end was met.
#[derive(Clone, Default)]
struct Packed {
    bytes: Rc<Cell<u64>>,
    is_over: Rc<Cell<bool>>,
}

struct Counted<R> {
    source: R,
    packed: Packed,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let got = self.source.read(out)?;
        self.packed.bytes.set(self.packed.bytes.get() + got as u64);
        self.packed.is_over.set(got == 0 && !out.is_empty());
        Ok(got)
    }
}

/// What comes out of a packed file, within bounds.
struct Unpacked<R> {
    inner: R,
    tool: &'static str,
    packed: Packed,
    bytes: u64,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(out).map_err(|error| io::Error::other(self.fault(&error)))?;
        self.bytes += got as u64;
        let packed = self.packed.bytes.get();
        if self.bytes > MOST_BYTES || self.bytes > RATIO_FROM && self.bytes / packed.max(1) > MOST_RATIO {
            let what = format!("a file of {} that unpacks to far more than a log holds", self.tool);
            let value = format!("{} MiB of {} KiB", self.bytes >> 20, packed >> 10);
            return Err(io::Error::other(Fault::new(what, value, "unpack it, and give the log if it is one")));
        }
        Ok(got)
    }
}

impl<R> Unpacked<R> {
    fn fault(&self, error: &io::Error) -> Fault {
        let (tool, bytes) = (self.tool, self.packed.bytes.get());
        match self.packed.is_over.get() {
            true => {
                let remedy = format!("compress the log again, or give what is whole: {tool} -dc FILE > PART");
                Fault::new(format!("a file of {tool} that ends in the middle"), format!("{bytes} bytes"), remedy)
            }
            false => Fault::new(format!("a damaged file of {tool}"), error, "copy it again"),
        }
    }
}

/// The frames of a zstd file, one after another: each may have its own checksum.
struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
    is_open: bool,
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !out.is_empty() && (self.is_open || self.open()?) {
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let block = self.decoder.decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1));
                block.map_err(io::Error::other)?;
            }
            let got = self.decoder.read(out)?;
            if got > 0 {
                return Ok(got);
            }
            let stated = self.decoder.get_checksum_from_data();
            if stated.is_some() && stated != self.decoder.get_calculated_checksum() {
                return Err(io::Error::other("its checksum differs"));
            }
            self.is_open = false;
        }
        Ok(0)
    }
}

impl<R: Read> Frames<R> {
    /// Begins the next frame, if there is one.
    fn open(&mut self) -> io::Result<bool> {
        loop {
            let mut first = Vec::new();
            (&mut self.source).take(1).read_to_end(&mut first)?;
            if first.is_empty() {
                return Ok(false);
            }
            match self.decoder.init(Cursor::new(first).chain(&mut self.source)) {
                Ok(()) => {
                    self.is_open = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    io::copy(&mut (&mut self.source).take(u64::from(length)), &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut found = Vec::new();
        let fault = |e: io::Error| Fault::from(e).of("f".as_ref()).to_string();
        open(Box::new(bytes)).and_then(|mut text| text.read_to_end(&mut found)).map_err(fault).map(|_| found)
    }

    #[test]
    fn members_and_frames_follow_one_another() {
        let long: Vec<u8> = (0..200_000u32).flat_map(|n| n.to_string().into_bytes()).collect();
        for pack in [gzip as fn(&[u8]) -> Vec<u8>, zstd] {
            assert_eq!(unpacked(&pack(&long)).as_ref(), Ok(&long));
            assert_eq!(unpacked(&[pack(b"a,b\n"), pack(b"1,2\n")].concat()), Ok(b"a,b\n1,2\n".to_vec()));
            assert_eq!(unpacked(&pack(b"")), Ok(Vec::new()));
        }
        // A frame of other people's data is passed over.
        let skipped = [b"\x50\x2A\x4D\x18\x03\0\0\0xyz".to_vec(), zstd(b"a")].concat();
        assert_eq!(unpacked(&skipped), Ok(b"a".to_vec()));
        assert_eq!(unpacked(b"a,b\n"), Ok(b"a,b\n".to_vec()));
        assert_eq!(unpacked(b""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_cut_or_damaged_is_refused() {
        let long: Vec<u8> = (0..200_000u32).flat_map(|n| n.to_string().into_bytes()).collect();
        for (pack, tool) in [(gzip as fn(&[u8]) -> Vec<u8>, "gzip"), (zstd, "zstd")] {
            let whole = pack(&long);
            for end in [12, whole.len() / 2, whole.len() - 1] {
                assert_eq!(
                    unpacked(&whole[..end]),
                    Err(format!(
                        "f: a file of {tool} that ends in the middle, {end} bytes, \
                         compress the log again, or give what is whole: {tool} -dc FILE > PART"
                    ))
                );
            }
            let mut broken = whole.clone();
            broken[whole.len() / 2] ^= 0x55;
            let refusal = unpacked(&broken).unwrap_err();
            let (damaged, copy) = (format!("f: a damaged file of {tool}, "), ", copy it again");
            assert!(refusal.starts_with(&damaged) && refusal.ends_with(copy), "{refusal}");
            let twice = "f: no text, a file that was compressed twice, unpack it once";
            assert_eq!(unpacked(&pack(&whole)), Err(twice.to_string()));
        }
        assert_eq!(
            unpacked(&[gzip(b"a"), b"2026-05-14 09:00:00,200\n".to_vec()].concat()),
            Err("f: a damaged file of gzip, invalid gzip header, copy it again".into())
        );
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_unpacked() {
        let piece = zstd(&vec![b'1'; 128 << 10]);
        let refusal = unpacked(&piece.repeat(2100)).unwrap_err();
        let (begin, end) = ("f: a file of zstd that unpacks to far more", "unpack it, and give the log if it is one");
        assert!(refusal.starts_with(begin) && refusal.ends_with(end), "{refusal}");
    }

    #[test]
    fn what_is_no_text_is_named() {
        let mut tar = vec![b'x'; 257];
        tar.extend(b"ustar\0");
        for (bytes, what) in [
            (b"PK\x03\x04..mimetypeapplication/vnd.oasis.opendocument.spreadsheet".as_slice(), "a spreadsheet (.ods)"),
            (b"PK\x03\x04..[Content_Types].xml", "an Excel workbook (.xlsx)"),
            (b"PK\x03\x04..log.csv", "a zip archive"),
            (b"\xFD7zXZ\0..", "a file compressed with xz"),
            (b"BZh91AY&SY..", "a file compressed with bzip2"),
            (b"7z\xBC\xAF\x27\x1C..", "a 7z archive"),
            (b"PAR1....", "a Parquet file"),
            (b"%PDF-1.7", "a PDF document"),
            (b"SQLite format 3\0..", "an SQLite database"),
            (b"\xEF\xBB\xBF\n <!DOCTYPE HTML><html>", "a web page (HTML)"),
            (b"<html lang=en>", "a web page (HTML)"),
            (&tar, "a tar archive"),
        ] {
            let refusal = unpacked(bytes).unwrap_err();
            assert!(refusal.starts_with(&format!("f: no text, {what}, ")), "{refusal}");
            assert_eq!(unpacked(&gzip(bytes)), Err(refusal));
        }
        assert_eq!(
            unpacked(b"PK\x03\x04..xl/").unwrap_err(),
            "f: no text, an Excel workbook (.xlsx), save its sheet as CSV"
        );
        assert_eq!(unpacked(b"BZhang,1\n"), Ok(b"BZhang,1\n".to_vec()));
    }
}
