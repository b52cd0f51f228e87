//! A cluster: one line to each master, and who has which slots.
//!
//! The client has a connection for clusters of its own. It is not used, because it lets one call wait for another node's
//! trouble, and takes a node that does not answer for one that is slow, for ever. Here each master has a
//! [`Line`], with its own supervisor, and a call is concerned by one of them only.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use larder_core::{Connection, Error, ErrorKind};
use redis::{Cmd, RedisError, RedisResult, Value};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::error::{down, translate};
use crate::line::Line;
use crate::owners::{Login, Owners, Seat, read_slots};
use crate::pause::Pauses;
use crate::slot::Slot;
use crate::target::{CONNECTING, Target};

/// How often a call follows a server's word to another, or waits for a slot that is being moved.
const ATTEMPTS: usize = 6;

/// The first wait for a slot that is being moved. Each is twice the last.
const MOVING: Duration = Duration::from_millis(5);

/// The least time between two questions about the slots, and the most.
const RARELY: Duration = Duration::from_millis(100);
const REGULARLY: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(crate) struct Cluster {
    owner: Arc<Owner>,
}

struct Owner {
    shared: Arc<Shared>,
    keeper: AbortHandle,
}

struct Shared {
    /// Where to ask first.
    seeds: Vec<Target>,
    login: Login,
    owners: RwLock<Owners>,
    /// Told when the owners may have changed.
    stale: Notify,
    /// What came of the last question; `None` before the first.
    outcome: watch::Sender<Option<Result<(), Error>>>,
}

/// What a node says about a call that it does not answer.
pub(crate) enum Redirect {
    Moved(Seat),
    Ask(Seat),
    Later,
}

impl Cluster {
    pub(crate) fn open(seeds: Vec<Target>, login: Login) -> Self {
        let shared = Arc::new(Shared {
            seeds,
            login,
            owners: RwLock::default(),
            stale: Notify::new(),
            outcome: watch::Sender::new(None),
        });
        let keeper = Handle::current().spawn(keep(shared.clone())).abort_handle();
        Self { owner: Arc::new(Owner { shared, keeper }) }
    }

    /// Waits until it is known who has which slots, or why it is not.
    pub(crate) async fn known(&self) -> Result<(), Error> {
        let mut outcome = self.shared().outcome.subscribe();
        match outcome.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(Err(error))) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    pub(crate) async fn connected(&self) -> Result<(), Error> {
        self.known().await?;
        for line in self.lines() {
            line.connected().await?;
        }
        Ok(())
    }

    /// Sends a command to the master of a slot, and goes where it is sent.
    pub(crate) async fn call(&self, slot: Slot, command: &Cmd) -> RedisResult<Value> {
        let answer = match self.line(slot) {
            Some(line) => line.call(command).await,
            None => Err(down()),
        };
        match answer {
            // Boxed, for every call would have to make room for what seldom happens.
            Err(error) => Box::pin(self.follow(slot, command, error)).await,
            answer => answer,
        }
    }

    /// Sends commands to the masters of their slots, those of each at once.
    pub(crate) async fn call_each(&self, commands: Vec<(Slot, Cmd)>) -> Vec<RedisResult<Value>> {
        let mut answers: Vec<Option<RedisResult<Value>>> = commands.iter().map(|_| None).collect();
        let commands = Arc::new(commands);
        let mut under_way = JoinSet::new();
        for (line, indices) in self.by_line(&commands) {
            let (cluster, commands) = (self.clone(), commands.clone());
            under_way.spawn(async move { cluster.call_share(line, indices, &commands).await });
        }
        while let Some(share) = under_way.join_next().await {
            for (index, answer) in share.unwrap_or_default() {
                if let Some(place) = answers.get_mut(index) {
                    *place = Some(answer);
                }
            }
        }
        answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(down()))).collect()
    }

    pub(crate) fn doubt(&self, slot: Slot) {
        if let Some(line) = self.line(slot) {
            line.doubt();
        }
        self.shared().stale.notify_one();
    }

    pub(crate) fn health(&self) -> Vec<Connection> {
        self.lines().iter().map(Line::health).collect()
    }

    /// One of the masters, by chance.
    pub(crate) fn any_master(&self) -> Option<Target> {
        let owners = self.shared().owners.read().unwrap_or_else(PoisonError::into_inner);
        let seats: Vec<&Seat> = owners.seats().collect();
        let (host, port) = fastrand::choice(seats)?;
        Some(self.shared().login.target.at(host, *port))
    }

    /// One line to each master.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let owners = self.shared().owners.read().unwrap_or_else(PoisonError::into_inner);
        owners.lines().cloned().collect()
    }

    /// The commands' numbers by the line that they go to. Those of slots that nobody has are left out.
    fn by_line(&self, commands: &[(Slot, Cmd)]) -> Vec<(Line, Vec<usize>)> {
        let mut shares: Vec<(Slot, Line, Vec<usize>)> = Vec::new();
        for (index, (slot, _)) in commands.iter().enumerate() {
            let Some(line) = self.line(*slot) else { continue };
            match shares.iter_mut().find(|(_, other, _)| other.is_same(&line)) {
                Some((.., indices)) => indices.push(index),
                None => shares.push((*slot, line, vec![index])),
            }
        }
        shares.into_iter().map(|(_, line, indices)| (line, indices)).collect()
    }

    /// Sends what one master is to answer, and sends again what belongs to another.
    async fn call_share(
        &self,
        line: Line,
        indices: Vec<usize>,
        commands: &[(Slot, Cmd)],
    ) -> Vec<(usize, RedisResult<Value>)> {
        let mut pipeline = redis::pipe();
        let chosen: Vec<_> =
            indices.iter().filter_map(|&index| Some((index, commands.get(index)?))).collect();
        for (_, (_, command)) in &chosen {
            pipeline.add_command(command.clone());
        }
        let answers = match line.call_all(&pipeline).await {
            Ok(answers) => answers,
            Err(error) => return chosen.iter().map(|(index, _)| (*index, Err(error.clone()))).collect(),
        };
        let mut settled = Vec::with_capacity(chosen.len());
        for ((index, (slot, command)), answer) in chosen.into_iter().zip(answers) {
            let answer = match answer.extract_error() {
                Err(error) if redirect(&error).is_some() => self.follow(*slot, command, error).await,
                answer => answer,
            };
            settled.push((index, answer));
        }
        settled
    }

    /// Goes where an answer points, as often as is reasonable.
    async fn follow(&self, slot: Slot, command: &Cmd, mut error: RedisError) -> RedisResult<Value> {
        let mut wait = MOVING;
        for _ in 0..ATTEMPTS {
            let answer = match redirect(&error) {
                Some(Redirect::Moved(seat)) => {
                    self.shared().stale.notify_one();
                    self.at(&seat).await.call(command).await
                }
                Some(Redirect::Ask(seat)) => self.at(&seat).await.call_asking(command).await,
                Some(Redirect::Later) => {
                    sleep(wait).await;
                    wait *= 2;
                    let Some(line) = self.line(slot) else { return Err(error) };
                    line.call(command).await
                }
                None => {
                    // The master may be gone, and somebody have its slots.
                    self.shared().stale.notify_one();
                    return Err(error);
                }
            };
            match answer {
                Err(next) => error = next,
                answer => return answer,
            }
        }
        Err(error)
    }

    fn line(&self, slot: Slot) -> Option<Line> {
        self.shared().owners.read().unwrap_or_else(PoisonError::into_inner).of(slot).cloned()
    }

    async fn at(&self, seat: &Seat) -> Line {
        let line = {
            let mut owners = self.shared().owners.write().unwrap_or_else(PoisonError::into_inner);
            owners.at(seat, &self.shared().login)
        };
        // It may have been opened just now.
        let _ = line.connected().await;
        line
    }

    fn shared(&self) -> &Shared {
        &self.owner.shared
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

pub(crate) fn redirect(error: &RedisError) -> Option<Redirect> {
    let seat = || {
        let (place, _) = error.redirect_node()?;
        let (host, port) = place.rsplit_once(':')?;
        Some((host.to_owned(), port.parse().ok()?))
    };
    match error.code()? {
        "MOVED" => seat().map(Redirect::Moved),
        "ASK" => seat().map(Redirect::Ask),
        "TRYAGAIN" | "CLUSTERDOWN" | "LOADING" => Some(Redirect::Later),
        _ => None,
    }
}

/// Keeps what is known of the cluster up to date, without end.
async fn keep(shared: Arc<Shared>) {
    let mut pauses = Pauses::new();
    loop {
        let outcome = shared.ask().await;
        match &outcome {
            Ok(()) => pauses = Pauses::new(),
            Err(error) => tracing::debug!(%error, "no node of the cluster tells who has which slots"),
        }
        let is_known = outcome.is_ok();
        shared.outcome.send_replace(Some(outcome));
        if is_known {
            sleep(RARELY).await;
            let _ = timeout(REGULARLY, shared.stale.notified()).await;
        } else {
            pauses.pass().await;
        }
    }
}

impl Shared {
    /// Asks those who are known, in an order of chance, and then the seeds.
    async fn ask(&self) -> Result<(), Error> {
        let mut places: Vec<Target> = {
            let owners = self.owners.read().unwrap_or_else(PoisonError::into_inner);
            owners.seats().map(|(host, port)| self.login.target.at(host, *port)).collect()
        };
        fastrand::shuffle(&mut places);
        let mut trouble = Error::new(ErrorKind::Unavailable, "no node of the cluster can be reached");
        for place in places.iter().chain(&self.seeds) {
            match timeout(CONNECTING, slots(place)).await {
                Ok(Ok(told)) if !told.is_empty() => {
                    self.owners.write().unwrap_or_else(PoisonError::into_inner).learn(told, &self.login);
                    return Ok(());
                }
                Ok(Err(error)) => trouble = translate(error).with("server", place),
                _ => {}
            }
        }
        Err(trouble)
    }
}

async fn slots(place: &Target) -> RedisResult<Vec<(u16, u16, Seat)>> {
    let mut connection = place.connect(drop).await?;
    let answer = redis::cmd("CLUSTER").arg("SLOTS").query_async(&mut connection).await?;
    read_slots(answer, place.host().unwrap_or_default())
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("masters", &self.lines()).finish()
    }
}
