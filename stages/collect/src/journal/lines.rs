//! Lines of JSON with a checksum: `{"t_ns":1,"crc":"89abcdef"}`, the CRC-32 (ISO 3309, as in gzip) of what stands before `,"crc"`. A line
//! that is damaged costs itself; lines of earlier versions have no checksum and are read where they are rows.

use anyhow::{Context, Result};
use schemas::text::Row;
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::Path,
};

/// Before the eight digits of a checksum, and behind them.
const BEFORE: &[u8] = b",\"crc\":\"";
const BEHIND: &[u8] = b"\"}";
const SEAL: usize = BEFORE.len() + 8 + BEHIND.len();

/// Longest line: a run's times of a million steps are less.
const LINE_BYTES: u64 = 64 << 20;

/// Gives the JSON object that ends `buffer` and began at `from` its checksum and its end of line.
pub fn seal(buffer: &mut Vec<u8>, from: usize) {
    buffer.pop();
    let sum = crc32fast::hash(&buffer[from..]);
    buffer.extend_from_slice(BEFORE);
    buffer.extend_from_slice(format!("{sum:08x}").as_bytes());
    buffer.extend_from_slice(BEHIND);
    buffer.push(b'\n');
}

/// A row as a line.
pub fn sealed(row: &impl serde::Serialize) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(row)?;
    seal(&mut line, 0);
    Ok(line)
}

#[derive(Debug, PartialEq)]
enum Sum {
    Right,
    Wrong,
    /// As before there were any.
    None,
}

/// Takes the checksum off a line.
fn open(line: &mut Vec<u8>) -> Sum {
    let Some(body) = line.len().checked_sub(SEAL) else { return Sum::None };
    let Some(digits) = line[body..].strip_prefix(BEFORE).and_then(|rest| rest.strip_suffix(BEHIND)) else {
        return Sum::None;
    };
    let is_right = digits == format!("{:08x}", crc32fast::hash(&line[..body])).as_bytes();
    line.truncate(body);
    line.push(b'}');
    if is_right { Sum::Right } else { Sum::Wrong }
}

/// Lines that were left out.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Damaged {
    pub lines: usize,
    pub first: usize,
}

impl Damaged {
    fn count(&mut self, line: usize) {
        self.first = if self.lines == 0 { line } else { self.first };
        self.lines += 1;
    }

    /// Says so, and what follows from it.
    pub fn say(&self, path: &Path, then: &str) {
        if self.lines > 0 {
            let (lines, first) = (self.lines, self.first);
            eprintln!("collect: {}: {lines} damaged lines left out, the first is line {first}{then}", path.display());
        }
    }
}

/// Calls `each` with the JSON of every undamaged line; what `each` does not take is damaged too. `path` is only named in errors.
pub fn each_in(file: impl Read, path: &Path, mut each: impl FnMut(&[u8]) -> bool) -> Result<Damaged> {
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let (mut damaged, mut line, mut number) = (Damaged::default(), Vec::new(), 0);
    loop {
        line.clear();
        let read = reader.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line);
        let read = read.with_context(|| format!("{}: cannot read", path.display()))?;
        if read == 0 {
            return Ok(damaged);
        }
        number += 1;
        let mut is_good = line.ends_with(b"\n") || (read as u64) < LINE_BYTES;
        if !is_good {
            // The rest of it, and nothing of it is kept.
            reader.skip_until(b'\n').with_context(|| format!("{}: cannot read", path.display()))?;
        }
        let end = line.trim_ascii_end().len();
        line.truncate(end);
        if is_good && line.is_empty() {
            continue;
        }
        is_good = is_good && open(&mut line) != Sum::Wrong && each(&line);
        if !is_good {
            damaged.count(number);
        }
    }
}

/// Rows of a file, of those columns only. A file that is not there has none.
pub fn rows(path: &Path, is_column: impl Fn(&str) -> bool) -> Result<(Vec<Row>, Damaged)> {
    let mut rows = Vec::new();
    let file = match File::open(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok((rows, Damaged::default())),
        file => file.with_context(|| format!("{}: cannot read", path.display()))?,
    };
    let damaged = each_in(file, path, |line| {
        let row = serde_json::from_slice::<Row>(line).ok().filter(|row| row.keys().all(|key| is_column(key)));
        rows.extend(row.clone());
        row.is_some()
    })?;
    Ok((rows, damaged))
}

/// Those columns of a row.
pub fn key(row: &Row, columns: &[&str]) -> Row {
    columns.iter().filter_map(|c| Some((c.to_string(), row.get(*c)?.clone()))).collect()
}

/// Of rows with the same key the last one, in the place of the first.
pub fn last_states(rows: Vec<Row>, columns: &[&str]) -> Vec<Row> {
    let mut last: Vec<Row> = Vec::new();
    for row in rows {
        match last.iter_mut().find(|l| key(l, columns) == key(&row, columns)) {
            Some(before) => *before = row,
            None => last.push(row),
        }
    }
    last
}

/// Cuts a file after its last newline.
pub fn drop_cut_line(path: &Path) -> io::Result<()> {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    let length = file.metadata()?.len();
    let from = length.saturating_sub(LINE_BYTES);
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.read_to_end(&mut tail)?;
    let newline = tail.iter().rposition(|&b| b == b'\n');
    let end = newline.map_or(from, |at| from + at as u64 + 1);
    if end < length {
        file.set_len(end)?;
        file.sync_all()?;
    }
    if newline.is_none() && end > 0 { drop_cut_line(path) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::random::SplitMix;
    use serde_json::json;
    use std::fs;

    fn read(path: &Path) -> (Vec<Row>, Damaged) {
        rows(path, |column| ["run_id", "latency_ms", "kv_cache"].contains(&column)).unwrap()
    }

    #[test]
    fn one_changed_bit_is_never_another_row() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.jsonl");
        let row = |i: u32| json!({"run_id": format!("a/generate/{i}"), "latency_ms": 406.63 + f64::from(i), "kv_cache": true});
        let whole: Vec<u8> = (0..3).flat_map(|i| sealed(&row(i)).unwrap()).collect();
        let expected: Vec<Row> = (0..3).map(|i| row(i).as_object().unwrap().clone()).collect();
        fs::write(&path, &whole).unwrap();
        assert_eq!(read(&path), (expected.clone(), Damaged::default()));
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, bytes).unwrap();
            drop_cut_line(&path).unwrap();
            let (rows, damaged) = read(&path);
            assert!(rows.iter().all(|r| expected.contains(r)), "bit {bit}: {rows:?}");
            assert!(
                rows.len() + 2 >= expected.len()
                    && (rows.len() == 3 || damaged.lines > 0 || bit / 8 == whole.len() - 1)
            );
        }
    }

    #[test]
    fn foreign_lines_cost_themselves_and_earlier_ones_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.jsonl");
        let sealed = |id: &str| String::from_utf8(sealed(&json!({"run_id": id})).unwrap()).unwrap();
        let (a, b) = (sealed("a"), sealed("b"));
        let zeros = "\0".repeat(100);
        let text = format!("{{\"run_id\":\"old\"}}\r\n{zeros}\n\n{a}{}{b}{{\"run\":1}}\nno JSON\n{a}", &a[..9]);
        fs::write(&path, text + "{\"run_id\": \"cut").unwrap();
        drop_cut_line(&path).unwrap();
        let (rows, damaged) = read(&path);
        let ids: Vec<_> = rows.iter().map(|r| r["run_id"].as_str().unwrap()).collect();
        assert_eq!((ids.as_slice(), damaged), (["old", "a", "a"].as_slice(), Damaged { lines: 4, first: 2 }));
        assert_eq!(read(&folder.path().join("none")), (vec![], Damaged::default()));
    }

    #[test]
    fn a_cut_line_is_found_however_long_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.jsonl");
        let mut random = SplitMix::new(3);
        for _ in 0..40 {
            let (whole, cut) = (random.draw() as usize % 200_000, random.draw() as usize % 200_000);
            let mut bytes = vec![b'x'; whole];
            bytes.push(b'\n');
            bytes.resize(whole + 1 + cut, b'y');
            fs::write(&path, &bytes).unwrap();
            drop_cut_line(&path).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().len() as usize, whole + 1);
        }
        fs::write(&path, "no newline").unwrap();
        drop_cut_line(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    }
}
