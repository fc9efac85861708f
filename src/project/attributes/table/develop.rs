//! `services.*.develop` and hooks.

use crate::project::attributes::row::{Attribute, row};
use crate::project::attributes::support::Support::Differs;
use crate::project::merge::Rule;

/// Its rows.
pub const ROWS: &[Attribute] = &[
    row("services.*.develop", "Settings for development"),
    row("services.*.develop.watch", "What to do when files change")
        .both(Differs("for `watch` and `up --watch`; nothing else acts on it")),
    row("services.*.develop.watch.[].ignore", "Patterns not watched"),
    row("services.*.develop.watch.[].include", "Patterns watched").default("all"),
    row("services.*.develop.watch.[].path", "Watched path"),
    row("services.*.develop.watch.[].action", "`rebuild`, `sync`, `restart`, `sync+restart` or `sync+exec`"),
    row("services.*.develop.watch.[].target", "Where to copy to in the container"),
    row("services.*.develop.watch.[].exec", "What `sync+exec` runs"),
    row("services.*.develop.watch.[].exec.command", "The command").merge(Rule::Replace),
    row("services.*.develop.watch.[].exec.user", "User").default("the container's"),
    row("services.*.develop.watch.[].exec.privileged", "With all privileges").default("`false`"),
    row("services.*.develop.watch.[].exec.working_dir", "Working directory").default("the container's"),
    row("services.*.develop.watch.[].exec.environment", "Further variables"),
    row("services.*.develop.watch.[].initial_sync", "Copy once at the start").default("`false`"),
    row("services.*.pre_start", "Containers run one after the other before the service starts").both(
        Differs(
            "`up` runs them, not `start` or `restart`; each is removed, its last lines are in the message",
        ),
    ),
    row("services.*.pre_start.[].command", "The command").merge(Rule::Replace),
    row("services.*.pre_start.[].user", "User").default("the service's; that of `image` where one is named"),
    row("services.*.pre_start.[].privileged", "With all privileges").default("`false`"),
    row("services.*.pre_start.[].working_dir", "Working directory").default("the service's"),
    row("services.*.pre_start.[].environment", "Further variables"),
    row("services.*.pre_start.[].image", "Image").default("the service's"),
    row("services.*.pre_start.[].per_replica", "Once per container instead of once").default("`false`"),
    row("services.*.post_start", "Commands run in a container after each start"),
    row("services.*.post_start.[].command", "The command").merge(Rule::Replace),
    row("services.*.post_start.[].user", "User").default("the container's"),
    row("services.*.post_start.[].privileged", "With all privileges").default("`false`"),
    row("services.*.post_start.[].working_dir", "Working directory").default("the container's"),
    row("services.*.post_start.[].environment", "Further variables"),
    row("services.*.pre_stop", "Commands run in a container before each stop"),
    row("services.*.pre_stop.[].command", "The command").merge(Rule::Replace),
    row("services.*.pre_stop.[].user", "User").default("the container's"),
    row("services.*.pre_stop.[].privileged", "With all privileges").default("`false`"),
    row("services.*.pre_stop.[].working_dir", "Working directory").default("the container's"),
    row("services.*.pre_stop.[].environment", "Further variables"),
];
