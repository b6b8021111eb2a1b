//! What is being written: under a random hidden name beside its target, and locked while somebody writes it.
//!
//! The kernel drops a lock with its owner, so what nobody holds is what a killed process left, and the next one takes it away. A
//! process id would not do: in containers that share a folder everyone is process 1.

use std::{
    ffi::OsString,
    fs::{self, File, Permissions},
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};
use tempfile::{Builder, NamedTempFile, TempDir};

/// How such names end: of files and folders that are to be put in place, and of tables that wait on disk.
const ENDINGS: [&str; 2] = [".partial", ".aside"];

/// A folder that goes with its owner.
#[derive(Debug)]
pub struct Folder {
    place: TempDir,
    /// Held, not used.
    _lock: File,
}

impl Folder {
    /// A new folder beside `target`.
    pub fn beside(target: &Path, ending: &str) -> io::Result<Self> {
        sweep(target);
        let (folder, prefix) = (parent(target), prefix(target));
        make(&folder)?;
        loop {
            let place = Builder::new()
                .prefix(&prefix)
                .suffix(ending)
                .permissions(Permissions::from_mode(0o777))
                .tempdir_in(&folder)?;
            let lock = match File::open(place.path()) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                lock => lock?,
            };
            if holds(&lock)? {
                return Ok(Folder { place, _lock: lock });
            }
        }
    }

    pub fn path(&self) -> &Path {
        self.place.path()
    }
}

/// Makes a folder and those above it; their names, too, are to be there after a power cut.
pub fn make(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|at| !at.as_os_str().is_empty() && !at.exists()).collect();
    fs::create_dir_all(folder)?;
    missing.into_iter().rev().try_for_each(|made| File::open(parent(made))?.sync_all())
}

/// Syncs a folder with all that is in it, before its name is put in place.
pub fn sync(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()? {
            kind if kind.is_dir() => sync(&entry.path())?,
            kind if kind.is_file() => File::open(entry.path())?.sync_all()?,
            _ => {}
        }
    }
    File::open(folder)?.sync_all()
}

/// A new file beside `target`, to be renamed to it.
pub fn file(target: &Path) -> io::Result<NamedTempFile> {
    sweep(target);
    loop {
        let made = Builder::new()
            .prefix(&prefix(target))
            .suffix(ENDINGS[0])
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(parent(target))?;
        if holds(made.as_file())? {
            return Ok(made);
        }
    }
}

/// Takes away what killed processes left beside `target`.
pub fn sweep(target: &Path) {
    let prefix = prefix(target);
    for entry in fs::read_dir(parent(target)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let ours = name.as_bytes().starts_with(prefix.as_bytes())
            && ENDINGS.iter().any(|ending| name.as_bytes().ends_with(ending.as_bytes()));
        let Ok(kind) = entry.file_type() else { continue };
        if !ours || !(kind.is_dir() || kind.is_file()) {
            continue;
        }
        // Locked until it is gone: whoever made it just now waits for the lock, and then sees that.
        let left = File::open(entry.path()).ok().filter(|found| found.try_lock().is_ok());
        if left.is_some() {
            let _ = if kind.is_dir() { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
        }
    }
}

/// Locks what was just made. False: somebody swept it away in between. A file system without locks has no sweeping either.
fn holds(made: &File) -> io::Result<bool> {
    let _ = made.lock();
    Ok(made.metadata()?.nlink() > 0)
}

fn prefix(target: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(target.file_name().unwrap_or_default());
    prefix.push(".");
    prefix
}

pub(crate) fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_is_swept_and_what_somebody_holds_stays() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("run.parquet");
        let held = file(&target).unwrap();
        let aside = Folder::beside(&target, ".aside").unwrap();
        // As an earlier build and a killed process left them.
        fs::write(folder.path().join(".run.parquet.1.partial"), "half").unwrap();
        fs::create_dir(folder.path().join(".run.parquet.77.aside")).unwrap();
        fs::write(folder.path().join(".cost.parquet.1.partial"), "another's").unwrap();
        sweep(&target);
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
        let mut wanted =
            vec![held.path().to_path_buf(), aside.path().to_path_buf(), folder.path().join(".cost.parquet.1.partial")];
        left.sort();
        wanted.sort();
        assert_eq!(left, wanted);
        drop((held, aside));
        sweep(&folder.path().join("cost.parquet"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_somebody_has_just_made_is_not_swept() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("run.parquet");
        let many = |_| {
            for _ in 0..300 {
                let aside = Folder::beside(&target, ".aside").unwrap();
                file(&target).unwrap().persist(&target).unwrap();
                fs::write(aside.path().join("part"), "").unwrap();
            }
        };
        std::thread::scope(|threads| {
            let started: Vec<_> = (0..4).map(|i| threads.spawn(move || many(i))).collect();
            started.into_iter().for_each(|thread| thread.join().unwrap());
        });
    }
}
