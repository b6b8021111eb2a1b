//! The other files of an import, for results that a client wrote into several: the beginning of each is read once for each kind.

use crate::read::{
    fault::{Fault, Notes, Result},
    json::{self, Value},
    source::Source,
};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    rc::Rc,
};

/// Whether a text begins as files of a kind do.
type Kind = fn(&str) -> bool;

/// The files of each kind, by their folders, and objects that were read from them.
#[derive(Default)]
pub struct Neighbours {
    kinds: HashMap<usize, HashMap<PathBuf, Rc<[PathBuf]>>>,
    objects: HashMap<PathBuf, Rc<Value>>,
    /// Files whose beginning was read, repetitions included.
    #[cfg(test)]
    pub heads_read: usize,
}

fn folder(path: &Path) -> PathBuf {
    Path::new(".").join(path.parent().unwrap_or(Path::new("")))
}

/// The files that begin as those of a kind do. What cannot be read is refused when it is its turn.
fn by_folder(paths: &[PathBuf], is_one: Kind) -> HashMap<PathBuf, Rc<[PathBuf]>> {
    let mut found: HashMap<PathBuf, Vec<PathBuf>> = HashMap::new();
    for path in paths.iter().filter(|path| Source::file(path).head().is_ok_and(|head| is_one(&head))) {
        found.entry(folder(path)).or_default().push(path.clone());
    }
    found.into_iter().map(|(folder, paths)| (folder, paths.into())).collect()
}

impl Neighbours {
    /// The files of a kind in the folder of this one, in the order of the import; it may be among them.
    pub fn of(&mut self, path: &Path, paths: &[PathBuf], is_one: Kind) -> Rc<[PathBuf]> {
        let folders = self.kinds.entry(is_one as usize).or_insert_with(|| {
            #[cfg(test)]
            (self.heads_read += paths.len());
            by_folder(paths, is_one)
        });
        folders.get(&folder(path)).cloned().unwrap_or_default()
    }

    /// The first object of a file.
    pub fn object(&mut self, path: &Path, notes: &mut Notes) -> Result<Rc<Value>> {
        if let Some(known) = self.objects.get(path) {
            return Ok(known.clone());
        }
        let named = |fault: Fault| fault.of(path);
        let text = Source::file(path).text().map_err(named)?;
        let mut first = None;
        json::entries(&text, notes, &mut |_, value, _| {
            first.get_or_insert(value);
            Ok(())
        })
        .map_err(named)?;
        let none = || Fault::new("no JSON object in it", "nothing", "give the file as the client wrote it").at(1);
        let object = Rc::new(first.ok_or_else(|| named(none()))?);
        self.objects.insert(path.to_path_buf(), object.clone());
        Ok(object)
    }
}
