//! Where a copy ends up, by what is there already: the rules of `cp -a`, as Docker's tools have them.

use std::path::{Component, Path, PathBuf};

/// What is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Source<'p> {
    /// Its path as it was given.
    pub path: &'p str,
    /// It is a folder.
    pub is_folder: bool,
}

/// What is at the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    /// Nothing.
    Nothing,
    /// A file, or anything else that is no folder.
    File,
    /// A folder.
    Folder,
}

/// Where the archive is unpacked, and the name that its topmost entry gets there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// An existing folder.
    pub folder: PathBuf,
    /// Name in it; empty: the entry's content goes into the folder itself.
    pub name: PathBuf,
}

/// Why a copy is impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PlaceError {
    /// A folder onto a file.
    #[error("cannot copy directory: the destination is a file")]
    FolderOntoFile,
    /// `nosuch/`.
    #[error("no such directory: create it first, or leave out the slash at its end to copy to that name")]
    NoSuchFolder,
}

/// Decides.
pub(super) fn place(source: Source<'_>, to: &str, existing: Existing) -> Result<Place, PlaceError> {
    let folder_only = to.ends_with('/') || to.ends_with("/.");
    match existing {
        Existing::Folder => {
            let name = if means_content(source.path) && source.is_folder {
                PathBuf::new()
            } else {
                base(source.path)
            };
            Ok(Place { folder: to.into(), name })
        }
        Existing::File if source.is_folder => Err(PlaceError::FolderOntoFile),
        Existing::File if folder_only => Err(PlaceError::NoSuchFolder),
        Existing::Nothing if folder_only && !source.is_folder => Err(PlaceError::NoSuchFolder),
        Existing::File | Existing::Nothing => Ok(beside(to)),
    }
}

/// The place of a path by its own name.
fn beside(to: &str) -> Place {
    let path = Path::new(to);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Place { folder: folder.unwrap_or(Path::new(".")).to_owned(), name: base(to) }
}

/// `folder/.` means what is in the folder.
fn means_content(path: &str) -> bool {
    path == "." || path.ends_with("/.")
}

/// The last name of a path; none for the root and for what ends with `..`.
pub(super) fn base(path: &str) -> PathBuf {
    match Path::new(path).components().next_back() {
        Some(Component::Normal(name)) => name.into(),
        _ => PathBuf::new(),
    }
}

/// An entry's path in an archive under the topmost entry's new name; `None` for one that leads out of it.
pub(super) fn renamed(entry: &Path, name: &Path) -> Option<PathBuf> {
    let mut parts = entry.components();
    // The topmost entry is the source itself, or `.` for its content.
    parts.next();
    let rest: Vec<Component<'_>> = parts.filter(|part| *part != Component::CurDir).collect();
    let inside = rest.iter().all(|part| matches!(part, Component::Normal(_)));
    inside.then(|| rest.into_iter().fold(name.to_owned(), |path, part| path.join(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: Source<'_> = Source { path: "a/file", is_folder: false };
    const FOLDER: Source<'_> = Source { path: "a/folder/", is_folder: true };
    const CONTENT: Source<'_> = Source { path: "a/folder/.", is_folder: true };

    fn at(folder: &str, name: &str) -> Result<Place, PlaceError> {
        Ok(Place { folder: folder.into(), name: name.into() })
    }

    #[test]
    fn what_is_there_decides() {
        for (source, to, existing, expected) in [
            (FILE, "/tmp", Existing::Folder, at("/tmp", "file")),
            (FILE, "/tmp/new", Existing::Nothing, at("/tmp", "new")),
            (FILE, "/tmp/old", Existing::File, at("/tmp", "old")),
            (FILE, "/tmp/new/", Existing::Nothing, Err(PlaceError::NoSuchFolder)),
            (FILE, "/tmp/old/", Existing::File, Err(PlaceError::NoSuchFolder)),
            (FILE, "here", Existing::Nothing, at(".", "here")),
            (FOLDER, "/tmp", Existing::Folder, at("/tmp", "folder")),
            (FOLDER, "/tmp/new/", Existing::Nothing, at("/tmp", "new")),
            (FOLDER, "/tmp/old", Existing::File, Err(PlaceError::FolderOntoFile)),
            (CONTENT, "/tmp", Existing::Folder, at("/tmp", "")),
            (CONTENT, "/tmp/new", Existing::Nothing, at("/tmp", "new")),
            (Source { path: "/", is_folder: true }, "out", Existing::Folder, at("out", "")),
        ] {
            assert_eq!(place(source, to, existing), expected, "{source:?} to {to} where {existing:?}");
        }
    }

    #[test]
    fn the_topmost_entry_gets_the_name() {
        let path = |entry: &str, name: &str| renamed(Path::new(entry), Path::new(name));
        assert_eq!(path("dir", "new"), Some("new".into()));
        assert_eq!(path("dir/sub/x", "new"), Some("new/sub/x".into()));
        assert_eq!(path("./sub/x", ""), Some("sub/x".into()));
        assert_eq!(path("./", "new"), Some("new".into()));
        assert_eq!(path("dir/../../etc", "new"), None);
    }
}
