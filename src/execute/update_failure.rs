//! What to tell about an update that failed.

use std::fmt::{self, Display, Formatter};

use crate::plan::rollout::Direction;

/// An update in which more replicas failed than is tolerated.
#[derive(Debug)]
pub struct UpdateFailure {
    /// The service.
    pub service: String,
    /// Where it led.
    pub direction: Direction,
    /// Replicas that failed, each with the reason.
    pub failed: Vec<(String, String)>,
    /// What was done about it.
    pub outcome: Outcome,
    /// Replicas that came to the end of the update.
    pub reached: Vec<String>,
    /// The others.
    pub others: Vec<String>,
    /// What went wrong on top of it.
    pub troubles: Vec<String>,
}

/// What was done about a failed update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stopped there.
    Paused,
    /// The other replicas were updated.
    WentOn,
    /// All replicas went back.
    RolledBack,
}

impl std::error::Error for UpdateFailure {}

impl Display for UpdateFailure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let what = match self.direction {
            Direction::Forward => "the update",
            Direction::Back => "the rollback",
        };
        write!(f, "service {}: {what} failed", self.service)?;
        for (name, reason) in &self.failed {
            write!(f, "\n{name}: {reason}")?;
        }
        f.write_str("\n")?;
        self.outcome(f)?;
        self.troubles.iter().try_for_each(|trouble| write!(f, "\nand in doing so: {trouble}"))
    }
}

impl UpdateFailure {
    fn outcome(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (new, old) = match self.direction {
            Direction::Forward => (&self.reached, &self.others),
            Direction::Back => (&self.others, &self.reached),
        };
        let whole = || self.reached.iter().chain(&self.others).cloned().collect::<Vec<_>>();
        match self.outcome {
            Outcome::RolledBack => write!(f, "rolled back; with the old configuration: {}", list(&whole())),
            Outcome::Paused => {
                write!(
                    f,
                    "paused there; with the new configuration: {}; with the old one: {}",
                    list(new),
                    list(old)
                )?;
                f.write_str("; the next up goes on")
            }
            Outcome::WentOn => {
                write!(
                    f,
                    "went on; with the new configuration: {}; with the old one: {}",
                    list(new),
                    list(old)
                )
            }
        }
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let mut names = names.to_vec();
    names.sort();
    names.join(", ")
}
