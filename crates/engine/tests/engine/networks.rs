//! Names and published ports.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{TestEngine, engine, eventually};

const SERVER: &str = "mkdir /www; hostname > /www/index.html; exec httpd -f -p 80 -h /www";

fn replica(engine: &TestEngine, name: &str, healthy: &str) {
    let more = json!({
        "Hostname": name,
        "Labels": {"com.docker.compose.project": "p", "com.docker.compose.service": "web"},
        "Healthcheck": {"Test": ["CMD-SHELL", healthy], "Interval": 200_000_000_i64, "Retries": 1},
        "HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "18080"}]}},
    });
    engine.run(name, &["sh", "-c", SERVER], more);
}

fn answers(engine: &TestEngine, count: usize) -> BTreeMap<String, usize> {
    let mut answers = BTreeMap::new();
    for _ in 0..count {
        *answers.entry(engine.fetch("127.0.0.1:18080")).or_default() += 1;
    }
    answers
}

fn expect(pairs: &[(&str, usize)]) -> BTreeMap<String, usize> {
    pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[test]
fn replicas_share_a_port_evenly_and_only_healthy_ones_answer() {
    let Some(engine) = engine() else { return };
    for name in ["web1", "web2", "web3"] {
        replica(&engine, name, "test ! -e /tmp/sick");
    }
    let health = |name: &str, wanted: &str| {
        eventually(wanted, || (engine.inspect(name)["State"]["Health"]["Status"] == wanted).then_some(()));
    };
    for name in ["web1", "web2", "web3"] {
        health(name, "healthy");
    }
    assert_eq!(answers(&engine, 9), expect(&[("web1", 3), ("web2", 3), ("web3", 3)]));
    engine.exec("web2", &["touch", "/tmp/sick"]);
    health("web2", "unhealthy");
    assert_eq!(answers(&engine, 6), expect(&[("web1", 3), ("web3", 3)]));
    engine.post("/containers/web3/stop?t=0", Value::Null);
    assert_eq!(answers(&engine, 4), expect(&[("web1", 4)]));
}

#[test]
fn a_port_of_another_container_is_refused_with_dockers_text() {
    let Some(engine) = engine() else { return };
    let published = json!({"HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "18080"}]}}});
    engine.run("one", &["sleep", "600"], published.clone());
    engine.create("two", &["sleep", "600"], published);
    let refused = engine.call("POST", "/containers/two/start", None);
    assert_eq!(refused.status, 500);
    assert!(
        refused.text().contains("Bind for 0.0.0.0:18080 failed: port is already allocated"),
        "{}",
        refused.text()
    );
    assert_eq!(engine.inspect("two")["State"]["Status"], "created");
    engine.call("DELETE", "/containers/one?force=1", None);
    engine.post("/containers/two/start", Value::Null);
}

#[test]
fn containers_find_each_other_by_name_and_alias() {
    let Some(engine) = engine() else { return };
    engine.post("/networks/create", json!({"Name": "back"}));
    let on = |aliases: &[&str]| {
        json!({"HostConfig": {"NetworkMode": "back"},
            "NetworkingConfig": {"EndpointsConfig": {"back": {"Aliases": aliases}}}})
    };
    engine.run("db", &["sh", "-c", SERVER], on(&["database"]));
    engine.run("client", &["sleep", "600"], on(&[]));
    for name in ["db", "database"] {
        let page = eventually("the server answers", || {
            let (code, page) = engine.exec("client", &["wget", "-q", "-O", "-", &format!("http://{name}/")]);
            (code == 0).then_some(page)
        });
        assert!(!page.is_empty());
    }
    let refused = engine.call("DELETE", "/networks/back", None);
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("has active endpoints"), "{}", refused.text());
}

#[test]
fn a_running_container_is_connected_and_disconnected() {
    let Some(engine) = engine() else { return };
    engine.post("/networks/create", json!({"Name": "extra"}));
    engine.run("web", &["sleep", "600"], Value::Null);
    engine.post("/networks/extra/connect", json!({"Container": "web"}));
    assert!(
        engine.inspect("web")["NetworkSettings"]["Networks"]["extra"]["IPAddress"].as_str().unwrap().len()
            > 6
    );
    assert_eq!(engine.exec("web", &["ls", "/sys/class/net/eth1"]).0, 0);
    engine.post("/networks/extra/disconnect", json!({"Container": "web"}));
    assert_ne!(engine.exec("web", &["ls", "/sys/class/net/eth1"]).0, 0);
    assert_eq!(engine.call("DELETE", "/networks/extra", None).status, 204);
}
