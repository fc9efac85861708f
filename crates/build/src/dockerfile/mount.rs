//! `RUN --mount=type=…,key=value,…` (contract 8.2.2, 8.2.3).

use super::error::Problem;
use super::suggest::with_suggestion;

/// A mount of a `RUN`, as written, checked for what fits together. Targets may still be relative to
/// `WORKDIR`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MountFlag {
    /// Files of the context, a stage, a named context or an image.
    Bind { target: String, source: String, from: Option<String>, writable: bool },
    /// A directory that outlives the build.
    Cache(CacheMount),
    /// Memory.
    Tmpfs { target: String, size: Option<u64> },
    /// A build secret.
    Secret(SecretMount),
}

/// `type=cache`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CacheMount {
    pub target: String,
    pub id: Option<String>,
    pub sharing: Sharing,
    pub from: Option<String>,
    pub source: Option<String>,
    pub read_only: bool,
    pub mode: u32,
    pub user: u32,
    pub group: u32,
}

/// How concurrent steps use one cache mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// All at once.
    Shared,
    /// Each its own copy.
    Private,
    /// One after the other.
    Locked,
}

/// `type=secret`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretMount {
    pub id: String,
    /// The file, when one is wanted.
    pub target: Option<String>,
    /// The variable, when one is wanted.
    pub variable: Option<String>,
    pub required: bool,
    pub mode: u32,
    pub user: u32,
    pub group: u32,
}

const KINDS: [&str; 5] = ["bind", "cache", "tmpfs", "secret", "ssh"];
const ALWAYS: &[&str] = &["type", "target", "dst", "destination"];
const BIND: &[&str] = &["source", "src", "from", "rw", "readwrite", "ro", "readonly"];
const CACHE: &[&str] =
    &["id", "sharing", "source", "src", "from", "ro", "readonly", "rw", "readwrite", "mode", "uid", "gid"];
const TMPFS: &[&str] = &["size"];
const SECRET: &[&str] = &["id", "source", "src", "required", "env", "mode", "uid", "gid"];

/// Parses one value of `--mount`, variables already expanded.
pub(crate) fn parse(text: &str) -> Result<MountFlag, Problem> {
    let fields = Fields::read(text)?;
    match fields.get(&["type"]).unwrap_or("bind") {
        "bind" => fields.allow(BIND)?.bind(),
        "cache" => fields.allow(CACHE)?.cache(),
        "tmpfs" => fields.allow(TMPFS)?.tmpfs(),
        "secret" => fields.allow(SECRET)?.secret(),
        "ssh" => Err(Problem::new("RUN --mount=type=ssh is not supported")
            .help("pass a key as a secret: --mount=type=secret")),
        other => Err(with_suggestion(format!("unknown mount type {other:?}"), other, KINDS)),
    }
}

/// The `from` field of a value of `--mount`, the only one in which variables are not expanded.
pub(crate) fn from_field(text: &str) -> Option<String> {
    Fields::read(text).ok()?.from()
}

struct Fields(Vec<(String, Option<String>)>);

impl Fields {
    fn read(text: &str) -> Result<Self, Problem> {
        let mut fields = Vec::new();
        for field in text.split(',') {
            let (key, value) =
                field.split_once('=').map_or((field, None), |(key, value)| (key, Some(value.to_owned())));
            let key = key.trim().to_lowercase();
            if key.is_empty() {
                return Err(Problem::new(format!("empty field in --mount={text}")));
            }
            fields.push((key, value));
        }
        Ok(Self(fields))
    }

    fn allow(self, own: &[&str]) -> Result<Self, Problem> {
        let known = || ALWAYS.iter().chain(own).copied();
        match self.0.iter().find(|(key, _)| !known().any(|name| name == key)) {
            Some((key, _)) => Err(with_suggestion(format!("unknown field {key:?} in --mount"), key, known())),
            None => Ok(self),
        }
    }

    fn get(&self, names: &[&str]) -> Option<&str> {
        let (_, value) = self.0.iter().rev().find(|(key, _)| names.contains(&key.as_str()))?;
        value.as_deref()
    }

    /// A field that is on by its mere presence.
    fn switch(&self, names: &[&str]) -> Result<Option<bool>, Problem> {
        let Some((key, value)) = self.0.iter().rev().find(|(key, _)| names.contains(&key.as_str())) else {
            return Ok(None);
        };
        match value.as_deref() {
            None | Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(other) => Err(Problem::new(format!("{key} takes true or false, not {other:?}"))),
        }
    }

    fn number(&self, name: &str, radix: u32, default: u32) -> Result<u32, Problem> {
        let Some(text) = self.get(&[name]) else { return Ok(default) };
        u32::from_str_radix(text, radix)
            .map_err(|_| Problem::new(format!("{name}={text} in --mount is not a number")))
    }

    fn target(&self) -> Option<String> {
        self.get(&["target", "dst", "destination"]).map(str::to_owned)
    }

    fn required_target(&self) -> Result<String, Problem> {
        self.target().ok_or_else(|| Problem::new("--mount needs target=…"))
    }

    fn from(&self) -> Option<String> {
        self.get(&["from"]).map(str::to_owned)
    }

    fn source(&self) -> Option<String> {
        self.get(&["source", "src"]).map(str::to_owned)
    }

    /// `rw` or not `ro`, `None` when neither was given.
    fn writable(&self) -> Result<Option<bool>, Problem> {
        let read_only = self.switch(&["ro", "readonly"])?;
        Ok(self.switch(&["rw", "readwrite"])?.or(read_only.map(|read_only| !read_only)))
    }

    fn bind(&self) -> Result<MountFlag, Problem> {
        Ok(MountFlag::Bind {
            target: self.required_target()?,
            source: self.source().unwrap_or_else(|| "/".to_owned()),
            from: self.from(),
            writable: self.writable()?.unwrap_or(false),
        })
    }

    fn cache(&self) -> Result<MountFlag, Problem> {
        Ok(MountFlag::Cache(CacheMount {
            target: self.required_target()?,
            id: self.get(&["id"]).map(str::to_owned),
            sharing: self.sharing()?,
            from: self.from(),
            source: self.source(),
            read_only: !self.writable()?.unwrap_or(true),
            mode: self.number("mode", 8, 0o755)?,
            user: self.number("uid", 10, 0)?,
            group: self.number("gid", 10, 0)?,
        }))
    }

    fn sharing(&self) -> Result<Sharing, Problem> {
        match self.get(&["sharing"]) {
            None | Some("shared") => Ok(Sharing::Shared),
            Some("private") => Ok(Sharing::Private),
            Some("locked") => Ok(Sharing::Locked),
            Some(other) => Err(with_suggestion(
                format!("unknown sharing {other:?}"),
                other,
                ["shared", "private", "locked"],
            )),
        }
    }

    fn tmpfs(&self) -> Result<MountFlag, Problem> {
        let size = self.get(&["size"]).map(bytes).transpose()?;
        Ok(MountFlag::Tmpfs { target: self.required_target()?, size })
    }

    fn secret(&self) -> Result<MountFlag, Problem> {
        let target = self.target();
        let variable = self.get(&["env"]).map(str::to_owned);
        let base_name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let id = self
            .get(&["id", "source", "src"])
            .map(str::to_owned)
            .or_else(|| target.as_deref().map(base_name));
        let id = id
            .filter(|id| !id.is_empty())
            .ok_or_else(|| Problem::new("--mount=type=secret needs an id or a target"))?;
        // With `env` alone there is no file; a target asks for both.
        let target = target.or_else(|| variable.is_none().then(|| format!("/run/secrets/{id}")));
        Ok(MountFlag::Secret(SecretMount {
            id,
            target,
            variable,
            required: self.switch(&["required"])?.unwrap_or(false),
            mode: self.number("mode", 8, 0o400)?,
            user: self.number("uid", 10, 0)?,
            group: self.number("gid", 10, 0)?,
        }))
    }
}

/// A size with an optional binary unit: `64m`, `1g`, `1048576`.
fn bytes(text: &str) -> Result<u64, Problem> {
    let lower = text.trim().to_lowercase();
    let digits = lower.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let shift = match &lower[digits.len()..] {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => 64,
    };
    let number: Option<u64> = digits.parse().ok();
    number
        .and_then(|number| number.checked_mul(1u64.checked_shl(shift)?))
        .ok_or_else(|| Problem::new(format!("size={text} in --mount is not a size")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_type_with_its_defaults() {
        assert_eq!(
            parse("target=/src"),
            Ok(MountFlag::Bind { target: "/src".into(), source: "/".into(), from: None, writable: false })
        );
        assert_eq!(
            parse("type=tmpfs,dst=/t,size=64m"),
            Ok(MountFlag::Tmpfs { target: "/t".into(), size: Some(64 << 20) })
        );
        let Ok(MountFlag::Cache(cache)) = parse("type=cache,target=/c,sharing=locked,mode=0700,uid=5") else {
            panic!("cache")
        };
        assert_eq!(
            (cache.sharing, cache.mode, cache.user, cache.group, cache.read_only),
            (Sharing::Locked, 0o700, 5, 0, false)
        );
    }

    #[test]
    fn secrets_are_files_unless_only_a_variable_is_wanted() {
        let secret = |text| match parse(text) {
            Ok(MountFlag::Secret(secret)) => (secret.id, secret.target, secret.variable),
            other => panic!("{other:?}"),
        };
        let owned = |text: &str| Some(text.to_owned());
        assert_eq!(secret("type=secret,id=k"), ("k".into(), owned("/run/secrets/k"), None));
        assert_eq!(
            secret("type=secret,target=/etc/ssl/ca.pem"),
            ("ca.pem".into(), owned("/etc/ssl/ca.pem"), None)
        );
        assert_eq!(secret("type=secret,id=k,env=KEY"), ("k".into(), None, owned("KEY")));
        assert_eq!(secret("type=secret,id=k,env=KEY,target=/k"), ("k".into(), owned("/k"), owned("KEY")));
    }

    #[test]
    fn says_what_is_wrong() {
        let message = |text| parse(text).expect_err(text).message;
        assert_eq!(message("type=cach,target=/x"), "unknown mount type \"cach\"");
        assert_eq!(message("type=tmpfs,target=/x,mode=1"), "unknown field \"mode\" in --mount");
        assert_eq!(message("type=bind"), "--mount needs target=…");
        assert_eq!(message("type=ssh"), "RUN --mount=type=ssh is not supported");
        assert_eq!(message("type=tmpfs,target=/x,size=9x"), "size=9x in --mount is not a size");
        assert_eq!(message("type=cache,target=/x,sharing=lock"), "unknown sharing \"lock\"");
    }
}
