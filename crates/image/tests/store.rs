//! The store: names, removal by Docker's rules, layers from upper directories, and what survives a crash.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{Archive, listing, root};
use tempfile::TempDir;
use wharf_image::archive::{ImportOptions, import};
use wharf_image::store::{ImageUser, Removal, StoreError};
use wharf_image::{Commit, Digest, Image, ImageConfig, ImageStore, Platform, Reference};

fn open(directory: &TempDir) -> ImageStore {
    ImageStore::open(&directory.path().join("images")).unwrap()
}

fn reference(name: &str) -> Reference {
    name.parse().unwrap()
}

fn imported(store: &ImageStore, name: &str, content: &str) -> Image {
    let archive = Archive::default().file("content", content.as_bytes());
    let options = ImportOptions { tag: Some(reference(name)), ..ImportOptions::default() };
    import(store, archive.bytes().as_slice(), &options).unwrap()
}

fn nobody(_: &Digest) -> Vec<ImageUser> {
    Vec::new()
}

fn user(running: bool) -> impl Fn(&Digest) -> Vec<ImageUser> {
    move |_| vec![ImageUser { container: "0123456789abcdef".to_owned(), running }]
}

fn untagged(name: &str) -> Removal {
    Removal::Untagged(name.to_owned())
}

#[test]
fn images_are_found_by_every_name() {
    if !root() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let image = imported(&store, "cafe:1", "x");
    store.tag(&image.id, &reference("ghcr.io/org/app:2")).unwrap();
    let id = image.id.to_string();
    for name in
        ["cafe:1", "docker.io/library/cafe:1", "ghcr.io/org/app:2", &id, image.id.hex(), image.id.short()]
    {
        assert_eq!(store.resolve(name).unwrap().id, image.id, "{name}");
    }
    for (name, message) in [("cafe", "No such image: cafe:latest"), ("sha256:00", "No such image: sha256:00")]
    {
        assert_eq!(store.resolve(name).unwrap_err().to_string(), message);
    }
    // A name wins over the beginning of an id.
    let shadow = imported(&store, &format!("{}:latest", &image.id.hex()[..6]), "y");
    assert_eq!(store.resolve(&image.id.hex()[..6]).unwrap().id, shadow.id);
}

#[test]
fn removing_follows_dockers_rules() {
    if !root() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let image = imported(&store, "app:1", "x");
    store.tag(&image.id, &reference("app:2")).unwrap();
    store.tag(&image.id, &reference("other/app:1")).unwrap();

    assert_eq!(store.remove("app:2", false, &user(true)).unwrap(), [untagged("app:2")]);
    let error = store.remove(image.id.short(), false, &nobody).unwrap_err().to_string();
    assert!(error.ends_with("(must be forced) - image is referenced in multiple repositories"), "{error}");
    store.remove("other/app:1", false, &nobody).unwrap();

    let error = store.remove("app:1", false, &user(false)).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "conflict: unable to remove repository reference \"app:1\" (must force) - container 0123456789ab is using \
             its referenced image {}",
            image.id.short()
        )
    );
    let error = store.remove(image.id.short(), true, &user(true)).unwrap_err().to_string();
    assert!(
        error.contains("(cannot be forced) - image is being used by running container 0123456789ab"),
        "{error}"
    );

    assert_eq!(store.remove("app:1", true, &user(true)).unwrap(), [untagged("app:1")]);
    assert!(store.image(&image.id).unwrap().is_dangling(), "its container still needs it");
    let removed = store.remove(image.id.short(), false, &nobody).unwrap();
    assert_eq!(removed, [Removal::Deleted(image.id.clone()), Removal::Deleted(image.layers[0].clone())]);
    assert!(listing(&directory.path().join("images/l")).is_empty());
    assert_eq!(listing(&directory.path().join("images/blobs")), ["sha256"]);
    assert!(matches!(store.remove("app:1", false, &nobody), Err(StoreError::NoSuchImage { .. })));
}

#[test]
fn layers_live_as_long_as_somebody_needs_them() {
    if !root() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let upper = tempfile::tempdir().unwrap();
    fs::write(upper.path().join("x"), "1").unwrap();
    let layer = store.commit_layer(upper.path(), Commit::Copy).unwrap();
    let pruned = store.prune(&|_| true, &nobody).unwrap();
    assert!(pruned.removals.is_empty(), "a handle keeps it");
    store.hold_layer(&layer.id, "build").unwrap();
    let id = layer.id.clone();
    drop(layer);
    drop(store);
    let store = open(&directory);
    assert!(store.layer(&id).is_some(), "a hold keeps it across restarts");
    store.release_layer(&id, "build").unwrap();
    assert_eq!(store.prune(&|_| true, &nobody).unwrap().removals, [Removal::Deleted(id.clone())]);
    assert!(store.layer(&id).is_none());
}

fn mount_overlay(directory: &Path, lower: &[&Path]) -> [std::path::PathBuf; 2] {
    let [upper, work, merged] = ["upper", "work", "merged"].map(|name| directory.join(name));
    for path in [&upper, &work, &merged] {
        fs::create_dir(path).unwrap();
    }
    let lower: Vec<_> = lower.iter().map(|path| path.display().to_string()).collect();
    let options = format!(
        "lowerdir={},upperdir={},workdir={},redirect_dir=off,metacopy=off,index=off",
        lower.join(":"),
        upper.display(),
        work.display()
    );
    let mounted =
        Command::new("mount").args(["-t", "overlay", "overlay", "-o", &options]).arg(&merged).status();
    assert!(mounted.unwrap().success());
    [upper, merged]
}

fn unmount(path: &Path) {
    assert!(Command::new("umount").arg(path).status().unwrap().success());
}

#[test]
fn an_upper_directory_becomes_a_layer_that_overlayfs_shows_the_same() {
    if !root() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let base = Archive::default()
        .file("kept", b"1")
        .file("gone", b"2")
        .file("replaced/old", b"3")
        .file("changed", b"4")
        .directory("tmp");
    let base = import(&store, base.bytes().as_slice(), &ImportOptions::default()).unwrap();
    let lower = store.layer_dirs(&base.id).unwrap();
    let [upper, merged] = mount_overlay(directory.path(), &[&lower[0]]);
    fs::remove_file(merged.join("gone")).unwrap();
    fs::remove_dir_all(merged.join("replaced")).unwrap();
    fs::create_dir(merged.join("replaced")).unwrap();
    fs::write(merged.join("replaced/new"), "5").unwrap();
    fs::write(merged.join("changed"), "6").unwrap();
    fs::hard_link(merged.join("changed"), merged.join("linked")).unwrap();
    let expected = listing(&merged);
    unmount(&merged);

    let copied = store.commit_layer(&upper, Commit::Copy).unwrap();
    assert!(upper.is_dir());
    let moved = store.commit_layer(&upper, Commit::Move).unwrap();
    assert!(!upper.exists());
    assert_eq!((&moved.id, moved.size), (&copied.id, copied.size), "the same content is the same layer");

    let layers = [base.layers[0].clone(), moved.id.clone()];
    let image = store.create_image(ImageConfig::new(&Platform::host()), &layers, &[]).unwrap();
    let dirs = store.layer_dirs(&image.id).unwrap();
    let again = tempfile::tempdir().unwrap();
    let [_, merged] = mount_overlay(again.path(), &[&dirs[0], &dirs[1]]);
    assert_eq!(listing(&merged), expected);
    assert_eq!(fs::read(merged.join("linked")).unwrap(), b"6");
    unmount(&merged);
}

#[test]
fn a_moved_layer_is_the_same_as_a_copied_one() {
    if !root() {
        return;
    }
    let make = |path: &Path| {
        Archive::default().file("a", b"1").hard_link("b", "a").file(".wh.c", b"").unpack(path).unwrap();
        // With the directory itself, whose time would else be that of the unpacking.
        Archive::default().directory("d").file("d/.wh..wh..opq", b"").unpack(path).unwrap();
    };
    let commit = |how| {
        let directory = tempfile::tempdir().unwrap();
        let store = open(&directory);
        let upper = directory.path().join("upper");
        fs::create_dir(&upper).unwrap();
        make(&upper);
        let layer = store.commit_layer(&upper, how).unwrap();
        (layer.id.clone(), layer.size, listing(&layer.path))
    };
    let moved = commit(Commit::Move);
    assert_eq!(moved, commit(Commit::Copy));
    assert_eq!(moved.2, ["a", "b", "c", "d"]);
}

#[test]
fn references_into_lower_layers_are_refused() {
    if !root() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let upper = directory.path().join("upper");
    fs::create_dir_all(upper.join("d")).unwrap();
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(upper.join("d"), "trusted.overlay.redirect", b"/x", flags).unwrap();
    let error = store.commit_layer(&upper, Commit::Move).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("overlayfs keeps it by reference"), "{cause}");
    assert!(upper.is_dir(), "a failure leaves it untouched");
}

#[test]
fn one_writer_and_any_number_of_readers() {
    if !root() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("images");
    let store = ImageStore::open(&path).unwrap();
    let image = imported(&store, "app:1", "x");
    assert!(matches!(ImageStore::open(&path), Err(StoreError::Locked { .. })));
    let reader = ImageStore::open_read_only(&path).unwrap();
    assert_eq!(reader.resolve("app:1").unwrap().id, image.id);
    assert!(matches!(reader.untag(&reference("app:1")), Err(StoreError::ReadOnly { .. })));
    drop(store);
    assert!(ImageStore::open(&path).is_ok());
}

#[test]
fn a_crash_leaves_nothing_half_made() {
    if !root() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let image = imported(&store, "app:1", "x");
    drop(store);
    let images = directory.path().join("images");
    // What a process killed between any two steps leaves: staged files, a directory or a blob without a
    // record.
    fs::create_dir_all(images.join("tmp/1-0/usr")).unwrap();
    fs::write(images.join("tmp/1-1"), "half a blob").unwrap();
    fs::create_dir_all(images.join("l/abandoned/usr")).unwrap();
    fs::write(images.join("blobs/sha256").join("a".repeat(64)), "nobody's").unwrap();
    let store = open(&directory);
    assert!(listing(&images.join("tmp")).is_empty());
    assert_eq!(fs::read_dir(images.join("l")).unwrap().count(), 1);
    assert!(!images.join("blobs/sha256").join("a".repeat(64)).exists());
    assert_eq!(store.layer_dirs(&image.id).unwrap().len(), 1);
    assert!(store.layer_dirs(&image.id).unwrap()[0].join("content").is_file());
}

#[test]
fn layers_that_were_not_on_disk_when_the_host_went_down_are_gone() {
    if !root() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let image = imported(&store, "app:1", "x");
    let upper = tempfile::tempdir().unwrap();
    fs::write(upper.path().join("step"), "1").unwrap();
    let step = store.commit_layer(upper.path(), Commit::Copy).unwrap().id;
    store.hold_layer(&step, "build").unwrap();
    drop(store);
    assert!(open(&directory).layer(&step).is_some(), "the host did not go down");
    let record = directory.path().join(format!("images/layers/sha256-{}.json", step.hex()));
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let text = fs::read_to_string(&record).unwrap().replace(boot.trim(), "another boot");
    fs::write(&record, text).unwrap();
    let store = open(&directory);
    assert!(store.layer(&step).is_none());
    assert_eq!(store.layer_dirs(&image.id).unwrap().len(), 1, "images were synchronised");
}

#[test]
fn state_of_a_newer_program_is_left_alone() {
    if !root() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    drop(open(&directory));
    let file = directory.path().join("images/images.json");
    fs::write(&file, r#"{"version": 99, "something": "else"}"#).unwrap();
    let error = ImageStore::open(&directory.path().join("images")).err().unwrap();
    assert!(matches!(error, StoreError::Version { version: 99, .. }), "{error}");
    assert!(fs::read_to_string(&file).unwrap().contains("99"));
}
