//! Directories and devices of the host in a container: what is mounted below a bind, before the start and after it; what must not be
//! in a device's place.

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, unmount};
use tempfile::TempDir;
use wharf_container::spec::{DeviceKind, DeviceNode, Mount, MountKind, Propagation};

use crate::support::{Engine, engine, skip};

/// A directory of the host whose mounts are told to those who listen.
struct SharedDirectory(TempDir);

impl SharedDirectory {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        memory(directory.path());
        mount_change(directory.path(), MountPropagationFlags::SHARED).unwrap();
        Self(directory)
    }

    /// Mounts a file system with one file on a new directory below it.
    fn mount_below(&self, name: &str) {
        let place = self.0.path().join(name);
        fs::create_dir(&place).unwrap();
        memory(&place);
        fs::write(place.join("mounted"), "").unwrap();
    }

    fn bind(&self, read_only: bool, how: Propagation) -> Mount {
        let mut mount = Mount::bind(self.0.path(), "/shared", read_only);
        mount.options.read_only_recursive = read_only;
        if let MountKind::Bind(bind) = &mut mount.kind {
            bind.propagation = how;
        }
        mount
    }
}

impl Drop for SharedDirectory {
    fn drop(&mut self) {
        // All below it goes with it.
        unmount(self.0.path(), UnmountFlags::DETACH).unwrap();
    }
}

fn memory(place: &Path) {
    mount("tmpfs", place, "tmpfs", MountFlags::empty(), None).unwrap();
}

#[test]
fn a_read_only_bind_is_so_all_the_way_down() {
    if skip() {
        return;
    }
    let shared = SharedDirectory::new();
    shared.mount_below("inner");
    let mut engine = Engine::ready();
    let mut spec = engine.shell("touch /shared/x; touch /shared/inner/x; ls /shared/inner");
    spec.mounts.push(shared.bind(true, Propagation::Rprivate));
    let output = engine.run(&spec);
    assert_eq!(output.stdout, "mounted\n");
    assert_eq!(output.stderr.matches("Read-only file system").count(), 2, "{}", output.stderr);
}

#[test]
fn later_mounts_of_the_host_reach_only_who_listens() {
    if skip() {
        return;
    }
    for (how, seen) in [(Propagation::Rprivate, ""), (Propagation::Rslave, "mounted\n")] {
        // The monitor must know the directory, to hear of what happens to it.
        let shared = SharedDirectory::new();
        let mut engine = Engine::ready();
        let mut spec = engine.shell("read line; ls /shared/late");
        spec.mounts.push(shared.bind(false, how));
        let (_, mut stdio) = engine.launch(&spec).unwrap();
        shared.mount_below("late");
        fs::File::from(stdio.stdin.take().unwrap()).write_all(b"go\n").unwrap();
        assert_eq!(engine.finish(stdio).success(), seen, "{how:?}");
    }
}

fn device(path: &str) -> DeviceNode {
    let kind = DeviceKind::Character;
    DeviceNode { path: path.into(), kind, major: 1, minor: 5, mode: 0o640, uid: 5, gid: 6 }
}

#[test]
fn a_device_has_its_owner_and_takes_the_place_of_nothing_else() {
    let Some(mut engine) = engine() else { return };
    let mut spec = engine.shell("stat -c '%F %t:%T %u:%g %a' /dev/mine /own/zero");
    spec.devices.extend([device("/dev/mine"), device("/own/zero")]);
    let line = "character special file 1:5 5:6 640\n";
    assert_eq!(engine.run(&spec).success(), line.repeat(2));

    fs::write(engine.image().join("trap"), "").unwrap();
    let mut spec = engine.shell("true");
    spec.devices.push(device("/trap"));
    let failure = engine.failure(&spec);
    assert_eq!(failure.message, "create device /trap: file exists", "{failure:?}");
    assert_eq!(fs::metadata(engine.image().join("trap")).unwrap().uid(), 0);
}
