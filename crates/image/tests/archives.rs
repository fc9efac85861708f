//! Saving and loading: our own archives, Docker's older layout, and broken ones.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::Write;

use serde_json::json;
use support::{Archive, root};
use wharf_image::archive::{ArchiveError, ImportOptions, import, load, save};
use wharf_image::{Commit, Digest, Image, ImageConfig, ImageStore, Platform, ProgressSink, Reference};

fn store() -> (tempfile::TempDir, ImageStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = ImageStore::open(&directory.path().join("images")).unwrap();
    (directory, store)
}

fn reference(name: &str) -> Reference {
    name.parse().unwrap()
}

/// One layer with a kept archive and one that was committed here.
fn make_image(store: &ImageStore, name: &str) -> Image {
    let base = Archive::default().file("base", b"1").bytes();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&base).unwrap();
    let base = import(store, gzip.finish().unwrap().as_slice(), &ImportOptions::default()).unwrap();
    let upper = tempfile::tempdir().unwrap();
    Archive::default().file("top", b"2").file(".wh.base", b"").unpack(upper.path()).unwrap();
    let top = store.commit_layer(upper.path(), Commit::Copy).unwrap();
    let layers = [base.layers[0].clone(), top.id.clone()];
    store.create_image(ImageConfig::new(&Platform::host()), &layers, &[reference(name)]).unwrap()
}

fn loaded(store: &ImageStore, archive: &[u8]) -> Result<Vec<wharf_image::archive::Loaded>, ArchiveError> {
    load(store, archive, &ProgressSink::none())
}

#[test]
fn what_is_saved_loads_as_the_same_image() {
    if !root() {
        return;
    }
    let (_origin, origin) = store();
    let image = make_image(&origin, "org/app:1");
    origin.tag(&image.id, &reference("org/app:2")).unwrap();
    let archive = save(&origin, &["org/app".to_owned()], Vec::new()).unwrap();
    assert_eq!(
        archive,
        save(&origin, &["org/app".to_owned()], Vec::new()).unwrap(),
        "the same bytes every time"
    );

    let zstd = zstd::stream::encode_all(archive.as_slice(), 1).unwrap();
    for bytes in [archive, zstd] {
        let (_directory, store) = store();
        let images = loaded(&store, &bytes).unwrap();
        assert_eq!(images.len(), 1);
        assert_eq!(images[0].id, image.id);
        assert_eq!(images[0].tags, [reference("org/app:1"), reference("org/app:2")]);
        let dirs = store.layer_dirs(&image.id).unwrap();
        assert_eq!(std::fs::read(dirs[0].join("top")).unwrap(), b"2");
        let again = save(&store, &["org/app".to_owned()], Vec::new()).unwrap();
        assert_eq!(
            Digest::of(&again),
            Digest::of(&save(&origin, &["org/app".to_owned()], Vec::new()).unwrap())
        );
    }
}

#[test]
fn one_tag_or_an_id_saves_just_that() {
    if !root() {
        return;
    }
    let (_origin, origin) = store();
    let image = make_image(&origin, "app:1");
    origin.tag(&image.id, &reference("app:2")).unwrap();
    for (name, tags) in [("app:2", vec![reference("app:2")]), (image.id.short(), vec![])] {
        let archive = save(&origin, &[name.to_owned()], Vec::new()).unwrap();
        let (_directory, store) = store();
        assert_eq!(loaded(&store, &archive).unwrap()[0].tags, tags);
    }
    assert!(save(&origin, &["nothing".to_owned()], Vec::new()).is_err());
}

/// Docker before version 25: `<id>/layer.tar`, the second one a link to the first.
fn old_archive(diff_ids: &[Digest], layer: &[u8]) -> Archive {
    let config = json!({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["x"]},
        "rootfs": {"type": "layers", "diff_ids": diff_ids}});
    let manifest =
        json!([{"Config": "c.json", "RepoTags": ["old:1"], "Layers": ["one/layer.tar", "two/layer.tar"]}]);
    Archive::default()
        .file("one/layer.tar", layer)
        .symlink("two/layer.tar", "../one/layer.tar")
        .file("c.json", config.to_string().as_bytes())
        .file("manifest.json", manifest.to_string().as_bytes())
        .file("repositories", b"{}")
}

#[test]
fn older_docker_archives_load() {
    if !root() {
        return;
    }
    let layer = Archive::default().file("x", b"1").bytes();
    let diff_id = Digest::of(&layer);
    let (_directory, store) = store();
    let images = loaded(&store, &old_archive(&[diff_id.clone(), diff_id], &layer).bytes()).unwrap();
    assert_eq!(images[0].tags, [reference("old:1")]);
    assert_eq!(store.resolve("old:1").unwrap().config.config.cmd.as_deref().unwrap(), ["x"]);
    let dirs = store.layer_dirs(&images[0].id).unwrap();
    assert_eq!(dirs.len(), 1, "overlayfs refuses the same directory twice");
}

#[test]
fn broken_archives_leave_nothing() {
    if !root() {
        return;
    }
    let layer = Archive::default().file("x", b"1").bytes();
    let wrong = Digest::of(b"something else");
    let (_directory, store) = store();
    let error = loaded(&store, &old_archive(&[wrong.clone(), wrong], &layer).bytes()).unwrap_err();
    assert!(matches!(error, ArchiveError::Store(_)), "{error}");
    let error = loaded(&store, &Archive::default().file("x", b"").bytes()).unwrap_err();
    assert!(matches!(error, ArchiveError::NotAnImage), "{error}");
    let outside = Archive::default().symlink("manifest.json", "/etc/passwd");
    assert!(matches!(loaded(&store, &outside.bytes()).unwrap_err(), ArchiveError::NotAnImage));
    assert!(loaded(&store, b"this is no archive at all").is_err());
    assert!(store.list().unwrap().is_empty());
    assert_eq!(std::fs::read_dir(store.directory().join("l")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(store.directory().join("tmp")).unwrap().count(), 0);
}

#[test]
fn an_import_with_changes_is_an_image() {
    if !root() {
        return;
    }
    let (_directory, store) = store();
    let options = ImportOptions {
        tag: Some(reference("bare:1")),
        message: Some("from a test".to_owned()),
        changes: vec!["CMD [\"/bin/sh\"]".to_owned(), "ENV A=b".to_owned()],
        platform: None,
    };
    let archive = Archive::default().directory("./").file("./bin/sh", b"#!");
    let image = import(&store, archive.bytes().as_slice(), &options).unwrap();
    assert_eq!(image.config.config.env, ["A=b"]);
    assert_eq!(image.config.history[0].comment.as_deref(), Some("from a test"));
    assert_eq!((image.size, image.tags.as_slice()), (2, [reference("bare:1")].as_slice()));
    assert!(image.created.is_some());
}
