//! The ends of a container's standard streams: which kinds there are and who holds which end.
//!
//! Nothing is read or written here.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open};
use rustix::pipe::{PipeFlags, pipe_with};

/// The ends that become descriptors 0, 1 and 2 of the process. A missing one is `/dev/null`.
#[derive(Debug, Default)]
pub struct ChildStdio {
    /// Standard input.
    pub stdin: Option<OwnedFd>,
    /// Standard output.
    pub stdout: Option<OwnedFd>,
    /// Standard error.
    pub stderr: Option<OwnedFd>,
}

/// The ends that the engine works with. The monitor keeps copies of them over a restart of the worker.
#[derive(Debug, Default)]
pub struct ParentStdio {
    /// Write here what the process reads. Dropping it is an end of file only after
    /// [`crate::client::MonitorLink::close_stdin`] dropped the monitor's copy too.
    pub stdin: Option<OwnedFd>,
    /// What the process writes to standard output.
    pub stdout: Option<OwnedFd>,
    /// What the process writes to standard error.
    pub stderr: Option<OwnedFd>,
}

impl ParentStdio {
    /// A second set of descriptors for the same ends.
    ///
    /// # Errors
    /// The process has no free descriptor.
    pub fn try_clone(&self) -> io::Result<Self> {
        let copy = |fd: &Option<OwnedFd>| fd.as_ref().map(OwnedFd::try_clone).transpose();
        Ok(Self { stdin: copy(&self.stdin)?, stdout: copy(&self.stdout)?, stderr: copy(&self.stderr)? })
    }
}

/// Anonymous pipes for stdout and stderr, and for stdin when `open_stdin`: enough for an exec.
///
/// # Errors
/// The process has no free descriptor.
pub fn pipes(open_stdin: bool) -> io::Result<(ChildStdio, ParentStdio)> {
    let stdin = if open_stdin { Some(pipe()?) } else { None };
    let (stdout_read, stdout_write) = pipe()?;
    let (stderr_read, stderr_write) = pipe()?;
    let (stdin_read, stdin_write) = stdin.unzip();
    let child = ChildStdio { stdin: stdin_read, stdout: Some(stdout_write), stderr: Some(stderr_write) };
    Ok((child, ParentStdio { stdin: stdin_write, stdout: Some(stdout_read), stderr: Some(stderr_read) }))
}

/// One anonymous pipe for both outputs; gives the engine's end.
///
/// # Errors
/// The process has no free descriptor.
pub fn joint_output() -> io::Result<(ChildStdio, OwnedFd)> {
    let (read, write) = pipe()?;
    Ok((ChildStdio { stdin: None, stdout: Some(write.try_clone()?), stderr: Some(write) }, read))
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::CLOEXEC)?)
}

/// An output stream that survives the death of monitor and worker: a named pipe at `path`.
///
/// Returns the process's end and the engine's end. The process's end is open for reading as well as writing,
/// so the stream has a reader as long as the process lives: it gets no `SIGPIPE` when the engine dies, and
/// what it writes meanwhile waits in the pipe (64 KiB; after that its writes block) for an engine that calls
/// [`open_fifo`]. The engine's end reads end of file when every process that holds the other one has ended.
///
/// # Errors
/// `path` exists already or cannot be made.
pub fn create_fifo(path: &Path) -> io::Result<(OwnedFd, OwnedFd)> {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    let write = open(path, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    Ok((write, open_fifo(path)?))
}

/// The engine's end of a named pipe made by [`create_fifo`].
///
/// # Errors
/// `path` cannot be opened or is no named pipe.
pub fn open_fifo(path: &Path) -> io::Result<OwnedFd> {
    // Without NONBLOCK this would wait for a writer; afterwards reads shall block as those of a pipe do.
    let read =
        open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    if FileType::from_raw_mode(rustix::fs::fstat(&read)?.st_mode) != FileType::Fifo {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    rustix::fs::fcntl_setfl(&read, OFlags::empty())?;
    Ok(read)
}

/// Another end to write to a named pipe made by [`create_fifo`], while somebody holds [`open_fifo`]'s end.
///
/// # Errors
/// `path` cannot be opened, or nobody reads it.
pub fn open_fifo_to_write(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(open(path, flags, Mode::empty())?)
}

/// The host's `/dev/null`, verified to be that device and not a look-alike (contract 10.2).
///
/// # Errors
/// It cannot be opened, or is something else.
pub(crate) fn open_null(directory: BorrowedFd<'_>, path: &str) -> io::Result<OwnedFd> {
    let null = rustix::fs::openat(directory, path, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    if is_null(null.as_fd())? {
        Ok(null)
    } else {
        Err(io::Error::other(format!("{path} is not the null device")))
    }
}

/// Whether `fd` is the character device 1:3.
pub(crate) fn is_null(fd: BorrowedFd<'_>) -> io::Result<bool> {
    let stat = rustix::fs::fstat(fd)?;
    let character = FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice;
    Ok(character && stat.st_rdev == rustix::fs::makedev(1, 3))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn a_fifo_keeps_what_was_written_while_nobody_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        let (write, read) = create_fifo(&path).unwrap();
        drop(read);
        let mut write = File::from(write);
        write.write_all(b"kept").unwrap();
        let mut adopted = File::from(open_fifo(&path).unwrap());
        drop(write);
        let mut text = String::new();
        adopted.read_to_string(&mut text).unwrap();
        assert_eq!(text, "kept");
    }

    #[test]
    fn a_regular_file_is_not_taken_for_a_fifo() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(open_fifo(file.path()).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
