//! The worker's end of its line to the conductor.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};

use crate::name::Name;
use crate::wire::{Answer, Line, Manner, Order, Question, Said, line};

/// A line over which many ask at once. Clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Link {
    said: mpsc::UnboundedSender<Outgoing>,
    asked: Arc<Asked>,
}

#[derive(Debug)]
enum Outgoing {
    Said(Said),
    /// To be told when everything before it is out.
    Flush(oneshot::Sender<()>),
}

/// Who waits for an answer.
#[derive(Debug, Default)]
struct Asked {
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Answer>>>,
}

impl Link {
    pub(super) async fn to(conductor: &str) -> io::Result<(Self, mpsc::UnboundedReceiver<Order>)> {
        let stream = TcpStream::connect(conductor).await?;
        stream.set_nodelay(true)?;
        let (from, to) = stream.into_split();
        let (said, outgoing) = mpsc::unbounded_channel();
        let (given, orders) = mpsc::unbounded_channel();
        let asked = Arc::new(Asked::default());
        tokio::spawn(write(to, outgoing));
        tokio::spawn(read(from, asked.clone(), given));
        Ok((Self { said, asked }, orders))
    }

    pub(super) fn say(&self, said: Said) {
        // If nobody hears it any more, the process is about to end.
        _ = self.said.send(Outgoing::Said(said));
    }

    /// Waits until everything that was said is on its way.
    pub(super) async fn flush(&self) {
        let (done, is_done) = oneshot::channel();
        _ = self.said.send(Outgoing::Flush(done));
        _ = is_done.await;
    }

    /// The versions of these; 0 for what is not there.
    pub(super) async fn load(&self, names: Vec<Name>) -> io::Result<Vec<u64>> {
        self.versions(Question::Load(names)).await
    }

    /// COMMIT. Returns the new versions.
    pub(super) async fn commit(&self, names: Vec<Name>, manner: Manner) -> io::Result<Vec<u64>> {
        self.versions(Question::Write(names, manner)).await
    }

    /// The last receipt that somebody got for this, and of which version.
    pub(super) async fn receipt(&self, name: Name) -> io::Result<Option<(u64, String)>> {
        match self.ask(Question::Receipt(name)).await? {
            Answer::Receipt(receipt) => Ok(receipt),
            Answer::Versions(_) => Err(io::Error::other("the answer to another question")),
        }
    }

    async fn versions(&self, question: Question) -> io::Result<Vec<u64>> {
        match self.ask(question).await? {
            Answer::Versions(versions) => Ok(versions),
            Answer::Receipt(_) => Err(io::Error::other("the answer to another question")),
        }
    }

    async fn ask(&self, question: Question) -> io::Result<Answer> {
        let (answer, answered) = oneshot::channel();
        let id = self.asked.next.fetch_add(1, Ordering::Relaxed);
        self.asked.waiting().insert(id, answer);
        self.say(Said::Ask(id, question));
        answered.await.map_err(|_| io::Error::other("the conductor is gone"))
    }
}

impl Asked {
    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<Answer>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write(mut to: OwnedWriteHalf, mut outgoing: mpsc::UnboundedReceiver<Outgoing>) -> io::Result<()> {
    let mut text = Vec::new();
    while let Some(first) = outgoing.recv().await {
        let mut next = Some(first);
        let mut flushed = Vec::new();
        while let Some(one) = next {
            match one {
                Outgoing::Said(said) => text.extend(line(&said)),
                Outgoing::Flush(done) => flushed.push(done),
            }
            next = outgoing.try_recv().ok();
        }
        to.write_all(&text).await?;
        text.clear();
        for done in flushed {
            _ = done.send(());
        }
    }
    Ok(())
}

/// Ends, and with it the orders, when the conductor does.
async fn read(
    from: OwnedReadHalf,
    asked: Arc<Asked>,
    orders: mpsc::UnboundedSender<Order>,
) -> io::Result<()> {
    let mut lines = BufReader::new(from).lines();
    while let Some(text) = lines.next_line().await? {
        match serde_json::from_str(&text)? {
            Line::Answer(id, answer) => {
                if let Some(waiting) = asked.waiting().remove(&id) {
                    // Who asked may have been cancelled.
                    _ = waiting.send(answer);
                }
            }
            Line::Order(order) => _ = orders.send(order),
        }
    }
    Ok(())
}

pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
