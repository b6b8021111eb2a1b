//! JSON as benchmarks leave it: several documents in one file, words of a log between the lines, bare NaN and Infinity, an end that is
//! missing because the benchmark was killed.
//!
//! Entries of a list at the top are given one by one, like documents of their own, so that what is whole survives what is not.

use super::fault::{Fault, Notes, Result, quoted};
pub use super::value::{Value, amount};

/// Keys whose values are long and not looked at.
const PASSED_OVER: &[&str] = &["itls", "generated_texts", "input_texts"];
const DEEPEST: usize = 64;
const NOISE: &str = "not JSON, passed over";
const BROKEN: &str = "a line that is not readable as JSON, left out";
const CUT: &str = "the file ends inside an entry (a killed run?), the entry is left out";

/// What stopped the reading of a value.
enum Stop {
    /// The file ended.
    End,
    /// What stands here does not belong here.
    Strange,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: u64,
    /// Where the line began.
    began: usize,
    /// Inside a value that is not kept.
    idle: bool,
    /// Words between the values are refused.
    strict: bool,
    notes: &'a mut Notes,
}

/// Calls `each` with every whole entry and the line that it begins in; how many there were. Something must be whole.
pub fn entries(
    text: &str,
    notes: &mut Notes,
    each: &mut dyn FnMut(u64, Value, &mut Notes) -> Result<()>,
) -> Result<usize> {
    let mut reader = Reader { text, at: 0, line: 1, began: 0, idle: false, strict: false, notes };
    let mut found = 0;
    let mut listed = false;
    let (mut cut, mut broken) = (None, None);
    while let Some(byte) = reader.peek() {
        let (at, line) = (reader.at, reader.line);
        match byte {
            b',' | b']' if listed => {
                listed = byte == b',';
                reader.at += 1;
            }
            b'[' if !listed => {
                reader.at += 1;
                listed = matches!(reader.peek(), Some(b'{' | b']') | None);
                if !listed {
                    (reader.at, reader.line) = (at, line);
                    reader.skip_line();
                }
            }
            b'{' => match reader.value(0) {
                Ok(value) => {
                    found += 1;
                    each(line, value, reader.notes)?;
                }
                Err(Stop::End) => {
                    cut = Some(line);
                    break;
                }
                // Of lines of JSON one may be broken. Of a document that spans lines nobody knows where it ends.
                Err(Stop::Strange) if reader.line == line && reader.is_followed_by_entry() => {
                    broken.get_or_insert_with(|| reader.strange());
                    reader.notes.line(line, BROKEN);
                    reader.at += reader.rest_of_line().len();
                }
                Err(Stop::Strange) => return Err(reader.strange()),
            },
            _ => reader.skip_line(),
        }
    }
    if let (0, Some(fault)) = (found, broken) {
        return Err(fault);
    }
    match cut {
        Some(line) if found == 0 => {
            let lines = text.lines().count();
            Err(Fault::new(
                "truncated JSON, no entry is whole",
                format!("{lines} lines"),
                "run the benchmark to its end",
            )
            .at(line))
        }
        Some(line) => {
            notes.line(line, CUT);
            Ok(found)
        }
        None => Ok(found),
    }
}

/// Calls `each` with line, name and value of every entry of the one object that a text is.
pub fn fields(text: &str, each: &mut dyn FnMut(u64, &str, &Value) -> Result<()>) -> Result<()> {
    let mut notes = Notes::default();
    let mut reader = Reader { text, at: 0, line: 1, began: 0, idle: false, strict: true, notes: &mut notes };
    if reader.peek() != Some(b'{') {
        return Err(reader.strange());
    }
    reader.at += 1;
    let mut first = true;
    loop {
        match reader.field(&mut first, 0) {
            Ok(Some((line, name, value))) => each(line, &name, &value)?,
            Ok(None) if reader.peek().is_none() => return Ok(()),
            Ok(None) | Err(Stop::Strange) => return Err(reader.strange()),
            Err(Stop::End) => {
                let (what, value) = ("not readable as JSON", "the file ends inside an entry");
                return Err(Fault::new(what, value, "fetch it again").at(reader.line));
            }
        }
    }
}

impl Reader<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not blank.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte()? {
                b'\n' => {
                    self.at += 1;
                    (self.line, self.began) = (self.line + 1, self.at);
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    fn rest_of_line(&self) -> &str {
        let rest = &self.text[self.at..];
        rest.split('\n').next().unwrap_or(rest)
    }

    /// Whether the line began with the entry and whole ones may follow it: lines of JSON.
    fn is_followed_by_entry(&self) -> bool {
        let mut lines = self.text[self.began..].split('\n');
        let is_entry = |line: Option<&str>| line.is_none_or(|l| l.trim().is_empty() || l.trim_start().starts_with('{'));
        lines.next().is_some_and(|l| l.trim_start().starts_with('{')) && is_entry(lines.next())
    }

    fn skip_line(&mut self) {
        self.notes.line(self.line, NOISE);
        self.at += self.rest_of_line().len();
    }

    /// The next byte that can stand here; lines that a log wrote in between are passed over.
    fn expect(&mut self, allowed: &dyn Fn(u8) -> bool) -> Result<u8, Stop> {
        loop {
            let byte = self.peek().ok_or(Stop::End)?;
            if allowed(byte) {
                return Ok(byte);
            }
            let first = self.text[self.began..self.at].trim().is_empty();
            if self.strict || !first || self.rest_of_line().contains("\":") {
                return Err(Stop::Strange);
            }
            self.skip_line();
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Stop> {
        let begins =
            |b: u8| matches!(b, b'{' | b'[' | b'"' | b'-' | b'+') || b.is_ascii_digit() || b"tfnNIi".contains(&b);
        match self.expect(&begins)? {
            _ if depth > DEEPEST => Err(Stop::Strange),
            b'{' => self.map(depth),
            b'[' => self.list(depth),
            b'"' => Ok(Value::Text(self.string()?)),
            _ => self.word(),
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, Stop> {
        self.at += 1;
        let (mut pairs, mut first) = (Vec::new(), true);
        while let Some((_, key, value)) = self.field(&mut first, depth)? {
            if !self.idle && !PASSED_OVER.contains(&key.as_str()) {
                pairs.push((key, value));
            }
        }
        Ok(Value::Map(pairs))
    }

    /// The next entry of an object that was begun, with its line; `None` at the end of the object.
    fn field(&mut self, first: &mut bool, depth: usize) -> Result<Option<(u64, String, Value)>, Stop> {
        let goes_on = if std::mem::take(first) { b'"' } else { b',' };
        let next = self.expect(&|b| b == goes_on || b == b'}')?;
        self.at += usize::from(next != b'"');
        if next == b'}' {
            return Ok(None);
        }
        self.expect(&|b| b == b'"')?;
        let (line, key) = (self.line, self.string()?);
        self.expect(&|b| b == b':')?;
        self.at += 1;
        let before = self.idle;
        self.idle = before || PASSED_OVER.contains(&key.as_str());
        let value = self.value(depth + 1);
        self.idle = before;
        Ok(Some((line, key, value?)))
    }

    fn list(&mut self, depth: usize) -> Result<Value, Stop> {
        self.at += 1;
        let mut values = Vec::new();
        if self.peek().ok_or(Stop::End)? == b']' {
            self.at += 1;
            return Ok(Value::List(values));
        }
        loop {
            let value = self.value(depth + 1)?;
            if !self.idle {
                values.push(value);
            }
            let next = self.expect(&|b| matches!(b, b',' | b']'))?;
            self.at += 1;
            if next == b']' {
                return Ok(Value::List(values));
            }
        }
    }

    fn string(&mut self) -> Result<String, Stop> {
        let (mut text, mut from) = (String::new(), self.at + 1);
        let mut at = from;
        loop {
            match self.text.as_bytes().get(at).ok_or(Stop::End)? {
                b'"' => break,
                b'\n' => return Err(Stop::Strange),
                b'\\' => {
                    text.push_str(&self.text[from..at]);
                    let (character, length) = escape(&self.text[at..])?;
                    text.push(character);
                    at += length;
                    from = at;
                }
                _ => at += 1,
            }
        }
        text.push_str(&self.text[from..at]);
        self.at = at + 1;
        Ok(text)
    }

    /// A number, or one of the words.
    fn word(&mut self) -> Result<Value, Stop> {
        let rest = &self.text[self.at..];
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))).unwrap_or(rest.len());
        let word = &rest[..end];
        if end == rest.len() {
            return Err(Stop::End);
        }
        let value = match word.to_ascii_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" | "none" => Value::Null,
            "nan" | "-nan" | "+nan" => Value::NotFinite(f64::NAN),
            "infinity" | "inf" | "+inf" | "+infinity" => Value::NotFinite(f64::INFINITY),
            "-infinity" | "-inf" => Value::NotFinite(f64::NEG_INFINITY),
            lower => match (lower.parse::<i64>(), lower.parse::<f64>()) {
                (Ok(n), _) => Value::Int(n),
                (_, Ok(n)) if n.is_finite() => Value::Number(n),
                _ => return Err(Stop::Strange),
            },
        };
        self.at += end;
        Ok(value)
    }

    fn strange(&self) -> Fault {
        let rest = self.rest_of_line();
        Fault::new("not readable as JSON", quoted(rest.trim_end()), "repair the line or run the benchmark again")
            .at(self.line)
    }
}

/// The character of an escape and its length in bytes; half a pair of surrogates is the replacement character.
fn escape(text: &str) -> Result<(char, usize), Stop> {
    let unit = |at: usize| text.get(at..at + 4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    Ok(match text.as_bytes().get(1).ok_or(Stop::End)? {
        b'n' => ('\n', 2),
        b't' => ('\t', 2),
        b'r' => ('\r', 2),
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'u' => {
            let high = unit(2).ok_or(if text.len() < 6 { Stop::End } else { Stop::Strange })?;
            let low =
                text.get(6..8).filter(|t| *t == "\\u").and_then(|_| unit(8)).filter(|l| (0xDC00..0xE000).contains(l));
            match (high, low) {
                (0xD800..0xDC00, Some(low)) => {
                    let point = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                    (char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
                }
                _ => (char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
            }
        }
        other if b"\"\\/".contains(other) => (char::from(*other), 2),
        _ => return Err(Stop::Strange),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = (Vec<(u64, Value)>, Vec<String>);

    fn read(text: &str) -> Result<Read> {
        let (mut notes, mut found) = (Notes::default(), Vec::new());
        let count = entries(text, &mut notes, &mut |line, value, _| {
            found.push((line, value));
            Ok(())
        })?;
        assert_eq!(count, found.len());
        Ok((found, notes.texts()))
    }

    fn lines(text: &str) -> (Vec<u64>, Vec<String>) {
        let (found, notes) = read(text).unwrap();
        (found.into_iter().map(|(line, _)| line).collect(), notes)
    }

    #[test]
    fn documents_lists_and_lines() {
        assert_eq!(lines("{}"), (vec![1], vec![]));
        assert_eq!(lines("{\"a\": 1}\n{\"a\": 2}"), (vec![1, 2], vec![]));
        assert_eq!(lines("[\n{\"a\": 1},\n {\"a\":\n2}\n]\n[]\n{}"), (vec![2, 3, 7], vec![]));
        let (found, _) = read("{\"a\": [1, 2.5, \"x\\u00e9\\ud83d\\ude00\\n\", null, true], \"itls\": [[1]]}").unwrap();
        let list =
            vec![Value::Int(1), Value::Number(2.5), Value::Text("xé😀\n".into()), Value::Null, Value::Bool(true)];
        assert_eq!(found[0].1, Value::Map(vec![("a".into(), Value::List(list))]));
    }

    #[test]
    fn numbers_that_json_does_not_have() {
        let (found, _) =
            read("{\"a\": Infinity, \"b\": -inf, \"c\": NaN, \"d\": \"NaN Infinity\", \"e\": \"1,024.5\"}").unwrap();
        let value = &found[0].1;
        assert_eq!(value.get("a"), Some(&Value::NotFinite(f64::INFINITY)));
        assert_eq!(value.get("b"), Some(&Value::NotFinite(f64::NEG_INFINITY)));
        assert!(matches!(value.get("c"), Some(Value::NotFinite(n)) if n.is_nan()));
        assert_eq!((value.number("a"), value.number("c"), value.text("d")), (None, None, Some("NaN Infinity")));
        assert_eq!(value.number("e"), Some(1024.5));
    }

    #[test]
    fn words_of_a_log_are_passed_over_with_their_lines() {
        let (found, notes) = lines("init: 1 device\n[INFO] on\n[\n {\"a\":\n 1,\nwarning: slow\n\"b\": 2}\n]\nbye");
        assert_eq!((found, notes), (vec![4], vec!["not JSON, passed over: 4, first lines 1, 2, 6, 9".into()]));
        // A line of the entry that was damaged is no word of a log.
        assert_eq!(
            read("{\"a\": 1,\n n_gen\": 128,\n\"b\": 2}").unwrap_err().to_string(),
            ": line 2: not readable as JSON, \"n_gen\": 128,\", repair the line or run the benchmark again"
        );
        assert!(read("{\"a\": 1, word \"b\": 2}").is_err());
    }

    #[test]
    fn a_broken_line_costs_itself() {
        let (found, notes) = lines("{\"a\": 1}\n{\"a\": 2, \"b\": }\n{\"a\": 3}\n");
        assert_eq!(
            (found, notes),
            (vec![1, 3], vec!["a line that is not readable as JSON, left out: 1, first line 2".into()])
        );
        // Nothing is left: the first fault is told.
        assert!(read("{\"a\": }\n").unwrap_err().to_string().starts_with(": line 1: not readable as JSON"));
    }

    #[test]
    fn an_end_that_is_missing() {
        let (found, notes) = lines("[{\"a\": 1},\n{\"a\": 2},\n{\"a\": 3, \"b");
        assert_eq!((found.len(), notes.len()), (2, 1));
        assert!(notes[0].ends_with("the entry is left out: 1, first line 3"), "{notes:?}");
        let fault = read("[\n{\"a\": 3").unwrap_err().to_string();
        assert_eq!(fault, ": line 2: truncated JSON, no entry is whole, 2 lines, run the benchmark to its end");
        assert!(read(&"{\"a\":[".repeat(100_000)).is_err());
        assert_eq!(read("words\n").unwrap().0, []);
    }

    #[test]
    fn entries_of_one_object_and_nothing_else() {
        let names = |text: &str| {
            let mut names = Vec::new();
            let done = fields(text, &mut |line, name, _| {
                names.push((line, name.to_string()));
                Ok(())
            });
            done.map(|()| names).map_err(|fault| fault.to_string())
        };
        assert_eq!(names("{\n\"a\": {},\n \"a\": [1]}\n"), Ok(vec![(2, "a".into()), (3, "a".into())]));
        assert_eq!(names("{}"), Ok(vec![]));
        let strange = |text| names(text).unwrap_err();
        assert!(strange("{\"a\": 1}\nwords").starts_with(": line 2: not readable as JSON, \"words\""));
        assert!(strange("{\nwords\n\"a\": 1}").starts_with(": line 2: not readable as JSON, \"words\""));
        assert!(strange("[]").starts_with(": line 1: not readable as JSON, \"[]\""));
        assert_eq!(
            strange("{\"a\": 1,"),
            ": line 1: not readable as JSON, the file ends inside an entry, fetch it again"
        );
    }
}
