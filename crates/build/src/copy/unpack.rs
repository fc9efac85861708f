//! `ADD` of local archives (contract 8.4.8): recognised by content, unpacked in this process.

use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::FileType;
use wharf_image::layer::{self, Deletions};
use wharf_image::tar::TarReader;

use super::CopyError;
use super::owner::Owner;
use crate::tree::select::{Selection, kind};
use crate::tree::{Tree, TreeError};

/// Bytes of a tar header.
const HEADER: usize = 512;
/// Where a tar header has its checksum.
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// Whether a selected file is a tar archive, compressed or not.
pub(super) fn is_archive(tree: &Tree, selection: &Selection) -> Result<bool, CopyError> {
    if kind(&selection.stat) != FileType::RegularFile {
        return Ok(false);
    }
    let file = tree.root.open_file(&Path::new("/").join(&selection.path)).map_err(TreeError::from)?;
    let source =
        layer::decoder(file).map_err(|source| CopyError::Unpack { path: selection.path.clone(), source })?;
    let mut header = Vec::with_capacity(HEADER);
    // A file that only looks compressed is no archive.
    Ok(source.take(HEADER as u64).read_to_end(&mut header).is_ok() && is_header(&header))
}

/// The header's checksum is the sum of its bytes, itself counted as blanks.
fn is_header(header: &[u8]) -> bool {
    if header.len() != HEADER {
        return false;
    }
    let written = std::str::from_utf8(&header[CHECKSUM]).unwrap_or_default().trim_matches([' ', '\0']);
    let sum: u32 = header
        .iter()
        .enumerate()
        .map(|(at, byte)| if CHECKSUM.contains(&at) { 32 } else { u32::from(*byte) })
        .sum();
    u32::from_str_radix(written, 8) == Ok(sum)
}

/// Unpacks into an open directory. The archive's owners are kept unless `owner` is given.
pub(super) fn unpack(
    tree: &Tree,
    selection: &Selection,
    target: &OwnedFd,
    owner: Option<Owner>,
) -> Result<(), CopyError> {
    let error = |source| CopyError::Unpack { path: selection.path.clone(), source };
    let file = tree.root.open_file(&Path::new("/").join(&selection.path)).map_err(TreeError::from)?;
    let source = layer::decoder(io::BufReader::new(file)).map_err(error)?;
    let rules = layer::Rules {
        deletions: Deletions::Literal,
        keep_kinds: false,
        owner: owner.map(|owner| (owner.uid, owner.gid)),
    };
    let directory = format!("/proc/self/fd/{}", target.as_raw_fd());
    layer::extract(&mut TarReader::new(source), Path::new(&directory), rules).map_err(error).map(drop)
}
