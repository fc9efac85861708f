//! What becomes of an attribute on an engine.

use super::cases::Case;

/// What becomes of an attribute on one kind of engine.
#[derive(Clone, Copy, Debug)]
pub enum Support {
    /// It does what it says.
    Honoured,
    /// It does what it says, but for this.
    Differs(&'static str),
    /// In the cases of the limit it has no effect, and the user is told where it stands.
    Warned(Limit),
    /// In the cases of the limit the project is refused before anything is changed.
    Refused(Limit),
}

/// Where support ends.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The values it is about.
    pub case: Case,
    /// Why they cannot be honoured.
    pub why: &'static str,
    /// What to do instead; `None` where the other engine, or leaving it out, is all there is to say.
    pub help: Option<&'static str>,
}

/// No effect in these cases.
pub const fn warned(case: Case, why: &'static str) -> Support {
    Support::Warned(Limit { case, why, help: None })
}

/// Refused in these cases.
pub const fn refused(case: Case, why: &'static str) -> Support {
    Support::Refused(Limit { case, why, help: None })
}

impl Support {
    /// The same with a way out.
    #[must_use]
    pub const fn help(self, help: &'static str) -> Support {
        match self {
            Support::Warned(limit) => Support::Warned(Limit { help: Some(help), ..limit }),
            Support::Refused(limit) => Support::Refused(Limit { help: Some(help), ..limit }),
            other => other,
        }
    }
}
