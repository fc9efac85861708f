//! What a killed engine leaves on the host, and who removes it.

use std::path::PathBuf;

use serde_json::Value;
use wharf_engine::EnginePaths;

use crate::support::{TestEngine, engine, eventually};

/// Everything on this host that is named after the engine's root.
fn named(paths: &EnginePaths) -> Vec<PathBuf> {
    let hierarchies = std::fs::read_dir("/sys/fs/cgroup").unwrap().flatten().map(|entry| entry.path());
    let groups = hierarchies.chain([PathBuf::from("/sys/fs/cgroup")]).map(|path| path.join(paths.name()));
    groups.chain([paths.run_dir()]).filter(|path| path.exists()).collect()
}

fn paths(engine: &TestEngine) -> EnginePaths {
    EnginePaths::new(Some(engine.root()))
}

#[test]
fn an_engine_that_ends_leaves_nothing() {
    let Some(engine) = engine() else { return };
    let paths = paths(&engine);
    engine.run("once", &["true"], Value::Null);
    engine.wait("once");
    assert!(named(&paths).len() > 1, "{:?}", named(&paths));
    drop(engine);
    assert_eq!(named(&paths), Vec::<PathBuf>::new());
}

#[test]
fn what_a_killed_engine_left_goes_with_the_next_one_when_its_root_is_gone() {
    let Some(mut first) = engine() else { return };
    let killed = paths(&first);
    first.run("once", &["true"], Value::Null);
    first.wait("once");
    first.kill();
    drop(first);
    assert!(!killed.root().exists() && killed.run_dir().exists());
    let Some(next) = engine() else { return };
    eventually("the next engine has removed it", || named(&killed).is_empty().then_some(()));
    assert!(paths(&next).run_dir().exists(), "its own stays");
}
