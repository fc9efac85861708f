//! What archives can do when they are unpacked, and what they cannot (contract 7.4 and 10.3).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::Path;

use support::{Archive, listing, root};
use tempfile::TempDir;
use wharf_image::layer::{Deletions, LayerError, extract};
use wharf_image::tar::{Entry, Kind, TarReader};

/// A directory to unpack into beside one that must stay as it is.
struct Place {
    outside: TempDir,
    inside: TempDir,
}

fn place() -> Place {
    let place = Place { outside: tempfile::tempdir().unwrap(), inside: tempfile::tempdir().unwrap() };
    fs::write(place.outside.path().join("passwd"), "secret").unwrap();
    fs::set_permissions(place.outside.path().join("passwd"), fs::Permissions::from_mode(0o600)).unwrap();
    place
}

impl Place {
    fn assert_untouched(&self) {
        let passwd = self.outside.path().join("passwd");
        assert_eq!(fs::read_to_string(&passwd).unwrap(), "secret");
        assert_eq!(fs::metadata(&passwd).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(fs::metadata(&passwd).unwrap().nlink(), 1);
        assert_eq!(listing(self.outside.path()), ["passwd"]);
    }

    fn inside(&self, path: &str) -> std::path::PathBuf {
        self.inside.path().join(path)
    }
}

fn is_whiteout(path: &Path) -> bool {
    let metadata = fs::symlink_metadata(path).unwrap();
    metadata.file_type().is_char_device() && metadata.rdev() == 0
}

fn is_opaque(path: &Path) -> bool {
    let mut value = [0u8; 8];
    rustix::fs::lgetxattr(path, "trusted.overlay.opaque", &mut value[..])
        .is_ok_and(|length| value[..length] == *b"y")
}

#[test]
fn links_to_the_host_stay_inside() {
    if !root() {
        return;
    }
    let place = place();
    let outside = place.outside.path().to_str().unwrap();
    let climb = format!("../../../../../../..{outside}");
    let archive =
        Archive::default().symlink("absolute", outside).symlink("relative", &climb).symlink("slash", "/");
    // Each of these names would write beside `passwd` if links were followed by the host's rules.
    for path in ["absolute/a", "relative/b", &format!("slash{outside}/c"), &format!("../../..{outside}/d")] {
        let archive_with_file = Archive::default().file(path, b"x");
        archive.unpack(place.inside.path()).unwrap();
        // A link into nothing inside the root cannot be created through; both outcomes are confined.
        let _ = archive_with_file.unpack(place.inside.path());
        place.assert_untouched();
    }
}

#[test]
fn a_link_to_the_root_leads_to_the_root_of_the_image() {
    if !root() {
        return;
    }
    let place = place();
    Archive::default().symlink("a", "/").file("a/etc/x", b"in").unpack(place.inside.path()).unwrap();
    assert_eq!(fs::read(place.inside("etc/x")).unwrap(), b"in");
}

#[test]
fn hard_links_cannot_leave_and_absolute_ones_land_inside() {
    if !root() {
        return;
    }
    let place = place();
    let target = format!("../../../..{}/passwd", place.outside.path().display());
    let error = Archive::default().hard_link("p", &target).unpack(place.inside.path()).unwrap_err();
    assert!(matches!(error, LayerError::LinkEscapes { .. }), "{error}");
    let absolute = format!("{}/passwd", place.outside.path().display());
    let error = Archive::default().hard_link("p", &absolute).unpack(place.inside.path()).unwrap_err();
    assert!(matches!(error, LayerError::LinkTargetMissing { .. }), "{error}");
    Archive::default().file("etc/x", b"1").hard_link("y", "/etc/x").unpack(place.inside.path()).unwrap();
    assert_eq!(
        fs::metadata(place.inside("y")).unwrap().ino(),
        fs::metadata(place.inside("etc/x")).unwrap().ino()
    );
    place.assert_untouched();
}

#[test]
fn a_hard_link_to_a_link_does_not_follow_it() {
    if !root() {
        return;
    }
    let place = place();
    let target = format!("{}/passwd", place.outside.path().display());
    let archive = Archive::default().symlink("s", &target).hard_link("h", "s").file_mode("h", b"new", 0o777);
    archive.unpack(place.inside.path()).unwrap();
    place.assert_untouched();
    assert_eq!(fs::read(place.inside("h")).unwrap(), b"new");
}

#[test]
fn a_file_replaces_a_link_of_the_same_name_and_leaves_its_target() {
    if !root() {
        return;
    }
    let place = place();
    let target = format!("{}/passwd", place.outside.path().display());
    let mut directory = Entry::new(Kind::Directory, "d");
    directory.mode = 0o777;
    let archive = Archive::default()
        .symlink("f", &target)
        .file_mode("f", b"new", 0o777)
        .symlink("d", place.outside.path().to_str().unwrap())
        .entry(directory)
        .file("d/x", b"x");
    archive.unpack(place.inside.path()).unwrap();
    place.assert_untouched();
    assert!(fs::symlink_metadata(place.inside("f")).unwrap().is_file());
    assert!(fs::symlink_metadata(place.inside("d")).unwrap().is_dir());
    assert_eq!(fs::read(place.inside("d/x")).unwrap(), b"x");
}

#[test]
fn a_remembered_parent_is_not_used_after_it_was_replaced() {
    if !root() {
        return;
    }
    let place = place();
    let archive = Archive::default()
        .file("d/a", b"1")
        .file("d", b"2")
        .symlink("d", "e")
        .directory("e")
        .file("d/b", b"3");
    archive.unpack(place.inside.path()).unwrap();
    assert_eq!(listing(place.inside.path()), ["d", "e", "e/b"]);
}

#[test]
fn deletions_become_whiteouts_in_any_order() {
    if !root() {
        return;
    }
    let place = place();
    let archive = Archive::default()
        .file("gone/.wh.file", b"")
        .file("kept", b"1")
        .file(".wh.kept", b"")
        .file(".wh.again", b"")
        .directory("again")
        .file("again/x", b"1")
        .directory("later")
        .file(".wh.later", b"")
        .file(".wh.implicit", b"")
        .file("implicit/deep/x", b"1")
        .file("opaque/mine", b"1")
        .file("opaque/.wh..wh..opq", b"")
        .file("first/.wh..wh..opq", b"")
        .file("first/mine", b"1")
        .file(".wh..wh.plnk/1.2", b"")
        .file(".wh..wh.aufs", b"");
    archive.unpack(place.inside.path()).unwrap();
    assert!(is_whiteout(&place.inside("gone/file")));
    assert_eq!(fs::read(place.inside("kept")).unwrap(), b"1");
    for directory in ["again", "later", "implicit", "opaque", "first"] {
        assert!(is_opaque(&place.inside(directory)), "{directory}");
    }
    assert!(!is_opaque(&place.inside("gone")));
    assert!(place.inside("implicit/deep/x").is_file() && place.inside("opaque/mine").is_file());
    assert!(!place.inside(".wh..wh.plnk").exists() && !place.inside(".wh..wh.aufs").exists());
    let error = Archive::default().file("a/.wh.", b"").unpack(place.inside.path()).unwrap_err();
    assert!(matches!(error, LayerError::EmptyWhiteout { .. }), "{error}");
}

#[test]
fn metadata_survives() {
    if !root() {
        return;
    }
    let place = place();
    let capability = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let mut ping = Entry::new(Kind::Regular, "bin/ping");
    (ping.mode, ping.uid, ping.gid, ping.mtime) = (0o4755, 1000, 2000, (1_234_567_890, 500));
    ping.xattrs = vec![
        (b"security.capability".to_vec(), capability.to_vec()),
        (b"user.note".to_vec(), b"x".to_vec()),
        (b"trusted.overlay.redirect".to_vec(), b"/etc".to_vec()),
    ];
    let mut pipe = Entry::new(Kind::Fifo, "pipe");
    pipe.mode = 0o622;
    let mut null = Entry::new(Kind::Character, "null");
    (null.mode, null.device) = (0o666, (1, 3));
    let mut link = Entry::new(Kind::Symlink, "link");
    (link.link, link.uid, link.mtime) = (b"nowhere".to_vec(), 7, (99, 0));
    let archive = Archive::default()
        .directory("bin")
        .entry(ping)
        .entry(pipe)
        .entry(null)
        .entry(link)
        .file("bin/other", b"");
    archive.unpack(place.inside.path()).unwrap();

    let ping = fs::metadata(place.inside("bin/ping")).unwrap();
    assert_eq!((ping.mode() & 0o7777, ping.uid(), ping.gid()), (0o4755, 1000, 2000));
    assert_eq!((ping.mtime(), ping.mtime_nsec()), (1_234_567_890, 0), "the writer keeps whole seconds");
    let mut value = [0u8; 64];
    let length =
        rustix::fs::getxattr(place.inside("bin/ping"), "security.capability", &mut value[..]).unwrap();
    assert_eq!(&value[..length], capability);
    let redirect = rustix::fs::getxattr(place.inside("bin/ping"), "trusted.overlay.redirect", &mut value[..]);
    assert!(redirect.is_err(), "an image must not speak to overlayfs");
    assert_eq!(fs::metadata(place.inside("bin")).unwrap().mtime(), 1_500_000_000);
    let pipe = fs::metadata(place.inside("pipe")).unwrap();
    assert!(pipe.file_type().is_fifo() && pipe.mode() & 0o7777 == 0o622);
    let null = fs::metadata(place.inside("null")).unwrap();
    assert_eq!((null.rdev(), null.mode() & 0o777), (rustix::fs::makedev(1, 3), 0o666));
    let link = fs::symlink_metadata(place.inside("link")).unwrap();
    assert_eq!((link.uid(), link.mtime()), (7, 99));
}

#[test]
fn the_umask_changes_nothing() {
    if !root() {
        return;
    }
    let place = place();
    let archive = Archive::default().file_mode("made/on/the/way", b"", 0o666);
    archive.unpack(place.inside.path()).unwrap();
    assert_eq!(fs::metadata(place.inside("made/on")).unwrap().mode() & 0o7777, 0o755);
    assert_eq!(fs::metadata(place.inside("made/on/the/way")).unwrap().mode() & 0o7777, 0o666);
}

#[test]
fn directories_over_directories_keep_their_content() {
    if !root() {
        return;
    }
    let place = place();
    let mut again = Entry::new(Kind::Directory, "d/");
    again.mode = 0o700;
    Archive::default().file("d/x", b"1").entry(again).unpack(place.inside.path()).unwrap();
    assert!(place.inside("d/x").is_file());
    assert_eq!(fs::metadata(place.inside("d")).unwrap().mode() & 0o777, 0o700);
}

#[test]
fn files_of_users_keep_names_that_look_like_deletions() {
    if !root() {
        return;
    }
    let place = place();
    let bytes = Archive::default().file(".wh.x", b"1").bytes();
    extract(&mut TarReader::new(bytes.as_slice()), place.inside.path(), Deletions::Literal).unwrap();
    assert_eq!(fs::read(place.inside(".wh.x")).unwrap(), b"1");
}

#[test]
fn gnu_tar_archives_with_holes_and_long_names_are_read() {
    if !root() {
        return;
    }
    let source = tempfile::tempdir().unwrap();
    let long = "n".repeat(180);
    fs::create_dir(source.path().join(&long)).unwrap();
    let path = source.path().join(&long).join("sparse");
    let file = fs::File::create(&path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, b"end", 5_000_000).unwrap();
    file.set_len(6_000_000).unwrap();
    let formats = [
        vec!["--format", "gnu"],
        vec!["--format", "posix", "--sparse-version", "0.0"],
        vec!["--format", "posix", "--sparse-version", "0.1"],
        vec!["--format", "posix", "--sparse-version", "1.0"],
    ];
    for format in formats {
        let output = std::process::Command::new("tar")
            .args(&format)
            .args(["--sparse", "-c", "."])
            .current_dir(source.path())
            .output()
            .unwrap();
        assert!(output.status.success());
        let place = place();
        extract(&mut TarReader::new(output.stdout.as_slice()), place.inside.path(), Deletions::Overlay)
            .unwrap();
        let read = fs::read(place.inside(&long).join("sparse")).unwrap();
        assert_eq!(read.len(), 6_000_000, "{format:?}");
        assert!(read == fs::read(&path).unwrap(), "{format:?}");
    }
}

#[test]
fn impossible_sizes_are_refused() {
    let mut header = tar::Header::new_gnu();
    header.set_path("f").unwrap();
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(u64::MAX);
    header.set_cksum();
    let error = TarReader::new(&header.as_bytes()[..]).next_entry().unwrap_err();
    assert!(error.to_string().contains("impossible size"), "{error}");
}

#[test]
fn sparse_maps_that_lie_are_refused() {
    // A PAX 0.1 map that claims more than is stored.
    let mut header = tar::Header::new_ustar();
    let record = b"22 GNU.sparse.map=0,9\n";
    let mut bytes = Vec::new();
    header.set_entry_type(tar::EntryType::XHeader);
    header.set_size(record.len() as u64);
    header.set_cksum();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(record);
    bytes.resize(1024, 0);
    let mut file = tar::Header::new_ustar();
    file.set_path("f").unwrap();
    file.set_size(3);
    file.set_mode(0o644);
    file.set_uid(0);
    file.set_gid(0);
    file.set_mtime(0);
    file.set_cksum();
    bytes.extend_from_slice(file.as_bytes());
    bytes.extend_from_slice(b"abc");
    bytes.resize(2048, 0);
    let error = TarReader::new(bytes.as_slice()).next_entry().unwrap_err();
    assert!(error.to_string().contains("sparse map"), "{error}");
}

/// GNU tar's output for a tree with every kind of header, or nothing where there is no tar.
fn rich_archives() -> Vec<Vec<u8>> {
    let source = tempfile::tempdir().unwrap();
    fs::create_dir(source.path().join("d".repeat(150))).unwrap();
    let file = fs::File::create(source.path().join("sparse")).unwrap();
    for offset in [0, 100_000, 300_000] {
        std::os::unix::fs::FileExt::write_all_at(&file, b"data", offset).unwrap();
    }
    std::os::unix::fs::symlink("t".repeat(150), source.path().join("link")).unwrap();
    let make = |arguments: &[&str]| {
        let output = std::process::Command::new("tar")
            .args(arguments)
            .args(["--sparse", "-c", "."])
            .current_dir(source.path())
            .output();
        output.map(|output| output.stdout).unwrap_or_default()
    };
    let posix = |version: &str| make(&["--format", "posix", "--sparse-version", version]);
    vec![make(&["--format", "gnu"]), posix("0.0"), posix("0.1"), posix("1.0")]
}

#[test]
fn damaged_archives_end_in_an_error_and_never_in_a_panic() {
    let mut state = 42u64;
    let mut random = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % limit
    };
    for original in rich_archives().into_iter().filter(|archive| !archive.is_empty()) {
        for _ in 0..3000 {
            let mut damaged = original.clone();
            for _ in 0..=random(4) {
                let position = random(damaged.len());
                damaged[position] = [0, b'0', b'7', b'9', 0xff, b'\n', b'=', b' '][random(8)];
            }
            repair_checksums(&mut damaged);
            let mut reader = TarReader::new(damaged.as_slice());
            while let Ok(Some(_)) = reader.next_entry() {
                if std::io::copy(&mut reader, &mut std::io::sink()).is_err() {
                    break;
                }
            }
        }
    }
}

/// Without this nearly every damage would end at the checksum and test nothing else.
fn repair_checksums(archive: &mut [u8]) {
    for block in archive.chunks_exact_mut(512).filter(|block| &block[257..262] == b"ustar") {
        let sum: u32 =
            block[..148].iter().chain(&block[156..]).map(|&byte| u32::from(byte)).sum::<u32>() + 256;
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}
