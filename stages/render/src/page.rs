//! The report as HTML and Markdown. Every text is escaped by the template engine for its format.

use crate::report::Report;
use anyhow::Result;
use minijinja::{AutoEscape, Environment, Output, State, Value, context};
use std::collections::BTreeMap;

const HTML: &str = include_str!("../templates/report.html");
const MARKDOWN: &str = include_str!("../templates/report.md");

/// One page that needs no network: charts are drawn in it, and the bundle makes them answer to the pointer.
pub fn html(report: &Report, svgs: &BTreeMap<String, String>, bundle: &str) -> Result<String> {
    let mut environment = Environment::new();
    environment.add_filter("code", |text: &str| Value::from_safe_string(code(text)));
    environment.add_template("report.html", HTML)?;
    // What would end a script element or start a comment in it (HTML standard, "Restrictions for contents of script elements").
    // In JSON any "<" can be written otherwise; in the bundle only these words may be touched, since "</" also occurs in code.
    let bundle = bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--");
    let specs: BTreeMap<&str, &serde_json::Value> =
        report.sections.iter().flat_map(|s| &s.charts).map(|c| (c.id.as_str(), &c.spec)).collect();
    Ok(environment.get_template("report.html")?.render(context! {
        report,
        svgs,
        bundle => Value::from_safe_string(bundle),
        specs => Value::from_safe_string(serde_json::to_string(&specs)?.replace('<', "\\u003c")),
    })?)
}

/// Escaped HTML in which pairs of backticks mark code.
fn code(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let parts: Vec<&str> = escaped.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escaped;
    }
    let mark =
        |(i, part): (usize, &&str)| if i % 2 == 1 { format!("<code>{part}</code>") } else { (*part).to_string() };
    parts.iter().enumerate().map(mark).collect()
}

pub fn markdown(report: &Report) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("markdown"));
    environment.set_formatter(|out: &mut Output, _: &State, value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
        Ok(out.write_str(&escape_markdown(&text))?)
    });
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    environment.add_template("report.md", MARKDOWN)?;
    Ok(environment.get_template("report.md")?.render(context! { report })?)
}

/// Text that Markdown (CommonMark 0.31, section 2.4) shows as it is, also within a table's cell. Code spans keep their meaning:
/// our own texts use them, so only a backtick without a partner is escaped.
fn escape_markdown(text: &str) -> String {
    let mut out = String::new();
    let paired = text.matches('`').count().is_multiple_of(2);
    let mut in_code = false;
    for c in text.chars() {
        match c {
            '`' if paired => {
                in_code = !in_code;
                out.push('`');
            }
            '|' => out.push_str("\\|"),
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '\\' | '*' | '_' | '[' | ']' | '#' | '~' | '`' if !in_code => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_text() {
        assert_eq!(escape_markdown("a|b <img src=x> [x](y) *z*"), "a\\|b &lt;img src=x> \\[x\\](y) \\*z\\*");
        assert_eq!(escape_markdown("`on_prem` and a_b"), "`on_prem` and a\\_b");
        assert_eq!(escape_markdown("one ` tick\nline"), "one \\` tick line");
    }

    #[test]
    fn code_is_marked_and_nothing_else_is_markup() {
        assert_eq!(code("a `b<c` & `d`"), "a <code>b&lt;c</code> &amp; <code>d</code>");
        assert_eq!(code("one ` tick <b>"), "one ` tick &lt;b&gt;");
    }

    #[test]
    fn html_escapes_names_and_scripts() {
        let report = Report {
            title: "</title><script>alert(1)</script>".into(),
            headline: vec!["<b>".into()],
            sections: vec![],
        };
        let page = html(&report, &BTreeMap::new(), "var x = '</script>';").unwrap();
        assert!(!page.contains("<script>alert"), "{page}");
        assert!(page.contains("&lt;b&gt;"));
        assert!(page.contains("var x = '<\\/script>';"));
    }
}
