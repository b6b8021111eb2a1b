//! Files as tables.

use crate::{Error, Result};
use datafusion::{
    arrow::datatypes::SchemaRef,
    datasource::listing::{ListingOptions, ListingTable, ListingTableConfig},
    execution::options::ReadOptions,
    prelude::{CsvReadOptions, ParquetReadOptions, SessionContext},
};
use energy_join::folders::place;
use std::{path::Path, sync::Arc};

/// Registers a Parquet file, or the files `*.parquet` of a folder, as a table with the given columns, or else with the file's own.
pub(crate) async fn register(
    context: &SessionContext,
    name: &str,
    path: &Path,
    schema: Option<SchemaRef>,
) -> Result<()> {
    list(context, name, path, schema.clone(), listing(context, path.is_dir(), schema.is_some())).await
}

/// Registers a CSV file with a header.
pub(crate) async fn register_csv(context: &SessionContext, name: &str, path: &Path) -> Result<()> {
    let options =
        CsvReadOptions::default().to_listing_options(&context.copied_config(), context.copied_table_options());
    list(context, name, path, None, options.with_file_extension("")).await
}

async fn list(
    context: &SessionContext,
    name: &str,
    path: &Path,
    schema: Option<SchemaRef>,
    options: ListingOptions,
) -> Result<()> {
    let place = place(context, path)
        .map_err(|e| Error::Place { path: path.to_path_buf(), cause: e.strip_backtrace().replace('\n', " ") })?;
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
