//! From a container to this machine.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;

use bollard::errors::Error as ApiError;
use bollard::query_parameters::{ContainerArchiveInfoOptionsBuilder, DownloadFromContainerOptionsBuilder};
use console::user_attended;
use futures::StreamExt;

use super::CpArgs;
use super::place::{Existing, Place, Source, place, renamed};
use super::upload::{FOLDER_BIT, LINK_BIT, link_target};
use crate::cli::Failure;
use crate::cli::session::Session;
use crate::engine::archive::{self, Arriving};
use crate::engine::{Engine, EngineError};
use crate::plan::observed::ObservedContainer;

/// Copies a path of a container.
pub(super) async fn copy(
    session: &Session,
    container: &ObservedContainer,
    from: &str,
    to: &str,
    args: &CpArgs,
) -> Result<(), Failure> {
    let engine = session.engine();
    let (path, is_folder) = source(engine, container, from, args.follow_link).await?;
    let options = DownloadFromContainerOptionsBuilder::default().path(&path).build();
    let stream = engine.docker().download_from_container(&container.id, Some(options));
    let copied = if to == "-" {
        if user_attended() {
            return Err(Failure::message(
                "refusing to write an archive to a terminal: redirect standard output",
            ));
        }
        archive::received(stream, to_standard_output).await
    } else {
        let place = local_place(Source { path: from, is_folder }, to)?;
        let keep_owners = args.archive && rustix::process::geteuid().is_root();
        archive::received(stream, move |archive| unpack(archive, &place, keep_owners)).await
    };
    copied.map_err(|error| super::failed("copy from", container, error))
}

/// The path that is really read, and whether it is a folder.
async fn source(
    engine: &Engine,
    container: &ObservedContainer,
    from: &str,
    follow: bool,
) -> Result<(String, bool), Failure> {
    let stat = |path: String| async move {
        let options = ContainerArchiveInfoOptionsBuilder::default().path(&path).build();
        match engine.docker().get_container_archive_info(&container.id, Some(options)).await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(refusal(engine, container, &path, error).await),
        }
    };
    let mut path = if from.starts_with('/') { from.to_owned() } else { format!("/{from}") };
    let mut found = stat(path.clone()).await?;
    if follow && found.file_mode & LINK_BIT != 0 {
        path = link_target(&path, &found.link_target);
        found = stat(path.clone()).await?;
    }
    Ok((path, found.file_mode & FOLDER_BIT != 0))
}

/// Why a path cannot be read. The answer to HEAD has no body, so the reason is asked for by GET.
async fn refusal(
    engine: &Engine,
    container: &ObservedContainer,
    path: &str,
    answer: ApiError,
) -> EngineError {
    let options = DownloadFromContainerOptionsBuilder::default().path(path).build();
    let mut stream = pin!(engine.docker().download_from_container(&container.id, Some(options)));
    let reason = stream.next().await.and_then(Result::err).unwrap_or(answer);
    EngineError::call(format!("copy from {}:{path}", container.name), &reason)
}

fn local_place(source: Source<'_>, to: &str) -> Result<Place, Failure> {
    let existing = match fs::metadata(to) {
        Ok(metadata) if metadata.is_dir() => Existing::Folder,
        Ok(_) => Existing::File,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Existing::Nothing,
        Err(error) => return Err(Failure::message(format!("cannot copy to {to}: {error}"))),
    };
    let place = place(source, to, existing).map_err(|error| Failure::message(format!("{to}: {error}")))?;
    if place.folder.is_dir() {
        return Ok(place);
    }
    let folder = &place.folder;
    Err(Failure::message(format!("invalid output path: directory {folder:?} does not exist")))
}

fn to_standard_output(mut archive: Arriving) -> io::Result<()> {
    let mut out = io::stdout().lock();
    io::copy(&mut archive, &mut out)?;
    out.flush()
}

fn unpack(archive: impl Read, place: &Place, keep_owners: bool) -> io::Result<()> {
    let root = place.folder.canonicalize()?;
    let mut archive = tar::Archive::new(archive);
    archive.set_preserve_permissions(true);
    archive.set_preserve_ownerships(keep_owners);
    // A folder that may not be written to gets its mode after what is in it.
    let mut folders = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = target(&root, &entry.path()?, &place.name)?;
        match entry.header().entry_type() {
            tar::EntryType::Directory => {
                fs::create_dir_all(&path)?;
                folders.push((path, entry));
            }
            tar::EntryType::Link => hard_link(&entry, &root, &place.name, &path)?,
            _ => drop(entry.unpack(&path)?),
        }
    }
    for (path, mut folder) in folders.into_iter().rev() {
        folder.unpack(&path)?;
    }
    Ok(())
}

/// Where an entry goes. Links that are on the way must not lead out of the destination.
fn target(root: &Path, entry: &Path, name: &Path) -> io::Result<PathBuf> {
    let outside = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{} leads out of the destination", entry.display()),
        )
    };
    let path = root.join(renamed(entry, name).ok_or_else(outside)?);
    let folder = if path == root { root } else { path.parent().unwrap_or(root) };
    if folder.canonicalize()?.starts_with(root) { Ok(path) } else { Err(outside()) }
}

fn hard_link<R: Read>(entry: &tar::Entry<'_, R>, root: &Path, name: &Path, path: &Path) -> io::Result<()> {
    let link = entry.link_name()?.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    let _ = fs::remove_file(path);
    fs::hard_link(target(root, &link, name)?, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        build(&mut builder);
        builder.into_inner().unwrap()
    }

    fn header(kind: tar::EntryType, mode: u32, size: u64) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(size);
        header
    }

    #[test]
    fn a_read_only_folder_is_filled_before_it_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = archive(|builder| {
            builder
                .append_data(&mut header(tar::EntryType::Directory, 0o555, 0), "dir/", io::empty())
                .unwrap();
            builder.append_data(&mut header(tar::EntryType::Regular, 0o640, 2), "dir/x", &b"hi"[..]).unwrap();
            builder.append_link(&mut header(tar::EntryType::Link, 0o640, 0), "dir/y", "dir/x").unwrap();
        });
        let place = Place { folder: folder.path().into(), name: "new".into() };
        unpack(&bytes[..], &place, false).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("new/y")).unwrap(), "hi");
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &fs::metadata(folder.path().join("new")).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o555);
    }

    #[test]
    fn nothing_is_written_through_a_link_that_leads_out() {
        let (outside, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let bytes = archive(|builder| {
            let mut link = header(tar::EntryType::Symlink, 0o777, 0);
            builder.append_link(&mut link, "dir/out", outside.path()).unwrap();
            builder
                .append_data(&mut header(tar::EntryType::Regular, 0o644, 1), "dir/out/x", &b"!"[..])
                .unwrap();
        });
        fs::create_dir(folder.path().join("dir")).unwrap();
        let place = Place { folder: folder.path().into(), name: "dir".into() };
        let error = unpack(&bytes[..], &place, false).unwrap_err().to_string();
        assert!(error.contains("leads out of the destination"), "{error}");
        assert!(fs::read_dir(outside.path()).unwrap().next().is_none());
    }
}
