//! ONNX models written by us, so that no exporter and no network is needed; and what a graph says of itself.

mod builder;
mod gpt2;
mod llama;
mod matrices;
mod parts;
mod proto;

use super::{disk::whole, family::Family, gguf::Gguf, weights::Weights};
use anyhow::{Context, Result, bail};
use builder::{Builder, Element};
use matrices::{Matrices, dense::Dense, quantized::Quantized};
use prost::Message;
use protocol::{Arithmetic, Files, Graph, Model, Weighted};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Raised whenever the bytes of a written graph change; part of the cache's folder name.
const BUILDER_VERSION: u32 = 2;

/// Part of the cache's folder name.
fn name_of(weighted: Weighted) -> &'static str {
    match weighted {
        Weighted::Float => "f32",
        Weighted::Quantized(Arithmetic::Float) => "blocks",
        Weighted::Quantized(Arithmetic::Int8) => "blocks-int8",
    }
}

fn name_and_opset(style: Graph) -> (&'static str, i64) {
    match style {
        Graph::Standard => ("standard", 23),
        Graph::Plain => ("plain", 20),
    }
}

/// The ONNX form of a model, built into `cache` unless it is there already: a graph with past keys and values as inputs,
/// weights in one external-data file beside it. A user's own graph is taken as it is.
pub fn cached(model: &Model, weighted: Weighted, style: Graph, cache: &Path) -> Result<PathBuf> {
    if let Files::Onnx { graph, .. } = &model.files {
        return match weighted {
            Weighted::Float => Ok(graph.clone()),
            Weighted::Quantized(_) => bail!("{}: weights in blocks need a GGUF model", graph.display()),
        };
    }
    if matches!(model.files, Files::Served) {
        bail!("the model is only served, its weights are not here, use openai-http");
    }
    let (style_name, _) = name_and_opset(style);
    let sha256 = &model.sha256[..16.min(model.sha256.len())];
    let folder = cache.join(format!("{sha256}-onnx-v{BUILDER_VERSION}-{style_name}-{}", name_of(weighted)));
    let graph = folder.join("model.onnx");
    if graph.is_file() {
        return Ok(graph);
    }
    let fill = |beside: &Path| write(model, weighted, style, &beside.join("model.onnx"));
    whole(&folder, fill).with_context(|| format!("{}: cannot build the ONNX graph", folder.display()))?;
    Ok(graph)
}

fn write(model: &Model, weighted: Weighted, style: Graph, path: &Path) -> Result<()> {
    match (weighted, &model.files) {
        (Weighted::Float, _) => {
            let weights = Weights::load(model)?;
            write_family(&weights.family, &Dense(&weights), style, path)
        }
        (Weighted::Quantized(arithmetic), Files::Gguf(file)) => {
            let (family, tensors) = Gguf::open(file)?.quantized()?;
            write_family(&family, &Quantized { tensors, arithmetic }, style, path)
        }
        (Weighted::Quantized(_), _) => bail!("{}: weights in blocks need a GGUF model", model.path().display()),
    }
}

fn write_family(family: &Family, matrices: &dyn Matrices, style: Graph, path: &Path) -> Result<()> {
    let (style_name, opset) = name_and_opset(style);
    let mut b = Builder::new(path, style_name)?;
    b.note("tallywatt.graph", &format!("{style_name} opset {opset}"));
    b.note("tallywatt.weights", &matrices.format());
    match family {
        Family::Llama(shape) => llama::write(&mut b, shape, matrices, style)?,
        Family::Gpt2(shape) => gpt2::write(&mut b, shape, matrices, style)?,
    }
    b.finish(opset)
}

/// What a graph file says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    pub graph: String,
    /// Number format that most bytes of its weights have, or what our builder noted for blocks.
    pub dtype: String,
}

pub fn describe(path: &Path) -> Result<Description> {
    let bytes = fs::read(path).with_context(|| format!("{}: cannot read", path.display()))?;
    let model = proto::Model::decode(bytes.as_slice()).with_context(|| format!("{}: not ONNX", path.display()))?;
    let noted = |key: &str| model.metadata_props.iter().find(|e| e.key == key).map(|e| e.value.clone());
    let opset =
        model.opset_import.iter().find(|o| o.domain.is_empty() || o.domain == "ai.onnx").map_or(0, |o| o.version);
    let graph = noted("tallywatt.graph").unwrap_or_else(|| format!("{} opset {opset}", model.producer_name));
    let mut held: BTreeMap<i32, u64> = BTreeMap::new();
    for tensor in model.graph.iter().flat_map(|g| &g.initializer) {
        let length = tensor.external_data.iter().find(|e| e.key == "length").and_then(|e| e.value.parse().ok());
        *held.entry(tensor.data_type).or_default() +=
            length.unwrap_or(tensor.raw_data.as_ref().map_or(0, Vec::len) as u64);
    }
    let most = held.into_iter().max_by_key(|(_, bytes)| *bytes).map_or(0, |(element, _)| element);
    let dtype = match most {
        e if e == Element::F32 as i32 => "f32",
        10 => "f16",
        16 => "bf16",
        2 | 3 => "8-bit or packed",
        _ => "unknown",
    };
    let in_blocks = noted("tallywatt.weights").filter(|noted| noted != "f32");
    Ok(Description { graph, dtype: in_blocks.unwrap_or_else(|| dtype.into()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use builder::Dim;
    use ort::{session::Session, value::Tensor};

    /// Three tables of 760 MB: the last one begins before two gigabytes and ends behind them.
    #[test]
    fn weights_past_two_gigabytes_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.onnx");
        let (rows, width) = (190_000, 1_000);
        let mut b = Builder::new(&path, "tables").unwrap();
        let ids = b.input("ids", Element::I64, &[Dim::Named("n")]);
        let mut values = vec![0f32; rows * width];
        let mut sum = String::new();
        for table in 0..3u8 {
            values[rows * width - 1] = f32::from(table + 1);
            let weight = b.weight(&format!("table.{table}"), &[rows, width], &values).unwrap();
            let row = b.node("Gather", &[&weight, &ids], vec![]);
            sum = if sum.is_empty() { row } else { b.node("Add", &[&sum, &row], vec![]) };
        }
        drop(values);
        b.node_to("Identity", &[&sum], &["sum"], vec![]);
        b.output("sum", Element::F32, &[Dim::Named("n"), Dim::Fixed(width)]);
        b.finish(20).unwrap();
        assert!(fs::metadata(folder.path().join("model.onnx.data")).unwrap().len() > 2 << 30);
        assert!(fs::metadata(&path).unwrap().len() < 4096);

        let site_packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/site-packages");
        let libraries = fs::read_dir(site_packages.join("onnxruntime/capi")).unwrap().map(|file| file.unwrap().path());
        let is_library = |path: &PathBuf| path.to_string_lossy().contains("/libonnxruntime.so");
        let library = libraries.filter(is_library).max().unwrap();
        let environment = ort::init_from(library).unwrap().with_telemetry(false).build().unwrap();
        let mut session = Session::builder(&environment).unwrap().commit_from_file(&path).unwrap();
        let ids = Tensor::from_array(([1], vec![rows as i64 - 1])).unwrap();
        let outputs = session.run(ort::inputs!["ids" => ids]).unwrap();
        let (_, sum) = outputs["sum"].try_extract_tensor::<f32>().unwrap();
        assert_eq!((sum[0], sum[width - 1]), (0.0, 6.0));
    }
}
