//! Reading values, on one server and on a cluster.

use bytes::Bytes;
use larder_core::{Chain, Key, Peek, Result, Sequence};
use larder_link::{sequence_key, slot_of};
use redis::{Cmd, Value};

use crate::keys;
use crate::remote::{RedisRemote, slot_of_key};
use crate::reply;
use crate::span;

/// As many bytes are made room for in a command as most names take.
const USUAL_NAME: usize = 64;

/// Whether the sequence of the tags is wanted, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tags {
    Asked,
    Unasked,
}

impl RedisRemote {
    /// Reads keys and, in the same step where there is one server, the sequence of the tags before them.
    pub(crate) async fn read(&self, keys: &[Key], tags: Tags) -> Result<(Vec<Option<Bytes>>, Sequence)> {
        keys.iter().try_for_each(|key| self.check_app(key))?;
        match keys {
            [key] if tags == Tags::Unasked => Ok((vec![self.read_one(key).await?], Sequence::ZERO)),
            [] if tags == Tags::Unasked => Ok((Vec::new(), Sequence::ZERO)),
            keys if self.link.is_cluster() => self.read_cluster(keys, tags).await,
            keys => self.read_many(keys, tags).await,
        }
    }

    async fn read_one(&self, key: &Key) -> Result<Option<Bytes>> {
        let name = keys::value(key);
        let mut command = Cmd::with_capacity(2, "GET".len() + name.len());
        command.arg("GET").arg(name);
        let call = self.link.call(slot_of_key(key), &command);
        self.value(key, span::within(span::command("GET"), call).await)
    }

    async fn read_many(&self, keys: &[Key], tags: Tags) -> Result<(Vec<Option<Bytes>>, Sequence)> {
        let words = keys.len() + 2;
        let mut command = Cmd::with_capacity(words, words * USUAL_NAME);
        command.arg("MGET");
        if tags == Tags::Asked {
            command.arg(sequence_key(&self.app, Chain::Tags));
        }
        for key in keys {
            command.arg(keys::value(key));
        }
        let call = self.link.call(slot_of(Chain::Tags), &command);
        let mut answers = reply::list(span::within(span::command("MGET"), call).await?)?.into_iter();
        let at = match tags {
            Tags::Asked => answers.next().map_or(Sequence::ZERO, |answer| reply::sequence(&answer)),
            Tags::Unasked => Sequence::ZERO,
        };
        Ok((self.values(keys, answers.map(Ok))?, at))
    }

    /// The same where every partition lies on a server of its own. The tags are asked for first, since what is read must not
    /// be older.
    async fn read_cluster(&self, keys: &[Key], tags: Tags) -> Result<(Vec<Option<Bytes>>, Sequence)> {
        let mut at = Sequence::ZERO;
        if tags == Tags::Asked {
            let mut command = redis::cmd("GET");
            command.arg(sequence_key(&self.app, Chain::Tags));
            let call = self.link.call(slot_of(Chain::Tags), &command);
            at = reply::sequence(&reply::of_text(span::within(span::command("GET"), call).await)?);
        }
        let get = |key: &Key| {
            let mut command = redis::cmd("GET");
            command.arg(keys::value(key));
            (slot_of_key(key), command)
        };
        let calls = self.link.call_each(keys.iter().map(get).collect());
        let answers = span::within_all(span::batch("GET", keys.len()), calls).await;
        Ok((self.values(keys, answers.into_iter())?, at))
    }

    fn values(
        &self,
        keys: &[Key],
        answers: impl ExactSizeIterator<Item = Result<Value>>,
    ) -> Result<Vec<Option<Bytes>>> {
        if answers.len() != keys.len() {
            return Err(reply::out_of_place("an answer for each key"));
        }
        let mut values = Vec::with_capacity(keys.len());
        for (key, answer) in keys.iter().zip(answers) {
            values.push(self.value(key, answer)?);
        }
        Ok(values)
    }

    /// What lies under a key, if it is a value.
    fn value(&self, key: &Key, answer: Result<Value>) -> Result<Option<Bytes>> {
        let value = reply::bytes(reply::of_text(answer)?)?;
        let is_of_another = |entry: Peek| entry.key != key.hash().fingerprint();
        if value.as_deref().and_then(Peek::into).is_some_and(is_of_another) {
            // Somebody has put it there, or it is the answer to another question.
            tracing::warn!(key = %key.hash(), "what was read belongs to another key");
            self.link.doubt(slot_of_key(key));
        }
        Ok(value)
    }
}
