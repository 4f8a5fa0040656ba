//! The tlspcap command: options in, exit status out. All the work is in the library.

mod cli;

/// A connection is many small values that come and go: the system's allocator took a quarter of the time.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Memory that is freed is kept for what comes next. Handed back, it breaks up the huge pages that mimalloc asks for, and they are
/// what saves a capture of many connections an eighth of its time; the most that a capture needs stays the same.
/// `MIMALLOC_PURGE_DELAY`, where it is set, counts for more.
#[cfg(feature = "mimalloc")]
fn keep_freed_memory() {
    // SAFETY: the option is one that mimalloc has, any value is allowed, and no other thread runs yet.
    unsafe { libmimalloc_sys::mi_option_set_default(PURGE_DELAY, NEVER) };
}

/// `mi_option_purge_delay`, in milliseconds: it has no name of its own there, and comes next.
#[cfg(feature = "mimalloc")]
const PURGE_DELAY: libmimalloc_sys::mi_option_t = libmimalloc_sys::mi_option_eager_commit_delay + 1;
/// Memory is not handed back.
#[cfg(feature = "mimalloc")]
const NEVER: std::ffi::c_long = -1;

fn main() -> std::process::ExitCode {
    #[cfg(feature = "mimalloc")]
    keep_freed_memory();
    cli::main()
}

#[cfg(all(test, feature = "mimalloc"))]
mod tests {
    #[test]
    fn the_option_that_is_set_is_the_delay_after_which_memory_is_handed_back() {
        // SAFETY: the option is one that mimalloc has; nothing but this test sets it.
        let delay = || unsafe { libmimalloc_sys::mi_option_get(super::PURGE_DELAY) };
        if std::env::var_os("MIMALLOC_PURGE_DELAY").is_some() {
            return;
        }
        assert_eq!(delay(), 10, "the default of the version at hand");
        super::keep_freed_memory();
        assert_eq!(delay(), super::NEVER);
    }
}
