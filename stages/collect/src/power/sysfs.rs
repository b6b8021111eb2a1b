//! Files of sysfs that hold one number. They stay open: the kernel makes the text anew for each read at offset zero
//! (Documentation/filesystems/sysfs.rst).

use super::source::Settings;
use rustix::fs::OFlags;
use schemas::config::Fault;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// More than a file of sysfs has, which is a page.
const BYTES: u64 = 4096;

/// Devices of one kind that a machine may have.
const NAMES: usize = 1024;

/// The table of a source that reads a tree of sysfs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    pub root: PathBuf,
    pub sample_hz: f64,
    pub required: bool,
}

impl Settings for Tree {
    fn required(&self) -> bool {
        self.required
    }

    /// The fault of a tree that is something else; one that is not there is for its source to tell.
    fn fault(&self) -> Option<Fault> {
        let root = &self.root;
        (root.exists() && !root.is_dir()).then(|| Fault::new("root", "root must be a folder", root.display()))
    }
}

/// Opens a plain file. What is something else (a FIFO without a writer, a device) is refused and not waited for.
pub fn open(path: &Path) -> io::Result<File> {
    let file = File::options().read(true).custom_flags(OFlags::NONBLOCK.bits() as i32).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("not a plain file")),
    }
}

/// An open file with a whole number in it.
pub struct Number(File);

impl Number {
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Number(open(path)?))
    }

    /// Opens one that can be read now.
    pub fn open_read(path: &Path) -> io::Result<Self> {
        let number = Number::open(path)?;
        number.read().map(|_| number)
    }

    pub fn read(&self) -> io::Result<i64> {
        let mut text = [0; 32];
        let length = self.0.read_at(&mut text, 0)?;
        let text = str::from_utf8(&text[..length]).unwrap_or("no text").trim();
        text.parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("not a whole number, \"{text}\"")))
    }
}

/// The text of a file, or nothing where there is none.
pub fn text(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    open(path).ok()?.take(BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).trim().to_string())
}

/// Names in a folder, sorted. Each may become files that stay open.
pub fn names(folder: &Path) -> io::Result<Vec<String>> {
    let names = fs::read_dir(folder)?.flatten().map(|e| e.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.take(NAMES + 1).collect();
    if names.len() > NAMES {
        return Err(io::Error::other(format!("more than {NAMES} devices, which no machine has")));
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
pub use tests::folder_of;

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of a fake tree, one line a file.
    pub fn folder_of(root: &Path, name: &str, files: &[(&str, &str)]) {
        let folder = root.join(name);
        fs::create_dir_all(&folder).expect("a folder");
        files.iter().for_each(|(name, text)| fs::write(folder.join(name), format!("{text}\n")).expect("a file"));
    }

    #[test]
    fn a_number_is_read_again_from_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("energy_uj");
        fs::write(&path, "262143328850\n").unwrap();
        let number = Number::open(&path).unwrap();
        assert_eq!(number.read().unwrap(), 262_143_328_850);
        fs::write(&path, "-7\n").unwrap();
        assert_eq!(number.read().unwrap(), -7);
        fs::write(&path, "N/A\n").unwrap();
        assert_eq!(number.read().unwrap_err().to_string(), "not a whole number, \"N/A\"");
    }

    #[test]
    fn what_is_no_plain_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("energy_uj");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
        let zero = folder.path().join("name");
        std::os::unix::fs::symlink("/dev/zero", &zero).unwrap();
        for path in [&fifo, &zero] {
            assert_eq!(Number::open(path).err().unwrap().to_string(), "not a plain file");
            assert_eq!(text(path), None);
        }
        fs::write(folder.path().join("long"), "x".repeat(1 << 20)).unwrap();
        assert_eq!(text(&folder.path().join("long")).unwrap().len(), 4096);
    }
}
