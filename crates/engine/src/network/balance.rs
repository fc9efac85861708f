//! Which containers answer on which port of the host.
//!
//! The rule: a port belongs to one container, or to the replicas of one service. Connections go to those replicas that are healthy
//! or listen and have no health check; if there are none, to those that are starting; if there are none, to all that run. A replica leaves
//! before it gets its stop signal.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddrV4};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wharf_network::{HostPorts, PortError, PortKey, PortMapper, PortRequest, Protocol};

use super::publish::Group;

/// How well a container can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// Healthy, or it listens and has no health check.
    Ready,
    /// No verdict yet.
    Starting,
    /// It runs and is unhealthy.
    Unhealthy,
    /// It has no process.
    Gone,
}

/// All published ports.
pub struct Balancer {
    ports: PortMapper,
    table: Mutex<BTreeMap<PortKey, Entry>>,
}

struct Entry {
    group: Option<Group>,
    wanted: Wanted,
    members: Vec<Member>,
    backends: Vec<SocketAddrV4>,
}

/// What was asked for; only the same wish can share a port.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    protocol: Protocol,
    host_ip: Option<IpAddr>,
    port: u16,
}

impl Wanted {
    /// What no other request is equal to.
    fn exclusive(key: PortKey, request: &PortRequest) -> Wanted {
        Wanted { protocol: key.protocol, host_ip: request.host_ip, port: 0 }
    }

    /// A port that the kernel chooses is never shared.
    fn of(request: &PortRequest) -> Option<Wanted> {
        match request.ports {
            HostPorts::Fixed(port) => {
                Some(Wanted { protocol: request.protocol, host_ip: request.host_ip, port })
            }
            HostPorts::Ephemeral | HostPorts::AnyOf(_) => None,
        }
    }
}

#[derive(Debug, Clone)]
struct Member {
    container: String,
    backend: SocketAddrV4,
    leaving: bool,
}

/// A container's claim on one port.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// The container's id.
    pub container: &'a str,
    /// Its group.
    pub group: Option<Group>,
    /// Its address and port.
    pub backend: SocketAddrV4,
}

/// The keys of a publication, and those among them that were reserved just now.
pub struct Published {
    /// All.
    pub keys: Vec<PortKey>,
    /// To be held by the monitor too.
    pub new: Vec<PortKey>,
}

impl Balancer {
    /// No port is published yet.
    pub fn new(ports: PortMapper) -> Balancer {
        Balancer { ports, table: Mutex::default() }
    }

    /// The reservations below.
    pub fn ports(&self) -> &PortMapper {
        &self.ports
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PortKey, Entry>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reserves a port for a container, or joins the replicas that have it. It gets connections from the next
    /// [`Balancer::balance`] on; until then they wait.
    ///
    /// # Errors
    /// The port is taken.
    pub fn publish(&self, claim: &Claim<'_>, request: &PortRequest) -> Result<Published, PortError> {
        let mut table = self.lock();
        let member = Member { container: claim.container.to_owned(), backend: claim.backend, leaving: false };
        let wanted = Wanted::of(request);
        let shared = join(&mut table, claim, wanted.as_ref(), &member);
        if !shared.is_empty() {
            return Ok(Published { keys: shared, new: Vec::new() });
        }
        let keys = self.ports.reserve(request)?;
        for key in &keys {
            let wanted = wanted.clone().unwrap_or(Wanted {
                protocol: key.protocol,
                host_ip: request.host_ip,
                port: 0,
            });
            let members = vec![member.clone()];
            table.insert(*key, Entry { group: claim.group.clone(), wanted, members, backends: Vec::new() });
        }
        Ok(Published { keys: keys.clone(), new: keys })
    }

    /// Takes a container back that published a port before this engine was restarted. A port that nobody held meanwhile is
    /// reserved again; true then.
    ///
    /// # Errors
    /// Somebody else has taken the port meanwhile.
    pub fn resume(&self, claim: &Claim<'_>, key: PortKey, request: &PortRequest) -> Result<bool, PortError> {
        let mut table = self.lock();
        let lost = !self.ports.reserved().contains(&key);
        if lost {
            let ports = HostPorts::Fixed(key.port);
            self.ports.reserve(&PortRequest { protocol: key.protocol, host_ip: Some(key.address), ports })?;
        }
        let member = Member { container: claim.container.to_owned(), backend: claim.backend, leaving: false };
        let entry = table.entry(key).or_insert_with(|| Entry {
            group: claim.group.clone(),
            wanted: Wanted::of(request).unwrap_or(Wanted::exclusive(key, request)),
            members: Vec::new(),
            backends: Vec::new(),
        });
        entry.members.push(member);
        Ok(lost)
    }

    /// No more connections for this container; those it has go on.
    pub fn leave(&self, container: &str) {
        let mut table = self.lock();
        let members = table.values_mut().flat_map(|entry| &mut entry.members);
        members.filter(|member| member.container == container).for_each(|member| member.leaving = true);
    }

    /// Whether every one of these ports gets its connections answered.
    pub fn is_served(&self, keys: &[PortKey]) -> bool {
        let table = self.lock();
        keys.iter().all(|key| table.get(key).is_some_and(|entry| !entry.backends.is_empty()))
    }

    /// Another address for a container: its networks have changed.
    pub fn move_to(&self, container: &str, address: std::net::Ipv4Addr) {
        let mut table = self.lock();
        let members = table.values_mut().flat_map(|entry| &mut entry.members);
        for member in members.filter(|member| member.container == container) {
            member.backend.set_ip(address);
        }
    }

    /// Sends connections on these ports where they belong now. `readiness` judges a container.
    ///
    /// # Errors
    /// The kernel refuses; the other ports are done all the same.
    pub fn balance(&self, keys: &[PortKey], readiness: impl Fn(&str) -> Readiness) -> Result<(), PortError> {
        let mut table = self.lock();
        let mut result = Ok(());
        for key in keys {
            let Some(entry) = table.get_mut(key) else { continue };
            let backends = choose(&entry.members, &readiness);
            if backends != entry.backends {
                match self.ports.set_backends(*key, &backends) {
                    Ok(()) => entry.backends = backends,
                    Err(error) => result = result.and(Err(error)),
                }
            }
        }
        result
    }

    /// Ends a container's claims on these ports; gives those that nobody uses any more, released.
    ///
    /// # Errors
    /// The kernel refuses; all claims are ended all the same.
    pub fn withdraw(&self, container: &str, keys: &[PortKey]) -> (Vec<PortKey>, Result<(), PortError>) {
        let mut table = self.lock();
        let (mut released, mut result) = (Vec::new(), Ok(()));
        for key in keys {
            let Some(entry) = table.get_mut(key) else { continue };
            entry.members.retain(|member| member.container != container);
            if entry.members.is_empty() {
                table.remove(key);
                result = result.and(self.ports.release(*key));
                released.push(*key);
            }
        }
        (released, result)
    }

    /// Releases ports that were taken over from an earlier engine and that no container claimed; gives them.
    pub fn release_unclaimed(&self) -> Vec<PortKey> {
        let table = self.lock();
        let unclaimed: Vec<_> =
            self.ports.reserved().into_iter().filter(|key| !table.contains_key(key)).collect();
        for key in &unclaimed {
            if let Err(error) = self.ports.release(*key) {
                tracing::warn!(%key, %error, "a published port of an ended container is left");
            }
        }
        unclaimed
    }
}

fn join(
    table: &mut BTreeMap<PortKey, Entry>,
    claim: &Claim<'_>,
    wanted: Option<&Wanted>,
    member: &Member,
) -> Vec<PortKey> {
    let (Some(group), Some(wanted)) = (&claim.group, wanted) else { return Vec::new() };
    let mut keys = Vec::new();
    for (key, entry) in table.iter_mut() {
        let same = entry.group.as_ref() == Some(group) && entry.wanted == *wanted;
        let already = entry.members.iter().any(|member| member.container == claim.container);
        if same && !already {
            entry.members.push(member.clone());
            keys.push(*key);
        }
    }
    keys
}

/// The best group of members, in a stable order.
fn choose(members: &[Member], readiness: &impl Fn(&str) -> Readiness) -> Vec<SocketAddrV4> {
    let judged: Vec<(Readiness, SocketAddrV4)> = members
        .iter()
        .filter(|member| !member.leaving)
        .map(|member| (readiness(&member.container), member.backend))
        .collect();
    let of = |wanted: &[Readiness]| {
        let mut all: Vec<_> =
            judged.iter().filter(|(ready, _)| wanted.contains(ready)).map(|(_, backend)| *backend).collect();
        all.sort();
        all
    };
    let choices = [
        of(&[Readiness::Ready]),
        of(&[Readiness::Starting]),
        of(&[Readiness::Ready, Readiness::Starting, Readiness::Unhealthy]),
    ];
    choices.into_iter().find(|choice| !choice.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(names: &[&str]) -> Vec<Member> {
        let member = |(number, name): (usize, &&str)| Member {
            container: (*name).to_owned(),
            backend: SocketAddrV4::new([10, 0, 0, number as u8].into(), 80),
            leaving: false,
        };
        names.iter().enumerate().map(member).collect()
    }

    fn last_octets(backends: &[SocketAddrV4]) -> Vec<u8> {
        backends.iter().map(|backend| backend.ip().octets()[3]).collect()
    }

    #[test]
    fn healthy_ones_first_then_starting_then_all() {
        let judge = |name: &str| match name {
            "ready" => Readiness::Ready,
            "starting" => Readiness::Starting,
            "bad" => Readiness::Unhealthy,
            _ => Readiness::Gone,
        };
        let chosen = |names: &[&str]| last_octets(&choose(&members(names), &judge));
        assert_eq!(chosen(&["ready", "starting", "bad", "gone", "ready"]), [0, 4]);
        assert_eq!(chosen(&["bad", "starting", "gone"]), [1]);
        assert_eq!(chosen(&["bad", "gone", "bad"]), [0, 2]);
        assert!(chosen(&["gone"]).is_empty());
    }

    #[test]
    fn who_is_leaving_gets_nothing() {
        let mut all = members(&["a", "b"]);
        all[0].leaving = true;
        assert_eq!(last_octets(&choose(&all, &|_| Readiness::Ready)), [1]);
    }
}
