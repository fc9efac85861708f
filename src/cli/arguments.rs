//! Flags as Docker's users type them: Go's flag library takes `--detach=false`, and the last of repeated flags wins.

use clap::{Arg, ArgAction, Command};

/// Makes every on/off flag of `command` and its subcommands accept `--flag`, `--flag=true` and `--flag=false`.
pub fn like_go(command: Command) -> Command {
    command.args_override_self(true).mut_args(boolean_with_value).mut_subcommands(like_go)
}

fn boolean_with_value(argument: Arg) -> Arg {
    if !matches!(argument.get_action(), ArgAction::SetTrue) {
        return argument;
    }
    let default = match argument.get_default_values() {
        [value] => value.clone(),
        _ => "false".into(),
    };
    argument
        .action(ArgAction::Set)
        .num_args(0..=1)
        .require_equals(true)
        .value_parser(parse_bool)
        .default_missing_value("true")
        .default_value(default)
        .hide_default_value(true)
        .hide_possible_values(true)
}

/// The words that Go's flags take for yes and no; the error is for the user.
pub fn parse_bool(text: &str) -> Result<bool, &'static str> {
    match text {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Ok(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Ok(false),
        _ => Err("it must be true or false"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    #[derive(Parser)]
    struct Sample {
        #[arg(short, long)]
        detach: bool,
        #[arg(short, long, default_value = "true")]
        interactive: bool,
        services: Vec<String>,
    }

    fn parse(args: &[&str]) -> Sample {
        use clap::FromArgMatches;
        let matches = like_go(Sample::command()).get_matches_from([&["sample"], args].concat());
        Sample::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn some_are_on_unless_switched_off() {
        assert!(parse(&[]).interactive);
        assert!(!parse(&["--interactive=false"]).interactive);
        let sample = parse(&["-id"]);
        assert!(sample.interactive && sample.detach, "short flags stand together");
    }

    #[test]
    fn short_flags_take_a_value_too() {
        assert!(!parse(&["-i=false"]).interactive);
        let sample = parse(&["-di=0"]);
        assert!(sample.detach && !sample.interactive);
        let refused = like_go(Sample::command()).try_get_matches_from(["sample", "-d=maybe"]);
        assert!(refused.unwrap_err().to_string().contains("it must be true or false"));
    }

    #[test]
    fn booleans_take_a_value_with_an_equals_sign_only() {
        assert!(!parse(&[]).detach);
        assert!(parse(&["-d"]).detach);
        assert!(parse(&["--detach=true"]).detach);
        assert!(!parse(&["-d", "--detach=false"]).detach);
        let sample = parse(&["-d", "false"]);
        assert!(sample.detach, "the next word is a service");
        assert_eq!(sample.services, ["false"]);
    }
}
