//! What is in `/dev`, which of it opens, and which device numbers the kernel lets this container use.

use std::ffi::CString;
use std::fs::{self, File, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::report::{Report, outcome};
use crate::syscalls;

const O_NONBLOCK: i32 = 0o4000;
const O_NOCTTY: i32 = 0o400;

/// Those that can be opened without harm; a watchdog, say, would start to count.
const OPENED: [&str; 14] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/console",
    "/dev/fuse",
    "/dev/kmsg",
    "/dev/loop0",
    "/dev/net/tun",
    "/dev/stdout",
    "/dev/given",
];

/// Number, kind and name of devices that are made and opened to see what the rules allow: `mknod(2)` modes.
const TRIED: [(&str, u32, u32, u32); 10] = [
    ("null", 0o020000, 1, 3),
    ("memory", 0o020000, 1, 1),
    ("kernel messages", 0o020000, 1, 11),
    ("console", 0o020000, 5, 1),
    ("terminal 0", 0o020000, 4, 0),
    ("pseudo-terminal", 0o020000, 136, 0),
    ("tunnel", 0o020000, 10, 200),
    ("fuse", 0o020000, 10, 229),
    ("loop device", 0o060000, 7, 0),
    ("disk", 0o060000, 254, 0),
];

pub fn describe(report: &mut Report) {
    list(report, Path::new("/dev"));
    for path in OPENED {
        report.note(format!("open {path}"), outcome(open(Path::new(path), true)));
    }
    for (name, kind, major, minor) in TRIED {
        try_number(report, name, kind, (major, minor));
    }
}

fn open(path: &Path, write: bool) -> std::io::Result<File> {
    File::options().read(true).write(write).custom_flags(O_NONBLOCK | O_NOCTTY).open(path)
}

fn list(report: &mut Report, directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        // What the tests of streams open and close comes and goes in /dev/pts.
        if path.starts_with("/dev/pts") && path.file_name().is_some_and(|name| name != "ptmx") {
            continue;
        }
        report.note(format!("device {}", path.display()), kind(&path, &metadata));
        // What lies in shared memory and message queues is their users'.
        if metadata.is_dir() && path != Path::new("/dev/shm") && path != Path::new("/dev/mqueue") {
            list(report, &path);
        }
    }
}

fn kind(path: &Path, metadata: &Metadata) -> String {
    let kind = metadata.file_type();
    if kind.is_symlink() {
        return format!("link to {}", fs::read_link(path).unwrap_or_default().display());
    }
    let name = match () {
        () if kind.is_char_device() => "character",
        () if kind.is_block_device() => "block",
        () if kind.is_dir() => "directory",
        () => "file",
    };
    let (major, minor) = numbers(metadata.rdev());
    let owner = format!("{}:{} {:o}", metadata.uid(), metadata.gid(), metadata.mode() & 0o7777);
    if kind.is_dir() { format!("{name} {owner}") } else { format!("{name} {major}:{minor} {owner}") }
}

/// `makedev(3)` undone.
fn numbers(device: u64) -> (u64, u64) {
    ((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00))
}

fn try_number(report: &mut Report, name: &str, kind: u32, (major, minor): (u32, u32)) {
    let path = Path::new("/dev/.inside-device");
    let Ok(text) = CString::new(path.as_os_str().as_encoded_bytes()) else { return };
    let made = syscalls::make_node(&text, kind | 0o600, major << 8 | minor);
    let opened = made.as_ref().is_ok().then(|| outcome(open(path, false)));
    let _not_made = fs::remove_file(path);
    report.note(format!("make device {name}"), outcome(made));
    if let Some(opened) = opened {
        report.note(format!("open device {name}"), opened);
    }
}
