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
    std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot create", folder.display()))?;
    let mut all = serde_json::Map::new();
    for chart in charts {
        let file = folder.join(format!("{}.vl.json", chart.id));
        schemas::io::write_whole(&file, serde_json::to_string_pretty(&chart.spec)?.as_bytes())?;
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
        Ok((c.id.clone(), text))
    };
    charts.iter().map(svg).collect()
}
