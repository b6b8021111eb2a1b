//! Any server with OpenAI's streaming completions (llama-server, vLLM, Ollama). Each row of a batch is a request of its own,
//! all at the same time. The first token is the first streamed one; tokens are counted by the server's own `usage`.

use crate::engine::{Iteration, Subject};
use anyhow::{Context, Result, anyhow, bail};
use protocol::{Attestation, Batch, Http, Load, Mode, RunRequest, peer};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read},
    time::{Duration, Instant},
};
use ureq::{Agent, Body, http::Response};

/// Longest line of a stream: an event holds a token and its properties.
const LINE_BYTES: u64 = 1 << 20;
/// How much of an answer that is no stream is read.
const BODY_BYTES: u64 = 4 << 20;
/// Tokens that a template may put around a prompt.
const TEMPLATE_TOKENS: usize = 256;
/// Words that one token may stand for; tokenizers that merge words at all merge few.
const WORDS_A_TOKEN: usize = 4;

fn agent() -> Agent {
    // A connection a request: servers close idle ones at any time, and a retry would be measured as latency.
    let config = Agent::config_builder().timeout_connect(Some(Duration::from_secs(5))).max_idle_connections(0);
    config.http_status_as_error(false).build().into()
}

/// Whether a server answers at a URL.
pub fn reach(url: &str) -> Result<()> {
    let models = format!("{url}/models");
    let status = agent().get(&models).call().map_err(|e| anyhow!("{models}: {e}, start the server"))?.status();
    match status.as_u16() {
        200 | 401 => Ok(()),
        other => bail!("{models}: HTTP {other}, correct [collect.http] url"),
    }
}

pub fn load(request: &Load) -> Result<Box<dyn Subject>> {
    Ok(Box::new(Server::load(request)?))
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
            bail!("{url}: HTTP {}, {}", response.status(), said(&mut response));
        }
        let body = response.body_mut().with_config().limit(BODY_BYTES);
        body.read_json().with_context(|| format!("{url}: not JSON"))
    }

    /// Streams one completion of at most `max_tokens` new tokens. That it is not to end earlier the standard has no word for:
    /// `[collect.http]` extra says it in the server's own (`ignore_eos`).
    fn complete(&self, prompt: &str, max_tokens: usize) -> Result<Streamed> {
        let mut body = json!({
            "model": self.http.model, "prompt": prompt, "max_tokens": max_tokens, "temperature": 0,
            "stream": true, "stream_options": {"include_usage": true},
        });
        body.as_object_mut().into_iter().for_each(|body| body.extend(self.http.extra.clone()));
        let url = format!("{}/completions", self.http.url);
        let mut request = self.agent.post(&url);
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let started = Instant::now();
        let mut response = request.send_json(&body).with_context(|| format!("{url}: no answer"))?;
        if response.status() != 200 {
            bail!("{url}: HTTP {}, {}", response.status(), said(&mut response));
        }
        let mut reading = Reading { most: max_tokens, ..Reading::default() };
        let mut stream = BufReader::new(response.body_mut().as_reader());
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = stream.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line);
            match read.with_context(|| format!("{url}: the stream broke"))? as u64 {
                0 => break,
                LINE_BYTES if !line.ends_with(b"\n") => bail!("{url}: a line of more than {LINE_BYTES} bytes"),
                _ => reading.line(String::from_utf8_lossy(&line).trim_end(), started.elapsed())?,
            }
        }
        reading.finish(prompt).with_context(|| url)
    }
}

/// The beginning of what a server says instead of an answer.
fn said(response: &mut Response<Body>) -> String {
    let text = response.body_mut().with_config().limit(BODY_BYTES).lossy_utf8(true).read_to_string();
    peer::words(&text.unwrap_or_else(|e| e.to_string()))
}

/// Server-sent events as they come in.
#[derive(Default)]
struct Reading {
    /// Tokens that were asked for.
    most: usize,
    pieces_ns: Vec<u64>,
    usage: Option<Value>,
    cached: u64,
}

impl Reading {
    fn line(&mut self, line: &str, at: Duration) -> Result<()> {
        let Some(data) = line.strip_prefix("data:").map(str::trim).filter(|d| *d != "[DONE]") else { return Ok(()) };
        let event: Value =
            serde_json::from_str(data).with_context(|| format!("not an event, \"{}\"", peer::words(data)))?;
        if !event["error"].is_null() {
            bail!("the server failed, {}", peer::words(&event["error"].to_string()));
        }
        if event["choices"][0]["text"].as_str().is_some_and(|t| !t.is_empty()) {
            if self.pieces_ns.len() == self.most {
                bail!("the server streamed more than {} pieces for {} tokens", self.most, self.most);
            }
            self.pieces_ns.push(at.as_nanos() as u64);
        }
        if event["usage"].is_object() {
            self.cached = event["usage"]["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap_or(self.cached);
            self.usage = Some(event["usage"].clone());
        }
        self.cached = event["timings"]["cache_n"].as_u64().unwrap_or(self.cached);
        Ok(())
    }

    /// What a server counts must be possible: no token without a byte, no piece without a token, and no prompt without tokens.
    fn finish(self, prompt: &str) -> Result<Streamed> {
        let usage = self.usage.context("the server counted no tokens, it must support stream_options.include_usage")?;
        let count = |key: &str| {
            let counted = usage[key].as_u64().and_then(|n| usize::try_from(n).ok());
            counted.with_context(|| format!("usage without {key}, {}", peer::words(&usage[key].to_string())))
        };
        let (prompt_tokens, tokens) = (count("prompt_tokens")?, count("completion_tokens")?);
        let least = prompt.split_whitespace().count().div_ceil(WORDS_A_TOKEN);
        let most = prompt.len() + TEMPLATE_TOKENS;
        if !(least..=most).contains(&prompt_tokens) {
            bail!("the server counted {prompt_tokens} prompt tokens, of this prompt it can be {least} to {most}");
        }
        if tokens > self.most {
            bail!("the server counted {tokens} new tokens, {} were asked for", self.most);
        }
        if self.pieces_ns.len() > tokens {
            bail!("the server streamed {} pieces and counted {tokens} tokens", self.pieces_ns.len());
        }
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
        // Each is bounded by its prompt and by what was asked for: no sum wraps.
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
        let mut reading = Reading { most: 3, ..Reading::default() };
        for (i, line) in lines.iter().enumerate() {
            reading.line(line, Duration::from_millis(i as u64))?;
        }
        reading.finish("a prompt of seven or so tokens")
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

    #[test]
    fn counts_that_cannot_be_are_refused() {
        let text = "data: {\"choices\": [{\"text\": \"a\"}]}";
        let counted = |pieces: usize, prompt: &str, tokens: &str| {
            let usage =
                format!("data: {{\"usage\": {{\"prompt_tokens\": {prompt}, \"completion_tokens\": {tokens}}}}}");
            let lines: Vec<&str> = std::iter::repeat_n(text, pieces).chain([usage.as_str()]).collect();
            read(&lines).map(|answer| answer.tokens).map_err(|e| format!("{e:#}"))
        };
        assert_eq!(counted(3, "7", "3"), Ok(3));
        assert_eq!(counted(1, "7", "3"), Ok(3), "several tokens in a piece");
        for (pieces, prompt, tokens, refused) in [
            (1, "0", "3", "the server counted 0 prompt tokens, of this prompt it can be 2 to 286"),
            (1, "10000", "3", "the server counted 10000 prompt tokens, of this prompt it can be 2 to 286"),
            (1, "7", "4", "the server counted 4 new tokens, 3 were asked for"),
            (1, "7", "9223372036854775811", "the server counted 9223372036854775811 new tokens, 3 were asked for"),
            (3, "7", "2", "the server streamed 3 pieces and counted 2 tokens"),
            (4, "7", "3", "the server streamed more than 3 pieces for 3 tokens"),
            (1, "7", "-1", "usage without completion_tokens, -1"),
            (1, "7", "18446744073709551616", "usage without completion_tokens, 1.8446744073709552e+19"),
        ] {
            assert_eq!(counted(pieces, prompt, tokens), Err(refused.into()));
        }
    }
}
