//! The binary `analyze`.

fn main() -> std::process::ExitCode {
    analyze::main(std::env::args_os())
}
