//! Images: names, archives, removal.

use crate::support::Engine;

#[test]
fn an_image_has_names_and_loses_them() {
    let Some(engine) = Engine::start() else { return };
    let id = engine.ok(&["image", "inspect", "--format", "{{.Id}}", "busybox"]);
    engine.ok(&["tag", "busybox", "team/app:1"]);
    assert_eq!(engine.ok(&["images", "--no-trunc", "--quiet", "--filter", "reference=team/*"]), id);
    assert_eq!(engine.ok(&["rmi", "team/app:1"]), "Untagged: team/app:1");
    assert!(engine.fails(&["rmi", "team/app:1"]).contains("No such image: team/app:1"));
    engine.ok(&["create", "--name", "box", "busybox", "true"]);
    let used = engine.fails(&["rmi", "busybox"]);
    assert!(used.contains("conflict: unable to remove repository reference \"busybox\""), "{used}");
    engine.ok(&["rm", "box"]);
    let removed = engine.ok(&["rmi", "busybox"]);
    assert!(removed.contains(&format!("Deleted: {id}")), "{removed}");
    assert_eq!(engine.ok(&["images", "--quiet"]), "");
}

#[test]
fn a_saved_image_can_be_loaded() {
    let Some(engine) = Engine::start() else { return };
    let archive = engine.directory("save").join("busybox.tar");
    let archive = archive.to_str().unwrap();
    let id = engine.ok(&["image", "inspect", "--format", "{{.Id}}", "busybox"]);
    engine.ok(&["save", "--output", archive, "busybox"]);
    engine.ok(&["rmi", "busybox"]);
    assert_eq!(engine.ok(&["load", "--quiet", "--input", archive]), "Loaded image: busybox:latest");
    assert_eq!(engine.ok(&["image", "inspect", "--format", "{{.Id}}", "busybox"]), id);
    assert_eq!(engine.ok(&["run", "--rm", "busybox", "echo", "works"]), "works");
    let refused = engine.docker_with_input(&["load"], b"no archive at all");
    assert_ne!(refused.code, 0, "{refused:?}");
}

#[test]
fn inspect_and_history_describe_an_import() {
    let Some(engine) = Engine::start() else { return };
    let show = |template: &str| engine.ok(&["image", "inspect", "--format", template, "busybox"]);
    assert_eq!(show("{{.Os}} {{json .Config.Cmd}} {{len .RootFS.Layers}}"), "linux [\"/bin/sh\"] 1");
    assert_eq!(show("{{json .Config.Env}} {{json .Config.User}}"), "null \"\"");
    assert_eq!(engine.ok(&["history", "--format", "{{.Comment}}", "busybox"]), "Imported from -");
    assert!(engine.fails(&["image", "inspect", "nope"]).to_lowercase().contains("no such image: nope"));
}

#[test]
fn dangling_images_are_pruned() {
    let Some(engine) = Engine::start() else { return };
    engine.ok(&["create", "--name", "box", "busybox", "true"]);
    let dangling = engine.ok(&["commit", "box"]);
    assert_eq!(engine.ok(&["images", "--no-trunc", "--quiet", "--filter", "dangling=true"]), dangling);
    assert!(engine.ok(&["image", "prune", "--force"]).contains(&dangling));
    assert_eq!(engine.ok(&["images", "--quiet", "--filter", "dangling=true"]), "");
    let usage = engine.ok(&["system", "df", "--format", "{{.Type}} {{.TotalCount}}"]);
    assert!(usage.contains("Images 1") && usage.contains("Containers 1"), "{usage}");
}

#[test]
fn a_registry_that_is_not_there_is_an_error() {
    let Some(engine) = Engine::start() else { return };
    let refused = engine.fails(&["pull", "127.0.0.1:1/none:latest"]);
    assert!(refused.contains("127.0.0.1:1"), "{refused}");
    assert!(engine.fails(&["push", "127.0.0.1:1/none"]).to_lowercase().contains("does not exist locally"));
}
