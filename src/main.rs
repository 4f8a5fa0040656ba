//! The tlspcap command: options in, exit status out. All the work is in the library.

mod cli;

/// A connection is many small values that come and go: the system's allocator took a quarter of the time.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Memory that is freed is kept for what comes next. Handed back, it breaks up the huge pages that mimalloc asks for, and they are
/// what saves a capture of many connections an eighth of its time; the most that a capture needs stays the same.
#[cfg(feature = "mimalloc")]
fn keep_freed_memory() {
    use libmimalloc_sys::{mi_option_eager_commit_delay, mi_option_set, mi_option_t};

    /// `mi_option_purge_delay`: it has no name of its own there, and comes next.
    const PURGE_DELAY: mi_option_t = mi_option_eager_commit_delay + 1;
    /// Never.
    const NEVER: std::ffi::c_long = -1;

    // SAFETY: the option is one that mimalloc has, any value is allowed, and no other thread runs yet.
    unsafe { mi_option_set(PURGE_DELAY, NEVER) };
}

fn main() -> std::process::ExitCode {
    #[cfg(feature = "mimalloc")]
    keep_freed_memory();
    cli::main()
}
