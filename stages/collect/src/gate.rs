//! Before anything is timed: every backend is loaded once, says what it is, and computes what the reference computes.

use crate::{
    attest,
    client::Client,
    config::{Config, OnUnavailable},
    installed::Installed,
    parity,
    prepare::Preparer,
};
use anyhow::{Context, Result, bail};
use protocol::{
    Attestation, Batch, Load, Model,
    backend::{Backend, Form},
    peer,
};
use schemas::config::Fault;
use std::{path::Path, time::Duration};

/// Why a backend's rows carry no measurement.
#[derive(Debug, Clone, PartialEq)]
pub enum Excluded {
    /// It cannot run on this machine.
    Skipped(String),
    /// It ran, and was not what its name says.
    Failed(String),
}

/// A backend that may be timed, or why not.
pub struct Gated {
    pub backend: Backend,
    pub load: Option<Load>,
    pub attestation: Option<Attestation>,
    /// How it was compared with the reference, for `run.parity`.
    pub parity: Option<String>,
    pub excluded: Option<Excluded>,
}

/// What the gate needs to know of the machine and the plan.
pub struct Gate<'a> {
    pub config: &'a Config,
    pub model: &'a Model,
    pub here: &'a Installed,
    pub cache: &'a Path,
    pub batch: Batch,
}

impl Gate<'_> {
    /// Backends in the order of the configuration. The first exact one with logits is the reference.
    pub fn pass(&self, backends: Vec<Backend>, preparer: &mut Preparer) -> Result<Vec<Gated>> {
        if let Some(fault) = self.absent_cpu()? {
            bail!(fault);
        }
        let mut reference: Option<parity::Computed> = None;
        let mut gated = Vec::new();
        for backend in backends {
            let one = self.one(backend, preparer, &mut reference)?;
            if let Some(line) = one.parity.as_deref().filter(|_| one.excluded.is_none()) {
                eprintln!("collect: {}: {line}", one.backend.name);
            }
            gated.push(one);
        }
        if gated.iter().all(|g| g.excluded.is_some()) {
            let why = gated.iter().map(|g| match &g.excluded {
                Some(Excluded::Skipped(why) | Excluded::Failed(why)) => format!("{}: {why}", g.backend.name),
                None => String::new(),
            });
            let why = why.collect::<Vec<_>>().join("; ");
            bail!(Fault::new("backends", "no backend can run here", why).remedy("see `collect backends`"));
        }
        Ok(gated)
    }

    /// The fault of a processor that this machine, or what it allows this process, does not have.
    fn absent_cpu(&self) -> Result<Option<Fault>> {
        let allowed = protocol::allowed_cpus().context("cannot read this process's processors")?;
        let absent = self.config.cpus.iter().enumerate().find(|(_, cpu)| !allowed.contains(cpu));
        Ok(absent.map(|(i, cpu)| Fault::new(format!("cpus.{i}"), "cpus must be processors that may be used here", cpu)))
    }

    fn one(
        &self,
        backend: Backend,
        preparer: &mut Preparer,
        reference: &mut Option<parity::Computed>,
    ) -> Result<Gated> {
        let mut gated = Gated { backend, load: None, attestation: None, parity: None, excluded: None };
        let backend = &gated.backend;
        let mut loading = || -> Result<(Load, Client)> {
            let load = preparer.load(backend, self.config, self.model, self.here, self.cache)?;
            let client = Client::start(backend, &load, self.here, Duration::from_secs(self.config.load_timeout_s));
            Ok((load, client.map_err(|e| self.of_own(backend, e))?))
        };
        let (load, mut client) = match loading() {
            Ok(loaded) => loaded,
            Err(e) if self.config.on_unavailable == OnUnavailable::Skip => {
                gated.excluded = Some(Excluded::Skipped(peer::words(&format!("{e:#}"))));
                return Ok(gated);
            }
            Err(e) if e.is::<Fault>() => return Err(e),
            Err(e) => return Err(e.context(format!("{}: cannot run here", backend.name))),
        };
        let broken = attest::loaded(backend, &client.attestation, self.config.threads, &self.config.cpus);
        gated.load = Some(load);
        gated.attestation = Some(client.attestation.clone());
        let compared = match broken {
            Some(promise) => Err(anyhow::anyhow!(promise)),
            None => self.compare(backend, &mut client, reference),
        };
        match compared {
            Ok(parity) => gated.parity = Some(parity),
            Err(e) => {
                let why = peer::words(&format!("{e:#}"));
                eprintln!("collect: {why}: its runs are marked failed");
                gated.excluded = Some(Excluded::Failed(why));
            }
        }
        client.finish();
        Ok(gated)
    }

    /// Whoever names a program or a server of his own finds it by its line.
    fn of_own(&self, backend: &Backend, error: anyhow::Error) -> anyhow::Error {
        let worker = self.config.worker.iter().position(|worker| worker.backend == backend.name);
        let key = match worker {
            Some(i) => format!("worker.{i}.command"),
            None if backend.form == Form::Served && !error.is::<Fault>() => "http.url".into(),
            None => return error,
        };
        let fault = Fault::new(key, format!("{} cannot run here", backend.name), format!("{error:#}"));
        fault.remedy("correct it or set on_unavailable = \"skip\"").into()
    }

    fn compare(
        &self,
        backend: &Backend,
        client: &mut Client,
        reference: &mut Option<parity::Computed>,
    ) -> Result<String> {
        if backend.form == Form::Served {
            return Ok("not compared, a server gives no logits".into());
        }
        let (parity, timeout) = (&self.config.parity, Duration::from_secs(self.config.run_timeout_s));
        let computed = parity::compute(
            client,
            &backend.name,
            &self.batch,
            self.model.vocabulary,
            parity.greedy_tokens,
            self.cache,
            timeout,
        )?;
        let exact = backend.promise.exact();
        let Some(first) = reference else {
            if !exact {
                return Ok("not compared, no exact backend before it".into());
            }
            *reference = Some(computed);
            return Ok("the reference of the others".into());
        };
        let distance = parity::compare(first, &computed, exact, parity)?;
        Ok(format!(
            "logits within {:.1e} of the largest, {:.1e} root mean square, {} of {} greedy tokens the same",
            distance.relative, distance.rms, distance.same_tokens, parity.greedy_tokens
        ))
    }
}
