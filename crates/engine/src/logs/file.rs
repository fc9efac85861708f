//! The log files of one container: appending and rotation (contract 6.4 to 6.6).
//!
//! Owns the order of records of both streams. Writers are few (one per stream) and synchronous: a record is in the page cache
//! before its bytes go anywhere else.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, watch};

use super::compress;
use super::format::Format;
use super::lines::LineState;
use super::options::LogSettings;
use super::record::Clock;
use super::writer::LogWriter;
use crate::io::StdStream;

/// The log of one container; clones share it.
#[derive(Clone)]
pub struct Log {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    settings: LogSettings,
    appender: Mutex<Appender>,
    progress: watch::Sender<Progress>,
}

/// What readers wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes appended since the engine opened the log.
    pub written: u64,
    /// Streams that may still write.
    pub writers: usize,
}

/// The end of the log; whoever holds it is the only one who writes.
#[derive(Default)]
pub(super) struct Appender {
    file: Option<File>,
    size: u64,
    pub(super) clock: Clock,
    followers: Vec<mpsc::UnboundedSender<File>>,
    /// A file that was rotated away is being compressed.
    pub(super) is_compressing: bool,
}

/// An opened file of a log.
pub struct LogFile {
    /// The file.
    pub file: File,
    /// Its content is compressed.
    pub is_compressed: bool,
}

/// The files of a log at one moment, oldest first, and what comes after them.
pub struct Snapshot {
    /// Opened files; the last one is the current one.
    pub files: Vec<LogFile>,
    /// Receives the file that replaces the current one at each rotation. An open file keeps its records even after it was removed.
    pub rotations: mpsc::UnboundedReceiver<File>,
    /// Sees every append.
    pub progress: watch::Receiver<Progress>,
}

impl Log {
    /// The log at `path`. Nothing is opened before the first record.
    pub fn new(path: PathBuf, settings: LogSettings) -> Log {
        let shared = Shared {
            path,
            settings,
            appender: Mutex::default(),
            progress: watch::channel(Progress::default()).0,
        };
        Log { shared: Arc::new(shared) }
    }

    /// Where the current file is.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Where others may read it: Docker tells that of the json-file driver only.
    pub fn public_path(&self) -> &Path {
        let settings = &self.shared.settings;
        if settings.discard || settings.format != Format::Json { Path::new("") } else { &self.shared.path }
    }

    /// How records are written.
    pub fn format(&self) -> Format {
        self.shared.settings.format
    }

    /// True when nothing is kept.
    pub fn discards(&self) -> bool {
        self.shared.settings.discard
    }

    /// A writer for one stream, with its journal at `journal`. A reader that follows ends when all writers are dropped.
    ///
    /// # Errors
    /// The journal cannot be opened.
    pub fn writer(&self, stream: StdStream, journal: &Path) -> io::Result<LogWriter> {
        LogWriter::open(self.clone(), stream, journal)
    }

    pub(super) fn add_writer(&self) {
        self.shared.progress.send_modify(|progress| progress.writers += 1);
    }

    pub(super) fn remove_writer(&self) {
        self.shared.progress.send_modify(|progress| progress.writers -= 1);
    }

    /// The files as they are now.
    ///
    /// # Errors
    /// A file exists and cannot be opened.
    pub fn snapshot(&self) -> io::Result<Snapshot> {
        let mut appender = self.lock();
        let (sender, rotations) = mpsc::unbounded_channel();
        let mut files = Vec::new();
        for number in (0..self.shared.settings.max_files).rev() {
            // Both are there when compression was killed before it removed what it had read.
            let plain =
                open_if_there(&self.numbered(number))?.map(|file| LogFile { file, is_compressed: false });
            let found = match plain {
                None if number > 0 => open_if_there(&compress::name(&self.numbered(number)))?
                    .map(|file| LogFile { file, is_compressed: true }),
                plain => plain,
            };
            files.extend(found);
        }
        appender.followers.retain(|follower| !follower.is_closed());
        appender.followers.push(sender);
        Ok(Snapshot { files, rotations, progress: self.shared.progress.subscribe() })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Appender> {
        self.shared.appender.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current file, or the one that was rotated `number` times.
    pub(super) fn numbered(&self, number: usize) -> PathBuf {
        match number {
            0 => self.shared.path.clone(),
            _ => {
                let mut path = self.shared.path.clone().into_os_string();
                path.push(format!(".{number}"));
                path.into()
            }
        }
    }

    /// How many rotated files are kept.
    pub(super) fn rotated_files(&self) -> usize {
        self.shared.settings.max_files - 1
    }

    /// Whether the next record belongs into a new file, when `waiting` bytes are not written yet.
    pub(super) fn is_full(&self, appender: &Appender, waiting: usize) -> bool {
        appender.size + waiting as u64 >= self.shared.settings.max_size
    }

    /// Begins a new file.
    pub(super) fn rotate(&self, appender: &mut Appender) -> io::Result<()> {
        let oldest = self.rotated_files();
        remove_if_there(&self.numbered(oldest))?;
        if oldest > 0 {
            remove_if_there(&compress::name(&self.numbered(oldest)))?;
        }
        for number in (0..oldest).rev() {
            let (from, to) = (self.numbered(number), self.numbered(number + 1));
            rename_if_there(&from, &to)?;
            if number > 0 {
                rename_if_there(&compress::name(&from), &compress::name(&to))?;
            }
        }
        appender.file = None;
        self.open(appender)?;
        if self.shared.settings.compress && oldest > 0 {
            compress::start(self, appender);
        }
        Ok(())
    }

    fn open(&self, appender: &mut Appender) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o640);
        let mut file = match (options.open(&self.shared.path), self.shared.path.parent()) {
            (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(parent)?;
                options.open(&self.shared.path)?
            }
            (opened, _) => opened?,
        };
        appender.size = file.metadata()?.len();
        if self.format() == Format::Json && is_cut_off(&self.shared.path, appender.size)? {
            file.write_all(b"\n")?;
            appender.size += 1;
        }
        appender.file = Some(file);
        appender.followers.retain(|follower| match File::open(&self.shared.path) {
            Ok(file) => follower.send(file).is_ok(),
            Err(_) => false,
        });
        Ok(())
    }

    /// Length of the current file.
    pub(super) fn length(&self, appender: &mut Appender) -> io::Result<u64> {
        if appender.file.is_none() {
            self.open(appender)?;
        }
        Ok(appender.size)
    }

    /// Takes back what was written behind `length`.
    pub(super) fn cut(&self, appender: &mut Appender, length: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(&self.shared.path)?;
        file.set_len(file.metadata()?.len().min(length))?;
        appender.size = file.metadata()?.len();
        Ok(())
    }

    /// Encodes one record.
    pub(super) fn encode(
        &self,
        appender: &mut Appender,
        buffer: &mut Vec<u8>,
        text: &[u8],
        stream: StdStream,
        line: LineState,
    ) {
        let settings = &self.shared.settings;
        settings.format.encode(buffer, text, stream, &settings.attributes, line, &mut appender.clock);
    }

    /// Appends whole records.
    pub(super) fn append(&self, appender: &mut Appender, records: &[u8]) -> io::Result<()> {
        if appender.file.is_none() {
            self.open(appender)?;
        }
        if let Some(file) = &mut appender.file {
            file.write_all(records)?;
            appender.size += records.len() as u64;
        }
        let written = records.len() as u64;
        self.shared.progress.send_modify(|progress| progress.written += written);
        Ok(())
    }
}

/// Whether a host that died left half a line at the end.
fn is_cut_off(path: &Path, length: u64) -> io::Result<bool> {
    let mut last = [b'\n'];
    if length > 0 {
        File::open(path)?.read_exact_at(&mut last, length - 1)?;
    }
    Ok(last != [b'\n'])
}

fn open_if_there(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
