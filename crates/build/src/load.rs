//! Reading what a request points to: the Dockerfile and the ignore file (contract 8.5).

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use wharf_container::fsroot::Root;

use crate::dockerfile::MAX_FILE_BYTES;
use crate::error::BuildError;
use crate::request::{BuildRequest, Context, DockerfileSource};
use crate::tree::ignore::Ignore;

/// The texts of a build.
pub(crate) struct Loaded {
    /// The Dockerfile's name, as messages show it.
    pub name: String,
    pub text: String,
    pub ignore: Ignore,
}

/// Reads both files. Blocks.
pub(crate) fn load(request: &BuildRequest) -> Result<Loaded, BuildError> {
    let context = match &request.context {
        Context::Directory(path) => Some(path.as_path()),
        Context::Empty => None,
    };
    let (name, text, own_ignore) = match &request.dockerfile {
        DockerfileSource::Inline(text) => ("Dockerfile".to_owned(), text.clone(), None),
        DockerfileSource::Path(path) => {
            let (path, text) = dockerfile(context, path)?;
            let own_ignore = PathBuf::from(format!("{}.dockerignore", path.display()));
            (path.display().to_string(), text, read(context, &own_ignore)?.map(|text| (own_ignore, text)))
        }
    };
    let ignore = match (own_ignore, context) {
        (Some(own), _) => Some(own),
        (None, Some(_)) => {
            read(context, Path::new(".dockerignore"))?.map(|text| (PathBuf::from(".dockerignore"), text))
        }
        (None, None) => None,
    };
    let ignore = match ignore {
        Some((path, text)) => Ignore::parse(&text).map_err(|source| BuildError::Ignore { path, source })?,
        None => Ignore::default(),
    };
    Ok(Loaded { name, text, ignore })
}

/// The Dockerfile and the name it was found under: `Dockerfile` may also be written `dockerfile`.
fn dockerfile(context: Option<&Path>, path: &Path) -> Result<(PathBuf, String), BuildError> {
    if let Some(text) = read(context, path)? {
        return Ok((path.to_owned(), text));
    }
    let lower = PathBuf::from("dockerfile");
    if path == Path::new("Dockerfile")
        && let Some(text) = read(context, &lower)?
    {
        return Ok((lower, text));
    }
    let path = context.map_or_else(|| path.to_owned(), |context| context.join(path));
    Err(BuildError::Read { path, source: io::ErrorKind::NotFound.into() })
}

/// The text of a file; `None` when it is not there. Inside the context no link leads out of it; a path that
/// is written to lead out is the caller's wish.
fn read(context: Option<&Path>, path: &Path) -> Result<Option<String>, BuildError> {
    let leads_out = path.is_absolute() || path.components().any(|part| part == Component::ParentDir);
    let result = match context {
        Some(context) if !leads_out => read_below(context, path),
        Some(context) => read_bounded(File::open(context.join(path))),
        None => read_bounded(File::open(path)),
    };
    match result {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(BuildError::Read {
            path: context.map_or_else(|| path.to_owned(), |context| context.join(path)),
            source,
        }),
    }
}

fn read_below(context: &Path, path: &Path) -> io::Result<Vec<u8>> {
    let root = Root::open(context).map_err(|error| match error.source.kind() {
        // A missing context is not a missing file.
        io::ErrorKind::NotFound => {
            io::Error::other(format!("the context {} does not exist", context.display()))
        }
        _ => error.source,
    })?;
    root.read(path, MAX_FILE_BYTES).map_err(|error| error.source)
}

fn read_bounded(file: io::Result<File>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MAX_FILE_BYTES {
        true => Err(io::Error::other(format!("longer than {MAX_FILE_BYTES} bytes"))),
        false => Ok(bytes),
    }
}
