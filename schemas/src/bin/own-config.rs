//! `own-config PIPELINE` prints all that holds with a `pipeline.toml`, as TOML.
//!
//! `own-config PIPELINE FOLDER [--without NAME]... [--] [FILE OR FOLDER...]` writes each stage's own table of it to FOLDER/STAGE.toml,
//! and the files that costs come from to FOLDER/derive-costs.inputs. Only what changed is touched: this is how make knows whom a
//! change concerns.

use schemas::{Error, inputs, layers, own_config, terminal};
use std::{
    env,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

fn main() -> ExitCode {
    schemas::limits::ignore_file_size_signal();
    let mut arguments = env::args_os().skip(1);
    let Some(pipeline) = arguments.next() else {
        eprintln!("own-config: no PIPELINE, 0 arguments, name a pipeline.toml");
        return ExitCode::from(2);
    };
    let folder = arguments.next();
    let (mut paths, mut without) = (Vec::new(), Vec::new());
    while let Some(argument) = arguments.next() {
        if argument == "--without" {
            without.extend(arguments.next().map(|name| name.to_string_lossy().into_owned()));
        } else if argument != "--" {
            paths.push(PathBuf::from(argument));
        }
    }
    let pipeline = Path::new(&pipeline);
    let done = match &folder {
        Some(folder) => write(pipeline, Path::new(folder), &paths, &without),
        None => print(pipeline),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("own-config: {}", terminal::escaped(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// As TOML; a reader that goes away has seen enough.
fn print(pipeline: &Path) -> Result<(), Error> {
    let _ = write!(io::stdout(), "{}", layers::effective(pipeline)?);
    Ok(())
}

fn write(pipeline: &Path, folder: &Path, paths: &[PathBuf], without: &[String]) -> Result<(), Error> {
    own_config::split(pipeline, folder)?;
    own_config::list(&inputs::files(paths, without)?, &folder.join("derive-costs.inputs"))
}
