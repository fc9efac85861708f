//! `config --resolve-image-digests` on the built-in engine, which asks the registry.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::{Run, TestEngine};

fn project(compose: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
    folder
}

/// The image that a printed project gives to its service `a`.
fn image(run: &Run) -> String {
    let yaml: serde_json::Value = serde_yaml::from_str(&run.stdout).unwrap();
    yaml["services"]["a"]["image"].as_str().unwrap().to_owned()
}

#[test]
fn images_are_pinned_to_what_the_registry_says() {
    let Some(engine) = TestEngine::with_images("config-digests") else { return };
    let folder = project("name: pins\nservices:\n  a: {image: busybox, command: 'true'}\n  b: {build: .}\n");
    let pinned = engine.wharf(folder.path(), &["config", "--resolve-image-digests"]).ok();
    let reference = image(&pinned);
    assert!(reference.starts_with("docker.io/library/busybox:latest@sha256:"), "{pinned}");
    assert!(pinned.stdout.contains("command:"), "the rest stays: {pinned}");

    let lock = engine.wharf(folder.path(), &["config", "--lock-image-digests"]).ok();
    assert_eq!(lock.stdout, format!("services:\n  a:\n    image: {reference}\n  b: {{}}\n"));
    let json = engine.wharf(folder.path(), &["config", "--lock-image-digests", "--format", "json", "a"]).ok();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["services"]["a"]["image"], reference.as_str());

    // As an override the lock leads to the same image, and pinning once more changes nothing but the tag.
    let file = folder.path().join("lock.yaml");
    engine.wharf(folder.path(), &["config", "--lock-image-digests", "-o", file.to_str().unwrap()]).ok();
    let files = ["-f", "compose.yaml", "-f", "lock.yaml"];
    let locked =
        engine.wharf(folder.path(), &[&files[..], &["config", "--resolve-image-digests"]].concat()).ok();
    assert_eq!(image(&locked), reference.replace(":latest@", "@"));
}

#[test]
fn an_image_that_no_registry_has_is_named() {
    let Some(engine) = TestEngine::with_images("config-digests") else { return };
    let folder = project("services:\n  a: {image: 127.0.0.1:5755/no/such}\n");
    let run = engine.wharf(folder.path(), &["config", "--resolve-image-digests"]).exits(1);
    run.says("resolve the digest of image 127.0.0.1:5755/no/such");
}
