//! `RUN`.

use indexmap::IndexMap;
use wharf_image::store::{Commit, Layer};

use super::output::Output;
use super::{Execution, Layers, blocking, keys, mounts, stubs};
use crate::cache::work::WorkDirectory;
use crate::error::StepError;
use crate::plan::operation::RunOperation;
use crate::runner::{RunExit, RunMount, RunStep};

impl Execution<'_> {
    /// The step's key.
    pub(super) async fn run_key(
        &self,
        operation: &RunOperation,
        below: &Layers,
    ) -> Result<String, StepError> {
        let contents = self.mount_contents(operation).await?;
        Ok(keys::run(operation, &below.chain(), &self.platform, &self.request.extra_hosts, &contents))
    }

    /// Runs the process and makes a layer of what it changed. The last lines of its output come with the
    /// error.
    pub(super) async fn run(
        &self,
        operation: &RunOperation,
        below: &Layers,
        step: usize,
    ) -> Result<Layer, (StepError, Vec<String>)> {
        let output = Output::new(self.events(), step);
        let result = self.run_with(operation, below, &output).await;
        let last_lines = output.finish();
        result.map_err(|error| (error, last_lines))
    }

    async fn run_with(
        &self,
        operation: &RunOperation,
        below: &Layers,
        output: &Output<'_>,
    ) -> Result<Layer, StepError> {
        let work = self.shared.cache.work.directory()?;
        let prepared = self.prepare_mounts(operation, &work).await?;
        let run_step = self.run_step(operation, below, &work, &prepared)?;
        let targets: Vec<String> = run_step.mounts.iter().map(|mount| target(mount).to_owned()).collect();
        let exit = self.runner.run(run_step, &|stream, bytes| output.write(stream, bytes)).await;
        let command = operation.argv.join(" ");
        match exit {
            Ok(RunExit { code: 0, .. }) => {}
            Ok(RunExit { out_of_memory: true, .. }) => return Err(StepError::OutOfMemory { command }),
            Ok(RunExit { code, .. }) => return Err(StepError::Exit { command, code }),
            Err(source) => return Err(StepError::Run { command, source }),
        }
        drop(prepared);
        self.commit(work, below.clone(), targets).await
    }

    async fn commit(
        &self,
        work: WorkDirectory,
        below: Layers,
        targets: Vec<String>,
    ) -> Result<Layer, StepError> {
        let shared = self.shared.clone();
        blocking(move || {
            stubs::clean(&shared, &work, &below, &targets)?;
            shared.store.commit_layer(&work.upper(), Commit::Move).map_err(StepError::Store)
        })
        .await
    }

    fn run_step(
        &self,
        operation: &RunOperation,
        below: &Layers,
        work: &WorkDirectory,
        prepared: &mounts::Prepared,
    ) -> Result<RunStep, StepError> {
        // The stage's own variables win over proxies, a secret wins over both.
        let variables = operation.proxies.iter().chain(&operation.env).chain(&prepared.env);
        let env: IndexMap<&String, &String> = variables.map(|(name, value)| (name, value)).collect();
        Ok(RunStep {
            lowers: self.shared.store.directories_of(&below.ids()).map_err(StepError::Store)?,
            upper: work.upper(),
            work: work.work(),
            argv: operation.argv.clone(),
            env: env.iter().map(|(name, value)| format!("{name}={value}")).collect(),
            cwd: operation.cwd.clone(),
            user: operation.user.clone(),
            hostname: keys::HOST_NAME.to_owned(),
            network: operation.network,
            extra_hosts: self.request.extra_hosts.clone(),
            mounts: prepared.mounts.clone(),
        })
    }
}

fn target(mount: &RunMount) -> &str {
    match mount {
        RunMount::Bind { target, .. } | RunMount::Tmpfs { target, .. } => target,
    }
}
