//! The binary `render`.

fn main() -> std::process::ExitCode {
    render::main(std::env::args_os())
}
