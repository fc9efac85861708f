//! Content checksums of selected files (contract 8.7.3): names, kinds, modes, owners, attributes and data;
//! never times or inodes.

use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, Stat};
use sha2::{Digest as _, Sha256};

use super::digests::{self, Digests, FileDigest};
use super::select::{Selection, kind};
use super::{Owners, Tree, TreeError, xattrs};

/// Files are read in parallel from this many on.
const PARALLEL_FROM: usize = 32;
/// Bytes read at once.
const BUFFER: usize = 128 << 10;

impl Tree {
    /// The checksum of selections, in order. `digests` remembers files' digests between builds.
    pub fn checksum(&self, selections: &[Selection], digests: Option<&Digests>) -> Result<String, TreeError> {
        let entries = entries(selections);
        let contents = self.contents(&entries, digests)?;
        let mut hasher = Sha256::new();
        for (entry, content) in entries.iter().zip(contents) {
            self.add(&mut hasher, entry, content)?;
        }
        Ok(crate::cache::key::hex(&hasher.finalize()))
    }

    fn add(&self, hasher: &mut Sha256, entry: &Entry, content: Option<FileDigest>) -> Result<(), TreeError> {
        let stat = entry.stat;
        let owner = match self.owners {
            Owners::Root => (0, 0),
            Owners::Kept => (stat.st_uid, stat.st_gid),
        };
        field(hasher, entry.name.as_os_str().as_bytes());
        field(hasher, format!("{:o} {} {}", stat.st_mode, owner.0, owner.1).as_bytes());
        match (kind(stat), content) {
            (_, Some(digest)) => field(hasher, &digest),
            (FileType::Symlink, _) => field(hasher, self.root.read_link(&entry.path)?.as_os_str().as_bytes()),
            (FileType::CharacterDevice | FileType::BlockDevice, _) => {
                field(hasher, stat.st_rdev.to_string().as_bytes())
            }
            (FileType::Directory, _) => self.add_directory(hasher, &entry.path)?,
            _ => {}
        }
        Ok(())
    }

    fn add_directory(&self, hasher: &mut Sha256, path: &Path) -> Result<(), TreeError> {
        let opened = self.root.open_with(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
        for (name, value) in xattrs::read(opened.as_fd()).map_err(|source| TreeError::read(path, source))? {
            field(hasher, &name);
            field(hasher, &value);
        }
        Ok(())
    }

    /// The digests of all regular files; `None` for other entries.
    fn contents(
        &self,
        entries: &[Entry],
        known: Option<&Digests>,
    ) -> Result<Vec<Option<FileDigest>>, TreeError> {
        let regular = |entry: &Entry| kind(entry.stat) == FileType::RegularFile;
        let mut contents: Vec<Option<FileDigest>> = entries
            .iter()
            .map(|entry| known.filter(|_| regular(entry)).and_then(|known| known.find(entry.stat)))
            .collect();
        let missing: Vec<usize> =
            (0..entries.len()).filter(|at| contents[*at].is_none() && regular(&entries[*at])).collect();
        for (at, digest) in self.read_all(entries, &missing)? {
            contents[at] = Some(digest);
        }
        if let Some(known) = known {
            known.remember(missing.iter().filter_map(|at| Some((*entries[*at].stat, contents[*at]?))));
        }
        Ok(contents)
    }

    fn read_all(&self, entries: &[Entry], missing: &[usize]) -> Result<Vec<(usize, FileDigest)>, TreeError> {
        let threads = match missing.len() >= PARALLEL_FROM {
            true => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            false => 1,
        };
        let parts = missing.chunks(missing.len().div_ceil(threads).max(1));
        std::thread::scope(|scope| {
            let readers: Vec<_> =
                parts.map(|part| scope.spawn(move || self.read_part(entries, part))).collect();
            let mut digests = Vec::with_capacity(missing.len());
            for reader in readers {
                digests.extend(reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
            Ok(digests)
        })
    }

    fn read_part(&self, entries: &[Entry], part: &[usize]) -> Result<Vec<(usize, FileDigest)>, TreeError> {
        let mut buffer = vec![0; BUFFER];
        part.iter()
            .map(|at| {
                let path = &entries[*at].path;
                let mut file = self.root.open_file(path)?;
                let digest = digests::digest(&mut file, &mut buffer)
                    .map_err(|source| TreeError::read(path, source))?;
                Ok((*at, digest))
            })
            .collect()
    }
}

/// One thing that goes into a checksum.
struct Entry<'a> {
    /// Relative to what the source means.
    name: PathBuf,
    /// From the tree's root.
    path: PathBuf,
    stat: &'a Stat,
}

fn entries(selections: &[Selection]) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    for selection in selections {
        let path = Path::new("/").join(&selection.path);
        entries.push(Entry {
            name: Path::new("/").join(&selection.name),
            path: path.clone(),
            stat: &selection.stat,
        });
        let below = selection.below.iter();
        entries.extend(below.map(|found| Entry {
            name: found.path.clone(),
            path: path.join(&found.path),
            stat: &found.stat,
        }));
    }
    entries
}

/// Lengths in front keep neighbouring fields apart.
fn field(hasher: &mut Sha256, bytes: &[u8]) {
    hasher.update((bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}
