//! Whether the shared tier can be used at all.

use larder_core::{Chain, Error, ErrorKind, PARTITIONS, Result};
use larder_link::Server;
use redis::{FromRedisValue, InfoDict};

use crate::call::Call;
use crate::keys;
use crate::remote::RedisRemote;
use crate::reply;
use crate::span;

/// The oldest server that has all that the scripts need.
const OLDEST: (u32, u32) = (6, 2);

/// Makes sure that the server is not too old, that it permits what the scripts do, and that whoever used it before laid it
/// out as this build does: a node with other partitions would miss every notice.
pub(crate) async fn check(remote: &RedisRemote) -> Result<()> {
    check_servers(remote).await?;
    let layout = format!("1 {PARTITIONS}");
    let mut call = Call::of(&remote.scripts.check, Chain::Tags).key(keys::layout(&remote.app));
    for key in keys::checks(&remote.app) {
        call = call.key(key);
    }
    let found = match call.arg(&layout).run(&remote.link).await {
        Ok(found) => reply::bytes(found)?.unwrap_or_default(),
        Err(error) => return Err(error.with("needed", "the permissions that the guide lists")),
    };
    if found == layout {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Refused, "the app is laid out otherwise on the server")
        .with("app", &remote.app)
        .with("found", String::from_utf8_lossy(&found))
        .with("expected", layout))
}

/// Who may not ask is believed to have seen to it.
async fn check_servers(remote: &RedisRemote) -> Result<()> {
    for server in remote.link.servers() {
        let Some(told) = told(&server).await else { continue };
        let version: String = told.get("redis_version").unwrap_or_default();
        if is_too_old(&version) {
            return Err(Error::new(ErrorKind::Refused, "the server is too old")
                .with("server", server.name())
                .with("version", version)
                .with("oldest", format_args!("{}.{}", OLDEST.0, OLDEST.1)));
        }
        if told.get("cluster_enabled") == Some(1) && !remote.link.is_cluster() {
            return Err(Error::new(ErrorKind::Refused, "the server is a node of a cluster")
                .with("server", server.name())
                .with("expected", "an address that begins with redis+cluster://"));
        }
        let policy: String = told.get("maxmemory_policy").unwrap_or_default();
        if may_forget(&policy) {
            tracing::warn!(
                server = %server.name(),
                policy,
                expected = "one of volatile-*, or noeviction",
                "the server may evict what it remembers of tags and clears, and serve what they have invalidated"
            );
        }
    }
    Ok(())
}

async fn told(server: &Server) -> Option<InfoDict> {
    let command = redis::cmd("INFO");
    let info = span::within(span::command("INFO"), server.call(&command)).await.ok()?;
    Some(InfoDict::new(&String::from_redis_value(info).ok()?))
}

/// Whether a server that is full evicts what never expires, too.
fn may_forget(policy: &str) -> bool {
    policy.starts_with("allkeys-")
}

pub(crate) fn is_too_old(version: &str) -> bool {
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < OLDEST,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_too_old;

    #[test]
    fn only_what_is_known_to_be_too_old_is_refused() {
        for (version, expected) in
            [("5.0.14", true), ("6.0.20", true), ("6.2.0", false), ("7.0.15", false), ("255.255.255", false)]
        {
            assert_eq!(is_too_old(version), expected, "{version}");
        }
        assert!(!is_too_old("") && !is_too_old("next") && !is_too_old("7"));
    }
}
