//! Plans as text: what is wanted and what is there, and the steps between.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{DownOptions, Lifecycle, down, lifecycle, up};
use crate::plan::desired::{Desired, Recreate, UpOptions};
use crate::plan::labels;
use crate::plan::observed::{Health, Observed, ObservedContainer, ObservedResource, State};
use crate::project::Project;
use crate::project::model::{Condition, Dependency, Mount, MountKind, Network, Service, Volume};

/// `db` with a volume, `api` that waits for it.
pub(super) fn project() -> Arc<Project> {
    let networks = || [("default".to_owned(), None)].into();
    let db = Service {
        name: "db".into(),
        image: "postgres:15".into(),
        networks: networks(),
        volumes: vec![Mount {
            kind: MountKind::Volume,
            source: "data".into(),
            target: "/data".into(),
            ..Mount::default()
        }],
        ..Service::default()
    };
    let dependency = Dependency { condition: Condition::ServiceHealthy, ..Dependency::default() };
    let api = Service {
        name: "api".into(),
        image: "api".into(),
        networks: networks(),
        depends_on: [("db".to_owned(), dependency)].into(),
        ..Service::default()
    };
    Arc::new(Project {
        name: "app".into(),
        services: [("api".to_owned(), api), ("db".to_owned(), db)].into(),
        networks: [("default".to_owned(), Network { name: "app_default".into(), ..Network::default() })]
            .into(),
        volumes: [("data".to_owned(), Volume { name: "app_data".into(), ..Volume::default() })].into(),
        ..Project::default()
    })
}

fn desired(options: UpOptions) -> Desired {
    Desired::from_project(&project(), options).unwrap()
}

fn images() -> BTreeMap<String, String> {
    [("postgres:15", "sha256:p"), ("api", "sha256:a")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
}

/// What `up` leaves behind.
pub(super) fn settled(desired: &Desired) -> Observed {
    let resource = |id: &str, hash: &str| ObservedResource {
        id: id.into(),
        project: Some("app".into()),
        key: None,
        config_hash: Some(hash.into()),
    };
    let label = |labels: &Option<std::collections::HashMap<String, String>>| {
        labels.as_ref().unwrap()[labels::CONFIG_HASH].clone()
    };
    let network = label(&desired.networks["default"].request.as_ref().unwrap().labels);
    let volume = label(&desired.volumes["data"].request.as_ref().unwrap().labels);
    Observed {
        containers: vec![container(desired, "api", 1), container(desired, "db", 1)],
        networks: [("app_default".to_owned(), resource("net1", &network))].into(),
        volumes: [("app_data".to_owned(), resource("app_data", &volume))].into(),
        images: images(),
    }
}

pub(super) fn container(desired: &Desired, service: &str, number: u32) -> ObservedContainer {
    let wanted = desired.service(service).unwrap();
    let spec = wanted.container(number, &desired.options).unwrap();
    let mut all: BTreeMap<String, String> = spec.body.labels.unwrap().into_iter().collect();
    all.insert(labels::IMAGE.to_owned(), images()[&wanted.image.reference].clone());
    let mounts = wanted.volumes.iter().map(|key| bollard::models::MountPoint {
        typ: Some("volume".into()),
        name: Some(desired.volumes[key].name.clone()),
        destination: Some("/data".into()),
        ..Default::default()
    });
    ObservedContainer {
        id: format!("{service}{number}0123456789abcdef"),
        name: spec.name,
        service: service.into(),
        number: Some(number),
        one_off: false,
        state: State::Running,
        health: (service == "db").then_some(Health::Healthy),
        exit_code: None,
        image_id: String::new(),
        image: String::new(),
        command: String::new(),
        created: 0,
        status: String::new(),
        networks: [("app_default".to_owned(), "net1".to_owned())].into(),
        mounts: mounts.collect(),
        ports: Vec::new(),
        labels: all,
    }
}

fn text(options: UpOptions, change: impl FnOnce(&mut Observed)) -> String {
    let desired = desired(options);
    let mut observed = settled(&desired);
    change(&mut observed);
    up(&desired, &observed).unwrap().to_string()
}

#[test]
fn everything_from_nothing() {
    let plan = up(&desired(UpOptions::default()), &Observed::default()).unwrap();
    insta::assert_snapshot!(plan, @r"
      1  pull image api (missing)
      2  pull image postgres:15 (missing)
      3  create network app_default (missing)
      4  create volume app_data (missing)
      5  create container app-db-1 (missing) after 2,3,4
      6  start container app-db-1 (not running) after 5
      7  create container app-api-1 (missing) after 1,3
      8  wait until db is healthy (needed by api) after 6
      9  start container app-api-1 (not running) after 7,8
    ");
}

#[test]
fn a_mounted_image_is_pulled_or_built_before_the_container_is_made() {
    let mut project = Project::clone(&project());
    let image = |source: &str| Mount {
        kind: MountKind::Image,
        source: source.into(),
        target: format!("/{source}"),
        ..Mount::default()
    };
    let database = project.services.get_mut("db").unwrap();
    database.volumes.extend([image("model"), image("api"), image("postgres:15")]);
    let desired = Desired::from_project(&Arc::new(project), UpOptions::default()).unwrap();
    let plan = up(&desired, &Observed::default()).unwrap().to_string();
    assert!(plan.contains("2  pull image model (missing)"), "{plan}");
    assert!(plan.contains("create container app-db-1 (missing) after 1,2,3,4,5"), "{plan}");
}

#[test]
fn nothing_when_everything_is_there() {
    insta::assert_snapshot!(text(UpOptions::default(), |_| {}), @r"
    =  keep container app-db-1
    =  keep container app-api-1
    ");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let plan = || text(UpOptions { recreate: Recreate::Force, ..UpOptions::default() }, |_| {});
    assert_eq!(plan(), plan());
}

#[test]
fn a_changed_service_is_replaced_and_nothing_else() {
    let changed = text(UpOptions::default(), |observed| {
        observed.containers[0].labels.insert(labels::CONFIG_HASH.to_owned(), "old".into());
    });
    insta::assert_snapshot!(changed, @r"
      1  create container api101234567_app-api-1 (configuration changed)
      2  stop container app-api-1 (replaces app-api-1) after 1
      3  remove container app-api-1 (replaces app-api-1) after 2
      4  rename container api101234567_app-api-1 to app-api-1 (replaces app-api-1) after 3
      5  start container app-api-1 (not running) after 4
      =  keep container app-db-1
    ");
}

#[test]
fn a_rebuilt_image_replaces_its_containers() {
    let changed = text(UpOptions::default(), |observed| {
        observed.images.insert("api".into(), "sha256:new".into());
    });
    assert!(changed.contains("create container api101234567_app-api-1 (image changed)"), "{changed}");
}

#[test]
fn scale_up_keeps_the_numbers_going() {
    let scaled = text(UpOptions { scale: [("api".to_owned(), 3)].into(), ..UpOptions::default() }, |_| {});
    insta::assert_snapshot!(scaled, @r"
      1  create container app-api-2 (missing)
      2  create container app-api-3 (missing)
      3  start container app-api-2 (not running) after 1
      4  start container app-api-3 (not running) after 2
      =  keep container app-db-1
      =  keep container app-api-1
    ");
}

#[test]
fn scale_down_removes_the_highest_numbers() {
    let options = UpOptions { scale: [("api".to_owned(), 1)].into(), ..UpOptions::default() };
    let scaled = text(options.clone(), |observed| {
        observed.containers.push(container(&desired(options), "api", 2));
    });
    insta::assert_snapshot!(scaled, @r"
      1  stop container app-api-2 (scale down)
      2  remove container app-api-2 (scale down) after 1
      =  keep container app-db-1
      =  keep container app-api-1
    ");
}

#[test]
fn a_stopped_dependency_is_started_and_waited_for() {
    let plan = text(UpOptions::default(), |observed| {
        for container in &mut observed.containers {
            container.state = State::Exited;
            container.health = None;
        }
    });
    insta::assert_snapshot!(plan, @r"
      1  start container app-db-1 (not running)
      2  wait until db is healthy (needed by api) after 1
      3  start container app-api-1 (not running) after 2
    ");
}

#[test]
fn an_interrupted_replacement_is_finished() {
    // The old container is gone; the new one still has its temporary name and never ran.
    let plan = text(UpOptions::default(), |observed| {
        observed.containers[0].name = "0123456789ab_app-api-1".into();
        observed.containers[0].state = State::Created;
    });
    insta::assert_snapshot!(plan, @r"
      1  rename container 0123456789ab_app-api-1 to app-api-1 (replaces app-api-1)
      2  start container app-api-1 (not running) after 1
      =  keep container app-db-1
    ");
}

#[test]
fn of_two_containers_with_one_number_the_running_one_stays() {
    let options = UpOptions { scale: [("api".to_owned(), 2)].into(), ..UpOptions::default() };
    let plan = text(options.clone(), |observed| {
        let desired = desired(options);
        let mut half_made = container(&desired, "api", 1);
        half_made.id = "new".into();
        half_made.name = "0123456789ab_app-api-1".into();
        half_made.state = State::Created;
        let mut second = container(&desired, "api", 2);
        second.state = State::Exited;
        observed.containers.extend([half_made, second]);
    });
    insta::assert_snapshot!(plan, @r"
      1  remove container 0123456789ab_app-api-1 (left by an interrupted update)
      2  start container app-api-2 (not running)
      =  keep container app-db-1
      =  keep container app-api-1
    ");
}

#[test]
fn orphans_are_spoken_of_and_removed_when_asked() {
    let orphan = |observed: &mut Observed| {
        observed.containers[0].service = "gone".into();
        observed.containers[0].name = "app-gone-1".into();
    };
    let desired = desired(UpOptions { no_start: true, ..UpOptions::default() });
    let mut observed = settled(&desired);
    orphan(&mut observed);
    let warned = up(&desired, &observed).unwrap();
    assert!(warned.warnings[0].contains("app-gone-1"), "{:?}", warned.warnings);
    let removed = text(UpOptions { remove_orphans: true, ..UpOptions::default() }, orphan);
    assert!(removed.contains("remove container app-gone-1 (orphan)"), "{removed}");
}

#[test]
fn down_takes_dependents_first() {
    let desired = desired(UpOptions::default());
    let observed = settled(&desired);
    let plan = down("app", &observed, &DownOptions { volumes: true, ..DownOptions::default() });
    insta::assert_snapshot!(plan, @r"
      1  stop container app-api-1 (asked)
      2  remove container app-api-1 and its anonymous volumes (asked) after 1
      3  stop container app-db-1 (asked) after 2
      4  remove container app-db-1 and its anonymous volumes (asked) after 3
      5  remove network app_default (asked) after 2,4
      6  remove volume app_data (asked) after 2,4
    ");
}

#[test]
fn start_waits_as_the_labels_say() {
    let desired = desired(UpOptions::default());
    let mut observed = settled(&desired);
    for container in &mut observed.containers {
        container.state = State::Exited;
    }
    let containers: Vec<&ObservedContainer> = observed.containers.iter().collect();
    insta::assert_snapshot!(lifecycle(&containers, &Lifecycle::Start), @r"
      1  start container app-db-1 (asked)
      2  wait until db is healthy (needed by a dependent) after 1
      3  start container app-api-1 (asked) after 2
    ");
    insta::assert_snapshot!(lifecycle(&containers, &Lifecycle::Stop(None)), @r"
      1  stop container app-api-1 (asked)
      2  stop container app-db-1 (asked) after 1
    ");
}
