//! The binary `collect`.

fn main() -> std::process::ExitCode {
    collect::main(std::env::args_os())
}
