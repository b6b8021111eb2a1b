//! What is written: whole, in its place, and nothing that a terminal or a spreadsheet obeys.

use crate::refusals::imported;
use std::{
    fs,
    io::Read,
    os::unix::{fs::symlink, net::UnixListener},
    path::Path,
    process::{Command, Stdio},
};
use tests::{Ran, binary, run, stage};

fn query(folder: &Path, options: &[&str], sql: &str) -> Ran {
    let folder = folder.display().to_string();
    stage("query", &[&["--run", &folder], options, &[sql]].concat())
}

#[track_caller]
fn refused(ran: &Ran, text: &str) {
    assert_eq!((ran.code, ran.err.trim_end()), (Some(1), text));
}

/// Devices, pipes, sockets and folders stay what they are, whoever writes.
#[test]
fn only_plain_files_are_replaced() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).display().to_string();
    let tables = imported(home.path());
    run(Command::new("mkfifo").arg(at("pipe"))).ok();
    let _socket = UnixListener::bind(at("socket")).unwrap();
    fs::create_dir(at("folder")).unwrap();
    for (name, target) in
        [("to-device", "/dev/null"), ("to-pipe", "pipe"), ("to-folder", "folder"), ("to-nothing", "gone")]
    {
        symlink(target, at(name)).unwrap();
    }
    let places = [
        ("pipe", "a pipe"),
        ("socket", "a socket"),
        ("folder", "a folder"),
        ("to-device", "a link to a device"),
        ("to-pipe", "a pipe"),
        ("to-folder", "a folder"),
        ("to-nothing", "a link to nothing"),
    ];
    for (name, kind) in places {
        for format in ["csv", "json", "table", "parquet"] {
            let ran = query(home.path(), &["--format", format, "--output", &at(name)], "select 1 as x");
            refused(&ran, &format!("query: {}: not a plain file, {kind}, name another file", at(name)));
        }
        // A stage's own output.
        fs::create_dir(home.path().join(format!("{name}.d"))).unwrap();
        let table = home.path().join(format!("{name}.d/run_energy.parquet"));
        symlink(at(name), &table).unwrap();
        let mut words = vec!["--config", "data/inputs/tr119/pipeline.toml", "--read"];
        words.extend(tables.iter().map(String::as_str));
        let shown = table.display().to_string();
        words.extend(["--write", &shown]);
        let ran = stage("join-telemetry", &words);
        refused(&ran, &format!("join-telemetry: {shown}: not a plain file, {kind}, name another file"));
    }
    // A link to a file gives way, and what it led to stays.
    fs::write(at("target.csv"), "earlier").unwrap();
    symlink("target.csv", at("link.csv")).unwrap();
    query(home.path(), &["--format", "csv", "--output", &at("link.csv")], "select 1 as x").ok();
    assert_eq!(fs::read_to_string(at("link.csv")).unwrap(), "x\n1\n");
    assert_eq!(fs::read_to_string(at("target.csv")).unwrap(), "earlier");
}

#[test]
fn a_query_replaces_nothing_of_its_run() {
    let home = tempfile::tempdir().unwrap();
    imported(home.path());
    let at = |name: &str| home.path().join(name).display().to_string();
    for folder in ["journal", "report", "tables"] {
        fs::create_dir(at(folder)).unwrap();
    }
    fs::write(at("report/report.html"), "page").unwrap();
    symlink("report/report.html", at("report.html")).unwrap();
    symlink("run.parquet", at("mine.csv")).unwrap();
    for name in [
        "run.parquet",
        "cost.parquet",
        "report.html",
        "report.md",
        "journal/runs.jsonl",
        "tables/../run.parquet",
        "mine.csv",
        "report/x.csv",
        ".config/render.toml",
    ] {
        let ran = query(home.path(), &["--format", "csv", "--output", &at(name)], "select 1 as x");
        let what = "belongs to the run, which `query` only reads, name another file with --output";
        refused(&ran, &format!("query: {}: {what}", at(name)));
    }
    query(home.path(), &["--format", "csv", "--output", &at("tables/x.csv")], "select 1 as x").ok();
    assert_eq!(fs::read_to_string(at("report/report.html")).unwrap(), "page");
}

#[test]
fn a_table_that_is_none_is_named() {
    let home = tempfile::tempdir().unwrap();
    imported(home.path());
    let run = home.path().join("run.parquet");
    fs::remove_file(&run).unwrap();
    let told = |kind: &str| {
        let ran = query(home.path(), &[], "select * from run");
        let shown = run.display();
        refused(&ran, &format!("query: {shown}: not a plain file, {kind}, remove it or write table `run` again"));
    };
    fs::create_dir(&run).unwrap();
    told("a folder");
    fs::remove_dir(&run).unwrap();
    for (target, kind) in [("/dev/null", "a link to a device"), ("gone", "a link to nothing")] {
        symlink(target, &run).unwrap();
        told(kind);
        fs::remove_file(&run).unwrap();
    }
}

/// Lists are JSON text in CSV, and as they are elsewhere.
#[test]
fn lists_have_a_form_in_csv() {
    let home = tempfile::tempdir().unwrap();
    imported(home.path());
    let ran = query(home.path(), &["--format", "csv"], "select make_array(1.5, null, 2.0) as xs, 'a' as b").ok();
    assert_eq!(ran.out, "xs,b\n\"[1.5,null,2.0]\",a\n");
    query(home.path(), &["--format", "csv"], "select * from run").ok();
    let ran = query(home.path(), &["--format", "json"], "select 1 as x where false").ok();
    assert_eq!(ran.out, "[]\n");
}

/// Neither errors nor cells bring to a terminal what it obeys.
#[test]
fn control_characters_are_shown_and_not_sent() {
    let home = tempfile::tempdir().unwrap();
    imported(home.path());
    let ran = query(home.path(), &[], "select \"\x1b[31m\x1b]0;owned\x07\u{9b}evil\" from run");
    assert!(ran.code == Some(1) && ran.err.contains("\\u{1b}[31m\\u{1b}]0;owned\\u{7}\\u{9b}evil"), "{ran:?}");
    let ran = query(home.path(), &[], "select 'a\x1b[31m\u{202e}\nb' as \"c\x07\"").ok();
    assert!(ran.out.contains("a\\u{1b}[31m\\u{202e}\\nb") && ran.out.contains("c\\u{7}"), "{ran:?}");
    for stage_name in ["join-telemetry", "analyze"] {
        let ran = stage(stage_name, &["--config", "a\x1b[31mb.toml", "--read", "run.parquet", "--write", "x"]);
        assert!(ran.err.starts_with(&format!("{stage_name}: a\\u{{1b}}[31mb.toml: cannot read, ")), "{ran:?}");
    }
}

/// A full disk is told as one, and the earlier file stays.
#[test]
fn a_full_disk_is_told_as_one() {
    let ran = Command::new("bash")
        .args(["-c", "\"$0\" --run \"$1\" --format csv 'select 1 as x' > /dev/full"])
        .arg(binary("query"))
        .arg({
            let home = tempfile::tempdir().unwrap().keep();
            imported(&home);
            home
        })
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut process = ran.unwrap();
    let mut err = String::new();
    process.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(1));
    assert_eq!(
        err.trim_end(),
        "query: standard output: cannot write, No space left on device (os error 28), free space on that disk and run it again"
    );
}

/// The file size limit stands for a disk without room: the remedy is not to delete what is good.
#[test]
fn a_write_error_is_no_unreadable_file() {
    let home = tempfile::tempdir().unwrap();
    let tables = imported(home.path());
    let out = home.path().join("run_energy.parquet");
    fs::write(&out, "earlier").unwrap();
    let mut command = Command::new("bash");
    command.args(["-c", "ulimit -f 1; exec \"$0\" \"$@\""]).arg(binary("join-telemetry"));
    command.args(["--config", "data/inputs/tr119/pipeline.toml", "--read"]).args(&tables).arg("--write").arg(&out);
    let ran = run(command.current_dir(tests::root()));
    let shown = out.display();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.starts_with(&format!("join-telemetry: {shown}: cannot write, ")), "{ran:?}");
    assert!(ran.err.trim_end().ends_with(
        "File too large (os error 27), raise the limit of file sizes (`ulimit -f`) and run it again; what was there before is unchanged"
    ), "{ran:?}");
    assert_eq!(fs::read_to_string(&out).unwrap(), "earlier");
    assert_eq!(
        fs::read_dir(home.path())
            .unwrap()
            .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'))
            .count(),
        0
    );
}

/// The ending of the output is its format, a CSV file is a table like any other, and tables explain themselves.
#[test]
fn query_goes_by_endings_and_explains_tables() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).display().to_string();
    fs::write(at("mine.csv"), "name,usd\na,1.5\nb,2\n").unwrap();
    let mine = format!("mine={}", at("mine.csv"));
    for (name, begin) in
        [("x.csv", "name,usd\n"), ("x.json", "[{\"name\":\"a\""), ("x.parquet", "PAR1"), ("x.txt", "+---")]
    {
        query(home.path(), &["--table", &mine, "--output", &at(name)], "select * from mine order by name").ok();
        let bytes = fs::read(at(name)).unwrap();
        assert!(bytes.starts_with(begin.as_bytes()), "{name}: {:?}", String::from_utf8_lossy(&bytes));
    }
    let sum = query(home.path(), &["--table", &mine, "--format", "csv"], "select sum(usd) as usd from mine").ok().out;
    assert_eq!(sum, "usd\n3.5\n");
    let ran = query(home.path(), &["--table", &mine, "--output", &at("x.xlsx")], "select 1");
    let what = "cannot tell the format, the name, let it end in .csv, .json, .parquet or .txt, or pass --format";
    refused(&ran, &format!("query: {}: {what}", at("x.xlsx")));

    let tables = query(home.path(), &["--table", &mine, "--format", "csv"], ".tables").ok().out;
    assert_eq!(tables.lines().count(), 1 + schemas::tables::ALL.len());
    let columns = query(home.path(), &["--table", &mine, "--format", "csv"], ".schema run").ok().out;
    assert_eq!(columns.lines().count(), 1 + schemas::tables::RUN.columns.len());
    assert!(columns.contains("\nstart_ns,Int64,"), "{columns}");
    refused(
        &query(home.path(), &["--table", &mine], ".quit"),
        "query: SQL: not a command, \".quit\", use .tables, .schema TABLE, or SQL",
    );
    let said = query(home.path(), &["--table", &mine], ".schema mine").err;
    assert!(
        said.starts_with(
            "query: SQL: not a table of the contracts, \"mine\", use `describe mine`, or one of session, run, "
        ),
        "{said}"
    );
    fs::write(at("q.sql"), "select 7 as x").unwrap();
    let ran = stage(
        "query",
        &["--run", &home.path().display().to_string(), "--table", &mine, "--sql-file", &at("q.sql"), "--format", "csv"],
    )
    .ok();
    assert_eq!(ran.out, "x\n7\n");
}
