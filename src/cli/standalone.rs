//! Called as `docker-compose`: the docker client's own flags may stand first (compose-surface 2.1).

use std::ffi::OsString;
use std::path::Path;

/// Flags of the docker client that take a value.
const WITH_VALUE: [&str; 7] =
    ["--context", "-c", "--log-level", "-l", "--tlscacert", "--tlscert", "--tlskey"];
/// Those that take none.
const WITHOUT_VALUE: [&str; 4] = ["-D", "--debug", "--tls", "--tlsverify"];

/// The command line without what only the docker client understands, or why it cannot be run.
///
/// # Errors
/// A flag whose meaning would be lost.
pub(super) fn rewritten(arguments: Vec<OsString>) -> Result<Vec<OsString>, String> {
    if !is_standalone(&arguments) {
        return Ok(arguments);
    }
    let mut rest = arguments.into_iter();
    let mut kept: Vec<OsString> = rest.next().into_iter().collect();
    while let Some(word) = rest.next() {
        let text = word.to_string_lossy().into_owned();
        let (flag, value) = match text.split_once('=') {
            Some((flag, value)) => (flag, Some(value.to_owned())),
            None => (text.as_str(), None),
        };
        match flag {
            // The command begins here; its flags are its own.
            command if !command.starts_with('-') => {
                kept.push(word);
                kept.extend(rest);
                break;
            }
            "-f" | "--file" | "-p" | "--project-name" | "-H" | "--host" if value.is_none() => {
                kept.push(word);
                kept.extend(rest.next());
            }
            "-v" | "--version" => kept.push("version".into()),
            flag if WITH_VALUE.contains(&flag) => {
                check(
                    flag,
                    &value.or_else(|| Some(rest.next()?.to_string_lossy().into_owned())).unwrap_or_default(),
                )?;
            }
            flag if WITHOUT_VALUE.contains(&flag) => check(flag, value.as_deref().unwrap_or("true"))?,
            _ => kept.push(word),
        }
    }
    Ok(kept)
}

fn is_standalone(arguments: &[OsString]) -> bool {
    let name = arguments.first().and_then(|name| Path::new(name).file_name());
    name.is_some_and(|name| name == "docker-compose")
}

/// Refuses what would change where a command goes; the amount of messages is nobody's loss.
fn check(flag: &str, value: &str) -> Result<(), String> {
    match flag {
        "--context" | "-c" if value != "default" => Err(format!(
            "{flag} {value}: contexts of the docker client are not supported; name the engine's address with -H or DOCKER_HOST"
        )),
        flag if flag.starts_with("--tls") && value != "false" => Err(format!(
            "{flag}: engines behind TLS are not supported; use ssh to forward the engine's socket"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Result<String, String> {
        let kept = rewritten(line.split(' ').map(OsString::from).collect())?;
        Ok(kept.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn flags_of_the_docker_client_go() {
        assert_eq!(
            words("/usr/bin/docker-compose -D -l debug ps -a").unwrap(),
            "/usr/bin/docker-compose ps -a"
        );
        assert_eq!(words("docker-compose -v").unwrap(), "docker-compose version");
        assert_eq!(
            words("docker-compose --context=default -f x up -D").unwrap(),
            "docker-compose -f x up -D"
        );
        assert_eq!(
            words("docker-compose -H unix:///x logs --tls").unwrap(),
            "docker-compose -H unix:///x logs --tls"
        );
        assert!(words("docker-compose --context remote ps").unwrap_err().contains("contexts"));
        assert!(words("docker-compose --tlsverify ps").unwrap_err().contains("TLS"));
    }

    #[test]
    fn other_names_are_left_alone() {
        assert_eq!(words("wharf -v").unwrap(), "wharf -v");
    }
}
