//! Prints `SCHEMA.md`.
fn main() {
    print!("{}", schemas::document::schema_md());
}
