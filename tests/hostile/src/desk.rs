//! Where the workers ask, tell, and are told.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use larder_core::Moment;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::database::Database;
use crate::wire::{Line, Order, Said, State, line};

/// The conductor's end of all lines. Clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    database: Database,
    seats: Arc<Mutex<Seats>>,
}

#[derive(Debug, Default)]
struct Seats {
    by_node: HashMap<usize, Seat>,
    /// The most memory that any worker had, in KiB.
    most_memory: u64,
    /// The most invalidations that any worker had deferred.
    most_deferred: usize,
}

/// A worker, from its first word on.
#[derive(Debug)]
struct Seat {
    orders: mpsc::UnboundedSender<Line>,
    state: State,
    has_swept: bool,
}

impl Desk {
    /// Serves whoever comes, and says where.
    pub(crate) async fn open(database: Database) -> io::Result<(Self, String)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let desk = Self { database, seats: Arc::default() };
        let served = desk.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let desk = served.clone();
                // A worker that is killed ends its line with an error, which says nothing.
                tokio::spawn(async move { desk.attend(stream).await });
            }
        });
        Ok((desk, address))
    }

    /// Tells a worker something. One that is gone does not hear it.
    pub(crate) fn order(&self, node: usize, order: Order) {
        if let Some(seat) = self.seats().by_node.get(&node) {
            _ = seat.orders.send(Line::Order(order));
        }
    }

    /// What a worker last said of itself.
    pub(crate) fn state(&self, node: usize) -> Option<State> {
        self.seats().by_node.get(&node).map(|seat| seat.state)
    }

    /// Whether a worker has read everything once more.
    pub(crate) fn has_swept(&self, node: usize) -> bool {
        self.seats().by_node.get(&node).is_some_and(|seat| seat.has_swept)
    }

    /// The most memory that any worker had, in KiB.
    pub(crate) fn most_memory(&self) -> u64 {
        self.seats().most_memory
    }

    /// The most invalidations that any worker had deferred.
    pub(crate) fn most_deferred(&self) -> usize {
        self.seats().most_deferred
    }

    async fn attend(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let (from, to) = stream.into_split();
        let mut from = BufReader::new(from);
        let (orders, lines) = mpsc::unbounded_channel();
        tokio::spawn(write(to, lines));
        let mut node = None;
        let mut text = Vec::new();
        while from.read_until(b'\n', &mut text).await? > 0 {
            match serde_json::from_slice(&text) {
                Ok(Said::Hello(number)) => {
                    self.seat(number, orders.clone());
                    node = Some(number);
                }
                Ok(said) => self.hear(node.unwrap_or_default(), said, &orders),
                // Its last, which it did not come to end.
                Err(_) if !text.ends_with(b"\n") => {}
                Err(error) => return Err(io::Error::other(error)),
            }
            text.clear();
        }
        Ok(())
    }

    fn seat(&self, node: usize, orders: mpsc::UnboundedSender<Line>) {
        let seat = Seat { orders, state: State::default(), has_swept: false };
        self.seats().by_node.insert(node, seat);
    }

    fn hear(&self, node: usize, said: Said, orders: &mpsc::UnboundedSender<Line>) {
        match said {
            Said::Hello(_) => {}
            Said::Ask(id, question) => {
                _ = orders.send(Line::Answer(id, self.database.answer(node, &question)));
            }
            Said::Told { name, version, at, receipt } => {
                self.database.acknowledge(name, version, Moment::from_nanos(at), receipt);
            }
            Said::Deferred { name, version, at } => {
                self.database.defer(name, version, Moment::from_nanos(at));
            }
            Said::Read(seen) => self.database.note(node, seen),
            Said::Wrong(what) => self.database.complain(format!("worker {node}: {what}")),
            Said::State(state) => {
                if let Some((from, to)) = state.alone {
                    self.database.leave_alone(Moment::from_nanos(from)..Moment::from_nanos(to));
                }
                self.seats().update(node, state);
            }
            Said::Swept => {
                if let Some(seat) = self.seats().by_node.get_mut(&node) {
                    seat.has_swept = true;
                }
            }
        }
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seats {
    fn update(&mut self, node: usize, state: State) {
        self.most_memory = self.most_memory.max(state.memory);
        self.most_deferred = self.most_deferred.max(state.deferred);
        if let Some(seat) = self.by_node.get_mut(&node) {
            seat.state = state;
        }
    }
}

async fn write(mut to: OwnedWriteHalf, mut lines: mpsc::UnboundedReceiver<Line>) -> io::Result<()> {
    while let Some(first) = lines.recv().await {
        let mut text = line(&first);
        while let Ok(next) = lines.try_recv() {
            text.extend(line(&next));
        }
        to.write_all(&text).await?;
    }
    Ok(())
}
