//! Single-flight: of all who want a key at once, one loads it.
//!
//! # The problem
//!
//! A thousand tasks miss the same key. One of them should load it and the others wait; but the one may be cancelled, its
//! loader may panic, and somebody may write the key while it is under way. None of that may leave a waiter hanging, or
//! give one a value that was read before the waiter came and invalidated since.
//!
//! # The idea
//!
//! A *flight* is one load of one key. Whoever boards first is its [`Pilot`], whoever comes later a [`Passenger`]. The
//! pilot must land: by handing over a result, or by being dropped, which is a landing too. The flight carries the
//! [`Bearings`] it began with, and nobody boards one that an invalidation has [overtaken](Flights::board): the newcomer
//! starts another, which takes its place in the timetable, and the old one lands with those who are in it.
//!
//! # Invariants
//!
//! - A flight is in the timetable from its first boarding until it lands or is replaced, and never comes back.
//! - It lands exactly once, because landing consumes the pilot and dropping is the only other way to lose one.
//! - A passenger either finds it landed or has its waker in the list, both under one lock.
//!
//! There is no runtime in here. All interleavings of boarding, landing and leaving are in the proof at the end.

#[cfg(all(test, loom))]
mod proof;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};

use larder_core::{Key, KeyHash, KeyHasher, Moment, Sequence, Stamp};

use crate::sync::{Mutex, MutexGuard};

/// One lock for so many keys would be one too hot. Few under the model checker.
const SHARDS: usize = if cfg!(loom) { 1 } else { 16 };

/// What a load took note of before its first I/O.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bearings {
    /// This node's order of invalidations.
    pub(crate) stamp: Stamp,
    /// The server's order of the invalidations of tags.
    pub(crate) birth: Sequence,
    pub(crate) began: Moment,
}

/// The timetable of one cache: which keys are being loaded.
pub(crate) struct Flights<T> {
    shards: Box<[Mutex<Timetable<T>>]>,
}

type Timetable<T> = HashMap<KeyHash, Arc<Flight<T>>, KeyHasher>;

struct Flight<T> {
    key: Key,
    bearings: Bearings,
    /// Whether the pilot is a task, which goes on whatever becomes of those who wait, and not in the future of one of them,
    /// which may never be polled again. Decides nothing but how long it is waited for.
    is_in_task: AtomicBool,
    state: Mutex<State<T>>,
}

enum State<T> {
    Aloft(Aloft<T>),
    Landed(Landing<T>),
}

struct Aloft<T> {
    /// Who is to be woken, by seat. A seat that was left is empty.
    seats: Vec<Option<Waker>>,
    /// What may be had by whoever does not want to wait for the landing.
    meanwhile: Option<T>,
}

/// How a flight ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Landing<T> {
    /// With this result.
    With(T),
    /// The pilot left before there was one. Whoever still wants the key must board again.
    Abandoned,
}

/// What a boarding gives.
pub(crate) enum Seat<T: Clone> {
    Pilot(Pilot<T>),
    Passenger(Passenger<T>),
}

impl<T: Clone> Flights<T> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { shards: (0..SHARDS).map(|_| Mutex::new(Timetable::default())).collect() })
    }

    /// Joins the flight of `key`, or starts one with the bearings that `depart` takes, if there is none, or one that
    /// `is_overtaken`.
    pub(crate) fn board(
        self: &Arc<Self>,
        key: &Key,
        depart: impl FnOnce() -> Bearings,
        is_overtaken: impl FnOnce(Bearings) -> bool,
    ) -> Seat<T> {
        let mut timetable = self.timetable(key.hash());
        if let Some(flight) = timetable.get(&key.hash()) {
            // Two keys may share a hash, but not a flight: the second goes by itself.
            if flight.key != *key {
                drop(timetable);
                return Seat::Pilot(Pilot::alone(key, depart()));
            }
            if !is_overtaken(flight.bearings) {
                return Seat::Passenger(Passenger::of(flight));
            }
        }
        let flight = Flight::new(key, depart());
        timetable.insert(key.hash(), flight.clone());
        Seat::Pilot(Pilot { flight, flights: Some(self.clone()) })
    }

    /// Whether `key` is being loaded, and since when.
    pub(crate) fn bearings_of(&self, key: &Key) -> Option<Bearings> {
        let timetable = self.timetable(key.hash());
        timetable.get(&key.hash()).filter(|flight| flight.key == *key).map(|flight| flight.bearings)
    }

    /// Takes a flight out of the timetable, so that whoever boards next starts another.
    pub(crate) fn give_up(&self, passenger: &Passenger<T>) {
        self.strike(&passenger.flight);
    }

    fn strike(&self, flight: &Arc<Flight<T>>) {
        let mut timetable = self.timetable(flight.key.hash());
        // Another may have taken its place.
        if timetable.get(&flight.key.hash()).is_some_and(|there| Arc::ptr_eq(there, flight)) {
            timetable.remove(&flight.key.hash());
        }
    }

    fn timetable(&self, hash: KeyHash) -> MutexGuard<'_, Timetable<T>> {
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is what is wanted")]
        let shard = hash.fingerprint() as usize % SHARDS;
        #[expect(clippy::indexing_slicing, reason = "the remainder is in range")]
        let timetable = &self.shards[shard];
        timetable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Aloft<T> {
    fn new() -> Self {
        Self { seats: Vec::new(), meanwhile: None }
    }
}

impl<T> Flight<T> {
    fn new(key: &Key, bearings: Bearings) -> Arc<Self> {
        let state = Mutex::new(State::Aloft(Aloft::new()));
        Arc::new(Self { key: key.clone(), bearings, is_in_task: AtomicBool::new(false), state })
    }

    fn land(&self, landing: Landing<T>) {
        let before = std::mem::replace(&mut *self.state(), State::Landed(landing));
        // Woken after the lock is let go, or they would run into it.
        if let State::Aloft(aloft) = before {
            aloft.seats.into_iter().flatten().for_each(Waker::wake);
        }
    }

    /// Takes the seat, or the one that is held already, to be woken at the next change.
    fn sit_down(&self, held: &mut Option<usize>, context: &Context<'_>) -> Poll<Landing<T>>
    where
        T: Clone,
    {
        match &mut *self.state() {
            State::Landed(landing) => Poll::Ready(landing.clone()),
            State::Aloft(Aloft { seats, .. }) => {
                match held.and_then(|seat| seats.get_mut(seat)) {
                    Some(Some(waker)) => waker.clone_from(context.waker()),
                    Some(empty) => *empty = Some(context.waker().clone()),
                    None => {
                        *held = Some(seats.len());
                        seats.push(Some(context.waker().clone()));
                    }
                }
                Poll::Pending
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one who loads. Dropping it abandons the flight.
pub(crate) struct Pilot<T: Clone> {
    flight: Arc<Flight<T>>,
    /// `None` for a flight that is in no timetable.
    flights: Option<Arc<Flights<T>>>,
}

impl<T: Clone> Pilot<T> {
    /// Starts a flight that nobody can join.
    pub(crate) fn alone(key: &Key, bearings: Bearings) -> Self {
        Self { flight: Flight::new(key, bearings), flights: None }
    }

    pub(crate) fn bearings(&self) -> Bearings {
        self.flight.bearings
    }

    /// A seat for the one who started the flight, if somebody else is to fly it.
    pub(crate) fn passenger(&self) -> Passenger<T> {
        Passenger::of(&self.flight)
    }

    /// Says that from now on a task flies.
    pub(crate) fn go_to_task(&self) {
        self.flight.is_in_task.store(true, Ordering::Relaxed);
    }

    /// Lets whoever does not want to wait have this instead of the result.
    pub(crate) fn offer(&self, meanwhile: T) {
        let mut woken = Vec::new();
        if let State::Aloft(aloft) = &mut *self.flight.state() {
            aloft.meanwhile = Some(meanwhile);
            woken.extend(aloft.seats.iter().flatten().cloned());
        }
        // Woken after the lock is let go, or they would run into it.
        woken.into_iter().for_each(Waker::wake);
    }

    /// Hands the result to everyone in the flight.
    pub(crate) fn land(self, result: T) {
        // Out of the timetable first: who comes now finds what was kept, or loads anew.
        self.strike();
        self.flight.land(Landing::With(result));
    }

    fn strike(&self) {
        if let Some(flights) = &self.flights {
            flights.strike(&self.flight);
        }
    }
}

impl<T: Clone> Drop for Pilot<T> {
    fn drop(&mut self) {
        self.strike();
        // After a landing this finds nobody to tell, and must not undo it.
        if matches!(&*self.flight.state(), State::Landed(_)) {
            return;
        }
        self.flight.land(Landing::Abandoned);
    }
}

/// One who waits for the load. Resolves when the flight has landed.
pub(crate) struct Passenger<T: Clone> {
    flight: Arc<Flight<T>>,
    seat: Option<usize>,
}

impl<T: Clone> Passenger<T> {
    fn of(flight: &Arc<Flight<T>>) -> Self {
        Self { flight: flight.clone(), seat: None }
    }

    pub(crate) fn bearings(&self) -> Bearings {
        self.flight.bearings
    }

    /// What may be had before the landing, as soon as there is something.
    pub(crate) fn meanwhile(&self) -> Meanwhile<T> {
        Meanwhile(Self::of(&self.flight))
    }

    /// Whether the pilot is a task.
    pub(crate) fn is_in_task(&self) -> bool {
        self.flight.is_in_task.load(Ordering::Relaxed)
    }
}

impl<T: Clone> Future for Passenger<T> {
    type Output = Landing<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Landing<T>> {
        let this = self.get_mut();
        this.flight.sit_down(&mut this.seat, context)
    }
}

impl<T: Clone> Drop for Passenger<T> {
    /// Leaves the seat, so that a flight that many come to and leave wakes none of them, and holds no more than are in it.
    fn drop(&mut self) {
        if let (Some(seat), State::Aloft(Aloft { seats, .. })) = (self.seat, &mut *self.flight.state()) {
            if let Some(left) = seats.get_mut(seat) {
                *left = None;
            }
            while let Some(None) = seats.last() {
                seats.pop();
            }
        }
    }
}

/// One who takes what can be had before the landing. Does not resolve if there is nothing until then.
pub(crate) struct Meanwhile<T: Clone>(Passenger<T>);

impl<T: Clone> Future for Meanwhile<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Self(passenger) = self.get_mut();
        // First the seat: whoever sits is woken by an offer that comes after the look.
        let _ = passenger.flight.sit_down(&mut passenger.seat, context);
        match &*passenger.flight.state() {
            State::Aloft(Aloft { meanwhile: Some(meanwhile), .. }) => Poll::Ready(meanwhile.clone()),
            _ => Poll::Pending,
        }
    }
}
