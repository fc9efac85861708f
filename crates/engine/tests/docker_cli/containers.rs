//! The life of containers.

use crate::support::Engine;

const STATUS: &str = "{{.State.Status}}";

#[test]
fn run_prints_the_output_and_ends_with_the_exit_code() {
    let Some(engine) = Engine::start() else { return };
    let outcome = engine.docker(&["run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 7"]);
    assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (7, "out\n", "err\n"));
    assert_eq!(engine.ok(&["ps", "--all", "--quiet"]), "");
}

#[test]
fn a_command_that_is_not_there_is_127_and_leaves_nothing() {
    let Some(engine) = Engine::start() else { return };
    let outcome = engine.docker(&["run", "--rm", "busybox", "nosuch"]);
    assert_eq!(outcome.code, 127, "{outcome:?}");
    assert!(outcome.stderr.contains("exec: \"nosuch\": executable file not found in $PATH"), "{outcome:?}");
    assert_eq!(engine.docker(&["run", "--rm", "busybox", "/etc"]).code, 126);
    assert_eq!(engine.ok(&["ps", "--all", "--quiet"]), "");
}

#[test]
fn a_container_goes_through_all_its_states() {
    let Some(engine) = Engine::start() else { return };
    engine.ok(&["create", "--name", "box", "--stop-timeout", "1", "busybox", "sleep", "1000"]);
    let status = |name: &str| engine.ok(&["inspect", "--format", STATUS, name]);
    assert_eq!(status("box"), "created");
    engine.ok(&["start", "box"]);
    assert_eq!(status("box"), "running");
    engine.ok(&["pause", "box"]);
    assert_eq!(status("box"), "paused");
    assert!(engine.ok(&["ps", "--format", "{{.Status}}"]).ends_with("(Paused)"));
    engine.ok(&["unpause", "box"]);
    engine.ok(&["rename", "box", "new"]);
    assert!(engine.fails(&["inspect", "box"]).to_lowercase().contains("no such object: box"));
    engine.ok(&["stop", "new"]);
    assert_eq!(status("new"), "exited");
    assert!(engine.ok(&["ps", "--all", "--format", "{{.Status}}"]).starts_with("Exited (137)"));
    engine.ok(&["restart", "new"]);
    assert!(engine.fails(&["rm", "new"]).contains("container is running"));
    engine.ok(&["rm", "--force", "new"]);
    assert_eq!(engine.ok(&["ps", "--all", "--quiet"]), "");
}

#[test]
fn wait_and_kill_tell_the_exit_code() {
    let Some(engine) = Engine::start() else { return };
    engine.ok(&["run", "--detach", "--name", "box", "busybox", "sleep", "1000"]);
    engine.ok(&["kill", "box"]);
    assert_eq!(engine.ok(&["wait", "box"]), "137");
    assert!(engine.fails(&["kill", "box"]).contains("is not running"));
    engine.ok(&["run", "--detach", "--name", "new", "busybox", "sh", "-c", "exit 3"]);
    assert_eq!(engine.ok(&["wait", "new"]), "3");
}

#[test]
fn names_are_unique_and_prefixes_find_a_container() {
    let Some(engine) = Engine::start() else { return };
    let id = engine.ok(&["create", "--name", "box", "busybox", "true"]);
    let taken = engine.fails(&["create", "--name", "box", "busybox", "true"]);
    assert!(taken.contains("Conflict. The container name \"/box\" is already in use"), "{taken}");
    assert_eq!(engine.ok(&["inspect", "--format", "{{.Name}}", &id[..8]]), "/box");
    assert!(engine.fails(&["start", "nope"]).contains("No such container: nope"));
}

#[test]
fn exec_runs_beside_the_container() {
    let Some(engine) = Engine::start() else { return };
    engine.ok(&["run", "--detach", "--name", "box", "--env", "A=b", "busybox", "sleep", "1000"]);
    let outcome = engine.docker(&["exec", "box", "sh", "-c", "echo $A; exit 7"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (7, "b\n"));
    let outcome = engine.docker(&["exec", "box", "nosuch"]);
    assert_eq!(outcome.code, 127, "{outcome:?}");
    assert!(outcome.stdout.contains("executable file not found"), "{outcome:?}");
    engine.ok(&["exec", "--detach", "box", "sh", "-c", "touch /made"]);
    engine.ok(&["exec", "box", "sh", "-c", "while ! [ -e /made ]; do :; done"]);
    assert_eq!(
        engine.ok(&["exec", "--workdir", "/tmp", "--user", "5:6", "box", "sh", "-c", "pwd; id -u; id -g"]),
        "/tmp\n5\n6"
    );
    engine.ok(&["kill", "box"]);
    assert!(engine.fails(&["exec", "box", "true"]).contains("is not running"));
}

#[test]
fn top_and_stats_look_into_a_running_container() {
    let Some(engine) = Engine::start() else { return };
    engine.ok(&["run", "--detach", "--name", "box", "--memory", "64m", "busybox", "sleep", "1000"]);
    let top = engine.ok(&["top", "box"]);
    assert!(top.contains("UID") && top.contains("sleep 1000"), "{top}");
    assert_eq!(engine.ok(&["top", "box", "-o", "pid,comm"]).lines().count(), 2);
    let stats = engine.ok(&["stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}} {{.PIDs}}", "box"]);
    assert!(stats.starts_with("box ") && stats.contains("/ 64MiB") && stats.ends_with(" 1"), "{stats}");
}

#[test]
fn inspect_shows_what_was_asked_for() {
    let Some(engine) = Engine::start() else { return };
    let create = [
        "create",
        "--name",
        "box",
        "--label",
        "x=y",
        "--restart",
        "on-failure:3",
        "--memory",
        "32m",
        "busybox",
        "true",
    ];
    engine.ok(&create);
    let show = |template: &str| engine.ok(&["inspect", "--format", template, "box"]);
    assert_eq!(
        show("{{index .Config.Labels \"x\"}} {{.Config.Image}} {{json .Config.Cmd}}"),
        "y busybox [\"true\"]"
    );
    assert_eq!(
        show("{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}"),
        "on-failure 3"
    );
    assert_eq!(show("{{.HostConfig.Memory}}"), "33554432");
    engine.ok(&["update", "--memory", "48m", "--memory-swap", "96m", "box"]);
    assert_eq!(show("{{.HostConfig.Memory}}"), "50331648");
}

#[test]
fn filters_choose_containers() {
    let Some(engine) = Engine::start() else { return };
    engine.ok(&["create", "--name", "one", "--label", "team=red", "busybox", "true"]);
    engine.ok(&["run", "--detach", "--name", "two", "busybox", "sleep", "1000"]);
    let names = |filter: &str| engine.ok(&["ps", "--all", "--filter", filter, "--format", "{{.Names}}"]);
    assert_eq!(names("label=team=red"), "one");
    assert_eq!(names("status=running"), "two");
    assert_eq!(names("name=^o"), "one");
    assert!(engine.fails(&["ps", "--filter", "colour=red"]).contains("invalid filter 'colour'"));
    engine.ok(&["container", "prune", "--force"]);
    assert_eq!(engine.ok(&["ps", "--all", "--format", "{{.Names}}"]), "two");
}

#[test]
fn a_health_check_shows_in_the_list() {
    let Some(engine) = Engine::start() else { return };
    let run = [
        "run",
        "--detach",
        "--name",
        "box",
        "--health-cmd",
        "test -e /ok",
        "--health-interval",
        "1s",
        "busybox",
    ];
    engine.ok(&[&run[..], &["sh", "-c", "touch /ok; sleep 1000"]].concat());
    engine.wait_for("box", "{{.State.Health.Status}}", "healthy");
    assert!(engine.ok(&["ps", "--format", "{{.Status}}"]).ends_with("(healthy)"));
}
