//! Arguments of `config`: what they mean together.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::Failure;

/// Arguments of `config`.
#[derive(Args, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct ConfigArgs {
    /// Only these services and what they depend on; patterns such as 'w*' are taken too
    services: Vec<String>,
    /// Output format
    #[arg(long, value_enum)]
    pub(super) format: Option<Format>,
    /// Only check; print nothing (with --format json: all diagnostics, for editors)
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Leave variables as they are written
    #[arg(long)]
    pub(super) no_interpolate: bool,
    /// Leave out names, the default network and implied dependencies
    #[arg(long)]
    pub(super) no_normalize: bool,
    /// Leave relative paths relative
    #[arg(long)]
    pub(super) no_path_resolution: bool,
    /// Do not check that references lead somewhere
    #[arg(long)]
    pub(super) no_consistency: bool,
    /// Keep env_file instead of reading it into environment
    #[arg(long)]
    pub(super) no_env_resolution: bool,
    /// Pin images to the digests that their registries have now
    #[arg(long)]
    resolve_image_digests: bool,
    /// Print only an override file that pins images to their digests
    #[arg(long)]
    pub(super) lock_image_digests: bool,
    /// Say behind each value where it comes from: file and line, what it overrode, the variables in it
    #[arg(long)]
    pub(super) provenance: bool,
    /// Write to a file
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    #[command(flatten)]
    listing: Listing,
}

/// What to list instead of the whole project; the first that is given counts, in this order.
#[derive(Args, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
struct Listing {
    /// Names of services
    #[arg(long = "services", id = "list_services")]
    services: bool,
    /// Keys of volumes
    #[arg(long)]
    volumes: bool,
    /// Keys of networks
    #[arg(long)]
    networks: bool,
    /// Names of models
    #[arg(long)]
    models: bool,
    /// Configuration hashes of these services, separated by commas, or of all with "*"
    #[arg(long, value_name = "SERVICES")]
    hash: Option<String>,
    /// Names of profiles
    #[arg(long)]
    profiles: bool,
    /// Names of images, one for each service
    #[arg(long)]
    images: bool,
    /// Variables that the files use
    #[arg(long)]
    variables: bool,
    /// Variables that the files can use, with their values
    #[arg(long)]
    environment: bool,
}

/// Output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
    /// A table (for `--variables`).
    Table,
}

/// A list of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List<'a> {
    /// What the project holds.
    Names(Names<'a>),
    /// Variables in the files.
    Variables,
    /// Variables with their values.
    Environment,
}

/// What a list names, one a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names<'a> {
    /// Services.
    Services,
    /// Keys of volumes.
    Volumes,
    /// Keys of networks.
    Networks,
    /// Models.
    Models,
    /// Hashes of the services named.
    Hash(&'a str),
    /// Profiles.
    Profiles,
    /// References of images.
    Images,
}

impl ConfigArgs {
    /// The list that was asked for. Compose takes the first of several flags in this order.
    pub(super) fn list(&self) -> Option<List<'_>> {
        self.lists().into_iter().flatten().map(|(list, _)| list).next()
    }

    fn lists(&self) -> [Option<(List<'_>, &'static str)>; 9] {
        let listing = &self.listing;
        // `--hash ""` asks for nothing.
        let hash = listing.hash.as_deref().filter(|names| !names.is_empty());
        [
            listing.services.then_some((List::Names(Names::Services), "--services")),
            listing.volumes.then_some((List::Names(Names::Volumes), "--volumes")),
            listing.networks.then_some((List::Names(Names::Networks), "--networks")),
            listing.models.then_some((List::Names(Names::Models), "--models")),
            hash.map(|names| (List::Names(Names::Hash(names)), "--hash")),
            listing.profiles.then_some((List::Names(Names::Profiles), "--profiles")),
            listing.images.then_some((List::Names(Names::Images), "--images")),
            listing.variables.then_some((List::Variables, "--variables")),
            listing.environment.then_some((List::Environment, "--environment")),
        ]
    }

    /// The services that limit what is printed: lists are about the whole project, but for that of images.
    pub(super) fn selected(&self) -> &[String] {
        let limits = matches!(self.list(), None | Some(List::Names(Names::Images))) && !self.no_interpolate;
        if limits { &self.services } else { &[] }
    }

    /// Whether images get their digests.
    pub(super) fn wants_digests(&self) -> bool {
        self.resolve_image_digests || self.lock_image_digests
    }

    /// Refuses what has no meaning.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let whole = self.list().is_none();
        let problem = if self.format == Some(Format::Table) && self.list() != Some(List::Variables) {
            "unsupported format \"table\": only --variables prints a table"
        } else if whole && self.wants_digests() && self.no_interpolate {
            "digests need the names of images: leave out --no-interpolate"
        } else if whole && self.lock_image_digests && self.provenance {
            "--provenance says where values of the files come from: leave out --lock-image-digests"
        } else {
            return Ok(());
        };
        Err(Failure::message(problem))
    }

    /// Arguments that have no effect with the others, each with the reason.
    pub(super) fn ignored(&self) -> Vec<String> {
        let mut given = self.lists().into_iter().flatten().map(|(_, flag)| flag);
        let list = given.next();
        let mut ignored: Vec<String> = Vec::new();
        if let Some(list) = list {
            ignored.extend(given.map(|flag| format!("{flag} is ignored with {list}")));
            let others = [
                (self.format.is_some() && list != "--variables", "--format"),
                (self.wants_digests(), "--resolve-image-digests"),
                (self.provenance, "--provenance"),
            ];
            ignored.extend(
                others
                    .iter()
                    .filter(|(given, _)| *given)
                    .map(|(_, flag)| format!("{flag} is ignored with {list}")),
            );
        }
        if self.services.len() > self.selected().len() {
            ignored.push(format!("services are ignored with {}", list.unwrap_or("--no-interpolate")));
        }
        ignored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_list_counts_and_the_others_are_named() {
        let listing = Listing { volumes: true, hash: Some("*".into()), ..Listing::default() };
        let args =
            ConfigArgs { listing, services: vec!["a".into()], provenance: true, ..ConfigArgs::default() };
        assert_eq!(args.list(), Some(List::Names(Names::Volumes)));
        assert_eq!(
            args.ignored(),
            [
                "--hash is ignored with --volumes",
                "--provenance is ignored with --volumes",
                "services are ignored with --volumes"
            ]
        );
        assert!(args.selected().is_empty());
    }

    #[test]
    fn services_limit_the_whole_and_images() {
        let services = vec!["a".to_owned()];
        let whole = ConfigArgs { services: services.clone(), ..ConfigArgs::default() };
        assert!(whole.ignored().is_empty());
        assert_eq!(whole.selected(), services);
        let images = Listing { images: true, ..Listing::default() };
        assert_eq!(
            ConfigArgs { services: services.clone(), listing: images, ..ConfigArgs::default() }.selected(),
            services
        );
        let raw = ConfigArgs { services, no_interpolate: true, ..ConfigArgs::default() };
        assert_eq!(raw.ignored(), ["services are ignored with --no-interpolate"]);
    }

    #[test]
    fn what_has_no_meaning_is_refused() {
        let table = ConfigArgs { format: Some(Format::Table), ..ConfigArgs::default() };
        assert!(table.check().is_err());
        let raw = ConfigArgs { no_interpolate: true, resolve_image_digests: true, ..ConfigArgs::default() };
        assert!(raw.check().is_err());
    }
}
