//! Volumes.

use crate::support::Engine;

#[test]
fn a_volume_keeps_what_containers_write() {
    let Some(engine) = Engine::start() else { return };
    engine.ok(&["volume", "create", "--label", "a=b", "data"]);
    engine.ok(&["run", "--rm", "--volume", "data:/data", "busybox", "sh", "-c", "echo kept > /data/f"]);
    assert_eq!(engine.ok(&["run", "--rm", "--volume", "data:/data:ro", "busybox", "cat", "/data/f"]), "kept");
    let refused = engine.docker(&["run", "--rm", "--volume", "data:/data:ro", "busybox", "touch", "/data/g"]);
    assert!(refused.code == 1 && refused.stderr.contains("Read-only file system"), "{refused:?}");
    assert_eq!(engine.ok(&["volume", "ls", "--quiet", "--filter", "label=a=b"]), "data");
    engine.ok(&["create", "--name", "user", "--volume", "data:/data", "busybox", "true"]);
    assert!(engine.fails(&["volume", "rm", "data"]).contains("volume is in use"));
    engine.ok(&["rm", "user"]);
    engine.ok(&["volume", "rm", "data"]);
    assert!(engine.fails(&["volume", "inspect", "data"]).contains("no such volume"));
}

#[test]
fn anonymous_volumes_go_with_their_container() {
    let Some(engine) = Engine::start() else { return };
    engine.ok(&["run", "--rm", "--volume", "/data", "busybox", "true"]);
    assert_eq!(engine.ok(&["volume", "ls", "--quiet"]), "");
    engine.ok(&["create", "--name", "box", "--volume", "/data", "busybox", "true"]);
    engine.ok(&["rm", "box"]);
    assert_eq!(engine.ok(&["volume", "ls", "--quiet"]).lines().count(), 1);
    engine.ok(&["volume", "prune", "--force"]);
    assert_eq!(engine.ok(&["volume", "ls", "--quiet"]), "");
}

#[test]
fn an_image_is_mounted_and_kept() {
    let Some(engine) = Engine::start() else { return };
    engine.ok(&["tag", "busybox", "tools"]);
    let mount = "type=image,src=tools,dst=/tools,image-subpath=bin";
    let command = ["/tools/busybox", "touch", "/tools/new"];
    engine.ok(&[&["create", "--name", "user", "--mount", mount, "busybox"][..], &command].concat());
    let said = engine.fails(&["start", "--attach", "user"]);
    assert!(said.contains("Read-only file system"), "{said}");
    // By its other name and by its id it is in use too, with the container's own image gone.
    engine.ok(&["rm", "user"]);
    engine.ok(&["commit", &engine.ok(&["create", "busybox"]), "other"]);
    engine.ok(&["create", "--name", "user", "--mount", mount, "other", "/tools/echo", "still here"]);
    let id = engine.ok(&["image", "inspect", "--format", "{{.Id}}", "tools"]);
    engine.fails(&["rmi", &id]);
    engine.ok(&["rmi", "--force", "busybox", "tools"]);
    assert_eq!(engine.ok(&["start", "--attach", "user"]), "still here");
}
