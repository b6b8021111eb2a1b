//! Arbitrary bytes and mutated fixtures into readers. `make test` tries some hundred inputs each, the same every time; `make fuzz` new
//! ones for `TALLYWATT_FUZZ_SECONDS` each, as many readers at once as `RAYON_NUM_THREADS` says.

use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use rayon::prelude::*;
use rustix::time::{ClockId, clock_gettime};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// Inputs of one round, and of `make test`.
const ROUND: u32 = 192;
/// An input of some kilobytes that takes more of a processor's time hangs.
const LONGEST: Duration = Duration::from_secs(5);
/// Longest input that mutation makes.
const BYTES: usize = 64 << 10;

/// What numbers, times and structure break on.
const TOKENS: &[&str] = &[
    "",
    ",",
    ";",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\"",
    "\0",
    "\u{feff}",
    "°",
    "NaN",
    "Infinity",
    "-1",
    "0",
    "1e308",
    "1e999",
    "99999999999999999999",
    "9223372036854775807",
    "-9223372036854775808",
    "[N/A]",
    "N/A",
    "null",
    "{",
    "}",
    "[",
    "]",
    ":",
    "2026/05/14 25:61:61.999",
    "0000-00-00 00:00:00",
    "9999-12-31 23:59:59.999999999",
    "2026-10-25 02:30:00",
    "2026-03-29 02:30:00",
    "253402300799",
    "1778745600",
    " W",
    "mW",
    "#",
    "*** ",
    "\\u",
    "|",
    "'",
    "(",
    ")",
    "1,024.00",
    "-Infinity",
    "INSERT INTO test (",
    "\"itls\": [",
    " @ d",
    "Metric,Value\n",
    "sep=;\n",
    "0,412",
    "\"1,250\"",
    "1.250",
    "\ntimestamp, power.draw [mW], index\n",
    "\x1F\u{8}",
];

#[derive(Debug, Clone)]
enum Edit {
    Flip(usize, u8),
    Cut(usize, usize),
    Repeat(usize, usize, usize),
    Insert(usize, usize),
    Truncate(usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = || any::<u32>().prop_map(|n| n as usize);
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(a, b)| Edit::Flip(a, b)),
        (at(), 1usize..200).prop_map(|(a, n)| Edit::Cut(a, n)),
        (at(), 1usize..400, 1usize..8).prop_map(|(a, n, times)| Edit::Repeat(a, n, times)),
        (at(), 0..TOKENS.len()).prop_map(|(a, t)| Edit::Insert(a, t)),
        at().prop_map(Edit::Truncate),
    ]
}

fn apply(mut bytes: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for edit in edits {
        let place = |at: usize| at % (bytes.len() + 1);
        match *edit {
            Edit::Flip(at, byte) => {
                let at = place(at);
                bytes.get_mut(at).into_iter().for_each(|b| *b ^= byte);
            }
            Edit::Cut(at, n) => {
                let (from, to) = (place(at), (place(at) + n).min(bytes.len()));
                bytes.drain(from..to);
            }
            Edit::Repeat(at, n, times) => {
                let (from, to) = (place(at), (place(at) + n).min(bytes.len()));
                let piece = bytes[from..to].repeat(times);
                bytes.splice(from..from, piece);
            }
            Edit::Insert(at, token) => {
                let at = place(at);
                bytes.splice(at..at, TOKENS[token].bytes());
            }
            Edit::Truncate(at) => bytes.truncate(place(at)),
        }
        bytes.truncate(BYTES);
    }
    bytes
}

/// Files of the cases, as far as they are small: what mutation begins with.
pub fn fixtures() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/cases");
    let mut found = Vec::new();
    for case in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        let files = std::fs::read_dir(case).unwrap().map(|e| e.unwrap().path());
        for path in files.filter(|p| p.file_stem().is_some_and(|s| s != "case" && s != "run")) {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path, bytes[..bytes.len().min(BYTES / 4)].to_vec()));
        }
    }
    found.sort();
    found
}

/// A campaign for each reader, several at once.
pub fn each<F: Sync>(formats: &[F], campaign: impl Fn(&F) + Sync + Send) {
    formats.par_iter().with_max_len(1).for_each(campaign);
}

/// Gives `read` inputs made of `seeds` and of nothing. The second argument of `read` chooses options. Panics are failures.
pub fn campaign(name: &str, seeds: &[Vec<u8>], read: &dyn Fn(&[u8], u32)) {
    let seconds = std::env::var("TALLYWATT_FUZZ_SECONDS").ok().and_then(|s| s.parse::<f64>().ok());
    let (began, busy_before) = (Instant::now(), busy());
    let (mut rounds, mut slowest) = (0u32, Duration::ZERO);
    let edits = || proptest::collection::vec(edit(), 0..12);
    loop {
        let timed = std::cell::Cell::new(slowest);
        let config = Config { cases: ROUND, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
        let noise = proptest::collection::vec(any::<u8>(), 0..2048);
        let input = (any::<prop::sample::Index>(), edits(), noise, 0u8..8, any::<u32>());
        let mut runner = match seconds {
            None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
            Some(_) => TestRunner::new(config),
        };
        let result = runner.run(&input, |(seed, edits, noise, from, options)| {
            let bytes = match seeds {
                [_, ..] if from > 0 => apply(seeds[seed.index(seeds.len())].clone(), &edits),
                _ => apply(noise, &edits),
            };
            let started = busy();
            read(&bytes, options);
            let took = busy() - started;
            timed.set(timed.get().max(took));
            prop_assert!(took < LONGEST, "{name}: {took:?} for {} bytes", bytes.len());
            Ok(())
        });
        result.unwrap_or_else(|e| panic!("{name}: {e}"));
        slowest = timed.get();
        rounds += 1;
        if seconds.is_none_or(|s| began.elapsed().as_secs_f64() >= s) {
            break;
        }
    }
    if seconds.is_some() {
        println!(
            "{name}: {} inputs in {:.0} s, {:.0} s of a processor, the slowest {slowest:?}",
            rounds * ROUND,
            began.elapsed().as_secs_f64(),
            (busy() - busy_before).as_secs_f64()
        );
    }
}

/// What this thread has had of a processor.
fn busy() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
