//! Reasons that several rows share.

pub const REMOTE: &str = "files on this host only: git, OCI and HTTP addresses are refused while loading";
pub const WINDOWS: &str = "only engines on Windows have it";
pub const REALTIME: &str = "the engine sets no realtime limits";
pub const GPUS: &str = "the engine hands out no GPUs yet";
pub const IPV6: &str = "networks of the engine have IPv4 addresses only";
pub const DESCRIPTION: &str = "a description that no engine is told";
pub const FILE_KEEPS: &str = "a file of the host keeps its own owner and permissions";
pub const BUILDKIT: &str = "it needs BuildKit, and images are built through the engine's own build API";
pub const IN_DOCKERFILE: &str = "the Dockerfile decides it, with `RUN --mount=type=secret,uid=,gid=,mode=`";
pub const CLUSTER: &str = "it is for clusters; this is one host";
pub const NO_OBJECT: &str = "no object is made in the engine that could carry it";
pub const SWARM: &str = "only a swarm keeps secrets and configs";
