//! Readers against arbitrary and mutated logs, and the registry against its folder.

mod clocks;
mod kinds;
mod spans;
mod units;

use super::*;
use crate::read::{
    format::Format,
    fuzz::{self, campaign, fixtures},
};
use std::{collections::BTreeSet, path::PathBuf};

/// Options that change what readers do.
fn options(choice: u32) -> Options {
    let bit = |n: u32| choice >> n & 1 == 1;
    let tz = [None, Some("UTC"), Some("Europe/Berlin"), Some("-03:30")][(choice % 4) as usize];
    let selects = [
        "",
        "0",
        "generate",
        "power.draw.average",
        "GPU Power [W]#2",
        "VDD_SOC",
        "sensor.server_plug_power",
        "power_w",
    ];
    let select = selects[(choice >> 2 & 7) as usize];
    Options {
        files: Files {
            into: std::env::temp_dir(),
            tz: tz.map(|z| z.parse().unwrap()),
            shift_ms: if bit(5) { i64::MIN } else { 0 },
            ..Files::default()
        },
        gpus: if bit(6) { vec!["0".into()] } else { Vec::new() },
        interval_ms: bit(7).then_some(if bit(8) { 1e300 } else { 1000.0 }),
        start: bit(9).then(|| "2026-05-14T09:00:00Z".into()),
        select: if bit(10) && !select.is_empty() { vec![select.into()] } else { Vec::new() },
        series: if bit(12) { vec!["none".into()] } else { Vec::new() },
        energy: bit(13).then_some(if bit(14) {
            sink::totals::Energies::Counter
        } else {
            sink::totals::Energies::Interval
        }),
        date_order: if bit(11) { DateOrder::DayFirst } else { DateOrder::Unknown },
        ..Options::default()
    }
}

/// Reads, and holds what came against what any log must give.
fn read(format: &Format<Sink>, bytes: &[u8], choice: u32) {
    let options = options(choice);
    let mut sink = Sink::new(&options);
    sink.begin(0, format.name);
    let source = Source::of(bytes);
    let read = (format.read)(source, &mut sink).and_then(|()| sink.end()).and_then(|()| sink.refuse_unlike(source));
    let done = read.and_then(|()| sink.check(&[]));
    let readings: u64 = sink.known.iter().map(|k| k.readings + k.errors).sum();
    assert!(readings <= 4 * bytes.len() as u64, "{readings} readings of {} bytes", bytes.len());
    match done {
        Err(fault) => assert!(!fault.to_string().is_empty()),
        Ok(()) => sink.see_rows(|_, t, value| {
            assert!(t.windows(2).all(|pair| pair[0] < pair[1]), "not in order of time");
            assert!(value.iter().all(|v| v.is_nan() || v.is_finite()), "not finite");
        }),
    }
}

#[test]
fn fuzzed_power_readers() {
    let all = fixtures();
    fuzz::each(ALL, |format| {
        let seeds: Vec<Vec<u8>> = all
            .iter()
            .filter(|(_, b)| (format.recognises)(&Source::of(b).head().unwrap()))
            .map(|(_, b)| b.clone())
            .collect();
        campaign(format.name, &seeds, &|bytes, choice| read(format, bytes, choice));
    });
}

/// One file and one page a format: nothing is in one of the three places alone.
#[test]
fn folder_registry_and_pages_agree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = |folder: PathBuf, ending: &str| -> BTreeSet<String> {
        let files = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        files.filter_map(|f| f.strip_suffix(ending).map(str::to_string)).collect()
    };
    let files: BTreeSet<String> =
        names(root.join("src/power"), ".rs").into_iter().filter(|f| f != "mod" && f != "tests").collect();
    assert_eq!(files.len(), ALL.len(), "{files:?}");
    let pages = root.join("../../docs/imports");
    let index = std::fs::read_to_string(pages.join("README.md")).unwrap();
    for format in ALL {
        let page = std::fs::read_to_string(pages.join(format!("{}.md", format.name)));
        let page = page.unwrap_or_else(|_| panic!("docs/imports has no page {}.md", format.name));
        assert!(page.starts_with(&format!("# {}", format.name)), "{}: its page has another title", format.name);
        assert!(index.contains(&format!("[{0}]({0}.md)", format.name)), "{}: not in the index", format.name);
        assert!(page.contains("import power"), "{}: its page shows no import", format.name);
    }
    let known: BTreeSet<&str> = ALL.iter().map(|f| f.name).collect();
    assert_eq!(known.len(), ALL.len(), "two formats of one name");
}
