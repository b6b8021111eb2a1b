//! Hostile names, in every format.

use super::*;
use crate::{
    answer::Answer,
    report::{Section, VERSION},
    table::{Cell, Column, Row, Table},
};

const HOSTILE: &str =
    "</script><script>alert(1)</script><img src=x onerror=alert(2)> a|b `c` [x](javascript:alert(3)) \" ' {{ 7 * 7 }}";

fn report() -> Report {
    let number = Number { value: Some(1.0), method: HOSTILE.into(), evidence: HOSTILE.into(), ..Number::default() };
    let table = Table {
        id: "t".into(),
        caption: HOSTILE.into(),
        note: HOSTILE.into(),
        method: HOSTILE.into(),
        columns: vec![Column { label: HOSTILE.into(), number: false }, Column { label: HOSTILE.into(), number: true }],
        known: true,
        sourced: true,
        rows: vec![Row {
            cells: vec![Cell::Text(HOSTILE.into()), Cell::Number(number)],
            evidence: HOSTILE.into(),
            method: HOSTILE.into(),
            sql: format!("values ('{HOSTILE}')"),
        }],
    };
    let section = Section {
        id: "s".into(),
        title: HOSTILE.into(),
        texts: vec![HOSTILE.into()],
        list: vec![HOSTILE.into()],
        tables: vec![table],
        ..Section::default()
    };
    let answer = Answer { sentence: HOSTILE.into(), lines: vec![HOSTILE.into()], ..Answer::default() };
    Report { version: VERSION, title: HOSTILE.into(), answer, sections: vec![section] }
}

#[test]
fn html_holds_no_markup_of_a_name() {
    let page = html(&report(), &BTreeMap::new(), "var x = '</script>';").unwrap();
    for tag in ["<img", "<script>alert", "onerror=alert(2)>"] {
        let plain = page.matches(tag).count();
        assert_eq!(plain, 0, "{tag}");
    }
    assert_eq!(page.matches("<script").count(), 3, "specs, bundle, page");
    assert!(page.contains("var x = '<\\/script>';"));
    assert!(page.contains("{{ 7 * 7 }}"), "names are no templates");
}

#[test]
fn markdown_holds_no_markup_of_a_name() {
    let page = markdown(&report()).unwrap();
    let outside: String =
        page.lines().filter(|l| !l.contains("Source of its first row")).collect::<Vec<_>>().join("\n");
    assert!(!outside.contains('<'), "{outside}");
    assert!(!outside.contains("[x]("), "{outside}");
    let row = page.lines().find(|l| l.starts_with("| &lt;") && l.contains("| 1")).unwrap();
    assert_eq!(row.replace("\\|", "").matches('|').count(), 4, "{row}");
}

#[test]
fn scripts_run_by_hash_alone() {
    // printf '' | openssl dgst -sha256 -binary | base64
    assert_eq!(hashed(""), "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
    let page = html(&report(), &BTreeMap::new(), "1").unwrap();
    let policy = page.split("Content-Security-Policy\" content=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(!policy.contains("script-src 'unsafe-inline'") && policy.contains(&hashed("1")), "{policy}");
}

#[test]
fn code_is_marked_and_nothing_else_is_markup() {
    assert_eq!(code("a `b<c` & `d`"), "a <code>b&lt;c</code> &amp; <code>d</code>");
    assert_eq!(code("one ` tick <b>"), "one ` tick &lt;b&gt;");
    assert_eq!(markdown::prose("`on_prem` and a_b"), "`on_prem` and a\\_b");
    assert_eq!(markdown::prose("one ` tick\nline"), "one \\` tick line");
    assert_eq!(markdown::code_span("a `` b"), "``` a `` b ```");
}

#[test]
fn json_in_a_script_element_cannot_end_it() {
    assert_eq!(json(&"</script><!--").unwrap(), "\"\\u003c/script>\\u003c!--\"");
}
