//! The tlspcap command: options in, exit status out. All the work is in the library.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
