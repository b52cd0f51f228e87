//! Calling a script.

use larder_core::{Error, ErrorKind, Result};
use larder_link::Link;
use redis::{Cmd, ToRedisArgs, Value};

use crate::scripts::Script;

/// A script with its keys and arguments.
pub(crate) struct Call<'a> {
    script: &'a Script,
    keys: Vec<Vec<u8>>,
    args: Vec<Vec<u8>>,
}

impl<'a> Call<'a> {
    pub(crate) fn of(script: &'a Script) -> Self {
        Self { script, keys: Vec::new(), args: Vec::new() }
    }

    pub(crate) fn key(mut self, key: String) -> Self {
        self.keys.push(key.into_bytes());
        self
    }

    pub(crate) fn arg(mut self, arg: impl ToRedisArgs) -> Self {
        self.args.extend(arg.to_redis_args());
        self
    }

    /// Runs it. A server that does not know the script is given it, and asked again.
    pub(crate) async fn run(self, link: &Link) -> Result<Value> {
        match link.call(&self.by_hash()).await {
            // By its text it is remembered, so that the next one finds it.
            Err(error) if is_unknown(&error) => link.call(&self.command("EVAL", self.script.code)).await,
            outcome => outcome,
        }
    }

    fn by_hash(&self) -> Cmd {
        self.command("EVALSHA", &self.script.hash)
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = redis::cmd(name);
        command.arg(script).arg(self.keys.len());
        for part in self.keys.iter().chain(&self.args) {
            command.arg(part.as_slice());
        }
        command
    }
}

fn is_unknown(error: &Error) -> bool {
    error.kind() == ErrorKind::Refused
        && error.context().any(|(name, value)| name == "code" && value == "NOSCRIPT")
}
