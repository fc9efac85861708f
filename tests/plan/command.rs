//! Command lines of cases, and what the model engine looks like after them: planned as the program plans.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use wharf::plan::desired::{Recreate, UpOptions};
use wharf::plan::hooks::Hooks;
use wharf::plan::observed::ObservedContainer;
use wharf::plan::planner::{self, DownOptions, Lifecycle};
use wharf::plan::{Desired, Plan};
use wharf::project::{self, LoadOptions, Project};

use super::model::{Engine, PROJECT};

/// Loads the project of a folder as `up SERVICES` does.
pub fn load(
    folder: &Path,
    profiles: &[String],
    services: &[String],
    with_dependencies: bool,
) -> Arc<Project> {
    let options = LoadOptions {
        current_directory: folder.to_owned(),
        project_name: Some(PROJECT.to_owned()),
        profiles: profiles.to_vec(),
        services: services.to_vec(),
        with_dependencies,
        ..LoadOptions::default()
    };
    let loaded = project::load(&options).unwrap_or_else(|failure| panic!("the case's files: {failure}"));
    // The folder differs from run to run and must not be seen in plans.
    Arc::new(Project {
        directory: "/project".into(),
        files: vec!["/project/compose.yaml".into()],
        ..loaded.project
    })
}

/// A command line that was read.
#[derive(Debug, Default)]
struct Words {
    options: UpOptions,
    services: Vec<String>,
    profiles: Vec<String>,
    volumes: bool,
}

fn read(words: &[&str]) -> Words {
    let mut read = Words::default();
    let options = &mut read.options;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--force-recreate" => options.recreate = Recreate::Force,
            "--no-recreate" => {
                (options.recreate, options.recreate_dependencies) = (Recreate::Never, Recreate::Never)
            }
            "--always-recreate-deps" => options.recreate_dependencies = Recreate::Force,
            "-V" => (options.recreate, options.renew_anonymous_volumes) = (Recreate::Force, true),
            "--no-deps" => options.no_dependencies = true,
            "--remove-orphans" => options.remove_orphans = true,
            "--no-start" => options.no_start = true,
            "--wait" => options.wait = true,
            "--build" => options.build = true,
            "--no-build" => options.no_build = true,
            "--pull" => options.pull = words.next().map(|&policy| policy.to_owned()),
            "--scale" => {
                let (service, count) = words.next().and_then(|pair| pair.split_once('=')).expect("SERVICE=N");
                options.scale.insert(service.to_owned(), count.parse().expect("a number"));
            }
            "--profile" => read.profiles.extend(words.next().map(|&name| name.to_owned())),
            "-v" => read.volumes = true,
            flag if flag.starts_with('-') => panic!("the cases know no flag {flag}"),
            service => read.services.push(service.to_owned()),
        }
    }
    read
}

/// Plans a command line against what exists.
pub fn plan(line: &str, folder: &Path, engine: &Engine) -> Result<Plan, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (command, rest) = words.split_first().expect("a command");
    let read = read(rest);
    let project = load(folder, &read.profiles, &read.services, !read.options.no_dependencies);
    match *command {
        "up" | "create" | "scale" => {
            let desired = desired(command, &project, read)?;
            planner::up(&desired, &engine.observed).map_err(|error| error.to_string())
        }
        "down" => Ok(down(&project, read, engine)),
        other => Ok(lifecycle(other, &project, &read.services, engine)),
    }
}

fn desired(command: &str, project: &Arc<Project>, read: Words) -> Result<Desired, String> {
    let mut options = read.options;
    options.selected.clone_from(&project.selected);
    options.no_start |= command == "create";
    if command == "scale" {
        options.selected = options.scale.keys().cloned().collect();
        (options.recreate, options.recreate_dependencies) = (Recreate::Never, Recreate::Never);
    }
    Desired::from_project(project, options).map_err(|error| error.to_string())
}

fn down(project: &Project, read: Words, engine: &Engine) -> Plan {
    let external = |name: &String, external: bool| external.then(|| name.clone());
    let options = DownOptions {
        services: read.services.into_iter().collect(),
        known_services: Some(
            project.services.keys().chain(project.disabled_services.keys()).cloned().collect(),
        ),
        remove_orphans: read.options.remove_orphans,
        volumes: read.volumes,
        off_services: project.disabled_services.keys().cloned().collect(),
        own_volumes: Some(project.volumes.values().filter(|v| !v.external).map(|v| v.name.clone()).collect()),
        external_networks: project.networks.values().filter_map(|n| external(&n.name, n.external)).collect(),
        ..DownOptions::default()
    };
    let plan = planner::down(PROJECT, &engine.observed, &options);
    Hooks::of(Some(project)).apply(plan, &engine.observed.running())
}

fn lifecycle(command: &str, project: &Project, services: &[String], engine: &Engine) -> Plan {
    let named: BTreeSet<&String> = services.iter().collect();
    let chosen = |c: &&ObservedContainer| !c.one_off && (named.is_empty() || named.contains(&c.service));
    let containers: Vec<&ObservedContainer> = engine.observed.containers.iter().filter(chosen).collect();
    let what = match command {
        "start" => Lifecycle::Start,
        "stop" => Lifecycle::Stop(None),
        "restart" => Lifecycle::Restart(None),
        "kill" => Lifecycle::Kill("SIGKILL".to_owned()),
        "pause" => Lifecycle::Pause,
        "unpause" => Lifecycle::Unpause,
        other => panic!("the cases know no command {other}"),
    };
    Hooks::of(Some(project)).apply(planner::lifecycle(&containers, &what), &engine.observed.running())
}

/// Brings the model engine to what a folder asks for, as `up` does: images first, then the rest planned anew.
pub fn bring_up(project: &Arc<Project>, options: UpOptions, engine: &mut Engine) -> Result<(), String> {
    let mut desired = Desired::from_project(project, options).map_err(|error| error.to_string())?;
    let plan = planner::up(&desired, &engine.observed).map_err(|error| error.to_string())?;
    engine.run(&plan.images_only())?;
    desired.options.images_settled = true;
    let plan = planner::up(&desired, &engine.observed).map_err(|error| error.to_string())?;
    engine.run(&plan).map_err(|refusal| format!("{refusal} of\n{plan}"))
}
