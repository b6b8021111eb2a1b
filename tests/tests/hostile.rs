//! Workers, servers and disks that lie, hang and die: each costs its own rows, and what was measured stays.

use super::engines::{SYNTHETIC, fake, measured, measured_in, tiny};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tests::{Ran, binary, root, run};

/// Backend, status and reason of every run.
fn told(rows: &[Value]) -> Vec<(String, String, String)> {
    let text = |v: &Value| v.as_str().unwrap_or("").to_string();
    rows.iter().map(|r| (text(&r["backend"]), text(&r["status"]), text(&r["reason"]))).collect()
}

/// A matrix of a hostile worker, which comes first and would be the reference, and two honest ones.
fn beside_honest(fault: &str) -> (Ran, Vec<Value>) {
    let workers = [fault, "good", "good-2"].map(fake).concat();
    let backends = format!("{fault:?}, \"good\", \"good-2\"");
    let config = tiny(&backends, &format!("{SYNTHETIC}\n{workers}"));
    measured(&config.replace("repetitions = 2", "repetitions = 1"))
}

#[test]
fn nobody_is_believed_and_the_next_honest_backend_is_the_reference() {
    for (fault, reason) in [
        ("nan", "nan: a logit is no number, NaN"),
        ("zero", "zero: all logits are 0"),
        ("few", "few: no logits in the file that was named: 12 bytes instead of "),
        ("many", "many: no logits in the file that was named: "),
        ("flat", "flat: logits have another shape than was asked, [2, 9, 0] instead of "),
        ("none", "none: logits have another shape than was asked, [2, 0, 512] instead of "),
        ("vast", "vast: logits have another shape than was asked, [2147483648, 2147483648, 512] instead of "),
        ("token", "token: 1 steps of greedy tokens instead of 4, each of 2 rows"),
        ("future", "a window from "),
        ("past", "a window from "),
        ("iterations", "a window of 9223372036854775808 iterations and "),
        ("ttft", "a first token after 1000000000 ms of an iteration of "),
        ("uncounted", "times of 3 iterations instead of 1"),
        ("negative", "a step of -1 ms in a window of "),
        ("huge", "what was measured is no row of `run`, "),
        ("prompt", "counted 10000 prompt tokens instead of 18"),
    ] {
        let (_, rows) = beside_honest(fault);
        let told = told(&rows);
        assert_eq!(told.len(), 3, "{told:?}");
        for (backend, status, why) in told {
            match backend == fault {
                true => assert!(status == "failed" && why.starts_with(reason), "{fault}: {status}, {why}"),
                false => assert_eq!((status.as_str(), why.as_str()), ("ok", ""), "{backend} after {fault}"),
            }
        }
    }
}

#[test]
fn every_wait_for_a_worker_ends_and_its_words_are_bounded() {
    for (fault, status, reason) in [
        ("stays", "ok", ""),
        ("orphan", "failed", "worker ended, exit status: 3: it printed nothing"),
        ("endless", "failed", "worker printed a line of more than 33554432 bytes, "),
        ("long", "failed", "worker said \"xxxxxxxxxxxx"),
    ] {
        let started = Instant::now();
        let (ran, rows) = beside_honest(fault);
        assert!(started.elapsed() < Duration::from_secs(30), "{fault}: {:?}", started.elapsed());
        for (backend, now, why) in told(&rows) {
            let (status, reason) = if backend == fault { (status, reason) } else { ("ok", "") };
            assert!(
                now == status && why.starts_with(reason) && why.len() < 2000,
                "{backend} beside {fault}: {now}, {why}"
            );
        }
        assert!(!ran.err.contains('\u{1b}'), "{}", ran.err);
    }
}

fn alive(mark: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|e| e.path());
    let is_marked =
        |path: &PathBuf| fs::read(path.join("cmdline")).is_ok_and(|c| String::from_utf8_lossy(&c).contains(mark));
    processes.filter(is_marked).map(|p| p.display().to_string()).collect()
}

/// A worker that hangs and a meter that sleeps: neither outlives a `collect` that is killed.
#[test]
fn children_die_with_a_killed_collect() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("meter-of-this-test.sh");
    fs::write(&script, "echo $(date +%s%N),50\nexec sleep 300.25\n").unwrap();
    let worker = folder.path().join("worker-of-this-test.py");
    fs::copy(root().join("tests/workers/fake.py"), &worker).unwrap();
    let own = format!(
        "[[collect.worker]]\nbackend = \"hang\"\ncommand = [\"python3\", {worker:?}, \"hang\"]\ndevice = \"cpu\"\ndtype = \"f32\"\n\
         [[collect.power]]\nsource = \"external\"\nname = \"plug\"\ncommand = [\"sh\", {script:?}]\nsample_hz = 20.0\nrequired = true\n"
    );
    let pipeline = folder.path().join("pipeline.toml");
    let config = tiny("\"hang\"", &format!("{SYNTHETIC}\n{own}")).replace("run_timeout_s = 3", "run_timeout_s = 300");
    fs::write(&pipeline, config).unwrap();
    let mut collect = Command::new(binary("collect"));
    collect
        .args(["run", "--cache", "data/cache", "--config"])
        .arg(&pipeline)
        .arg("--journal")
        .arg(folder.path().join("j"));
    collect.arg("--write").arg(folder.path().join("run.parquet")).current_dir(root()).stderr(Stdio::null());
    let mut collect = collect.spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    let mark = worker.display().to_string();
    while (alive(&mark).is_empty() || alive("300.25").is_empty()) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    // One or more: /proc is not read at one instant, so that a worker that ends and the next one may both be seen.
    assert!(!alive(&mark).is_empty() && !alive("300.25").is_empty(), "both have begun");
    collect.kill().unwrap(); // SIGKILL
    collect.wait().unwrap();
    let until = Instant::now() + Duration::from_secs(5);
    while (!alive(&mark).is_empty() || !alive("300.25").is_empty()) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!((alive(&mark), alive("300.25")), (vec![], vec![]), "they outlive it");
}

/// A hub that never answers: the process that prepares the model ends with a `collect` that is killed, too.
#[test]
fn the_worker_that_prepares_dies_with_a_killed_collect() {
    let folder = tempfile::tempdir().unwrap();
    // Copies, whose command lines are no other test's.
    for name in ["collect", "worker"] {
        fs::copy(binary(name), folder.path().join(name)).unwrap();
    }
    let hub = TcpListener::bind("127.0.0.1:0").unwrap();
    let repo = "model = { source = \"hf\", name = \"tiny\", repo = \"org/tiny\", revision = \"first\" }";
    let pipeline = folder.path().join("pipeline.toml");
    fs::write(&pipeline, tiny("\"candle-cpu\"", repo)).unwrap();
    let mut collect = Command::new(folder.path().join("collect"));
    collect.args(["prepare", "--cache", "data/cache", "--backend", "candle-cpu", "--config"]).arg(&pipeline);
    collect.env("HF_ENDPOINT", format!("http://{}", hub.local_addr().unwrap()));
    collect.env("HF_HOME", folder.path().join("hub")).current_dir(root()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut collect = collect.spawn().unwrap();
    let asked = hub.accept().unwrap();
    let mark = folder.path().join("worker").display().to_string();
    assert_eq!(alive(&mark).len(), 1, "it waits for the hub");
    collect.kill().unwrap(); // SIGKILL
    collect.wait().unwrap();
    let until = Instant::now() + Duration::from_secs(5);
    while !alive(&mark).is_empty() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(alive(&mark), Vec::<String>::new(), "it outlives it");
    drop(asked);
}

fn journal(folder: &Path, file: &str) -> PathBuf {
    let mut plans = fs::read_dir(folder.join("journal")).unwrap().flatten().map(|e| e.path());
    let plan = plans.next().unwrap();
    assert_eq!(plans.next(), None, "one plan, one journal");
    plan.join(file)
}

/// `collect` once more, where [`measured_in`] measured.
fn again(folder: &Path) -> Ran {
    let mut collect = Command::new(binary("collect"));
    collect.args(["run", "--cache", "data/cache", "--config"]).arg(folder.join("pipeline.toml"));
    collect.arg("--journal").arg(folder.join("journal")).arg("--write");
    run(collect.arg(folder.join("run.parquet")).arg(folder.join("session.parquet")).current_dir(root()))
}

fn stored(folder: &Path) -> Vec<Value> {
    let batches = schemas::io::read(&folder.join("run.parquet"), &schemas::tables::RUN).unwrap();
    schemas::rows::from_batches("run", &batches).unwrap()
}

/// What a journal meets in its life: a host of another name, an earlier version, damage. No finished run is lost.
#[test]
fn a_journal_is_continued_under_another_host_name_and_with_damaged_lines() {
    let folder = tempfile::tempdir().unwrap();
    let config =
        tiny("\"good\"", &format!("{SYNTHETIC}\n{}", fake("good"))).replace("repetitions = 2", "repetitions = 4");
    measured_in(folder.path(), &config).0.ok();
    let before = stored(folder.path());

    // Lines of an earlier version: no checksum, and a folder that was named after the host.
    let sessions = journal(folder.path(), "sessions.jsonl");
    let text = fs::read_to_string(&sessions).unwrap();
    let host =
        serde_json::from_str::<Value>(text.lines().next().unwrap()).unwrap()["host"].as_str().unwrap().to_string();
    let plain = |line: &str| {
        let mut row: Value = serde_json::from_str(line).unwrap();
        row.as_object_mut().unwrap().remove("crc");
        row["host"] = "another-host".into();
        format!("{row}\n")
    };
    fs::write(&sessions, text.lines().map(plain).collect::<String>()).unwrap();
    let runs = journal(folder.path(), "runs.jsonl");
    let mut lines: Vec<String> = fs::read_to_string(&runs).unwrap().lines().map(str::to_string).collect();
    assert_eq!(lines.len(), 4);
    lines[1] = lines[1].replacen("\"latency_ms\":", "\"latency_ms\":9", 1);
    lines[2].truncate(100);
    fs::write(&runs, lines.join("\n") + "\n").unwrap();
    let plan = runs.parent().unwrap();
    fs::rename(plan, plan.with_file_name("0123456789abcdef")).unwrap();

    let ran = again(folder.path()).ok();
    let runs = journal(folder.path(), "runs.jsonl");
    let shown = runs.display();
    let folder_of = runs.parent().unwrap().display();
    for said in [
        format!("collect: {shown}: 2 damaged lines left out, the first is line 2: those runs are measured again\n"),
        "collect: 2 runs were measured before, 2 to go\n".into(),
        format!(
            "collect: {folder_of}: measured on host \"another-host\" before, this is \"{host}\": it goes on here, and `session` says \
             which host measured what\n"
        ),
    ] {
        assert!(ran.err.contains(&said), "{said}\n{}", ran.err);
    }
    let after = stored(folder.path());
    assert_eq!(after.len(), 4);
    assert_eq!(
        before.iter().filter(|row| after.contains(row)).count(),
        2,
        "two are as they were, two were measured again"
    );
    let hosts = schemas::io::read(&folder.path().join("session.parquet"), &schemas::tables::SESSION).unwrap();
    let hosts: Vec<Value> = schemas::rows::from_batches("session", &hosts).unwrap();
    let hosts: Vec<&str> = hosts.iter().map(|s| s["host"].as_str().unwrap()).collect();
    assert_eq!(hosts, ["another-host", host.as_str()]);
}

#[test]
fn a_journal_without_its_sessions_still_gives_every_run() {
    let folder = tempfile::tempdir().unwrap();
    let config = tiny("\"good\"", &format!("{SYNTHETIC}\n{}", fake("good")));
    measured_in(folder.path(), &config).0.ok();
    let before = stored(folder.path());
    fs::write(journal(folder.path(), "sessions.jsonl"), "").unwrap();
    let (ran, _) = measured_in(folder.path(), &config);
    let lost = ": 1 sessions are lost, their host and idle power are unknown\n";
    assert!(ran.ok().err.contains(lost));
    assert_eq!(stored(folder.path()), before);
}

/// A server that answers every request with the same bytes.
fn server(stream: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut lines = BufReader::new(connection.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && lines.read_line(&mut head).is_ok_and(|n| n > 0) {}
            let body =
                if head.starts_with("GET") { "{\"data\": [{\"id\": \"m\", \"owned_by\": \"x\"}]}" } else { stream };
            let _ = write!(
                connection,
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    url
}

#[test]
fn a_server_that_counts_what_cannot_be_costs_its_rows() {
    const PIECES: &str = "data: {\"choices\": [{\"text\": \"a\"}]}\n\n\
        data: {\"choices\": [], \"usage\": {\"prompt_tokens\": 10000, \"completion_tokens\": 3}}\n\ndata: [DONE]\n\n";
    let http = format!(
        "[collect.http]\nurl = {:?}\nmodel = \"m\"\nkey_variable = \"\"\ndevice = \"cpu\"\ndtype = \"f32\"\nextra = {{}}\n",
        server(PIECES)
    );
    let (_, rows) = measured(&tiny("\"openai-http\", \"good\"", &format!("{SYNTHETIC}\n{}{http}", fake("good"))));
    for (backend, status, why) in told(&rows) {
        let wanted = "completions: the server counted 10000 prompt tokens, of this prompt it can be 3 to ";
        match backend == "good" {
            true => assert_eq!(status, "ok"),
            false => assert!(status == "failed" && why.contains(wanted), "{why}"),
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let secret = http.replace("http://", "http://user:hunter2@");
    let config = tiny("\"openai-http\"", &format!("{SYNTHETIC}\n{secret}"));
    let (ran, _) = measured_in(folder.path(), &config);
    let line = config.lines().position(|l| l.starts_with("url = ")).unwrap() + 1;
    let host = http.lines().nth(1).unwrap().trim_start_matches("url = \"http://").trim_end_matches("/v1\"");
    let refused = format!(
        "collect: {}: line {line}: url must hold no user and password, they would be in every table, http://***@{host}, \
         take them out and name a key in key_variable\n",
        folder.path().join("pipeline.toml").display()
    );
    assert_eq!((ran.code, ran.err), (Some(1), refused));
}

/// Trees in the place of sysfs whose files block, or say what no sensor says.
#[test]
fn sensors_are_not_believed_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let zone = |name: &str, energy: &str| {
        let zone = folder.path().join(name).join("intel-rapl:0");
        fs::create_dir_all(&zone).unwrap();
        fs::write(zone.join("name"), "package-0\n").unwrap();
        fs::write(zone.join("max_energy_range_uj"), "262143328850\n").unwrap();
        match energy {
            "fifo" => drop(run(Command::new("mkfifo").arg(zone.join("energy_uj"))).ok()),
            text => fs::write(zone.join("energy_uj"), text).unwrap(),
        }
        folder.path().join(name)
    };
    let sampled = |power: &str| {
        let pipeline = folder.path().join("pipeline.toml");
        fs::write(&pipeline, tiny("\"candle-cpu\"", &format!("{SYNTHETIC}\n{power}"))).unwrap();
        run(Command::new(binary("collect"))
            .args(["sample", "--seconds", "0.4", "--config"])
            .arg(&pipeline)
            .current_dir(root()))
    };
    let rapl = |root: &Path| {
        format!("[[collect.power]]\nsource = \"rapl\"\nroot = {root:?}\nsample_hz = 20.0\nrequired = false\n")
    };
    let started = Instant::now();
    let blocked = sampled(&rapl(&zone("blocks", "fifo"))).ok();
    assert!(
        blocked.out.contains("energy_uj: not a plain file\n") && started.elapsed() < Duration::from_secs(10),
        "{}",
        blocked.out
    );
    for (name, count, why) in [
        ("negative", "-5", "rapl:intel-rapl:0:package-0: no count of a counter, -0.000005 J"),
        ("beyond", "9223372036854775807", "rapl:intel-rapl:0:package-0: no count of a counter, 9223372036854.775 J"),
    ] {
        let out = sampled(&rapl(&zone(name, count))).ok().out;
        assert!(
            out.contains("counter cpu_package: 0 readings") && out.contains(&format!("the last: {why}\n")),
            "{out}"
        );
    }
    for (watts, shown) in [("1e308", "100000000"), ("-1e9", "-1000000000")] {
        let script = format!("while :; do echo $(date +%s%N),{watts}; sleep 0.05; done");
        let power = format!(
            "[[collect.power]]\nsource = \"external\"\nname = \"plug\"\ncommand = [\"sh\", \"-c\", {script:?}]\nsample_hz = 20.0\n\
             required = false\n"
        );
        let out = sampled(&power).ok().out;
        let why = format!("external:plug: no power of a node, {shown}");
        assert!(
            out.contains(" 0 readings") && out.contains(&why) && out.contains(" W, at most 100000 W can be\n"),
            "{out}"
        );
    }
}
