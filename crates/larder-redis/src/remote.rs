//! Redis as the shared tier.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use larder_core::{
    Announced, AppName, CacheName, Chain, Connection, Error, ErrorKind, Fill, Filled, Frame, Invalidation,
    Key, Lease, LeaseMode, LeaseReply, LeaseRequest, Partition, Peek, Put, Reads, Register, Registered,
    Remote, Result, Sampled, Season, Sequence, SweepPosition, Swept, TagDelta, Ttl, Version,
};
use larder_link::{Address, Link, Slot, sequence_key, slot_of};

use crate::call::Call;
use crate::keys;
use crate::reads::Tags;
use crate::reply;
use crate::scripts::{self, Script, Scripts};
use crate::span;
use crate::verdicts;

/// How many tags are remembered. Past that the oldest are forgotten, and the floor says so.
const MOST_TAGS: usize = 65_536;

/// The shared tier of one app on Redis or Valkey: a single server, the master that sentinels name, or a cluster.
pub struct RedisRemote {
    pub(crate) link: Link,
    pub(crate) app: AppName,
    pub(crate) scripts: Scripts,
}

impl RedisRemote {
    /// The shared tier of `app` on the servers at that address. It begins to connect at once, in the background. Must be
    /// called within a tokio runtime.
    pub fn open(address: Address, app: AppName) -> Self {
        Self { link: Link::greeting(address, scripts::loading()), app, scripts: Scripts::new() }
    }

    /// Its connections, for the bus to share what both need.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Keys must be those of one partition, and of this app.
    fn check(&self, partition: Partition, of: &[Key]) -> Result<()> {
        for key in of {
            if key.hash().partition() != partition {
                return Err(Error::new(ErrorKind::Invalid, "a step concerns keys of one partition"));
            }
            self.check_app(key)?;
        }
        Ok(())
    }

    pub(crate) fn check_app(&self, key: &Key) -> Result<()> {
        if *key.namespace().app() == self.app {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Invalid, "the key is one of another app")
            .with("app", key.namespace().app()))
    }

    /// A call of a script that ends in an announcement, with what all of those begin with.
    fn announcing<'a>(&self, script: &'a Script, chain: Chain, frame: &Frame) -> Call<'a> {
        let call = Call::of(script, chain).key(sequence_key(&self.app, chain));
        match frame {
            Frame::Bytes { channel, head, body } => call.arg(&**channel).arg(&**head).arg(&**body),
            // Another kind is not ours to send.
            _ => call.arg("").arg("").arg(""),
        }
    }

    fn invalidation<'a>(&'a self, what: &Invalidation<'_>, frame: &Frame) -> Result<Call<'a>> {
        let scripts = &self.scripts;
        Ok(match *what {
            Invalidation::Keys(partition, of, guard) => {
                self.check(partition, of)?;
                let call = self.announcing(&scripts.invalidate, Chain::Keys(partition), frame);
                with_keys(call, of).arg(guard.map_or(String::new(), |guard| guard.get().to_string()))
            }
            Invalidation::Guard(partition, of, guard, ttl) => {
                self.check(partition, of)?;
                let call = self.announcing(&scripts.guard, Chain::Keys(partition), frame);
                with_keys(call, of).arg(guard.get().to_string()).arg(ttl.as_millis())
            }
            Invalidation::Expire(partition, of) => {
                self.check(partition, of)?;
                let call = self.announcing(&scripts.expire, Chain::Keys(partition), frame);
                of.iter().fold(call, |call, key| call.key(keys::value(key)).key(keys::lease(key)))
            }
            Invalidation::Version(key, version) => {
                self.check_app(key)?;
                self.announcing(&scripts.supersede, chain_of(key), frame)
                    .key(keys::value(key))
                    .key(keys::lease(key))
                    .key(keys::version(key))
                    .arg(&version.get().to_le_bytes()[..])
                    .arg(Ttl::MAX.as_millis())
            }
            Invalidation::Tags(tags) => {
                let call = self
                    .announcing(&scripts.tags, Chain::Tags, frame)
                    .key(keys::tags(&self.app))
                    .arg(MOST_TAGS);
                tags.iter().fold(call, |call, tag| call.arg(&tag.to_bits().to_le_bytes()[..]))
            }
            Invalidation::Cache(cache) => self
                .announcing(&scripts.clear, Chain::Tags, frame)
                .key(keys::clears(&self.app))
                .arg(cache.as_str()),
            Invalidation::Everything => {
                self.announcing(&scripts.clear, Chain::Tags, frame).key(keys::clears(&self.app)).arg("")
            }
            _ => return Err(Error::new(ErrorKind::Refused, "the server does not know this invalidation")),
        })
    }
}

fn chain_of(key: &Key) -> Chain {
    Chain::Keys(key.hash().partition())
}

pub(crate) fn slot_of_key(key: &Key) -> Slot {
    slot_of(chain_of(key))
}

fn with_keys<'a>(call: Call<'a>, of: &[Key]) -> Call<'a> {
    of.iter().fold(call, |call, key| call.key(keys::value(key)).key(keys::lease(key)).key(keys::guards(key)))
}

#[async_trait]
impl Remote for RedisRemote {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>> {
        Ok(self.read(keys, Tags::Unasked).await?.0)
    }

    async fn get_and_tags(&self, keys: &[Key]) -> Result<(Vec<Option<Bytes>>, Sequence)> {
        self.read(keys, Tags::Asked).await
    }

    async fn lease(&self, key: &Key, request: &LeaseRequest) -> Result<LeaseReply> {
        self.check_app(key)?;
        let (mode, identity) = match &request.mode {
            LeaseMode::Miss => ("miss", Bytes::new()),
            LeaseMode::Replace(identity) => ("replace", identity.clone()),
            LeaseMode::Any => ("any", Bytes::new()),
            _ => return Err(Error::new(ErrorKind::Refused, "the server does not know this mode of a lease")),
        };
        let call = Call::of(&self.scripts.lease, chain_of(key))
            .key(keys::value(key))
            .key(keys::lease(key))
            .key(keys::guards(key))
            .arg(&request.lease.get().to_le_bytes()[..])
            .arg(request.hold.as_millis())
            .arg(request.need_birth.get())
            .arg(&request.birth.get().to_le_bytes()[..])
            .arg(mode)
            .arg(&*identity);
        verdicts::leased(call.run(&self.link).await?)
    }

    async fn renew(&self, key: &Key, lease: Lease, hold: Ttl) -> Result<bool> {
        self.check_app(key)?;
        let call = Call::of(&self.scripts.renew, chain_of(key))
            .key(keys::lease(key))
            .arg(&lease.get().to_le_bytes()[..]);
        Ok(reply::number(&call.arg(hold.as_millis()).run(&self.link).await?)? == 1)
    }

    async fn release(&self, key: &Key, lease: Lease) -> Result<()> {
        self.check_app(key)?;
        let call = Call::of(&self.scripts.release, chain_of(key))
            .key(keys::lease(key))
            .arg(&lease.get().to_le_bytes()[..]);
        call.run(&self.link).await.map(drop)
    }

    async fn fill(&self, key: &Key, lease: Lease, content: Fill) -> Result<Filled> {
        self.check_app(key)?;
        let (script, bytes, ttl) = match content {
            Fill::Value(value, ttl) => (&self.scripts.fill, value, ttl),
            Fill::Header(header, ttl) => (&self.scripts.touch, header, ttl),
            _ => return Err(Error::new(ErrorKind::Refused, "the server does not know this kind of fill")),
        };
        let call = Call::of(script, chain_of(key))
            .key(keys::value(key))
            .key(keys::lease(key))
            .key(keys::version(key))
            .arg(&lease.get().to_le_bytes()[..])
            .arg(&*bytes)
            .arg(ttl.as_millis());
        verdicts::filled(&call.run(&self.link).await?)
    }

    async fn put(&self, key: &Key, version: Version, value: Bytes, ttl: Ttl, frame: &Frame) -> Result<Put> {
        self.check_app(key)?;
        if version.is_none() || Peek::into(&value).is_none() {
            return Err(Error::new(ErrorKind::Invalid, "what is put must be an entry with a version"));
        }
        let call = self
            .announcing(&self.scripts.put, chain_of(key), frame)
            .key(keys::value(key))
            .key(keys::lease(key))
            .key(keys::version(key))
            .key(keys::guards(key))
            .arg(&version.get().to_le_bytes()[..])
            .arg(&*value)
            .arg(ttl.as_millis());
        verdicts::put(call.run(&self.link).await?, frame)
    }

    async fn invalidate(&self, what: &Invalidation<'_>, frame: &Frame) -> Result<Announced> {
        let call = self.invalidation(what, frame)?;
        verdicts::announced(call.run(&self.link).await?, frame)
    }

    async fn sequences(&self) -> Result<Vec<(Chain, Sequence)>> {
        let chains: Vec<Chain> = Partition::all().map(Chain::Keys).chain([Chain::Tags]).collect();
        let get = |&chain: &Chain| {
            let mut command = redis::cmd("GET");
            command.arg(sequence_key(&self.app, chain));
            (slot_of(chain), command)
        };
        let calls = self.link.call_each(chains.iter().map(get).collect());
        let answers = span::within_all(span::batch("GET", chains.len()), calls).await;
        let position = |answer| reply::of_text(answer).map(|text| reply::sequence(&text));
        chains.into_iter().zip(answers).map(|(chain, answer)| Ok((chain, position(answer)?))).collect()
    }

    async fn raise(&self, chain: Chain, at: Sequence) -> Result<()> {
        let call = Call::of(&self.scripts.raise, chain).key(sequence_key(&self.app, chain)).arg(at.get());
        match reply::number(&call.run(&self.link).await?)? {
            1 => Ok(()),
            _ => {
                Err(Error::new(ErrorKind::Refused, "the sequence is more than a day ahead")
                    .with("sequence", at))
            }
        }
    }

    async fn invalidated_tags(&self, since: Sequence) -> Result<TagDelta> {
        let call = Call::of(&self.scripts.delta, Chain::Tags)
            .key(sequence_key(&self.app, Chain::Tags))
            .key(keys::tags(&self.app))
            .key(keys::clears(&self.app))
            .arg(since.get());
        crate::delta::read(call.run(&self.link).await?)
    }

    async fn sweep(&self, cache: &CacheName, from: Option<&SweepPosition>, most: u32) -> Result<Swept> {
        crate::sweep::sweep(self, cache, from, most).await
    }

    async fn sample(&self, cache: &CacheName, from: Option<&SweepPosition>, most: u32) -> Result<Sampled> {
        crate::survey::sample(self, cache, from, most).await
    }

    async fn add_reads(&self, cache: &CacheName, season: Season, reads: &[Reads], most: u32) -> Result<()> {
        crate::working_set::add(self, cache, season, reads, most).await
    }

    async fn most_read(&self, cache: &CacheName, season: Season, skip: u32, most: u32) -> Result<Vec<Reads>> {
        crate::working_set::most(self, cache, season, skip, most).await
    }

    async fn register(&self, register: Register, lines: &[String]) -> Result<Vec<Registered>> {
        crate::register::register(self, register, lines).await
    }

    async fn check(&self) -> Result<()> {
        self.link.connected().await?;
        crate::check::check(self).await
    }

    fn connections(&self) -> Vec<Connection> {
        self.link.connections()
    }
}

impl fmt::Debug for RedisRemote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRemote")
            .field("app", &self.app)
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}
