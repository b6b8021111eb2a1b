//! Which node ran where, out of ONNX Runtime's own profile (JSON in Chrome's trace format, one event a kernel).

use anyhow::{Context, Result};
use serde_json::Value;
use std::{collections::BTreeMap, fmt, path::Path};

/// Executed nodes of one operator on one provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Nodes {
    pub provider: String,
    pub operator: String,
    pub count: usize,
}

impl fmt::Display for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {} {}", self.provider, self.count, self.operator)
    }
}

/// Operators that carry the arithmetic of a decoder. The others (shapes, masks) may run on the CPU beside any provider.
const HEAVY: &[&str] = &[
    "MatMul",
    "FusedMatMul",
    "Gemm",
    "Attention",
    "MultiHeadAttention",
    "GroupQueryAttention",
    "MatMulNBits",
    "MatMulInteger",
    "DynamicQuantizeMatMul",
    "QAttention",
];

pub fn nodes(profile: &Path) -> Result<Vec<Nodes>> {
    let text = std::fs::read_to_string(profile).with_context(|| format!("{}: cannot read", profile.display()))?;
    parse(&text).with_context(|| format!("{}: not a profile of ONNX Runtime", profile.display()))
}

fn parse(text: &str) -> Result<Vec<Nodes>> {
    let events: Vec<Value> = serde_json::from_str(text)?;
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for event in events.iter().filter(|e| e["cat"] == "Node") {
        if let (Some(provider), Some(operator)) =
            (event["args"]["provider"].as_str(), event["args"]["op_name"].as_str())
            && !provider.is_empty()
        {
            *counts.entry((provider.into(), operator.into())).or_default() += 1;
        }
    }
    Ok(counts.into_iter().map(|((provider, operator), count)| Nodes { provider, operator, count }).collect())
}

/// The provider of all heavy nodes; several, joined by `+`, when a part fell back.
pub fn provider_of_heavy(nodes: &[Nodes]) -> String {
    let heavy = nodes.iter().filter(|n| HEAVY.contains(&n.operator.as_str()));
    let mut providers: Vec<&str> = heavy.map(|n| n.provider.as_str()).collect();
    providers.sort_unstable();
    providers.dedup();
    match providers.is_empty() {
        true => "unknown".into(),
        false => providers.join("+"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = r#"[
        {"cat": "Session", "name": "model_run", "args": {}},
        {"cat": "Node", "name": "a_kernel_time", "args": {"op_name": "MatMul", "provider": "CUDAExecutionProvider"}},
        {"cat": "Node", "name": "b_kernel_time", "args": {"op_name": "MatMul", "provider": "CUDAExecutionProvider"}},
        {"cat": "Node", "name": "c_fence_before", "args": {"op_name": "MatMul"}},
        {"cat": "Node", "name": "d_kernel_time", "args": {"op_name": "Shape", "provider": "CPUExecutionProvider"}}
    ]"#;

    #[test]
    fn shapes_on_the_cpu_are_no_fallback_and_a_product_is() {
        let whole = parse(TRACE).unwrap();
        let shown: Vec<String> = whole.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["CPUExecutionProvider: 1 Shape", "CUDAExecutionProvider: 2 MatMul"]);
        assert_eq!(provider_of_heavy(&whole), "CUDAExecutionProvider");
        let fallen = parse(&TRACE.replacen("CUDAExecutionProvider", "CPUExecutionProvider", 1)).unwrap();
        assert_eq!(provider_of_heavy(&fallen), "CPUExecutionProvider+CUDAExecutionProvider");
        assert_eq!(provider_of_heavy(&[]), "unknown");
    }
}
