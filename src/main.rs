//! The tlspcap command: options in, exit status out. All the work is in the library.

mod cli;

/// A connection is many small values that come and go: the system's allocator took a quarter of the time.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::main()
}
