//! `wharf why`: why a service is as it is, what it waits for, and what `up` would do about it. Changes nothing.

mod containers;
mod verdict;

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::session::separator;
use super::{Context, Failure};
use crate::engine::{self, Engine, observe};
use crate::output::plan::{Row, Sheet};
use crate::output::why::{self, Account, ContainerAccount, Wait};
use crate::plan::desired::{Desired, UpOptions, condition_text};
use crate::plan::observed::ObservedContainer;
use crate::plan::{changes, planner};
use crate::project::Project;
use crate::project::model::Condition;

/// Arguments of `why`.
#[derive(Args, Debug)]
pub struct WhyArgs {
    /// The service
    service: String,
    /// How it is told
    #[arg(long, value_enum, default_value_t, hide_default_value = true)]
    format: WhyFormat,
}

/// How an account is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum WhyFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Prints the account.
///
/// # Errors
/// The service is unknown, or the engine fails.
pub async fn run(context: &Context, args: WhyArgs) -> Result<(), Failure> {
    let name = context.project_name()?;
    // With -p alone other commands go by labels; an account is better with the files, where there are any that load.
    let loaded = crate::project::load(&context.load_options()?).ok();
    let project = loaded.as_ref().map(|loaded| &loaded.project);
    let engine = context.engine().await?;
    let all = engine.containers(&name).await?;
    let known = project.is_some_and(|project| project.any_service(&args.service).is_some());
    if !known && !all.iter().any(|container| container.service == args.service) {
        return Err(Failure::message(format!("no such service: {}", args.service)));
    }
    let mut account = Account { project: name, service: args.service.clone(), ..Account::default() };
    account.containers = accounts(&engine, &all, &args.service).await?;
    account.waits = waits(&engine, project, &all, &args.service).await?;
    if let Some(project) = project {
        let place = project.locate_key(&["services", &args.service]);
        account.place = place.and_then(|span| project.sources.locate(span));
        if project.services.contains_key(&args.service) {
            account.plan = Some(plan(context, &engine, project, &args.service).await?);
        }
    }
    let profiles = project.and_then(|project| project.disabled_services.get(&args.service));
    account.verdict = verdict::of(&account, profiles.map(|service| service.profiles.as_slice()));
    let text = match args.format {
        WhyFormat::Text => why::text(&account),
        WhyFormat::Json => why::json(&account),
    };
    print!("{text}");
    Ok(())
}

async fn accounts(
    engine: &Engine,
    all: &[ObservedContainer],
    service: &str,
) -> Result<Vec<ContainerAccount>, Failure> {
    let mut accounts = Vec::new();
    for container in all.iter().filter(|c| c.service == service && !c.one_off) {
        accounts.extend(containers::account(engine, container).await?);
    }
    Ok(accounts)
}

/// What the service depends on and its condition, from the files, else from the label of its containers.
async fn waits(
    engine: &Engine,
    project: Option<&Project>,
    all: &[ObservedContainer],
    service: &str,
) -> Result<Vec<Wait>, Failure> {
    let mut edges: BTreeMap<String, (Condition, bool, Option<String>)> = BTreeMap::new();
    if let Some(written) = project.and_then(|project| project.any_service(service)) {
        for (name, dependency) in &written.depends_on {
            let place = project.and_then(|project| project.sources.locate(dependency.span));
            edges.insert(name.clone(), (dependency.condition, dependency.required, place));
        }
    } else {
        for container in all.iter().filter(|c| c.service == service) {
            for dependency in container.dependencies() {
                edges.insert(dependency.service.to_owned(), (dependency.condition, true, None));
            }
        }
    }
    let mut waits = Vec::new();
    for (name, (condition, required, place)) in edges {
        let accounts = accounts(engine, all, &name).await?;
        let (met, now) = verdict::reached(condition, &accounts);
        let condition = condition_text(condition).to_owned();
        waits.push(Wait { service: name, condition, required, met, now, place });
    }
    Ok(waits)
}

/// The steps of `up` that are about the service.
async fn plan(
    context: &Context,
    engine: &Engine,
    project: &Project,
    service: &str,
) -> Result<Vec<Row>, Failure> {
    let options = UpOptions { separator: separator(context), ..UpOptions::default() };
    let desired = Desired::from_project(&Arc::new(project.clone()), options)?;
    let observed = observe(engine, &project.name).await?;
    let mut plan = planner::up(&desired, &observed)?;
    let facts = engine::facts(engine, &project.name, &plan).await?;
    changes::explain(&mut plan, &project.name, &facts, Some(project));
    let image = desired.service(service).map(|service| service.image.reference.clone()).unwrap_or_default();
    let rows = Sheet::of(&project.name, &plan).into_rows().into_iter();
    Ok(rows.filter(|row| row.service == service || (row.resource == "image" && row.name == image)).collect())
}
