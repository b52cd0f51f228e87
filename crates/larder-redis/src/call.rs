//! Calling a script.

use larder_core::{Chain, Error, ErrorKind, Result};
use larder_link::{Link, slot_of};
use redis::{Cmd, ToRedisArgs, Value};

use crate::scripts::Script;
use crate::span;

/// A script with its keys and arguments.
pub(crate) struct Call<'a> {
    script: &'a Script,
    chain: Chain,
    keys: Vec<String>,
    args: Vec<Vec<u8>>,
}

impl<'a> Call<'a> {
    /// A call of a script on keys that lie where this chain does.
    pub(crate) fn of(script: &'a Script, chain: Chain) -> Self {
        Self { script, chain, keys: Vec::new(), args: Vec::new() }
    }

    pub(crate) fn key(mut self, key: String) -> Self {
        self.keys.push(key);
        self
    }

    pub(crate) fn arg(mut self, arg: impl ToRedisArgs) -> Self {
        self.args.extend(arg.to_redis_args());
        self
    }

    /// Runs it. A server that does not know the script is given it, and asked again.
    pub(crate) async fn run(self, link: &Link) -> Result<Value> {
        span::within(span::script(self.script.name()), self.run_on(link)).await
    }

    async fn run_on(&self, link: &Link) -> Result<Value> {
        let slot = slot_of(self.chain);
        let answer = match link.call(slot, &self.command("EVALSHA", self.script.sha1())).await {
            // By its text it is remembered, so that the next one finds it.
            Err(error) if is_unknown(&error) => {
                link.call(slot, &self.command("EVAL", self.script.text())).await
            }
            answer => answer,
        };
        if let Ok(Value::SimpleString(_) | Value::Okay) = answer {
            // No script of ours answers so. This may be the answer to another question.
            link.doubt(slot);
        }
        answer
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = redis::cmd(name);
        command.arg(script).arg(self.keys.len());
        for key in &self.keys {
            command.arg(key);
        }
        for arg in &self.args {
            command.arg(arg.as_slice());
        }
        command
    }
}

fn is_unknown(error: &Error) -> bool {
    error.kind() == ErrorKind::Refused
        && error.context().any(|(name, value)| name == "code" && value == "NOSCRIPT")
}
