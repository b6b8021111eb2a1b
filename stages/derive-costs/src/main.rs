//! The binary `derive-costs`.

fn main() -> std::process::ExitCode {
    derive_costs::main(std::env::args_os())
}
