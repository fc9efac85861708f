//! The differences between what two engines showed.

use std::collections::BTreeSet;

use crate::side::{Seen, Shown};

/// One thing that a program can see, and that the two engines show differently.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    pub case: String,
    pub key: String,
    /// None: it is not there.
    pub theirs: Option<String>,
    pub ours: Option<String>,
}

/// What is shown of every command, whether the program inside ran or not.
const OF_A_COMMAND: [&str; 2] = ["exit code", "stderr"];

/// Whether the program inside got to say what it sees.
fn ran(seen: &Seen) -> bool {
    seen.contains_key("arguments")
}

pub fn differences(theirs: &Shown, ours: &Shown) -> Vec<Difference> {
    let mut found = Vec::new();
    for (case, seen) in ours {
        let Some(reference) = theirs.get(case) else { continue };
        let keys: BTreeSet<&String> = reference.keys().chain(seen.keys()).collect();
        let both_ran = ran(reference) == ran(seen);
        for key in keys.into_iter().filter(|key| both_ran || OF_A_COMMAND.contains(&key.as_str())) {
            let (theirs, ours) = (reference.get(key), seen.get(key));
            if theirs != ours {
                let (case, key) = ((*case).to_owned(), key.clone());
                found.push(Difference { case, key, theirs: theirs.cloned(), ours: ours.cloned() });
            }
        }
    }
    found
}
