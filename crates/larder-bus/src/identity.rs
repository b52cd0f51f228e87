//! Whether the servers are those that they were.

use std::collections::BTreeSet;
use std::time::Duration;

use larder_core::{ErrorKind, Result};
use larder_link::{Ear, Link};
use redis::{Cmd, FromRedisValue, InfoDict, Value};

/// The histories of the servers' data, and the way to them. A server that has failed over or restarted goes on with
/// another history, and may have forgotten what it had acknowledged; and what was told to another server on the way was
/// never told to this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    histories: Histories,
    /// How often the calls have moved to another server.
    moves: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Histories {
    /// Of each server its process, and the history of what it has.
    Known(BTreeSet<(String, String)>),
    /// They may not be asked for. This many connections have been made so far.
    Untold(u64),
}

impl Identity {
    /// The identity of the server at the other end.
    pub(crate) async fn of_server(ear: &mut Ear, number: u64, patience: Duration) -> Result<Self> {
        let process = told(ear.call(&info("server"), patience).await)?;
        let history = told(ear.call(&info("replication"), patience).await)?;
        let known = |pair| Histories::Known(BTreeSet::from([pair]));
        Ok(Self { histories: pair(process, history).map_or(Histories::Untold(number), known), moves: 0 })
    }

    /// The identity of all masters.
    pub(crate) async fn of_cluster(link: &Link) -> Result<Self> {
        let mut all = BTreeSet::new();
        for server in link.servers() {
            let process = told(server.call(&info("server")).await)?;
            let history = told(server.call(&info("replication")).await)?;
            let Some(pair) = pair(process, history) else {
                let made = link.connections().iter().map(|line| line.made).sum();
                return Ok(Self { histories: Histories::Untold(made), moves: 0 });
            };
            all.insert(pair);
        }
        Ok(Self { histories: Histories::Known(all), moves: 0 })
    }

    /// The same at the end of so many moves.
    pub(crate) fn reached_by(self, moves: u64) -> Self {
        Self { moves, ..self }
    }

    pub(crate) fn is_reached_by(&self, moves: u64) -> bool {
        self.moves == moves
    }

    /// Whether all that was there goes on in what is there now.
    pub(crate) fn goes_on_in(&self, now: &Self) -> bool {
        let goes_on = match (&self.histories, &now.histories) {
            (Histories::Known(before), Histories::Known(now)) => before.is_subset(now),
            (before, now) => before == now,
        };
        goes_on && self.moves == now.moves
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

pub(crate) fn pair(process: Option<String>, history: Option<String>) -> Option<(String, String)> {
    let field = |info: Option<String>, name: &str| InfoDict::new(&info?).get(name);
    Some((field(process, "run_id")?, field(history, "master_replid")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(histories: &[&str]) -> Identity {
        let all = histories.iter().map(|history| ("process".to_owned(), (*history).to_owned())).collect();
        Identity { histories: Histories::Known(all), moves: 0 }
    }

    fn untold(made: u64) -> Identity {
        Identity { histories: Histories::Untold(made), moves: 0 }
    }

    #[test]
    fn a_server_more_is_no_loss_and_one_less_is() {
        assert!(known(&["a"]).goes_on_in(&known(&["a", "b"])));
        assert!(!known(&["a", "b"]).goes_on_in(&known(&["b", "c"])));
    }

    #[test]
    fn who_may_not_ask_takes_every_reconnection_for_a_loss() {
        assert!(untold(3).goes_on_in(&untold(3)));
        assert!(!untold(3).goes_on_in(&untold(4)));
        assert!(!untold(3).goes_on_in(&known(&["a"])));
    }

    #[test]
    fn calls_that_have_been_elsewhere_are_a_loss() {
        assert!(known(&["a"]).reached_by(1).goes_on_in(&known(&["a"]).reached_by(1)));
        assert!(!known(&["a"]).reached_by(1).goes_on_in(&known(&["a"]).reached_by(3)));
    }
}
