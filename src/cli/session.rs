//! What commands that change things share: an engine, progress, and running a plan or only showing it.

use std::sync::Arc;
use std::time::Duration;

use console::user_attended_stderr;

use super::{Context, Failure, Settings, dry_run};
use crate::engine::{self, Engine};
use crate::execute::{self, BuildFlags, Interrupt, Runner};
use crate::output::AnsiMode;
use crate::output::plan::{PlanFormat, Row, Sheet};
use crate::output::progress::{Progress, ProgressEvent, ProgressMode, Status};
use crate::plan::names::Separator;
use crate::plan::{Plan, changes};
use crate::project::Project;

/// One command's connection to the engine and its progress.
pub(super) struct Session {
    /// Runs plans.
    pub runner: Runner,
    settings: Settings,
    dry_run: Option<PlanFormat>,
    named: bool,
}

impl Session {
    /// Connects. `title` heads the progress ("up").
    pub async fn open(context: &Context, project: &str, title: &str) -> Result<Session, Failure> {
        let engine = context.engine().await?;
        Ok(Session::with_engine(context, engine, project, title))
    }

    /// The same over a connection that exists.
    pub fn with_engine(context: &Context, engine: Arc<Engine>, project: &str, title: &str) -> Session {
        let settings = context.settings;
        let runner = Runner {
            engine,
            progress: view(settings, title),
            project: project.to_owned(),
            interrupt: context.interrupt.clone(),
            parallel: context.settings.parallel,
            wait_timeout: None,
            timings: None,
            quiet_pull: false,
            build: BuildFlags::default(),
        };
        let (dry_run, named) = (context.globals.dry_run(), context.names_project());
        Session { runner, settings, dry_run, named }
    }

    /// The engine.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.runner.engine
    }

    /// Limits the waits of `--wait`.
    pub fn wait_at_most(&mut self, seconds: Option<u64>) {
        self.runner.wait_timeout = seconds.map(Duration::from_secs);
    }

    /// Whether the user named the project, rather than its folder or file.
    pub fn is_named(&self) -> bool {
        self.named
    }

    /// Whether nothing may be changed.
    pub fn dry_run(&self) -> bool {
        self.dry_run.is_some()
    }

    /// Runs a plan, or prints it with `--dry-run`.
    pub async fn run(&self, plan: &Plan) -> Result<(), Failure> {
        if let Some(format) = self.dry_run {
            return self.show(plan, None, format, Vec::new()).await;
        }
        for name in &plan.kept {
            let id = format!("Container {name}");
            self.runner.progress.event(&ProgressEvent::new(id, Status::Done, "Running"));
        }
        let result = execute::run(plan, &self.runner).await;
        self.runner.progress.finish();
        Ok(result?)
    }

    /// Prints a plan with what it changes and destroys, and further effects; only reads from the engine.
    pub async fn show(
        &self,
        plan: &Plan,
        project: Option<&Project>,
        format: PlanFormat,
        further: Vec<Row>,
    ) -> Result<(), Failure> {
        let name = &self.runner.project;
        let facts = engine::facts(self.engine(), name, plan).await?;
        let mut plan = plan.clone();
        changes::explain(&mut plan, name, &facts, project);
        dry_run::print(&Sheet::of(name, &plan).with(further), format);
        Ok(())
    }

    /// The form to show plans in instead of running them, with `--dry-run`.
    pub fn form(&self) -> Option<PlanFormat> {
        self.dry_run
    }

    /// A view of its own for a later part of a command.
    pub fn progress(&self, title: &str) -> Arc<dyn Progress> {
        view(self.settings, title)
    }

    /// A view for progress among other lines: nothing is drawn.
    pub fn lines(&self) -> Arc<dyn Progress> {
        let progress = match self.settings.progress {
            ProgressMode::Tty => ProgressMode::Plain,
            other => other,
        };
        progress.view("", false)
    }

    /// The same connection with progress shown elsewhere.
    pub fn showing(&self, progress: Arc<dyn Progress>) -> Session {
        let runner = Runner { progress, ..self.runner.clone() };
        Session { runner, settings: self.settings, dry_run: self.dry_run, named: self.named }
    }

    /// Runs a plan that Ctrl-C shall not cut short, because it is the answer to a Ctrl-C.
    pub async fn run_to_the_end(&self, plan: &Plan, progress: Arc<dyn Progress>) -> Result<(), Failure> {
        let runner =
            Runner { interrupt: Interrupt::never(), progress: Arc::clone(&progress), ..self.runner.clone() };
        let result = execute::run(plan, &runner).await;
        progress.finish();
        Ok(result?)
    }

    /// Says what the user should know about a plan.
    pub fn warn(&self, plan: &Plan) {
        for warning in &plan.warnings {
            self.runner.progress.warning(warning);
        }
    }
}

fn view(settings: Settings, title: &str) -> Arc<dyn Progress> {
    let terminal = user_attended_stderr() && settings.ansi != AnsiMode::Never;
    settings.progress.view(title, terminal)
}

/// `_` instead of `-` in names, with `--compatibility`.
pub(super) fn separator(context: &Context) -> Separator {
    let variable = context.is_on("COMPOSE_COMPATIBILITY");
    if context.globals.compatibility || variable { Separator::Underscore } else { Separator::Dash }
}
