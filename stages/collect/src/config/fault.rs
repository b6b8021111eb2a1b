//! What no type of [`Config`] can say: ranges, names and doubles. A value that would make a duration or an allocation absurd is refused
//! here, before anything is loaded.

use super::{Config, Scenario, Worker};
use crate::names::{cell_id, command_fault, name_fault};
use protocol::{Http, Mode, Source, backend};
use schemas::config::{Fault, outside};
use std::collections::HashSet;

const DAY_S: u64 = 86_400;
/// Prompt tokens of one iteration over the whole batch.
const BATCH_TOKENS: usize = 1 << 24;
/// Runs of a plan, which are held in memory.
const RUNS: usize = 1_000_000;

impl Config {
    /// The first fault.
    pub fn fault(&self) -> Option<Fault> {
        let power = || self.power.iter().enumerate().find_map(|(i, p)| Some(p.fault()?.inside(&format!("power.{i}"))));
        self.numbers()
            .or_else(|| self.parts())
            .or_else(|| self.matrix())
            .or_else(|| self.engines())
            .or_else(|| self.sources())
            .or_else(power)
    }

    fn numbers(&self) -> Option<Fault> {
        let cpu = |(i, cpu): (usize, usize), what| Fault::new(format!("cpus.{i}"), what, cpu);
        let beyond = self.cpus.iter().copied().enumerate().find(|(_, cpu)| *cpu >= 8192);
        let window = format!("{} ms and {} s", self.min_window_ms, self.run_timeout_s);
        let is_endless = self.min_window_ms >= self.run_timeout_s.saturating_mul(1000);
        first([
            outside("threads", self.threads, 1..=4096),
            outside("repetitions", self.repetitions, 1..=100_000),
            outside("new_tokens", self.new_tokens, 1..=1_000_000),
            outside("max_failures", self.max_failures, 1..=1_000_000),
            outside("min_updates", self.min_updates, 0..=1_000_000),
            outside("min_window_ms", self.min_window_ms, 0..=DAY_S * 1000),
            outside("cooldown_ms", self.cooldown_ms, 0..=DAY_S * 1000),
            outside("run_timeout_s", self.run_timeout_s, 1..=DAY_S),
            outside("load_timeout_s", self.load_timeout_s, 1..=DAY_S),
            outside("idle_s", self.idle_s, 0.0..=DAY_S as f64),
            beyond.map(|at| cpu(at, "cpus must be from 0 to 8191")),
            twice(self.cpus.iter().copied()).map(|at| cpu(at, "a processor is named twice in cpus")),
            is_endless.then(|| {
                let what = "min_window_ms must be less than run_timeout_s, after which a run is ended";
                Fault::new("min_window_ms", what, window)
            }),
        ])
    }

    fn parts(&self) -> Option<Fault> {
        let (warmup, contention, parity) = (&self.warmup, &self.contention, &self.parity);
        let bounds = format!("{} and {}", warmup.min_iterations, warmup.max_iterations);
        let is_unnamed = matches!(&self.model, Source::Path { path, .. } if path.as_os_str().is_empty());
        first([
            outside("warmup.max_iterations", warmup.max_iterations, 1..=1_000_000),
            (warmup.min_iterations > warmup.max_iterations).then(|| {
                let what = "warmup.min_iterations must be at most max_iterations";
                Fault::new("warmup.min_iterations", what, bounds)
            }),
            outside("warmup.max_cv_pct", warmup.max_cv_pct, 0.0..=1e6),
            outside("contention.max_other_cpu_pct", contention.max_other_cpu_pct, 0.0..=100.0),
            outside("contention.max_repeats", contention.max_repeats, 0..=1000),
            outside("contention.wait_quiet_s", contention.wait_quiet_s, 0.0..=DAY_S as f64),
            outside("parity.max_relative_difference", parity.max_relative_difference, 0.0..=1.0),
            outside("parity.max_quantized_rms", parity.max_quantized_rms, 0.0..=1.0),
            outside("parity.greedy_tokens", parity.greedy_tokens, 1..=10_000),
            name_fault("model.name", self.model.name()),
            is_unnamed.then(|| Fault::new("model.path", "model.path must name a GGUF file or a folder", "\"\"")),
        ])
    }

    fn matrix(&self) -> Option<Fault> {
        let lists = [("backends", self.backends.len()), ("mode", self.mode.len()), ("scenario", self.scenario.len())];
        if let Some((key, _)) = lists.iter().find(|(_, length)| *length == 0) {
            return Some(Fault::new(*key, format!("{key} must name at least 1"), 0));
        }
        let scenario = |(i, s): (usize, &Scenario)| Some(scenario_fault(s)?.inside(&format!("scenario.{i}")));
        if let Some(fault) = self.scenario.iter().enumerate().find_map(scenario) {
            return Some(fault);
        }
        let backends = || self.backends.iter().map(String::as_str);
        let cached = self.mode.iter().position(|m| m.mode == Mode::Prefill && m.kv_cache);
        let runs = self.backends.len() * self.mode.len() * self.scenario.len() * self.repetitions;
        // Names may hold a slash, too.
        let cells =
            backends().flat_map(|b| self.mode.iter().flat_map(move |m| self.scenario.iter().map(move |s| (b, m, s))));
        first([
            cached.map(|i| Fault::new(format!("mode.{i}.kv_cache"), "prefill has no cache to keep, kv_cache", true)),
            twice(backends())
                .map(|(i, name)| Fault::new(format!("backends.{i}"), "a backend is named twice", format!("{name:?}"))),
            twice(self.mode.iter().copied()).map(|(i, mode)| {
                let value = format!("{}, kv_cache = {}", mode.mode.name(), mode.kv_cache);
                Fault::new(format!("mode.{i}"), "a mode is there twice", value).remedy("take one of them out")
            }),
            twice(self.scenario.iter().map(|s| s.name.as_str())).map(|(i, name)| {
                let key = format!("scenario.{i}.name");
                Fault::new(key, "two scenarios have the same name", format!("{name:?}"))
            }),
            (runs > RUNS).then(|| Fault::new("repetitions", format!("a plan has at most {RUNS} runs"), runs)),
        ])
        .or_else(|| {
            let (i, id) = twice(cells.map(|(b, m, s)| cell_id(b, m.mode, m.kv_cache, &s.name)))?;
            let what = "two cells of the matrix have one run id";
            let key = format!("scenario.{}.name", i % self.scenario.len());
            Some(Fault::new(key, what, format!("{id:?}")).remedy("rename the backend or the scenario"))
        })
    }

    /// Sources whose sensors would be the same, as far as their tables tell.
    fn sources(&self) -> Option<Fault> {
        let same = |p: &crate::power::Config| {
            let mut table = serde_json::to_value(p).unwrap_or_default();
            table.as_object_mut().into_iter().for_each(|table| {
                table.retain(|key, _| match p.name() {
                    "external" | "cpu-model" => ["source", "name"].contains(&key.as_str()),
                    _ => !["sample_hz", "required"].contains(&key.as_str()),
                });
            });
            table
        };
        let (i, _) = twice(self.power.iter().map(same))?;
        let what = "its sensors would be read twice by power source";
        Some(Fault::new(format!("power.{i}"), what, self.power[i].name()).remedy("name it once in [[collect.power]]"))
    }

    fn engines(&self) -> Option<Fault> {
        let registered: Vec<String> = backend::all().map(|b| b.name).collect();
        for (i, worker) in self.worker.iter().enumerate() {
            if let Some(fault) = worker_fault(worker, &self.worker[..i], &registered) {
                return Some(fault.inside(&format!("worker.{i}")));
            }
        }
        let known: Vec<&String> = registered.iter().chain(self.worker.iter().map(|w| &w.backend)).collect();
        if let Some(i) = self.backends.iter().position(|name| !known.contains(&name)) {
            let unknown = Fault::new(format!("backends.{i}"), "unknown backend", format!("{:?}", self.backends[i]));
            let known = known.into_iter().cloned().collect::<Vec<_>>().join(", ");
            return Some(unknown.remedy(format!("use one of: {known}")));
        }
        match &self.http {
            Some(http) => http_fault(http).map(|fault| fault.inside("http")),
            None => {
                let i = self.backends.iter().position(|b| b == "openai-http")?;
                let fault = Fault::new(format!("backends.{i}"), "openai-http needs a server", "no [collect.http]");
                Some(fault.remedy("add it"))
            }
        }
    }
}

fn first<const N: usize>(faults: [Option<Fault>; N]) -> Option<Fault> {
    faults.into_iter().flatten().next()
}

fn scenario_fault(s: &Scenario) -> Option<Fault> {
    let tokens = s.batch.saturating_mul(s.prompt_tokens);
    let what = format!("batch times prompt_tokens must be at most {BATCH_TOKENS}");
    first([
        name_fault("name", &s.name),
        outside("batch", s.batch, 1..=65_536),
        outside("prompt_tokens", s.prompt_tokens, 1..=1_048_576),
        (tokens > BATCH_TOKENS).then(|| Fault::new("prompt_tokens", what, tokens)),
    ])
}

fn worker_fault(worker: &Worker, earlier: &[Worker], registered: &[String]) -> Option<Fault> {
    let name = &worker.backend;
    let taken = |what: &str| Fault::new("backend", what, format!("{name:?}")).remedy("choose another name");
    first([
        name_fault("backend", name),
        name_fault("dtype", &worker.dtype),
        registered.contains(name).then(|| taken("the name of a built-in backend cannot be taken")),
        earlier.iter().any(|w| w.backend == *name).then(|| taken("two workers have the same name")),
        command_fault("a worker", name, &worker.command),
    ])
}

/// What is wrong with a server's table.
fn http_fault(http: &Http) -> Option<Fault> {
    let url = |what: &str, value: String| Some(Fault::new("url", what, value));
    let Some((scheme, rest)) = http.url.split_once("://").filter(|(scheme, _)| ["http", "https"].contains(scheme))
    else {
        return url("url must begin with http:// or https://", format!("{:?}", http.url));
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if let Some((_, host)) = authority.rsplit_once('@') {
        let what = "url must hold no user and password, they would be in every table";
        let fault = url(what, format!("{scheme}://***@{host}"))?;
        return Some(fault.remedy("take them out and name a key in key_variable"));
    }
    if authority.is_empty() || http.url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return url("url must name a host and hold no spaces", format!("{:?}", http.url));
    }
    first([name_fault("model", &http.model), name_fault("device", &http.device), name_fault("dtype", &http.dtype)])
}

/// The first value that was there before, and its place.
fn twice<T: Clone + Eq + std::hash::Hash>(values: impl Iterator<Item = T>) -> Option<(usize, T)> {
    let mut seen = HashSet::new();
    values.enumerate().find(|(_, value)| !seen.insert(value.clone()))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use std::path::Path;

    const TEXT: &str = include_str!("../../../../tests/fixtures/every-key.toml");

    const CPU_MODEL: &str = "source = \"cpu-model\"\nidle_w = 1.0\nfull_w = 2.0\n";

    fn refusal(text: &str) -> Option<String> {
        let path = Path::new("p.toml");
        let config: Config = match schemas::config::parse(text, path, "collect") {
            Ok(config) => config,
            Err(refused) => return Some(refused.to_string()),
        };
        config.fault().map(|fault| fault.at(text, path, "collect").to_string())
    }

    /// Every number of the table at values that no plan can mean: none is taken, and each refusal names its line.
    #[test]
    fn no_absurd_number_is_taken() {
        assert_eq!(refusal(TEXT), None);
        let absurd =
            ["1e300", "-1e300", "1e-300", "nan", "inf", "-inf", "-1.0", "9223372036854775807", "1000000000000"];
        let mut tried = 0;
        for (number, line) in TEXT.lines().enumerate().take_while(|(_, line)| *line != "[join-telemetry]") {
            let Some((key, value)) = line.split_once(" = ") else { continue };
            let value = value.split('#').next().unwrap().trim();
            if value.parse::<f64>().is_err() || key == "seed" {
                continue;
            }
            for bad in absurd
                .into_iter()
                .filter(|bad| value.contains('.') || value.contains('e') || bad.parse::<i64>().is_ok())
            {
                // No coefficient of variation, no tolerance and no share is too small.
                if bad == "1e-300" && key != "sample_hz" {
                    continue;
                }
                let bad =
                    if value.contains('.') && bad.parse::<i64>().is_ok() { format!("{bad}.0") } else { bad.into() };
                let text = TEXT.replacen(line, &format!("{key} = {bad}"), 1);
                let refused = refusal(&text).unwrap_or_else(|| panic!("{key} = {bad} is taken"));
                let at = TEXT.lines().position(|l| l == line).unwrap() + 1;
                assert!(
                    refused.starts_with(&format!("p.toml: line {at}: ")),
                    "{key} of line {}: {refused}",
                    number + 1
                );
                tried += 1;
            }
        }
        assert!(tried > 60, "{tried}");
    }

    #[test]
    fn doubles_names_and_servers_are_refused_with_their_line() {
        let worker = |name: &str| {
            format!(
                "[[collect.worker]]\nbackend = {name:?}\ncommand = [\"x\"]\ndevice = \"cpu\"\ndtype = \"f32\"\n\n[[collect.power]]"
            )
        };
        let with = |from: &str, to: &str| TEXT.replacen(from, to, 1);
        let http = |url: &str| {
            with(
                "[[collect.mode]]",
                &format!(
                    "[collect.http]\nurl = {url:?}\nmodel = \"m\"\nkey_variable = \"\"\ndevice = \"cpu\"\ndtype = \"f32\"\nextra = {{}}\n\n\
                     [[collect.mode]]"
                ),
            )
        };
        let own = with("[[collect.power]]", &worker("candle-cpu/generate"));
        let own = own.replacen("[\"onnxruntime-cpu\", \"candle-cpu\"]", "[\"candle-cpu\", \"candle-cpu/generate\"]", 1);
        for (text, refused) in [
            (
                with("mode = \"generate\"\nkv_cache = false", "mode = \"generate\"\nkv_cache = true"),
                "a mode is there twice, generate, kv_cache = true, take one of them out",
            ),
            (
                with("\"candle-cpu\"]", "\"onnxruntime-cpu\"]"),
                "a backend is named twice, \"onnxruntime-cpu\", correct it",
            ),
            (
                with("\"batch_short\"", "\"a\\u001b[31m\""),
                "name must be 1 to 200 bytes without control characters, \"a\\u{1b}[31m\", correct it",
            ),
            (
                with("\"batch_short\"", "\" \""),
                "name must be 1 to 200 bytes without control characters, \" \", correct it",
            ),
            (
                with("[[collect.power]]", &worker("onnxruntime-cpu")),
                "the name of a built-in backend cannot be taken, \"onnxruntime-cpu\", choose another name",
            ),
            (
                own.replacen("\"batch_short\"", "\"generate/single_short\"", 1).replacen(
                    "[[collect.mode]]\nmode = \"prefill\"\nkv_cache = false\n\n",
                    "",
                    1,
                ),
                "two cells of the matrix have one run id, \"candle-cpu/generate/generate/single_short\", \
                 rename the backend or the scenario",
            ),
            (http("ftp://h/v1"), "url must begin with http:// or https://, \"ftp://h/v1\", correct it"),
            (
                http("http://user:hunter2@h:80/v1"),
                "url must hold no user and password, they would be in every table, http://***@h:80, \
                 take them out and name a key in key_variable",
            ),
            (
                TEXT.replacen("source = \"rapl\"\nroot = \"/sys/class/powercap\"\n", CPU_MODEL, 1).replacen(
                    "required = false\n",
                    "",
                    1,
                ),
                "its sensors would be read twice by power source, cpu-model, name it once in [[collect.power]]",
            ),
            (with("cpus = [0, 1]", "cpus = [0, 0]"), "a processor is named twice in cpus, 0, correct it"),
            (
                with("min_window_ms = 250", "min_window_ms = 120000"),
                "min_window_ms must be less than run_timeout_s, after which a run is ended, 120000 ms and 120 s, correct it",
            ),
        ] {
            let told = refusal(&text).unwrap_or_else(|| panic!("taken, not refused: {refused}"));
            let (line, what) = told.strip_prefix("p.toml: line ").unwrap().split_once(": ").unwrap();
            assert!(what == refused && line.parse::<usize>().unwrap() > 3, "{told}");
        }
    }
}
