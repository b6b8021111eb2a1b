//! The Python that draws charts and holds engines, and what it needs from this binary.

use crate::package;
use anyhow::{Context, Result, bail};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What installs the package that draws charts.
const INSTALL: &str = "pip install vl-convert-python==1.9.0.post1";

/// A Python with vl-convert, and the files that it works with.
pub struct Python {
    pub program: PathBuf,
    /// `draw.py`.
    pub script: PathBuf,
    /// Vega for the browser.
    pub bundle: PathBuf,
}

impl Python {
    /// The Python of `--python` or of `TALLYWATT_PYTHON`; else the first with vl-convert of: the one installed beside this binary, the
    /// active virtual environment's, the one on PATH.
    ///
    /// # Errors
    ///
    /// None has vl-convert, or the cache folder cannot be written.
    pub fn find(asked: Option<&Path>) -> Result<Self> {
        let candidates = candidates(asked);
        let Some(program) = candidates.iter().find(|python| has(python, "vl_convert")) else {
            let tried = candidates.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
            bail!(
                "Python: no vl-convert, which draws the charts, in {tried}, run `{INSTALL}` or name another with --python"
            );
        };
        let folder = cache()?;
        let (script, bundle) = (folder.join("draw.py"), folder.join("vega-embed.js"));
        schemas::io::write_whole(&script, package::text("draw.py")?.as_bytes())?;
        if !bundle.exists() {
            make_bundle(program, &script, &bundle)?;
        }
        Ok(Python { program: program.clone(), script, bundle })
    }
}

/// Folder of packages of the Python that engines are installed into: the first that has ONNX Runtime, else the first that there is.
pub fn site_packages() -> Option<PathBuf> {
    let candidates = candidates(None);
    let chosen = candidates.iter().find(|python| has(python, "onnxruntime")).or(candidates.first())?;
    let said =
        Command::new(chosen).args(["-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"]).output().ok()?;
    Some(PathBuf::from(String::from_utf8_lossy(&said.stdout).trim()))
}

/// Pythons in the order in which they are tried.
fn candidates(asked: Option<&Path>) -> Vec<PathBuf> {
    if let Some(python) = asked.map(Path::to_path_buf).or_else(|| env::var_os("TALLYWATT_PYTHON").map(PathBuf::from)) {
        return vec![python];
    }
    let beside = env::current_exe().ok().and_then(|own| Some(own.parent()?.join("python3")));
    let active = env::var_os("VIRTUAL_ENV").map(|folder| PathBuf::from(folder).join("bin/python3"));
    let found = beside.into_iter().chain(active).filter(|python| python.is_file());
    found.chain([PathBuf::from("python3")]).collect()
}

/// Whether a Python can be started and has a package.
fn has(python: &Path, package: &str) -> bool {
    let question = format!("import importlib.util, sys; sys.exit(importlib.util.find_spec('{package}') is None)");
    let mut asked = Command::new(python);
    asked.args(["-c", &question]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}

/// Folder of this version for what can be made again.
pub fn cache() -> Result<PathBuf> {
    let home = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = home.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    let folder = home.unwrap_or_else(env::temp_dir).join("tallywatt").join(env!("CARGO_PKG_VERSION"));
    let hint = "name another folder in XDG_CACHE_HOME";
    fs::create_dir_all(&folder)
        .with_context(|| format!("{}: cannot create the cache folder, {hint}", folder.display()))?;
    Ok(folder)
}

fn make_bundle(python: &Path, script: &Path, bundle: &Path) -> Result<()> {
    let unfinished = tempfile::NamedTempFile::new_in(bundle.parent().unwrap_or(Path::new(".")))?;
    let status = Command::new(python).arg(script).arg("bundle").arg(unfinished.path()).status();
    if !status.as_ref().is_ok_and(std::process::ExitStatus::success) {
        bail!("{}: cannot make the browser's part of the report, {status:?}, run `{INSTALL}`", python.display());
    }
    unfinished.persist(bundle)?;
    Ok(())
}
