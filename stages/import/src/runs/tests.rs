//! Readers of runs on small texts, and on bytes of any kind: no panic, no hang, memory in proportion to the file.

use super::*;
use crate::read::fuzz;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// What a reader makes of bytes: the runs, or what it refuses them for.
pub fn try_read(bytes: &[u8], format: Option<&str>) -> Result<(Vec<sheet::Run>, Vec<String>)> {
    let options = Options { format: format.map(str::to_string), ..Options::default() };
    let mut sheet = Sheet::new(&options).unwrap();
    read(Source::of(bytes), &mut sheet)?;
    sheet.finish()?;
    Ok((sheet.runs, sheet.remarks))
}

pub fn refusal(text: &str, format: Option<&str>) -> String {
    try_read(text.as_bytes(), format).err().unwrap_or_else(|| panic!("{text} is taken")).to_string()
}

mod clients;
mod figures;
mod refusals;

const HEADER: &str = "build_commit,build_number,cpu_info,gpu_info,backends,model_filename,model_type,n_batch,n_threads,n_gpu_layers,\
                      n_prompt,n_gen,n_depth,test_time,avg_ns,stddev_ns,avg_ts,stddev_ts";
const VALUES: [&str; 18] = [
    "0a1b",
    "7",
    "CPU 8-Core",
    "GPU 16GB",
    "CUDA",
    "m/x-q4_0.gguf",
    "llama 7B mostly Q4_0",
    "512",
    "8",
    "99",
    "0",
    "128",
    "0",
    "2026-05-14T07:10:02Z",
    "970000000",
    "1",
    "131.9",
    "1.3",
];

fn csv() -> String {
    format!("{HEADER}\n{}\n", VALUES.map(|v| format!("\"{v}\"")).join(","))
}

fn sql() -> String {
    let names = HEADER.replace(',', ", ");
    format!(
        "CREATE TABLE IF NOT EXISTS test (\n  build_commit TEXT\n);\n\nINSERT INTO test ({names}) VALUES ({});\n",
        VALUES.map(|v| format!("'{v}'")).join(", ")
    )
}

const GENERIC: &str = "start;end;model;tokens_generated;prompt_tokens;node_j;ttft_ms\n\
                       2026-05-14T09:00:00Z;2026-05-14T09:01:00Z;m;24000;1000;1.800,5;12,5\n";

#[test]
fn all_outputs_of_llama_bench_say_the_same() {
    for text in [csv(), sql(), csv().replace(',', ";"), format!("\u{feff}{}", csv().replace('\n', "\r\n"))] {
        let (runs, _) = try_read(text.as_bytes(), None).unwrap();
        let [run] = runs.as_slice() else { panic!("{} runs", runs.len()) };
        assert_eq!(
            (run.scenario.as_str(), run.mode.as_str(), run.latency_ms, run.tokens_generated),
            ("tg128", "generate", Some(970.0), Some(128))
        );
        assert_eq!((run.model.as_str(), run.dtype.as_str(), run.device.as_str()), ("x-q4_0", "Q4_0", "GPU 16GB"));
        assert_eq!(run.library.as_deref(), Some("llama.cpp 0a1b (7)"));
    }
    let json = r#"{"n_prompt": 0, "n_gen": 128, "samples_ns": [1e9, 2e9], "backends": "CPU", "n_batch": 1,"#
        .to_string()
        + r#""model_filename": "a\\b.gguf", "avg_ns": 1}"#;
    let two = format!("{json}\n{}\n", json.replace("\"n_batch\": 1", "\"n_batch\": 2"));
    let names: Vec<String> =
        try_read(two.as_bytes(), None).unwrap().0.into_iter().map(|r| format!("{} {}", r.run_id, r.device)).collect();
    assert_eq!(
        names,
        [
            "b/generate/tg128 n_batch=1/0 cpu",
            "b/generate/tg128 n_batch=1/1 cpu",
            "b/generate/tg128 n_batch=2/0 cpu",
            "b/generate/tg128 n_batch=2/1 cpu"
        ]
    );
    let old = "| model | size | params | backend | th | test | t/s |\n|---|--:|--:|---|--:|---|--:|\n\
               | llama 7B mostly Q4_0 | 3.56 GiB | 6.74 B | CPU | 8 | pp 64 + tg 16 | 1,032.29 Â± 1.21 |\n";
    let (runs, _) = try_read(old.as_bytes(), None).unwrap();
    assert_eq!(
        (runs[0].scenario.as_str(), runs[0].latency_ms, runs[0].device.as_str()),
        ("pp64+tg16", Some(80.0 / 1032.29 * 1e3), "cpu")
    );
}

#[test]
fn one_text_in_every_encoding() {
    let text = "model,throughput,response_length,energy\nä,100.0,250,180\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = [0xFE, 0xFF].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let windows: Vec<u8> = text.chars().map(|c| u8::try_from(c as u32).unwrap()).collect();
    for bytes in [text.as_bytes(), &little, &big, &windows, text.replace('\n', "\r").as_bytes()] {
        let (runs, _) = try_read(bytes, None).unwrap();
        assert_eq!(
            (runs[0].model.as_str(), runs[0].reported_gpu_j, runs[0].tokens_generated),
            ("ä", Some(180_000.0), Some(250_000))
        );
    }
    let (runs, _) = try_read(GENERIC.as_bytes(), None).unwrap();
    assert_eq!(
        (runs[0].reported_node_j, runs[0].ttft_ms, runs[0].latency_ms),
        (Some(1800.5), Some(12.5), Some(60_000.0))
    );
}

#[test]
fn refusals_name_line_value_and_remedy() {
    let serving =
        |duration: &str| format!("{{\"completed\": 1, \"total_output_tokens\": 5,\n\"duration\": {duration}}}");
    for (found, wanted) in [
        (refusal("", None), "FILE: empty file, 0 bytes, give the file as the tool wrote it"),
        (
            refusal("hello\n", None),
            "FILE: line 1: not recognised, \"hello\", say which it is with --format, one of llama-bench, sglang, vllm, \
            aiperf, genai-perf, \
             optimum-benchmark, ml-energy, guidellm, genai-bench, loadgen, inference-perf, llama-batched-bench, ollama, \
             llmperf, trtllm-bench, inferencex, generic",
        ),
        (
            refusal("words of a log\n", Some("llama-bench")),
            "FILE: line 1: no run in it, \"words of a log\", give results of llama-bench, or name another format with --format",
        ),
        (
            refusal("[\n{\"n_prompt\": 0, \"n_gen\": 1, \"avg_ns\"", None),
            "FILE: line 2: truncated JSON, no entry is whole, 2 lines, run the benchmark to its end",
        ),
        (
            refusal(&csv().replace(",\"1.3\"", ""), None),
            "FILE: line 2: 17 fields where the header has 18, \"0a1b\", \
             a column has no name or a field is missing: give the file as the tool wrote it",
        ),
        (
            refusal(&csv().replace("970000000", "nine"), None),
            "FILE: line 2: column `avg_ns` is not a number, \"nine\", correct the field",
        ),
        (
            refusal(&csv().replace("970000000", ""), None),
            "FILE: line 2: column `avg_ns` has no number, \"\", fill it in",
        ),
        (
            refusal(&csv().replace("n_batch", "n_threads"), None),
            "FILE: line 1: two columns have the same name, \"n_threads\", name them apart",
        ),
        (
            refusal(&sql().replace(", '1.3'", ""), None),
            "FILE: line 5: 17 values for 18 columns, \"0a1b\", a column has no name: give the output as the tool wrote it",
        ),
        (
            refusal("| test | t/s |\n|---|---|\n| xx5 | 3.0 |\n", None),
            "FILE: line 3: no test of llama-bench, \"xx5\", paste the table as llama-bench wrote it",
        ),
        (
            refusal("| test | t/s |\n|---|---|\n| tg5 | nan ± nan |\n", None),
            "FILE: line 3: no rate, \"nan ± nan\", paste the table as llama-bench wrote it",
        ),
        (
            refusal(&serving("NaN"), None),
            "FILE: line 1: `duration` is missing or no number, \"NaN\", give the whole result",
        ),
        (
            refusal(&serving("0"), None),
            "FILE: line 1: a run without a length, 0 ms, give the result of a run that finished",
        ),
        (
            refusal(&serving("1, \"date\": \"yesterday\""), None),
            "FILE: line 1: no date and time, \"yesterday\", expected YYYYMMDD-HHMMSS, correct it",
        ),
        (
            refusal("Metric,avg\nOutput Sequence Length,5\n\nMetric,Value\nRequest Throughput (per sec),2\n", None),
            "FILE: line 1: a metric is missing, \"Request Count\", give the whole file, both tables, as the tool wrote it",
        ),
        (
            refusal("{\"load_model\": {\"latency\": {\"mean\": 1}}}", None),
            "FILE: line 1: none of the phases prefill, decode and generate, \"load_model\", \
             give the report of an inference scenario of text generation",
        ),
        (
            refusal(&GENERIC.replace("ttft_ms", "tfft_ms"), None),
            "FILE: line 1: columns that are not known, \"tfft_ms\", use start, end, duration_s, mode, \
             backend, device, dtype, model, scenario, \
             batch, prompt_tokens, tokens_generated, new_tokens_asked, ttft_ms, tpot_ms, gpu_j, \
             cpu_package_j, dram_j, node_j, threads, library, \
             status, reason, accelerators, role, concurrency, offered_rate_per_s, arrival, requests_completed, \
             requests_failed, cached_prompt_tokens, reasoning_tokens",
        ),
        (
            refusal(&GENERIC.replace("09:01:00Z", "08:59:00Z"), None),
            "FILE: line 2: a run without a length, -60000 ms, give the result of a run that finished",
        ),
        (
            refusal(&GENERIC.replace("09:01", "9 o'clock"), None),
            "FILE: line 2: column `end` is no time, \"2026-05-14T9 o'clock:00Z\", write 2026-05-14T09:00:00Z",
        ),
    ] {
        assert_eq!(found, wanted);
    }
}

#[test]
fn zones_and_windows() {
    let vllm = |date: &str| {
        format!(
            "{{\"date\": \"{date}\", \"completed\": 1, \"total_output_tokens\": 5, \"duration\": 60.5, \"model_id\": \"m\"}}"
        )
    };
    let with = |date: &str, options: Options| {
        let mut sheet = Sheet::new(&options).unwrap();
        let done = read(Source::of(vllm(date).as_bytes()), &mut sheet).and_then(|()| sheet.finish());
        done.map(|()| sheet.runs.remove(0))
    };
    let files = |zone: &str, shift_ms| Files { tz: Some(zone.parse().unwrap()), shift_ms, ..Files::default() };
    let tz = |zone: &str| Options { files: files(zone, 0), ..Options::default() };
    let end = |run: &sheet::Run| crate::read::zone::utc_text(run.end_ns.unwrap());
    let berlin = with("20260514-091530", tz("Europe/Berlin")).unwrap();
    assert_eq!((end(&berlin).as_str(), berlin.imported_from.as_deref()), ("2026-05-14T07:15:30Z", Some("vllm")));
    assert_eq!(berlin.end_ns.unwrap() - berlin.start_ns.unwrap(), 60_500_000_000);
    let unknown = with("20260514-091530", Options::default()).unwrap();
    assert_eq!(
        (end(&unknown).as_str(), unknown.imported_from.as_deref()),
        ("2026-05-14T09:15:30Z", Some("vllm, times without a zone"))
    );
    let shifted = with("20260514-091530", Options { files: files("UTC", -1500), ..Options::default() }).unwrap();
    assert_eq!(end(&shifted), "2026-05-14T09:15:28.5Z");
    let none = with("20260514-091530", Options { window: Window::None, ..tz("UTC") }).unwrap();
    assert_eq!((none.start_ns, none.latency_ms), (None, Some(60_500.0)));
    let given =
        Options { window: "2026-05-14T10:00:00+02:00/2026-05-14T08:01:00Z".parse().unwrap(), ..Options::default() };
    let given = with("20260514-091530", given).unwrap();
    assert_eq!(
        (given.end_ns.unwrap() - given.start_ns.unwrap(), given.window_from.as_deref()),
        (60_000_000_000, Some("given as --window"))
    );
    let backwards =
        Options { window: "2026-05-14T08:01:00Z/2026-05-14T08:00:00Z".parse().unwrap(), ..Options::default() };
    assert_eq!(
        with("20260514-091530", backwards).unwrap_err().to_string(),
        "FILE: line 1: a window that does not end after its start, -60.000 s, correct the times"
    );
    assert_eq!(
        with("20261025-023000", tz("Europe/Berlin")).unwrap_err().to_string(),
        "FILE: line 1: a local time that was there twice, clocks went back over it, Europe/Berlin, say which: --tz +02:00 or --tz +01:00"
    );
    assert_eq!(
        with("20260329-023000", tz("Europe/Berlin")).unwrap_err().to_string(),
        "FILE: line 1: no such local time, clocks went forward over it, Europe/Berlin, correct --tz or give an offset"
    );
    assert!(
        "yesterday"
            .parse::<Window>()
            .unwrap_err()
            .starts_with("no window \"yesterday\", give stated, assumed, none or FROM/TO")
    );
}

#[test]
fn results_that_cannot_be_one_import() {
    let options =
        Options { window: "2026-05-14T08:00:00Z/2026-05-14T08:01:00Z".parse().unwrap(), ..Options::default() };
    let mut sheet = Sheet::new(&options).unwrap();
    let line = "{\"completed\": 1, \"total_output_tokens\": 5, \"duration\": 60.5}\n";
    read(Source::of(format!("{line}{}", line.replace("60.5", "61.5")).as_bytes()), &mut sheet).unwrap();
    assert_eq!(
        sheet.finish().unwrap_err().to_string(),
        "FILE: one window for several runs, 2 runs, import each run by itself, or leave --window to what the results say"
    );
    let line = r#"{"date": "20260514-091530", "completed": 1, "total_output_tokens": 5, "duration": 60.5}"#;
    let (_, remarks) = try_read(format!("{line}\n{}", line.replace("60.5", "59.5")).as_bytes(), None).unwrap();
    assert!(remarks[1].ends_with(
        "1 runs begin before another has ended: each is given all energy of its window, import a benchmark once"
    ));
    let other = csv() + &csv().lines().nth(1).unwrap().replace("CPU 8-Core", "CPU 9-Core");
    let (runs, remarks) = try_read(other.as_bytes(), None).unwrap();
    assert_eq!(
        runs.iter().map(|r| r.scenario.as_str()).collect::<Vec<_>>(),
        ["tg128 cpu_info=CPU 8-Core", "tg128 cpu_info=CPU 9-Core"]
    );
    assert_eq!(remarks[0], "FILE: results of several machines: their GPUs are kept apart, and no processor is named");
    let other = other.replace("\"CUDA\"", "\"CPU\"");
    assert_eq!(
        refusal(&other, None),
        "FILE: line 3: results of two machines, \"CPU 9-Core\" after \"CPU 8-Core\", \
         import each machine into its own folder, or name one with --cpu"
    );
    let on_cpu = csv().replace("\"CUDA\"", "\"CPU\"").replace("CPU 8-Core", "");
    let priced = Options { usd_per_hour: Some(1.0), ..Options::default() };
    let mut sheet = Sheet::new(&priced).unwrap();
    read(Source::of(on_cpu.as_bytes()), &mut sheet).unwrap();
    assert_eq!(
        sheet.finish().unwrap_err().to_string(),
        "FILE: the price of a machine whose processor is not known, \"cpu\", name it with --cpu"
    );
}

/// Texts that readers take: the cases' inputs and what they lack.
fn corpus() -> Vec<Vec<u8>> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/cases");
    let mut files: Vec<PathBuf> = std::fs::read_dir(cases).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let number = |p: &PathBuf| p.file_name().unwrap().to_string_lossy()[..2].parse::<u32>().unwrap();
    let mut found: Vec<Vec<u8>> = vec![csv().into(), sql().into(), GENERIC.into()];
    for folder in files.iter().filter(|p| number(p) < 20) {
        let inputs = ["input.json", "input.jsonl", "input.csv", "input.md"].map(|name| folder.join(name));
        found.extend(inputs.iter().filter(|p| p.is_file()).map(|p| std::fs::read(p).unwrap()));
    }
    found.extend(fuzz::clients().into_iter().map(|(_, bytes)| bytes));
    assert!(found.len() > 80);
    found
}

/// Reads and looks at what came: rows are no more than the bytes can hold.
fn survives(bytes: &[u8], format: &str) {
    if let Ok((runs, remarks)) = try_read(bytes, Some(format)) {
        assert!(!runs.is_empty() && runs.len() <= bytes.len() && remarks.len() < 100);
        for run in &runs {
            assert!(run.start_ns.zip(run.end_ns).is_none_or(|(start, end)| start < end), "{run:?}");
            assert!(run.status == "failed" || run.latency_ms.is_some_and(|ms| ms > 0.0), "{run:?}");
            assert!((run.status == "ok") == run.reason.is_none(), "{run:?}");
        }
        schemas::rows::to_batch(&schemas::tables::RUN, &runs).unwrap();
    }
}

#[test]
fn fuzzed_run_readers() {
    let corpus = corpus();
    fuzz::each(ALL, |format| fuzz::campaign(format.name, &corpus, &|bytes, _| survives(bytes, format.name)));
}

#[test]
fn large_texts_are_read_in_time_that_grows_with_them() {
    let entry = "{\"completed\": 1, \"total_output_tokens\": 5, \"duration\": 60.5, \"itls\": [[1.0, 2.0]]}\n";
    let begun = Instant::now();
    let entries: String = (0..20_000).map(|n| entry.replace("60.5", &format!("60.{n:05}5"))).collect();
    assert_eq!(try_read(entries.as_bytes(), None).unwrap().0.len(), 20_000);
    assert_eq!(try_read(entry.repeat(200).as_bytes(), None).unwrap().0.len(), 1);
    survives("[".repeat(1 << 20).as_bytes(), "vllm");
    survives("{\"a\":".repeat(1 << 18).as_bytes(), "vllm");
    survives(format!("build_commit,{}", "n_gen,".repeat(1 << 18)).as_bytes(), "llama-bench");
    survives("INSERT INTO (".repeat(1 << 16).as_bytes(), "llama-bench");
    survives("word\n".repeat(1 << 18).as_bytes(), "llama-bench");
    survives(format!("build_commit,avg_ns\n{}", ",".repeat(1 << 20)).as_bytes(), "llama-bench");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

/// What no hardware takes or no time allows, of a table whose figures contradict nothing else in it.
#[test]
fn impossible_energies_and_times_are_refused() {
    let row = |gpu_j: &str, tpot: &str| {
        let header = "start,end,model,device,batch,prompt_tokens,tokens_generated,gpu_j,tpot_ms,accelerators";
        let text =
            format!("{header}\n2026-05-14T09:00:00Z,2026-05-14T09:00:10Z,m,NVIDIA H100,1,10,500,{gpu_j},{tpot},2\n");
        try_read(text.as_bytes(), Some("generic")).map(|(runs, _)| runs.len()).map_err(|fault| fault.to_string())
    };
    assert_eq!(row("7000", "20"), Ok(1));
    assert_eq!(
        row("1e15", "20"),
        Err("FILE: line 2: a mean power of gpu that is impossible, 1.000e14 W, none takes more than 8e3 W: correct the energy or the length"
            .into())
    );
    assert_eq!(
        row("7000", "65530"),
        Err("FILE: line 2: a token that takes longer than all of its run, 65530 and 10000 ms, correct one of them"
            .into())
    );
}
