//! What contradicts itself is refused, and what is improbable is remarked on, in the words that a user sees.

use super::{
    ALL, Price, Sink,
    beside::{Known, Terms, doubt_of},
    machine::check,
};
use crate::{
    lists::{Prices, parsed},
    read::{fault::Notes, format, source::Source},
};
use schemas::{
    sorted::{Aside, Kept, Sorter},
    tables::PRICE,
};

const FETCHED: [&str; 4] = ["--source", "s", "--retrieved-on", "2026-05-14"];
const OWN: &str =
    "provider,region,instance,tier,accelerator,accelerator_count,usd_per_hour,includes_power,source,retrieved_on\n";
const VMS: &str =
    "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice,Region,AvailabilityZone,GpuInfo\n";

/// Remarks of reading a text, or its refusal, and how many rows it gave.
fn read(text: &str, options: &[&str]) -> Result<(usize, Vec<String>), String> {
    let folder = tempfile::tempdir().unwrap();
    let options: Prices = parsed(options);
    let mut sink = Sink::new(&options, Aside::beside(&folder.path().join("out.csv")));
    let source = Source::of(text.as_bytes()).with_decimal(options.decimal);
    let read = format::of(source, None, ALL).and_then(|f| (f.read)(source, &mut sink));
    read.map_err(|fault| fault.of(source.path).to_string())?;
    sink.known.remark(&mut sink.notes);
    Ok((sink.sorter.rows(), sink.notes.texts()))
}

fn sky(lines: &str) -> Result<(usize, Vec<String>), String> {
    read(&format!("{VMS}{lines}\n"), &[&FETCHED[..], &["--provider", "aws", "--as-of", "2026-05-01"]].concat())
}

fn own(lines: &str) -> Result<(usize, Vec<String>), String> {
    read(&format!("{OWN}{lines}\n"), &[])
}

fn quiet(rows: usize) -> Result<(usize, Vec<String>), String> {
    Ok((rows, vec![]))
}

fn h100(count: i64) -> Price {
    Price {
        provider: "p".into(),
        region: "r".into(),
        instance: format!("i{count}"),
        tier: "on_demand".into(),
        accelerator: Some("NVIDIA H100".into()),
        accelerator_count: Some(count),
        usd_per_hour: Some(2.5 * count as f64),
        ..Price::default()
    }
}

fn checked(change: impl Fn(&mut Price)) -> Result<(Price, Vec<String>), String> {
    let (mut price, mut notes) = (h100(8), Notes::default());
    change(&mut price);
    check(7, &mut price, &mut notes).map_err(|fault| fault.of("FILE".as_ref()).to_string())?;
    Ok((price, notes.texts()))
}

#[test]
fn own_tables_are_written_in_many_ways() {
    let plain = format!("{OWN}p,r,i,on_demand,NVIDIA H100,1,2.49,true,s,2026-05-14\n");
    assert_eq!(read(&plain, &[]), quiet(1));
    assert_eq!(read(&format!("sep=,\n{plain}"), &[]), quiet(1));
    assert_eq!(
        read(&plain.replace("retrieved_on", "retrieved_on,as_of").replace("05-14", "05-14,2026-05-15"), &[]),
        Err("FILE: line 2: a price that is vouched for after the day of reading, 2026-05-15 and 2026-05-14, correct the line".into())
    );
    assert_eq!(read(&plain.replace("2.49", "\"2,49\""), &[]), quiet(1));
    assert_eq!(read(&plain.replace(',', ";").replace('.', ","), &[]), quiet(1));
    let grouped = plain.replace("2.49", "\"2,490\"");
    let ask = "FILE: line 2: a comma of decimals or of thousands?, \"2,490\", \
               say which mark is before the decimals: --decimal comma or --decimal point";
    assert_eq!(read(&grouped, &[]), Err(ask.into()));
    assert_eq!(read(&grouped, &["--decimal", "comma"]), quiet(1));
    let twice = "FILE: two columns have the same name, \"tier\", remove one";
    let doubled: String = plain.lines().map(|line| format!("{line},{}\n", line.split(',').nth(3).unwrap())).collect();
    assert_eq!(read(&doubled, &[]), Err(twice.into()));
    let wrong = plain.replace("2.49", "2.4.9");
    assert_eq!(
        read(&wrong, &[]),
        Err("FILE: line 2: column `usd_per_hour` is not a number, \"2.4.9\", correct the line".into())
    );
}

#[test]
fn a_count_in_a_name_is_the_count_or_contradicts_it() {
    let count = |instance: &str, accelerator: &str, provider: &str| {
        let found = checked(|p| {
            (p.instance, p.accelerator) = (instance.into(), Some(accelerator.into()));
            (p.provider, p.accelerator_count, p.usd_per_hour) = (provider.into(), None, None);
        });
        found.ok().and_then(|(price, _)| Some((price.accelerator?, price.accelerator_count?)))
    };
    for (instance, accelerator, provider, bare, wanted) in [
        ("i", "8x NVIDIA H100", "p", "NVIDIA H100", 8),
        ("8x_H100_SECURE", "NVIDIA H100 80GB", "runpod", "NVIDIA H100 80GB", 8),
        ("gpu_4x_a6000", "NVIDIA RTX A6000", "lambda", "NVIDIA RTX A6000", 4),
        ("gpu-h100x8-640gb", "H100", "do", "H100", 8),
        ("massedcompute_A100-sxm4-80GBx8", "A100-80GB", "shadeform", "A100-80GB", 8),
        ("gpu-h100-sxm_8gpu-128vcpu-1600gb", "NVIDIA H100", "nebius", "NVIDIA H100", 8),
        ("8H100.80S.176V", "H100", "verda", "H100", 8),
        ("2x-RTX_5090-32-65536", "RTX5090", "vast", "RTX5090", 2),
        ("a3-highgpu-8g", "NVIDIA H100", "gcp", "NVIDIA H100", 8),
        ("n1-standard-8+4xT4", "T4", "gcp", "T4", 4),
        ("BM.GPU.H100.8", "H100", "oci", "H100", 8),
    ] {
        assert_eq!(count(instance, accelerator, provider), Some((bare.into(), wanted)), "{instance}");
    }
    for (instance, accelerator) in [
        ("p5.48xlarge", "NVIDIA H100"),
        ("Standard_NC24ads_A100_v4", "NVIDIA A100 80GB"),
        ("epyc-milan-rtx-a4000_1x2v4gb", "RTXA4000"),
        ("massedcompute_RTXPro6000", "RTXPro6000"),
        ("tpu-v5litepod-8", "Google TPU v5e"),
        ("Standard_ND96isr_MI300X_v5", "MI300X"),
    ] {
        assert_eq!(count(instance, accelerator, "p"), None, "{instance}");
        assert!(
            checked(|p| (p.instance, p.accelerator) = (instance.into(), Some(accelerator.into()))).is_ok(),
            "{instance}"
        );
    }
    let refused = |change: fn(&mut Price)| checked(change).unwrap_err();
    for (found, what) in [
        (
            refused(|p| p.accelerator = Some("4x NVIDIA H100".into())),
            "the number of accelerators contradicts itself, `accelerator_count` says 8, 4x NVIDIA H100 says 4, correct the row",
        ),
        (
            refused(|p| p.instance = "2x_H100".into()),
            "the number of accelerators contradicts itself, `accelerator_count` says 8, 2x_H100 says 2, correct the row",
        ),
        (
            refused(|p| p.accelerator_count = None),
            "no number of accelerators, i8, NVIDIA H100, fill in `accelerator_count`",
        ),
        (refused(|p| p.accelerator = None), "accelerators without a name, i8, 8, fill in `accelerator`"),
        (
            refused(|p| p.accelerator_count = Some(0)),
            "an accelerator that is there no time, NVIDIA H100, 0, correct the row",
        ),
    ] {
        assert_eq!(found, format!("FILE: line 7: {what}"));
    }
}

#[test]
fn sizes_and_ranges_that_cannot_be() {
    assert_eq!(checked(|_| {}).unwrap().1, Vec::<String>::new());
    let refused = |change: fn(&mut Price)| checked(change).unwrap_err();
    for (found, what) in [
        (
            refused(|p| (p.accelerator, p.accelerator_memory_mb) = (Some("NVIDIA A100 80GB".into()), Some(40960.0))),
            "`accelerator_memory_mb` is not that of the accelerator, NVIDIA A100 80GB, 40960 MiB and not 80 GB, correct the row",
        ),
        (
            refused(|p| p.accelerator_memory_mb = Some(80.0)),
            "`accelerator_memory_mb` is not that of the accelerator, NVIDIA H100, 80 MiB and not 94 GB, correct the row",
        ),
        (
            refused(|p| (p.low_usd_per_hour, p.high_usd_per_hour) = (Some(1.0), Some(2.0))),
            "`usd_per_hour` is not in its range, i8, 20 in 1 to 2, correct the row",
        ),
        (
            refused(|p| p.low_usd_per_hour = Some(1.0)),
            "`usd_per_hour` is not in its range, i8, 20 in 1 to nothing, correct the row",
        ),
        (
            refused(|p| p.share_usd_per_hour = Some(30.0)),
            "`share_usd_per_hour` is more than the whole, i8, 30 of 20, correct the row",
        ),
    ] {
        assert_eq!(found, format!("FILE: line 7: {what}"));
    }
    let note = |change: fn(&mut Price)| checked(change).unwrap().1;
    for (found, what) in [
        (note(|p| p.vcpus = Some(0)), "0 vCPUs, taken as unknown: 1, first line 7 (i8, 0)"),
        (
            note(|p| p.memory_mb = Some(65535.0)),
            "65535 MiB of memory, which a failed reading has, taken as unknown: 1, first line 7 (i8, 65535)",
        ),
        (
            note(|p| p.vcpus = Some(192_000)),
            "more vCPUs than any has, above 8192, taken as unknown: 1, first line 7 (i8, 192000)",
        ),
        (
            note(|p| (p.vcpus, p.memory_mb) = (Some(192), Some(2048.0))),
            "implausible, beyond 0.2 to 256 GiB a vCPU, perhaps in another unit: 1, first line 7 (i8, 192 and 2048 MiB)",
        ),
        (
            note(|p| (p.low_usd_per_hour, p.high_usd_per_hour) = (Some(1.0), Some(20.0))),
            "implausible, a range of more than 12 times, perhaps in another unit: 1, first line 7 (i8, 1 to 20)",
        ),
        (
            note(|p| p.usd_per_hour = Some(0.02)),
            "implausible, below 0.02 USD an hour and accelerator, perhaps in another unit: 1, first line 7 (i8, 0.02)",
        ),
        (
            note(|p| p.usd_per_hour = Some(2490.0)),
            "implausible, above 50 USD an hour and accelerator, perhaps in another unit: 1, first line 7 (i8, 2490)",
        ),
        (
            note(|p| (p.accelerator, p.accelerator_count, p.vcpus, p.usd_per_hour) = (None, None, Some(4), Some(17.2))),
            "implausible, above 2 USD an hour and vCPU, perhaps in another unit: 1, first line 7 (i8, 17.2)",
        ),
    ] {
        assert_eq!(found, [what]);
    }
}

#[test]
fn prices_by_the_token_fit_each_other() {
    let tokens = |input, output, cached| {
        checked(|p| {
            *p = Price { instance: "m".into(), tier: "api".into(), ..Price::default() };
            (p.input_usd_per_mtok, p.output_usd_per_mtok, p.cached_input_usd_per_mtok) = (Some(input), output, cached);
        })
        .unwrap()
        .1
    };
    assert_eq!(tokens(3.0, Some(15.0), Some(0.3)), Vec::<String>::new());
    assert_eq!((tokens(0.0, Some(0.0), None), tokens(0.02, None, None)), (vec![], vec![]));
    for (found, what) in [
        (
            tokens(15.0, Some(3.0), None),
            "implausible, input costs more than output, perhaps exchanged: 1, first line 7 (m, 15 and 3)",
        ),
        (
            tokens(0.003, Some(15.0), None),
            "implausible, output costs more than 100 times the input: 1, first line 7 (m, 0.003 and 15)",
        ),
        (
            tokens(3.0, None, Some(6.0)),
            "implausible, cached input costs more than input, perhaps exchanged: 1, first line 7 (m, 6 and 3)",
        ),
        (
            tokens(3.0, None, Some(0.002)),
            "implausible, cached input costs less than a thousandth of input: 1, first line 7 (m, 0.002 and 3)",
        ),
        (
            tokens(0.0003, None, None),
            "implausible, below 0.001 USD per million tokens, perhaps in another unit: 1, first line 7 (m, 0.0003)",
        ),
        (
            tokens(3000.0, None, None),
            "implausible, above 1000 USD per million tokens, perhaps in another unit: 1, first line 7 (m, 3000)",
        ),
        (
            tokens(3e6, None, None),
            "a price above 1000000 USD per million tokens, left out: 1, first line 7 (m, 3000000)",
        ),
    ] {
        assert_eq!(found, [what]);
    }
}

#[test]
fn one_instance_has_one_number_of_accelerators_and_prices_grow_with_it() {
    let mut known = Known::default();
    known.see(2, &h100(1)).unwrap();
    known.see(3, &h100(8)).unwrap();
    let other = Price { instance: "i8".into(), ..h100(4) };
    assert_eq!(
        known.see(5, &other).unwrap_err().of("FILE".as_ref()).to_string(),
        "FILE: line 5: one instance with two numbers of accelerators, i8, 4 and in line 3 8, correct one of the rows"
    );
    let notes = |prices: &[(i64, f64)]| {
        let (mut known, mut notes) = (Known::default(), Notes::default());
        for (line, (count, usd)) in (2..).zip(prices) {
            known.see(line, &Price { usd_per_hour: Some(*usd), ..h100(*count) }).unwrap();
        }
        known.remark(&mut notes);
        notes.texts()
    };
    assert_eq!(notes(&[(1, 2.5), (8, 20.0), (8, 60.0)]), Vec::<String>::new());
    assert_eq!(
        notes(&[(1, 2.49), (8, 2.49)]),
        [
            "one price whatever the number of accelerators, perhaps that of one: 1, first line 3 (1 x NVIDIA H100 at 2.49 and 8 x at 2.49)"
        ]
    );
    assert_eq!(
        notes(&[(1, 25.0), (8, 20.0)]),
        ["implausible, prices of one accelerator differ more than 6 times by their number: 1, first line 3 \
          (1 x NVIDIA H100 at 25 and 8 x at 20)"]
    );
}

#[test]
fn spot_costs_no_more_than_on_demand_and_not_next_to_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut terms, mut notes) = (Terms::default(), Notes::default());
    let mut sorter = Sorter::new(&PRICE, Aside::beside(&folder.path().join("x")));
    sorter.file("FILE".as_ref());
    for (line, (instance, tier, usd)) in (2..).zip([
        ("a", "spot", 9.0),
        ("a", "on_demand", 4.0),
        ("b", "on_demand", 4.0),
        ("b", "spot", 0.004),
        ("b", "reserved_1yr", 3.0),
    ]) {
        let price = Price { instance: instance.into(), tier: tier.into(), usd_per_hour: Some(usd), ..h100(1) };
        sorter.row(line, price).unwrap();
    }
    let mut pick = |group: &schemas::sorted::Group| {
        terms.see(group, 0, &mut notes);
        Ok(Some(Kept::row(0)))
    };
    sorter.merge(&mut pick, &mut |_| Ok(())).unwrap();
    assert_eq!(
        notes.texts(),
        [
            "spot costs more than on_demand, perhaps exchanged: 1, first line 2 (a, 9 and 4)",
            "implausible, spot costs less than a twentieth of on_demand, perhaps in another unit: 1, first line 5 (b, 0.004 and 4)"
        ]
    );
    assert_eq!(doubt_of(4.0, "spot", 4.0), None);
}

#[test]
fn a_catalogue_that_contradicts_itself() {
    let info = "\"{'Gpus': [{'Name': 'H100', 'Manufacturer': 'NVIDIA', 'Count': 8.0}]}\"";
    assert_eq!(sky(&format!("p5.48xlarge,H100,8.0,192,2048,56,22,r,r-a,{info}")), quiet(2));
    assert_eq!(
        sky(&format!("p5.48xlarge,H100,1.0,192,2048,56,22,r,r-a,{info}")).unwrap_err(),
        "FILE: line 2: `AcceleratorCount` is not what `GpuInfo` says, p5.48xlarge, 1 beside 8, give the file as it was fetched"
    );
    let (rows, notes) =
        sky(&format!("p5.48xlarge,,8.0,192,2048,56,22,r,r-a,\np5.48xlarge,,,192,2048,56,22,r,r-b,{info}")).unwrap();
    assert_eq!(
        (rows, notes),
        (0, vec!["accelerators without a name, left out: 2, first lines 2, 3 (p5.48xlarge)".into()])
    );
    let (rows, notes) = sky("m,,,2,8,1,0.4,r,r-a,\nm,,,2,8,2,0.4,r,r-a,\nm,,,2,8,1,0.4,r,r-b,").unwrap();
    let what = "several prices for one machine and zone, none taken: 2, first lines 2, 3 (m, 1/0.4 in line 2 and 2/0.4 in line 3)";
    assert_eq!((rows, notes), (2, vec![what.to_string()]));
    let with = |column: &str, value: &str| {
        let header = VMS.trim_end().to_string() + "," + column;
        read(&format!("{header}\nm,,,2,8,1,,r,r-a,,{value}\n"), &[&FETCHED[..], &["--provider", "p"]].concat())
    };
    assert_eq!(
        with("Currency", "EUR").unwrap_err(),
        "FILE: line 2: a price that is not in USD, \"EUR\", convert the file first"
    );
    assert_eq!(
        with("Unit", "month").unwrap_err(),
        "FILE: line 2: a price that is not by the hour, \"month\", convert the file first"
    );
    assert!(with("Currency", "USD").is_ok() && with("Unit", "Hrs").is_ok());
    let (_, notes) =
        own("p,r,1x_H100,on_demand,H100,1,2.49,true,s,2026-05-14\np,r,8x_H100,on_demand,H100,8,2.49,true,s,2026-05-14")
            .unwrap();
    assert_eq!(notes.len(), 1, "{notes:?}");
}

#[test]
fn offers_say_their_price_twice() {
    let header = "SKU,OfferTermCode,TermType,PriceDescription,Unit,PricePerUnit,Currency,\
                  Instance Type,Operating System,Tenancy,CapacityStatus,Region Code\n";
    let offer = |usd: &str| {
        let line =
            format!("S,T,OnDemand,$55.04 per On Demand Linux p5 Instance Hour,Hrs,{usd},USD,p5,Linux,Shared,Used,r\n");
        read(&format!("{header}{line}"), &[&FETCHED[..], &["--as-of", "2026-05-01"]].concat())
    };
    assert_eq!(offer("55.0400000000"), quiet(1));
    assert_eq!(
        offer("0.05504").unwrap_err(),
        "FILE: line 2: `PricePerUnit` is not what `PriceDescription` says, p5, 0.05504 beside \
         \"$55.04 per On Demand Linux p5 Instance Hour\", give the file as it was fetched"
    );
}

#[test]
fn models_whose_prices_do_not_fit() {
    let lite = |more: &str| {
        let entry = format!("{{\"m\": {{\"litellm_provider\": \"v\", \"input_cost_per_token\": 3e-6, {more}}}}}");
        read(&entry, &[&FETCHED[..], &["--as-of", "2026-05-01"]].concat())
    };
    assert_eq!(lite("\"output_cost_per_token\": 1.5e-5, \"mode\": \"chat\""), quiet(1));
    let remark = |more: &str| lite(more).unwrap().1.join("\n");
    for (found, what) in [
        (
            remark("\"output_cost_per_token\": 0, \"mode\": \"chat\""),
            "only one of input and output is free: 1, first line 1 (m)",
        ),
        (
            remark("\"cache_read_input_token_cost\": 0"),
            "implausible, cached input costs less than a thousandth of input: 1, first line 1 (m, 0 and 3)",
        ),
        (
            remark("\"input_cost_per_token_above_200k_tokens\": 6e-9"),
            "implausible, beyond half to five times the price of short inputs, perhaps in another unit: 1, first line 1 \
             (m (input above 200k), 0.006 and 3)",
        ),
    ] {
        assert_eq!(found, what);
    }
    assert_eq!(
        lite("\"currency\": \"EUR\"").unwrap_err(),
        "FILE: line 1: a price that is not in USD, m, \"EUR\", convert the entry or remove it"
    );
}

#[test]
fn a_price_has_the_columns_of_the_contract() {
    let price = serde_json::to_value(Price::default()).unwrap();
    let mut fields: Vec<&str> = price.as_object().unwrap().keys().map(String::as_str).collect();
    let mut columns: Vec<&str> = PRICE.columns.iter().map(|c| c.name).collect();
    fields.sort_unstable();
    columns.sort_unstable();
    assert_eq!(fields, columns);
}
