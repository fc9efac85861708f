//! Kind, mode, owner and content of files: of those that every container has, and of those that are asked for.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use crate::report::{Report, error_name, outcome, text_of};

const ALWAYS: [&str; 16] = [
    "/",
    "/etc",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/etc/mtab",
    "/.dockerenv",
    "/tmp",
    "/run",
    "/dev",
    "/dev/shm",
    "/dev/pts",
    "/dev/mqueue",
    "/proc",
    "/sys",
    "/sbin/docker-init",
];

pub fn describe<'a>(report: &mut Report, paths: impl Iterator<Item = &'a String>) {
    for path in ALWAYS {
        report.note(format!("file {path}"), kind(path));
    }
    for path in paths {
        report.note(format!("file {path}"), kind(path));
        report.note(format!("content of {path}"), content(path));
        report.note(format!("write in {path}"), write(path));
    }
}

fn kind(path: &str) -> String {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => return error_name(&error),
    };
    let kind = metadata.file_type();
    if kind.is_symlink() {
        return format!("link to {}", fs::read_link(path).unwrap_or_default().display());
    }
    let name = match () {
        () if kind.is_dir() => "directory",
        () if kind.is_char_device() => "character device",
        () if kind.is_socket() => "socket",
        () => "file",
    };
    format!("{name} {}:{} {:o}", metadata.uid(), metadata.gid(), metadata.mode() & 0o7777)
}

fn content(path: &str) -> String {
    if !fs::metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        return text_of(path);
    }
    let listing = fs::read_dir(path).into_iter().flatten().flatten();
    let mut names: Vec<String> = listing
        .map(|entry| {
            format!("{} ({})", entry.file_name().display(), kind(&entry.path().display().to_string()))
        })
        .collect();
    names.sort();
    names.join(", ")
}

fn write(path: &str) -> String {
    if fs::metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        let made = format!("{path}/.inside-made");
        let result = fs::write(&made, "");
        let _not_made = fs::remove_file(&made);
        return outcome(result);
    }
    outcome(fs::File::options().append(true).open(path))
}
