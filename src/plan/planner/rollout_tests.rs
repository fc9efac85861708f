//! Updates with `deploy.update_config` as text.

use std::sync::Arc;

use super::tests::{container, project, settled};
use super::up;
use crate::plan::Plan;
use crate::plan::desired::{Desired, UpOptions};
use crate::plan::labels;
use crate::plan::observed::{Health, Observed, State};
use crate::project::Project;
use crate::project::model::{Command, Deploy, Duration, Hook, ServiceNetwork, UpdateConfig};

fn with(update: UpdateConfig, replicas: i64) -> Project {
    let mut project = Arc::unwrap_or_clone(project());
    let api = project.services.get_mut("api").unwrap();
    api.deploy = Some(Deploy { replicas: Some(replicas), update_config: Some(update), ..Deploy::default() });
    project
}

fn start_first() -> UpdateConfig {
    UpdateConfig { order: "start-first".into(), failure_action: "rollback".into(), ..UpdateConfig::default() }
}

fn desired(project: Project, options: UpOptions) -> Desired {
    Desired::from_project(&Arc::new(project), options).unwrap()
}

/// `db`, and replicas of `api` with an older configuration.
fn outdated(desired: &Desired, replicas: u32) -> Observed {
    let mut observed = settled(desired);
    observed.containers.retain(|container| container.service == "db");
    for number in 1..=replicas {
        let mut replica = container(desired, "api", number);
        replica.labels.insert(labels::CONFIG_HASH.to_owned(), "old".into());
        observed.containers.push(replica);
    }
    observed
}

fn plan_of(desired: &Desired, observed: &Observed) -> Plan {
    up(desired, observed).unwrap()
}

#[test]
fn without_order_the_old_one_stops_first_and_is_kept_until_all_are_updated() {
    let update = UpdateConfig { delay: Duration(2_000_000_000), ..UpdateConfig::default() };
    let desired = desired(with(update, 2), UpOptions::default());
    insta::assert_snapshot!(plan_of(&desired, &outdated(&desired, 2)), @r"
     1  create container api101234567_app-api-1 (configuration changed)
     2  stop container app-api-1 (update 1 of 2) after 1
     3  start container api101234567_app-api-1 (update 1 of 2) after 2
     4  watch container api101234567_app-api-1 until it is healthy, or for 5s without a health check (on failure pause) after 3
     5  let 2s pass (delay between groups) after 4
     6  create container api201234567_app-api-2 (configuration changed) after 5
     7  stop container app-api-2 (update 2 of 2) after 6
     8  start container api201234567_app-api-2 (update 2 of 2) after 7
     9  watch container api201234567_app-api-2 until it is healthy, or for 5s without a health check (on failure pause) after 8
    10  remove container app-api-1 (replaces app-api-1) after 4,9
    11  rename container api101234567_app-api-1 to app-api-1 (replaces app-api-1) after 10
    12  remove container app-api-2 (replaces app-api-2) after 4,9
    13  rename container api201234567_app-api-2 to app-api-2 (replaces app-api-2) after 12
     =  keep container app-db-1
    ");
}

#[test]
fn with_start_first_the_old_one_stops_when_the_new_one_works() {
    let desired = desired(with(start_first(), 2), UpOptions::default());
    insta::assert_snapshot!(plan_of(&desired, &outdated(&desired, 2)), @r"
     1  create container api101234567_app-api-1 (configuration changed)
     2  start container api101234567_app-api-1 (update 1 of 2) after 1
     3  watch container api101234567_app-api-1 until it is healthy, or for 5s without a health check (on failure roll back) after 2
     4  stop container app-api-1 (update 1 of 2) after 3
     5  create container api201234567_app-api-2 (configuration changed) after 4
     6  start container api201234567_app-api-2 (update 2 of 2) after 5
     7  watch container api201234567_app-api-2 until it is healthy, or for 5s without a health check (on failure roll back) after 6
     8  stop container app-api-2 (update 2 of 2) after 7
     9  remove container app-api-1 (replaces app-api-1) after 4,8
    10  rename container api101234567_app-api-1 to app-api-1 (replaces app-api-1) after 9
    11  remove container app-api-2 (replaces app-api-2) after 4,8
    12  rename container api201234567_app-api-2 to app-api-2 (replaces app-api-2) after 11
     =  keep container app-db-1
    ");
}

#[test]
fn parallelism_makes_groups() {
    let update = UpdateConfig { parallelism: Some(2), ..start_first() };
    let desired = desired(with(update, 3), UpOptions::default());
    insta::assert_snapshot!(plan_of(&desired, &outdated(&desired, 3)), @r"
     1  create container api101234567_app-api-1 (configuration changed)
     2  start container api101234567_app-api-1 (update 1 of 3) after 1
     3  watch container api101234567_app-api-1 until it is healthy, or for 5s without a health check (on failure roll back) after 2
     4  stop container app-api-1 (update 1 of 3) after 3
     5  create container api201234567_app-api-2 (configuration changed)
     6  start container api201234567_app-api-2 (update 2 of 3) after 5
     7  watch container api201234567_app-api-2 until it is healthy, or for 5s without a health check (on failure roll back) after 6
     8  stop container app-api-2 (update 2 of 3) after 7
     9  create container api301234567_app-api-3 (configuration changed) after 4,8
    10  start container api301234567_app-api-3 (update 3 of 3) after 9
    11  watch container api301234567_app-api-3 until it is healthy, or for 5s without a health check (on failure roll back) after 10
    12  stop container app-api-3 (update 3 of 3) after 11
    13  remove container app-api-1 (replaces app-api-1) after 4,8,12
    14  rename container api101234567_app-api-1 to app-api-1 (replaces app-api-1) after 13
    15  remove container app-api-2 (replaces app-api-2) after 4,8,12
    16  rename container api201234567_app-api-2 to app-api-2 (replaces app-api-2) after 15
    17  remove container app-api-3 (replaces app-api-3) after 4,8,12
    18  rename container api301234567_app-api-3 to app-api-3 (replaces app-api-3) after 17
     =  keep container app-db-1
    ");
}

#[test]
fn zero_updates_all_at_once() {
    let update = UpdateConfig { parallelism: Some(0), ..UpdateConfig::default() };
    let desired = desired(with(update, 3), UpOptions::default());
    let plan = plan_of(&desired, &outdated(&desired, 3));
    let made = plan.steps.iter().filter(|step| step.after.is_empty()).count();
    assert_eq!(made, 3, "{plan}");
}

#[test]
fn no_old_one_stops_before_dependencies_are_ready() {
    let desired = desired(with(UpdateConfig::default(), 1), UpOptions::default());
    let mut observed = outdated(&desired, 1);
    observed.containers[0].health = Some(Health::Starting);
    insta::assert_snapshot!(plan_of(&desired, &observed), @r"
    1  wait until db is healthy (needed by api)
    2  create container api101234567_app-api-1 (configuration changed)
    3  stop container app-api-1 (update 1 of 1) after 1,2
    4  start container api101234567_app-api-1 (update 1 of 1) after 3
    5  watch container api101234567_app-api-1 until it is healthy, or for 5s without a health check (on failure pause) after 4
    6  remove container app-api-1 (replaces app-api-1) after 5
    7  rename container api101234567_app-api-1 to app-api-1 (replaces app-api-1) after 6
    =  keep container app-db-1
    ");
}

#[test]
fn replicas_that_are_added_come_last_and_belong_to_the_update() {
    let desired = desired(with(start_first(), 2), UpOptions::default());
    insta::assert_snapshot!(plan_of(&desired, &outdated(&desired, 1)), @r"
    1  create container api101234567_app-api-1 (configuration changed)
    2  start container api101234567_app-api-1 (update 1 of 2) after 1
    3  watch container api101234567_app-api-1 until it is healthy, or for 5s without a health check (on failure roll back) after 2
    4  stop container app-api-1 (update 1 of 2) after 3
    5  create container app-api-2 (missing) after 4
    6  start container app-api-2 (update 2 of 2) after 5
    7  watch container app-api-2 until it is healthy, or for 5s without a health check (on failure roll back) after 6
    8  remove container app-api-1 (replaces app-api-1) after 4,7
    9  rename container api101234567_app-api-1 to app-api-1 (replaces app-api-1) after 8
    =  keep container app-db-1
    ");
}

#[test]
fn a_replica_that_does_not_run_is_just_replaced() {
    let desired = desired(with(start_first(), 2), UpOptions::default());
    let mut observed = outdated(&desired, 2);
    observed.containers[2].state = State::Exited;
    insta::assert_snapshot!(plan_of(&desired, &observed), @r"
     1  create container api201234567_app-api-2 (configuration changed)
     2  remove container app-api-2 (replaces app-api-2) after 1
     3  rename container api201234567_app-api-2 to app-api-2 (replaces app-api-2) after 2
     4  create container api101234567_app-api-1 (configuration changed)
     5  start container api101234567_app-api-1 (update 1 of 1) after 4
     6  watch container api101234567_app-api-1 until it is healthy, or for 5s without a health check (on failure roll back) after 5
     7  stop container app-api-1 (update 1 of 1) after 6
     8  remove container app-api-1 (replaces app-api-1) after 7
     9  rename container api101234567_app-api-1 to app-api-1 (replaces app-api-1) after 8
    10  start container app-api-2 (not running) after 3
     =  keep container app-db-1
    ");
}

#[test]
fn a_fixed_address_makes_start_first_impossible() {
    let mut project = with(start_first(), 1);
    let address = ServiceNetwork { ipv4_address: "10.9.0.2".into(), ..ServiceNetwork::default() };
    project.services.get_mut("api").unwrap().networks.insert("default".into(), Some(address));
    let desired = desired(project, UpOptions::default());
    let plan = plan_of(&desired, &outdated(&desired, 1));
    assert!(!plan.rollouts[0].pace.start_first);
    insta::assert_snapshot!(plan.warnings[0], @"service api: order start-first is not possible with a fixed address; each old replica stops first");
}

/// The new one was made when the update was cut off; `change` says how far it came.
fn cut_off(
    desired: &Desired,
    change: impl FnOnce(&mut crate::plan::observed::ObservedContainer),
) -> Observed {
    let mut observed = outdated(desired, 1);
    let mut new = container(desired, "api", 1);
    new.id = "new0123456789abcdef".into();
    new.name = "api101234567_app-api-1".into();
    change(&mut new);
    observed.containers.push(new);
    observed
}

#[test]
fn what_was_cut_off_before_the_new_one_worked_begins_anew() {
    let desired = desired(with(start_first(), 1), UpOptions::default());
    let observed = cut_off(&desired, |new| new.state = State::Created);
    insta::assert_snapshot!(plan_of(&desired, &observed), @r"
    1  remove container api101234567_app-api-1 (left by an interrupted update)
    2  create container api101234567_app-api-1 (configuration changed) after 1
    3  start container api101234567_app-api-1 (update 1 of 1) after 2
    4  watch container api101234567_app-api-1 until it is healthy, or for 5s without a health check (on failure roll back) after 3
    5  stop container app-api-1 (update 1 of 1) after 4
    6  remove container app-api-1 (replaces app-api-1) after 5
    7  rename container api101234567_app-api-1 to app-api-1 (replaces app-api-1) after 6
    =  keep container app-db-1
    ");
    let observed = cut_off(&desired, |new| new.health = Some(Health::Starting));
    insta::assert_snapshot!(plan_of(&desired, &observed), @r"
    1  stop container api101234567_app-api-1 (left by an interrupted update)
    2  remove container api101234567_app-api-1 (left by an interrupted update) after 1
    3  create container api101234567_app-api-1 (configuration changed) after 2
    4  start container api101234567_app-api-1 (update 1 of 1) after 3
    5  watch container api101234567_app-api-1 until it is healthy, or for 5s without a health check (on failure roll back) after 4
    6  stop container app-api-1 (update 1 of 1) after 5
    7  remove container app-api-1 (replaces app-api-1) after 6
    8  rename container api101234567_app-api-1 to app-api-1 (replaces app-api-1) after 7
    =  keep container app-db-1
    ");
}

#[test]
fn what_was_cut_off_after_the_new_one_worked_is_finished() {
    let desired = desired(with(start_first(), 1), UpOptions::default());
    let observed = cut_off(&desired, |new| new.health = Some(Health::Healthy));
    insta::assert_snapshot!(plan_of(&desired, &observed), @r"
    1  stop container app-api-1 (left by an interrupted update)
    2  remove container app-api-1 (left by an interrupted update) after 1
    3  rename container api101234567_app-api-1 to app-api-1 (replaces app-api-1) after 2
    =  keep container app-db-1
    ");
    let mut observed = cut_off(&desired, |_| {});
    observed.containers[1].state = State::Exited;
    insta::assert_snapshot!(plan_of(&desired, &observed), @r"
    1  remove container app-api-1 (left by an interrupted update)
    2  rename container api101234567_app-api-1 to app-api-1 (replaces app-api-1) after 1
    =  keep container app-db-1
    ");
}

#[test]
fn the_way_back_starts_what_was_kept() {
    let desired = desired(with(start_first(), 2), UpOptions::default());
    let plan = plan_of(&desired, &outdated(&desired, 2));
    insta::assert_snapshot!(plan.rollouts[0].way_back(&[0]), @r"
    1  stop container api101234567_app-api-1 (rollback 1 of 1)
    2  start container app-api-1 (rollback 1 of 1) after 1
    3  watch container app-api-1 until it is healthy, or for 5s without a health check (on failure pause) after 2
    4  remove container api101234567_app-api-1 and its anonymous volumes (rollback 1 of 1) after 3
    ");
    insta::assert_snapshot!(plan.rollouts[0].give_up(1), @r"
    1  stop container api201234567_app-api-2 (update 2 of 2)
    2  remove container api201234567_app-api-2 and its anonymous volumes (update 2 of 2) after 1
    3  start container app-api-2 (update 2 of 2) after 2
    4  wait until api is ready (update 2 of 2) after 3
    ");
    insta::assert_snapshot!(plan.rollouts[0].settle(&[0]), @r"
    1  remove container app-api-1 (replaces app-api-1)
    2  rename container api101234567_app-api-1 to app-api-1 (replaces app-api-1) after 1
    ");
}

#[test]
fn what_runs_before_a_service_runs_before_an_old_one_leaves() {
    let mut project = with(UpdateConfig { parallelism: Some(2), ..UpdateConfig::default() }, 2);
    let hook =
        |per_replica| Hook { command: Command(Some(vec!["migrate".into()])), per_replica, ..Hook::default() };
    project.services.get_mut("api").unwrap().pre_start = vec![hook(false), hook(true)];
    let desired = desired(project, UpOptions::default());
    insta::assert_snapshot!(plan_of(&desired, &outdated(&desired, 2)), @r"
     1  create container api101234567_app-api-1 (configuration changed)
     2  run pre_start[0] of api to its end in app-api-1-pre_start-0 (pre_start) after 1
     3  run pre_start[1] of api to its end in app-api-1-pre_start-1 (pre_start) after 2
     4  stop container app-api-1 (update 1 of 2) after 1,2,3
     5  start container api101234567_app-api-1 (update 1 of 2) after 4
     6  watch container api101234567_app-api-1 until it is healthy, or for 5s without a health check (on failure pause) after 5
     7  create container api201234567_app-api-2 (configuration changed)
     8  run pre_start[1] of api to its end in app-api-2-pre_start-1 (pre_start) after 7,2,3
     9  stop container app-api-2 (update 2 of 2) after 2,3,7,8
    10  start container api201234567_app-api-2 (update 2 of 2) after 9
    11  watch container api201234567_app-api-2 until it is healthy, or for 5s without a health check (on failure pause) after 10
    12  remove container app-api-1 (replaces app-api-1) after 6,11
    13  rename container api101234567_app-api-1 to app-api-1 (replaces app-api-1) after 12
    14  remove container app-api-2 (replaces app-api-2) after 6,11
    15  rename container api201234567_app-api-2 to app-api-2 (replaces app-api-2) after 14
     =  keep container app-db-1
    ");
}

#[test]
fn what_runs_before_a_service_runs_once_when_nothing_runs() {
    let mut project = with(UpdateConfig::default(), 2);
    let hook = Hook { command: Command(Some(vec!["migrate".into()])), ..Hook::default() };
    project.services.get_mut("api").unwrap().pre_start = vec![hook];
    let desired = desired(project, UpOptions::default());
    insta::assert_snapshot!(plan_of(&desired, &outdated(&desired, 0)), @r"
    1  create container app-api-1 (missing)
    2  create container app-api-2 (missing)
    3  run pre_start[0] of api to its end in app-api-1-pre_start-0 (pre_start) after 1
    4  start container app-api-1 (not running) after 1,3
    5  start container app-api-2 (not running) after 2,3
    =  keep container app-db-1
    ");
    let mut observed = outdated(&desired, 0);
    observed.containers.push(container(&desired, "api", 1));
    insta::assert_snapshot!(plan_of(&desired, &observed), @r"
    1  create container app-api-2 (missing)
    2  start container app-api-2 (not running) after 1
    =  keep container app-db-1
    =  keep container app-api-1
    ");
}
