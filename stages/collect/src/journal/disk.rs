//! Whole lines at the end of a file, whatever becomes of the disk: of a write that failed nothing stays, and its lines are written again.

use anyhow::{Context, Result};
use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    time::{Duration, Instant},
};

/// Lines that are kept while the disk takes none; 64 MiB are an hour of a hundred readings a second.
const WAITING_BYTES: usize = 64 << 20;
/// How long a full disk is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
const AGAIN: Duration = Duration::from_millis(250);

/// A file that is written at its end.
pub trait Disk {
    fn append(&self, bytes: &[u8]) -> io::Result<()>;
    fn cut(&self, length: u64) -> io::Result<()>;
}

impl Disk for File {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        (&*self).write_all(bytes)
    }

    fn cut(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// What was written, and the lines that wait.
#[derive(Debug, Default)]
pub struct Waiting {
    lines: Vec<u8>,
    /// Length of the file up to the last line that was written whole.
    whole: u64,
    is_torn: bool,
    /// When writing was last tried, and whether it failed.
    tried: Option<Instant>,
    is_refused: bool,
}

impl Waiting {
    /// Behind a file of this length.
    pub fn after(whole: u64) -> Self {
        Waiting { whole, tried: Some(Instant::now()), ..Waiting::default() }
    }

    pub fn bytes(&self) -> usize {
        self.lines.len()
    }

    /// Whether so many bytes wait, unless the last write failed, or this much time has passed since it.
    pub fn is_due(&self, bytes: usize, every: Duration) -> bool {
        self.bytes() >= bytes && !self.is_refused || self.tried.is_none_or(|tried| tried.elapsed() >= every)
    }

    /// Keeps whole lines until they are written. False where too many wait already.
    pub fn push(&mut self, lines: &[u8]) -> bool {
        let fits = self.lines.len() + lines.len() <= WAITING_BYTES;
        if fits {
            self.lines.extend_from_slice(lines);
        }
        fits
    }

    /// Writes what waits. After an error the file ends with its last whole line, or is cut there before the next write.
    pub fn write(&mut self, disk: &impl Disk) -> io::Result<()> {
        self.tried = Some(Instant::now());
        let written = self.try_write(disk);
        self.is_refused = written.is_err();
        written
    }

    fn try_write(&mut self, disk: &impl Disk) -> io::Result<()> {
        if self.is_torn {
            disk.cut(self.whole)?;
            self.is_torn = false;
        }
        if let Err(e) = disk.append(&self.lines) {
            self.is_torn = disk.cut(self.whole).is_err();
            return Err(e);
        }
        self.whole += self.lines.len() as u64;
        self.lines.clear();
        Ok(())
    }
}

/// The error of a file that cannot be written, with its name.
pub fn cannot_write(path: &Path, e: &io::Error) -> io::Error {
    io::Error::new(e.kind(), format!("{}: cannot write, {e}, free some space and run again", path.display()))
}

/// Tries for a while; a disk that is full may have room in a moment.
pub fn patiently(path: &Path, write: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    patiently_for(PATIENCE, path, write)
}

fn patiently_for(patience: Duration, path: &Path, mut write: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    let started = Instant::now();
    let mut told = false;
    loop {
        match write() {
            Ok(()) => return Ok(()),
            Err(e) if started.elapsed() >= patience => return Err(cannot_write(path, &e)),
            Err(e) => {
                if !std::mem::replace(&mut told, true) {
                    let seconds = patience.as_secs();
                    eprintln!(
                        "collect: {}: cannot write, {e}, free some space: tried again for {seconds} s",
                        path.display()
                    );
                }
                std::thread::sleep(AGAIN.min(patience));
            }
        }
    }
}

/// What the lock of a journal is taken on, and why the journal can only be read, if so. A folder that is read-only gives its lock file or
/// itself: a lock needs no right to write.
pub fn lockable(folder: &Path) -> Result<(File, Option<io::Error>)> {
    let path = folder.join("lock");
    match File::create(&path) {
        Ok(file) => Ok((file, None)),
        Err(e) if matches!(e.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied) => {
            let file = File::open(&path).or_else(|_| File::open(folder));
            Ok((file.with_context(|| format!("{}: cannot open", folder.display()))?, Some(e)))
        }
        Err(e) => Err(e).with_context(|| format!("{}: cannot create", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::random::SplitMix;
    use std::cell::{Cell, RefCell};

    /// Takes so many bytes and no more.
    #[derive(Default)]
    struct Small {
        bytes: RefCell<Vec<u8>>,
        room: Cell<usize>,
        cuts: Cell<bool>,
    }

    impl Disk for Small {
        fn append(&self, bytes: &[u8]) -> io::Result<()> {
            let taken = bytes.len().min(self.room.get().saturating_sub(self.bytes.borrow().len()));
            self.bytes.borrow_mut().extend_from_slice(&bytes[..taken]);
            if taken == bytes.len() { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
        }

        fn cut(&self, length: u64) -> io::Result<()> {
            if !self.cuts.get() {
                return Err(io::ErrorKind::Other.into());
            }
            self.bytes.borrow_mut().truncate(length as usize);
            Ok(())
        }
    }

    #[test]
    fn a_disk_that_is_full_now_and_then_holds_every_line_once() {
        for seed in 0..200 {
            let mut random = SplitMix::new(seed);
            let disk = Small::default();
            let mut waiting = Waiting::default();
            let mut expected = Vec::new();
            for i in 0..200 {
                let line = format!("{{\"line\":{i},\"text\":\"{}\"}}\n", "x".repeat((random.draw() % 40) as usize));
                expected.extend_from_slice(line.as_bytes());
                assert!(waiting.push(line.as_bytes()));
                disk.room.set(disk.bytes.borrow().len() + (random.draw() % 120) as usize);
                disk.cuts.set(!random.draw().is_multiple_of(4));
                let written = waiting.write(&disk);
                assert!(written.is_ok() || waiting.bytes() > 0);
                if disk.cuts.get() {
                    assert!(disk.bytes.borrow().last().is_none_or(|b| *b == b'\n'), "half a line is left");
                }
            }
            disk.room.set(usize::MAX);
            disk.cuts.set(true);
            waiting.write(&disk).unwrap();
            assert_eq!(*disk.bytes.borrow(), expected, "seed {seed}");
        }
    }

    #[test]
    fn a_full_disk_is_waited_for_and_named() {
        let mut tries = 0;
        let full = || Err(io::ErrorKind::StorageFull.into());
        let after_two = || {
            tries += 1;
            if tries < 3 { full() } else { Ok(()) }
        };
        patiently_for(Duration::from_secs(5), Path::new("j/runs.jsonl"), after_two).unwrap();
        let error = patiently_for(Duration::ZERO, Path::new("j/runs.jsonl"), full).unwrap_err().to_string();
        assert_eq!(error, "j/runs.jsonl: cannot write, no storage space, free some space and run again");
    }

    #[test]
    fn a_folder_that_can_only_be_read_can_be_locked() {
        // Nobody can create files in sysfs, not even root.
        let open = || lockable(Path::new("/sys/kernel")).unwrap();
        let ((first, why), (second, _)) = (open(), open());
        assert!(why.is_some());
        first.lock().unwrap();
        assert!(second.try_lock().is_err());
    }

    #[test]
    fn lines_that_wait_are_bounded() {
        let mut waiting = Waiting::default();
        assert!(waiting.push(&vec![b'x'; WAITING_BYTES]));
        assert!(!waiting.push(b"{}\n"));
    }
}
