//! candle on the CPU, weights in f32.

use super::decoding::dense;
use crate::engine::Subject;
use anyhow::Result;
use candle_core::Device;
use protocol::Load;

pub fn load(request: &Load) -> Result<Box<dyn Subject>> {
    dense(request, Device::Cpu, "cpu".into())
}
