//! The report as HTML and Markdown, from one template. Every value is escaped for its format where it is written.

mod markdown;

use crate::{number::Number, report::Report};
use anyhow::Result;
use minijinja::{AutoEscape, Environment, Output, State, Value, context};
use schemas::terminal::{escaped, escaped_json};
use std::collections::BTreeMap;

const REPORT: &str = include_str!("../templates/report.jinja");
const HTML: &str = include_str!("../templates/html.jinja");
const MARKDOWN: &str = include_str!("../templates/md.jinja");
const STYLE: &str = include_str!("../templates/report.css");
const SCRIPT: &str = concat!(include_str!("../templates/whatif.js"), include_str!("../templates/page.js"));

/// A table with more rows than the first shows as many as the second; its CSV and `report.json` have all.
const WHOLE_ROWS: usize = 60;
const FIRST_ROWS: usize = 12;

fn rows_shown(rows: usize) -> usize {
    if rows > WHOLE_ROWS { FIRST_ROWS } else { rows }
}

/// One page that needs no network: charts are drawn in it, and the bundle makes them answer to the pointer.
pub fn html(report: &Report, svgs: &BTreeMap<String, String>, bundle: &str) -> Result<String> {
    let mut environment = environment(|_| AutoEscape::Html, "html.jinja", HTML)?;
    // Attributes hold queries, which must name things as they are called; what is shown has no character that eyes would obey.
    environment.set_formatter(|out: &mut Output, state: &State, value: &Value| match value.as_str() {
        Some(text) if !value.is_safe() => minijinja::escape_formatter(out, state, &Value::from(escaped(text).as_ref())),
        _ => minijinja::escape_formatter(out, state, value),
    });
    // What would end a script element or start a comment in it (HTML standard, "Restrictions for contents of script elements").
    // In JSON any "<" can be written otherwise; in the bundle only these words may be touched, since "</" also occurs in code.
    let inline = |code: &str| code.replace("</script", "<\\/script").replace("<!--", "<\\!--");
    let (bundle, script) = (inline(bundle), inline(SCRIPT));
    let charts = report.sections.iter().flat_map(|s| &s.charts).map(|c| (c.id.as_str(), &c.spec));
    let specs: BTreeMap<&str, &serde_json::Value> = charts.collect();
    // Scripts run by their hashes alone (CSP level 3), so that markup which got past the escaping would still not run.
    // Vega compiles expressions of the specifications, which hold ours alone: names are data there.
    let policy = format!(
        "default-src 'none'; script-src {} {} 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'",
        hashed(&bundle),
        hashed(&script)
    );
    environment.add_global("policy", Value::from_safe_string(policy));
    environment.add_global("style", Value::from_safe_string(STYLE.into()));
    environment.add_global("bundle", Value::from_safe_string(bundle));
    environment.add_global("script", Value::from_safe_string(script));
    environment.add_global("specs", Value::from_safe_string(json(&specs)?));
    let svgs: BTreeMap<String, Value> =
        svgs.iter().map(|(id, svg)| (id.clone(), Value::from_safe_string(svg.clone()))).collect();
    environment.add_global("svgs", Value::from(svgs));
    let quoted =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    environment.add_filter("as_it_is", move |text: &str| Value::from_safe_string(quoted(text)));
    environment.add_filter("code", |text: &str| Value::from_safe_string(code(text)));
    environment.add_filter("json", |value: Value| {
        json(&value)
            .map(Value::from_safe_string)
            .map_err(|e| minijinja::Error::new(minijinja::ErrorKind::BadSerialization, e.to_string()))
    });
    Ok(environment.get_template("report.jinja")?.render(context! { report, format => "html.jinja" })?)
}

pub fn markdown(report: &Report) -> Result<String> {
    let mut environment = environment(|_| AutoEscape::Custom("markdown"), "md.jinja", MARKDOWN)?;
    environment.set_formatter(|out: &mut Output, _: &State, value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
        if value.is_safe() {
            return Ok(out.write_str(&text)?);
        }
        Ok(out.write_str(&markdown::escaped(&text))?)
    });
    environment.add_filter("prose", |text: &str| Value::from_safe_string(markdown::prose(text)));
    environment.add_filter("sql", |text: &str| Value::from_safe_string(markdown::code_span(text)));
    let text = environment.get_template("report.jinja")?.render(context! { report, format => "md.jinja" })?;
    Ok(escaped(&markdown::tidy(&text)).into_owned())
}

fn environment(
    escape: fn(&str) -> AutoEscape,
    name: &'static str,
    format: &'static str,
) -> Result<Environment<'static>> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(escape);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.add_filter("value", |n: Value| of_number(&n).shown());
    environment.add_filter("interval", |n: Value| of_number(&n).interval().unwrap_or_default());
    environment.add_filter("says", |n: Value| of_number(&n).says());
    environment.add_filter("slug", |text: &str| {
        text.chars().filter(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>()
    });
    environment.add_filter("first_rows", |rows: Vec<Value>| {
        let shown = rows_shown(rows.len());
        rows.into_iter().take(shown).collect::<Vec<_>>()
    });
    environment.add_filter("common_sql", |rows: Vec<Value>| common_sql(&rows));
    environment.add_filter("cut", |rows: Vec<Value>| rows_shown(rows.len()) < rows.len());
    environment.add_template(name, format)?;
    environment.add_template("report.jinja", REPORT)?;
    Ok(environment)
}

/// What the queries of all rows begin with: written once in a table instead of once a row.
fn common_sql(rows: &[Value]) -> String {
    let mut queries = rows.iter().filter_map(|row| Some(row.get_attr("sql").ok()?.as_str()?.to_string()));
    let first = queries.next().unwrap_or_default();
    let same = |a: &str, b: &str| a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    let length = queries.fold(first.chars().count(), |length, query| length.min(same(&first, &query)));
    first.chars().take(length).collect()
}

/// A cell of a column of numbers that holds no number is shown as unknown.
fn of_number(value: &Value) -> Number {
    let float = |key: &str| value.get_attr(key).ok().and_then(|v| f64::try_from(v).ok());
    let text = |key: &str| value.get_attr(key).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default();
    Number {
        value: float("value"),
        low: float("low"),
        high: float("high"),
        level: float("level"),
        n: value.get_attr("n").ok().and_then(|v| i64::try_from(v).ok()),
        method: text("method"),
        evidence: text("evidence"),
        column: text("column"),
    }
}

/// JSON for a script element of another type: no "<" in it.
fn json<T: serde::Serialize>(value: &T) -> serde_json::Result<String> {
    Ok(escaped_json(&serde_json::to_string(value)?).replace('<', "\\u003c"))
}

/// A source of `script-src`: the base64 of the code's SHA-256.
fn hashed(code: &str) -> String {
    let hex = schemas::provenance::sha256_bytes(code.as_bytes());
    let nibble = |c: u8| (c as char).to_digit(16).unwrap_or(0);
    let bits: Vec<u32> = hex.bytes().map(nibble).collect();
    // Three nibbles are two characters of base64 (RFC 4648); 64 nibbles leave one over, which is padded.
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bits.chunks(3) {
        let group = three.iter().fold(0, |sum, n| sum << 4 | n) << (4 * (3 - three.len()));
        let characters = [group >> 6, group & 63];
        characters.iter().take(three.len().min(2)).for_each(|c| out.push(ALPHABET[*c as usize] as char));
    }
    while !out.len().is_multiple_of(4) {
        out.push('=');
    }
    format!("'sha256-{out}'")
}

/// Escaped HTML in which pairs of backticks mark code.
fn code(text: &str) -> String {
    let escaped = escaped(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let parts: Vec<&str> = escaped.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escaped;
    }
    let mark =
        |(i, part): (usize, &&str)| if i % 2 == 1 { format!("<code>{part}</code>") } else { (*part).to_string() };
    parts.iter().enumerate().map(mark).collect()
}

#[cfg(test)]
mod tests;
