//! Files as tables. DataFusion takes a path for a pattern or a URL (`run[1]` reads nothing, without a word), so it never sees one:
//! the folder of each file is an object store of its own, and the file's name is encoded.

use crate::{Error, Result};
use datafusion::{
    arrow::datatypes::SchemaRef,
    datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl},
    error::DataFusionError,
    execution::{object_store::ObjectStoreUrl, options::ReadOptions},
    object_store::{self, local::LocalFileSystem},
    prelude::{ParquetReadOptions, SessionContext},
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

/// Registers a Parquet file, or the files `*.parquet` of a folder, as a table with the given columns, or else with the file's own.
pub(crate) async fn register(
    context: &SessionContext,
    name: &str,
    path: &Path,
    schema: Option<SchemaRef>,
) -> Result<()> {
    let place = place(context, path)
        .map_err(|e| Error::Place { path: path.to_path_buf(), cause: e.strip_backtrace().replace('\n', " ") })?;
    let options = listing(context, path.is_dir(), schema.is_some());
    let registered = async {
        let schema = match schema {
            Some(schema) => schema,
            None => options.infer_schema(&context.state(), &place).await?,
        };
        let config = ListingTableConfig::new(place).with_listing_options(options).with_schema(schema);
        context.deregister_table(name)?;
        context.register_table(name, Arc::new(ListingTable::try_new(config)?))
    };
    registered.await.map(drop).map_err(|e| Error::sql(name, &e))
}

/// Contract tables have the columns that the contract says, whatever the file's metadata adds.
fn listing(context: &SessionContext, is_folder: bool, skip_metadata: bool) -> ListingOptions {
    let options = ParquetReadOptions::default().skip_metadata(skip_metadata);
    let listing = options.to_listing_options(&context.copied_config(), context.copied_table_options());
    listing.with_file_extension(if is_folder { ".parquet" } else { "" })
}

/// Where DataFusion finds the file: a store for its folder, and in it the encoded name.
fn place(context: &SessionContext, path: &Path) -> std::result::Result<ListingTableUrl, DataFusionError> {
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

/// Where a file of a table lies on disk; `None` of a store that is none of these.
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
