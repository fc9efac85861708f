//! `wharf version`.

use clap::{Args, ValueEnum};

use crate::output;

/// Arguments of `version`.
#[derive(Args, Debug)]
pub struct VersionArgs {
    /// How to print it
    #[arg(short, long, value_enum, default_value_t)]
    format: Format,
    /// Only the number
    #[arg(long)]
    short: bool,
}

/// How the version is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A sentence.
    #[default]
    Pretty,
    /// A JSON object.
    Json,
}

/// Prints the version. Reads no project and asks no engine.
pub fn run(args: &VersionArgs) {
    output::lines([text(args, env!("CARGO_PKG_VERSION"))]);
}

fn text(args: &VersionArgs, version: &str) -> String {
    match (args.short, args.format) {
        (true, _) => version.to_owned(),
        (false, Format::Pretty) => format!("Wharf version v{version}"),
        (false, Format::Json) => format!("{{\"version\":\"v{version}\"}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_forms() {
        let print = |short, format| text(&VersionArgs { format, short }, "1.2.3");
        assert_eq!(print(true, Format::Json), "1.2.3");
        assert_eq!(print(false, Format::Pretty), "Wharf version v1.2.3");
        assert_eq!(print(false, Format::Json), r#"{"version":"v1.2.3"}"#);
    }
}
