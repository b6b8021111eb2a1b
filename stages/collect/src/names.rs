//! Names of backends, scenarios and sensors, and what is made of them.

use protocol::Mode;
use schemas::config::Fault;
use std::path::PathBuf;

/// Bytes of a name: names become keys, parts of run ids and file names.
const NAME_BYTES: usize = 200;

/// The fault of a name that cannot be told from others, or that a terminal would obey.
pub fn name_fault(key: &str, name: &str) -> Option<Fault> {
    let is_plain = !name.trim().is_empty() && name.len() <= NAME_BYTES && !name.chars().any(char::is_control);
    let what = format!("{key} must be 1 to {NAME_BYTES} bytes without control characters");
    (!is_plain).then(|| Fault::new(key, what, format!("{name:?}").chars().take(NAME_BYTES).collect::<String>()))
}

/// The fault of a command that names no program.
pub fn command_fault(whose: &str, name: &str, command: &[PathBuf]) -> Option<Fault> {
    let is_empty = command.first().is_none_or(|word| word.as_os_str().is_empty());
    is_empty.then(|| Fault::new("command", format!("{whose} needs a command"), format!("{name:?}")))
}

/// A run's name without its repetition.
pub fn cell_id(backend: &str, mode: Mode, kv_cache: bool, scenario: &str) -> String {
    let cache = if kv_cache { "-cached" } else { "" };
    format!("{backend}/{}{cache}/{scenario}", mode.name())
}
