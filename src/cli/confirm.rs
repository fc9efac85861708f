//! Questions to the user.

use std::io::{BufRead as _, Write as _};

/// Asks, and waits for the answer. The end of input is a no.
///
/// # Errors
/// Standard input or standard error fails.
pub(super) fn confirm(question: &str) -> std::io::Result<bool> {
    eprint!("{question} [yN] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
