//! What an engine cannot do is said before anything is changed.

use std::process::Command;

use wharf::engine::{Target, connect, observe};

use crate::support::{Run, TestEngine, skip};

const PROJECT: &str = "services:
  web:
    image: busybox
    uts: weird
    networks: [n]
    volumes: ['data:/d']
networks: {n: {}}
volumes: {data: {}}
";

/// Runs `up` in a folder of the project's, and gives what the user reads and what is there afterwards.
async fn up(name: &str, prepare: impl FnOnce(&mut Command), target: impl FnOnce() -> Target) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("compose.yaml"), PROJECT).unwrap();
    let project = format!("{name}-{}", std::process::id());
    let mut command = Command::new(env!("CARGO_BIN_EXE_wharf"));
    prepare(command.current_dir(folder.path()));
    let run = Run::of({
        command.args(["-p", &project, "up", "-d"]);
        command
    });
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    for wanted in ["error[unsupported]: services.web.uts: weird", "compose.yaml:4:10", "uts: weird", "help:"]
    {
        assert!(run.stderr.contains(wanted), "{wanted} is missing in {}", run.stderr);
    }
    let observed = observe(&connect(target()).await.unwrap(), &project).await.unwrap();
    let made = |names: Vec<&String>| names.into_iter().any(|name| name.starts_with(&project));
    assert!(observed.containers.is_empty());
    assert!(!made(observed.networks.keys().collect()), "{:?}", observed.networks.keys());
    assert!(!made(observed.volumes.keys().collect()), "{:?}", observed.volumes.keys());
}

#[tokio::test]
async fn on_the_built_in_engine() {
    let Some(engine) = TestEngine::with_images("attribute-table") else { return };
    let root = engine.root().to_owned();
    let environment = root.clone();
    let target = || Target::BuiltIn(wharf_engine::EnginePaths::new(Some(&root)));
    up(
        "refused-here",
        |command| _ = command.env("WHARF_ROOT", environment).env_remove("DOCKER_HOST"),
        target,
    )
    .await;
}

#[tokio::test]
async fn on_a_docker_engine() {
    let Ok(host) = std::env::var("WHARF_TEST_DOCKER_HOST") else {
        skip::<()>("no Docker Engine: set WHARF_TEST_DOCKER_HOST");
        return;
    };
    let address = host.clone();
    up("refused-there", |command| _ = command.args(["--host", &host]), || Target::Address(address)).await;
}
