//! Health that the engine asks for itself, and what it does about containers that lose it.

use serde_json::{Value, json};

use crate::support::{TestEngine, engine, eventually};

const MILLISECOND: i64 = 1_000_000;

/// Waits for a state of health; gives its last result.
fn health(engine: &TestEngine, wanted: &str) -> Value {
    eventually(wanted, || {
        let health = engine.inspect("web")["State"]["Health"].clone();
        let last = health["Log"].as_array().and_then(|log| log.last().cloned()).unwrap_or_default();
        (health["Status"] == wanted).then_some(last)
    })
}

#[test]
fn an_image_without_a_client_is_asked_over_http() {
    let Some(engine) = engine() else { return };
    let script = "echo fine > /tmp/health; exec httpd -f -p 8000 -h /tmp";
    let more = json!({
        "Labels": {"dev.wharf.probe": "http://:8000/health"},
        "Healthcheck": {"Interval": 200 * MILLISECOND, "Retries": 1},
    });
    engine.run("web", &["sh", "-c", script], more);
    assert_eq!(health(&engine, "healthy")["Output"], "200 OK\nfine\n");
    engine.exec("web", &["/bin/busybox", "rm", "/tmp/health"]);
    let last = health(&engine, "unhealthy");
    assert_eq!(last["ExitCode"], 1);
    assert!(last["Output"].as_str().unwrap().starts_with("404 Not Found\n"), "{last}");
}

#[test]
fn a_port_can_be_enough_and_its_absence_is_told() {
    let Some(engine) = engine() else { return };
    let more = json!({
        "Labels": {"dev.wharf.probe": "tcp://:8000"},
        "Healthcheck": {"Interval": 200 * MILLISECOND, "Retries": 1},
    });
    engine.run(
        "web",
        &["sh", "-c", "while ! test -e /tmp/go; do sleep 0.1; done; exec httpd -f -p 8000"],
        more,
    );
    let last = health(&engine, "unhealthy");
    assert!(last["Output"].as_str().unwrap().starts_with("connect to port 8000: "), "{last}");
    engine.exec("web", &["touch", "/tmp/go"]);
    health(&engine, "healthy");
}

#[test]
fn labels_of_an_image_or_with_a_slip_ask_for_nothing() {
    let Some(engine) = engine() else { return };
    let wrong = json!({"Image": "busybox", "Cmd": ["true"], "Labels": {"dev.wharf.probe": "8000"}});
    let refused = engine.call("POST", "/containers/create?name=odd", Some(wrong));
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("tcp://:PORT"), "{}", refused.text());
    engine.create("base", &["true"], Value::Null);
    let change = "LABEL%20dev.wharf.probe%3Dtcp%3A%2F%2F%3A1%20team%3Dml";
    engine.post(&format!("/commit?container=base&repo=labelled&changes={change}"), json!({}));
    engine.post("/containers/create?name=made", json!({"Image": "labelled", "Cmd": ["true"]}));
    assert_eq!(engine.inspect("made")["Config"]["Labels"], json!({"team": "ml"}));
}

#[test]
fn an_unhealthy_container_is_restarted_until_its_budget_is_used_up() {
    let Some(engine) = engine() else { return };
    let more = json!({
        "Labels": {"dev.wharf.on_unhealthy": "restart"},
        "Healthcheck": {"Test": ["CMD", "false"], "Interval": 50 * MILLISECOND, "Retries": 1},
        "StopTimeout": 0,
    });
    engine.run("web", &["sleep", "600"], more);
    let status = || engine.get("/containers/json")[0]["Status"].as_str().unwrap_or_default().to_owned();
    eventually("the budget is used up", || {
        let used_up = status().ends_with("(unhealthy), unhealthy restarts used up (5/5)");
        let now = engine.inspect("web");
        (used_up && now["RestartCount"] == 5 && now["State"]["Status"] == "running").then_some(())
    });
    engine.post("/containers/web/restart?t=0", Value::Null);
    eventually("a restart by hand begins anew", || {
        (engine.inspect("web")["RestartCount"] == 1).then_some(())
    });
}
