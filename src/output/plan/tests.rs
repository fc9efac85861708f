//! The three forms of one plan.

use super::{PlanFormat, Sheet};
use crate::plan::step::{Action, Change, ContainerTarget, Destroyed, DestroyedKind, Plan, Readiness, Reason};

fn sheet() -> Sheet {
    let target = |service: &str| ContainerTarget {
        id: service.to_owned(),
        name: format!("app-{service}-1"),
        service: service.to_owned(),
    };
    let mut plan = Plan::default();
    let removed = plan.push(Action::RemoveVolume("app_data".into()), Reason::Asked, Vec::new());
    plan.steps[removed].destroyed =
        vec![Destroyed { kind: DestroyedKind::Volume, name: "app_data".into(), bytes: Some(12_300_000) }];
    let started = plan.push(Action::StartContainer(target("db")), Reason::NotRunning, vec![removed]);
    let wait =
        Action::Wait { until: Readiness::Healthy, containers: vec![target("db")], service: "db".into() };
    let healthy = plan.push(wait, Reason::NeededBy("web".into()), vec![started]);
    let web = plan.push(Action::StartContainer(target("web")), Reason::ConfigChanged, Vec::new());
    plan.steps[web].after_optional = vec![healthy];
    plan.steps[web].changes = vec![Change {
        field: "environment.LOG_LEVEL".into(),
        old: Some("info".into()),
        new: None,
        place: Some("compose.yaml:7:9".into()),
    }];
    plan.kept.push("app-cache-1".into());
    Sheet::of("app", &plan)
}

#[test]
fn as_lines() {
    insta::assert_snapshot!(sheet().render(PlanFormat::Text), @r"
      1  remove volume app_data (asked)
           destroys volume app_data (12.3MB)
      2  start container app-db-1 (not running) after 1
      3  wait until db is healthy (needed by web) after 2
      4  start container app-web-1 (configuration changed) if possible after 3
           environment.LOG_LEVEL: info → (not set)  [compose.yaml:7:9]
      =  keep container app-cache-1
    ");
}

#[test]
fn as_a_tree() {
    insta::assert_snapshot!(sheet().render(PlanFormat::Tree), @r"
    app: 4 steps
    ├─ volumes
    │  └─ remove volume app_data (asked)
    │     └─ destroys volume app_data (12.3MB)
    ├─ service db
    │  ├─ start container app-db-1 (not running)
    │  └─ wait until db is healthy (needed by web)
    ├─ service web
    │  └─ start container app-web-1 (configuration changed)
    │     └─ environment.LOG_LEVEL: info → (not set)  [compose.yaml:7:9]
    └─ unchanged
       └─ container app-cache-1
    ");
}

#[test]
fn as_json() {
    let document: serde_json::Value = serde_json::from_str(&sheet().render(PlanFormat::Json)).unwrap();
    assert_eq!(document["steps"][0]["destroys"][0]["bytes"], 12_300_000);
    assert_eq!(document["steps"][2]["resource"], "service");
    assert_eq!(document["steps"][3]["after_optional"], serde_json::json!([3]));
    assert_eq!(document["steps"][3]["changes"][0]["new"], serde_json::Value::Null);
    assert_eq!(document["unchanged"][0], "app-cache-1");
}

#[test]
fn nothing_to_do_is_said() {
    let nothing = Sheet::of("app", &Plan::default());
    assert_eq!(nothing.render(PlanFormat::Text), "nothing to do\n");
    assert_eq!(nothing.render(PlanFormat::Tree), "app: nothing to do\n");
}
