//! Names of archive entries, cleaned, and what a name alone says about an entry (contract 7.4.1, 7.4.2).

use crate::disk::split_path;

const WHITEOUT: &[u8] = b".wh.";
const RESERVED: &[u8] = b".wh..wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// What a cleaned name means in a layer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meaning<'a> {
    /// The root directory itself.
    Root,
    /// Something that exists.
    Present,
    /// The named thing of lower layers is gone.
    Deleted {
        /// Its directory.
        directory: &'a [u8],
        /// Its name there.
        name: &'a [u8],
    },
    /// Lower content of this directory is hidden.
    Opaque(&'a [u8]),
    /// Bookkeeping of AUFS.
    Bookkeeping,
    /// A whiteout that names nothing.
    EmptyWhiteout,
}

/// Removes empty and `.` components and resolves `..` without ever going above the root. No leading slash.
pub(crate) fn clean(path: &[u8]) -> Vec<u8> {
    join(components(path).fold(Vec::new(), |mut parts, part| {
        if part == b".." {
            parts.pop();
        } else {
            parts.push(part);
        }
        parts
    }))
}

/// Like [`clean`], but `None` when the path leaves the root on its way.
pub(crate) fn clean_inside(path: &[u8]) -> Option<Vec<u8>> {
    let mut parts = Vec::new();
    for part in components(path) {
        if part == b".." {
            parts.pop()?;
        } else {
            parts.push(part);
        }
    }
    Some(join(parts))
}

/// Says what a cleaned path means.
pub(crate) fn meaning(path: &[u8]) -> Meaning<'_> {
    let (directory, name) = split_path(path);
    if path.is_empty() {
        return Meaning::Root;
    }
    if components(directory).any(|part| part.starts_with(RESERVED)) {
        return Meaning::Bookkeeping;
    }
    match name.strip_prefix(WHITEOUT) {
        _ if name == OPAQUE => Meaning::Opaque(directory),
        _ if name.starts_with(RESERVED) => Meaning::Bookkeeping,
        Some(b"" | b"." | b"..") => Meaning::EmptyWhiteout,
        Some(name) => Meaning::Deleted { directory, name },
        None => Meaning::Present,
    }
}

/// The name of the entry that says `path` is deleted.
pub(crate) fn whiteout_of(path: &[u8]) -> Vec<u8> {
    let (directory, name) = split_path(path);
    child(directory, &[WHITEOUT, name].concat())
}

/// The name of the entry that says `directory` is opaque.
pub(crate) fn opaque_marker_of(directory: &[u8]) -> Vec<u8> {
    child(directory, OPAQUE)
}

/// `directory/name`.
pub(crate) fn child(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() { name.to_vec() } else { [directory, b"/", name].concat() }
}

fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|&byte| byte == b'/').filter(|part| !part.is_empty() && *part != b".")
}

fn join(parts: Vec<&[u8]>) -> Vec<u8> {
    parts.join(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaning_never_leaves_the_root() {
        for (path, expected) in [
            ("./a//b/", "a/b"),
            ("../../etc/passwd", "etc/passwd"),
            ("/a/../../b", "b"),
            ("./", ""),
            ("a/..", ""),
        ] {
            assert_eq!(clean(path.as_bytes()), expected.as_bytes(), "{path}");
        }
        assert_eq!(clean_inside(b"../../etc/passwd"), None);
        assert_eq!(clean_inside(b"/a/../b"), Some(b"b".to_vec()));
    }

    #[test]
    fn names_of_deletions() {
        assert_eq!(meaning(b"a/.wh.b"), Meaning::Deleted { directory: b"a", name: b"b" });
        assert_eq!(meaning(b"a/.wh..wh..opq"), Meaning::Opaque(b"a"));
        assert_eq!(meaning(b".wh..wh.plnk/1.2"), Meaning::Bookkeeping);
        assert_eq!(meaning(b"a/.wh."), Meaning::EmptyWhiteout);
        assert_eq!(meaning(b"a/.wh..."), Meaning::EmptyWhiteout);
        assert_eq!(meaning(b"a/b"), Meaning::Present);
        assert_eq!(whiteout_of(b"a/b"), b"a/.wh.b");
        assert_eq!(opaque_marker_of(b""), b".wh..wh..opq");
    }
}
