//! Classic builds.

use std::fs;
use std::path::PathBuf;

use crate::support::Engine;

fn context(engine: &Engine, dockerfile: &str) -> PathBuf {
    let directory = engine.directory("context");
    fs::write(directory.join("Dockerfile"), dockerfile).unwrap();
    fs::write(directory.join("file"), "from the context\n").unwrap();
    directory
}

#[test]
fn a_build_makes_an_image() {
    let Some(engine) = Engine::start() else { return };
    let dockerfile = "FROM busybox\nARG WHO=nobody\nRUN echo built by $WHO > /made\nCOPY file /file\nCMD [\"cat\", \"/made\", \"/file\"]\n";
    let directory = context(&engine, dockerfile);
    let directory = directory.to_str().unwrap();
    let output =
        engine.ok(&["build", "--build-arg", "WHO=me", "--label", "a=b", "--tag", "built:1", directory]);
    assert!(output.contains("Successfully tagged built:1"), "{output}");
    assert_eq!(engine.ok(&["run", "--rm", "built:1"]), "built by me\nfrom the context");
    assert_eq!(engine.ok(&["image", "inspect", "--format", "{{.Config.Labels.a}}", "built:1"]), "b");
    let again = engine.ok(&["build", "--quiet", "--build-arg", "WHO=me", "--label", "a=b", directory]);
    assert_eq!(again, engine.ok(&["image", "inspect", "--format", "{{.Id}}", "built:1"]));
}

#[test]
fn a_failing_step_names_itself() {
    let Some(engine) = Engine::start() else { return };
    let directory = context(&engine, "FROM busybox\nRUN echo last words; exit 5\n");
    let outcome = engine.docker(&["build", "--tag", "never:1", directory.to_str().unwrap()]);
    assert_eq!(outcome.code, 5, "{outcome:?}");
    assert!(outcome.stdout.contains("last words"), "{outcome:?}");
    assert!(outcome.stderr.contains("did not complete successfully: exit code: 5"), "{outcome:?}");
    assert!(engine.fails(&["image", "inspect", "never:1"]).contains("No such image"));
}

#[test]
fn a_directory_of_the_host_is_read_in_place() {
    let Some(engine) = Engine::start() else { return };
    let directory = context(&engine, "FROM busybox\nCOPY file /file\nCMD [\"cat\", \"/file\"]\n");
    let remote = directory.to_str().unwrap().replace('/', "%2F");
    let (status, answer) = engine.http(&format!("POST /v1.44/build?t=placed:1&remote=file%3A%2F%2F{remote}"));
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains(r#""aux":{"ID":"sha256:"#), "{answer}");
    assert_eq!(engine.ok(&["run", "--rm", "placed:1"]), "from the context");
}

#[test]
fn limits_that_a_build_does_not_have_are_refused() {
    let Some(engine) = Engine::start() else { return };
    let directory = context(&engine, "FROM busybox\n");
    let refused = engine.fails(&["build", "--memory", "100m", directory.to_str().unwrap()]);
    assert!(refused.contains("does not support the query parameter \"memory\""), "{refused}");
}
