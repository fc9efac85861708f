//! The account for programs; `schema/why.json` describes it.

use serde_json::{Value, json};

use super::{Account, ContainerAccount, HealthAccount};

/// The text to print, with its last line end.
pub fn render(account: &Account) -> String {
    let waits = account.waits.iter().map(|wait| {
        json!({
            "service": wait.service,
            "condition": wait.condition,
            "required": wait.required,
            "met": wait.met,
            "now": wait.now,
            "place": wait.place,
        })
    });
    let document = json!({
        "version": 1,
        "project": account.project,
        "service": account.service,
        "place": account.place,
        "verdict": account.verdict,
        "containers": account.containers.iter().map(container).collect::<Vec<_>>(),
        "waits": waits.collect::<Vec<_>>(),
        "plan": account.plan.as_ref().map(|rows| super::super::plan::steps(rows)),
    });
    format!("{document:#}\n")
}

fn container(container: &ContainerAccount) -> Value {
    json!({
        "name": container.name,
        "state": container.state,
        "since": container.since,
        "created": container.created,
        "maker": container.maker,
        "last_end": container.last_end,
        "files": container.files,
        "config_hash": container.config_hash,
        "image": container.image,
        "restarts": container.restarts,
        "error": container.error,
        "exit_code": container.exit_code,
        "out_of_memory": container.out_of_memory,
        "health": container.health.as_ref().map(health),
        "output": container.output,
    })
}

fn health(health: &HealthAccount) -> Value {
    let probes = health.probes.iter();
    let probes = probes.map(|p| json!({ "at": p.at, "exit_code": p.exit_code, "output": p.output }));
    json!({
        "status": health.status,
        "failures": health.failures,
        "retries": health.retries,
        "test": health.test,
        "probes": probes.collect::<Vec<_>>(),
    })
}
