//! Charts to SVG and PNG, in one call of vl-convert.

use crate::charts::Chart;
use anyhow::{Context, Result, bail};
use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Stdio},
};

/// Writes `ID.vl.json`, `ID.svg` and `ID.png` of every chart into `folder` and returns the SVGs by id.
pub fn draw(charts: &[Chart], python: &Path, script: &Path, folder: &Path) -> Result<BTreeMap<String, String>> {
    // Charts of an earlier report are of other numbers.
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot create", folder.display()))?;
    let mut all = serde_json::Map::new();
    for chart in charts {
        let file = folder.join(format!("{}.vl.json", chart.id));
        std::fs::write(&file, serde_json::to_vec_pretty(&chart.spec)?)
            .with_context(|| format!("{}: cannot write", file.display()))?;
        all.insert(chart.id.clone(), chart.spec.clone());
    }
    let specs = folder.join(".specs.json");
    schemas::io::write_whole(&specs, &serde_json::to_vec(&all)?)?;
    let done = Command::new(python)
        .arg(script)
        .arg("charts")
        .args([&specs, folder])
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{}: cannot start Python, run `make setup`", python.display()))?;
    let _ = std::fs::remove_file(&specs);
    if !done.status.success() {
        let words = String::from_utf8_lossy(&done.stderr);
        let last = words.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("it said nothing");
        bail!("{}: charts not drawn, {last}, run `make setup`", script.display());
    }
    let svg = |c: &Chart| {
        let file = folder.join(format!("{}.svg", c.id));
        let text = std::fs::read_to_string(&file).with_context(|| format!("{}: not drawn", file.display()))?;
        Ok((c.id.clone(), slim(&text)))
    };
    charts.iter().map(svg).collect()
}

/// An SVG as a part of a page that says in words what it shows: without what Vega says of every mark.
fn slim(svg: &str) -> String {
    const ATTRIBUTES: &[&str] = &[
        " aria-label=\"",
        " aria-roledescription=\"",
        " aria-hidden=\"",
        " role=\"",
        " pointer-events=\"",
        " xmlns:xlink=\"",
    ];
    let mut out = String::with_capacity(svg.len());
    let mut rest = svg;
    while let Some(start) = rest.find(" ") {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        // Vega writes a quote in a value as an entity, so the next one ends it.
        let known = ATTRIBUTES.iter().find(|a| rest.starts_with(**a));
        match known.and_then(|a| Some(a.len() + rest[a.len()..].find('"')? + 1)) {
            Some(length) => rest = &rest[length..],
            None => {
                out.push(' ');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    // What the page's style says, and what nobody sees.
    let rest = [
        "<path class=\"foreground\" d=\"\" display=\"none\"/>",
        "<path class=\"background\" d=\"M0,0h0v0h0Z\"/>",
        " font-family=\"sans-serif\"",
        " opacity=\"1\"",
        " stroke-miterlimit=\"10\"",
    ];
    two_decimals(&rest.iter().fold(out, |svg, part| svg.replace(part, "")))
}

/// Numbers within tags with two decimals: a hundredth of a pixel. Texts keep theirs.
fn two_decimals(svg: &str) -> String {
    let (mut out, mut in_tag, mut decimals) = (String::with_capacity(svg.len()), false, None);
    for c in svg.chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ => {}
        }
        decimals = match (c, decimals) {
            ('.', None) if in_tag => Some(0),
            ('0'..='9', Some(n)) => Some(n + 1),
            _ => None,
        };
        if decimals.is_none_or(|n| n <= 2) {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slim_takes_attributes_and_leaves_texts() {
        let svg = "<g class=\"a\" role=\"graphics-symbol\" aria-label=\"x: &quot;y\"><text fill=\"#000\">a &lt;b> role=</text></g>";
        assert_eq!(slim(svg), "<g class=\"a\"><text fill=\"#000\">a &lt;b> role=</text></g>");
        let numbers = "<path d=\"M1.23456,2h-.5001e-3\"><text>1.23456</text>";
        assert_eq!(slim(numbers), "<path d=\"M1.23,2h-.50e-3\"><text>1.23456</text>");
        let open = "<text>say role=\"never closed</text>";
        assert_eq!(slim(open), open);
    }
}
