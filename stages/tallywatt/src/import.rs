//! `tallywatt import FILE...`: files of any kind, sorted, imported and reported.

use crate::{
    folder,
    stages::{self, Loudness},
};
use anyhow::{Context, Result, bail};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, parser::ValueSource};
use import::Kind;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{BufRead, IsTerminal, Write},
    path::{Path, PathBuf},
};

/// Options that this command decides itself, by their ids in `import`.
const OWN: [&str; 6] = ["paths", "input", "into", "output", "format", "help"];

/// The files, and every option of `import runs`, `power`, `prices` and `grid`: each goes to those that have it.
#[derive(Debug, Clone)]
pub struct Import {
    pub files: Vec<PathBuf>,
    format: Option<String>,
    given: ArgMatches,
}

impl Args for Import {
    fn augment_args(mut command: Command) -> Command {
        command = command
            .arg(
                Arg::new("files")
                    .value_name("FILE")
                    .required(true)
                    .num_args(1..)
                    .value_parser(clap::value_parser!(PathBuf))
                    .help("Results, power logs, price lists and grid tables, as the tools wrote them"),
            )
            .arg(
                Arg::new("format")
                    .long("format")
                    .value_name("NAME")
                    .help("Format of the files that are not recognised"),
            );
        for kind in Kind::ALL {
            for arg in kind.options().get_arguments() {
                let is_known = command.get_arguments().any(|known| known.get_id() == arg.get_id());
                if !is_known && !OWN.contains(&arg.get_id().as_str()) {
                    command = command.arg(arg.clone().required(false).help_heading(section(arg)));
                }
            }
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn has(kind: Kind, arg: &Arg) -> bool {
    kind.options().get_arguments().any(|own| own.get_id() == arg.get_id())
}

/// Where the help lists an option.
fn section(arg: &Arg) -> &'static str {
    match Kind::ALL.map(|kind| has(kind, arg)) {
        [true, true, ..] => "Options for results and power logs",
        [true, ..] => "Options for results",
        [_, true, ..] => "Options for power logs",
        [_, _, true, true] => "Options for price lists and grid tables",
        [_, _, true, _] => "Options for price lists",
        _ => "Options for grid tables",
    }
}

fn heading(kind: Kind) -> &'static str {
    match kind {
        Kind::Runs => "results",
        Kind::Power => "power logs",
        Kind::Prices => "price lists",
        Kind::Grid => "grid tables",
    }
}

impl FromArgMatches for Import {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let files = matches.get_many("files").into_iter().flatten().cloned().collect();
        Ok(Import { files, format: matches.get_one("format").cloned(), given: matches.clone() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Import {
    /// Files by kind, each known before anything is written.
    ///
    /// # Errors
    ///
    /// A file of no known kind, or files without a result among them.
    pub fn sort(&self) -> Result<BTreeMap<Kind, Vec<PathBuf>>> {
        let mut sorted: BTreeMap<Kind, Vec<PathBuf>> = BTreeMap::new();
        for file in &self.files {
            // `--format` is for what is not recognised; elsewhere the beginning of the file decides.
            let kind = Kind::of(file, None).or_else(|fault| match &self.format {
                Some(_) => Kind::of(file, self.format.as_deref()),
                None => Err(fault),
            })?;
            sorted.entry(kind).or_default().push(file.clone());
        }
        Ok(sorted)
    }

    /// Writes tables and lists into a run folder: all of them, or none.
    ///
    /// # Errors
    ///
    /// A folder that holds measured runs, power logs alone for a folder without runs, and whatever `import` refuses.
    pub fn import(&self, run: &Path, loudness: Loudness) -> Result<()> {
        import::refuse_measured_folder(run)?;
        let sorted = self.sort()?;
        if !sorted.contains_key(&Kind::Runs) && !run.join("run.parquet").is_file() {
            let held = sorted.keys().map(|kind| heading(*kind)).collect::<Vec<_>>().join(" and ");
            bail!("import: no results among the files, only {held}, add the file that the benchmark wrote");
        }
        std::fs::create_dir_all(run).with_context(|| format!("{}: cannot create the folder", run.display()))?;
        let staged = tempfile::Builder::new().prefix(".import.").tempdir_in(run)?;
        let folders = (staged.path(), run);
        if !sorted.contains_key(&Kind::Runs) {
            for table in ["session.parquet", "run.parquet"] {
                std::fs::copy(run.join(table), staged.path().join(table))?;
            }
        }
        for (kind, files) in &sorted {
            match kind {
                Kind::Runs | Kind::Power => {
                    let mut words: Vec<OsString> = files.iter().map(|file| plain(file)).collect();
                    words.extend(["--into".into(), staged.path().into()]);
                    self.ask_and_run(*kind, words, folders, loudness)?;
                }
                Kind::Prices | Kind::Grid => {
                    let folder = staged.path().join(folder::imported(kind.command()));
                    std::fs::create_dir_all(&folder)?;
                    for file in files {
                        let output = folder.join(Path::new(file.file_stem().unwrap_or_default())).with_extension("csv");
                        self.ask_and_run(
                            *kind,
                            vec![plain(file), "--output".into(), output.into()],
                            folders,
                            loudness,
                        )?;
                    }
                }
            }
        }
        if sorted.contains_key(&Kind::Runs) {
            folder::forget_imported_price(run)?;
        }
        publish(staged.path(), run)
    }

    /// Runs `import KIND`. On a terminal, a refusal that names an option of it becomes a question.
    fn ask_and_run(
        &self,
        kind: Kind,
        mut words: Vec<OsString>,
        folders: (&Path, &Path),
        loudness: Loudness,
    ) -> Result<()> {
        words.splice(0..0, [OsString::from(kind.command())]);
        words.extend(self.options_of(kind));
        loop {
            let (done, last) = stages::run_staged("import", &words, folders, loudness);
            let Err(failure) = done else { return Ok(()) };
            let is_answerable = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
            let Some(option) =
                named_option(&last, kind).filter(|option| is_answerable && !words.contains(&option.into()))
            else {
                return Err(failure);
            };
            eprint!("{option} (empty to stop): ");
            std::io::stderr().flush()?;
            let mut answer = String::new();
            std::io::stdin().lock().read_line(&mut answer)?;
            if answer.trim().is_empty() {
                return Err(failure);
            }
            words.extend([option.into(), answer.trim().into()]);
        }
    }

    /// What was given of a command's options, as its words.
    fn options_of(&self, kind: Kind) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        for arg in kind.options().get_arguments() {
            let (id, long) = (arg.get_id().as_str(), arg.get_long().map(|long| format!("--{long}")));
            let is_given = |id: &str| self.given.value_source(id) == Some(ValueSource::CommandLine);
            let Some(long) = long.filter(|_| !OWN.contains(&id) && is_given(id)) else { continue };
            if arg.get_action().takes_values() {
                for value in self.given.get_raw(id).into_iter().flatten() {
                    let mut word = OsString::from(format!("{long}="));
                    word.push(value);
                    words.push(word);
                }
            } else {
                words.push(long.into());
            }
        }
        if let Some(name) = self.format.as_ref().filter(|name| kind.formats(None).contains(&name.as_str())) {
            words.push(format!("--format={name}").into());
        }
        words
    }
}

/// Moves files into a folder, where they take the place of those of the same name.
fn publish(from: &Path, into: &Path) -> Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (from, into) = (entry.path(), into.join(entry.file_name()));
        if from.is_dir() {
            std::fs::create_dir_all(&into)?;
            publish(&from, &into)?;
        } else {
            std::fs::rename(&from, &into).with_context(|| format!("{}: cannot be written", into.display()))?;
        }
    }
    Ok(())
}

/// A file's name as a word that is no option.
fn plain(file: &Path) -> OsString {
    if file.as_os_str().as_encoded_bytes().starts_with(b"-") { Path::new(".").join(file).into() } else { file.into() }
}

/// The option of a command that a refusal tells to add, where it names one alone.
fn named_option(refusal: &str, kind: Kind) -> Option<String> {
    let remedy = refusal.rsplit(", ").next()?;
    let command = kind.options();
    let is_known = |word: &&str| {
        let takes = |long: &str| {
            command.get_arguments().any(|arg| arg.get_action().takes_values() && arg.get_long() == Some(long))
        };
        word.strip_prefix("--").is_some_and(takes)
    };
    let words = remedy.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let mut named: Vec<&str> = words.filter(is_known).collect();
    named.dedup();
    match named.as_slice() {
        [option] => Some((*option).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_that_names_one_option_is_a_question() {
        let named = |refusal| named_option(refusal, Kind::Power);
        assert_eq!(
            named("import: x: times without a zone, \"10:00\", name theirs: --tz ZONE").as_deref(),
            Some("--tz")
        );
        assert_eq!(named("import: x: broken, \"1\", say --tz or --decimal"), None);
        assert_eq!(named("import: x: broken, --tz, correct the line"), None);
    }
}
