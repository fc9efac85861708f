//! What a command would do, printed: as numbered lines, as a tree by service, or as JSON (`schema/plan.json`).
//!
//! Every `--dry-run` ends here, whether its command has a plan of many steps or one effect of its own.

mod json;
mod rows;
mod text;
mod tree;

pub use json::steps;

use clap::ValueEnum;

use crate::plan::Plan;
use crate::plan::step::{Change, Destroyed};

/// How a plan is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// Numbered lines.
    #[default]
    Text,
    /// By service.
    Tree,
    /// One document.
    Json,
}

/// What is printed.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    project: String,
    rows: Vec<Row>,
    kept: Vec<String>,
    warnings: Vec<String>,
}

/// One effect.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Its number in the whole plan, from 0.
    pub id: usize,
    /// `create`, `remove`, …
    pub action: &'static str,
    /// `container`, `network`, `volume`, `image`, `service`.
    pub resource: &'static str,
    /// Name of the resource.
    pub name: String,
    /// Service that it belongs to; empty: none.
    pub service: String,
    /// The effect as a sentence without a subject.
    pub text: String,
    /// Why, as a word for programs and as one for people.
    pub reason: (&'static str, String),
    /// Numbers of rows that must have succeeded, from 0.
    pub after: Vec<usize>,
    /// Numbers of rows that must have ended, from 0.
    pub after_optional: Vec<usize>,
    /// Settings that change.
    pub changes: Vec<Change>,
    /// Data that is gone afterwards.
    pub destroyed: Vec<Destroyed>,
}

impl Row {
    /// Something that a user asked for and that is no step of a plan.
    pub fn asked(action: &'static str, resource: &'static str, name: &str, text: String) -> Row {
        let reason = ("asked", "asked".to_owned());
        Row { action, resource, name: name.to_owned(), text, reason, ..Row::default() }
    }

    /// The lines below it: what changes and what is destroyed.
    pub fn details(&self) -> Vec<String> {
        let changes = self.changes.iter().map(ToString::to_string);
        let mut lines: Vec<String> = changes.chain(self.destroyed.iter().map(destroyed_text)).collect();
        if self.changes.is_empty()
            && self.reason.0 == "config_changed"
            && self.action == "create"
            && self.resource == "container"
        {
            lines.push("in nothing that a setting of the container shows".to_owned());
        }
        lines
    }
}

impl Sheet {
    /// A plan's.
    pub fn of(project: &str, plan: &Plan) -> Sheet {
        Sheet {
            project: project.to_owned(),
            rows: rows::rows(plan),
            kept: plan.kept.clone(),
            warnings: plan.warnings.clone(),
        }
    }

    /// One of rows that wait for nothing.
    pub fn of_rows(project: &str, rows: Vec<Row>) -> Sheet {
        Sheet { project: project.to_owned(), ..Sheet::default() }.with(rows)
    }

    /// The same with further rows at its end.
    #[must_use]
    pub fn with(mut self, rows: Vec<Row>) -> Sheet {
        let first = self.rows.len();
        self.rows.extend(rows.into_iter().enumerate().map(|(at, row)| Row { id: first + at, ..row }));
        self
    }

    /// The rows alone.
    pub fn into_rows(self) -> Vec<Row> {
        self.rows
    }

    /// The text to print, with its last line end.
    pub fn render(&self, format: PlanFormat) -> String {
        match format {
            PlanFormat::Text => text::render(self),
            PlanFormat::Tree => tree::render(self),
            PlanFormat::Json => json::render(self),
        }
    }
}

/// What nothing to do is called.
const NOTHING: &str = "nothing to do";

/// What a row destroys, as a line.
fn destroyed_text(destroyed: &Destroyed) -> String {
    let size = match destroyed.bytes {
        Some(bytes) => super::units::human_size(i64::try_from(bytes).unwrap_or(i64::MAX)),
        None => "size unknown".to_owned(),
    };
    format!("destroys {} {} ({size})", destroyed.kind.text(), destroyed.name)
}

#[cfg(test)]
mod tests;
