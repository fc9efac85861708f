//! Overlays as views for the engine and the builder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::skip;
use wharf_container::overlay::OverlayView;

/// Layers `layer-0` (top) to `layer-<count>` with one file each, in directories with names of `length` bytes.
fn layers(directory: &Path, count: usize, length: usize) -> Vec<PathBuf> {
    let make = |number: usize| {
        let path = directory.join(format!("{number:0>length$},:{number}"));
        fs::create_dir(&path).unwrap();
        fs::write(path.join(format!("file-{number}")), "").unwrap();
        fs::write(path.join("same"), number.to_string()).unwrap();
        path
    };
    (0..count).map(make).collect()
}

fn is_mounted(path: &Path) -> bool {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    mounts.lines().any(|line| line.split(' ').nth(4) == path.to_str())
}

#[test]
fn many_layers_with_long_and_odd_names() {
    if skip() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let lower = layers(directory.path(), 100, 100);
    let target = directory.path().join("target");
    fs::create_dir(&target).unwrap();
    let view = OverlayView::mount(&lower, None, &target).unwrap();
    assert_eq!(fs::read_dir(view.path()).unwrap().count(), 101);
    assert_eq!(fs::read_to_string(target.join("same")).unwrap(), "0", "the first layer is the top");
    assert!(fs::write(target.join("new"), "").is_err(), "nothing to write to");
    view.unmount().unwrap();
    assert!(!is_mounted(&target));
}

#[test]
fn a_view_takes_changes_and_goes_away() {
    if skip() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let lower = layers(directory.path(), 2, 1);
    let own = |name: &str| {
        let path = directory.path().join(name);
        fs::create_dir(&path).unwrap();
        path
    };
    let (upper, work, target) = (own("upper"), own("work"), own("target"));
    let view = OverlayView::mount(&lower, Some((&upper, &work)), &target).unwrap();
    fs::write(target.join("new"), "text").unwrap();
    fs::remove_file(target.join("file-1")).unwrap();
    let open = fs::File::open(target.join("same")).unwrap();
    drop(view);
    assert!(!is_mounted(&target), "also with a file still open");
    drop(open);
    let mut names: Vec<_> = fs::read_dir(&upper).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["file-1", "new"], "the change and the whiteout");
}
