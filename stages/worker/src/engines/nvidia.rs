//! The GPU that CUDA calls 0.

use nvml_wrapper::Nvml;

/// Its product name, as the driver says.
pub fn device_name() -> String {
    let name = Nvml::init().and_then(|nvml| nvml.device_by_index(0)?.name());
    name.unwrap_or_else(|_| "cuda:0".into())
}
