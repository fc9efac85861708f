//! `wharf top`: the processes of the project's containers.

use bollard::query_parameters::TopOptions;
use clap::Args;

use super::{Context, Failure, selection};
use crate::engine::EngineError;
use crate::output::Table;

/// Arguments of `top`.
#[derive(Args, Debug)]
pub struct TopArgs {
    /// Only these services
    services: Vec<String>,
}

/// Prints one table over all containers.
///
/// # Errors
/// The project or the engine cannot be read.
pub async fn run(context: &Context, args: TopArgs) -> Result<(), Failure> {
    let engine = context.engine().await?;
    let mut containers = selection::containers(context, &engine, &args.services).await?;
    containers.retain(|container| container.is_running());
    let mut table: Option<Table> = None;
    for container in &containers {
        let answer = engine.docker().top_processes(&container.id, None::<TopOptions>).await;
        let answer = answer
            .map_err(|error| EngineError::call(format!("list processes of {}", container.name), &error))?;
        let titles = answer.titles.unwrap_or_default();
        let heading = ["SERVICE", "#"].into_iter().chain(titles.iter().map(String::as_str));
        let new = || Table::new(&heading.collect::<Vec<_>>()).with_least_width(4).with_gap(2);
        let table = table.get_or_insert_with(new);
        for process in answer.processes.unwrap_or_default() {
            let number = container.number.map_or_else(String::new, |number| number.to_string());
            table.row([container.service.clone(), number].into_iter().chain(process));
        }
    }
    if let Some(table) = table {
        table.print();
    }
    Ok(())
}
