//! A session on a graph that `models::onnx` wrote or on a user's own.

use super::profile;
use crate::{
    engine::{Engine, Step, Subject},
    engines::nvidia,
    generate::Generating,
    models::onnx,
    process,
};
use anyhow::{Context, Result, anyhow, bail};
use ort::{
    ep::ExecutionProviderDispatch,
    session::{Session, SessionInputValue, SessionOutputs, builder::GraphOptimizationLevel},
    value::{DynValue, Tensor},
};
use protocol::{Attestation, Batch, Load};
use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    time::Instant,
};

pub(super) type Inputs = Vec<(Cow<'static, str>, SessionInputValue<'static>)>;

/// Where keys and values live between steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Memory {
    Host,
    Cuda,
}

pub(super) struct OnnxRuntime {
    pub(super) session: Session,
    memory: Memory,
    /// Kept keys and values under the names of the inputs that take them.
    pub(super) kept: Vec<(String, DynValue)>,
    pub(super) kept_bytes: usize,
    attestation: Attestation,
}

/// Loads the graph for one provider, which must be used: ONNX Runtime falls back in silence unless told to fail.
pub(super) fn load(load: &Load, provider: ExecutionProviderDispatch, memory: Memory) -> Result<Box<dyn Subject>> {
    let started = Instant::now();
    let library = load.onnxruntime.as_deref().context("no ONNX Runtime library was given, pass --onnxruntime FILE")?;
    // The error's Display hides the loader's own words; Debug has them.
    let environment = ort::init_from(library)
        .map_err(|e| {
            let why = format!("{e:?}").replace('\n', " ");
            anyhow!(
                "{}: cannot load ONNX Runtime, {why}, {} or pass --onnxruntime FILE",
                library.display(),
                schemas::error::setup()
            )
        })?
        .with_telemetry(false)
        .build()?;
    let graph = load.onnx.as_deref().context("no ONNX graph was given")?;
    let described = onnx::describe(graph)?;
    let profile = load.scratch.join(format!("onnxruntime-{}", std::process::id()));
    let builder = |e: ort::Error<_>| ort::Error::<()>::from(e);
    let session = Session::builder(&environment)?
        .with_execution_providers([provider.error_on_failure()])
        .map_err(builder)?
        .with_optimization_level(GraphOptimizationLevel::All)
        .map_err(builder)?
        .with_intra_threads(load.threads)
        .map_err(builder)?
        .with_profiling(&profile)
        .map_err(builder)?
        .commit_from_file(graph)
        .with_context(|| format!("{}: ONNX Runtime refuses the graph", graph.display()))?;
    let mut engine =
        OnnxRuntime { session, memory, kept: Vec::new(), kept_bytes: 0, attestation: Attestation::default() };
    let load_ms = started.elapsed().as_secs_f64() * 1e3;
    // What was executed, and where, is in the profile of one step; afterwards profiling is off for good.
    engine.one_token()?;
    let written = PathBuf::from(engine.session.end_profiling()?);
    let nodes = profile::nodes(&written);
    let _ = std::fs::remove_file(&written);
    let nodes = nodes?;
    engine.attestation = Attestation {
        device: if memory == Memory::Cuda { nvidia::device_name() } else { "cpu".into() },
        dtype: described.dtype,
        provider: profile::provider_of_heavy(&nodes),
        nodes: nodes.iter().map(ToString::to_string).collect(),
        graph: described.graph,
        io_binding: memory == Memory::Cuda,
        library: format!("onnxruntime {}", version(library)),
        library_sha256: Some(schemas::provenance::sha256_file(library)?),
        blas: Some("MLAS".into()),
        threads: Some(load.threads),
        cpus: Vec::new(),
        load_ms: Some(load_ms),
        memory_mb: process::memory_mb(),
    };
    Ok(Box::new(Generating::new(Box::new(engine))))
}

/// `1.32.0` out of `libonnxruntime.so.1.32.0`, else the C API's minor version.
fn version(library: &Path) -> String {
    let name = library.file_name().unwrap_or_default().to_string_lossy();
    match name.split_once(".so.") {
        Some((_, version)) => version.to_string(),
        None => ort::util::probe(library).map_or_else(|| "unknown".into(), |minor| format!("1.{minor}")),
    }
}

fn integers(rows: usize, columns: usize, values: Vec<i64>) -> Result<DynValue> {
    Ok(Tensor::from_array(([rows, columns], values))?.into_dyn())
}

impl OnnxRuntime {
    fn one_token(&mut self) -> Result<()> {
        let batch = Batch::new(&[vec![0]], 1);
        let step = Step { batch: &batch, past: 0, keep: false, last: true };
        self.forward(&step, &mut |_, _| {})
    }

    /// What the graph asks for of a step. Exports differ: a mask or positions may be missing, `keep` is our own graphs', and
    /// `use_cache_branch` is that of decoders merged by Optimum.
    fn inputs(&self, step: &Step) -> Result<Inputs> {
        let (batch, past) = (step.batch, step.past);
        let (rows, total) = (batch.rows(), batch.columns());
        let new = total - past;
        let mut inputs = Inputs::new();
        for input in self.session.inputs() {
            let value: SessionInputValue = match input.name() {
                "input_ids" => {
                    let ids = batch.ids.iter().flat_map(|r| r[past..].iter().map(|&id| i64::from(id))).collect();
                    integers(rows, new, ids)?.into()
                }
                "attention_mask" => {
                    let mask =
                        (0..rows).flat_map(|r| (0..total).map(move |c| i64::from(batch.is_real(r, c)))).collect();
                    integers(rows, total, mask)?.into()
                }
                "position_ids" => {
                    let positions =
                        (0..rows).flat_map(|r| (past..total).map(move |c| batch.position(r, c) as i64)).collect();
                    integers(rows, new, positions)?.into()
                }
                "keep" => {
                    let keep: Vec<i64> = if step.last { vec![new as i64 - 1] } else { (0..new as i64).collect() };
                    Tensor::from_array(([keep.len()], keep))?.into_dyn().into()
                }
                "use_cache_branch" => Tensor::from_array(([1], vec![past > 0]))?.into_dyn().into(),
                name if name.starts_with("past_key_values.") => continue,
                name => bail!("the graph asks for an input that is not known, \"{name}\", export it without"),
            };
            inputs.push((Cow::from(input.name().to_string()), value));
        }
        let asks = |name: &str| self.session.inputs().iter().any(|i| i.name() == name);
        if !asks("attention_mask") && batch.pads.iter().any(|&p| p > 0) {
            bail!("the graph has no attention_mask, padded batches cannot run, export it with one");
        }
        Ok(inputs)
    }

    fn past_inputs(&self) -> impl Iterator<Item = &ort::value::Outlet> {
        self.session.inputs().iter().filter(|i| i.name().starts_with("past_key_values."))
    }

    /// Empty keys and values of `rows` sequences.
    fn empty_past(&self, rows: usize) -> Result<Inputs> {
        self.past_inputs()
            .map(|input| {
                let shape = input.dtype().tensor_shape().context("a past input that is no tensor")?;
                if shape.len() != 4 || shape[1] < 1 || shape[3] < 1 {
                    bail!("a past input of unknown shape, {} {shape:?}, export it with fixed heads", input.name());
                }
                let empty = Tensor::from_array(([rows as i64, shape[1], 0, shape[3]], Vec::<f32>::new()))?;
                Ok((Cow::from(input.name().to_string()), SessionInputValue::from(empty.into_dyn())))
            })
            .collect()
    }
}

impl Engine for OnnxRuntime {
    fn attest(&self) -> Attestation {
        self.attestation.clone()
    }

    fn clear(&mut self) {
        self.kept.clear();
        self.kept_bytes = 0;
    }

    fn cache_bytes(&self) -> usize {
        self.kept_bytes
    }

    fn last_alone(&self) -> bool {
        self.session.inputs().iter().any(|i| i.name() == "keep")
    }

    fn can_keep(&self) -> bool {
        self.past_inputs().next().is_some()
    }

    fn forward(&mut self, step: &Step, see: &mut dyn FnMut(&[f32], [usize; 3])) -> Result<()> {
        if step.keep && !self.can_keep() {
            bail!("the graph has no past keys and values, kv_cache = true cannot run on it");
        }
        let mut inputs = self.inputs(step)?;
        match std::mem::take(&mut self.kept) {
            kept if kept.is_empty() => inputs.extend(self.empty_past(step.batch.rows())?),
            kept => inputs.extend(kept.into_iter().map(|(name, value)| (Cow::from(name), value.into()))),
        }
        if self.memory == Memory::Cuda {
            return self.forward_bound(inputs, step, see);
        }
        let outputs = self.session.run(inputs)?;
        show_logits(&outputs, see)?;
        if step.keep {
            (self.kept, self.kept_bytes) = keep_present(outputs);
        }
        Ok(())
    }
}

pub(super) fn show_logits(outputs: &SessionOutputs, see: &mut dyn FnMut(&[f32], [usize; 3])) -> Result<()> {
    let logits =
        outputs.get("logits").context("the graph has no output \"logits\", export it for causal language modelling")?;
    let (shape, logits) = logits.try_extract_tensor::<f32>()?;
    see(logits, [shape[0] as usize, shape[1] as usize, shape[2] as usize]);
    Ok(())
}

/// Moves `present.*` out of a step's outputs to be the next step's `past_key_values.*`; nothing is copied.
pub(super) fn keep_present(outputs: SessionOutputs) -> (Vec<(String, DynValue)>, usize) {
    let present = outputs.into_iter().filter_map(|(name, value)| {
        let layer = name.strip_prefix("present.")?;
        Some((format!("past_key_values.{layer}"), value))
    });
    let kept: Vec<(String, DynValue)> = present.collect();
    let bytes = kept.iter().map(|(_, v)| v.shape().iter().map(|&d| d as usize).product::<usize>() * 4).sum();
    (kept, bytes)
}
