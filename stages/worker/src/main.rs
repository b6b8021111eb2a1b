//! The binary `worker`.

fn main() -> std::process::ExitCode {
    worker::main(std::env::args_os())
}
