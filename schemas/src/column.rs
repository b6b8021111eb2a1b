//! One column of a contract.

use arrow::{
    compute::kernels::cast_utils::Parser,
    datatypes::{DataType, Date32Type, Field},
};
use std::sync::Arc;

/// What a cell may hold. Times are `Int` (UTC nanoseconds, names ending in `_ns`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    Text,
    /// A day, YYYY-MM-DD, as text.
    Date,
    /// Text from a closed list.
    Choice(&'static [&'static str]),
    Int,
    Float,
    Bool,
    /// Several numbers of one unit, in order.
    Floats,
    /// Several texts, in order.
    Texts,
}

impl Kind {
    pub fn arrow(self) -> DataType {
        let list = |item| DataType::List(Arc::new(Field::new("item", item, true)));
        match self {
            Kind::Text | Kind::Date | Kind::Choice(_) => DataType::Utf8,
            Kind::Int => DataType::Int64,
            Kind::Float => DataType::Float64,
            Kind::Bool => DataType::Boolean,
            Kind::Floats => list(DataType::Float64),
            Kind::Texts => list(DataType::Utf8),
        }
    }
}

/// A column: name (ending in its unit), kind, bounds, and when it may be absent.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    pub doc: &'static str,
    /// `Some(when)` if the value may be absent, saying when. Absent is null, never zero.
    pub null: Option<&'static str>,
    /// Smallest number allowed.
    pub at_least: Option<f64>,
}

impl Column {
    const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Column { name, kind, doc, null: None, at_least: None }
    }

    pub const fn or_null(self, when: &'static str) -> Self {
        Column { null: Some(when), ..self }
    }

    pub const fn at_least(self, bound: f64) -> Self {
        Column { at_least: Some(bound), ..self }
    }

    pub fn field(&self) -> Field {
        Field::new(self.name, self.kind.arrow(), self.null.is_some())
    }
}

pub const fn text(name: &'static str, doc: &'static str) -> Column {
    Column::new(name, Kind::Text, doc)
}
pub const fn date(name: &'static str, doc: &'static str) -> Column {
    Column::new(name, Kind::Date, doc)
}
pub const fn choice(name: &'static str, of: &'static [&'static str], doc: &'static str) -> Column {
    Column::new(name, Kind::Choice(of), doc)
}
pub const fn int(name: &'static str, doc: &'static str) -> Column {
    Column::new(name, Kind::Int, doc)
}
/// A whole number that counts something: never negative.
pub const fn count(name: &'static str, doc: &'static str) -> Column {
    int(name, doc).at_least(0.0)
}
pub const fn float(name: &'static str, doc: &'static str) -> Column {
    Column::new(name, Kind::Float, doc)
}
pub const fn boolean(name: &'static str, doc: &'static str) -> Column {
    Column::new(name, Kind::Bool, doc)
}
pub const fn floats(name: &'static str, doc: &'static str) -> Column {
    Column::new(name, Kind::Floats, doc)
}
pub const fn texts(name: &'static str, doc: &'static str) -> Column {
    Column::new(name, Kind::Texts, doc)
}

/// Whether a text is a day of the Gregorian calendar, written YYYY-MM-DD.
pub fn is_date(text: &str) -> bool {
    let day = Date32Type::parse(text).and_then(Date32Type::to_naive_date_opt);
    // Other ways of writing one are read, too.
    text.len() == 10 && day.is_some_and(|day| day.to_string() == text)
}
