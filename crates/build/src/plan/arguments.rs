//! Build arguments: what was given, what is predefined, what global `ARG`s say (contract 8.3.3, 8.3.5).

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use wharf_image::Platform;

use crate::dockerfile::{ArgDefinition, Dockerfile, DockerfileError, InstructionKind, Problem};
use crate::expand::Expander;

/// Arguments that reach `RUN` without an `ARG`, in both cases.
const PROXIES: [&str; 5] = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];

/// All arguments of one build, as seen from outside of the stages.
#[derive(Debug, Clone)]
pub(crate) struct Arguments {
    given: IndexMap<String, String>,
    platform: BTreeMap<String, String>,
    global: BTreeMap<String, String>,
}

impl Arguments {
    /// Evaluates the global `ARG`s of a file.
    pub fn new(
        file: &Dockerfile,
        given: &IndexMap<String, String>,
        target: &Platform,
        target_stage: &str,
    ) -> Result<Self, DockerfileError> {
        let mut platform = platform_arguments("TARGET", target);
        platform.extend(platform_arguments("BUILD", &Platform::host()));
        platform.insert("TARGETSTAGE".to_owned(), target_stage.to_owned());
        let mut arguments = Self { given: given.clone(), platform, global: BTreeMap::new() };
        for instruction in &file.global_args {
            let InstructionKind::Arg(definitions) = &instruction.kind else { continue };
            for definition in definitions {
                arguments
                    .define_global(definition, file.escape)
                    .map_err(|problem| file.error_at(instruction.line, &instruction.source, problem))?;
            }
        }
        Ok(arguments)
    }

    fn define_global(&mut self, definition: &ArgDefinition, escape: char) -> Result<(), Problem> {
        let value = match (self.given.get(&definition.name), &definition.default) {
            (Some(given), _) => Some(given.clone()),
            (None, Some(default)) => {
                Some(Expander { escape, lookup: &|name| self.in_from(name) }.word(default)?)
            }
            (None, None) => None,
        };
        if let Some(value) = value {
            self.global.insert(definition.name.clone(), value);
        }
        Ok(())
    }

    /// A variable as `FROM` lines see it.
    pub fn in_from(&self, name: &str) -> Option<String> {
        self.global.get(name).or_else(|| self.platform.get(name)).cloned()
    }

    /// The value of an `ARG` in a stage; `default` is already expanded. `None` changes nothing (contract
    /// 8.3.4).
    pub fn declared(&self, name: &str, default: Option<String>) -> Option<String> {
        self.given.get(name).cloned().or(default).or_else(|| self.in_from(name))
    }

    /// Proxy settings among the given arguments.
    pub fn proxies(&self) -> Vec<(String, String)> {
        self.given
            .iter()
            .filter(|(name, _)| is_proxy(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// Given arguments that no `ARG` of the file declares.
    pub fn unused(&self, file: &Dockerfile) -> Vec<String> {
        let declared = declared_names(file);
        self.given
            .keys()
            .filter(|name| {
                !declared.contains(name.as_str())
                    && !is_predefined(name)
                    && !self.platform.contains_key(*name)
            })
            .cloned()
            .collect()
    }
}

fn declared_names(file: &Dockerfile) -> BTreeSet<&str> {
    let in_stages = file.stages.iter().flat_map(|stage| &stage.instructions);
    file.global_args
        .iter()
        .chain(in_stages)
        .filter_map(|instruction| match &instruction.kind {
            InstructionKind::Arg(definitions) => Some(definitions),
            _ => None,
        })
        .flatten()
        .map(|definition| definition.name.as_str())
        .collect()
}

/// Whether an argument is a proxy setting.
pub(crate) fn is_proxy(name: &str) -> bool {
    PROXIES.iter().any(|proxy| name == *proxy || name == proxy.to_lowercase())
}

fn is_predefined(name: &str) -> bool {
    is_proxy(name) || name.starts_with("BUILDKIT_") || name == "SOURCE_DATE_EPOCH"
}

fn platform_arguments(prefix: &str, platform: &Platform) -> BTreeMap<String, String> {
    let values = [
        ("PLATFORM", platform.to_string()),
        ("OS", platform.os.clone()),
        ("ARCH", platform.architecture.clone()),
        ("VARIANT", platform.variant.clone().unwrap_or_default()),
        ("OSVERSION", String::new()),
    ];
    values.into_iter().map(|(name, value)| (format!("{prefix}{name}"), value)).collect()
}
