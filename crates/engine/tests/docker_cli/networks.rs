//! Networks, inside the test's own network namespace.

use crate::support::Engine;

const SERVE: &str = "mkdir /www; echo page > /www/index.html; exec httpd -f -p 8080 -h /www";
const FETCH: &str = "until wget -qO- \"$0\" 2>/dev/null; do :; done";

#[test]
fn containers_find_each_other_by_name() {
    let Some(engine) = Engine::start() else { return };
    engine.ok(&["network", "create", "back"]);
    engine.ok(&[
        "run",
        "--detach",
        "--name",
        "web",
        "--network",
        "back",
        "--network-alias",
        "www",
        "busybox",
        "sh",
        "-c",
        SERVE,
    ]);
    for name in ["web", "www"] {
        let url = format!("http://{name}:8080/");
        assert_eq!(
            engine.ok(&["run", "--rm", "--network", "back", "busybox", "sh", "-c", FETCH, &url]),
            "page"
        );
    }
    assert_eq!(
        engine.ok(&["network", "inspect", "--format", "{{range .Containers}}{{.Name}}{{end}}", "back"]),
        "web"
    );
    assert!(engine.fails(&["network", "rm", "back"]).contains("has active endpoints"));
    engine.ok(&["rm", "--force", "web"]);
    engine.ok(&["network", "rm", "back"]);
}

#[test]
fn a_published_port_answers_on_the_host() {
    let Some(engine) = Engine::start() else { return };
    let run = [
        "run",
        "--detach",
        "--name",
        "web",
        "--publish",
        "127.0.0.1:8099:8080",
        "busybox",
        "sh",
        "-c",
        SERVE,
    ];
    engine.ok(&run);
    assert_eq!(engine.ok(&["port", "web"]), "8080/tcp -> 127.0.0.1:8099");
    let url = "http://127.0.0.1:8099/";
    assert_eq!(engine.ok(&["run", "--rm", "--network", "host", "busybox", "sh", "-c", FETCH, url]), "page");
    let taken =
        engine.fails(&["run", "--name", "other", "--publish", "127.0.0.1:8099:8080", "busybox", "true"]);
    assert!(taken.contains("port is already allocated"), "{taken}");
}

#[test]
fn a_running_container_is_connected_and_disconnected() {
    let Some(engine) = Engine::start() else { return };
    engine.ok(&["network", "create", "--label", "a=b", "extra"]);
    engine.ok(&["run", "--detach", "--name", "box", "busybox", "sleep", "1000"]);
    engine.ok(&["network", "connect", "extra", "box"]);
    assert!(engine.ok(&["exec", "box", "ip", "-o", "link"]).contains("eth1"));
    engine.ok(&["network", "disconnect", "extra", "box"]);
    assert!(!engine.ok(&["exec", "box", "ip", "-o", "link"]).contains("eth1"));
    engine.ok(&["network", "prune", "--force"]);
    assert_eq!(engine.ok(&["network", "ls", "--format", "{{.Name}}"]), "bridge\nhost\nnone");
    assert!(engine.fails(&["network", "rm", "bridge"]).contains("pre-defined network"));
    let outcome = engine.docker(&["run", "--network", "none-such", "busybox", "true"]);
    assert!(outcome.code == 125 && outcome.stderr.contains("network none-such not found"), "{outcome:?}");
    assert!(!outcome.stderr.contains("Unable to find image"), "{outcome:?}");
}
