//! A master that is watched over.

use std::ffi::OsString;
use std::iter;

use super::plan::{Kind, Plan, SENTINEL_FILE};
use super::port::places;
use super::reply::Reply;
use super::server::RedisServer;
use crate::server::error::{Error, Result};
use crate::server::patience::{FOR_AGREEMENT, until};

const NAME: &str = "larder";
const SENTINELS: usize = 3;

/// A master with a replica, and three sentinels that watch over them. It goes as [`RedisServer`] does.
///
/// A master that does not answer for one second is replaced, if two of the sentinels agree.
///
/// # Examples
///
/// ```
/// use larder_testkit::redis::RedisSentinel;
///
/// let sentinel = RedisSentinel::start()?;
/// println!("a client asks {:?} for `{}`", sentinel.sentinel_urls(), sentinel.master_name());
///
/// let killed = sentinel.kill_master()?;
/// let promoted = sentinel.promoted(killed)?;
/// assert_eq!(sentinel.master()?.port(), promoted.port());
/// # Ok::<(), larder_testkit::redis::Error>(())
/// ```
#[derive(Debug)]
pub struct RedisSentinel {
    /// The master and the replica, whichever is which now.
    servers: Vec<RedisServer>,
    sentinels: Vec<RedisServer>,
}

impl RedisSentinel {
    /// Starts all five, and returns when the sentinels know each other and the replica.
    pub fn start() -> Result<Self> {
        Self::with_variables(iter::empty::<(&str, &str)>())
    }

    /// The same with variables of the environment of master and replica; see [`RedisServer::with_variables`].
    pub fn with_variables<N: Into<OsString>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self> {
        let plan = Plan::new(Kind::Plain, [""; 0]).variables(variables);
        let master = RedisServer::launch(&plan)?;
        let port = master.port().to_string();
        // Not an argument: a master that was the replica at first would come back from a restart as one.
        let replica = RedisServer::launch(&plan)?;
        replica.command(&["REPLICAOF", "127.0.0.1", &port])?;
        // Sentinels that see a replica in the making look again only after ten seconds.
        let is_in_sync = || Ok(replica.is_in_sync()?.then_some(()));
        until(FOR_AGREEMENT, "the replica has what the master has", || replica.log(), is_in_sync)?;

        let plan = sentinel_plan(&port);
        let launch = |_| RedisServer::launch(&plan);
        let sentinels = (0..SENTINELS).map(launch).collect::<Result<_>>()?;
        let group = Self { servers: vec![master, replica], sentinels };
        group.settle()?;
        Ok(group)
    }

    /// Has the sentinels replace the master by the replica, and returns it when they all name it.
    ///
    /// The master that was goes on as one for some seconds, until the sentinels make it a replica. As long as there is no
    /// replica, the next call waits.
    pub fn fail_over(&self) -> Result<&RedisServer> {
        self.settle()?;
        let master = self.master()?;
        let asked = self.asked();
        // They refuse as long as they are not done with the last one.
        let ask = || asked.command(&["SENTINEL", "FAILOVER", NAME]).map(Some);
        until(FOR_AGREEMENT, "a failover begins", || self.log(), ask)?;
        self.promoted(master)
    }

    /// Kills the master, and returns it. The sentinels have yet to find out.
    pub fn kill_master(&self) -> Result<&RedisServer> {
        let master = self.master()?;
        master.kill()?;
        Ok(master)
    }

    /// Waits until all sentinels name another master than this, and returns that.
    pub fn promoted(&self, instead_of: &RedisServer) -> Result<&RedisServer> {
        let look = || {
            let master = self.master()?;
            let is_done =
                master.port() != instead_of.port() && self.do_all_name(master)? && is_master(master)?;
            Ok(is_done.then_some(master))
        };
        until(FOR_AGREEMENT, "the sentinels name another master", || self.log(), look)
    }

    /// Waits until the sentinels know each other and, of every server that is up, whether it is the master or a replica
    /// that has all that the master has.
    pub fn settle(&self) -> Result<()> {
        let look = || {
            for sentinel in self.sentinels.iter().filter(|sentinel| sentinel.is_active()) {
                if !self.is_content(sentinel)? {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        };
        until(FOR_AGREEMENT, "the sentinels know all servers", || self.log(), look)
    }

    /// The name by which a client asks the sentinels for the master.
    pub fn master_name(&self) -> &'static str {
        NAME
    }

    /// Where clients find the master by way of the sentinels: `redis+sentinel://127.0.0.1:port,…/name`.
    pub fn url(&self) -> String {
        url(self.sentinels.iter().map(RedisServer::port))
    }

    /// Where clients find the sentinels.
    pub fn sentinel_urls(&self) -> Vec<String> {
        self.sentinels.iter().map(RedisServer::url).collect()
    }

    /// The server that the first sentinel names which can be asked.
    pub fn master(&self) -> Result<&RedisServer> {
        let port = named_by(self.asked())?;
        let unknown =
            || Error::Refused { command: "SENTINEL".into(), reason: format!("unknown port {port}") };
        self.servers.iter().find(|server| server.port() == port).ok_or_else(unknown)
    }

    /// The two servers, in whatever role.
    pub fn servers(&self) -> &[RedisServer] {
        &self.servers
    }

    /// The three sentinels.
    pub fn sentinels(&self) -> &[RedisServer] {
        &self.sentinels
    }

    fn asked(&self) -> &RedisServer {
        let active = self.sentinels.iter().find(|sentinel| sentinel.is_active());
        active.or(self.sentinels.first()).expect("there are three of them")
    }

    fn do_all_name(&self, master: &RedisServer) -> Result<bool> {
        let mut sentinels = self.sentinels.iter().filter(|sentinel| sentinel.is_active());
        sentinels.try_fold(true, |all, sentinel| Ok(all && named_by(sentinel)? == master.port()))
    }

    fn is_content(&self, sentinel: &RedisServer) -> Result<bool> {
        let master = sentinel.command(&["SENTINEL", "MASTER", NAME])?;
        let others = (SENTINELS - 1).to_string();
        let is_master_sound =
            master.field("flags") == Some("master") && master.field("num-other-sentinels") == Some(&others);
        let replicas = sentinel.command(&["SENTINEL", "REPLICAS", NAME])?;
        let is_sound = |replica: &&Reply| {
            replica.field("flags") == Some("slave") && replica.field("master-link-status") == Some("ok")
        };
        let sound = replicas.items().iter().filter(is_sound).count();
        let active = self.servers.iter().filter(|server| server.is_active()).count();
        Ok(is_master_sound && sound + 1 == active)
    }

    fn log(&self) -> String {
        self.servers.iter().chain(&self.sentinels).map(RedisServer::log).collect()
    }
}

/// Where clients find the master by way of the sentinels that listen there, or of whatever stands in their place.
pub(crate) fn url(ports: impl Iterator<Item = u16>) -> String {
    format!("redis+sentinel://{}/{NAME}", places(ports))
}

fn sentinel_plan(master: &str) -> Plan {
    let mut plan = Plan::new(Kind::Sentinel, ["--sentinel"]);
    let file = format!(
        "sentinel monitor {NAME} 127.0.0.1 {master} 2\n\
         sentinel down-after-milliseconds {NAME} 1000\n\
         sentinel failover-timeout {NAME} 5000\n"
    );
    plan.files.push((SENTINEL_FILE, file));
    plan
}

fn named_by(sentinel: &RedisServer) -> Result<u16> {
    let command = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME];
    let address = sentinel.command(&command)?;
    let port = address.items().get(1).and_then(Reply::text).and_then(|port| port.parse().ok());
    port.ok_or_else(|| Error::Refused { command: command.join(" "), reason: format!("{address:?}") })
}

fn is_master(server: &RedisServer) -> Result<bool> {
    Ok(server.command(&["ROLE"])?.items().first().and_then(Reply::text) == Some("master"))
}
