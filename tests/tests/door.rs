//! `tallywatt` as somebody meets it who has nothing but the installed program.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::RwLock,
    time::{Instant, SystemTime},
};
use tests::{Ran, binary, make, root, run};

const VLLM: &str = "tests/fixtures/cases/08-vllm-bench-serve-json-with-power";

/// `make dist` builds the program again, in its place: nobody may start it meanwhile.
static IN_PLACE: RwLock<()> = RwLock::new(());

/// The program in a folder, with the Python of `make setup`.
fn tallywatt(folder: &Path, words: &[&str]) -> Ran {
    let _in_place = IN_PLACE.read();
    run(Command::new(binary("tallywatt"))
        .args(words)
        .current_dir(folder)
        .env("TALLYWATT_PYTHON", root().join(".venv/bin/python"))
        .env("XDG_CACHE_HOME", folder.join(".cache")))
}

/// A folder with a result and its power log, whose names have spaces.
fn with_files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(root().join(VLLM).join("input.json"), folder.path().join("my vllm.json")).unwrap();
    fs::copy(root().join(VLLM).join("power.csv"), folder.path().join("gpu.csv")).unwrap();
    folder
}

/// Every file below a folder but the cache, with its bytes and its time.
fn files(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().flatten().filter(|e| e.file_name() != ".cache") {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            let changed = entry.metadata().unwrap().modified().unwrap();
            found.insert(entry.path(), (fs::read(entry.path()).unwrap(), changed));
        }
    }
    found
}

/// Names of the commands that the help lists.
fn commands() -> Vec<String> {
    let help = tallywatt(&root(), &["--help"]).ok().out;
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    list.lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_string)
        .collect()
}

#[test]
fn every_command_explains_itself_with_an_example() {
    let commands = commands();
    assert!(commands.len() >= 12, "{commands:?}");
    for command in commands {
        let help = tallywatt(&root(), &[&command, "--help"]).ok().out;
        assert!(help.contains("Example") && help.contains(&format!("tallywatt {command} ")), "{command}: {help}");
    }
}

#[test]
fn every_example_parses() {
    let top = tallywatt(&root(), &["--help"]).out;
    let helps = commands().into_iter().map(|command| tallywatt(&root(), &[&command, "--help"]).out);
    let examples: Vec<String> = std::iter::once(top)
        .chain(helps)
        .flat_map(|help| help.lines().filter(|l| l.starts_with("  tallywatt ")).map(str::to_string).collect::<Vec<_>>())
        .collect();
    assert!(examples.len() > 12, "{examples:?}");
    examples.iter().for_each(|example| assert_parses(example));
}

/// That a command line is one of `tallywatt`, which an option that is added breaks. What comes behind ` > `, ` && ` or two blanks is the
/// shell's, or says what it does.
pub fn assert_parses(line: &str) {
    let ends = ["  ", " > ", " && "];
    let line = ends.iter().fold(line.trim_start(), |line, end| line.split(end).next().unwrap());
    let mut words: Vec<&str> = Vec::new();
    for (at, part) in line.split('"').enumerate() {
        if at % 2 == 1 { words.push(part) } else { words.extend(part.split_whitespace()) }
    }
    words.push("--no-such-option");
    let ran = tallywatt(&root(), &words[1..]);
    assert!(ran.code == Some(2) && ran.err.contains("'--no-such-option'"), "{line}: {}", ran.err);
}

#[test]
fn files_are_recognised_and_end_in_a_report() {
    let folder = with_files();
    let ran = tallywatt(folder.path(), &["import", "gpu.csv", "my vllm.json", "--tz", "UTC"]).ok();
    assert!(ran.out.contains("\nReport: data/run/report.html\n"), "{}", ran.out);
    assert!(ran.out.contains("1M output tokens with vllm cost $"), "{}", ran.out);
    let said = format!("{}{}", ran.out, ran.err);
    assert!(!said.contains('\u{1b}') && !said.contains(".import."), "{said}");
    assert!(folder.path().join("data/run/report.html").is_file());
    assert_eq!(
        fs::read_dir(folder.path().join("data/run"))
            .unwrap()
            .flatten()
            .filter(|e| e.file_name().to_string_lossy().starts_with(".import"))
            .count(),
        0
    );
    let rows = tallywatt(folder.path(), &["query", "--format", "csv", "select count(*) as n from run"]).ok().out;
    assert_eq!(rows, "n\n1\n");

    // Another tariff, and an own price of one row: nothing is imported or measured again.
    let run = fs::read(folder.path().join("data/run/run.parquet")).unwrap();
    fs::write(
        folder.path().join("mine.csv"),
        "provider,region,instance,tier,accelerator,accelerator_count,usd_per_hour,includes_power,source,retrieved_on\n\
         acme,eu,box,on_demand,example-gpu,2,1.50,true,my contract,2026-11-28\n",
    )
    .unwrap();
    let ran = tallywatt(folder.path(), &["reprice", "data/run", "--prices", "mine.csv"]).ok();
    assert!(ran.out.contains("acme"), "{}\n{}", ran.out, ran.err);
    assert_eq!(fs::read(folder.path().join("data/run/run.parquet")).unwrap(), run);

    let ran = tallywatt(folder.path(), &["-q", "report"]).ok();
    assert_eq!((ran.out, ran.err), (String::new(), String::new()));
}

#[test]
fn an_import_that_is_refused_leaves_the_run_as_it_was() {
    let folder = with_files();
    tallywatt(folder.path(), &["-q", "import", "my vllm.json", "gpu.csv", "--tz=UTC"]).ok();
    let before = files(folder.path());
    let half = fs::read_to_string(folder.path().join("gpu.csv")).unwrap().replace("09:14", "19:14");
    fs::write(folder.path().join("gpu.csv"), &half).unwrap();
    let ran = tallywatt(folder.path(), &["import", "my vllm.json", "gpu.csv", "--tz=UTC"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.lines().last().unwrap().starts_with("import: gpu.csv: "), "{}", ran.err);
    fs::write(folder.path().join("gpu.csv"), &before[&folder.path().join("gpu.csv")].0).unwrap();
    let contents = |files: BTreeMap<PathBuf, (Vec<u8>, SystemTime)>| {
        files.into_iter().map(|(path, (bytes, _))| (path, bytes)).collect::<BTreeMap<_, _>>()
    };
    assert!(contents(files(folder.path())) == contents(before));
}

#[test]
fn what_cannot_be_imported_is_refused_with_what_to_do() {
    let folder = with_files();
    let refusal = |words: &[&str]| {
        let ran = tallywatt(folder.path(), words);
        assert_eq!(ran.code, Some(1), "{}", ran.out);
        ran.err
    };
    assert_eq!(
        refusal(&["import", "gpu.csv"]),
        "tallywatt: import: no results among the files, only power logs, add the file that the benchmark wrote\n"
    );
    assert_eq!(
        refusal(&["import", "none.csv"]),
        "tallywatt: none.csv: cannot be read, No such file or directory (os error 2), check that the path exists and may be used\n"
    );
    fs::write(folder.path().join("notes.txt"), "hello\n").unwrap();
    let said = refusal(&["import", "notes.txt"]);
    assert!(
        said.starts_with(
            "tallywatt: notes.txt: line 1: not recognised, \"hello\", say which it is with --format, one of "
        ),
        "{said}"
    );
    assert_eq!(
        refusal(&["report"]),
        "tallywatt: data/run: no runs here, run.parquet is missing, name a run folder, or make one with `tallywatt measure`, \
         `tallywatt import FILE` or `tallywatt demo`\n"
    );
    assert!(!folder.path().join("data").exists());
    let said = tallywatt(folder.path(), &["report", "--python", "/bin/false"]).err;
    assert_eq!(
        said,
        "tallywatt: Python: no vl-convert, which draws the charts, in /bin/false, run `pip install vl-convert-python==1.9.0.post1` \
         or name another with --python\n"
    );
    for words in [&["impotr"][..], &["import"], &["import", "gpu.csv", "--tzz", "UTC"]] {
        let ran = tallywatt(folder.path(), words);
        assert_eq!(ran.code, Some(2), "{}", ran.err);
        assert!(!ran.err.contains('\u{1b}'));
    }
    assert!(tallywatt(folder.path(), &["impotr"]).err.contains("a similar subcommand exists: 'import'"));
}

#[test]
fn the_demonstration_needs_neither_model_nor_network() {
    let folder = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let ran = tallywatt(folder.path(), &["demo"]).ok();
    println!("demo: {:.1} s", started.elapsed().as_secs_f64());
    assert!(ran.out.contains("Report: tallywatt-demo/report.html\n"), "{}", ran.out);
    // Again in place of itself, and never in place of another run.
    tallywatt(folder.path(), &["-q", "demo"]).ok();
    fs::create_dir(folder.path().join("mine")).unwrap();
    fs::copy(folder.path().join("tallywatt-demo/run.parquet"), folder.path().join("mine/run.parquet")).unwrap();
    let ran = tallywatt(folder.path(), &["demo", "--run", "mine"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.err, "tallywatt: mine: holds another run, run.parquet, name another folder with --run\n");
}

#[test]
fn a_new_project_measures_and_prices_by_make() {
    let folder = tempfile::tempdir().unwrap();
    tallywatt(folder.path(), &["init", "bench"]).ok();
    let project = folder.path().join("bench");
    for file in ["Makefile", "pipeline.toml", "import.toml", "data/inputs/prices/own.csv", "data/inputs/grid/home.csv"]
    {
        assert!(project.join(file).is_file(), "{file}");
    }
    let ran = tallywatt(folder.path(), &["init", "bench"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.starts_with("tallywatt: bench: the folder is not empty, \""), "{}", ran.err);

    let before = files(&project);
    let doctor = tallywatt(&project, &["doctor"]);
    assert!(doctor.out.contains("onnxruntime-cpu"), "{}{}", doctor.out, doctor.err);
    assert!(files(&project) == before, "doctor changed something");

    // A matrix of two backends, one scenario and two repetitions.
    let short = fs::read_to_string(root().join("tests/fixtures/short.toml")).unwrap();
    fs::write(project.join("pipeline.toml"), short).unwrap();
    let make = |words: &[&str]| {
        let _in_place = IN_PLACE.read();
        run(Command::new("make")
            .args(words)
            .arg(format!("TALLYWATT={}", binary("tallywatt").display()))
            .current_dir(&project)
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL")
            .env("TALLYWATT_PYTHON", root().join(".venv/bin/python"))
            .env("XDG_CACHE_HOME", folder.path().join("cache")))
    };
    make(&["all"]).ok();
    assert!(project.join("data/run/report.html").is_file());
    let again = make(&["all"]).ok();
    assert_eq!(again.out, "", "all is up to date");
    let measured = fs::read(project.join("data/run/run.parquet")).unwrap();
    let grid = project.join("data/inputs/grid/home.csv");
    fs::write(&grid, fs::read_to_string(&grid).unwrap().replace(",0.", ",1.")).unwrap();
    let ran = make(&["all"]).ok();
    assert!(!ran.out.contains("measure --run") && ran.out.contains("report data/run"), "{}", ran.out);
    assert_eq!(fs::read(project.join("data/run/run.parquet")).unwrap(), measured);
}

#[test]
fn shells_and_man_know_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = tallywatt(folder.path(), &["completions", shell]).ok().out;
        for command in commands() {
            assert!(script.contains(&command), "{shell}: {command}");
        }
    }
    tallywatt(folder.path(), &["man", "man1"]).ok();
    for command in commands() {
        let page = fs::read_to_string(folder.path().join(format!("man1/tallywatt-{command}.1"))).unwrap();
        assert!(page.contains("Example"), "{command}");
    }
}

/// The wheel in a fresh environment, of which nothing else is on PATH: no compiler, no cargo, no npm, no make.
#[test]
fn the_wheel_stands_alone() {
    {
        let _alone = IN_PLACE.write();
        make(&["dist"]).ok();
    }
    let folder = tempfile::tempdir().unwrap();
    let venv = folder.path().join("venv");
    run(Command::new(root().join(".venv/bin/python")).args(["-m", "venv"]).arg(&venv)).ok();
    let wheel = fs::read_dir(root().join("dist"))
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .find(|p| p.extension().is_some_and(|e| e == "whl"))
        .unwrap();
    run(Command::new(venv.join("bin/pip")).args(["install", "--quiet", "--disable-pip-version-check"]).arg(&wheel))
        .ok();
    let alone = |words: &[&str]| {
        run(Command::new(venv.join("bin/tallywatt"))
            .args(words)
            .env_clear()
            .env("PATH", venv.join("bin"))
            .env("HOME", folder.path())
            .current_dir(folder.path()))
    };
    let started = Instant::now();
    let ran = alone(&["demo"]).ok();
    println!("wheel: demo: {:.1} s, {} bytes", started.elapsed().as_secs_f64(), fs::metadata(&wheel).unwrap().len());
    assert!(ran.out.contains("Report: tallywatt-demo/report.html\n"), "{}", ran.out);
    for file in ["input.json", "power.csv"] {
        fs::copy(root().join(VLLM).join(file), folder.path().join(file)).unwrap();
    }
    alone(&["import", "input.json", "power.csv", "--tz=UTC"]).ok();
    assert!(folder.path().join("data/run/report.html").is_file());
}

/// No container is run here: each step of the Containerfile is a known instruction, and what it copies and runs is in the repository.
#[test]
fn the_container_is_made_of_what_is_here() {
    let text = fs::read_to_string(root().join("stages/tallywatt/Containerfile")).unwrap();
    let joined = text.replace("\\\n", " ");
    let steps: Vec<(&str, &str)> = joined
        .lines()
        .filter(|l| !l.starts_with('#') && !l.trim().is_empty())
        .map(|l| l.split_once(' ').unwrap())
        .collect();
    let known = ["FROM", "RUN", "WORKDIR", "COPY", "ENTRYPOINT"];
    assert!(steps.iter().all(|(word, _)| known.contains(word)), "{steps:?}");
    let stages: Vec<&str> = steps.iter().filter(|(word, _)| *word == "FROM").map(|(_, image)| *image).collect();
    let [build, run] = stages[..] else { panic!("{stages:?}") };
    assert!(steps.contains(&("RUN", "make dist")) && steps.contains(&("ENTRYPOINT", "[\"tallywatt\"]")));
    // The compiler is the pinned one, and the Python one that the wheel allows.
    let toolchain = fs::read_to_string(root().join("rust-toolchain.toml")).unwrap();
    let rust = build.strip_prefix("rust:").unwrap().split('-').next().unwrap();
    assert!(toolchain.contains(&format!("\"{rust}")), "{toolchain}");
    let project: toml::Table =
        toml::from_str(&fs::read_to_string(root().join("stages/tallywatt/pyproject.toml")).unwrap()).unwrap();
    assert_eq!(project["project"]["requires-python"].as_str(), Some(">=3.11"));
    assert!(run.starts_with("python:3.1"), "{run}");
}

/// One version of each package, wherever it is named.
#[test]
fn the_wheel_asks_for_what_make_setup_installs() {
    let text = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let project: toml::Table = toml::from_str(&text("stages/tallywatt/pyproject.toml")).unwrap();
    let list = |value: &toml::Value| {
        value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    let pinned = format!("{}{}", text("stages/render/requirements.txt"), text("stages/worker/requirements.txt"));
    let measure = &project["project"]["optional-dependencies"]["measure"];
    for package in [list(&project["project"]["dependencies"]), list(measure)].concat() {
        assert!(pinned.contains(&format!("{package} ")), "{package}");
    }
    let hint = text("stages/tallywatt/src/python.rs");
    assert!(hint.contains(&format!("pip install {}", list(&project["project"]["dependencies"])[0])));
    assert!(
        text("stages/tallywatt/requirements.txt")
            .contains(&format!("{} ", list(&project["build-system"]["requires"])[0]))
    );
}
