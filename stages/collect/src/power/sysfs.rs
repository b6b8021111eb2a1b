//! Files of sysfs that hold one number. They stay open: the kernel makes the text anew for each read at offset zero
//! (Documentation/filesystems/sysfs.rst).

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

/// An open file with a whole number in it.
pub struct Number(File);

impl Number {
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Number(File::open(path)?))
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
    fs::read_to_string(path).ok().map(|t| t.trim().to_string())
}

/// Names in a folder, sorted.
pub fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names: Vec<String> =
        fs::read_dir(folder)?.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

/// A folder of a fake tree, one line a file.
#[cfg(test)]
pub fn folder_of(root: &Path, name: &str, files: &[(&str, &str)]) {
    let folder = root.join(name);
    fs::create_dir_all(&folder).expect("a folder");
    files.iter().for_each(|(name, text)| fs::write(folder.join(name), format!("{text}\n")).expect("a file"));
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
