//! The short form of a port: `[[IP:][HOST]:]CONTAINER[/PROTOCOL]`, with ranges (compose-surface 1.13).

use std::net::IpAddr;

use super::Malformed;

/// One published port of a short form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortPort {
    /// Host address, or empty.
    pub host_ip: String,
    /// Host port or range, or empty.
    pub published: String,
    /// Container port.
    pub target: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
}

/// A port range; both ends are in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    first: u16,
    last: u16,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        (first <= last).then_some(Self { first, last })
    }

    fn length(self) -> u32 {
        u32::from(self.last) - u32::from(self.first) + 1
    }
}

/// Takes a short port apart: a range of container ports gives one entry each.
///
/// # Errors
/// Says which part is no port, range, address or protocol.
pub fn parse(text: &str) -> Result<Vec<ShortPort>, Malformed> {
    let wrong = |part: &str, message: String| Malformed::new(text, part, message);
    let (rest, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (host_ip, host, container) = split(rest).map_err(|message| wrong(rest, message))?;
    if container.is_empty() {
        return Err(wrong("", format!("No port specified: {text}<empty>")));
    }
    let written = protocol;
    let protocol = protocol.to_ascii_lowercase();
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err(wrong(written, format!("Invalid proto: {protocol}")));
    }
    if !host_ip.is_empty() && host_ip.parse::<IpAddr>().is_err() {
        return Err(wrong(host_ip, format!("Invalid ip address: {host_ip}")));
    }
    let targets = Range::parse(container)
        .ok_or_else(|| wrong(container, format!("Invalid containerPort: {container}")))?;
    let published = published(host, targets).map_err(|problem| match problem {
        Problem::NoPort => wrong(host, format!("Invalid hostPort: {host}")),
        Problem::Lengths => wrong(
            rest,
            format!("Invalid ranges specified for container and host Ports: {container} and {host}"),
        ),
    })?;
    let ports = (targets.first..=targets.last).zip(published);
    Ok(ports
        .map(|(target, published)| ShortPort {
            host_ip: host_ip.to_owned(),
            published,
            target,
            protocol: protocol.clone(),
        })
        .collect())
}

enum Problem {
    NoPort,
    Lengths,
}

/// The published text of each container port.
fn published(host: &str, targets: Range) -> Result<Vec<String>, Problem> {
    if host.is_empty() {
        return Ok(vec![String::new(); targets.length() as usize]);
    }
    let range = Range::parse(host).ok_or(Problem::NoPort)?;
    if range.length() == targets.length() {
        return Ok((range.first..=range.last).map(|port| port.to_string()).collect());
    }
    // One container port and a range of host ports: any free one of them.
    if targets.length() == 1 { Ok(vec![host.to_owned()]) } else { Err(Problem::Lengths) }
}

/// Address, host port and container port; the address may be in brackets.
fn split(text: &str) -> Result<(&str, &str, &str), String> {
    let (address, rest) = match text.strip_prefix('[') {
        None => ("", text),
        Some(after) => {
            let (address, rest) = after.split_once(']').ok_or_else(|| format!("Invalid address: {text}"))?;
            (address, rest.strip_prefix(':').ok_or_else(|| format!("Invalid address: {text}"))?)
        }
    };
    let parts: Vec<&str> = rest.split(':').collect();
    match (address, parts.as_slice()) {
        ("", [container]) => Ok(("", "", container)),
        (address, [host, container]) => Ok((address, host, container)),
        ("", [address, host, container]) => Ok((address, host, container)),
        _ => Err(format!("Invalid port: {text} (put an IPv6 address in brackets)")),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn shown(text: &str) -> String {
        match parse(text) {
            Ok(ports) => {
                let shown = ports.iter().map(|port| {
                    format!("{}|{}|{}/{}", port.host_ip, port.published, port.target, port.protocol)
                });
                shown.collect::<Vec<_>>().join(" ")
            }
            Err(error) => error.message,
        }
    }

    #[test]
    fn the_wrong_part_is_named() {
        let cases = [
            ("80:http", "http"),
            ("a:80", "a"),
            ("999.1.1.1:80:80", "999.1.1.1"),
            ("80:80/foo", "foo"),
            ("80-82:80-81/udp", "80-82:80-81"),
            ("8080:", "8080:"),
        ];
        for (text, part) in cases {
            assert_eq!(&text[parse(text).expect_err("malformed").part], part, "{text}");
        }
    }

    #[test]
    fn every_form() {
        let cases = [
            ("80", "||80/tcp"),
            ("8080:80", "|8080|80/tcp"),
            ("127.0.0.1:8080:80/udp", "127.0.0.1|8080|80/udp"),
            ("127.0.0.1::80", "127.0.0.1||80/tcp"),
            ("[::1]:6001:6001", "::1|6001|6001/tcp"),
            ("80-81:90-91", "|80|90/tcp |81|91/tcp"),
            ("8000-8010:80", "|8000-8010|80/tcp"),
            ("90-91", "||90/tcp ||91/tcp"),
            ("80/SCTP", "||80/sctp"),
            (":80", "||80/tcp"),
            ("a:b", "Invalid containerPort: b"),
            ("a:80", "Invalid hostPort: a"),
            ("80:70000", "Invalid containerPort: 70000"),
            ("80-82:80-81", "Invalid ranges specified for container and host Ports: 80-81 and 80-82"),
            ("999.1.1.1:80:80", "Invalid ip address: 999.1.1.1"),
            ("80:80/foo", "Invalid proto: foo"),
            ("::1:6000:6000", "Invalid port: ::1:6000:6000 (put an IPv6 address in brackets)"),
            ("8080:", "No port specified: 8080:<empty>"),
            ("", "No port specified: <empty>"),
            ("81-80", "Invalid containerPort: 81-80"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
