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
    U8 = 2,
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
    Ints(Vec<i64>),
    Text(&'static str),
}

/// Operators of ONNX Runtime that are in no standard opset.
pub const MICROSOFT: &str = "com.microsoft";

pub struct Builder {
    graph: Graph,
    path: PathBuf,
    data_name: String,
    data: BufWriter<File>,
    offset: usize,
    constants: HashMap<(Vec<i64>, Vec<u8>), String>,
    /// Nodes that may be shared: operator and inputs, output.
    shared: HashMap<String, String>,
    metadata: Vec<Entry>,
}

impl Builder {
    pub fn new(path: &Path, name: &str) -> Result<Self> {
        let data_name = format!("{}.data", path.file_name().unwrap_or_default().to_string_lossy());
        let data = BufWriter::with_capacity(1 << 20, File::create(path.with_file_name(&data_name))?);
        let graph = Graph { name: name.into(), ..Default::default() };
        Ok(Builder {
            graph,
            path: path.into(),
            data_name,
            data,
            offset: 0,
            constants: HashMap::new(),
            shared: HashMap::new(),
            metadata: Vec::new(),
        })
    }

    /// Says something of the model in its metadata.
    pub fn note(&mut self, key: &str, value: &str) {
        self.metadata.push(Entry { key: key.into(), value: value.into() });
    }

    /// Weights `dims` in f32.
    pub fn weight(&mut self, name: &str, dims: &[usize], values: &[f32]) -> Result<String> {
        let writing = |data: &mut BufWriter<File>| {
            values
                .chunks(1 << 16)
                .try_for_each(|chunk| data.write_all(&chunk.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>()))
        };
        self.external(name, Element::F32, dims, values.len() * 4, writing)
    }

    /// Weights `dims` of one byte an element.
    pub fn bytes(&mut self, name: &str, dims: &[usize], values: &[u8]) -> Result<String> {
        self.external(name, Element::U8, dims, values.len(), |data| data.write_all(values))
    }

    /// Large tensors are aligned to 64 KiB so that the engine can map them. The file may pass 2 GB; the graph stays small.
    fn external(
        &mut self,
        name: &str,
        element: Element,
        dims: &[usize],
        length: usize,
        writing: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
    ) -> Result<String> {
        let align = if length >= 1 << 20 { 1 << 16 } else { 64 };
        let padding = self.offset.next_multiple_of(align) - self.offset;
        self.data.write_all(&vec![0; padding])?;
        self.offset += padding;
        writing(&mut self.data)?;
        let entry = |key: &str, value: String| Entry { key: key.into(), value };
        self.graph.initializer.push(Tensor {
            dims: dims.iter().map(|&d| d as i64).collect(),
            data_type: element as i32,
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

    /// A scalar constant.
    pub fn float(&mut self, value: f32) -> String {
        self.constant(Element::F32, vec![], value.to_le_bytes().to_vec())
    }

    /// A node with one output that is made once for the same inputs.
    pub fn shared(&mut self, op: &str, inputs: &[&str], attributes: Vec<(&str, Value)>) -> String {
        let key = format!("{op}({})", inputs.join(","));
        match self.shared.get(&key) {
            Some(output) => output.clone(),
            None => {
                let output = self.node(op, inputs, attributes);
                self.shared.insert(key, output.clone());
                output
            }
        }
    }

    /// A node with one output, named after its place.
    pub fn node(&mut self, op: &str, inputs: &[&str], attributes: Vec<(&str, Value)>) -> String {
        let output = format!("{op}_{}", self.graph.node.len());
        self.node_to(op, inputs, &[&output], attributes);
        output
    }

    /// A node of ONNX Runtime's own operators.
    pub fn microsoft(&mut self, op: &str, inputs: &[&str], attributes: Vec<(&str, Value)>) -> String {
        let output = self.node(op, inputs, attributes);
        if let Some(node) = self.graph.node.last_mut() {
            node.domain = MICROSOFT.into();
        }
        output
    }

    /// `count` parts of `x` along its last axis.
    pub fn split(&mut self, x: &str, sizes: &[usize]) -> Vec<String> {
        let sizes_input = self.ints(&sizes.iter().map(|&s| s as i64).collect::<Vec<_>>());
        let at = self.graph.node.len();
        let outputs: Vec<String> = (0..sizes.len()).map(|i| format!("Split_{at}_{i}")).collect();
        let named: Vec<&str> = outputs.iter().map(String::as_str).collect();
        self.node_to("Split", &[x, &sizes_input], &named, vec![("axis", Value::Int(-1))]);
        outputs
    }

    pub fn node_to(&mut self, op: &str, inputs: &[&str], outputs: &[&str], attributes: Vec<(&str, Value)>) {
        let texts = |v: &[&str]| v.iter().map(|s| s.to_string()).collect();
        let attribute = attributes.into_iter().map(|(name, value)| {
            let mut a = Attribute { name: name.into(), ..Default::default() };
            match value {
                Value::Float(f) => (a.f, a.r#type) = (Some(f), 1),
                Value::Int(i) => (a.i, a.r#type) = (Some(i), 2),
                Value::Text(t) => (a.s, a.r#type) = (Some(t.into()), 3),
                Value::Ints(v) => (a.ints, a.r#type) = (v, 7),
            }
            a
        });
        self.graph.node.push(Node {
            name: format!("{op}:{}", self.graph.node.len()),
            op_type: op.into(),
            input: texts(inputs),
            output: texts(outputs),
            attribute: attribute.collect(),
            domain: String::new(),
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
        let mut opset_import = vec![OperatorSet { domain: String::new(), version: opset }];
        if self.graph.node.iter().any(|n| n.domain == MICROSOFT) {
            opset_import.push(OperatorSet { domain: MICROSOFT.into(), version: 1 });
        }
        let model = Model {
            ir_version: 10,
            producer_name: "tallywatt".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            graph: Some(self.graph),
            opset_import,
            metadata_props: self.metadata,
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
