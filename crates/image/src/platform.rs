//! Platforms: `linux/arm64/v8`, their aliases, and which of several an engine prefers (contract 7.2).
//!
//! Owns parsing, normalisation and the fallback order. It chooses among what it is shown and fetches nothing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An operating system and a processor architecture, as image indexes name them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// Go's name of the operating system, `linux`.
    #[serde(default)]
    pub os: String,
    /// Go's name of the architecture, `amd64`.
    #[serde(default)]
    pub architecture: String,
    /// `v7`, `v8`, … where the architecture has variants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// A platform text that is not `os[/arch[/variant]]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is an invalid component of a platform: expected os[/arch[/variant]]")]
pub struct PlatformError {
    text: String,
}

impl Platform {
    /// A normalised platform.
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Platform {
        let variant = variant.filter(|variant| !variant.is_empty()).map(str::to_ascii_lowercase);
        let (architecture, variant) = normalise(&architecture.to_ascii_lowercase(), variant);
        Platform { os: normalise_os(os), architecture, variant }
    }

    /// The platform this program was compiled for.
    pub fn host() -> Platform {
        Platform::new("linux", std::env::consts::ARCH, None)
    }

    /// The same platform with aliases resolved (`x86_64` is `amd64`).
    pub fn normalised(&self) -> Platform {
        Platform::new(&self.os, &self.architecture, self.variant.as_deref())
    }

    /// True for index entries that describe no runnable image, such as attestations (contract 7.2.3).
    pub fn is_unknown(&self) -> bool {
        self.os.is_empty() || self.os == "unknown" || self.architecture == "unknown"
    }

    /// What this platform can run, best first (contract 7.2.2).
    pub fn candidates(&self) -> Vec<Platform> {
        let own = self.normalised();
        let with = |architecture: &str, variant: Option<String>| Platform {
            os: own.os.clone(),
            architecture: architecture.to_owned(),
            variant,
        };
        match own.architecture.as_str() {
            "amd64" => {
                let mut list: Vec<_> =
                    amd64_variants(own.variant.as_deref()).map(|v| with("amd64", v)).collect();
                list.push(with("386", None));
                list
            }
            "arm" => arm_variants(own.variant.as_deref()).map(|v| with("arm", Some(v))).collect(),
            "arm64" => {
                let mut list: Vec<_> =
                    arm64_variants(own.variant.as_deref()).into_iter().map(|v| with("arm64", v)).collect();
                list.extend(arm_variants(Some("v8")).map(|v| with("arm", Some(v))));
                list
            }
            _ => vec![own],
        }
    }

    /// How well this engine platform runs `image`: 0 is best, `None` is not at all.
    pub fn rank(&self, image: &Platform) -> Option<usize> {
        let image = image.normalised();
        self.candidates().iter().position(|candidate| *candidate == image)
    }
}

fn normalise_os(os: &str) -> String {
    match os.to_ascii_lowercase().as_str() {
        "macos" => "darwin".to_owned(),
        other => other.to_owned(),
    }
}

fn normalise(architecture: &str, variant: Option<String>) -> (String, Option<String>) {
    let known = |name: &str, variant: Option<&str>| (name.to_owned(), variant.map(str::to_owned));
    match (architecture, variant.as_deref()) {
        ("i386" | "x86", _) => known("386", None),
        ("x86_64" | "x86-64" | "amd64", Some("v1")) => known("amd64", None),
        ("x86_64" | "x86-64" | "amd64", variant) => known("amd64", variant),
        ("aarch64" | "arm64", Some("8" | "v8")) => known("arm64", None),
        ("aarch64" | "arm64", Some("9" | "9.0" | "v9.0")) => known("arm64", Some("v9")),
        ("aarch64" | "arm64", variant) => known("arm64", variant),
        ("armhf", _) => known("arm", Some("v7")),
        ("armel", _) => known("arm", Some("v6")),
        ("arm", None | Some("7")) => known("arm", Some("v7")),
        ("arm", Some("5")) => known("arm", Some("v5")),
        ("arm", Some("6")) => known("arm", Some("v6")),
        ("arm", Some("8")) => known("arm", Some("v8")),
        (other, variant) => known(other, variant),
    }
}

fn amd64_variants(variant: Option<&str>) -> impl Iterator<Item = Option<String>> {
    let level: u32 = variant.and_then(|text| text.strip_prefix('v')?.parse().ok()).unwrap_or(1).min(9);
    (1..=level).rev().map(|level| (level > 1).then(|| format!("v{level}")))
}

fn arm_variants(variant: Option<&str>) -> impl Iterator<Item = String> {
    let level: u32 = variant.and_then(|text| text.strip_prefix('v')?.parse().ok()).unwrap_or(7).clamp(5, 8);
    (5..=level).rev().map(|level| format!("v{level}"))
}

/// Armv9.x includes Armv8.(x+5), so its list continues there.
fn arm64_variants(variant: Option<&str>) -> Vec<Option<String>> {
    let (major, minor) = parse_arm64(variant.unwrap_or("v8")).unwrap_or((8, 0));
    let mut list = Vec::new();
    if major == 9 {
        list.extend((0..=minor).rev().map(|minor| Some(arm64_name(9, minor))));
    }
    let highest = if major == 9 { (minor + 5).min(9) } else { minor };
    list.extend((1..=highest).rev().map(|minor| Some(arm64_name(8, minor))));
    list.push(None);
    list
}

fn parse_arm64(variant: &str) -> Option<(u32, u32)> {
    let (major, minor) = variant.strip_prefix('v')?.split_once('.').unwrap_or((&variant[1..], "0"));
    Some((major.parse().ok()?, minor.parse::<u32>().ok()?.min(9)))
}

fn arm64_name(major: u32, minor: u32) -> String {
    if minor == 0 { format!("v{major}") } else { format!("v{major}.{minor}") }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Platform, PlatformError> {
        let parts: Vec<&str> = text.split('/').collect();
        let fits = |part: &&str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.()".contains(&byte))
        };
        if parts.len() > 3 || !parts.iter().all(fits) {
            return Err(PlatformError { text: text.chars().take(100).collect() });
        }
        let host = Platform::host();
        Ok(match parts.as_slice() {
            [one] if is_operating_system(one) => Platform::new(one, &host.architecture, None),
            [one] => Platform::new(&host.os, one, None),
            [os, architecture] => Platform::new(os, architecture, None),
            [os, architecture, rest @ ..] => Platform::new(os, architecture, rest.first().copied()),
            [] => host,
        })
    }
}

fn is_operating_system(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "linux" | "windows" | "darwin" | "macos" | "freebsd")
}

impl fmt::Display for Platform {
    /// `linux/arm64/v8` (arm64 is printed with the variant that it implies, as Docker does).
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.os, self.architecture)?;
        match (&self.variant, self.architecture.as_str()) {
            (Some(variant), _) => write!(formatter, "/{variant}"),
            (None, "arm64") => write!(formatter, "/v8"),
            (None, _) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.parse::<Platform>().unwrap().candidates().iter().map(Platform::to_string).collect()
    }

    #[test]
    fn resolves_aliases() {
        for (text, expected) in [
            ("linux/x86_64", "linux/amd64"),
            ("linux/amd64/v1", "linux/amd64"),
            ("linux/aarch64/8", "linux/arm64/v8"),
            ("linux/arm64/9", "linux/arm64/v9"),
            ("linux/armhf", "linux/arm/v7"),
            ("linux/armel", "linux/arm/v6"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/i386", "linux/386"),
            ("arm64", "linux/arm64/v8"),
        ] {
            assert_eq!(text.parse::<Platform>().unwrap().to_string(), expected);
        }
    }

    #[test]
    fn falls_back_in_order() {
        assert_eq!(names("linux/amd64/v3"), ["linux/amd64/v3", "linux/amd64/v2", "linux/amd64", "linux/386"]);
        assert_eq!(names("linux/arm/v6"), ["linux/arm/v6", "linux/arm/v5"]);
        let arm64 = ["linux/arm64/v8", "linux/arm/v8", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5"];
        assert_eq!(names("linux/arm64"), arm64);
        assert_eq!(names("linux/arm64/v9")[..3], ["linux/arm64/v9", "linux/arm64/v8.5", "linux/arm64/v8.4"]);
        assert_eq!(names("linux/riscv64"), ["linux/riscv64"]);
    }

    #[test]
    fn refuses_other_shapes() {
        for text in ["", "linux/", "linux/amd64/v1/x", "linux/am d"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }
}
