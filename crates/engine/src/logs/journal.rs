//! What was taken from one stream of a process and is not in the log yet, kept over the death of this worker (contract 6.1).
//!
//! The kernel moves bytes from the pipe into this file (`splice(2)`), so at any moment each byte is in exactly one of the two. The
//! head of the file says how far the log has come and which write to it is under way; after a crash that tells whether the write
//! was finished. Nothing is synchronised with a disk: a host that dies takes the container with it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::FallocateFlags;
use rustix::pipe::SpliceFlags;

use super::lines::LineState;

/// Where the bytes begin.
const HEAD: u64 = 4096;
/// So many bytes that are in the log are given back to the file system at once.
const GIVE_BACK: u64 = 64 * 1024;

/// The bytes of one stream that are on their way.
pub struct Journal {
    path: PathBuf,
    file: File,
    head: Head,
    /// Bytes ever taken.
    taken: u64,
    given_back: u64,
}

/// A write to the log: as soon as the log has that length, the bytes up to `until` are in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Intent {
    /// Bytes taken that the log has after this write.
    pub until: u64,
    /// Length of the log's file before the write.
    pub log_before: u64,
    /// Length of the log's file after it.
    pub log_after: u64,
    /// How the line goes on after it.
    pub line: LineState,
}

/// What the head of the file says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Head {
    recorded: u64,
    line: LineState,
    intent: Option<Intent>,
}

impl Journal {
    /// The journal at `path`, which is made if need be.
    ///
    /// # Errors
    /// It cannot be opened or read.
    pub fn open(path: &Path) -> io::Result<Journal> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).mode(0o600).truncate(false).open(path)?;
        let taken = file.metadata()?.len().saturating_sub(HEAD);
        let mut head = [0; Head::LENGTH];
        let head = match file.read_exact_at(&mut head, 0) {
            Ok(()) => Head::decode(&head),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Head::default(),
            Err(error) => return Err(error),
        };
        Ok(Journal { path: path.to_owned(), file, head, taken, given_back: 0 })
    }

    /// Moves up to `limit` bytes out of a pipe without waiting; 0 at its end.
    ///
    /// # Errors
    /// `WouldBlock` when there is nothing now; the file cannot be written.
    pub fn take(&mut self, pipe: impl AsFd, limit: usize) -> io::Result<usize> {
        let mut offset = HEAD + self.taken;
        let count =
            rustix::pipe::splice(pipe, None, &self.file, Some(&mut offset), limit, SpliceFlags::NONBLOCK)?;
        self.taken += count as u64;
        Ok(count)
    }

    /// Reads what is not in the log yet.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn unrecorded(&self, buffer: &mut Vec<u8>) -> io::Result<()> {
        let length = usize::try_from(self.taken - self.head.recorded).map_err(io::Error::other)?;
        buffer.resize(length, 0);
        self.file.read_exact_at(buffer, HEAD + self.head.recorded)
    }

    /// Bytes that are in the log.
    pub fn recorded(&self) -> u64 {
        self.head.recorded
    }

    /// How the line goes on at the first byte that is not in the log.
    pub fn line(&self) -> LineState {
        self.head.line
    }

    /// A write that an earlier worker had begun and not confirmed.
    pub fn intent(&self) -> Option<Intent> {
        self.head.intent
    }

    /// Says what is going to be written.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn intend(&mut self, intent: Intent) -> io::Result<()> {
        self.head.intent = Some(intent);
        self.write_head()
    }

    /// The write that was intended is done, or (`written` is false) nothing of it is left.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn confirm(&mut self, written: bool) -> io::Result<()> {
        let Some(intent) = self.head.intent.take() else { return Ok(()) };
        if written {
            (self.head.recorded, self.head.line) = (intent.until, intent.line);
        }
        self.write_head()?;
        self.give_back()
    }

    fn write_head(&self) -> io::Result<()> {
        self.file.write_all_at(&self.head.encode(), 0)
    }

    /// The file only grows; what is behind takes no room.
    fn give_back(&mut self) -> io::Result<()> {
        let whole = self.head.recorded / GIVE_BACK * GIVE_BACK;
        if whole == self.given_back {
            return Ok(());
        }
        let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        rustix::fs::fallocate(&self.file, hole, HEAD + self.given_back, whole - self.given_back)?;
        self.given_back = whole;
        Ok(())
    }

    /// The stream has ended and everything is in the log.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn remove(self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}

impl Head {
    const WORDS: usize = 11;
    const LENGTH: usize = Head::WORDS * 8;

    fn encode(&self) -> [u8; Head::LENGTH] {
        let intent = self.intent.unwrap_or_default();
        let time = |line: LineState| {
            [line.time.as_second(), i64::from(line.time.subsec_nanosecond())].map(|n| n as u64)
        };
        let ([second, nanosecond], [next_second, next_nanosecond]) = (time(self.line), time(intent.line));
        let words: [u64; Head::WORDS] = [
            self.recorded,
            self.line.continued.into(),
            second,
            nanosecond,
            self.intent.is_some().into(),
            intent.until,
            intent.log_before,
            intent.log_after,
            intent.line.continued.into(),
            next_second,
            next_nanosecond,
        ];
        let mut bytes = [0; Head::LENGTH];
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8; Head::LENGTH]) -> Head {
        let mut words = [0; Head::WORDS];
        for (word, place) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = place.try_into().map_or(0, u64::from_le_bytes);
        }
        let line = |continued: u64, second: u64, nanosecond: u64| LineState {
            continued: continued == 1,
            time: Timestamp::new(second as i64, nanosecond as i32).unwrap_or(Timestamp::UNIX_EPOCH),
        };
        let [recorded, continued, second, nanosecond, intended, until, log_before, log_after, next @ ..] =
            words;
        let intent = Intent { until, log_before, log_after, line: line(next[0], next[1], next[2]) };
        Head {
            recorded,
            line: line(continued, second, nanosecond),
            intent: (intended == 1).then_some(intent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_the_log_is_there_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let (read, write) = rustix::pipe::pipe().unwrap();
        rustix::io::write(&write, b"one\ntwo").unwrap();
        let mut journal = Journal::open(&path).unwrap();
        assert_eq!(journal.take(&read, 1 << 16).unwrap(), 7);
        assert_eq!(journal.take(&read, 1 << 16).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let line = LineState { continued: true, time: Timestamp::now() };
        let intent = Intent { until: 4, log_before: 10, log_after: 90, line };
        journal.intend(intent).unwrap();

        let mut journal = Journal::open(&path).unwrap();
        assert_eq!((journal.intent(), journal.recorded()), (Some(intent), 0));
        journal.confirm(true).unwrap();
        let journal = Journal::open(&path).unwrap();
        assert_eq!((journal.intent(), journal.recorded(), journal.line()), (None, 4, line));
        let mut rest = Vec::new();
        journal.unrecorded(&mut rest).unwrap();
        assert_eq!(rest, b"two");
        drop(write);
        assert_eq!(Journal::open(&path).unwrap().take(&read, 9).unwrap(), 0, "the end of the stream");
    }

    #[test]
    fn it_takes_no_room_for_what_is_in_the_log() {
        use std::os::unix::fs::MetadataExt;
        let directory = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&directory.path().join("journal")).unwrap();
        let (read, write) = rustix::pipe::pipe().unwrap();
        let mut until = 0;
        for _ in 0..200 {
            rustix::io::write(&write, &[b'x'; 16 * 1024]).unwrap();
            until += journal.take(&read, 16 * 1024).unwrap() as u64;
            journal.intend(Intent { until, ..Intent::default() }).unwrap();
            journal.confirm(true).unwrap();
        }
        let used = journal.file.metadata().unwrap().blocks() * 512;
        assert!(used < 3 * GIVE_BACK, "{used}");
    }
}
