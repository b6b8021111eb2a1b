//! Bytes of somebody's file as text, streaming: UTF-8 with or without a byte order mark, UTF-16 in both orders, and Windows-1252 for
//! lines that are not UTF-8. Lines end with LF, CR LF or CR.

use super::{
    fault::Fault,
    source::Source,
    unpack::{Peeked, peek},
};
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use std::{
    borrow::Cow,
    io::{self, Read},
    ops::Range,
};

/// Longest line of delimited text.
pub const LONGEST: usize = 1 << 20;
const BLOCK: usize = 64 << 10;

/// UTF-8 (or bytes that are no UTF-16) of whatever a source has, without its byte order mark.
pub type Utf8<R> = DecodeReaderBytes<Peeked<R>, Vec<u8>>;

pub fn utf8<R: Read>(source: R) -> Utf8<R> {
    let (head, source) = peek(source, 1024);
    let mut builder = DecodeReaderBytesBuilder::new();
    builder.encoding(unmarked(&head)).bom_override(true).utf8_passthru(true).strip_bom(true);
    builder.build(source)
}

/// UTF-16 without a mark shows as text whose every other byte is zero (PowerShell writes the mark, some tools do not).
fn unmarked(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = head.len().min(512) / 2;
    let zeros = |odd: usize| (0..pairs).filter(|i| head[2 * i + odd] == 0 && head[2 * i + 1 - odd] != 0).count();
    match pairs >= 4 {
        true if zeros(1) * 10 >= pairs * 8 => Some(UTF_16LE),
        true if zeros(0) * 10 >= pairs * 8 => Some(UTF_16BE),
        _ => None,
    }
}

/// Bytes as text: UTF-8, and if they are none, Windows-1252.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// One line without its end.
#[derive(Debug, PartialEq)]
pub struct Line<'a> {
    /// From 1.
    pub number: u64,
    pub text: Cow<'a, str>,
    /// Whether its end was there. The last line of a log whose writer was killed has none.
    pub ended: bool,
}

/// The separator that a first line `sep=;` names, as Excel writes and reads it.
pub fn declared(line: &str) -> Option<u8> {
    let line = line.trim_start_matches('\u{feff}').trim_matches('"');
    let (name, mark) = (line.get(..4)?, line[4..].trim_end_matches(' ').as_bytes());
    let known = name.eq_ignore_ascii_case("sep=") && mark.len() == 1;
    Some(*mark.first()?).filter(|mark| known && !mark.is_ascii_alphanumeric())
}

/// Lines of a source, one at a time.
pub struct Lines<'a> {
    source: Utf8<Box<dyn Read + 'a>>,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    number: u64,
    longest: usize,
    ended: bool,
    separator: Option<u8>,
    /// The source again, for those who must see all of it first.
    pub from: Option<Source<'a>>,
}

impl<'a> Lines<'a> {
    /// Lines of more than `longest` bytes are refused.
    pub fn new(source: impl Read + 'a, longest: usize) -> Self {
        let source = utf8(Box::new(source) as Box<dyn Read + 'a>);
        let (buffer, number, separator) = (vec![0; BLOCK], 0, None);
        Lines { source, buffer, at: 0, filled: 0, number, longest, ended: false, separator, from: None }
    }

    /// The number of the line that was given last.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What the first line says of the separator, once a line was read.
    pub fn separator(&self) -> Option<u8> {
        self.separator
    }

    /// Not an `Iterator`: a line lies in the buffer until the next one is asked for. A first line `sep=;` is none.
    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let Some(mut found) = self.find()? else { return Ok(None) };
        if self.number == 1 {
            self.separator = declared(&text(&self.buffer[found.0.clone()]));
            if self.separator.is_some() {
                match self.find()? {
                    Some(next) => found = next,
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(Line { number: self.number, text: text(&self.buffer[found.0]), ended: found.1 }))
    }

    /// Where the next line is, and whether its end is there.
    fn find(&mut self) -> io::Result<Option<(Range<usize>, bool)>> {
        let mut seen = self.at;
        let (end, after, ended) = loop {
            match memchr::memchr2(b'\n', b'\r', &self.buffer[seen..self.filled]).map(|i| seen + i) {
                Some(end) if self.buffer[end] == b'\n' => break (end, end + 1, true),
                Some(end) => {
                    // CRs before an LF belong to it (`\r\r\n` of text that was converted twice), others end a line each.
                    let next = self.buffer[end..self.filled].iter().position(|b| *b != b'\r').map(|i| end + i);
                    match next {
                        Some(next) if self.buffer[next] == b'\n' => break (end, next + 1, true),
                        Some(_) => break (end, end + 1, true),
                        None if self.ended || self.filled - end > 64 => break (end, end + 1, true),
                        None => seen = end,
                    }
                }
                None if self.ended && self.filled == self.at => return Ok(None),
                None if self.ended => break (self.filled, self.filled, false),
                None => seen = self.filled,
            }
            seen -= self.refill()?;
        };
        self.number += 1;
        let begin = std::mem::replace(&mut self.at, after);
        Ok(Some((begin..end, ended)))
    }

    /// Reads on; what was given is thrown away first. By how much the rest moved.
    fn refill(&mut self) -> io::Result<usize> {
        let moved = self.at;
        self.buffer.copy_within(self.at..self.filled, 0);
        self.filled -= moved;
        self.at = 0;
        if self.filled > self.longest {
            let said = format!("line {} is longer than {} bytes", self.number + 1, self.longest);
            return Err(io::Error::new(io::ErrorKind::InvalidData, said));
        }
        if self.filled == self.buffer.len() {
            self.buffer.resize(2 * self.filled, 0);
        }
        let got = self.source.read(&mut self.buffer[self.filled..]).map_err(|error| at_line(error, self.number + 1))?;
        self.filled += got;
        self.ended = got == 0;
        Ok(moved)
    }
}

/// A refusal by who unpacks the file, with the line at which it came.
pub fn at_line(error: io::Error, line: u64) -> io::Error {
    match error.downcast::<Fault>() {
        Ok(fault) => io::Error::other(fault.at(line)),
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source that gives one byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = out.len().min(1).min(self.0.len());
            out[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn lines(bytes: &[u8]) -> Vec<(u64, String, bool)> {
        fn all(mut lines: Lines) -> Vec<(u64, String, bool)> {
            let mut found = Vec::new();
            while let Some(line) = lines.next().unwrap() {
                found.push((line.number, line.text.into_owned(), line.ended));
            }
            found
        }
        let found = all(Lines::new(bytes, LONGEST));
        assert_eq!(found, all(Lines::new(Slow(bytes), LONGEST)));
        found
    }

    fn texts(bytes: &[u8]) -> Vec<String> {
        lines(bytes).into_iter().map(|(_, text, _)| text).collect()
    }

    #[test]
    fn every_line_end_and_a_last_line_without() {
        assert_eq!(texts(b"a\nb\r\nc\rd\r\r\n\ne"), ["a", "b", "c", "d", "", "e"]);
        assert_eq!(lines(b"a\nb"), [(1, "a".into(), true), (2, "b".into(), false)]);
        assert_eq!(lines(b"a\r"), [(1, "a".into(), true)]);
        assert_eq!(lines(b""), []);
    }

    #[test]
    fn encodings_with_and_without_a_mark() {
        let text = "zeit;°C\r\n1;€ 😀\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let expected = ["zeit;°C", "1;€ 😀"];
        assert_eq!(texts(text.as_bytes()), expected);
        assert_eq!(texts(&[b"\xEF\xBB\xBF", text.as_bytes()].concat()), expected);
        assert_eq!(texts(&[b"\xFF\xFE", little.as_slice()].concat()), expected);
        assert_eq!(texts(&[b"\xFE\xFF", big.as_slice()].concat()), expected);
        assert_eq!(texts(&little[..2 * 9]), ["zeit;°C"]);
        assert_eq!(texts(b"GPU [\xB0C]\n\x80 5\n"), ["GPU [°C]", "€ 5"]);
    }

    #[test]
    fn a_first_line_names_the_separator_and_is_no_line() {
        assert_eq!(lines(b"sep=;\r\na;b\r\n"), [(2, "a;b".into(), true)]);
        assert_eq!(texts("\u{feff}\"sep=\t\"\na\tb\n".as_bytes()), ["a\tb"]);
        assert_eq!(
            (lines(b"SEP=,"), texts(b"a\nsep=;\n"), texts(b"sep=ab\n").len()),
            (vec![], vec!["a".into(), "sep=;".into()], 1)
        );
        let mut found = Lines::new(b"sep=|\nx".as_slice(), LONGEST);
        found.next().unwrap();
        assert_eq!(found.separator(), Some(b'|'));
    }

    #[test]
    fn an_endless_line_is_refused() {
        let bytes = [b"a\n".as_slice(), &[b'x'; 300_000]].concat();
        let mut lines = Lines::new(bytes.as_slice(), 100_000);
        assert_eq!(lines.next().unwrap().unwrap().text, "a");
        assert_eq!(lines.next().unwrap_err().to_string(), "line 2 is longer than 100000 bytes");
    }
}
