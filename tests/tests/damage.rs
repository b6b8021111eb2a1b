//! Damaged contract files: no bit and no cut is another number, and none ends a stage without the file's name.

use crate::refusals::{imported, join};
use schemas::{io, tables};
use std::{fs, path::Path};
use tests::{resealed, stage};

const TR119: &str = "data/inputs/tr119/pipeline.toml";

/// The seeded places at which a file is damaged: `TALLYWATT_FLIPS` of them, else a few that stand for all.
fn places(bits: usize) -> impl Iterator<Item = usize> {
    let flips: usize = std::env::var("TALLYWATT_FLIPS").map_or(100, |n| n.parse().expect("a number of flips"));
    let mut state = 42_u64;
    (0..flips).map(move |_| {
        // Knuth's MMIX constants.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 20) as usize % bits
    })
}

#[test]
fn no_flipped_bit_of_any_table_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let study = crate::golden::tables().parent().unwrap();
    let (mut kinds, mut flips) = (0, 0);
    for contract in tables::ALL {
        let file = format!("{}.parquet", contract.name);
        let Ok(good) = fs::read(study.join(&file)) else { continue };
        let path = &folder.path().join(&file);
        fs::write(path, &good).unwrap();
        kinds += 1;
        let rows = io::scan(path, contract, |_| {}).unwrap().rows;
        for bit in places(good.len() * 8) {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            flips += 1;
            fs::write(path, &bad).unwrap();
            let refused = io::scan(path, contract, |_| {}).map(|found| found.rows).unwrap_err().to_string();
            assert!(refused.starts_with(&path.display().to_string()), "{refused}");
        }
        for length in (0..good.len()).step_by(1 + good.len() / 500) {
            fs::write(path, &good[..length]).unwrap();
            assert!(io::scan(path, contract, |_| {}).is_err(), "{} cut at {length}", contract.name);
        }
        fs::write(path, &good).unwrap();
        assert_eq!(io::scan(path, contract, |_| {}).unwrap().rows, rows, "and whole again it is what it was");
    }
    assert!(kinds >= 26, "{kinds} kinds of table");
    println!("{flips} flipped bits of {kinds} kinds of table, 0 read");
}

#[test]
fn every_stage_and_query_refuses_a_flipped_bit() {
    let folder = tempfile::tempdir().unwrap();
    let files = imported(folder.path());
    let out = folder.path().join("run_energy.parquet");
    let run = files.iter().find(|f| f.ends_with("/run.parquet")).unwrap();
    let mut bytes = fs::read(run).unwrap();
    bytes[200] ^= 4;
    fs::write(run, &bytes).unwrap();
    let refused = format!(
        "{run}: damaged, or written by something else, its bytes are not those of its seal, delete it and run `make` again to rewrite it\n"
    );
    let ran = join(&files, TR119, &out);
    assert_eq!((ran.code, ran.err), (Some(1), format!("join-telemetry: {refused}")));
    let ran = stage("query", &["select count(*) from run", "--run", &folder.path().display().to_string()]);
    assert_eq!((ran.code, ran.err), (Some(1), format!("query: {refused}")));
}

/// A footer that lies, sealed as if a build had written it.
#[test]
fn a_footers_count_is_held_against_the_rows() {
    let folder = tempfile::tempdir().unwrap();
    let files = imported(folder.path());
    let path = Path::new(files.iter().find(|f| f.ends_with("/session.parquet")).unwrap());
    let good = fs::read(path).unwrap();
    let rows = io::scan(path, &tables::SESSION, |_| {}).unwrap().rows;
    // Thrift's compact protocol: field 3 of the footer is the number of rows, a zigzag varint of one byte here.
    let footer = good.len() - 8 - u32::from_le_bytes(good[good.len() - 8..good.len() - 4].try_into().unwrap()) as usize;
    let count = u8::try_from(rows * 2).unwrap();
    let found = good[footer..].windows(3).position(|part| part == [0x16, count, 0x19]).map(|at| footer + at + 1);
    let mut lie = good.clone();
    lie[found.expect("the number of rows and the row groups behind it")] = count + 2;
    resealed(&mut lie);
    fs::write(path, &lie).unwrap();
    let refused = io::scan(path, &tables::SESSION, |_| {}).map(|found| found.rows).unwrap_err().to_string();
    assert!(refused.contains(&format!("{rows} rows in its groups where its footer says {}", rows + 1)), "{refused}");
}

/// Tables of two runs never meet: each says what it was made from.
#[test]
fn tables_of_two_runs_are_refused_together() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
    let made = [&one, &two].map(|into| {
        fs::create_dir_all(into).unwrap();
        imported(into)
    });
    let energies = [&one, &two].map(|into| into.join("run_energy.parquet"));
    join(&made[0], TR119, &energies[0]).ok();
    // The second is of the same runs, but one.
    let path = made[1].iter().find(|f| f.ends_with("/run.parquet")).unwrap();
    let batches = io::read(Path::new(path), &tables::RUN).unwrap();
    let fewer = batches[0].slice(1, batches[0].num_rows() - 1);
    io::write(Path::new(path), &tables::RUN, &[fewer], &schemas::Provenance::default()).unwrap();
    let mixed = [made[1].to_vec(), vec![energies[0].display().to_string()]].concat();
    let folder = folder.path().join("mixed");
    fs::create_dir_all(&folder).unwrap();
    for file in &mixed {
        fs::copy(file, folder.join(Path::new(file).file_name().unwrap())).unwrap();
    }
    let ran = stage("query", &["select count(*) from run_energy", "--run", &folder.display().to_string()]);
    let said = ran.err.clone();
    let begin = format!(
        "query: {}: made from another run.parquet than the one that is read beside it, ",
        folder.join("run_energy.parquet").display()
    );
    assert!(ran.code == Some(1) && said.starts_with(&begin), "{said}");
    assert!(said.trim_end().ends_with("run `make` to rewrite it with `join-telemetry`"), "{said}");
}
