//! The task that keeps one listener's ear on the channel.
//!
//! ```text
//!   connect, subscribe ─▶ is it still the same server? ─▶ ask where the chains stand, again and again
//!        ▲                                                     │ no answer, or broken
//!        └──────── pause ◀──── Lost: from here on nothing is certain ◀┘
//! ```
//!
//! Two things are said to one queue: by the connection what it hears, and by this task what it knows. Where their order
//! matters the server makes it: the answer to a question is a message like any other, and stands in line with them. On
//! a cluster no server knows all chains. There the question goes to all masters, and its answer is compared with what has been
//! heard after a time in which every notice from before should have come.

use std::sync::Arc;
use std::time::Duration;

use larder_core::{AppName, BusEvent, Chain, Clock, Connection, Error, ErrorKind, Purpose, Result, Sequence};
use larder_link::{Ear, Heard, Link, sequence_key, slot_of};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::channel;
use crate::garbage::Garbage;
use crate::identity::Identity;
use crate::inbox::Inbox;
use crate::log;
use crate::positions::{self, chains};
use crate::probe::Probe;
use crate::probing::Probing;
use crate::question::Question;
use crate::wire::{self, Unknown};

/// The pauses between attempts: from the first to the longest.
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);

/// What a listener is told about its work.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) link: Link,
    pub(crate) app: AppName,
    pub(crate) clock: Clock,
    pub(crate) probing: Probing,
    pub(crate) catch_up: CatchUp,
}

/// One ear, and what it has heard.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) inbox: Inbox,
    setup: Setup,
    /// The channel for answers to this listener alone.
    answers: String,
    question: Question,
    broken: Notify,
    garbage: Arc<Garbage>,
    standing: watch::Sender<Standing>,
}

/// What a listener does about notices that it missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CatchUp {
    /// Takes everything for suspect that they could concern.
    #[default]
    Never,
    /// Reads them from a log.
    FromLog,
}

/// How a listener fares.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) connection: Connection,
    /// Whether the servers have answered over the present connection.
    pub(crate) is_in_sync: bool,
}

impl Listener {
    pub(crate) fn new(setup: Setup, garbage: Arc<Garbage>) -> Self {
        let connection = Connection::new(Purpose::Bus, setup.link.address());
        Self {
            inbox: Inbox::new(),
            answers: channel::answers(&setup.app, setup.link.address(), fastrand::u64(..)),
            setup,
            question: Question::default(),
            broken: Notify::new(),
            garbage,
            standing: watch::Sender::new(Standing { connection, is_in_sync: false }),
        }
    }

    pub(crate) fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Listens, without end.
    pub(crate) async fn listen(self: Arc<Self>) {
        let (mut pause, mut identity) = (FIRST, None);
        loop {
            let began = Instant::now();
            let Err(error) = self.listen_once(&mut identity).await else {
                return;
            };
            self.miss();
            tracing::debug!(%error, "the bus is not heard");
            self.standing.send_modify(|standing| {
                (standing.connection.is_up, standing.is_in_sync) = (false, false);
                standing.connection.trouble = Some(error);
            });
            if began.elapsed() >= LONGEST {
                pause = FIRST;
            }
            sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            pause = (pause * 2).min(LONGEST);
            // Whoever cannot call has no use for hearing; two pauses in a row would be too long.
            self.setup.link.up().await;
        }
    }

    /// Whatever comes next comes after a gap.
    fn miss(&self) {
        if self.setup.catch_up == CatchUp::Never || !self.inbox.pause() {
            self.inbox.break_off();
        }
    }

    /// Listens until there is trouble.
    async fn listen_once(self: &Arc<Self>, identity: &mut Option<Identity>) -> Result<()> {
        let mut ear = self.connect().await?;
        self.standing.send_modify(|standing| {
            standing.connection.made += 1;
            standing.connection.is_up = true;
            standing.connection.server = ear.server();
        });
        let probe = Probe::new(&self.setup.app, &self.answers);
        let mut asked = 0_u64;
        loop {
            let next = Instant::now() + self.setup.probing.period();
            if self.setup.catch_up == CatchUp::FromLog && asked.is_multiple_of(log::RENEWAL) {
                log::renew(&self.setup.link, &self.setup.app).await?;
            }
            asked += 1;
            self.meet(&mut ear, identity).await?;
            tokio::select! {
                outcome = self.ask(&mut ear, &probe) => outcome?,
                () = self.broken.notified() => return Err(broken()),
            }
            self.standing.send_if_modified(|standing| !std::mem::replace(&mut standing.is_in_sync, true));
            tokio::select! {
                () = sleep_until(next) => {}
                () = self.broken.notified() => return Err(broken()),
                () = ear.left() => return Err(parted()),
            }
        }
    }

    async fn connect(self: &Arc<Self>) -> Result<Ear> {
        let notices = channel::notices(&self.setup.app, self.setup.link.address());
        // What the connection before may have left.
        let _ = timeout(Duration::ZERO, self.broken.notified()).await;
        let (listener, of_notices) = (Arc::downgrade(self), notices.clone().into_bytes());
        let hear = move |heard: Heard<'_>| {
            let Some(listener) = listener.upgrade() else { return };
            match heard {
                Heard::Message(channel, message) if *channel == *of_notices => listener.hear(message),
                Heard::Message(_, message) => listener.hear_answer(message),
                _ => listener.broken.notify_one(),
            }
        };
        self.setup.link.listen(&[&notices, &self.answers], hear).await
    }

    /// Finds out whether the servers are still those that they were.
    async fn meet(&self, ear: &mut Ear, known: &mut Option<Identity>) -> Result<()> {
        let Some(journey) = self.setup.link.journey() else {
            // Any of the masters may be replaced while the ear is at another.
            let asked = timeout(self.setup.probing.answer(), Identity::of_cluster(&self.setup.link)).await;
            self.recognize(asked.map_err(|_| late())??, known);
            return Ok(());
        };
        // What is told again must be told to the server that is listened to.
        if journey.server != ear.server() {
            return Err(parted());
        }
        if !self.standing.borrow().is_in_sync {
            let number = self.standing.borrow().connection.made;
            let now = Identity::of_server(ear, number, self.setup.probing.answer()).await?;
            self.recognize(now.reached_by(journey.moves), known);
        } else if known.as_ref().is_some_and(|known| !known.is_reached_by(journey.moves)) {
            // Between two questions calls went to another server.
            return Err(parted());
        }
        Ok(())
    }

    fn recognize(&self, now: Identity, known: &mut Option<Identity>) {
        let is_other = known.as_ref().is_some_and(|known| !known.goes_on_in(&now));
        *known = Some(now);
        if is_other {
            tracing::warn!(server = %self.setup.link, "the server is not the one it was");
            self.inbox.push(BusEvent::Reincarnated);
        }
    }

    /// Asks where the chains stand. What is answered is in the inbox when this returns.
    async fn ask(&self, ear: &mut Ear, probe: &Probe) -> Result<()> {
        if self.setup.link.is_cluster() {
            self.ask_masters().await?;
        } else {
            self.ask_server(ear, probe).await?;
        }
        self.catch_up().await
    }

    /// Reads what was missed, if that is wanted and something was.
    async fn catch_up(&self) -> Result<()> {
        let Some((asked, at)) = self.inbox.held_answer() else {
            return Ok(());
        };
        let (link, app, heard) = (&self.setup.link, &self.setup.app, self.inbox.heard());
        let reading = timeout(self.setup.probing.answer(), log::read(link, app, &heard, &at));
        let missed = reading.await.map_err(|_| late())??;
        tracing::debug!(notices = missed.len(), "caught up with the bus");
        self.inbox.resume(missed, asked, at);
        Ok(())
    }

    /// One server knows all chains, and answers in line.
    async fn ask_server(&self, ear: &mut Ear, probe: &Probe) -> Result<()> {
        let number = self.question.ask(self.setup.clock.now());
        let (patience, mut is_called) = (self.setup.probing.answer(), false);
        let answered = async {
            probe.send(ear, number, patience).await?;
            is_called = true;
            self.question.answered().await;
            Ok(())
        };
        match timeout(patience, answered).await {
            Ok(outcome) => outcome,
            Err(_) => Err(if is_called { silent() } else { late() }),
        }
    }

    /// Every master knows some chains. What it announced before comes by way of the node at which the ear is.
    async fn ask_masters(&self) -> Result<()> {
        let (asked, before) = (self.setup.clock.now(), self.inbox.heard());
        let told = timeout(self.setup.probing.answer(), self.positions()).await.map_err(|_| late())??;
        if self.inbox.is_paused() {
            self.inbox.answer(asked, told);
            return Ok(());
        }
        sleep(self.setup.probing.detour()).await;
        self.inbox.synchronize(asked, told, &before);
        Ok(())
    }

    async fn positions(&self) -> Result<Vec<(Chain, Sequence)>> {
        let get = |chain: Chain| {
            (slot_of(chain), redis::cmd("GET").arg(sequence_key(&self.setup.app, chain)).to_owned())
        };
        let answers = self.setup.link.call_each(chains().map(get).collect()).await;
        let position = |(chain, answer): (Chain, Result<redis::Value>)| {
            let told = match answer {
                // Whatever is there, it is no sequence.
                Err(error) if error.context().any(|(_, value)| value == "WRONGTYPE") => None,
                answer => redis::from_redis_value::<Option<u64>>(answer?).unwrap_or_default(),
            };
            Ok((chain, Sequence::new(told.unwrap_or_default())))
        };
        chains().zip(answers).map(position).collect()
    }

    fn hear(&self, message: &[u8]) {
        match wire::decode(message) {
            Ok(told) => self.inbox.notice(told),
            Err(Unknown) if self.garbage.count(self.setup.clock.now()) => {
                tracing::warn!(bytes = message.len(), "a message on the bus cannot be read");
                self.inbox.push(BusEvent::Lost(wire::chain_of(message)));
            }
            Err(Unknown) => {}
        }
    }

    fn hear_answer(&self, message: &[u8]) {
        let Some((number, at)) = positions::read(message) else { return };
        if let Some(asked) = self.question.answer(number) {
            self.inbox.answer(asked, at);
        }
    }
}

fn broken() -> Error {
    Error::new(ErrorKind::Unavailable, "the connection to the bus is broken")
}

fn parted() -> Error {
    Error::new(ErrorKind::Unavailable, "calls lead to another server than the bus")
}

fn late() -> Error {
    Error::new(ErrorKind::Elapsed, "the server does not say in time where the chains stand")
}

fn silent() -> Error {
    Error::new(ErrorKind::Refused, "what is published on the bus is not heard")
        .with("expected", "a server that sends messages to who subscribed on the same address")
}
