//! System call filters: profiles as data, compiled to classic BPF by our own emitter (contract 1.7).
//!
//! Installing a filter is the business of the launch.

mod compile;
mod default;
mod emit;
mod profile;
mod syscalls;

pub use profile::{Action, Argument, Comparison, Condition, KernelVersion, Profile, Rule};

pub(crate) use emit::Instruction;

use std::sync::OnceLock;

use crate::capabilities::Capabilities;
use crate::spec::Seccomp;
use compile::Circumstances;

/// Why a profile cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeccompError {
    /// The filter has more instructions than the kernel takes.
    #[error("seccomp profile is too long: the filter has more than 4096 instructions")]
    TooLong,
    /// An argument number beyond the sixth.
    #[error("seccomp profile: {name}: system calls have no argument number {index}")]
    NoSuchArgument {
        /// The first system call of the rule.
        name: String,
        /// The number asked for.
        index: u32,
    },
    /// A flag that is not known.
    #[error("seccomp profile: unknown flag {0:?}")]
    UnknownFlag(String),
}

/// A filter ready to be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) program: Vec<Instruction>,
    /// `SECCOMP_FILTER_FLAG_*`.
    pub(crate) flags: u32,
}

/// Does not slow the process down for speculation's sake; Docker's default (kernel 4.17).
const FLAG_SPEC_ALLOW: u32 = 4;

impl Profile {
    /// Parses the JSON of `--security-opt seccomp=…` and checks that it can be compiled.
    ///
    /// # Errors
    /// It is no JSON of this form, or asks for something a filter cannot do; the message says what.
    pub fn parse(json: &str) -> Result<Self, String> {
        let profile: Self = serde_json::from_str(json).map_err(|error| error.to_string())?;
        profile.compile(Capabilities::none()).map_err(|error| error.to_string())?;
        Ok(profile)
    }

    fn compile(&self, capabilities: Capabilities) -> Result<Filter, SeccompError> {
        self.check()?;
        let circumstances = Circumstances { capabilities, kernel: running_kernel() };
        let decide = |abi: &syscalls::Abi| (abi.audit, compile::decide(self, abi, &circumstances));
        let program = emit::emit(&syscalls::ABIS.each_ref().map(decide)).ok_or(SeccompError::TooLong)?;
        Ok(Filter { program, flags: self.flags()? })
    }

    fn check(&self) -> Result<(), SeccompError> {
        for rule in &self.syscalls {
            if let Some(wrong) = rule.args.iter().find(|argument| argument.index > 5) {
                let name = rule.names.first().or(rule.name.as_ref()).cloned().unwrap_or_default();
                return Err(SeccompError::NoSuchArgument { name, index: wrong.index });
            }
        }
        Ok(())
    }

    fn flags(&self) -> Result<u32, SeccompError> {
        if self.flags.is_empty() {
            return Ok(FLAG_SPEC_ALLOW);
        }
        self.flags.iter().try_fold(0, |flags, name| match name.as_str() {
            "SECCOMP_FILTER_FLAG_TSYNC" => Ok(flags | 1),
            "SECCOMP_FILTER_FLAG_LOG" => Ok(flags | 2),
            "SECCOMP_FILTER_FLAG_SPEC_ALLOW" => Ok(flags | FLAG_SPEC_ALLOW),
            _ => Err(SeccompError::UnknownFlag(name.clone())),
        })
    }
}

/// The filter for a process with this bounding set; none when it is unconfined.
pub(crate) fn filter(choice: &Seccomp, capabilities: Capabilities) -> Result<Option<Filter>, SeccompError> {
    match choice {
        Seccomp::Unconfined => Ok(None),
        Seccomp::Profile(profile) => profile.compile(capabilities).map(Some),
        Seccomp::Default if capabilities == Capabilities::docker_defaults() => {
            usual_filter().clone().map(Some)
        }
        Seccomp::Default => default::profile().compile(capabilities).map(Some),
    }
}

/// The default filter for the default capabilities. The monitor calls this once, so that no child has to
/// compile it.
pub(crate) fn usual_filter() -> &'static Result<Filter, SeccompError> {
    static USUAL: OnceLock<Result<Filter, SeccompError>> = OnceLock::new();
    USUAL.get_or_init(|| default::profile().compile(Capabilities::docker_defaults()))
}

fn running_kernel() -> KernelVersion {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    KernelVersion::parse(&release).unwrap_or(KernelVersion { major: 0, minor: 0 })
}

#[cfg(test)]
mod tests;
