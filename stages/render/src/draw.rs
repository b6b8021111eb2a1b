//! Charts to SVG and PNG, in one call of vl-convert, whose engine starts while the report's numbers are computed.

use crate::charts::Chart;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// What the processes that draw say, until they have drawn all.
const SAID: &str = ".said";
/// A chart takes tenths of a second: when none came for so long, none will.
const PATIENCE: Duration = Duration::from_secs(120);

/// Processes that draw what they are told of, in a folder that is there. They are a group of their own, which ends with this.
pub struct Drawing {
    process: Option<Child>,
    /// Why there is none.
    fault: Option<std::io::Error>,
    python: PathBuf,
    script: PathBuf,
    folder: PathBuf,
}

impl Drawing {
    /// Starts them; `finish` tells if that could not be.
    pub fn start(python: &Path, script: &Path, folder: &Path) -> Result<Self> {
        let said = folder.join(SAID);
        // A file and no pipe: a child that outlives its parent would hold a pipe open.
        let errors = File::create(&said).with_context(|| format!("{}: cannot create", said.display()))?;
        let started = Command::new(python)
            .arg(script)
            .arg("charts")
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(errors)
            .process_group(0)
            .spawn();
        let (process, fault) = started.map_or_else(|e| (None, Some(e)), |process| (Some(process), None));
        Ok(Self { process, fault, python: python.into(), script: script.into(), folder: folder.into() })
    }

    /// Writes `ID.vl.json`, and has `ID.svg` and `ID.png` drawn.
    pub fn draw(&mut self, chart: &Chart) -> Result<()> {
        let name = format!("{}.vl.json", chart.id);
        schemas::io::write_whole(&self.folder.join(&name), &serde_json::to_vec_pretty(&chart.spec)?)?;
        if let Some(stdin) = self.process.as_mut().and_then(|p| p.stdin.as_mut()) {
            // One that has ended already tells why in `finish`.
            let _ = writeln!(stdin, "{name}");
        }
        Ok(())
    }

    /// The SVGs by id, when all are drawn.
    pub fn finish(mut self, charts: &[Chart]) -> Result<BTreeMap<String, String>> {
        let Some(mut process) = self.process.take() else {
            let fault = self.fault.take().unwrap_or_else(|| std::io::ErrorKind::NotFound.into());
            let remedy = match fault.kind() {
                std::io::ErrorKind::NotFound => schemas::error::setup(),
                _ => schemas::error::remedy(&fault.to_string()).into(),
            };
            bail!("{}: cannot start Python, {fault}, {remedy}", self.python.display());
        };
        drop(process.stdin.take());
        let ended = self.wait(&mut process);
        end(&mut process);
        let status = ended?;
        let said = fs::read_to_string(self.folder.join(SAID)).unwrap_or_default();
        if !status.success() {
            let last = said.lines().rfind(|l| !l.trim().is_empty()).map_or_else(|| format!("{status}"), str::to_string);
            bail!("{}: charts not drawn, {last}, {}", self.script.display(), remedy(&said, &last));
        }
        let _ = fs::remove_file(self.folder.join(SAID));
        let svg = |c: &Chart| {
            let file = self.folder.join(format!("{}.svg", c.id));
            let text = fs::read_to_string(&file).with_context(|| format!("{}: not drawn", file.display()))?;
            Ok((c.id.clone(), slim(&text)))
        };
        charts.iter().map(svg).collect()
    }

    /// Waits for the first process alone, and as long as charts come.
    fn wait(&self, process: &mut Child) -> Result<ExitStatus> {
        let (mut drawn, mut since) = (0, Instant::now());
        loop {
            if let Some(status) = process.try_wait().context("cannot wait for the process that draws")? {
                return Ok(status);
            }
            let now = fs::read_dir(&self.folder).map_or(0, Iterator::count);
            if now != drawn {
                (drawn, since) = (now, Instant::now());
            }
            if since.elapsed() > PATIENCE {
                let seconds = PATIENCE.as_secs();
                bail!("{}: charts not drawn, no chart for {seconds} s, run it again", self.script.display());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Ends a process and all that it started.
fn end(process: &mut Child) {
    if let Some(group) = i32::try_from(process.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = process.wait();
}

/// What helps when charts were not drawn: what was said decides.
fn remedy(said: &str, last: &str) -> String {
    match () {
        () if said.contains("No module named") || said.contains("can't open file") => schemas::error::setup(),
        () if said.contains("[Errno 28]") => "free space on that disk and run it again".into(),
        () if said.contains("[Errno 24]") => "raise the limit of open files (`ulimit -n`) and run it again".into(),
        () if last.contains("-9") || last.contains("signal: 9") || said.contains("MemoryError") => {
            "it was killed or had no memory: free memory and run it again".into()
        }
        () => format!("run it again; if the engine is broken, {}", schemas::error::setup()),
    }
}

/// A report that came to nothing leaves nobody drawing.
impl Drop for Drawing {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            end(&mut process);
        }
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
