//! Where output goes: standard output, or a file that appears whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tlspcap::error::{Error, Result};

use super::args::Color;

/// An output that is finished by [`commit`](Self::commit).
pub(crate) enum Output {
    /// Standard output.
    Standard(BufWriter<io::StdoutLock<'static>>),
    /// What `-o` names.
    File(FileOutput),
}

/// An output that has a path.
pub(crate) struct FileOutput {
    out: BufWriter<Sink>,
    /// As the user named it.
    path: PathBuf,
}

enum Sink {
    /// A file under a temporary name beside the one that it gets in the end.
    Whole(tempfile::NamedTempFile, PathBuf),
    /// A device, a pipe or whatever else is no file: it can only be written as it is.
    AsItIs(File),
}

/// Who may read a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// As the user's umask says, or as a file was that is written anew.
    Usual,
    /// Its owner alone.
    Owner,
}

const BUFFER: usize = 64 << 10;

impl Output {
    /// Standard output, or `path`.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self> {
        match path {
            Some(path) if path.as_os_str() != "-" => Ok(Self::File(FileOutput::open(path)?)),
            _ => Ok(Self::Standard(BufWriter::with_capacity(BUFFER, io::stdout().lock()))),
        }
    }

    /// As [`open`](Self::open), for secrets: a file is for its owner alone.
    pub(crate) fn open_private(path: &Path) -> Result<Self> {
        if path.as_os_str() == "-" {
            return Self::open(None);
        }
        Ok(Self::File(FileOutput::create(path, Readers::Owner)?))
    }

    fn failed(&self, source: io::Error) -> Error {
        let path = match self {
            Self::Standard(_) => PathBuf::from("standard output"),
            Self::File(file) => file.path.clone(),
        };
        Error::Output { path, source }
    }

    /// Writes `bytes`.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes).map_err(|source| self.failed(source))
    }

    /// Hands on what was written so far.
    pub(crate) fn flush(&mut self) -> Result<()> {
        Write::flush(self).map_err(|source| self.failed(source))
    }

    /// Ends the output; a file gets its name now.
    pub(crate) fn commit(mut self) -> Result<()> {
        self.flush()?;
        match self {
            Self::Standard(_) => Ok(()),
            Self::File(file) => file.commit(),
        }
    }
}

impl FileOutput {
    /// Begins to write `path`. What is there stays until [`commit`](Self::commit), unless it is no file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Self::create(path, Readers::Usual)
    }

    fn create(path: &Path, readers: Readers) -> Result<Self> {
        let failed = |source| Error::Output { path: path.to_owned(), source };
        let sink = match target(path).map_err(failed)? {
            Target::AsItIs => Sink::AsItIs(OpenOptions::new().append(true).open(path).map_err(failed)?),
            Target::File { path: end, before } => {
                let folder =
                    end.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
                std::fs::metadata(folder).map_err(failed)?;
                let mut builder = tempfile::Builder::new();
                builder.prefix(".tlspcap-");
                let usual = readers == Readers::Usual;
                if usual && let Some(permissions) = permissions() {
                    builder.permissions(permissions);
                }
                let file = builder
                    .tempfile_in(folder)
                    // The kind alone: the name of the temporary file, which comes with it, says nothing to the user.
                    .map_err(|source| failed(source.kind().into()))?;
                if usual && let Some(before) = before {
                    file.as_file().set_permissions(before).map_err(failed)?;
                }
                Sink::Whole(file, end)
            }
        };
        Ok(Self { out: BufWriter::with_capacity(BUFFER, sink), path: path.to_owned() })
    }

    /// Ends the output; a file gets its name now.
    pub(crate) fn commit(self) -> Result<()> {
        let Self { out, path } = self;
        let failed = |source| Error::Output { path: path.clone(), source };
        match out.into_inner().map_err(|error| failed(error.into_error()))? {
            Sink::Whole(file, end) => file.persist(end).map(drop).map_err(|error| failed(error.error)),
            Sink::AsItIs(_) => Ok(()),
        }
    }
}

/// What a path to write to leads to.
pub(crate) enum Target {
    /// A file that is there, with its permissions, or could be; no symbolic link, which would be replaced otherwise.
    File { path: PathBuf, before: Option<std::fs::Permissions> },
    /// A device, a pipe or the like. A file that took its name would take its place, for the whole system.
    AsItIs,
}

/// What `path` leads to.
///
/// # Errors
///
/// When it is a folder, or cannot be asked.
pub(crate) fn target(path: &Path) -> io::Result<Target> {
    match std::fs::metadata(path) {
        Ok(about) if about.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        // Also what standard output leads to, as /dev/stdout: more may be written to it.
        Ok(about) if !about.is_file() || ["/dev", "/proc"].iter().any(|system| path.starts_with(system)) => {
            Ok(Target::AsItIs)
        }
        Ok(about) => {
            Ok(Target::File { path: std::fs::canonicalize(path)?, before: Some(about.permissions()) })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(Target::File { path: path.to_owned(), before: None })
        }
        Err(error) => Err(error),
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Standard(out) => out.write(bytes),
            Self::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Standard(out) => out.flush(),
            Self::File(file) => file.flush(),
        }
    }
}

impl Write for FileOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Whole(file, _) => file.write(bytes),
            Self::AsItIs(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Whole(file, _) => file.flush(),
            Self::AsItIs(file) => file.flush(),
        }
    }
}

/// What a new file is allowed before the umask takes its part; temporary files are private otherwise.
fn permissions() -> Option<std::fs::Permissions> {
    #[cfg(unix)]
    let usual = Some(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    #[cfg(not(unix))]
    let usual = None;
    usual
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
