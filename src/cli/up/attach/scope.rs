//! Which services an attached `up` is about, and whose output it shows.

use crate::cli::up::UpArgs;
use crate::plan::desired::Desired;

/// The answer of arguments and files.
pub(super) struct Scope<'a> {
    pub args: &'a UpArgs,
    pub desired: &'a Desired,
}

impl Scope<'_> {
    /// Dependencies are shown only when asked (the services named, else all, are what `up` is about).
    pub fn is_shown(&self, service: &str) -> bool {
        let Some(desired) = self.desired.service(service) else { return false };
        let shown = match self.args.attach.is_empty() {
            true => {
                (desired.selected || self.args.attach_dependencies) && desired.source.attach != Some(false)
            }
            false => self.args.attach.iter().any(|name| name == service),
        };
        shown && !self.args.no_attach.iter().any(|name| name == service)
    }

    /// Whether the command goes on as long as its containers do: dependencies go on without it.
    pub fn is_followed(&self, service: &str) -> bool {
        self.is_selected(service) || self.is_shown(service)
    }

    /// Whether it was named, or nothing was.
    pub fn is_selected(&self, service: &str) -> bool {
        self.desired.service(service).is_some_and(|desired| desired.selected)
    }
}
