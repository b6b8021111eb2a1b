//! The ways in which others write their files, and how a file finds the one that reads it.

use super::{
    fault::{Fault, Result, quoted},
    fields::split_header,
    source::Source,
};
use clap::builder::PossibleValuesParser;

/// One way in which files are written; its reader gives a sink `S` what it finds.
pub struct Format<S> {
    pub name: &'static str,
    /// For the help: what it is.
    pub about: &'static str,
    /// Whether a file that begins like this is one, and none of another format.
    pub recognises: fn(&str) -> bool,
    pub read: fn(Source, &mut S) -> Result<()>,
}

/// Declares the modules of formats and lists them.
macro_rules! formats {
    ($sink:ty: $($module:ident),+ $(,)?) => {
        $(mod $module;)+
        /// Every format that there is.
        pub const ALL: &[crate::read::format::Format<$sink>] = &[$($module::FORMAT),+];
    };
}
pub(crate) use formats;

/// What `--format` takes.
pub fn names<S>(all: &'static [Format<S>]) -> PossibleValuesParser {
    PossibleValuesParser::new(all.iter().map(|f| f.name))
}

/// The end of the help: what is read.
pub fn help<S>(all: &[Format<S>]) -> String {
    let line = |f: &Format<S>| format!("\n  {:<18} {}", f.name, f.about);
    format!("Formats, described in docs/imports.md:{}", all.iter().map(line).collect::<String>())
}

/// Whether a file begins with a header that has these names, whatever separates them.
pub fn has_names(head: &str, names: &[&str]) -> bool {
    let line = head.lines().next().unwrap_or_default();
    split_header(line, None, &|header| names.iter().all(|name| header.iter().any(|h| h == name))).is_some()
}

/// The format that was asked for, or the only one that knows the beginning of the file.
pub fn of<S>(source: Source, asked: Option<&str>, all: &'static [Format<S>]) -> Result<&'static Format<S>> {
    let head = source.head()?;
    if head.trim_matches(|c: char| c.is_whitespace() || c == '\0').is_empty() {
        return Err(Fault::new("empty file", format!("{} bytes", head.len()), "give the file as the tool wrote it"));
    }
    if let Some(format) = asked.and_then(|name| all.iter().find(|f| f.name == name)) {
        return Ok(format);
    }
    let names =
        |formats: &[&Format<S>], between: &str| formats.iter().map(|f| f.name).collect::<Vec<_>>().join(between);
    match all.iter().filter(|f| (f.recognises)(&head)).collect::<Vec<_>>().as_slice() {
        [one] => Ok(one),
        [] => {
            let first = head.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
            let known = names(&all.iter().collect::<Vec<_>>(), ", ");
            Err(Fault::new("not recognised", quoted(first), format!("say which it is with --format, one of {known}"))
                .at(1))
        }
        several => {
            let remedy = format!("say which it is: --format {}", names(several, " or --format "));
            Err(Fault::new("more than one format begins like this", names(several, ", "), remedy))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begins_with(head: &str, with: char) -> bool {
        head.starts_with(with)
    }

    const fn format(name: &'static str, recognises: fn(&str) -> bool) -> Format<()> {
        Format { name, about: "", recognises, read: |_, _| Ok(()) }
    }

    const ALL: &[Format<()>] = &[
        format("a", |head| begins_with(head, 'a')),
        format("b", |head| begins_with(head, 'b')),
        format("ab", |head| head.starts_with("ab")),
    ];

    #[test]
    fn two_formats_that_know_a_file_are_a_question() {
        let of = |text: &str, asked| of(Source::of(text.as_bytes()), asked, ALL).map(|f| f.name);
        assert_eq!((of("bx", None), of("ab", Some("ab")), of("x", Some("b"))), (Ok("b"), Ok("ab"), Ok("b")));
        let refusal = |text| of(text, None).unwrap_err().to_string();
        assert_eq!(
            refusal("ab"),
            ": more than one format begins like this, a, ab, say which it is: --format a or --format ab"
        );
        assert_eq!(
            refusal("\n x\n"),
            ": line 1: not recognised, \" x\", say which it is with --format, one of a, b, ab"
        );
        assert_eq!(refusal(" \0"), ": empty file, 2 bytes, give the file as the tool wrote it");
    }

    fn known<S>(all: &[Format<S>], head: &str) -> Vec<&'static str> {
        all.iter().filter(|f| (f.recognises)(head)).map(|f| f.name).collect()
    }

    /// Of all pairs of a case's file and a format of any command.
    #[test]
    fn each_case_is_of_one_format() {
        let mut found = std::collections::BTreeSet::new();
        for (path, bytes) in crate::read::fuzz::fixtures().into_iter().filter(|(_, bytes)| !bytes.is_empty()) {
            let head = Source::of(&bytes).head().unwrap();
            let names = [
                known(crate::runs::ALL, &head),
                known(crate::power::ALL, &head),
                known(crate::prices::ALL, &head),
                known(crate::grid::ALL, &head),
            ];
            let names = names.concat();
            assert_eq!(names.len(), 1, "{}: {names:?}", path.display());
            found.extend(names);
        }
        assert!(found.len() > 25, "{found:?}");
    }
}
