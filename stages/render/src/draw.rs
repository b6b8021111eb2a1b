//! Charts to SVG and PNG, in one call of vl-convert, whose engine starts while the report's numbers are computed.

use crate::charts::Chart;
use anyhow::{Context, Result, bail};
use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A process that draws what it is told of, beside the folder in which it is to be.
pub struct Drawing {
    process: Option<Child>,
    /// Why there is none.
    fault: Option<std::io::Error>,
    python: PathBuf,
    script: PathBuf,
    folder: PathBuf,
    partial: PathBuf,
}

impl Drawing {
    /// Starts it; `finish` tells if it could not be.
    pub fn start(python: &Path, script: &Path, folder: &Path) -> Result<Self> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let partial = folder.with_file_name(format!(".{name}.{}.partial", std::process::id()));
        fs::create_dir_all(&partial).with_context(|| format!("{}: cannot create", partial.display()))?;
        let started = Command::new(python)
            .arg(script)
            .arg("charts")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let (process, fault) = started.map_or_else(|e| (None, Some(e)), |process| (Some(process), None));
        Ok(Self { process, fault, python: python.into(), script: script.into(), folder: folder.into(), partial })
    }

    /// Writes `ID.vl.json`, and has `ID.svg` and `ID.png` drawn.
    pub fn draw(&mut self, chart: &Chart) -> Result<()> {
        let file = self.partial.join(format!("{}.vl.json", chart.id));
        fs::write(&file, serde_json::to_vec_pretty(&chart.spec)?)
            .with_context(|| format!("{}: cannot write", file.display()))?;
        if let Some(stdin) = self.process.as_mut().and_then(|p| p.stdin.as_mut()) {
            // One that has ended already tells why in `finish`.
            let _ = writeln!(stdin, "{}", file.display());
        }
        Ok(())
    }

    /// The SVGs by id, when all are drawn; charts of an earlier report go.
    pub fn finish(mut self, charts: &[Chart]) -> Result<BTreeMap<String, String>> {
        let ended = match (self.process.take(), self.fault.take()) {
            (Some(process), _) => process.wait_with_output(),
            (None, fault) => Err(fault.unwrap_or_else(|| std::io::ErrorKind::NotFound.into())),
        };
        let done =
            ended.with_context(|| format!("{}: cannot start Python, run `make setup`", self.python.display()))?;
        if !done.status.success() {
            let words = String::from_utf8_lossy(&done.stderr);
            let last = words.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("it said nothing");
            bail!("{}: charts not drawn, {last}, run `make setup`", self.script.display());
        }
        let svg = |c: &Chart| {
            let file = self.partial.join(format!("{}.svg", c.id));
            let text = fs::read_to_string(&file).with_context(|| format!("{}: not drawn", file.display()))?;
            Ok((c.id.clone(), slim(&text)))
        };
        let svgs = charts.iter().map(svg).collect::<Result<_>>()?;
        let _ = fs::remove_dir_all(&self.folder);
        fs::rename(&self.partial, &self.folder)
            .with_context(|| format!("{}: cannot be put in place", self.folder.display()))?;
        Ok(svgs)
    }
}

/// A report that came to nothing leaves the charts of the one before it.
impl Drop for Drawing {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.stdin.take());
            let _ = process.wait();
        }
        let _ = fs::remove_dir_all(&self.partial);
    }
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
        // what holds where nothing is said
        " stroke-width=\"1\"",
        " x2=\"0\"",
        " y2=\"0\"",
        " transform=\"translate(0,0)\"",
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
