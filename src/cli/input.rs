//! A capture that is read more than once: standard input waits in a temporary file.

use std::fs::File;
use std::io::{IsTerminal, Read, Seek};
use std::path::{Path, PathBuf};

use tlspcap::error::{Error, Result};
use tlspcap::explain::{Options, open};

/// Asks whether standard input, where it is among `files`, gives a capture, and lets it end by itself: Ctrl-C in
/// `tcpdump … | tlspcap explain -` is for tcpdump, and the report comes after it.
///
/// # Errors
/// When it is a terminal.
pub(crate) fn standard_input<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> Result<()> {
    if files.into_iter().any(|path| path.as_os_str() == "-") {
        if std::io::stdin().is_terminal() {
            return Err(Error::Usage(
                "standard input is a terminal: pipe a capture into it, such as tcpdump -w - | tlspcap explain -"
                    .to_owned(),
            ));
        }
        #[cfg(unix)]
        pass_over_first_interrupt();
    }
    Ok(())
}

#[cfg(unix)]
fn pass_over_first_interrupt() {
    extern "C" fn nothing(_: libc::c_int) {}
    let handler: extern "C" fn(libc::c_int) = nothing;
    // SAFETY: all zeros are a valid `sigaction`, which the system only reads or fills, and the handler does nothing.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        let asked = libc::sigaction(libc::SIGINT, std::ptr::null(), &mut action);
        // A job in the background may have been told to ignore it.
        if asked == 0 && action.sa_sigaction == libc::SIG_DFL {
            action.sa_sigaction = handler as libc::sighandler_t;
            // Reading goes on, and the next one ends the process as usual.
            action.sa_flags = libc::SA_RESTART | libc::SA_RESETHAND;
            libc::sigaction(libc::SIGINT, &action, std::ptr::null_mut());
        }
    }
}

/// A capture that can be read from its beginning any number of times.
pub(crate) struct Again {
    path: PathBuf,
    spill: Option<tempfile::NamedTempFile>,
}

impl Again {
    /// The file, or what standard input gives until its end.
    pub(crate) fn new(path: &Path) -> Result<Self> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let metadata = (path.as_os_str() != "-").then(|| std::fs::metadata(path)).transpose().map_err(io)?;
        if metadata.is_some_and(|metadata| metadata.is_file() || metadata.is_dir()) {
            return Ok(Self { path: path.to_owned(), spill: None });
        }
        // A pipe gives its bytes once, whatever its name.
        let mut file = tempfile::NamedTempFile::new().map_err(io)?;
        match path.to_str() {
            Some("-") => std::io::copy(&mut std::io::stdin().lock(), &mut file),
            _ => File::open(path).and_then(|mut input| std::io::copy(&mut input, &mut file)),
        }
        .map_err(io)?;
        file.rewind().map_err(io)?;
        Ok(Self { path: path.to_owned(), spill: Some(file) })
    }

    /// Its name for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it at its beginning; embedded secrets are read ahead into `options`.
    pub(crate) fn open(&self, options: &mut Options) -> Result<Box<dyn Read + Send>> {
        open(self.spill.as_ref().map_or(&self.path, |spill| spill.path()), options)
    }

    /// Whether `output` is the same file, by whatever name.
    pub(crate) fn is(&self, output: &Path) -> bool {
        if output.as_os_str() == "-" || self.spill.is_some() {
            return false;
        }
        let (Ok(a), Ok(b)) = (self.path.canonicalize(), output.canonicalize()) else { return false };
        a == b || is_linked(&a, &b)
    }
}

/// Two names of one file.
fn is_linked(a: &Path, b: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let id = |path: &Path| std::fs::metadata(path).map(|data| (data.dev(), data.ino())).ok();
        id(a).is_some() && id(a) == id(b)
    }
    #[cfg(not(unix))]
    {
        let _ = (a, b);
        false
    }
}
