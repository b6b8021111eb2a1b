//! Figures that contradict each other or nothing, and records that repeat.

use super::*;
use std::fmt::Write as _;

const HEADER: &str = "start,end,model,device,batch,prompt_tokens,tokens_generated,ttft_ms,tpot_ms,gpu_j";
const ROW: &str = "2026-05-04T09:00:00Z,2026-05-04T09:01:00Z,m,NVIDIA L4,8,8192,24000,210.5,19.25,4100.5";

/// Status, reason and remarks of a table with one row, changed in one place.
fn table(from: &str, to: &str) -> (sheet::Run, String) {
    assert!(ROW.contains(from));
    let (mut runs, remarks) = try_read(format!("{HEADER}\n{}\n", ROW.replacen(from, to, 1)).as_bytes(), None).unwrap();
    let remarks: String = remarks.iter().fold(String::new(), |mut text, remark| {
        write!(text, "{remark}; ").unwrap();
        text
    });
    (runs.remove(0), remarks)
}

#[test]
fn a_time_or_an_energy_of_nothing_was_not_measured() {
    let (run, remarks) = table("19.25", "19.25");
    assert_eq!((run.status.as_str(), remarks.as_str()), ("ok", ""));
    for sentinel in ["65535", "2147483647", "4294967295"] {
        let (run, remarks) = table("4100.5", sentinel);
        let said = format!("energy of GPUs: {sentinel} J is no measurement, left out: 1, first line 2");
        assert!(run.reported_gpu_j.is_none() && remarks.contains(&said), "{remarks}");
    }
    for (from, what) in [
        ("210.5", "time to the first token: 0 ms is no measurement, left out: 1, first line 2"),
        ("19.25", "time per token: 0 ms is no measurement, left out: 1, first line 2"),
        ("4100.5", "energy of GPUs: 0 J is no measurement, left out: 1, first line 2"),
    ] {
        let (run, remarks) = table(from, "0");
        assert!(remarks.contains(what), "{remarks}");
        let left = [run.ttft_ms, run.tpot_ms, run.reported_gpu_j].into_iter().flatten().count();
        assert_eq!((left, run.status.as_str()), (2, "ok"));
    }
}

#[test]
fn tokens_and_their_times_fit_the_run() {
    for (from, to, wanted) in [
        (
            "19.25",
            "192.5",
            "the mean latency is 60000 ms, the time to the first token and that of 2999 more are 577518 ms",
        ),
        (
            "19.25",
            "1.925",
            "the mean latency is 60000 ms, the time to the first token and that of 2999 more are 5984 ms",
        ),
        (
            "NVIDIA L4,8",
            "NVIDIA L4,80",
            "the mean latency is 60000 ms, the time to the first token and that of 299 more are 5966 ms",
        ),
    ] {
        let (run, _) = table(from, to);
        assert_eq!((run.status.as_str(), run.reason.as_deref()), ("degraded", Some(wanted)));
    }
    let served = |more: &str| {
        let text = format!(
            "duration_s,model,tokens_generated,ttft_ms,tpot_ms,requests_completed,concurrency,arrival\n60,m,24000,200,{more}\n"
        );
        try_read(text.as_bytes(), None).unwrap().0.remove(0).reason
    };
    assert_eq!(served("20,80,8,closed"), None);
    assert_eq!(
        served("400,80,8,closed").as_deref(),
        Some(
            "the mean request takes 119800 ms by its tokens, longer than the run, 60 s; 159.733 requests were in flight on average, \
             of 8 at most"
        )
    );
    assert_eq!(
        served("0.4,80,8,closed").as_deref(),
        Some("0.426 requests were in flight on average, of 8 all the time")
    );
}

#[test]
fn a_mean_lies_where_its_percentiles_leave_room() {
    let check = |mean: f64, known: &[(&str, f64)]| {
        super::super::figures::distribution("t", Some(mean), &|label| {
            known.iter().find(|(name, _)| *name == label).map(|(_, value)| *value)
        })
    };
    let all = [("min", 1.0), ("p50", 10.0), ("p90", 20.0), ("p99", 30.0), ("max", 40.0)];
    assert_eq!(check(12.0, &all), None);
    // Few values: one of five is far away.
    assert_eq!(check(20.8, &[("min", 1.0), ("p75", 1.0), ("p90", 60.4), ("p99", 96.0), ("max", 100.0)]), None);
    assert_eq!(check(0.012, &all).as_deref(), Some("t: the mean is 0.012, and min is 1"));
    assert_eq!(check(4.0, &all).as_deref(), Some("t: the mean is 4, and p50 is 10"));
    assert_eq!(check(31.0, &all).as_deref(), Some("t: the mean is 31, and p50 is 10"));
    assert_eq!(check(90.0, &[("median", 10.0), ("p99", 30.0)]).as_deref(), Some("t: the mean is 90, and p99 is 30"));
    assert_eq!(check(12.0, &[("p90", 20.0), ("p99", 10.0)]).as_deref(), Some("t: p90 is 20, above p99, 10"));
}

#[test]
fn one_value_far_from_all_others_is_named() {
    use super::super::figures::outlier;
    let values = |all: &[f64]| (1..).zip(all.iter().copied()).collect::<Vec<(u64, f64)>>();
    assert_eq!(outlier(&values(&[550.0, 550.0, 5500.0, 551.0])), Some((3, 5500.0, 551.0)));
    for all in [&[550.0, 5500.0][..], &[550.0, 550.0, 900.0], &[100.0, 550.0, 5500.0, 90.0, 20.0], &[]] {
        assert_eq!(outlier(&values(all)), None, "{all:?}");
    }
}

#[test]
fn what_repeats_counts_once() {
    let (runs, remarks) = try_read(format!("{HEADER}\n{ROW}\n{ROW}\n").as_bytes(), None).unwrap();
    let repeated = "FILE: a run that repeats another in all that is read of it, counted once: 1, first line 3";
    assert_eq!((runs.len(), remarks.as_slice()), (1, [repeated.to_string()].as_slice()));
    // Repetitions of one record may be equal.
    let entry =
        r#"{"n_prompt": 0, "n_gen": 128, "samples_ns": [1e9, 1e9], "backends": "CPU", "model_filename": "a.gguf"}"#;
    assert_eq!(try_read(entry.as_bytes(), None).unwrap().0.len(), 2);
    let (runs, remarks) = try_read(format!("[{entry}, {entry}]").as_bytes(), None).unwrap();
    assert!(runs.len() == 2 && remarks[0].ends_with("counted once: 2, first lines 1, 1"), "{remarks:?}");
    let name = "aiperf/server-count/profile_export.jsonl";
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/clients").join(name));
    let text = text.unwrap();
    let first = text.lines().next().unwrap();
    let (runs, remarks) = try_read(format!("{text}{first}\n").as_bytes(), None).unwrap();
    assert_eq!((runs[0].requests_completed, runs[0].tokens_generated), (Some(16), Some(384)));
    assert!(remarks[0].ends_with("requests that repeat another, counted once: 1, first line 17"), "{remarks:?}");
    let (_, remarks) =
        try_read(text.replacen(first, "", 1).replacen("\"session_num\":7,", "\"session_num\":90,", 1).as_bytes(), None)
            .unwrap();
    let said = "75 numbers of sessions are missing between others: the export is not whole";
    assert!(remarks.iter().any(|remark| remark.ends_with(said)), "{remarks:?}");
}

#[test]
fn an_answer_at_another_rate_is_named() {
    let answer = |second: u64, count: u64| {
        format!(
            "{{\"model\": \"m\", \"created_at\": \"2026-07-25T17:20:{second}Z\", \"response\": \"\", \"done\": true, \"total_duration\": \
             4200000000, \"load_duration\": 4000000, \"prompt_eval_duration\": 11000000, \"eval_count\": {count}, \
             \"eval_duration\": 4180000000}}\n"
        )
    };
    let (runs, remarks) = try_read((answer(10, 180) + &answer(20, 1800) + &answer(30, 181)).as_bytes(), None).unwrap();
    assert_eq!(runs.len(), 3);
    let said = "one answer was written at another rate than all others of its model, 430.622 and 43.301 tokens/s: 1, first line 2";
    assert!(remarks.iter().any(|remark| remark.ends_with(said)), "{remarks:?}");
}

/// Files of one folder are looked at once for each kind, however many there are.
#[test]
fn neighbours_are_looked_at_once() {
    let into = tempfile::tempdir().unwrap();
    let stage = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/fixtures/clients/inference-perf/rate/stage_0_lifecycle_metrics.json"),
    );
    let stage = stage.unwrap();
    let paths: Vec<PathBuf> = (0..200).map(|n| into.path().join(format!("stage_{n}_lifecycle_metrics.json"))).collect();
    for (n, path) in paths.iter().enumerate() {
        std::fs::write(path, stage.replacen("5.8375573", &format!("5.83755{n:03}"), 1)).unwrap();
    }
    let options = Options { files: Files { paths: paths.clone(), ..Files::default() }, ..Options::default() };
    let mut sheet = Sheet::new(&options).unwrap();
    paths.iter().for_each(|path| read(Source::file(path), &mut sheet).unwrap());
    assert_eq!((sheet.runs.len(), sheet.neighbours.heads_read), (200, 3 * 200));
}

/// A spreadsheet or a terminal of another country: every table has one mark of decimals.
#[test]
fn a_decimal_comma_is_the_files() {
    use crate::read::table::fields;
    let path = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(name);
    let comma = |cell: &str| match cell.replace(',', "") {
        number if number.parse::<f64>().is_ok() => number.replace('.', ","),
        _ => cell.to_string(),
    };
    let quoted = |line: &str| {
        let cells = fields(line, b',').into_iter().map(|cell| format!("\"{}\"", comma(&cell).replace('"', "\"\"")));
        cells.collect::<Vec<String>>().join(",") + "\n"
    };
    for name in [
        "clients/guidellm/rate/benchmarks.csv",
        "cases/16-genai-perf-csv-two-sections-thousands/input.csv",
        "cases/19-mlenergy-leaderboard-per-response/input.csv",
    ] {
        let text = std::fs::read_to_string(path(name)).unwrap();
        let changed: String =
            text.lines().map(|line| if line.is_empty() { "\n".into() } else { quoted(line) }).collect();
        assert_eq!(numbers(&changed), numbers(&text), "{name}");
    }
    for name in ["cases/07-llama-bench-markdown-default/input.md", "clients/llama-batched-bench/markdown/batched.md"] {
        let text = std::fs::read_to_string(path(name)).unwrap();
        let changed: String = text
            .lines()
            .map(|line| match line.trim_start().starts_with('|') && !line.contains("model") {
                true => line.split('|').map(|cell| cell.replace('.', ",")).collect::<Vec<String>>().join("|") + "\n",
                false => line.to_string() + "\n",
            })
            .collect();
        assert_ne!(changed, text);
        assert_eq!(numbers(&changed), numbers(&text), "{name}");
    }
}

/// What costs follow from: tokens, and times and energies in thousandths.
fn numbers(text: &str) -> Vec<[Option<i64>; 4]> {
    let milli = |number: Option<f64>| number.map(|n| (n * 1e3).round() as i64);
    let (runs, _) = try_read(text.as_bytes(), None).unwrap_or_else(|fault| panic!("{fault}"));
    let of =
        |run: &sheet::Run| [run.tokens_generated, milli(run.latency_ms), milli(run.ttft_ms), milli(run.reported_gpu_j)];
    runs.iter().map(of).collect()
}
