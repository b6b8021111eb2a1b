//! Where files lie. DataFusion takes a path for a pattern or a URL (`run[1]` reads nothing, without a word), so it never sees one:
//! the folder of each file is an object store of its own, and the file's name is encoded.

use datafusion::{
    datasource::listing::ListingTableUrl,
    error::Result,
    execution::object_store::ObjectStoreUrl,
    object_store::{self, local::LocalFileSystem},
    prelude::SessionContext,
};
use std::{
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// A store's URL is this and its number.
const SCHEME: &str = "folder://";

/// Folders that tables were registered from.
static STORES: Mutex<Vec<Arc<LocalFileSystem>>> = Mutex::new(Vec::new());

/// Where DataFusion finds the file: a store for its folder, and in it the encoded name.
pub fn place(context: &SessionContext, path: &Path) -> Result<ListingTableUrl> {
    let (folder, name) = match (path.is_dir(), path.parent(), path.file_name()) {
        (true, _, _) | (_, _, None) => (path, &[][..]),
        (false, Some(folder), Some(name)) if !folder.as_os_str().is_empty() => (folder, name.as_bytes()),
        (false, _, Some(name)) => (Path::new("."), name.as_bytes()),
    };
    let store = Arc::new(LocalFileSystem::new_with_prefix(folder)?);
    let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
    let url = ListingTableUrl::parse(format!("{SCHEME}{}/{}", stores.len(), encoded(name)))?;
    stores.push(store.clone());
    context.register_object_store(url.object_store().as_ref(), store);
    Ok(url)
}

/// Where a file of a table lies on disk; `None` for stores that [`place`] did not make.
pub(crate) fn local(store: &ObjectStoreUrl, location: &object_store::path::Path) -> Option<PathBuf> {
    let number: usize = store.as_str().strip_prefix(SCHEME)?.trim_end_matches('/').parse().ok()?;
    let stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
    stores.get(number)?.path_to_filesystem(location).ok()
}

/// Every byte that could mean something in a URL or a pattern as `%XX` (RFC 3986, 2.1).
fn encoded(name: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => char::from(*byte).to_string(),
        other => format!("%{other:02X}"),
    };
    name.iter().map(one).collect()
}
