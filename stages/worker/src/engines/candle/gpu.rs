//! candle on an NVIDIA GPU, weights in f32. It links the CUDA libraries, so it is a build of its own (`make cuda`).

use crate::engine::Subject;
use anyhow::Result;
use protocol::Load;

#[cfg(feature = "cuda")]
pub fn load(load: &Load) -> Result<Box<dyn Subject>> {
    let device = candle_core::Device::new_cuda(0)?;
    super::decoding::dense(load, device, crate::engines::nvidia::device_name())
}

#[cfg(not(feature = "cuda"))]
pub fn load(_: &Load) -> Result<Box<dyn Subject>> {
    anyhow::bail!("this binary was built without CUDA, run `make cuda`")
}
