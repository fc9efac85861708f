//! A compose file as what is sent to an engine: loaded, checked, planned.

use std::path::Path;
use std::sync::Arc;

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum};
use serde_json::{Value, json};
use wharf::plan::desired::UpOptions;
use wharf::plan::labels;
use wharf::plan::observed::ObservedContainer;
use wharf::plan::step::{Action, Plan};
use wharf::plan::{Desired, Observed, planner};
use wharf::project::attributes::{self, EngineKind, Findings, Scope};
use wharf::project::{LoadOptions, Project, load};

/// Loads a compose file whose relative paths start in `folder`.
pub fn project(folder: &Path, yaml: &str) -> Arc<Project> {
    let file = folder.join("compose.yaml");
    std::fs::write(&file, yaml).unwrap();
    let options = LoadOptions {
        files: vec![file],
        project_name: Some("app".to_owned()),
        current_directory: folder.to_path_buf(),
        profiles: vec!["on".to_owned()],
        environment: [("TOKEN".to_owned(), "sesame".to_owned())].into(),
        ..LoadOptions::default()
    };
    let loaded = load(&options).unwrap_or_else(|failure| panic!("{yaml}\n{:#?}", failure.diagnostics));
    Arc::new(loaded.project)
}

/// What an engine cannot do for it.
pub fn findings(project: &Project, engine: EngineKind) -> Findings {
    attributes::check(project, engine, Scope::Everything)
}

/// The plan of `up` where nothing exists.
pub fn plan(project: &Arc<Project>) -> Plan {
    let desired = Desired::from_project(project, UpOptions::default()).unwrap();
    planner::up(&desired, &Observed::default()).unwrap()
}

/// The update of service `web` where an older container of it runs.
pub fn update(project: &Arc<Project>) -> Value {
    let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let summary = ContainerSummary {
        id: Some("0123456789abcdef".to_owned()),
        names: Some(vec!["/app-web-1".to_owned()]),
        state: Some(ContainerSummaryStateEnum::RUNNING),
        labels: Some([label(labels::SERVICE, "web"), label(labels::NUMBER, "1")].into()),
        ..ContainerSummary::default()
    };
    let containers = vec![ObservedContainer::from_summary(&summary)];
    let desired = Desired::from_project(project, UpOptions::default()).unwrap();
    let plan = planner::up(&desired, &Observed { containers, ..Observed::default() }).unwrap();
    let rollout = plan.rollouts.first();
    rollout.map_or(
        Value::Null,
        |it| json!({ "pace": format!("{:?}", it.pace), "back": format!("{:?}", it.back) }),
    )
}

/// The requests of a plan: containers, networks and volumes by name, and everything as text.
pub fn requests(plan: &Plan) -> Value {
    let mut all = json!({ "containers": {}, "networks": {}, "volumes": {}, "plan": plan.to_string() });
    for step in &plan.steps {
        match &step.action {
            Action::CreateContainer { spec, name } => {
                all["containers"][name] = serde_json::to_value(&spec.body).unwrap();
                all["containers"][name]["files"] = format!("{:?}", spec.files).into();
                all["containers"][name]["platform"] = spec.platform.clone().into();
            }
            Action::RunContainer { spec, .. } => {
                all["containers"][&spec.name] = serde_json::to_value(&spec.body).unwrap();
            }
            Action::CreateNetwork(request) => {
                all["networks"][&request.name] = serde_json::to_value(&**request).unwrap()
            }
            Action::CreateVolume(request) => {
                let name = request.name.clone().unwrap();
                all["volumes"][name] = serde_json::to_value(&**request).unwrap();
            }
            Action::BuildImage(request) => all["build"] = format!("{request:?}").into(),
            Action::PullImage(pull) => all["pull"] = format!("{pull:?}").into(),
            Action::RunHook { hook, .. } => all[hook.moment] = format!("{hook:?}").into(),
            _ => {}
        }
    }
    all
}
