//! Reads an archive entry by entry from a stream, with bounded memory whatever the archive claims.

use std::io::{self, Read};

use super::entry::{Entry, Kind};
use super::pax::{self, Records};
use super::{BLOCK, padding, sparse};

/// Largest extended header or long name in bytes; the limit Go's reader has, so every real image fits.
const MAX_EXTENSION: u64 = 1024 * 1024;
/// Larger files do not exist (the kernel's offsets are signed).
const MAX_CONTENT: u64 = i64::MAX as u64;
const XATTR_PREFIX: &[u8] = b"SCHILY.xattr.";

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// The stream failed or ended too early.
    #[error("cannot read the archive")]
    Read(#[source] io::Error),
    /// The archive breaks the format.
    #[error("malformed archive: {0}")]
    Malformed(&'static str),
    /// An entry type that no root filesystem has.
    #[error("archive entry {path:?} has the unsupported type {kind:?}")]
    Unsupported {
        /// The entry's name.
        path: String,
        /// The type character.
        kind: char,
    },
    /// A numeric id outside what the kernel can store.
    #[error("archive entry {path:?} has the impossible owner {id}")]
    Owner {
        /// The entry's name.
        path: String,
        /// The id.
        id: u64,
    },
}

/// Reads entries from `source`. The content of the last entry is read through [`Read`].
pub struct TarReader<R> {
    source: R,
    /// Stored bytes of the current entry not yet read.
    remaining: u64,
    padding: u64,
    finished: bool,
}

/// What came in front of an entry's own header.
#[derive(Default)]
struct Extensions {
    records: Records,
    long_path: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
}

impl<R: Read> TarReader<R> {
    /// Starts reading.
    pub fn new(source: R) -> TarReader<R> {
        TarReader { source, remaining: 0, padding: 0, finished: false }
    }

    /// The next entry, after skipping what is left of the current one; `None` at the end.
    ///
    /// # Errors
    /// [`TarError`] when the stream fails or breaks the format.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, TarError> {
        let mut extensions = Extensions::default();
        loop {
            self.skip_data()?;
            let Some(header) = self.read_header()? else { return Ok(None) };
            match header.entry_type().as_byte() {
                b'x' | b'X' => extensions.records = Records::parse(&self.read_extension(&header)?)?,
                b'L' => extensions.long_path = Some(until_zero(self.read_extension(&header)?)),
                b'K' => extensions.long_link = Some(until_zero(self.read_extension(&header)?)),
                // Contract 7.4.6: global headers say nothing about files.
                b'g' => drop(self.read_extension(&header)?),
                _ => return self.entry(&header, &extensions).map(Some),
            }
        }
    }

    /// Reads the stream to its end, so that whoever hashes it sees every byte.
    ///
    /// # Errors
    /// [`TarError::Read`] when the stream fails.
    pub fn drain(mut self) -> Result<R, TarError> {
        io::copy(&mut self.source, &mut io::sink()).map_err(TarError::Read)?;
        Ok(self.source)
    }

    fn read_header(&mut self) -> Result<Option<::tar::Header>, TarError> {
        if self.finished {
            return Ok(None);
        }
        let mut header = ::tar::Header::new_old();
        let present = read_block(&mut self.source, header.as_mut_bytes())?;
        if !present || header.as_bytes().iter().all(|&byte| byte == 0) {
            self.finished = true;
            return Ok(None);
        }
        check_sum(&header)?;
        Ok(Some(header))
    }

    fn skip_data(&mut self) -> Result<(), TarError> {
        let left = std::mem::take(&mut self.remaining) + std::mem::take(&mut self.padding);
        let skipped =
            io::copy(&mut (&mut self.source).take(left), &mut io::sink()).map_err(TarError::Read)?;
        if skipped < left { Err(ended()) } else { Ok(()) }
    }

    fn read_extension(&mut self, header: &::tar::Header) -> Result<Vec<u8>, TarError> {
        let size = header.entry_size().map_err(|_| TarError::Malformed("broken size"))?;
        if size > MAX_EXTENSION {
            return Err(TarError::Malformed("extended header is too large"));
        }
        let mut data = Vec::new();
        (&mut self.source).take(size).read_to_end(&mut data).map_err(TarError::Read)?;
        self.padding = padding(size);
        if (data.len() as u64) < size { Err(ended()) } else { Ok(data) }
    }

    fn entry(&mut self, header: &::tar::Header, extensions: &Extensions) -> Result<Entry, TarError> {
        let records = &extensions.records;
        let path =
            name(records, "path", &extensions.long_path).unwrap_or_else(|| header.path_bytes().into_owned());
        let kind = kind(header, &path)?;
        let mut entry = Entry::new(kind, path);
        if matches!(kind, Kind::HardLink | Kind::Symlink) {
            let own = || header.link_name_bytes().map(|link| link.into_owned());
            entry.link = name(records, "linkpath", &extensions.long_link).or_else(own).unwrap_or_default();
        }
        read_ownership(header, records, &mut entry)?;
        entry.xattrs = xattrs(records);
        if kind == Kind::Regular {
            self.start_content(header, records, &mut entry)?;
        }
        Ok(entry)
    }

    fn start_content(
        &mut self,
        header: &::tar::Header,
        records: &Records,
        entry: &mut Entry,
    ) -> Result<(), TarError> {
        let own = || header.entry_size().map_err(|_| TarError::Malformed("broken size"));
        let stored = records.number("size")?.map_or_else(own, Ok)?;
        if stored > MAX_CONTENT {
            return Err(TarError::Malformed("impossible size"));
        }
        // Old sparse continuation blocks stand between the header and the data and are not counted by its
        // size.
        let old = header.entry_type().as_byte() == b'S';
        let old_map = if old { Some(sparse::read_old_gnu(header, &mut self.source)?) } else { None };
        self.remaining = stored;
        self.padding = padding(stored);
        entry.size = stored;
        let map = match old_map {
            Some((segments, real_size)) => Some((segments, real_size)),
            None => self.pax_sparse(records, entry)?,
        };
        if let Some((segments, real_size)) = map {
            sparse::check(&segments, real_size, self.remaining)?;
            entry.size = real_size;
            entry.sparse = Some(segments);
        }
        Ok(())
    }

    fn pax_sparse(
        &mut self,
        records: &Records,
        entry: &mut Entry,
    ) -> Result<Option<(Vec<sparse::Segment>, u64)>, TarError> {
        if let Some(name) = records.get("GNU.sparse.name") {
            entry.path = name.to_vec();
        }
        let real = records.number("GNU.sparse.realsize")?.or(records.number("GNU.sparse.size")?);
        if records.get("GNU.sparse.major") == Some(b"1") {
            let segments = sparse::read_from_data(&mut *self)?;
            return Ok(Some((segments, real.unwrap_or(entry.size))));
        }
        let segments = sparse::from_records(records)?;
        Ok(segments.map(|segments| (segments, real.unwrap_or(entry.size))))
    }
}

impl<R: Read> Read for TarReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let limit = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(buffer.len());
        if limit == 0 {
            return Ok(0);
        }
        let count = self.source.read(&mut buffer[..limit])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.remaining -= count as u64;
        Ok(count)
    }
}

/// Fills a block; false when the stream ended in front of it.
fn read_block(source: &mut impl Read, block: &mut [u8; BLOCK]) -> Result<bool, TarError> {
    let mut filled = 0;
    while filled < BLOCK {
        match source.read(&mut block[filled..]) {
            Ok(0) if filled == 0 => return Ok(false),
            Ok(0) => return Err(ended()),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(TarError::Read(error)),
        }
    }
    Ok(true)
}

fn ended() -> TarError {
    TarError::Read(io::ErrorKind::UnexpectedEof.into())
}

fn check_sum(header: &::tar::Header) -> Result<(), TarError> {
    let bytes = header.as_bytes();
    let (before, rest) = bytes.split_at(148);
    let sum = before.iter().chain(&rest[8..]).map(|&byte| u32::from(byte)).sum::<u32>() + 8 * 32;
    match header.cksum() {
        Ok(stored) if stored == sum => Ok(()),
        _ => Err(TarError::Malformed("header checksum does not match")),
    }
}

fn kind(header: &::tar::Header, path: &[u8]) -> Result<Kind, TarError> {
    Ok(match header.entry_type().as_byte() {
        // Archives older than ustar mark directories by a slash only.
        b'0' | b'\0' if path.ends_with(b"/") => Kind::Directory,
        b'0' | b'\0' | b'7' | b'S' => Kind::Regular,
        b'1' => Kind::HardLink,
        b'2' => Kind::Symlink,
        b'3' => Kind::Character,
        b'4' => Kind::Block,
        b'5' => Kind::Directory,
        b'6' => Kind::Fifo,
        other => return Err(TarError::Unsupported { path: printable(path), kind: char::from(other) }),
    })
}

fn read_ownership(header: &::tar::Header, records: &Records, entry: &mut Entry) -> Result<(), TarError> {
    let broken = |_| TarError::Malformed("broken number in a header");
    let old = header.as_old();
    let uid = records.number("uid")?.map_or_else(|| number(&old.uid, header.uid()), Ok)?;
    let gid = records.number("gid")?.map_or_else(|| number(&old.gid, header.gid()), Ok)?;
    entry.uid = owner(uid, entry)?;
    entry.gid = owner(gid, entry)?;
    entry.mode = number(&old.mode, header.mode())? & 0o7777;
    entry.mtime = match records.get("mtime") {
        Some(text) => pax::time(text)?,
        None => (i64::try_from(number(&old.mtime, header.mtime())?).unwrap_or(0), 0),
    };
    if matches!(entry.kind, Kind::Character | Kind::Block) {
        let major = header.device_major().map_err(broken)?.unwrap_or(0);
        entry.device = (major, header.device_minor().map_err(broken)?.unwrap_or(0));
    }
    Ok(())
}

/// A field that was never written counts as 0, as in Go's reader; some writers leave what they do not know.
fn number<T: Default>(field: &[u8], value: io::Result<T>) -> Result<T, TarError> {
    if field.iter().all(|byte| matches!(byte, 0 | b' ')) {
        return Ok(T::default());
    }
    value.map_err(|_| TarError::Malformed("broken number in a header"))
}

/// The largest id means "leave it" to the kernel, so it is no owner either.
fn owner(id: u64, entry: &Entry) -> Result<u32, TarError> {
    match u32::try_from(id) {
        Ok(id) if id != u32::MAX => Ok(id),
        _ => Err(TarError::Owner { path: printable(&entry.path), id }),
    }
}

fn xattrs(records: &Records) -> Vec<(Vec<u8>, Vec<u8>)> {
    let strip =
        |(key, value): (&[u8], &[u8])| Some((key.strip_prefix(XATTR_PREFIX)?.to_vec(), value.to_vec()));
    records.iter().filter_map(strip).collect()
}

fn name(records: &Records, key: &str, long: &Option<Vec<u8>>) -> Option<Vec<u8>> {
    records.get(key).filter(|value| !value.is_empty()).map(<[u8]>::to_vec).or_else(|| long.clone())
}

fn until_zero(mut data: Vec<u8>) -> Vec<u8> {
    let end = data.iter().position(|&byte| byte == 0).unwrap_or(data.len());
    data.truncate(end);
    data
}

/// A name for messages.
pub(crate) fn printable(path: &[u8]) -> String {
    String::from_utf8_lossy(&path[..path.len().min(4096)]).into_owned()
}
