//! Any server with OpenAI's streaming completions (llama-server, vLLM, Ollama). Each row of a batch is a request of its own,
//! all at the same time. The first token is the first streamed one; tokens are counted by the server's own `usage`.

use super::{Attestation, Backend, Form, Iteration, Kind, Load, Process, Promise, Subject, Surroundings};
use crate::{config::Http, config::Mode, models::batch::Batch, protocol::RunRequest};
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use std::{
    io::{BufRead, BufReader},
    time::{Duration, Instant},
};
use ureq::Agent;

pub fn backend() -> Backend {
    Backend {
        name: "openai-http".into(),
        about: "an OpenAI-compatible streaming server",
        kind: Kind::Cpu,
        promise: Promise::Unknown,
        provider: None,
        compiled: false,
        form: Form::Served,
        process: Process::Own(|load| Ok(Box::new(Server::load(load)?))),
        available,
    }
}

fn agent() -> Agent {
    // A connection a request: servers close idle ones at any time, and a retry would be measured as latency.
    let config = Agent::config_builder().timeout_connect(Some(Duration::from_secs(5))).max_idle_connections(0);
    config.http_status_as_error(false).build().into()
}

fn available(here: &Surroundings) -> Result<String, String> {
    let url = here.http.as_deref().ok_or("no server, add [collect.http] to pipeline.toml")?;
    let models = format!("{url}/models");
    let status = agent().get(&models).call().map_err(|e| format!("{models}: {e}, start the server"))?.status();
    match status.as_u16() {
        200 | 401 => Ok(url.into()),
        other => Err(format!("{models}: HTTP {other}, correct [collect.http] url")),
    }
}

struct Server {
    http: Http,
    agent: Agent,
    key: Option<String>,
    attestation: Attestation,
}

/// One streamed answer.
struct Streamed {
    /// When each piece of text came, from the start of the request.
    pieces_ns: Vec<u64>,
    prompt_tokens: usize,
    tokens: usize,
}

impl Server {
    fn load(load: &Load) -> Result<Self> {
        let http = load.http.clone().context("no server, add [collect.http] to pipeline.toml")?;
        let key = match http.key_variable.as_str() {
            "" => None,
            variable => Some(
                std::env::var(variable).with_context(|| format!("no key in the environment, {variable}, set it"))?,
            ),
        };
        let mut server = Server { http, agent: agent(), key, attestation: Attestation::default() };
        let listed = server.get("models")?;
        let model = listed["data"].as_array().and_then(|m| m.iter().find(|m| m["id"] == server.http.model.as_str()));
        let Some(model) = model else {
            let ids: Vec<&str> =
                listed["data"].as_array().into_iter().flatten().filter_map(|m| m["id"].as_str()).collect();
            bail!("{}: the server has no model \"{}\", it has {ids:?}", server.http.url, server.http.model);
        };
        server.attestation = Attestation {
            device: server.http.device.clone(),
            dtype: server.http.dtype.clone(),
            provider: "openai-http".into(),
            graph: "served".into(),
            library: format!("{} ({})", model["owned_by"].as_str().unwrap_or("server"), server.http.url),
            ..Attestation::default()
        };
        Ok(server)
    }

    fn get(&self, path: &str) -> Result<Value> {
        let url = format!("{}/{path}", self.http.url);
        let mut request = self.agent.get(&url);
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let mut response = request.call().with_context(|| format!("{url}: no answer, start the server"))?;
        if response.status() != 200 {
            bail!("{url}: HTTP {}, {}", response.status(), response.body_mut().read_to_string()?.trim());
        }
        response.body_mut().read_json().with_context(|| format!("{url}: not JSON"))
    }

    /// Streams one completion of at most `max_tokens` new tokens. That it is not to end earlier the standard has no word for:
    /// `[collect.http]` extra says it in the server's own (`ignore_eos`).
    fn complete(&self, prompt: &str, max_tokens: usize) -> Result<Streamed> {
        let mut body = Map::new();
        body.insert("model".into(), self.http.model.clone().into());
        body.insert("prompt".into(), prompt.into());
        body.insert("max_tokens".into(), max_tokens.into());
        body.insert("temperature".into(), 0.into());
        body.insert("stream".into(), true.into());
        body.insert("stream_options".into(), json!({"include_usage": true}));
        body.extend(self.http.extra.clone());
        let url = format!("{}/completions", self.http.url);
        let mut request = self.agent.post(&url);
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let started = Instant::now();
        let mut response = request.send_json(&body).with_context(|| format!("{url}: no answer"))?;
        if response.status() != 200 {
            bail!("{url}: HTTP {}, {}", response.status(), response.body_mut().read_to_string()?.trim());
        }
        let mut reading = Reading::default();
        for line in BufReader::new(response.body_mut().as_reader()).lines() {
            reading.line(&line.with_context(|| format!("{url}: the stream broke"))?, started.elapsed())?;
        }
        reading.finish().with_context(|| url)
    }
}

/// Server-sent events as they come in.
#[derive(Default)]
struct Reading {
    pieces_ns: Vec<u64>,
    usage: Option<Value>,
    cached: u64,
}

impl Reading {
    fn line(&mut self, line: &str, at: Duration) -> Result<()> {
        let Some(data) = line.strip_prefix("data:").map(str::trim).filter(|d| *d != "[DONE]") else { return Ok(()) };
        let event: Value = serde_json::from_str(data).with_context(|| format!("not an event, \"{data}\""))?;
        if !event["error"].is_null() {
            bail!("the server failed, {}", event["error"]);
        }
        if event["choices"][0]["text"].as_str().is_some_and(|t| !t.is_empty()) {
            self.pieces_ns.push(at.as_nanos() as u64);
        }
        if event["usage"].is_object() {
            self.cached = event["usage"]["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap_or(self.cached);
            self.usage = Some(event["usage"].clone());
        }
        self.cached = event["timings"]["cache_n"].as_u64().unwrap_or(self.cached);
        Ok(())
    }

    fn finish(self) -> Result<Streamed> {
        let usage = self.usage.context("the server counted no tokens, it must support stream_options.include_usage")?;
        let count = |key: &str| usage[key].as_u64().with_context(|| format!("usage without {key}"));
        let (prompt_tokens, tokens) = (count("prompt_tokens")? as usize, count("completion_tokens")? as usize);
        if self.cached > 0 {
            bail!(
                "the server took {} of {prompt_tokens} prompt tokens from its cache, switch prefix caching off \
                 (llama-server: extra.cache_prompt = false, vLLM: --no-enable-prefix-caching)",
                self.cached
            );
        }
        if self.pieces_ns.is_empty() {
            bail!("the server streamed no text");
        }
        Ok(Streamed { pieces_ns: self.pieces_ns, prompt_tokens, tokens })
    }
}

impl Subject for Server {
    fn attest(&self) -> Attestation {
        self.attestation.clone()
    }

    fn logits(&mut self, _: &Batch, _: &mut dyn FnMut(&[f32], [usize; 3])) -> Result<()> {
        bail!("a server gives no logits")
    }

    fn greedy(&mut self, _: &Batch, _: usize) -> Result<Vec<Vec<u32>>> {
        bail!("a server gives no token ids")
    }

    fn last_alone(&self) -> bool {
        true
    }

    fn iterate(&mut self, run: &RunRequest) -> Result<Iteration> {
        let wanted = if run.mode == Mode::Prefill { 1 } else { run.new_tokens };
        let server = &*self;
        let answers: Vec<Result<Streamed>> = std::thread::scope(|scope| {
            let rows: Vec<_> =
                run.texts.iter().map(|text| scope.spawn(move || server.complete(text, wanted))).collect();
            rows.into_iter().map(|row| row.join().unwrap_or_else(|_| bail!("a request panicked"))).collect()
        });
        let answers = answers.into_iter().collect::<Result<Vec<_>>>()?;
        let mean = |values: Vec<u64>| values.iter().sum::<u64>() / values.len().max(1) as u64;
        let steps = answers.iter().map(|a| a.pieces_ns.len()).max().unwrap_or(0);
        let step_ns = (0..steps)
            .map(|k| {
                let gap =
                    |a: &Streamed| Some(a.pieces_ns.get(k)? - k.checked_sub(1).map_or(0, |before| a.pieces_ns[before]));
                mean(answers.iter().filter_map(gap).collect())
            })
            .collect();
        let prompt_tokens: usize = answers.iter().map(|a| a.prompt_tokens).sum();
        Ok(Iteration {
            step_ns: if run.mode == Mode::Prefill { Vec::new() } else { step_ns },
            ttft_ns: Some(mean(answers.iter().map(|a| a.pieces_ns[0]).collect())),
            tokens_in: prompt_tokens,
            prompt_tokens: Some(prompt_tokens),
            tokens_generated: if run.mode == Mode::Prefill { 0 } else { answers.iter().map(|a| a.tokens).sum() },
            cache_bytes: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Streamed> {
        let mut reading = Reading::default();
        for (i, line) in lines.iter().enumerate() {
            reading.line(line, Duration::from_millis(i as u64))?;
        }
        reading.finish()
    }

    #[test]
    fn pieces_are_stamped_and_tokens_are_the_servers_count() {
        let answer = read(&[
            "data: {\"choices\": [{\"text\": \"\"}]}",
            "data: {\"choices\": [{\"text\": \"a\"}]}",
            "",
            ": a comment",
            "data: {\"choices\": [{\"text\": \" b\"}], \"usage\": null}",
            "data: {\"choices\": [], \"usage\": {\"prompt_tokens\": 7, \"completion_tokens\": 3}}",
            "data: [DONE]",
        ])
        .unwrap();
        assert_eq!((answer.pieces_ns, answer.prompt_tokens, answer.tokens), (vec![1_000_000, 4_000_000], 7, 3));
    }

    #[test]
    fn no_usage_a_cache_hit_and_an_error_are_refused() {
        let text = "data: {\"choices\": [{\"text\": \"a\"}]}";
        let refused = |lines: &[&str]| format!("{:#}", read(lines).err().unwrap());
        assert_eq!(refused(&[text]), "the server counted no tokens, it must support stream_options.include_usage");
        assert_eq!(
            refused(&[
                text,
                "data: {\"usage\": {\"prompt_tokens\": 7, \"completion_tokens\": 1, \
                \"prompt_tokens_details\": {\"cached_tokens\": 6}}}"
            ]),
            "the server took 6 of 7 prompt tokens from its cache, switch prefix caching off \
             (llama-server: extra.cache_prompt = false, vLLM: --no-enable-prefix-caching)"
        );
        assert_eq!(
            refused(&["data: {\"error\": {\"message\": \"full\"}}"]),
            "the server failed, {\"message\":\"full\"}"
        );
        assert_eq!(refused(&["data: nonsense"]), "not an event, \"nonsense\": expected ident at line 1 column 2");
    }
}
