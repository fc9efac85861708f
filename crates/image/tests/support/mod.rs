//! Archives and stores for tests.

#![expect(unused, reason = "every test file uses some of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

pub mod flaky;
pub mod registry;

use std::io;
use std::path::Path;

use wharf_image::layer::{Deletions, Extracted, LayerError, extract};
use wharf_image::tar::{Entry, Kind, TarReader, TarWriter};

/// True for root; else says on the standard error that the test is skipped.
pub fn root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("skipped: needs root");
    }
    root
}

/// Builds an archive.
#[derive(Default)]
pub struct Archive(Vec<(Entry, Vec<u8>)>);

impl Archive {
    pub fn entry(mut self, entry: Entry) -> Archive {
        self.0.push((entry, Vec::new()));
        self
    }

    pub fn file(self, path: &str, content: &[u8]) -> Archive {
        self.file_mode(path, content, 0o644)
    }

    pub fn file_mode(mut self, path: &str, content: &[u8], mode: u32) -> Archive {
        let mut entry = Entry::new(Kind::Regular, path);
        (entry.mode, entry.size) = (mode, content.len() as u64);
        entry.mtime = (1_600_000_000, 0);
        self.0.push((entry, content.to_vec()));
        self
    }

    pub fn directory(self, path: &str) -> Archive {
        let mut entry = Entry::new(Kind::Directory, path);
        entry.mode = 0o755;
        entry.mtime = (1_500_000_000, 0);
        self.entry(entry)
    }

    pub fn symlink(self, path: &str, target: &str) -> Archive {
        self.link(Kind::Symlink, path, target)
    }

    pub fn hard_link(self, path: &str, target: &str) -> Archive {
        self.link(Kind::HardLink, path, target)
    }

    fn link(self, kind: Kind, path: &str, target: &str) -> Archive {
        let mut entry = Entry::new(kind, path);
        entry.link = target.as_bytes().to_vec();
        entry.mode = 0o777;
        self.entry(entry)
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut writer = TarWriter::new(Vec::new());
        for (entry, content) in &self.0 {
            writer.append(entry, content.as_slice()).unwrap();
        }
        writer.finish().unwrap()
    }

    /// Unpacks it as an image layer.
    pub fn unpack(&self, directory: &Path) -> Result<Extracted, LayerError> {
        let bytes = self.bytes();
        extract(&mut TarReader::new(bytes.as_slice()), directory, Deletions::Overlay)
    }
}

/// Everything below `directory` as `path kind mode`, sorted.
pub fn listing(directory: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    list(directory, Path::new(""), &mut lines).unwrap();
    lines.sort();
    lines
}

fn list(root: &Path, below: &Path, lines: &mut Vec<String>) -> io::Result<()> {
    for item in std::fs::read_dir(root.join(below))? {
        let item = item?;
        let path = below.join(item.file_name());
        let kind = item.file_type()?;
        lines.push(path.display().to_string());
        if kind.is_dir() {
            list(root, &path, lines)?;
        }
    }
    Ok(())
}
