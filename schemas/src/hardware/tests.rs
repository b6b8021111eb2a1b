//! Names as they are really printed, and what must never be taken for one another.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// `printed,name` of machines of all kinds, with where such a print was seen.
const PRINTED: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/hardware/printed.csv"));

#[derive(Debug, serde::Deserialize)]
struct Printed {
    by: String,
    printed: String,
    name: String,
}

fn printed() -> Vec<Printed> {
    rows(PRINTED)
}

#[test]
fn names_as_really_printed() {
    let all = printed();
    assert!(all.len() >= 60, "{}", all.len());
    for row in &all {
        assert_eq!(recognise(&row.printed).name, row.name, "{} prints {}", row.by, row.printed);
    }
    for by in ["nvml", "cpuinfo", "lspci", "amd-smi", "seller"] {
        assert!(all.iter().filter(|row| row.by == by).count() >= 4, "{by}");
    }
}

#[test]
fn the_tables_say_each_thing_once_and_whence() {
    let mut names: BTreeMap<String, &Alias> = BTreeMap::new();
    for row in aliases() {
        assert!(!row.source.is_empty() && crate::column::is_date(&row.retrieved_on), "{}", row.alias);
        let earlier = names.insert(fold(&row.alias), row);
        assert_eq!(earlier, None, "folding alone makes \"{}\" of it", fold(&row.alias));
        let own = aliases().iter().find(|other| other.alias == row.name).unwrap_or_else(|| panic!("{}", row.name));
        let facts = |row: &Alias| (row.name.clone(), row.kind, row.memory_gb, row.is_exact);
        assert_eq!(facts(own), facts(row), "{}", row.alias);
        assert_eq!(recognise(&row.alias).name, row.name);
    }
    for row in instances() {
        let found = recognise(&row.accelerator);
        assert!(
            found.is_exact && !row.source.is_empty() && crate::column::is_date(&row.retrieved_on),
            "{}",
            row.instance
        );
        assert!(found.is_known || row.accelerator.contains("A10-"), "{}", row.accelerator);
    }
}

/// Whatever folding does, products that differ in price or speed stay apart.
#[test]
fn no_product_is_taken_for_another() {
    let pairs = [
        ("NVIDIA A10", "NVIDIA A100"),
        ("NVIDIA A10", "NVIDIA A10G"),
        ("NVIDIA A10", "NVIDIA A10M"),
        ("NVIDIA A10", "NVIDIA A10-4Q"),
        ("NVIDIA A10-4Q", "NVIDIA A10-24Q"),
        ("NVIDIA L4", "NVIDIA L40"),
        ("NVIDIA L40", "NVIDIA L40S"),
        ("Tesla T4", "NVIDIA T4G"),
        ("Tesla T4", "GRID T4-16Q"),
        ("Tesla T4", "Tesla T40 24GB"),
        ("NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 4090 Laptop GPU"),
        ("NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 4090 D"),
        ("NVIDIA GeForce RTX 2080", "NVIDIA GeForce RTX 2080 with Max-Q Design"),
        ("NVIDIA GeForce RTX 3090", "NVIDIA GeForce RTX 3090 Ti"),
        ("NVIDIA GeForce GTX 1060 3GB", "NVIDIA GeForce GTX 1060 6GB"),
        ("Quadro RTX 6000", "NVIDIA RTX 6000 Ada Generation"),
        ("Quadro RTX 6000", "NVIDIA RTX A6000"),
        ("Quadro RTX 6000", "TU102GL [Quadro RTX 6000/8000]"),
        ("NVIDIA H100 80GB HBM3", "NVIDIA H100 PCIe"),
        ("NVIDIA H100 PCIe", "NVIDIA H100 NVL"),
        ("NVIDIA H100 80GB HBM3", "NVIDIA H100"),
        ("NVIDIA H100", "NVIDIA H200"),
        ("NVIDIA H200", "NVIDIA H200 NVL"),
        ("NVIDIA H100 80GB HBM3", "NVIDIA H800"),
        ("NVIDIA A100-SXM4-40GB", "NVIDIA A100-SXM4-80GB"),
        ("NVIDIA A100-SXM4-80GB", "NVIDIA A100 80GB PCIe"),
        ("NVIDIA A100-PCIE-40GB", "NVIDIA A100 80GB PCIe"),
        ("NVIDIA A100-SXM4-40GB", "NVIDIA A100-SXM4-40GB MIG 1g.5gb"),
        ("NVIDIA A100-SXM4-40GB MIG 1g.5gb", "NVIDIA A100-SXM4-40GB MIG 3g.20gb"),
        ("NVIDIA A100-SXM4-40GB", "NVIDIA A800-SXM4-40GB"),
        ("Tesla V100-SXM2-16GB", "Tesla V100-SXM2-32GB"),
        ("Tesla V100-PCIE-32GB", "Tesla V100S-PCIE-32GB"),
        ("NVIDIA GH200 120GB", "NVIDIA GH200 480GB"),
        ("AMD Instinct MI300X", "AMD Instinct MI300A"),
        ("AMD Instinct MI300X", "AMD Instinct MI300X VF"),
        ("Intel(R) Xeon(R) Platinum 8488C", "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz"),
        ("Intel(R) Xeon(R) Platinum 8488C", "Intel(R) Xeon(R) CPU @ 2.20GHz"),
        ("Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz", "Intel(R) Xeon(R) CPU E5-2686 v3 @ 2.30GHz"),
        ("AMD EPYC 9R14", "AMD EPYC 7R13 Processor"),
        ("AMD EPYC 9R14", "AMD EPYC"),
        ("AMD EPYC 7B12", "AMD EPYC 7B13"),
        ("Neoverse-N1", "Neoverse-N2"),
        ("Neoverse-V1", "AWS Graviton3"),
        ("Intel(R) Core(TM) i9-13980HX", "Intel(R) Core(TM) i9-13900HX"),
        ("Intel(R) Core(TM) i9-13900K", "Intel(R) Core(TM) i9-13900KS"),
    ];
    for (one, other) in pairs {
        assert_ne!(recognise(one).name, recognise(other).name, "{one} and {other}");
    }
}

/// Spellings of results, sellers and Kubernetes, and whether they say one product.
#[test]
fn spellings_of_one_product_meet_and_families_stay_open() {
    for (printed, name, is_exact) in [
        ("H100", "NVIDIA H100", false),
        ("nvidia-h100-80gb", "NVIDIA H100", false),
        ("Tesla H100", "NVIDIA H100", false),
        ("h100_sxm", "NVIDIA H100 SXM 80GB", true),
        ("H100 SXM5", "NVIDIA H100 SXM 80GB", true),
        ("H100-SXM5-80GB", "NVIDIA H100 SXM 80GB", true),
        ("NVIDIA-H100-80GB-HBM3", "NVIDIA H100 SXM 80GB", true),
        ("nvidia-h100-mega-80gb", "NVIDIA H100 SXM 80GB", true),
        ("nvidia-h200-141gb", "NVIDIA H200 SXM 141GB", true),
        ("MI300X", "AMD Instinct MI300X", true),
        ("nvidia-tesla-t4", "NVIDIA T4", true),
        ("A100", "NVIDIA A100", false),
        ("nvidia-a100-80gb", "NVIDIA A100 80GB", false),
    ] {
        let found = recognise(printed);
        assert_eq!((found.name.as_str(), found.is_exact), (name, is_exact), "{printed}");
    }
}

#[test]
fn families_slices_counts_and_instances() {
    assert!(!recognise("NVIDIA H100").is_exact, "SXM, PCIe or NVL");
    assert!(recognise("NVIDIA H100 PCIe").is_exact);
    assert!(!recognise("AMD EPYC").is_exact && recognise("AMD EPYC 9R14").is_exact);
    let slice = recognise("NVIDIA A100-SXM4-40GB MIG 3g.20gb");
    assert_eq!((slice.name.as_str(), slice.memory_gb), ("NVIDIA A100 SXM 40GB MIG 3g.20gb", Some(20.0)));
    let eight = recognise("8x NVIDIA H100 80GB HBM3");
    assert_eq!((eight.count, eight.name.as_str(), eight.memory_gb), (8, "NVIDIA H100 SXM 80GB", Some(80.0)));
    assert_eq!(recognise("8 x NVIDIA L4").count, 8);
    assert_eq!((recognise("4090").count, recognise("0x NVIDIA L4").count), (1, 1));
    assert_eq!(sold("aws", "p5.48xlarge", "NVIDIA H100").name, "NVIDIA H100 SXM 80GB");
    assert_eq!(sold("azure", "standard_nc40ads_h100_v5", "NVIDIA H100").name, "NVIDIA H100 NVL 94GB");
    assert_eq!(sold("aws", "p5en.48xlarge", "NVIDIA H200").name, "NVIDIA H200 SXM 141GB", "p5.* is not p5en");
    assert_eq!(sold("nobody", "p5.48xlarge", "NVIDIA H100").name, "NVIDIA H100");
    let unknown = recognise("NVIDIA  Future-9000 (TM)");
    assert_eq!((unknown.name.as_str(), unknown.is_known), ("future 9000", false));
}

proptest! {
    #[test]
    fn folding_a_folded_name_changes_nothing(text in r"[ -~®™×]{0,40}", known in 0..1000usize, by in r"[ A-Za-z0-9()@.,\[\]/-]{0,12}") {
        let known = &aliases()[known % aliases().len()].alias;
        for text in [text.clone(), format!("{known}{by}"), format!("{by} {known}")] {
            let once = fold(&text);
            prop_assert_eq!(&fold(&once), &once);
            let name = recognise(&text).name;
            prop_assert_eq!(&recognise(&name).name, &name, "a name stands for itself");
        }
    }

    /// Case, marks, spacing and a vendor in front say nothing.
    #[test]
    fn spelling_changes_no_name(at in 0..1000usize, upper: bool, gap in r"[ _-]{1,3}", vendor: bool, clock in 1..9u8) {
        let row = &aliases()[at % aliases().len()];
        let mut text = row.alias.replace(' ', &gap);
        if upper { text = text.to_uppercase(); }
        if vendor { text = format!("NVIDIA(R) {text}"); }
        if row.kind == Kind::Cpu { text = format!("{text} CPU @ {clock}.10GHz"); }
        prop_assert_eq!(&recognise(&text).name, &row.name);
    }
}

#[test]
fn no_two_names_fold_to_one() {
    let names: BTreeSet<&str> = aliases().iter().map(|row| row.name.as_str()).collect();
    let folded: BTreeSet<String> = names.iter().map(|name| fold(name)).collect();
    assert_eq!(folded.len(), names.len());
}
