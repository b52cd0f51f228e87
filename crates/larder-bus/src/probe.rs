//! The question where every chain stands, for one server.

use std::time::Duration;

use larder_core::{AppName, ErrorKind, Result};
use larder_link::{Ear, sequence_key};
use redis::{Cmd, Script};

use crate::positions::{chains, head};

/// A script that announces the positions to who asks.
pub(crate) struct Probe {
    code: &'static str,
    hash: String,
    sequences: Vec<String>,
    channel: String,
}

impl Probe {
    pub(crate) fn new(app: &AppName, channel: &str) -> Self {
        let code = include_str!("probe.lua");
        Self {
            code,
            hash: Script::new(code).get_hash().to_owned(),
            sequences: chains().map(|chain| sequence_key(app, chain)).collect(),
            channel: channel.to_owned(),
        }
    }

    /// Has the server execute it. The answer comes as a message.
    pub(crate) async fn send(&self, ear: &mut Ear, number: u64, patience: Duration) -> Result<()> {
        match ear.call(&self.command("EVALSHA", &self.hash, number), patience).await {
            Err(error) if error.kind() == ErrorKind::Refused && is_unknown(&error) => {
                ear.call(&self.command("EVAL", self.code, number), patience).await.map(drop)
            }
            outcome => outcome.map(drop),
        }
    }

    fn command(&self, name: &str, script: &str, number: u64) -> Cmd {
        let mut command = redis::cmd(name);
        command.arg(script).arg(self.sequences.len()).arg(&self.sequences);
        command.arg(&self.channel).arg(&head(number)[..]);
        command
    }
}

fn is_unknown(error: &larder_core::Error) -> bool {
    error.context().any(|(name, value)| name == "code" && value == "NOSCRIPT")
}
