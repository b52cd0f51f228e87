//! The proof of the flights: every interleaving of boarding, landing and leaving.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p larder --lib flight --release`
//!
//! That a wake-up is lost shows as a deadlock, which the model checker reports.

use std::sync::Arc;
use std::task::Wake;

use larder_core::{AppName, CacheName, Namespace};
use loom::model::Builder;
use loom::sync::Notify;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread::{self, JoinHandle};

use super::*;

const OLD: u32 = 1;
const NEW: u32 = 2;

/// The timetable, and whether somebody is loading.
struct Airport {
    flights: Arc<Flights<u32>>,
    is_loading: AtomicBool,
}

/// Wakes the thread that waits for a flight.
struct Bell(Notify);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }
}

impl Airport {
    fn new() -> Arc<Self> {
        Arc::new(Self { flights: Flights::new(), is_loading: AtomicBool::new(false) })
    }

    fn board(&self, flight: u32, is_overtaken: bool) -> Seat<u32> {
        self.flights.board(&key(), || bearings(flight), |_| is_overtaken)
    }

    /// Boards a flight that nobody can have started before.
    fn start(&self, flight: u32) -> Pilot<u32> {
        match self.board(flight, true) {
            Seat::Pilot(pilot) => pilot,
            Seat::Passenger(_) => panic!("an overtaken flight was boarded"),
        }
    }

    /// A whole read: until there is a result, whoever has to load it. Nobody else may be loading then.
    fn read(&self, flight: u32) -> u32 {
        loop {
            match self.board(flight, false) {
                Seat::Pilot(pilot) => {
                    assert!(!self.is_loading.swap(true, Ordering::SeqCst), "two load at once");
                    self.is_loading.store(false, Ordering::SeqCst);
                    pilot.land(flight);
                    return flight;
                }
                Seat::Passenger(passenger) => {
                    if let Landing::With(result) = wait(passenger) {
                        return result;
                    }
                }
            }
        }
    }

    /// Which flight is in the timetable.
    fn aloft(&self) -> Option<u32> {
        let bearings = self.flights.bearings_of(&key())?;
        u32::try_from(bearings.birth.get()).ok()
    }
}

fn key() -> Key {
    let users = Namespace::new(AppName::new("test.shop").unwrap(), CacheName::new("user").unwrap());
    Key::new(&users, "ada").unwrap()
}

/// Tells one flight from another.
fn bearings(flight: u32) -> Bearings {
    Bearings { stamp: Stamp::ZERO, birth: Sequence::new(flight.into()), began: Moment::ORIGIN }
}

fn bell() -> (Arc<Bell>, Waker) {
    let bell = Arc::new(Bell(Notify::new()));
    (bell.clone(), bell.into())
}

fn poll(passenger: &mut Passenger<u32>, waker: &Waker) -> Poll<Landing<u32>> {
    Pin::new(passenger).poll(&mut Context::from_waker(waker))
}

/// Waits as a task does: it looks again only when it is woken.
fn wait(mut passenger: Passenger<u32>) -> Landing<u32> {
    let (bell, waker) = bell();
    loop {
        match poll(&mut passenger, &waker) {
            Poll::Ready(landing) => return landing,
            Poll::Pending => bell.0.wait(),
        }
    }
}

fn spawn<R: 'static>(airport: &Arc<Airport>, act: impl FnOnce(&Airport) -> R + 'static) -> JoinHandle<R> {
    let airport = airport.clone();
    thread::spawn(move || act(&airport))
}

/// Runs `proof` in every possible way.
fn in_every_way(proof: impl Fn(Arc<Airport>) + Send + Sync + 'static) {
    loom::model(move || proof(Airport::new()));
}

/// The same, but for ways that would take a thread the processor more often than three times.
fn in_most_ways(proof: impl Fn(Arc<Airport>) + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    builder.check(move || proof(Airport::new()));
}

#[test]
fn of_two_readers_never_both_load() {
    in_every_way(|airport| {
        let other = spawn(&airport, |airport| airport.read(OLD));
        let mine = airport.read(NEW);
        let theirs = other.join().unwrap();
        assert!([OLD, NEW].contains(&mine) && [OLD, NEW].contains(&theirs));
        assert_eq!(airport.aloft(), None);
    });
}

#[test]
fn of_three_readers_never_two_load() {
    in_most_ways(|airport| {
        let others = [1, 2].map(|flight| spawn(&airport, move |airport| airport.read(flight)));
        airport.read(3);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(airport.aloft(), None);
    });
}

#[test]
fn whoever_is_in_a_flight_gets_its_result() {
    in_every_way(|airport| {
        let pilot = airport.start(OLD);
        let passenger = pilot.passenger();
        let waiting = thread::spawn(move || wait(passenger));
        pilot.land(OLD);
        assert_eq!(waiting.join().unwrap(), Landing::With(OLD));
    });
}

#[test]
fn whoever_boards_while_it_lands_gets_its_result_or_loads() {
    in_most_ways(|airport| {
        let pilot = airport.start(OLD);
        let boarding = [(); 2].map(|()| {
            spawn(&airport, |airport| match airport.board(NEW, false) {
                Seat::Passenger(passenger) => match passenger.bearings() {
                    bearings if bearings == self::bearings(OLD) => {
                        assert_eq!(wait(passenger), Landing::With(OLD));
                    }
                    _ => assert_eq!(wait(passenger), Landing::With(NEW)),
                },
                Seat::Pilot(pilot) => pilot.land(NEW),
            })
        });
        pilot.land(OLD);
        for boarding in boarding {
            boarding.join().unwrap();
        }
        assert_eq!(airport.aloft(), None);
    });
}

#[test]
fn when_the_pilot_leaves_a_passenger_takes_over() {
    in_most_ways(|airport| {
        let pilot = airport.start(OLD);
        let readers = [(); 2].map(|()| spawn(&airport, |airport| airport.read(NEW)));
        drop(pilot);
        for reader in readers {
            assert_eq!(reader.join().unwrap(), NEW);
        }
        assert_eq!(airport.aloft(), None);
    });
}

#[test]
fn a_flight_whose_pilot_left_can_no_longer_be_boarded() {
    in_every_way(|airport| {
        let pilot = airport.start(OLD);
        let leaving = thread::spawn(move || drop(pilot));
        if let Seat::Passenger(passenger) = airport.board(NEW, false) {
            assert_eq!(wait(passenger), Landing::Abandoned);
            // Who was told so must not find it there, or it would come back to it again and again.
            assert_eq!(airport.aloft(), None);
        }
        leaving.join().unwrap();
    });
}

#[test]
fn a_passenger_who_leaves_takes_nobody_s_seat_along() {
    in_most_ways(|airport| {
        let pilot = airport.start(OLD);
        let (mut first, second) = (pilot.passenger(), pilot.passenger());
        let (_bell, waker) = bell();
        assert!(poll(&mut first, &waker).is_pending());
        let staying = thread::spawn(move || wait(second));
        let leaving = thread::spawn(move || drop(first));
        pilot.land(OLD);
        assert_eq!(staying.join().unwrap(), Landing::With(OLD));
        leaving.join().unwrap();
    });
}

#[test]
fn who_comes_after_somebody_left_gets_a_seat() {
    in_most_ways(|airport| {
        let pilot = airport.start(OLD);
        let (mut first, mut second) = (pilot.passenger(), pilot.passenger());
        let third = pilot.passenger();
        let (second_bell, waker) = bell();
        assert!(poll(&mut first, Waker::noop()).is_pending());
        assert!(poll(&mut second, &waker).is_pending());
        drop(first);
        let coming = thread::spawn(move || wait(third));
        let landing = thread::spawn(move || pilot.land(OLD));
        // Woken by the waker that it left there, and by nothing else.
        second_bell.0.wait();
        while poll(&mut second, &waker).is_pending() {
            second_bell.0.wait();
        }
        assert_eq!(coming.join().unwrap(), Landing::With(OLD));
        landing.join().unwrap();
    });
}

#[test]
fn a_passenger_is_woken_by_the_waker_that_it_showed_last() {
    in_every_way(|airport| {
        let pilot = airport.start(OLD);
        let mut passenger = pilot.passenger();
        assert!(poll(&mut passenger, Waker::noop()).is_pending());
        // It has moved to another task.
        let waiting = thread::spawn(move || wait(passenger));
        pilot.land(OLD);
        assert_eq!(waiting.join().unwrap(), Landing::With(OLD));
    });
}

/// Takes what there is before the landing, looking again only when it is woken.
fn take(mut meanwhile: Meanwhile<u32>) -> u32 {
    let (bell, waker) = bell();
    loop {
        match Pin::new(&mut meanwhile).poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(offered) => return offered,
            Poll::Pending => bell.0.wait(),
        }
    }
}

#[test]
fn whoever_does_not_want_to_wait_gets_what_is_offered() {
    in_every_way(|airport| {
        let pilot = airport.start(OLD);
        let meanwhile = pilot.passenger().meanwhile();
        let taking = thread::spawn(move || take(meanwhile));
        pilot.offer(NEW);
        assert_eq!(taking.join().unwrap(), NEW);
        pilot.land(OLD);
    });
}

#[test]
fn an_offer_does_not_keep_the_others_from_the_result() {
    in_most_ways(|airport| {
        let pilot = airport.start(OLD);
        let passenger = pilot.passenger();
        let waiting = thread::spawn(move || wait(passenger));
        let flying = thread::spawn(move || {
            pilot.offer(NEW);
            pilot.land(OLD);
        });
        assert_eq!(waiting.join().unwrap(), Landing::With(OLD));
        flying.join().unwrap();
        assert_eq!(airport.aloft(), None);
    });
}

/// Replaces a flight while it ends. The new one must stay in the timetable until it lands.
fn check_replaced(end: fn(Pilot<u32>)) {
    in_every_way(move |airport| {
        let old = airport.start(OLD);
        let ending = thread::spawn(move || end(old));
        let new = airport.start(NEW);
        ending.join().unwrap();
        assert_eq!(airport.aloft(), Some(NEW));
        assert!(matches!(airport.board(OLD, false), Seat::Passenger(_)));
        new.land(NEW);
        assert_eq!(airport.aloft(), None);
    });
}

#[test]
fn an_overtaken_flight_that_lands_leaves_the_new_one_in_its_place() {
    check_replaced(|old| old.land(OLD));
}

#[test]
fn an_overtaken_flight_that_is_abandoned_leaves_the_new_one_in_its_place() {
    check_replaced(drop);
}

#[test]
fn an_overtaken_flight_lands_with_those_who_are_in_it_and_nobody_else() {
    in_most_ways(|airport| {
        let old = airport.start(OLD);
        let passenger = old.passenger();
        let waiting = thread::spawn(move || wait(passenger));
        let landing = thread::spawn(move || old.land(OLD));
        // This reader came after the invalidation.
        match airport.board(NEW, true) {
            Seat::Pilot(new) => new.land(NEW),
            Seat::Passenger(_) => panic!("an overtaken flight was boarded"),
        }
        assert_eq!(waiting.join().unwrap(), Landing::With(OLD));
        landing.join().unwrap();
        assert_eq!(airport.aloft(), None);
    });
}
