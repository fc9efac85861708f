//! A service: what runs, when, and how it is watched.

use crate::project::attributes::cases::{ALWAYS, LOG_DRIVERS, PERIODS, RESERVED, RESTART};
use crate::project::attributes::row::{Attribute, row};
use crate::project::attributes::support::{Support::Differs, refused, warned};
use crate::project::attributes::texts::REMOTE;
use crate::project::interpolate::Cast;
use crate::project::merge::{Key, Rule};

/// Its rows.
pub const ROWS: &[Attribute] = &[
    row("services.*.annotations", "OCI annotations of the container")
        .merge(Rule::KeyValueList)
        .unique(Key::BeforeEquals)
        .since(1, 43),
    row("services.*.attach", "Whether `up` and `logs` show its output").default("`true`").cast(Cast::Boolean),
    row("services.*.command", "Command line").default("the image's").merge(Rule::Replace),
    row("services.*.container_name", "Fixed name of the container").default("`PROJECT-SERVICE-NUMBER`"),
    row("services.*.credential_spec", "Windows service account")
        .both(warned(ALWAYS, "only engines on Windows have service accounts")),
    row("services.*.credential_spec.config", "Config that holds it"),
    row("services.*.credential_spec.file", "File that holds it"),
    row("services.*.credential_spec.registry", "Registry value that holds it"),
    row("services.*.depends_on", "Services started before, and what each must have reached")
        .merge(Rule::Dependencies),
    row("services.*.depends_on.*.condition", "State to wait for: started, healthy or completed")
        .default("`service_started` (short form)"),
    row("services.*.depends_on.*.required", "Whether a failure of the dependency stops this service")
        .default("`true`")
        .cast(Cast::Boolean),
    row(
        "services.*.depends_on.*.restart",
        "Restart this service when a command restarts or recreates the dependency",
    )
    .default("`false`")
    .cast(Cast::Boolean),
    row("services.*.domainname", "Domain part of the host name"),
    row("services.*.entrypoint", "Program that the command is given to")
        .default("the image's")
        .merge(Rule::Replace),
    row("services.*.env_file", "Files with variables, read while loading")
        .merge(Rule::KeyValueList)
        .unique(Key::EnvFile),
    row("services.*.env_file.[].path", "The file"),
    row("services.*.env_file.[].format", "`raw`: lines are taken as they are").default("dotenv"),
    row("services.*.env_file.[].required", "Whether a missing file is an error").default("`true`"),
    row(
        "services.*.environment",
        "Variables of the container; one without a value comes from the shell or `.env`",
    )
    .merge(Rule::KeyValueList)
    .unique(Key::BeforeEquals),
    row("services.*.extends", "Service that this one starts from").both(Differs(REMOTE)),
    row("services.*.extends.service", "Its name"),
    row("services.*.extends.file", "Its file").default("this file"),
    row("services.*.group_add", "Further groups of the process"),
    row("services.*.healthcheck", "How to find out whether it works").default("the image's"),
    row("services.*.healthcheck.disable", "Switch the image's check off")
        .default("`false`")
        .cast(Cast::Boolean),
    row("services.*.healthcheck.interval", "Time between probes").default("`30s`"),
    row("services.*.healthcheck.retries", "Failures in a row that make it unhealthy")
        .default("`3`")
        .cast(Cast::Integer),
    row("services.*.healthcheck.test", "The probe").default("the image's").merge(Rule::Replace),
    row("services.*.healthcheck.timeout", "Longest time of one probe").default("`30s`"),
    row("services.*.healthcheck.start_period", "Time in which failures do not count").default("`0s`"),
    row("services.*.healthcheck.start_interval", "Time between probes in the start period")
        .default("`5s`")
        .since(1, 44),
    row("services.*.hostname", "Host name in the container").default("its short id"),
    row("services.*.image", "Image reference").default("`PROJECT-SERVICE` of a built service"),
    row("services.*.init", "An init process as process 1").default("`false`").cast(Cast::Boolean),
    row("services.*.label_file", "Files with labels, read while loading")
        .merge(Rule::KeyValueList)
        .unique(Key::BeforeEquals),
    row("services.*.labels", "Labels of the container")
        .both(warned(RESERVED, "the project's own labels go before it"))
        .merge(Rule::KeyValueList)
        .unique(Key::BeforeEquals),
    row("services.*.logging", "Where output is kept").default("the engine's default").merge(Rule::Logging),
    row("services.*.logging.driver", "Log driver")
        .default("`json-file`")
        .built_in(refused(LOG_DRIVERS, "the drivers are json-file, local and none")),
    row("services.*.logging.options", "Options of the driver"),
    row("services.*.models", "Models bound to the service")
        .merge(Rule::NamesToMap)
        .both(refused(ALWAYS, "no model runner is part of Wharf")),
    row("services.*.models.*.endpoint_var", "Variable that gets the address of the model"),
    row("services.*.models.*.model_var", "Variable that gets the name of the model"),
    row("services.*.platform", "Platform of the image").default("the engine's"),
    row("services.*.profiles", "Profiles that switch the service on")
        .default("always on")
        .unique(Key::BeforeEquals),
    row("services.*.provider", "A program that runs the service instead of an engine")
        .both(refused(ALWAYS, "Wharf runs no provider programs")),
    row("services.*.provider.type", "The program"),
    row("services.*.provider.options", "Its options"),
    row("services.*.pull_policy", "When to pull").default("`missing`").both(warned(
        PERIODS,
        "it pulls only when the image is missing: when it was pulled last is not known",
    )),
    row("services.*.pull_refresh_after", "How long a pulled image counts as fresh")
        .both(warned(ALWAYS, "it has no effect, and none with Docker Compose")),
    row("services.*.restart", "When the engine starts the container again")
        .default("`no`")
        .both(refused(RESTART, "a policy is no, always, unless-stopped, on-failure or on-failure:COUNT")),
    row("services.*.scale", "Number of containers").default("`1`").cast(Cast::Integer),
    row("services.*.stdin_open", "Keep standard input open").default("`false`").cast(Cast::Boolean),
    row("services.*.stop_grace_period", "Time between the stop signal and the kill")
        .default("`10s`")
        .both(Differs("rounded up to whole seconds")),
    row("services.*.stop_signal", "Signal that asks it to stop").default("the image's, else `SIGTERM`"),
    row("services.*.tty", "Give it a terminal").default("`false`").cast(Cast::Boolean),
    row("services.*.user", "User of the process").default("the image's"),
    row("services.*.working_dir", "Working directory").default("the image's"),
];
