//! The differences between what two engines showed.

use std::collections::BTreeSet;

use crate::side::Shown;

/// One thing that a program can see, and that the two engines show differently.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    pub case: String,
    pub key: String,
    /// None: it is not there.
    pub theirs: Option<String>,
    pub ours: Option<String>,
}

/// Where the program inside ran on one engine only, just what the client showed is compared.
pub fn differences(theirs: &Shown, ours: &Shown) -> Vec<Difference> {
    compare(theirs, ours, "arguments", &["exit code", "stderr"])
}

/// Where a container came to be on one engine only, just what the client showed is compared.
pub fn options_differences(theirs: &Shown, ours: &Shown) -> Vec<Difference> {
    compare(theirs, ours, "Id", &["exit code", "stderr"])
}

/// All differences in cases where both sides have `mark` or neither has; those in `always` in the others.
fn compare(theirs: &Shown, ours: &Shown, mark: &str, always: &[&str]) -> Vec<Difference> {
    let mut found = Vec::new();
    for (case, seen) in ours {
        let Some(reference) = theirs.get(case) else { continue };
        let keys: BTreeSet<&String> = reference.keys().chain(seen.keys()).collect();
        let alike = reference.contains_key(mark) == seen.contains_key(mark);
        for key in keys.into_iter().filter(|key| alike || always.contains(&key.as_str())) {
            let (theirs, ours) = (reference.get(key), seen.get(key));
            if theirs != ours {
                let (case, key) = ((*case).to_owned(), key.clone());
                found.push(Difference { case, key, theirs: theirs.cloned(), ours: ours.cloned() });
            }
        }
    }
    found
}
