//! Compression of files that were rotated away, beside the writing, and its reverse.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Seek};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use rustix::fs::{Mode, OFlags};

use super::file::{Appender, Log, LogFile};

/// What a file is called once it is compressed.
pub fn name(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".gz");
    name.into()
}

/// Compresses the file that was rotated away last. A container that writes faster than this machine compresses keeps some files as
/// they are: there is one compression at a time.
pub(super) fn start(log: &Log, appender: &mut Appender) {
    if appender.is_compressing {
        return;
    }
    let Ok(source) = File::open(log.numbered(1)) else { return };
    appender.is_compressing = true;
    let owned = log.clone();
    let work = move || {
        if let Err(error) = compress(&owned, &source) {
            tracing::warn!(%error, log = %owned.path().display(), "a rotated log file stays uncompressed");
        }
        owned.lock().is_compressing = false;
    };
    if std::thread::Builder::new().name("log-compression".to_owned()).spawn(work).is_err() {
        appender.is_compressing = false;
    }
}

fn compress(log: &Log, mut source: &File) -> io::Result<()> {
    let mut temporary = OsString::from(log.path());
    temporary.push(".compressing");
    let mut encoder = GzEncoder::new(File::create(&temporary)?, Compression::fast());
    io::copy(&mut source, &mut encoder)?;
    encoder.finish()?;
    // It may have been rotated further meanwhile.
    let _appender = log.lock();
    let number = source.metadata()?.ino();
    let paths = (1..=log.rotated_files()).map(|rotated| log.numbered(rotated));
    match paths.into_iter().find(|path| fs::metadata(path).is_ok_and(|found| found.ino() == number)) {
        Some(path) => {
            fs::rename(&temporary, name(&path))?;
            fs::remove_file(path)
        }
        None => fs::remove_file(&temporary),
    }
}

impl LogFile {
    /// A file of records; a compressed one is expanded beside the log, without a name.
    ///
    /// # Errors
    /// It cannot be expanded: damaged, or no room.
    pub fn expand(self, directory: &Path) -> io::Result<File> {
        if !self.is_compressed {
            return Ok(self.file);
        }
        let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
        let mut expanded = File::from(rustix::fs::open(directory, flags, Mode::RUSR | Mode::WUSR)?);
        io::copy(&mut MultiGzDecoder::new(self.file), &mut expanded)?;
        expanded.rewind()?;
        Ok(expanded)
    }
}
