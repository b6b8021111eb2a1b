//! A log in blocks of whole lines: threads parse them, and the reader takes what they found in the order of the file. A line that is
//! not plain goes through the table between its neighbours, as if there were no blocks.

use super::{
    Reader, Role,
    quick::{Before, Gpus, Plain, parse},
};
use crate::power::sink::EXTRAS;
use crate::read::{
    decode::{LONGEST, Line, text},
    fault::{Fault, Result},
};
use std::{
    io::Read,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

/// Bytes of the first block, from which the GPUs are learnt, of the others, and of the longest line.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    first: usize,
    block: usize,
    line: usize,
}

const SIZES: Sizes = Sizes { first: 8 << 10, block: 512 << 10, line: LONGEST };

/// Threads beyond which reading the file is what takes the time.
const THREADS: usize = 8;

/// Blocks that wait for each thread, or are at it.
const WAITING: usize = 2;

/// Lines of a block that are parsed at once. Rows are longer than this expects; a log of empty lines takes no memory either.
const LINES: usize = 1 << 15;

/// One line: where it is, and its row if it is plain.
struct Found {
    from: u32,
    to: u32,
    wall_ns: i64,
    watt: f64,
    /// [`ODD`] of a line that is not plain.
    gpu: u32,
}

const ODD: u32 = u32::MAX;

#[derive(Default)]
struct Block {
    /// Of which `filled` are whole lines, and `parsed` are in `lines` or were before.
    bytes: Vec<u8>,
    filled: usize,
    parsed: usize,
    gpus: Gpus,
    lines: Vec<Found>,
    /// Of every plain row, if the log has any.
    extras: Vec<[f64; EXTRAS]>,
}

impl Block {
    /// Parses the next lines.
    fn parse(&mut self, roles: &[Role], has_extras: bool, before: &mut Before) {
        let Block { bytes, filled, parsed, gpus, lines, extras } = self;
        let bytes = &bytes[..*filled];
        lines.clear();
        extras.clear();
        while *parsed < bytes.len() && lines.len() < LINES {
            let from = *parsed;
            let end = memchr::memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |at| from + at);
            let line = &bytes[from..end];
            let row = parse(roles, gpus, before, line.strip_suffix(b"\r").unwrap_or(line));
            let (wall_ns, watt, gpu) =
                row.as_ref().map_or((0, 0.0, ODD), |row| (row.wall_ns, row.watt, row.gpu as u32));
            lines.push(Found { from: from as u32, to: end as u32, wall_ns, watt, gpu });
            extras.extend(row.filter(|_| has_extras).map(|Plain { extras, .. }| extras));
            *parsed = end + 1;
        }
    }

    fn line(&self, found: &Found) -> &[u8] {
        &self.bytes[found.from as usize..found.to as usize]
    }

    /// Ends of lines beyond the one that a block is cut at, where that is a CR: empty lines.
    fn empty_lines(&self, found: &Found) -> u64 {
        let ends = |line: &[u8]| line.iter().rev().take_while(|b| **b == b'\r').count() as u64;
        if found.to as usize == self.filled { ends(self.line(found)).saturating_sub(1) } else { 0 }
    }
}

/// Threads that parse blocks in turn.
struct Parsers {
    to: Vec<SyncSender<Block>>,
    from: Vec<Receiver<Block>>,
    given: usize,
    taken: usize,
}

impl Parsers {
    fn start<'scope, 'env>(scope: &'scope thread::Scope<'scope, 'env>, roles: &'env [Role], has_extras: bool) -> Self {
        let mut parsers = Parsers { to: Vec::new(), from: Vec::new(), given: 0, taken: 0 };
        for _ in 0..thread::available_parallelism().map_or(1, usize::from).min(THREADS) {
            let (to, blocks) = sync_channel::<Block>(WAITING);
            let (parsed, from) = sync_channel(WAITING);
            scope.spawn(move || {
                let mut before = Before::default();
                for mut block in blocks {
                    block.parse(roles, has_extras, &mut before);
                    if parsed.send(block).is_err() {
                        return;
                    }
                }
            });
            parsers.to.push(to);
            parsers.from.push(from);
        }
        parsers
    }

    fn is_full(&self) -> bool {
        self.given - self.taken >= WAITING * self.to.len()
    }

    fn give(&mut self, block: Block) {
        // A thread that is gone has panicked: the scope says so when it ends.
        let _ = self.to[self.given % self.to.len()].send(block);
        self.given += 1;
    }

    /// The next block in the order of the file.
    fn take(&mut self) -> Option<Block> {
        let at = self.taken;
        self.taken += 1;
        (at < self.given).then(|| self.from[at % self.from.len()].recv().ok()).flatten()
    }
}

/// Cuts a source into blocks.
struct Cutter<R> {
    source: R,
    longest: usize,
    /// The beginning of a line whose end was not read yet.
    tail: Vec<u8>,
    ended: bool,
}

impl<R: Read> Cutter<R> {
    /// Fills a block with whole lines of about `size` bytes; with none when only the tail is left. Lines that end with CR alone are cut
    /// there. `false`: a line has no end.
    fn cut(&mut self, block: &mut Block, size: usize) -> Result<bool> {
        let Block { bytes, filled, parsed, .. } = block;
        (*filled, *parsed) = (self.tail.len(), 0);
        bytes.resize(bytes.len().max(size).max(*filled), 0);
        bytes[..*filled].copy_from_slice(&self.tail);
        self.tail.clear();
        loop {
            while *filled < bytes.len() && !self.ended {
                let got = self.source.read(&mut bytes[*filled..])?;
                (*filled, self.ended) = (*filled + got, got == 0);
            }
            let read = &bytes[..*filled];
            let is_long = read.len() > self.longest;
            // Behind the last CR of several: what follows is no LF that belongs to it.
            let is_end = |at: &usize| read.get(at + 1).is_some_and(|next| *next != b'\r');
            let cr = || memchr::memrchr_iter(b'\r', read).find(is_end).filter(|_| is_long);
            let whole = match memchr::memrchr(b'\n', read).or_else(cr) {
                Some(end) => end + 1,
                None if self.ended => 0,
                None if is_long => {
                    *filled = 0;
                    return Ok(false);
                }
                None => {
                    bytes.resize(2 * bytes.len(), 0);
                    continue;
                }
            };
            self.tail.extend_from_slice(&read[whole..]);
            *filled = whole;
            return Ok(true);
        }
    }
}

/// Reads all lines after the header, which was line `number`.
pub(super) fn read(reader: &mut Reader, source: impl Read, number: u64) -> Result<()> {
    read_in(reader, source, number, SIZES)
}

fn read_in(reader: &mut Reader, source: impl Read, mut number: u64, sizes: Sizes) -> Result<()> {
    let (roles, has_extras) = (reader.roles.clone(), reader.has_extras);
    let mut cutter = Cutter { source, longest: sizes.line, tail: Vec::new(), ended: false };
    let mut gpus = Gpus::default();
    let mut block = Block::default();
    let mut has_ends = cutter.cut(&mut block, sizes.first)?;
    block.parse(&roles, has_extras, &mut Before::default());
    number = take(reader, &mut gpus, &mut block, number)?;
    if has_ends && !cutter.ended {
        number = thread::scope(|scope| -> Result<u64> {
            let mut parsers = Parsers::start(scope, &roles, has_extras);
            let mut spare = vec![block];
            loop {
                if has_ends && !cutter.ended && !parsers.is_full() {
                    let mut block = spare.pop().unwrap_or_default();
                    has_ends = cutter.cut(&mut block, sizes.block)?;
                    block.gpus = gpus.clone();
                    parsers.give(block);
                } else if let Some(mut block) = parsers.take() {
                    number = take(reader, &mut gpus, &mut block, number)?;
                    spare.push(block);
                } else {
                    return Ok(number);
                }
            }
        })?;
    }
    if !has_ends {
        let said = format!("more than {} bytes without an end", sizes.line);
        return Err(Fault::new("not readable as text", said, "give the log as the tool wrote it").at(number + 1));
    }
    if !cutter.tail.is_empty() {
        slowly(reader, &cutter.tail, number + 1, false)?;
    }
    Ok(())
}

/// Gives the lines of a block to the sink. `number` is that of the line before; comes back as that of the last.
fn take(reader: &mut Reader, gpus: &mut Gpus, block: &mut Block, mut number: u64) -> Result<u64> {
    loop {
        let mut extras = block.extras.iter();
        let mut plain = None;
        for found in &block.lines {
            number += 1;
            let extras = if found.gpu == ODD { None } else { extras.next() };
            if found.gpu != ODD && push(reader, block.gpus.series(found.gpu as usize), found, extras)? {
                plain = Some(found);
                continue;
            }
            see(reader, plain.take().map(|found| block.line(found)));
            let line = block.line(found);
            number = slowly(reader, line, number, true)? + block.empty_lines(found);
            gpus.learn(&reader.roles, line, |name| reader.by_name.get(name).copied());
        }
        see(reader, plain.map(|found| block.line(found)));
        if block.parsed >= block.filled {
            return Ok(number);
        }
        block.parse(&reader.roles, reader.has_extras, &mut Before::default());
    }
}

/// What the table knows of the row before is from a plain one.
fn see(reader: &mut Reader, plain: Option<&[u8]>) {
    if let Some(line) = plain {
        reader.layout.seen(&text(line.rsplit(|b| *b == b',').next().unwrap_or(line)));
    }
}

/// Whether a plain row has an instant: what it has otherwise, the table says.
#[inline]
fn push(reader: &mut Reader, series: Option<usize>, found: &Found, extras: Option<&[f64; EXTRAS]>) -> Result<bool> {
    let Some(t) = reader.sink.wall(found.wall_ns) else { return Ok(false) };
    if let Some(series) = series {
        reader.sink.push(series, t, found.watt, extras)?;
    }
    Ok(true)
}

/// A line that is not like the others. Lines may end with CR alone: the number of the last.
fn slowly(reader: &mut Reader, bytes: &[u8], number: u64, ended: bool) -> Result<u64> {
    let end = bytes.iter().rposition(|b| *b != b'\r').map_or(0, |at| at + 1);
    let ended = ended || end < bytes.len();
    let whole = text(&bytes[..end]);
    let pieces = whole.matches('\r').count() as u64;
    for (i, piece) in (0..).zip(whole.split('\r')) {
        reader.line(Line { number: number + i, text: piece.into(), ended: ended || i < pieces })?;
    }
    Ok(number + pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::power::{
        Options, Source,
        nvidia_smi::{FORMAT, open},
        sink::Sink,
    };
    use proptest::prelude::*;

    /// Everything that an import could tell of a log.
    type Told = (std::result::Result<(), String>, Vec<String>, Vec<(i64, u64)>, Vec<String>, Option<String>);

    /// `sizes`: none goes line by line through the table.
    fn told(text: &[u8], tz: Option<&str>, offset_ms: i64, sizes: Option<Sizes>) -> Told {
        let options = Options {
            tz: tz.map(|tz| tz.parse().unwrap()),
            gpus: vec!["0".into(), "2".into()],
            into: std::env::temp_dir(),
            offset_ms,
            ..Options::default()
        };
        let mut sink = Sink::new(&options);
        sink.begin(0, FORMAT.name);
        let done = open(Source::of(text), &mut sink).and_then(|(mut reader, mut lines)| {
            let number = lines.number();
            match sizes {
                Some(sizes) => read_in(&mut reader, lines.rest(), number, sizes)?,
                None => {
                    while let Some(line) = lines.next()? {
                        reader.line(line)?;
                    }
                }
            }
            reader.finish()
        });
        let done = done.map_err(|fault| fault.to_string());
        let checked = sink.check(&[]).map_err(|fault| fault.to_string());
        let devices =
            sink.known.iter().map(|k| format!("{} {} {:?}", k.sensor.device_id, k.readings, k.last_error)).collect();
        let mut rows = Vec::new();
        sink.see_rows(&mut |t, v| rows.extend(t.iter().zip(v).map(|(t, v)| (*t, v.to_bits()))));
        (done.and(checked), devices, rows, sink.notes.texts(), sink.zoneless.clone())
    }

    fn log(rows: &[(i64, u8, u32, u8)], end: &str, cut: usize) -> String {
        let mut text = format!("timestamp, index, utilization.gpu [%], power.draw [W]{end}");
        for (ms, gpu, watt, odd) in rows {
            let (h, min, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
            let time = format!("2026/05/14 {h:02}:{min:02}:{s:02}.{:03}", ms % 1000);
            text += &match odd {
                0 => format!("{time}, {gpu}, 5 %, [N/A]{end}"),
                1 => format!("{time}, {gpu}{end}"),
                2 => format!("{time}, {gpu}, 5 %, {watt} mW{end}"),
                3 => format!("soon, {gpu}, 5 %, {watt} W{end}"),
                4 => format!("{time}, GPU {gpu}, 5 %, {watt} W{end}"),
                5 => end.to_string(),
                6 => format!("1975/05/14 00:00:00.000, {gpu}, 5 %, {watt} W{end}"),
                7 => format!("\"{time}\", {gpu}, 5 %, {watt} W{end}"),
                8..20 => format!("{time}, {gpu}, {} %, {watt} W{end}", watt % 100),
                20..30 => format!("{time}, {gpu}, {} %, {watt}.0 W{end}", watt % 100),
                _ => format!("{time}, {gpu}, {} %, {watt}.25 W{end}", watt % 100),
            };
        }
        text.truncate(text.len() - cut.min(text.len()));
        text
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// However a log is cut into blocks, it is read as line by line.
        #[test]
        fn blocks_are_read_as_lines(
            rows in proptest::collection::vec((0i64..86_400_000, 0u8..4, 0u32..900, 0u8..60), 1..120),
            end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r"), Just("\r\r"), Just("\r\r\n")], cut in 0usize..7,
            tz in prop_oneof![Just(None), Just(Some("Europe/Berlin"))], far in any::<bool>(),
            first in 1usize..400, block in 1usize..700, line in 100usize..700,
        ) {
            let (text, offset_ms) = (log(&rows, end, cut), if far { 631_152_000_000 } else { 0 });
            let slow = told(text.as_bytes(), tz, offset_ms, None);
            prop_assert_eq!(told(text.as_bytes(), tz, offset_ms, Some(Sizes { first, block, line })), slow);
        }
    }

    /// An hour that clocks skipped is refused with its line, wherever the line lies.
    #[test]
    fn faults_name_the_line_in_the_whole_log() {
        let mut text = log(&(0..3000).map(|i| (i * 20, (i % 3) as u8, 300, 9)).collect::<Vec<_>>(), "\n", 0);
        text += "2026/03/29 02:30:00.000, 0, 1 %, 300 W\n";
        let said = told(text.as_bytes(), Some("Europe/Berlin"), 0, Some(SIZES)).0.unwrap_err();
        assert!(said.contains("3002") && said.contains("skipped"), "{said}");
    }

    #[test]
    fn lines_that_end_with_cr_alone_may_be_many_and_no_line_is_endless() {
        let rows: Vec<_> = (0..60_000).map(|i| (i * 20, (i % 3) as u8, 300, 9)).collect();
        let (cr, lf) = (log(&rows, "\r", 0), log(&rows, "\n", 0));
        assert!(cr.len() > 2 * LONGEST);
        assert_eq!(told(cr.as_bytes(), Some("UTC"), 0, Some(SIZES)), told(lf.as_bytes(), Some("UTC"), 0, Some(SIZES)));
        let endless = log(&rows[..100], "\n", 0) + &"x".repeat(3 * LONGEST);
        let said = told(endless.as_bytes(), Some("UTC"), 0, Some(SIZES)).0.unwrap_err();
        assert!(said.contains("line 102") && said.contains("without an end"), "{said}");
    }

    /// Lines of nothing are parsed in parts.
    #[test]
    fn a_log_of_empty_lines_has_its_rows() {
        let row = |i: usize| format!("2026/05/14 09:00:{:02}.000, 0, 1 %, 300 W\n", i);
        let empty = "\n".repeat(3 * LINES);
        let text = log(&[], "\n", 0) + &row(1) + &empty + &row(2) + "rubbish\n" + &empty + &row(3);
        let quick = told(text.as_bytes(), Some("UTC"), 0, Some(SIZES));
        assert_eq!((quick.2.len(), quick.3.len()), (3, 1), "{quick:?}");
        assert_eq!(quick, told(text.as_bytes(), Some("UTC"), 0, None));
    }
}
