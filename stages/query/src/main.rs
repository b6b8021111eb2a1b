//! The binary `query`.

fn main() -> std::process::ExitCode {
    query::main(std::env::args_os())
}
