//! ONNX Runtime's CPU provider, from its shared library, on the graph that `models::onnx` writes.

use super::{Attestation, Backend, Engine, Load, Step};
use anyhow::{Context, Result, anyhow};
use ort::{
    ep,
    session::{Session, SessionInputValue, SessionOutputs, builder::GraphOptimizationLevel},
    value::{DynValue, Tensor},
};
use std::borrow::Cow;

pub const BACKEND: Backend = Backend {
    name: "onnxruntime-cpu",
    about: "ONNX Runtime (C++), f32, CPU provider",
    needs_onnx: true,
    load: |load| Ok(Box::new(OnnxRuntime::load(load)?)),
};

type Inputs = Vec<(Cow<'static, str>, SessionInputValue<'static>)>;

struct OnnxRuntime {
    session: Session,
    /// Kept keys and values under the names of the inputs that take them.
    kept: Inputs,
    kept_bytes: usize,
    attestation: Attestation,
}

impl OnnxRuntime {
    fn load(load: &Load) -> Result<Self> {
        let library =
            load.onnxruntime.as_deref().context("no ONNX Runtime library was given, pass --onnxruntime FILE")?;
        // The error's Display hides the loader's own words; Debug has them.
        let environment = ort::init_from(library)
            .map_err(|e| {
                let why = format!("{e:?}").replace('\n', " ");
                anyhow!(
                    "{}: cannot load ONNX Runtime, {why}, run `make setup` or pass --onnxruntime FILE",
                    library.display()
                )
            })?
            .with_telemetry(false)
            .build()?;
        let graph = load.onnx.as_deref().context("no ONNX graph was given, pass --onnx FILE")?;
        let builder = |e: ort::Error<_>| ort::Error::<()>::from(e);
        let session = Session::builder(&environment)?
            .with_execution_providers([ep::CPU::default().build().error_on_failure()])
            .map_err(builder)?
            .with_optimization_level(GraphOptimizationLevel::All)
            .map_err(builder)?
            .with_intra_threads(load.threads)
            .map_err(builder)?
            .commit_from_file(graph)
            .with_context(|| format!("{}: ONNX Runtime refuses the graph", graph.display()))?;
        let attestation = Attestation {
            device: "cpu".into(),
            dtype: "f32".into(),
            provider: "CPUExecutionProvider".into(),
            library: format!("onnxruntime {}", version(library)),
            library_sha256: Some(schemas::provenance::sha256_file(library)?),
            threads: load.threads,
        };
        Ok(OnnxRuntime { session, kept: Vec::new(), kept_bytes: 0, attestation })
    }

    /// Empty keys and values of `rows` sequences.
    fn empty_past(&self, rows: usize) -> Result<Inputs> {
        let past = self.session.inputs().iter().filter(|i| i.name().starts_with("past_key_values."));
        past.map(|input| {
            let shape = input.dtype().tensor_shape().context("a past input that is no tensor")?;
            let empty = Tensor::from_array(([rows as i64, shape[1], 0, shape[3]], Vec::<f32>::new()))?;
            Ok((Cow::from(input.name().to_string()), SessionInputValue::from(empty.into_dyn())))
        })
        .collect()
    }
}

/// `1.32.0` out of `libonnxruntime.so.1.32.0`, else the C API's minor version.
fn version(library: &std::path::Path) -> String {
    let name = library.file_name().unwrap_or_default().to_string_lossy();
    match name.split_once(".so.") {
        Some((_, version)) => version.to_string(),
        None => ort::util::probe(library).map_or_else(|| "unknown".into(), |minor| format!("1.{minor}")),
    }
}

fn integers(rows: usize, columns: usize, values: Vec<i64>) -> Result<DynValue> {
    Ok(Tensor::from_array(([rows, columns], values))?.into_dyn())
}

fn inputs(step: &Step) -> Result<Inputs> {
    let (batch, past) = (step.batch, step.past);
    let (rows, total) = (batch.rows(), batch.len());
    let new = total - past;
    let ids = batch.ids.iter().flat_map(|r| r[past..].iter().map(|&id| i64::from(id))).collect();
    let mask = (0..rows).flat_map(|r| (0..total).map(move |c| i64::from(batch.is_real(r, c)))).collect();
    let positions = (0..rows).flat_map(|r| (past..total).map(move |c| batch.position(r, c) as i64)).collect();
    let keep: Vec<i64> = if step.last { vec![new as i64 - 1] } else { (0..new as i64).collect() };
    Ok(vec![
        ("input_ids".into(), integers(rows, new, ids)?.into()),
        ("attention_mask".into(), integers(rows, total, mask)?.into()),
        ("position_ids".into(), integers(rows, new, positions)?.into()),
        ("keep".into(), Tensor::from_array(([keep.len()], keep))?.into_dyn().into()),
    ])
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

    fn forward(&mut self, step: &Step, see: &mut dyn FnMut(&[f32], [usize; 3])) -> Result<()> {
        let mut inputs = inputs(step)?;
        match std::mem::take(&mut self.kept) {
            kept if kept.is_empty() => inputs.extend(self.empty_past(step.batch.rows())?),
            kept => inputs.extend(kept),
        }
        let mut outputs = self.session.run(inputs)?;
        {
            let (shape, logits) = outputs["logits"].try_extract_tensor::<f32>()?;
            see(logits, [shape[0] as usize, shape[1] as usize, shape[2] as usize]);
        }
        if step.keep {
            (self.kept, self.kept_bytes) = keep_present(&mut outputs)?;
        }
        Ok(())
    }
}

/// Moves `present.*` out of a step's outputs to be the next step's `past_key_values.*`; nothing is copied.
fn keep_present(outputs: &mut SessionOutputs) -> Result<(Inputs, usize)> {
    let names: Vec<String> = outputs.keys().filter(|k| k.starts_with("present.")).map(str::to_string).collect();
    let (mut kept, mut bytes) = (Inputs::new(), 0);
    for name in names {
        let value = outputs.remove(&name).context("an output that vanished")?;
        bytes += value.try_extract_tensor::<f32>()?.1.len() * 4;
        kept.push((Cow::from(name.replace("present.", "past_key_values.")), value.into()));
    }
    Ok((kept, bytes))
}
