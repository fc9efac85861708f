//! Writes archives that are the same bytes for the same entries: ustar, with a PAX header only where ustar is
//! too small.

use std::io::{self, Read, Write};

use super::entry::{Entry, Kind};
use super::pax::push_record;
use super::{BLOCK, padding};

const MAX_OCTAL_ID: u32 = 0o7_777_777;
const MAX_OCTAL_SIZE: u64 = 0o77_777_777_777;

/// Writes entries to `sink`.
pub struct TarWriter<W> {
    sink: W,
}

impl<W: Write> TarWriter<W> {
    /// Starts an archive.
    pub fn new(sink: W) -> TarWriter<W> {
        TarWriter { sink }
    }

    /// Writes one entry. `content` must give exactly `entry.size` bytes for a regular file and is not read
    /// otherwise.
    ///
    /// # Errors
    /// When `sink` or `content` fails, or `content` is shorter or longer than `entry.size`.
    pub fn append(&mut self, entry: &Entry, content: impl Read) -> io::Result<()> {
        let size = if entry.kind == Kind::Regular { entry.size } else { 0 };
        let records = extended_records(entry, size);
        if !records.is_empty() {
            self.write_extended(entry, &records)?;
        }
        self.sink.write_all(header(entry, size)?.as_bytes())?;
        self.write_content(content, size)
    }

    /// Writes the end marker and returns the sink.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn finish(mut self) -> io::Result<W> {
        self.sink.write_all(&[0; 2 * BLOCK])?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn write_extended(&mut self, entry: &Entry, records: &[u8]) -> io::Result<()> {
        let base = entry.path.rsplit(|&byte| byte == b'/').find(|part| !part.is_empty()).unwrap_or(b"root");
        let mut name = b"PaxHeaders.0/".to_vec();
        name.extend_from_slice(&base[..base.len().min(80)]);
        let mut extended = Entry::new(Kind::Regular, name);
        extended.mode = 0o644;
        let size = records.len() as u64;
        let mut header = header(&extended, size)?;
        header.set_entry_type(::tar::EntryType::XHeader);
        header.set_cksum();
        self.sink.write_all(header.as_bytes())?;
        self.write_content(records, size)
    }

    fn write_content(&mut self, content: impl Read, size: u64) -> io::Result<()> {
        if size == 0 {
            return Ok(());
        }
        let copied = io::copy(&mut content.take(size), &mut self.sink)?;
        if copied < size {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the file became shorter while it was read",
            ));
        }
        let fill = usize::try_from(padding(size)).unwrap_or(0);
        self.sink.write_all(&[0; BLOCK][..fill])
    }
}

fn header(entry: &Entry, size: u64) -> io::Result<::tar::Header> {
    let mut header = ::tar::Header::new_ustar();
    header.set_entry_type(match entry.kind {
        Kind::Regular => ::tar::EntryType::Regular,
        Kind::HardLink => ::tar::EntryType::Link,
        Kind::Symlink => ::tar::EntryType::Symlink,
        Kind::Character => ::tar::EntryType::Char,
        Kind::Block => ::tar::EntryType::Block,
        Kind::Directory => ::tar::EntryType::Directory,
        Kind::Fifo => ::tar::EntryType::Fifo,
    });
    header.set_mode(entry.mode);
    header.set_uid(u64::from(if entry.uid > MAX_OCTAL_ID { 0 } else { entry.uid }));
    header.set_gid(u64::from(if entry.gid > MAX_OCTAL_ID { 0 } else { entry.gid }));
    header.set_size(if size > MAX_OCTAL_SIZE { 0 } else { size });
    header.set_mtime(octal_time(entry.mtime.0).unwrap_or(0));
    if matches!(entry.kind, Kind::Character | Kind::Block) {
        header.set_device_major(entry.device.0)?;
        header.set_device_minor(entry.device.1)?;
    }
    let old = header.as_old_mut();
    fill(&mut old.name, &entry.path);
    fill(&mut old.linkname, &entry.link);
    header.set_cksum();
    Ok(header)
}

/// What the fixed fields cannot say, as PAX records in a fixed order.
fn extended_records(entry: &Entry, size: u64) -> Vec<u8> {
    let mut records = Vec::new();
    if entry.path.len() > 100 {
        push_record(&mut records, b"path", &entry.path);
    }
    if entry.link.len() > 100 {
        push_record(&mut records, b"linkpath", &entry.link);
    }
    if size > MAX_OCTAL_SIZE {
        push_record(&mut records, b"size", size.to_string().as_bytes());
    }
    for (key, id) in [("uid", entry.uid), ("gid", entry.gid)] {
        if id > MAX_OCTAL_ID {
            push_record(&mut records, key.as_bytes(), id.to_string().as_bytes());
        }
    }
    if octal_time(entry.mtime.0).is_none() {
        push_record(&mut records, b"mtime", entry.mtime.0.to_string().as_bytes());
    }
    for (name, value) in &entry.xattrs {
        push_record(&mut records, &[b"SCHILY.xattr.", name.as_slice()].concat(), value);
    }
    records
}

fn octal_time(seconds: i64) -> Option<u64> {
    u64::try_from(seconds).ok().filter(|&seconds| seconds <= MAX_OCTAL_SIZE)
}

fn fill(field: &mut [u8; 100], value: &[u8]) {
    let length = value.len().min(field.len());
    field[..length].copy_from_slice(&value[..length]);
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::tar::TarReader;

    fn file(path: &str, content: &[u8]) -> Entry {
        let mut entry = Entry::new(Kind::Regular, path);
        entry.size = content.len() as u64;
        entry.mode = 0o4755;
        entry.mtime = (1_700_000_000, 0);
        entry
    }

    #[test]
    fn what_is_written_is_read_back() {
        let long = "d/".repeat(150) + "name";
        let mut large = file(&long, b"hello");
        (large.uid, large.gid) = (3_000_000_000, 70_000);
        large.mtime = (-5, 0);
        large.xattrs = vec![(b"security.capability".to_vec(), b"\x01\0\n\x02".to_vec())];
        let mut link = Entry::new(Kind::Symlink, "link");
        link.link = long.clone().into_bytes();
        let mut device = Entry::new(Kind::Character, "null");
        device.device = (1, 3);

        let mut writer = TarWriter::new(Vec::new());
        writer.append(&large, &b"hello"[..]).unwrap();
        writer.append(&link, io::empty()).unwrap();
        writer.append(&device, io::empty()).unwrap();
        let archive = writer.finish().unwrap();

        let mut reader = TarReader::new(archive.as_slice());
        assert_eq!(reader.next_entry().unwrap().unwrap(), large);
        let mut content = String::new();
        reader.read_to_string(&mut content).unwrap();
        assert_eq!(content, "hello");
        assert_eq!(reader.next_entry().unwrap().unwrap(), link);
        assert_eq!(reader.next_entry().unwrap().unwrap(), device);
        assert_eq!(reader.next_entry().unwrap(), None);
    }

    #[test]
    fn a_file_that_shrinks_is_an_error() {
        let mut writer = TarWriter::new(Vec::new());
        assert!(writer.append(&file("a", b"12345"), &b"123"[..]).is_err());
    }

    #[test]
    fn other_tools_read_it() {
        let long = "x".repeat(200);
        let mut writer = TarWriter::new(Vec::new());
        writer.append(&file(&long, b"hello"), &b"hello"[..]).unwrap();
        let archive = writer.finish().unwrap();
        let mut crate_archive = ::tar::Archive::new(archive.as_slice());
        let entry = crate_archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(entry.path_bytes(), long.as_bytes());
        assert_eq!(entry.size(), 5);
    }

    #[test]
    fn refuses_lies_about_length_checksums_and_owners() {
        let mut writer = TarWriter::new(Vec::new());
        writer.append(&file("a", b"1"), &b"1"[..]).unwrap();
        let good = writer.finish().unwrap();
        let mut broken = good.clone();
        broken[0] = b'b';
        assert!(TarReader::new(broken.as_slice()).next_entry().is_err());
        assert!(TarReader::new(&good[..100]).next_entry().is_err());

        let mut extension = ::tar::Header::new_ustar();
        extension.set_entry_type(::tar::EntryType::XHeader);
        extension.set_size(1 << 33);
        extension.set_cksum();
        let error = TarReader::new(&extension.as_bytes()[..]).next_entry().unwrap_err();
        assert!(error.to_string().contains("too large"), "{error}");

        let mut owner = ::tar::Header::new_ustar();
        owner.set_uid(u64::from(u32::MAX));
        owner.set_gid(0);
        owner.set_size(0);
        owner.set_mode(0);
        owner.set_mtime(0);
        owner.set_cksum();
        let error = TarReader::new(&owner.as_bytes()[..]).next_entry().unwrap_err();
        assert!(error.to_string().contains("impossible owner"), "{error}");
    }
}
