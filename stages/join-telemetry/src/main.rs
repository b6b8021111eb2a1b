//! The binary `join-telemetry`.

fn main() -> std::process::ExitCode {
    join_telemetry::main(std::env::args_os())
}
