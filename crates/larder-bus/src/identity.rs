//! Whether the servers are those that they were.

use std::collections::BTreeSet;
use std::time::Duration;

use larder_core::{ErrorKind, Result};
use larder_link::{Ear, Link};
use redis::{Cmd, FromRedisValue, InfoDict, Value};

/// The histories of the servers' data. One that has failed over or restarted goes on with another, and may have
/// forgotten what it had acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// Of each server its process, and the history of what it has.
    Known(BTreeSet<(String, String)>),
    /// It may not be asked for. This many connections have been made so far.
    Untold(u64),
}

impl Identity {
    /// The identity of the server at the other end.
    pub(crate) async fn of_server(ear: &mut Ear, number: u64, patience: Duration) -> Result<Self> {
        let process = told(ear.call(&info("server"), patience).await)?;
        let history = told(ear.call(&info("replication"), patience).await)?;
        Ok(pair(process, history).map_or(Self::Untold(number), |pair| Self::Known(BTreeSet::from([pair]))))
    }

    /// The identity of all masters.
    pub(crate) async fn of_cluster(link: &Link) -> Result<Self> {
        let mut all = BTreeSet::new();
        for server in link.servers() {
            let process = told(server.call(&info("server")).await)?;
            let history = told(server.call(&info("replication")).await)?;
            match pair(process, history) {
                Some(pair) => all.insert(pair),
                None => return Ok(Self::Untold(link.connections().iter().map(|line| line.made).sum())),
            };
        }
        Ok(Self::Known(all))
    }

    /// Whether all that was there goes on in what is there now.
    pub(crate) fn goes_on_in(&self, now: &Self) -> bool {
        match (self, now) {
            (Self::Known(before), Self::Known(now)) => before.is_subset(now),
            (before, now) => before == now,
        }
    }
}

fn info(section: &str) -> Cmd {
    redis::cmd("INFO").arg(section).to_owned()
}

/// What was told, or `None` if it may not be asked.
fn told(answer: Result<Value>) -> Result<Option<String>> {
    match answer {
        Ok(answer) => Ok(String::from_redis_value(answer).ok()),
        Err(error) if error.kind() == ErrorKind::Refused => Ok(None),
        Err(error) => Err(error),
    }
}

fn pair(process: Option<String>, history: Option<String>) -> Option<(String, String)> {
    let field = |info: Option<String>, name: &str| InfoDict::new(&info?).get(name);
    Some((field(process, "run_id")?, field(history, "master_replid")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(histories: &[&str]) -> Identity {
        Identity::Known(
            histories.iter().map(|history| ("process".to_owned(), (*history).to_owned())).collect(),
        )
    }

    #[test]
    fn a_server_more_is_no_loss_and_one_less_is() {
        assert!(known(&["a"]).goes_on_in(&known(&["a", "b"])));
        assert!(!known(&["a", "b"]).goes_on_in(&known(&["b", "c"])));
    }

    #[test]
    fn who_may_not_ask_takes_every_reconnection_for_a_loss() {
        assert!(Identity::Untold(3).goes_on_in(&Identity::Untold(3)));
        assert!(!Identity::Untold(3).goes_on_in(&Identity::Untold(4)));
        assert!(!Identity::Untold(3).goes_on_in(&known(&["a"])));
    }
}
