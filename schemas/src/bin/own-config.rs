//! `own-config PIPELINE FOLDER [--without NAME]... [--] [FILE OR FOLDER...]`: writes each stage's own table of a `pipeline.toml` to
//! FOLDER/STAGE.toml, and the files that costs come from to FOLDER/derive-costs.inputs. Only what changed is touched: this is how
//! make knows whom a change concerns.

use schemas::{Error, inputs, own_config, terminal};
use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

fn main() -> ExitCode {
    schemas::limits::ignore_file_size_signal();
    let mut arguments = env::args_os().skip(1);
    let (Some(pipeline), Some(folder)) = (arguments.next(), arguments.next()) else {
        eprintln!("own-config: no PIPELINE and FOLDER, 0 or 1 arguments, call it through make");
        return ExitCode::from(2);
    };
    let (mut paths, mut without) = (Vec::new(), Vec::new());
    while let Some(argument) = arguments.next() {
        if argument == "--without" {
            without.extend(arguments.next().map(|name| name.to_string_lossy().into_owned()));
        } else if argument != "--" {
            paths.push(PathBuf::from(argument));
        }
    }
    match write(Path::new(&pipeline), Path::new(&folder), &paths, &without) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("own-config: {}", terminal::escaped(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

fn write(pipeline: &Path, folder: &Path, paths: &[PathBuf], without: &[String]) -> Result<(), Error> {
    own_config::split(pipeline, folder)?;
    own_config::list(&inputs::files(paths, without)?, &folder.join("derive-costs.inputs"))
}
