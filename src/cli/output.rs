//! Where output goes: standard output, or a file that appears whole or not at all.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tlspcap::error::{Error, Result};

use super::args::Color;

/// An output that is finished by [`commit`](Self::commit).
pub(crate) enum Output {
    /// Standard output.
    Standard(BufWriter<io::StdoutLock<'static>>),
    /// A file under a temporary name beside its own.
    File(BufWriter<tempfile::NamedTempFile>, PathBuf),
}

impl Output {
    /// Standard output, or `path`.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self> {
        match path {
            None => Ok(Self::Standard(BufWriter::with_capacity(256 << 10, io::stdout().lock()))),
            Some(path) if path.as_os_str() == "-" => Self::open(None),
            Some(path) => {
                let folder =
                    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let output = |source| Error::Output { path: path.to_owned(), source };
                std::fs::metadata(folder).map_err(output)?;
                let file = tempfile::Builder::new()
                    .prefix(".tlspcap-")
                    .tempfile_in(folder)
                    // The kind alone: the name of the temporary file, which comes with it, says nothing to the user.
                    .map_err(|source| output(source.kind().into()))?;
                Ok(Self::File(BufWriter::with_capacity(256 << 10, file), path.to_owned()))
            }
        }
    }

    fn failed(&self, source: io::Error) -> Error {
        let path = match self {
            Self::Standard(_) => PathBuf::from("standard output"),
            Self::File(_, path) => path.clone(),
        };
        Error::Output { path, source }
    }

    /// Writes `bytes`.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = match self {
            Self::Standard(out) => out.write_all(bytes),
            Self::File(out, _) => out.write_all(bytes),
        };
        written.map_err(|source| self.failed(source))
    }

    /// Hands on what was written so far.
    pub(crate) fn flush(&mut self) -> Result<()> {
        let flushed = match self {
            Self::Standard(out) => out.flush(),
            Self::File(out, _) => out.flush(),
        };
        flushed.map_err(|source| self.failed(source))
    }

    /// Ends the output; a file gets its name now.
    pub(crate) fn commit(self) -> Result<()> {
        self.end(true)
    }

    /// Ends an output with secrets in it: a file is for its owner alone.
    pub(crate) fn commit_private(self) -> Result<()> {
        self.end(false)
    }

    fn end(mut self, for_all: bool) -> Result<()> {
        self.flush()?;
        if let Self::File(out, path) = self {
            let file = out
                .into_inner()
                .map_err(|error| Error::Output { path: path.clone(), source: error.into_error() })?;
            if for_all {
                readable(file.as_file());
            }
            file.persist(&path).map_err(|error| Error::Output { path, source: error.error })?;
        }
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Standard(out) => out.write(bytes),
            Self::File(out, _) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Standard(out) => out.flush(),
            Self::File(out, _) => out.flush(),
        }
    }
}

/// Temporary files are private; an output file is as readable as any other.
fn readable(file: &std::fs::File) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = file.set_permissions(std::fs::Permissions::from_mode(0o644));
    }
    #[cfg(not(unix))]
    let _ = file;
}

/// Writes a whole file: it appears with all its content or not at all.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut output = Output::open(Some(path))?;
    output.write(bytes)?;
    output.commit()
}

/// Whether standard output, or the file, gets colour.
pub(crate) fn use_color(choice: Color, to_file: bool) -> bool {
    match choice {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
            if set("NO_COLOR") {
                return false;
            }
            if std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0" && !value.is_empty()) {
                return true;
            }
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            !to_file && !dumb && io::stdout().is_terminal()
        }
    }
}

/// The columns to draw for: the terminal's, between 60 and 120; 80 without one.
pub(crate) fn width(to_file: bool) -> usize {
    if to_file || !io::stdout().is_terminal() {
        return 80;
    }
    terminal_size::terminal_size()
        .map_or(80, |(terminal_size::Width(columns), _)| usize::from(columns).clamp(60, 120))
}
