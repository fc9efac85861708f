//! Writes one stream of a container into its log: journal, records, file, in that order.

use std::cell::RefCell;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use jiff::Timestamp;

use super::file::{Appender, Log};
use super::journal::{Intent, Journal};
use super::lines::{self, LineState};
use crate::io::StdStream;

thread_local! {
    /// What is at hand and its encoded records. Per thread, so that an idle container holds no buffer.
    static BUFFERS: RefCell<Buffers> = const { RefCell::new(Buffers { text: Vec::new(), encoded: Vec::new() }) };
}

#[derive(Default)]
struct Buffers {
    text: Vec<u8>,
    encoded: Vec<u8>,
}

/// Writes one stream of a container into its log.
pub struct LogWriter {
    log: Log,
    stream: StdStream,
    /// None when nothing is kept.
    journal: Option<Journal>,
}

impl LogWriter {
    /// A writer that goes on where the one before it, whose journal is at `path`, ended.
    ///
    /// # Errors
    /// The journal cannot be opened.
    pub(super) fn open(log: Log, stream: StdStream, path: &Path) -> io::Result<LogWriter> {
        let journal = if log.discards() { None } else { Some(Journal::open(path)?) };
        log.add_writer();
        let mut writer = LogWriter { log, stream, journal };
        writer.recover()?;
        Ok(writer)
    }

    /// An earlier worker was killed in the middle of a write: what it had begun is taken back, to be done again.
    fn recover(&mut self) -> io::Result<()> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let Some(intent) = journal.intent() else { return Ok(()) };
        let mut appender = self.log.lock();
        let written = self.log.length(&mut appender)? >= intent.log_after;
        if !written {
            self.log.cut(&mut appender, intent.log_before)?;
        }
        journal.confirm(written)
    }

    /// Moves up to `limit` bytes from a pipe into the log without waiting. `show` sees them when they are in the log, as far as their
    /// lines are finished.
    ///
    /// # Errors
    /// `WouldBlock` when the pipe has nothing now, others when it cannot be read.
    pub fn take(&mut self, pipe: impl AsFd, limit: usize, show: impl FnOnce(&[u8])) -> io::Result<Taken> {
        let Some(journal) = &mut self.journal else { return drain(pipe, limit, show) };
        match journal.take(&pipe, limit) {
            Ok(0) => Ok(Taken::default()),
            Ok(count) => Ok(Taken { count, failure: self.record(count, false, show).err() }),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
            // No room for the journal: a process must not wait for that.
            Err(error) => Ok(Taken { failure: Some(error), ..drain(pipe, limit, show)? }),
        }
    }

    /// The stream ended: what has no newline yet is kept as a partial record.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        if self.journal.is_some() {
            self.record(0, true, |_| {})?;
        }
        self.journal.take().map_or(Ok(()), Journal::remove)
    }

    fn record(&mut self, fresh: usize, ended: bool, show: impl FnOnce(&[u8])) -> io::Result<()> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        BUFFERS.with_borrow_mut(|buffers| {
            journal.unrecorded(&mut buffers.text)?;
            let text = buffers.text.as_slice();
            let mut appender = self.log.lock();
            let mut batch = Batch::new(&self.log, &mut appender, journal, self.stream, &mut buffers.encoded);
            let mut rest = text;
            while let Some(piece) = lines::first(rest, ended) {
                batch.add(piece);
                rest = &rest[piece.len()..];
            }
            let result = batch.finish();
            drop(appender);
            show(&text[text.len() - fresh..]);
            result
        })
    }
}

/// What was moved.
#[derive(Debug, Default)]
pub struct Taken {
    /// Bytes; 0 at the end of the pipe.
    pub count: usize,
    /// Why they are not in the log.
    pub failure: Option<io::Error>,
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        self.log.remove_writer();
    }
}

/// Nothing is kept: the bytes are only shown.
fn drain(pipe: impl AsFd, limit: usize, show: impl FnOnce(&[u8])) -> io::Result<Taken> {
    BUFFERS.with_borrow_mut(|buffers| {
        buffers.text.resize(limit, 0);
        let count = rustix::io::read(pipe, buffers.text.as_mut_slice())?;
        show(&buffers.text[..count]);
        Ok(Taken { count, failure: None })
    })
}

/// The records of one chunk on their way to the file: one write for all, unless a rotation comes between.
struct Batch<'a> {
    log: &'a Log,
    appender: &'a mut Appender,
    journal: &'a mut Journal,
    stream: StdStream,
    encoded: &'a mut Vec<u8>,
    now: Timestamp,
    /// Bytes of the stream that are encoded.
    until: u64,
    line: LineState,
    failure: Option<io::Error>,
}

impl<'a> Batch<'a> {
    fn new(
        log: &'a Log,
        appender: &'a mut Appender,
        journal: &'a mut Journal,
        stream: StdStream,
        encoded: &'a mut Vec<u8>,
    ) -> Batch<'a> {
        encoded.clear();
        let (until, line) = (journal.recorded(), journal.line());
        Batch { log, appender, journal, stream, encoded, now: Timestamp::now(), until, line, failure: None }
    }

    fn add(&mut self, text: &[u8]) {
        if self.log.is_full(self.appender, self.encoded.len()) {
            self.flush();
            let rotated = self.log.rotate(self.appender);
            self.note(rotated);
        }
        if !self.line.continued {
            self.line.time = self.appender.clock.tick(self.now);
        }
        self.log.encode(self.appender, self.encoded, text, self.stream, self.line);
        self.line.continued = text.last() != Some(&b'\n');
        self.until += text.len() as u64;
    }

    fn flush(&mut self) {
        if !self.encoded.is_empty() {
            let written = self.try_flush();
            self.note(written);
            self.encoded.clear();
        }
    }

    fn try_flush(&mut self) -> io::Result<()> {
        let log_before = self.log.length(self.appender)?;
        let log_after = log_before + self.encoded.len() as u64;
        self.journal.intend(Intent { until: self.until, log_before, log_after, line: self.line })?;
        let written = self.log.append(self.appender, self.encoded);
        if written.is_err() {
            // No half record stays; a file that cannot even be cut says so at the next write.
            let _ = self.log.cut(self.appender, log_before);
        }
        // Also what could not be written is done with: a full disk must not fill the memory too.
        self.journal.confirm(true)?;
        written
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
