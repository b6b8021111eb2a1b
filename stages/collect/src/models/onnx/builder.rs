//! A graph under construction; weights stream to one external-data file.

use super::proto::*;
use anyhow::Result;
use prost::Message;
use std::{
    collections::HashMap,
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

/// Element types of `TensorProto.DataType`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Element {
    F32 = 1,
    I64 = 7,
    Bool = 9,
}

pub enum Dim {
    Fixed(usize),
    Named(&'static str),
}

pub enum Value {
    Float(f32),
    Int(i64),
}

pub struct Builder {
    graph: Graph,
    path: PathBuf,
    data_name: String,
    data: BufWriter<File>,
    offset: usize,
    constants: HashMap<(Vec<i64>, Vec<u8>), String>,
}

impl Builder {
    pub fn new(path: &Path, name: &str) -> Result<Self> {
        let data_name = format!("{}.data", path.file_name().unwrap_or_default().to_string_lossy());
        let data = BufWriter::with_capacity(1 << 20, File::create(path.with_file_name(&data_name))?);
        let graph = Graph { name: name.into(), ..Default::default() };
        Ok(Builder { graph, path: path.into(), data_name, data, offset: 0, constants: HashMap::new() })
    }

    /// Weights `dims` in f32; large ones are aligned to 64 KiB so that the engine can map them.
    pub fn weight(&mut self, name: &str, dims: &[usize], values: &[f32]) -> Result<String> {
        let length = values.len() * 4;
        let align = if length >= 1 << 20 { 1 << 16 } else { 64 };
        let padding = self.offset.next_multiple_of(align) - self.offset;
        self.data.write_all(&vec![0; padding])?;
        self.offset += padding;
        for chunk in values.chunks(1 << 16) {
            self.data.write_all(&chunk.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())?;
        }
        let entry = |key: &str, value: String| Entry { key: key.into(), value };
        self.graph.initializer.push(Tensor {
            dims: dims.iter().map(|&d| d as i64).collect(),
            data_type: Element::F32 as i32,
            name: name.into(),
            raw_data: None,
            external_data: vec![
                entry("location", self.data_name.clone()),
                entry("offset", self.offset.to_string()),
                entry("length", length.to_string()),
            ],
            data_location: Some(1),
        });
        self.offset += length;
        Ok(name.into())
    }

    fn constant(&mut self, element: Element, dims: Vec<i64>, bytes: Vec<u8>) -> String {
        let mut key = dims.clone();
        key.push(element as i64);
        if let Some(name) = self.constants.get(&(key.clone(), bytes.clone())) {
            return name.clone();
        }
        let name = format!("const_{}", self.constants.len());
        self.constants.insert((key, bytes.clone()), name.clone());
        self.graph.initializer.push(Tensor {
            dims,
            data_type: element as i32,
            name: name.clone(),
            raw_data: Some(bytes),
            ..Default::default()
        });
        name
    }

    /// A 1-D constant.
    pub fn ints(&mut self, values: &[i64]) -> String {
        self.constant(Element::I64, vec![values.len() as i64], values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    /// A scalar constant.
    pub fn int(&mut self, value: i64) -> String {
        self.constant(Element::I64, vec![], value.to_le_bytes().to_vec())
    }

    /// A node with one output, named after its place.
    pub fn node(&mut self, op: &str, inputs: &[&str], attributes: Vec<(&str, Value)>) -> String {
        let output = format!("{op}_{}", self.graph.node.len());
        self.node_to(op, inputs, &[&output], attributes);
        output
    }

    pub fn node_to(&mut self, op: &str, inputs: &[&str], outputs: &[&str], attributes: Vec<(&str, Value)>) {
        let texts = |v: &[&str]| v.iter().map(|s| s.to_string()).collect();
        let attribute = attributes.into_iter().map(|(name, value)| {
            let mut a = Attribute { name: name.into(), ..Default::default() };
            match value {
                Value::Float(f) => (a.f, a.r#type) = (Some(f), 1),
                Value::Int(i) => (a.i, a.r#type) = (Some(i), 2),
            }
            a
        });
        self.graph.node.push(Node {
            name: format!("{op}:{}", self.graph.node.len()),
            op_type: op.into(),
            input: texts(inputs),
            output: texts(outputs),
            attribute: attribute.collect(),
        });
    }

    pub fn input(&mut self, name: &str, element: Element, dims: &[Dim]) -> String {
        self.graph.input.push(value_info(name, element, dims));
        name.into()
    }

    pub fn output(&mut self, name: &str, element: Element, dims: &[Dim]) {
        self.graph.output.push(value_info(name, element, dims));
    }

    /// Writes the graph; the weights are already in their file.
    pub fn finish(mut self, opset: i64) -> Result<()> {
        self.data.flush()?;
        let model = Model {
            ir_version: 10,
            producer_name: "tallywatt".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            graph: Some(self.graph),
            opset_import: vec![OperatorSet { domain: String::new(), version: opset }],
        };
        Ok(std::fs::write(&self.path, model.encode_to_vec())?)
    }
}

fn value_info(name: &str, element: Element, dims: &[Dim]) -> ValueInfo {
    let dim = dims
        .iter()
        .map(|d| match d {
            Dim::Fixed(n) => Dimension { dim_value: Some(*n as i64), dim_param: None },
            Dim::Named(p) => Dimension { dim_value: None, dim_param: Some((*p).into()) },
        })
        .collect();
    let tensor_type = TensorType { elem_type: element as i32, shape: Some(Shape { dim }) };
    ValueInfo { name: name.into(), r#type: Some(Type { tensor_type: Some(tensor_type) }) }
}
