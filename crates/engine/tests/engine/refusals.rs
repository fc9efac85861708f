//! What cannot be done is refused before anything is made.

use serde_json::{Value, json};

use crate::support::engine;

#[test]
fn wrong_requests_are_named_and_leave_nothing() {
    let Some(engine) = engine() else { return };
    let wrong = [
        (json!({"Image": "nope"}), 404, "No such image: nope:latest"),
        (json!({"Image": "busybox"}), 400, "no command specified"),
        // Not 404: clients take that for a missing image and pull.
        (json!({"HostConfig": {"NetworkMode": "nope"}}), 400, "network nope not found"),
        (
            json!({"HostConfig": {"DeviceRequests": [{"Count": 1, "Capabilities": [["gpu"]]}]}}),
            400,
            "could not select device driver \\\"nvidia\\\" with capabilities: [[gpu]]",
        ),
        (json!({"HostConfig": {"Memory": 1024}}), 400, "Minimum memory limit allowed is 6MB"),
        (json!({"HostConfig": {"LogConfig": {"Type": "syslog"}}}), 400, "logging plugin syslog"),
        (json!({"HostConfig": {"Warp": 9}}), 501, "option Warp is not supported"),
        (json!({"HostConfig": {"CapAdd": ["SUPER"]}}), 400, "invalid CapAdd: unknown capability"),
        (
            json!({"HostConfig": {"Mounts": [{"Type": "bind", "Source": "/no/such", "Target": "/x"}]}}),
            400,
            "bind source path does not exist: /no/such",
        ),
    ];
    for (more, status, text) in wrong {
        let mut body = json!({"Image": "busybox", "Cmd": ["true"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        if text.contains("no command") {
            body.as_object_mut().unwrap().remove("Cmd");
        }
        let answer = engine.call("POST", "/containers/create?name=bad", Some(body));
        assert_eq!(answer.status, status, "{text}: {}", answer.text());
        assert!(answer.text().contains(text), "{text}: {}", answer.text());
    }
    assert_eq!(engine.get("/containers/json?all=1"), Value::Array(Vec::new()));
    assert_eq!(std::fs::read_dir(engine.root().join("containers")).unwrap().count(), 0);
}
