//! Where the report stands: all of it in one folder, `report`, which is made beside and exchanged in one step, so that a reader finds
//! the old report with its charts or the new one with its own. `report.html` and the others beside it are links into that folder.

use anyhow::{Context, Result};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use schemas::partial::Folder;
use std::{
    fs::{self, File},
    io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

const REPORT: &str = "report";
/// The report before, where two folders cannot be exchanged.
const BEFORE: &str = ".report.before";
/// What is in it, by the names that a reader knows.
const PARTS: [&str; 5] = ["charts", "csv", "report.json", "report.md", "report.html"];

/// A report in the making.
pub struct Place {
    into: PathBuf,
    partial: Folder,
}

impl Place {
    pub fn beside(into: &Path) -> Result<Self> {
        recover(into);
        PARTS.iter().for_each(|part| schemas::partial::sweep(&into.join(part)));
        let partial = Folder::beside(&into.join(REPORT), ".partial")
            .with_context(|| format!("{}: cannot create a folder in it", into.display()))?;
        Ok(Place { into: into.into(), partial })
    }

    pub fn path(&self) -> &Path {
        self.partial.path()
    }

    /// The folder of the charts, which is there.
    pub fn charts(&self) -> Result<PathBuf> {
        let folder = self.path().join("charts");
        fs::create_dir_all(&folder).with_context(|| format!("{}: cannot create", folder.display()))?;
        Ok(folder)
    }

    /// Puts the report in the place of the one before.
    pub fn publish(self) -> Result<()> {
        let failed = || format!("{}: the report cannot be put in place", self.into.join(REPORT).display());
        schemas::partial::sync(self.path()).with_context(failed)?;
        adopt(&self.into).with_context(failed)?;
        exchange(self.path(), &self.into).with_context(failed)?;
        File::open(&self.into).and_then(|folder| folder.sync_all()).with_context(failed)
    }
}

/// A report whose exchange was cut short comes back.
fn recover(into: &Path) {
    let (report, before) = (into.join(REPORT), into.join(BEFORE));
    if before.exists() {
        let _ = if report.exists() { fs::remove_dir_all(&before) } else { fs::rename(&before, &report) };
    }
}

/// Makes the five names links. They go on to show what they showed: files of an earlier build move into a `report` of their own first.
fn adopt(into: &Path) -> io::Result<()> {
    let report = into.join(REPORT);
    let is_plain = |part: &&str| fs::symlink_metadata(into.join(part)).is_ok_and(|found| !found.is_symlink());
    let plain: Vec<&str> = PARTS.into_iter().filter(is_plain).collect();
    if !plain.is_empty() && !report.exists() {
        let earlier = Folder::beside(&report, ".partial")?;
        plain.iter().try_for_each(|part| same(&into.join(part), &earlier.path().join(part)))?;
        fs::rename(earlier.path(), &report)?;
    }
    PARTS.iter().try_for_each(|part| link(into, part))
}

fn link(into: &Path, part: &str) -> io::Result<()> {
    let (name, leads) = (into.join(part), Path::new(REPORT).join(part));
    if fs::read_link(&name).is_ok_and(|there| there == leads) {
        return Ok(());
    }
    let aside = Folder::beside(&name, ".aside")?;
    let new = aside.path().join(part);
    symlink(&leads, &new)?;
    if renameat_with(CWD, &new, CWD, &name, RenameFlags::EXCHANGE).is_ok() {
        return Ok(());
    }
    // Nothing is there, or nothing can be exchanged; a folder does not give way to a link.
    if fs::symlink_metadata(&name).is_ok_and(|found| found.is_dir()) {
        fs::rename(&name, aside.path().join("before"))?;
    }
    fs::rename(&new, &name)
}

/// The same file under another name too, and all of a folder.
fn same(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop));
    }
    fs::create_dir(to)?;
    fs::read_dir(from)?.try_for_each(|entry| {
        let entry = entry?;
        same(&entry.path(), &to.join(entry.file_name()))
    })
}

fn exchange(new: &Path, into: &Path) -> io::Result<()> {
    let report = into.join(REPORT);
    if fs::symlink_metadata(&report).is_err() {
        return fs::rename(new, &report);
    }
    match renameat_with(CWD, new, CWD, &report, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        Err(_) => aside(new, &report, &into.join(BEFORE)),
    }
}

/// For file systems that exchange nothing: between the two steps there is no report, and [`recover`] brings the old one back.
fn aside(new: &Path, report: &Path, before: &Path) -> io::Result<()> {
    let _ = fs::remove_dir_all(before);
    fs::rename(report, before)?;
    if let Err(e) = fs::rename(new, report) {
        let _ = fs::rename(before, report);
        return Err(e);
    }
    let _ = fs::remove_dir_all(before);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(folder: &Path, text: &str) {
        for part in PARTS {
            let path = folder.join(part);
            if part.contains('.') {
                fs::write(path, text).unwrap();
            } else {
                fs::create_dir(&path).unwrap();
                fs::write(path.join("one"), text).unwrap();
            }
        }
    }

    fn made(into: &Path, text: &str) -> Place {
        let place = Place::beside(into).unwrap();
        fill(place.path(), text);
        place
    }

    /// What each of the five names shows.
    fn shown(into: &Path) -> Vec<String> {
        let read = |part: &str| {
            let path = into.join(part);
            fs::read_to_string(if part.contains('.') { path } else { path.join("one") }).unwrap_or_default()
        };
        PARTS.into_iter().map(read).collect()
    }

    #[test]
    fn a_new_report_takes_the_place_of_the_old_whole() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("run");
        for text in ["first", "second"] {
            made(&into, text).publish().unwrap();
            assert_eq!(shown(&into), [text; 5]);
        }
        drop(made(&into, "third"));
        assert_eq!(shown(&into), ["second"; 5]);
        assert_eq!(fs::read_dir(&into).unwrap().count(), 6, "litter");
    }

    #[test]
    fn files_of_an_earlier_build_are_shown_until_the_exchange() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path();
        fill(into, "old");
        adopt(into).unwrap();
        assert_eq!(shown(into), ["old"; 5]);
        assert!(PARTS.iter().all(|part| into.join(part).is_symlink()));
        made(into, "new").publish().unwrap();
        assert_eq!(shown(into), ["new"; 5]);
    }

    #[test]
    fn a_report_put_aside_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path();
        made(into, "old").publish().unwrap();
        fs::rename(into.join(REPORT), into.join(BEFORE)).unwrap();
        let place = made(into, "new");
        assert_eq!(shown(into), ["old"; 5]);
        aside(place.path(), &into.join(REPORT), &into.join(BEFORE)).unwrap();
        assert_eq!(shown(into), ["new"; 5]);
    }
}
