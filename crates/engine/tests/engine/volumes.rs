//! Volumes and mounts.

use serde_json::{Value, json};

use crate::support::engine;

#[test]
fn an_empty_volume_is_filled_from_the_image_and_keeps_what_is_written() {
    let Some(engine) = engine() else { return };
    let mounted = json!({"HostConfig": {"Binds": ["data:/data"]}});
    engine.run("one", &["sh", "-c", "cat /data/seed; echo more > /data/mine"], mounted.clone());
    assert_eq!(engine.wait("one"), 0);
    assert_eq!(engine.logs("one"), "from the image");
    assert_eq!(engine.call("DELETE", "/volumes/data", None).status, 409, "it is in use");
    engine.call("DELETE", "/containers/one?v=1", None);
    engine.run("two", &["cat", "/data/mine"], mounted);
    engine.wait("two");
    assert_eq!(engine.logs("two"), "more\n");
    engine.call("DELETE", "/containers/two?v=1", None);
    assert_eq!(
        engine.call("DELETE", "/volumes/data", None).status,
        204,
        "a named volume stays until it is removed"
    );
}

#[test]
fn anonymous_volumes_go_with_their_container() {
    let Some(engine) = engine() else { return };
    engine.run("one", &["true"], json!({"Volumes": {"/data": {}}}));
    engine.wait("one");
    assert_eq!(engine.get("/volumes")["Volumes"].as_array().unwrap().len(), 1);
    engine.call("DELETE", "/containers/one?v=1", None);
    assert_eq!(engine.get("/volumes")["Volumes"], json!([]));
}

#[test]
fn binds_make_their_directory_and_read_only_is_read_only() {
    let Some(engine) = engine() else { return };
    let source = engine.root().join("made/by/engine");
    let bind = format!("{}:/mnt", source.display());
    engine.run("one", &["sh", "-c", "echo x > /mnt/file"], json!({"HostConfig": {"Binds": [bind]}}));
    assert_eq!(engine.wait("one"), 0);
    assert_eq!(std::fs::read_to_string(source.join("file")).unwrap(), "x\n");
    let bind = format!("{}:/mnt:ro", source.display());
    engine.run("two", &["touch", "/mnt/file2"], json!({"HostConfig": {"Binds": [bind]}}));
    assert_eq!(engine.wait("two"), 1);
}

#[test]
fn a_failed_create_leaves_no_volume() {
    let Some(engine) = engine() else { return };
    let body =
        json!({"Image": "busybox", "Cmd": ["true"], "HostConfig": {"Binds": ["fresh:/a", "fresh2:/a"]}});
    assert_eq!(engine.call("POST", "/containers/create?name=bad", Some(body)).status, 400);
    let body = json!({"Image": "busybox", "Cmd": ["true"],
        "HostConfig": {"Mounts": [{"Type": "volume", "Source": "v1", "Target": "/a"},
            {"Type": "volume", "Source": "v2", "Target": "/b", "VolumeOptions": {"DriverConfig": {"Options": {"x": "y"}}}}]}});
    assert_eq!(engine.call("POST", "/containers/create?name=bad", Some(body)).status, 400);
    assert_eq!(engine.get("/volumes")["Volumes"], json!([]));
    assert_eq!(engine.get("/containers/json?all=1"), Value::Array(Vec::new()));
}
