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
            for (name, value) in pairs(change, value)? {
                config.env.retain(|own| own.split('=').next() != Some(name.as_str()));
                config.env.push(format!("{name}={value}"));
            }
        }
        "LABEL" => config.labels.extend(pairs(change, value)?),
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

/// `NAME=value NAME=value`, with quotes and backslashes as in a Dockerfile, or `NAME value` with all of the rest.
fn pairs(change: &str, text: &str) -> Result<Vec<(String, String)>, ArchiveError> {
    let incomplete = || ArchiveError::Change(format!("{change}: a name and a value are needed"));
    let words = words(text);
    if words.first().is_some_and(|word| !word.contains('=')) {
        let (name, value) = text.split_once(char::is_whitespace).ok_or_else(incomplete)?;
        return Ok(vec![(name.to_owned(), value.trim().to_owned())]);
    }
    let pair = |word: &String| {
        let (name, value) =
            word.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(incomplete)?;
        Ok((name.to_owned(), value.to_owned()))
    };
    let pairs: Vec<_> = words.iter().map(pair).collect::<Result<_, ArchiveError>>()?;
    if pairs.is_empty() { Err(incomplete()) } else { Ok(pairs) }
}

/// Words of a line: quotes keep blanks in one, a backslash any character.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut quote = None;
    let mut inside = false;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character.is_whitespace() && quote.is_none() {
            inside = false;
            continue;
        }
        if !std::mem::replace(&mut inside, true) {
            words.push(String::new());
        }
        let Some(word) = words.last_mut() else { continue };
        match character {
            '\\' if quote != Some('\'') => word.extend(characters.next()),
            '"' | '\'' if quote.is_none() => quote = Some(character),
            _ if quote == Some(character) => quote = None,
            plain => word.push(plain),
        }
    }
    words
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
        let mut config = Config::default();
        apply_change(&mut config, "ENV A=1 B=\"two words\" C=a\\ b").unwrap();
        assert_eq!(config.env, ["A=1", "B=two words", "C=a b"]);
        assert!(apply_change(&mut Config::default(), "RUN x").is_err());
        assert!(apply_change(&mut Config::default(), "ENV A").is_err());
    }
}
