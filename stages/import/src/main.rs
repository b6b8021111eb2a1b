//! The binary `import`.

fn main() -> std::process::ExitCode {
    import::main(std::env::args_os())
}
