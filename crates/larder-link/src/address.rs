//! Where the servers are, and how to be let in.

use std::fmt;
use std::str::FromStr;

use larder_core::{Error, ErrorKind, Result};

use crate::target::Target;

/// The address of a server or of several, with what it takes to be let in.
///
/// | form | leads to |
/// |---|---|
/// | `redis://user:password@host:port/db` | one server |
/// | `unix:///path?db=1&user=name&pass=word` | one server on this machine |
/// | `redis+sentinel://user:password@host:port,host:port/name/db` | the master that the sentinels name |
/// | `redis+cluster://user:password@host:port,host:port` | a cluster, of which some nodes are named |
///
/// `rediss` for `redis` encrypts; `valkey` and `valkeys` mean the same. What is secret about an address is never shown.
///
/// # Examples
///
/// ```
/// use larder_link::Address;
///
/// let address: Address = "redis://cache:hunter2@127.0.0.1:6379/3".parse()?;
/// assert_eq!(address.to_string(), "redis://127.0.0.1:6379/3");
/// assert!(!format!("{address:?}").contains("hunter2"));
///
/// let address: Address = "redis+sentinel://:hunter2@10.0.0.1,10.0.0.2/prod".parse()?;
/// assert_eq!(address.to_string(), "redis+sentinel://10.0.0.1:26379,10.0.0.2:26379/prod");
/// # Ok::<(), larder_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Address {
    pub(crate) topology: Topology,
}

#[derive(Clone)]
pub(crate) enum Topology {
    Single(Target),
    /// The sentinels, and the name under which they know the master. The target of the master lacks only host and port.
    Sentinel {
        sentinels: Vec<Target>,
        name: String,
        master: Target,
    },
    /// Some of the nodes.
    Cluster(Vec<Target>),
}

const SENTINEL_PORT: u16 = 26_379;
const REDIS_PORT: u16 = 6_379;

impl Address {
    /// Trusts this authority, in PEM, and no other, about who the servers are.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn root_certificate(self, pem: impl Into<Vec<u8>>) -> Self {
        let pem = pem.into();
        self.change(|target| target.certificates.root_cert = Some(pem.clone()))
    }

    /// Shows this certificate to servers that want to know who asks. Both are in PEM.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn client_certificate(self, pem: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        let (client_cert, client_key) = (pem.into(), key.into());
        let client = redis::ClientTlsConfig { client_cert, client_key };
        self.change(|target| target.certificates.client_tls = Some(client.clone()))
    }

    /// Tells the sentinels another name and password than the master. Does nothing where there are no sentinels.
    #[must_use]
    pub fn sentinel_login(mut self, user: &str, password: &str) -> Self {
        if let Topology::Sentinel { sentinels, .. } = &mut self.topology {
            for sentinel in sentinels {
                *sentinel = sentinel.login(user, password);
            }
        }
        self
    }

    /// The number of the database. Channels are not divided by it, so that names of channels carry it.
    pub fn database(&self) -> i64 {
        match &self.topology {
            Topology::Single(target) | Topology::Sentinel { master: target, .. } => target.database(),
            Topology::Cluster(_) => 0,
        }
    }

    #[cfg(feature = "tls")]
    fn change(mut self, change: impl Fn(&mut Target)) -> Self {
        match &mut self.topology {
            Topology::Single(target) => change(target),
            Topology::Sentinel { sentinels, master, .. } => {
                sentinels.iter_mut().for_each(&change);
                change(master);
            }
            Topology::Cluster(seeds) => seeds.iter_mut().for_each(change),
        }
        self
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(invalid("there is no scheme in front of it"));
        };
        let topology = match scheme.split_once('+') {
            Some((scheme, "sentinel")) => sentinels(scheme, rest)?,
            Some((scheme, "cluster")) => cluster(scheme, rest)?,
            _ => Topology::Single(Target::parse(url)?),
        };
        Ok(Self { topology })
    }
}

impl TryFrom<&str> for Address {
    type Error = Error;

    fn try_from(url: &str) -> Result<Self> {
        url.parse()
    }
}

impl TryFrom<String> for Address {
    type Error = Error;

    fn try_from(url: String) -> Result<Self> {
        url.parse()
    }
}

fn sentinels(scheme: &str, rest: &str) -> Result<Topology> {
    let (places, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (name, database) = path.split_once('/').unwrap_or((path, ""));
    if name.is_empty() {
        return Err(invalid("the sentinels must be told the name of a master"));
    }
    let Some(master) = targets(scheme, places, REDIS_PORT, database)?.into_iter().next() else {
        return Err(invalid("there is no host in it"));
    };
    let sentinels = targets(scheme, places, SENTINEL_PORT, "")?;
    Ok(Topology::Sentinel { sentinels, name: name.to_owned(), master })
}

fn cluster(scheme: &str, rest: &str) -> Result<Topology> {
    let (places, path) = rest.split_once('/').unwrap_or((rest, ""));
    if !matches!(path, "" | "0") {
        return Err(invalid("a cluster has no database but 0"));
    }
    targets(scheme, places, REDIS_PORT, "").map(Topology::Cluster)
}

/// One target for each host of a list, all with the login in front of it.
fn targets(scheme: &str, places: &str, port: u16, database: &str) -> Result<Vec<Target>> {
    let (login, hosts) = match places.rsplit_once('@') {
        Some((login, hosts)) => (format!("{login}@"), hosts),
        None => (String::new(), places),
    };
    hosts
        .split(',')
        .map(|host| {
            let port = if has_port(host) { String::new() } else { format!(":{port}") };
            Target::parse(&format!("{scheme}://{login}{host}{port}/{database}"))
        })
        .collect()
}

/// Colons in brackets are those of an IPv6 address.
fn has_port(host: &str) -> bool {
    host.rsplit(']').next().is_some_and(|rest| rest.contains(':'))
}

/// The client's own error may quote the address, and with it the password.
pub(crate) fn invalid(why: &'static str) -> Error {
    Error::new(ErrorKind::Invalid, "not the address of a server")
        .with("reason", why)
        .with("expected", "redis://host:port, rediss://, unix:///path, redis+sentinel:// or redis+cluster://")
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.topology {
            Topology::Single(target) => write!(f, "{}://{}", target.scheme(), target.place())?,
            Topology::Sentinel { sentinels, name, master } => {
                write!(f, "{}+sentinel://{}/{name}", master.scheme(), list(sentinels))?;
            }
            Topology::Cluster(seeds) => {
                let scheme = seeds.first().map_or("redis", Target::scheme);
                write!(f, "{scheme}+cluster://{}", list(seeds))?;
            }
        }
        if self.database() == 0 { Ok(()) } else { write!(f, "/{}", self.database()) }
    }
}

fn list(targets: &[Target]) -> String {
    targets.iter().map(Target::place).collect::<Vec<_>>().join(",")
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, shown: &str) {
        let address: Address = url.parse().unwrap();
        assert_eq!(address.to_string(), shown);
        assert!(!format!("{address:?} {address}").contains("secret"), "{url}");
    }

    #[test]
    fn every_form_is_understood_and_keeps_its_secret() {
        check("redis://h", "redis://h:6379");
        check("valkey://ada:secret@h:1/2", "redis://h:1/2");
        check("redis://:secret@[::1]:7", "redis://[::1]:7");
        check("unix:///run/redis.sock?db=4&pass=secret", "unix:///run/redis.sock/4");
        check("redis+sentinel://a,b:7/prod/3", "redis+sentinel://a:26379,b:7/prod/3");
        check("redis+sentinel://ada:secret@[::1],b/prod", "redis+sentinel://[::1]:26379,b:26379/prod");
        check("valkey+cluster://ada:secret@a,b:7", "redis+cluster://a:6379,b:7");
    }

    #[cfg(feature = "tls")]
    #[test]
    fn what_encrypts_says_so() {
        check("rediss://ada:secret@h", "rediss://h:6379");
        check("valkeys+cluster://h", "rediss+cluster://h:6379");
        check("rediss+sentinel://h/prod", "rediss+sentinel://h:26379/prod");
    }

    #[test]
    fn what_cannot_be_an_address_is_refused_and_not_quoted() {
        for url in [
            "",
            "secret",
            "http://secret",
            "redis://",
            "redis://h:secret",
            "redis://h/secret",
            "redis+cluster://ada:secret@h/2",
            "redis+cluster://",
            "redis+sentinel://ada:secret@h",
            "redis+sentinel:///prod",
            "redis+ring://secret",
            "rediss://secret#insecure",
        ] {
            let error = url.parse::<Address>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{url}");
            assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        }
    }
}
