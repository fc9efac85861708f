//! From whatever is there a plan leads to what is wanted, and nothing is left to plan; a plan that failed anywhere leaves
//! nothing that the next one cannot finish.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use proptest::test_runner::Config;
use wharf::plan::desired::{Recreate, UpOptions};
use wharf::plan::observed::State;
use wharf::plan::planner;
use wharf::plan::{Desired, Plan};
use wharf::project::Project;

use super::model::{Engine, PROJECT, end};
use super::{command, edits};

/// The project as it was, and as it is: a changed service, a changed network, one service fewer and one more.
const BEFORE: &str = "
services:
  db: {image: db, volumes: [data:/data, /scratch], healthcheck: {test: 'true'}, networks: [back]}
  api: {image: api, scale: 2, depends_on: {db: {condition: service_healthy, restart: true}}, networks: [back, front]}
  proxy: {image: proxy, network_mode: 'service:api', container_name: the-proxy}
  old: {image: api}
networks: {back: {}, front: {}}
volumes: {data: {}}
";
const AFTER: &str = "
services:
  db: {image: db, volumes: [data:/data, /scratch], healthcheck: {test: 'true'}, networks: [back]}
  api: {image: api, scale: 3, environment: {A: '1'}, depends_on: {db: {condition: service_healthy, restart: true}},
        networks: [back, front], post_start: [{command: x}], pre_stop: [{command: y}]}
  proxy: {image: proxy, network_mode: 'service:api', container_name: the-proxy}
  new: {image: db, volumes_from: [db], depends_on: [api], networks: [front]}
networks: {back: {}, front: {labels: [x]}}
volumes: {data: {}}
";

static PROJECTS: LazyLock<[Arc<Project>; 2]> = LazyLock::new(|| {
    [BEFORE, AFTER].map(|text| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("compose.yaml"), text).unwrap();
        command::load(folder.path(), &[], &[], true)
    })
});

/// Something that happened to what is there; numbers choose among what there is.
#[derive(Clone, Debug)]
enum Event {
    State(usize, &'static str),
    Remove(usize),
    WrongHash(usize),
    Disconnect(usize),
    Unmount(usize),
    HalfRenamed(usize),
    Twin(usize),
    HalfMadeReplacement(usize),
    Orphan(usize),
    OneOff(usize),
    Image(usize),
    NetworkGone(usize),
    NetworkAnew(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let any = 0..8_usize;
    let state = prop::sample::select(vec!["created", "running", "paused", "restarting", "exited", "dead"]);
    prop_oneof![
        3 => (any.clone(), state).prop_map(|(which, state)| Event::State(which, state)),
        1 => any.clone().prop_map(Event::Remove),
        2 => any.clone().prop_map(Event::WrongHash),
        1 => any.clone().prop_map(Event::Disconnect),
        1 => any.clone().prop_map(Event::Unmount),
        1 => any.clone().prop_map(Event::HalfRenamed),
        1 => any.clone().prop_map(Event::Twin),
        2 => any.clone().prop_map(Event::HalfMadeReplacement),
        1 => any.clone().prop_map(Event::Orphan),
        1 => any.clone().prop_map(Event::OneOff),
        1 => any.clone().prop_map(Event::Image),
        1 => any.clone().prop_map(Event::NetworkGone),
        1 => any.prop_map(Event::NetworkAnew),
    ]
}

/// The lines that make an event of what there is; none when there is nothing to happen to.
fn lines(engine: &Engine, event: &Event, number: usize) -> Vec<String> {
    let names: Vec<&String> = engine.observed.containers.iter().map(|container| &container.name).collect();
    let at = |which: &usize| names.get(which % names.len().max(1)).map(|name| (*name).clone());
    let container =
        |which: &usize, line: &dyn Fn(String) -> String| at(which).map(line).into_iter().collect();
    let networks: Vec<&String> = engine.observed.networks.keys().collect();
    let network = |which: &usize, change: &str| {
        let found = networks.get(which % networks.len().max(1));
        found.map(|name| format!("network {name} {change}")).into_iter().collect()
    };
    match event {
        Event::State(which, state) => container(which, &|name| format!("state {name} {state}")),
        Event::Remove(which) => container(which, &|name| format!("remove {name}")),
        Event::WrongHash(which) => {
            container(which, &|name| format!("label {name} com.docker.compose.config-hash=other"))
        }
        Event::Disconnect(which) => container(which, &|name| format!("disconnect {name} app_back")),
        Event::Unmount(which) => container(which, &|name| format!("unmount {name} /data")),
        Event::HalfRenamed(which) => container(which, &|name| format!("rename {name} {number:012x}_{name}")),
        Event::Twin(which) => container(which, &|name| format!("copy {name} twin{number} 1")),
        Event::HalfMadeReplacement(which) => at(which).map_or_else(Vec::new, |name| {
            let position = engine.observed.containers.iter().position(|c| c.name == name);
            let of = position.and_then(|at| engine.observed.containers[at].number).unwrap_or(1);
            let id =
                position.map(|at| engine.observed.containers[at].id[..12].to_owned()).unwrap_or_default();
            let temporary = format!("{id}_{name}");
            if engine.observed.containers.iter().any(|c| c.name == temporary) {
                return Vec::new();
            }
            vec![format!("copy {name} {temporary} {of}"), format!("state {temporary} created")]
        }),
        // A half-made replacement never changes its service.
        Event::Orphan(which)
            if at(which).is_some_and(|name| name.contains("_app") || name.contains("_the")) =>
        {
            Vec::new()
        }
        Event::Orphan(which) => at(which).map_or_else(Vec::new, |name| {
            vec![format!("service {name} gone"), format!("rename {name} app-gone-{number}")]
        }),
        Event::OneOff(which) => container(which, &|name| format!("one-off run{number} {name} exited")),
        Event::Image(which) => {
            let image = ["db", "api", "proxy"][which % 3];
            vec![format!("image {image} new{number}")]
        }
        Event::NetworkGone(which) => network(which, "gone"),
        Event::NetworkAnew(which) => network(which, "anew"),
    }
}

/// What is there before `up`: the project as it was, or nothing, and then what happened.
fn situation(empty: bool, events: &[Event]) -> Engine {
    let mut engine = Engine::default();
    if !empty {
        command::bring_up(&PROJECTS[0], UpOptions::default(), &mut engine).unwrap();
    }
    for (number, event) in events.iter().enumerate() {
        for line in lines(&engine, event, number) {
            edits::apply(&mut engine, &line);
        }
    }
    // An engine takes what runs in a network that is gone out of it.
    let networks: BTreeSet<String> = engine.observed.networks.keys().cloned().collect();
    for container in &mut engine.observed.containers {
        if container.networks.keys().any(|name| !networks.contains(name)) && container.is_running() {
            end(container, 0);
        }
    }
    engine
}

fn options() -> impl Strategy<Value = UpOptions> {
    let recreate = prop::sample::select(vec![Recreate::Diverged, Recreate::Force]);
    (recreate, any::<bool>(), any::<bool>()).prop_map(|(recreate, remove_orphans, renew)| UpOptions {
        recreate,
        remove_orphans,
        renew_anonymous_volumes: renew,
        ..UpOptions::default()
    })
}

/// The plan of a plain `up` now.
fn next_plan(engine: &Engine) -> Plan {
    let desired = Desired::from_project(&PROJECTS[1], UpOptions::default()).unwrap();
    planner::up(&desired, &engine.observed).unwrap()
}

/// Everything is as wanted: each replica once, running, under its own name, and nothing half-made.
fn check_settled(engine: &Engine) -> Result<(), TestCaseError> {
    let plan = next_plan(engine);
    prop_assert!(plan.is_empty(), "left to do:\n{plan}{:#?}", engine.observed.containers);
    let desired = Desired::from_project(&PROJECTS[1], UpOptions::default()).unwrap();
    for service in &desired.services {
        let replicas = engine.observed.containers.iter().filter(|c| c.service == service.name && !c.one_off);
        let replicas: Vec<_> = replicas.collect();
        prop_assert_eq!(replicas.len(), service.scale, "replicas of {}", service.name);
        let numbers: BTreeSet<_> = replicas.iter().map(|c| c.number).collect();
        prop_assert_eq!(numbers.len(), service.scale, "numbers of {}", service.name);
        for replica in replicas {
            prop_assert!(matches!(replica.state, State::Running | State::Paused | State::Restarting));
            let number = replica.number.unwrap_or_default();
            let name = match service.source.container_name.as_str() {
                "" => format!("{PROJECT}-{}-{number}", service.name),
                fixed => fixed.to_owned(),
            };
            // A twin that somebody made under a name of its own keeps it.
            prop_assert!(
                replica.name == name || replica.name.starts_with("twin"),
                "{} is {}",
                name,
                replica.name
            );
        }
    }
    Ok(())
}

/// Runs `up` as the program does, in any order that the edges allow, with steps that fail. Gives the refusals.
fn up(engine: &mut Engine, options: &UpOptions, choices: &[usize], failing: &[usize]) -> Vec<String> {
    let mut desired = Desired::from_project(&PROJECTS[1], options.clone()).unwrap();
    let mut choices = choices.iter().cycle();
    let mut choose = |count: usize| choices.next().map_or(0, |choice| choice % count);
    let plan = planner::up(&desired, &engine.observed).unwrap();
    let mut refusals = engine.run_some(&plan.images_only(), &mut choose, &[]);
    desired.options.images_settled = true;
    let plan = planner::up(&desired, &engine.observed).unwrap();
    let failing: Vec<usize> = failing.iter().map(|at| at % plan.steps.len().max(1)).collect();
    let run = engine.run_some(&plan, &mut choose, &failing);
    refusals.extend(run.into_iter().map(|refusal| format!("{refusal} of\n{plan}")));
    refusals
}

proptest! {
    #![proptest_config(Config { cases: 400, failure_persistence: None, ..Config::default() })]

    /// One full run is enough, from anywhere, in any order.
    #[test]
    fn a_full_run_leaves_nothing_to_plan(
        empty in any::<bool>(),
        events in prop::collection::vec(event(), 0..8),
        options in options(),
        choices in prop::collection::vec(0..64_usize, 1..20),
    ) {
        let mut engine = situation(empty, &events);
        let refusals = up(&mut engine, &options, &choices, &[]);
        prop_assert!(refusals.is_empty(), "{}", refusals.join("\n"));
        check_settled(&engine)?;
    }

    /// Whatever failed, the next run finishes it.
    #[test]
    fn a_failure_is_finished_by_the_next_run(
        empty in any::<bool>(),
        events in prop::collection::vec(event(), 0..6),
        options in options(),
        choices in prop::collection::vec(0..64_usize, 1..20),
        failing in prop::collection::vec(0..64_usize, 1..4),
        again in prop::collection::vec(0..64_usize, 0..3),
    ) {
        let mut engine = situation(empty, &events);
        up(&mut engine, &options, &choices, &failing);
        up(&mut engine, &UpOptions::default(), &choices, &again);
        let refusals = up(&mut engine, &UpOptions::default(), &choices, &[]);
        prop_assert!(refusals.is_empty(), "{}", refusals.join("\n"));
        check_settled(&engine)?;
    }

    /// `down` leaves nothing of the project, and nothing of another one is touched.
    #[test]
    fn down_leaves_nothing(events in prop::collection::vec(event(), 0..8), choices in prop::collection::vec(0..64_usize, 1..20)) {
        let mut engine = situation(false, &events);
        engine.observed.volumes.insert("other_data".into(), Default::default());
        let options = planner::DownOptions { remove_orphans: true, volumes: true, ..Default::default() };
        let plan = planner::down(PROJECT, &engine.observed, &options);
        let mut choices = choices.iter().cycle();
        let refusals = engine.run_some(&plan, |count| choices.next().map_or(0, |choice| choice % count), &[]);
        prop_assert!(refusals.is_empty(), "{}\n{plan}", refusals.join("\n"));
        prop_assert!(engine.observed.containers.is_empty(), "{:?}", engine.observed.containers);
        prop_assert!(engine.observed.networks.values().all(|network| network.project.as_deref() != Some(PROJECT)));
        prop_assert!(engine.observed.volumes.contains_key("other_data"));
        prop_assert!(!engine.observed.volumes.contains_key("app_data"));
    }
}
