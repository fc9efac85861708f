//! The Dockerfile instructions that `import` and `commit` take as `--change`: those that only set defaults.

use super::error::ArchiveError;
use crate::model::Config;

/// Applies one instruction.
///
/// # Errors
/// [`ArchiveError::Change`] when it is not understood.
pub fn apply_change(config: &mut Config, change: &str) -> Result<(), ArchiveError> {
    let (instruction, value) = change.trim().split_once(char::is_whitespace).unwrap_or((change.trim(), ""));
    let value = value.trim();
    match instruction.to_ascii_uppercase().as_str() {
        "CMD" => config.cmd = Some(command(value)),
        "ENTRYPOINT" => config.entrypoint = Some(command(value)),
        "ENV" => {
            let (name, value) = pair(change, value)?;
            config.env.retain(|own| own.split('=').next() != Some(name));
            config.env.push(format!("{name}={value}"));
        }
        "LABEL" => {
            let (name, value) = pair(change, value)?;
            config.labels.insert(name.to_owned(), value.to_owned());
        }
        "EXPOSE" => config.exposed_ports.extend(value.split_whitespace().map(port)),
        "VOLUME" => config.volumes.extend(list(value)),
        "USER" => config.user = value.to_owned(),
        "WORKDIR" => config.working_dir = value.to_owned(),
        "STOPSIGNAL" => config.stop_signal = Some(value.to_owned()),
        "ONBUILD" => config.on_build.push(value.to_owned()),
        other => return Err(ArchiveError::Change(format!("{other} is not a valid change command"))),
    }
    Ok(())
}

/// The exec form is a JSON list; anything else is for a shell.
fn command(value: &str) -> Vec<String> {
    serde_json::from_str(value).unwrap_or_else(|_| vec!["/bin/sh".into(), "-c".into(), value.to_owned()])
}

fn list(value: &str) -> Vec<String> {
    serde_json::from_str(value).unwrap_or_else(|_| value.split_whitespace().map(str::to_owned).collect())
}

fn port(text: &str) -> String {
    if text.contains('/') { text.to_owned() } else { format!("{text}/tcp") }
}

/// `NAME=value` or `NAME value`, the value possibly quoted.
fn pair<'a>(change: &str, value: &'a str) -> Result<(&'a str, &'a str), ArchiveError> {
    let split = value.split_once('=').or_else(|| value.split_once(char::is_whitespace));
    let Some((name, value)) = split.filter(|(name, _)| !name.is_empty()) else {
        return Err(ArchiveError::Change(format!("{change}: a name and a value are needed")));
    };
    let value = value.trim();
    let unquoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    Ok((name, unquoted.unwrap_or(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_set_defaults() {
        let mut config = Config::default();
        for change in [
            "CMD [\"sh\", \"-c\"]",
            "entrypoint run it",
            "ENV A=b",
            "ENV A c",
            "LABEL x=\"y z\"",
            "EXPOSE 80 53/udp",
            "VOLUME /data",
            "USER 5:6",
        ] {
            apply_change(&mut config, change).unwrap();
        }
        assert_eq!(config.cmd.unwrap(), ["sh", "-c"]);
        assert_eq!(config.entrypoint.unwrap(), ["/bin/sh", "-c", "run it"]);
        assert_eq!(config.env, ["A=c"]);
        assert_eq!(config.labels["x"], "y z");
        assert_eq!(config.exposed_ports.into_iter().collect::<Vec<_>>(), ["53/udp", "80/tcp"]);
        assert_eq!((config.volumes.len(), config.user.as_str()), (1, "5:6"));
        assert!(apply_change(&mut Config::default(), "RUN x").is_err());
        assert!(apply_change(&mut Config::default(), "ENV A").is_err());
    }
}
