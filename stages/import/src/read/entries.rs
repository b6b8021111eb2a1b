//! A JSON object of any size, entry by entry.

use crate::read::sheet::fault;
use anyhow::{Result, anyhow};
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use std::{
    cell::Cell,
    fmt,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
    rc::Rc,
};

/// Counts the lines that serde_json has taken; it asks for one byte at a time.
struct Lines {
    inner: BufReader<File>,
    line: Rc<Cell<u64>>,
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.line.set(self.line.get() + buffer[..read].iter().filter(|b| **b == b'\n').count() as u64);
        Ok(read)
    }
}

type Each<'a> = &'a mut dyn FnMut(u64, &str, &Value) -> Result<()>;

struct Entries<'a> {
    line: Rc<Cell<u64>>,
    each: Each<'a>,
    refused: &'a mut Option<anyhow::Error>,
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object with one entry a name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let line = self.line.get();
            let value = map.next_value::<Value>()?;
            if let Err(refused) = (self.each)(line, &name, &value) {
                *self.refused = Some(refused);
                return Err(A::Error::custom("refused"));
            }
        }
        Ok(())
    }
}

/// Calls `each` with line, name and value of every entry; only one entry is in memory.
pub fn each(path: &Path, each: Each) -> Result<()> {
    let cannot = |e| anyhow!("{}: cannot open, {e}, check that the path exists and may be used", path.display());
    let mut inner = BufReader::new(File::open(path).map_err(cannot)?);
    if inner.fill_buf().map_err(cannot)?.starts_with(b"\xEF\xBB\xBF") {
        inner.consume(3);
    }
    let (line, mut refused) = (Rc::new(Cell::new(1)), None);
    let mut json = serde_json::Deserializer::from_reader(Lines { inner, line: line.clone() });
    let read = json.deserialize_map(Entries { line, each, refused: &mut refused }).and_then(|()| json.end());
    match (read, refused) {
        (_, Some(refused)) => Err(refused),
        (Ok(()), None) => Ok(()),
        (Err(e), None) => {
            let cause = e.to_string();
            let cause = cause.split(" at line ").next().unwrap_or_default();
            Err(fault(path, e.line() as u64, "not readable as JSON", cause, "repair the file or fetch it again"))
        }
    }
}

/// A number of at least 0 in an entry; `None` where it is absent or null. Anything else is refused.
pub fn number(path: &Path, line: u64, name: &str, entry: &Value, field: &str) -> Result<Option<f64>> {
    match entry.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_f64().filter(|v| *v >= 0.0 && v.is_finite()) {
            Some(v) => Ok(Some(v)),
            None => {
                let what = format!("`{field}` of {name} is not a number of at least 0");
                Err(fault(path, line, &what, &value.to_string(), "correct the entry"))
            }
        },
    }
}
