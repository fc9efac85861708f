//! The log files of one container: appending and rotation (contract 6.4 to 6.6).
//!
//! Owns the order of records of both streams. Writers are few (one per stream) and synchronous: a record is in the page cache
//! before its bytes go anywhere else. Nothing is allocated per record.

use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use super::lines::{LineCutter, Piece};
use super::options::LogSettings;
use super::record::{self, Clock};
use crate::io::StdStream;

thread_local! {
    /// Encoded records of the chunk at hand. Per thread, so that an idle container holds no buffer.
    static ENCODED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

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

#[derive(Default)]
struct Appender {
    file: Option<File>,
    size: u64,
    clock: Clock,
    followers: Vec<mpsc::UnboundedSender<File>>,
}

/// The files of a log at one moment, oldest first, and what comes after them.
pub struct Snapshot {
    /// Opened files; the last one is the current one.
    pub files: Vec<File>,
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

    /// Where the current file is; empty when nothing is kept.
    pub fn path(&self) -> &Path {
        if self.shared.settings.discard { Path::new("") } else { &self.shared.path }
    }

    /// True when nothing is kept.
    pub fn discards(&self) -> bool {
        self.shared.settings.discard
    }

    /// A writer for one stream. A reader that follows ends when all writers are dropped.
    pub fn writer(&self, stream: StdStream) -> LogWriter {
        self.shared.progress.send_modify(|progress| progress.writers += 1);
        LogWriter {
            log: self.clone(),
            stream,
            cutter: LineCutter::default(),
            line_time: Timestamp::UNIX_EPOCH,
        }
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
            match File::open(self.numbered(number)) {
                Ok(file) => files.push(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        appender.followers.retain(|follower| !follower.is_closed());
        appender.followers.push(sender);
        Ok(Snapshot { files, rotations, progress: self.shared.progress.subscribe() })
    }

    fn lock(&self) -> MutexGuard<'_, Appender> {
        self.shared.appender.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current file, or the one that was rotated `number` times.
    fn numbered(&self, number: usize) -> PathBuf {
        match number {
            0 => self.shared.path.clone(),
            _ => {
                let mut path = self.shared.path.clone().into_os_string();
                path.push(format!(".{number}"));
                path.into()
            }
        }
    }

    fn rotate(&self, appender: &mut Appender) -> io::Result<()> {
        let oldest = self.shared.settings.max_files - 1;
        for number in (0..oldest).rev() {
            rename_if_there(&self.numbered(number), &self.numbered(number + 1))?;
        }
        if oldest == 0 {
            fs::remove_file(&self.shared.path)?;
        }
        appender.file = None;
        self.open(appender)
    }

    fn open(&self, appender: &mut Appender) -> io::Result<()> {
        let file = OpenOptions::new().append(true).create(true).mode(0o640).open(&self.shared.path)?;
        appender.size = file.metadata()?.len();
        appender.file = Some(file);
        appender.followers.retain(|follower| match File::open(&self.shared.path) {
            Ok(file) => follower.send(file).is_ok(),
            Err(_) => false,
        });
        Ok(())
    }

    /// Appends whole records.
    fn append(&self, appender: &mut Appender, records: &[u8]) -> io::Result<()> {
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

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Writes one stream of a container into its log.
pub struct LogWriter {
    log: Log,
    stream: StdStream,
    cutter: LineCutter,
    line_time: Timestamp,
}

impl LogWriter {
    /// Appends what the process wrote.
    ///
    /// # Errors
    /// The file cannot be written; the chunk is lost then, later ones are tried again.
    pub fn write(&mut self, data: &[u8]) -> io::Result<()> {
        self.record(|cutter, emit| cutter.push(data, emit))
    }

    /// The stream ended: what has no newline yet is kept as a partial record.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.record(|cutter, emit| cutter.finish(emit))
    }

    fn record(&mut self, cut: impl FnOnce(&mut LineCutter, &mut dyn FnMut(Piece<'_>))) -> io::Result<()> {
        if self.log.discards() {
            return Ok(());
        }
        ENCODED.with_borrow_mut(|encoded| {
            encoded.clear();
            let log = self.log.clone();
            let mut appender = log.lock();
            let mut batch = Batch { log: &log, appender: &mut appender, encoded, failure: None };
            let (stream, line_time) = (self.stream, &mut self.line_time);
            let now = Timestamp::now();
            cut(&mut self.cutter, &mut |piece| {
                if !piece.continues {
                    *line_time = batch.appender.clock.tick(now);
                }
                batch.add(piece.text, stream, *line_time);
            });
            batch.finish()
        })
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        self.log.shared.progress.send_modify(|progress| progress.writers -= 1);
    }
}

/// The records of one chunk on their way to the file: one write for all, unless a rotation comes between.
struct Batch<'a> {
    log: &'a Log,
    appender: &'a mut Appender,
    encoded: &'a mut Vec<u8>,
    failure: Option<io::Error>,
}

impl Batch<'_> {
    fn add(&mut self, text: &[u8], stream: StdStream, time: Timestamp) {
        let settings = &self.log.shared.settings;
        if self.appender.size + self.encoded.len() as u64 >= settings.max_size {
            self.flush();
            let rotated = self.log.rotate(self.appender);
            self.note(rotated);
        }
        let time = self.appender.clock.format(time);
        record::write(self.encoded, text, stream, &settings.attributes, time);
    }

    fn flush(&mut self) {
        if !self.encoded.is_empty() {
            let appended = self.log.append(self.appender, self.encoded);
            self.note(appended);
            self.encoded.clear();
        }
    }

    /// The first failure is the one to tell.
    fn note(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.failure.get_or_insert(error);
        }
    }

    fn finish(mut self) -> io::Result<()> {
        self.flush();
        self.failure.map_or(Ok(()), Err)
    }
}
