//! The proof of the fence: every interleaving of loads with what may overtake them, and every value that the memory
//! model lets an atomic show.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p larder-core --test loom --release`
#![cfg(loom)]

use larder_core::{Fence, KeyHash, Moment, Refused, Stamp, Trust};
use loom::model::Builder;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;

const OLD: u32 = 0;
const NEW: u32 = 1;

/// A node, as far as one key goes, and the database behind it.
#[derive(Default)]
struct Node {
    fence: Fence,
    /// What the local tier has under the key.
    local: Mutex<Option<Kept>>,
    /// The load under way, for readers to join.
    flight: Mutex<Option<Stamp>>,
    /// Relaxed, the weakest there is: all the order that the proof needs must come from the fence.
    origin: AtomicU32,
}

#[derive(Clone, Copy)]
struct Kept {
    stamp: Stamp,
    value: u32,
}

impl Node {
    /// A whole load, and what is kept of it.
    fn load(&self) -> Option<u32> {
        let stamp = self.fence.stamp();
        let value = self.origin.load(Ordering::Relaxed);
        let insert = |trust| {
            if trust == Trust::Unsure {
                return Err(Refused::OutOfSync);
            }
            *self.local.lock().expect("no holder panics") = Some(Kept { stamp, value });
            Ok(value)
        };
        self.fence.admit(key(), stamp, Moment::ORIGIN, insert).ok()
    }

    /// Commits, and then hears of it.
    fn write(&self, value: u32) {
        self.origin.store(value, Ordering::Relaxed);
        self.evict();
    }

    fn evict(&self) {
        self.fence.evict(key(), || *self.local.lock().expect("no holder panics") = None);
    }

    fn hit(&self) -> Option<u32> {
        let kept = (*self.local.lock().expect("no holder panics"))?;
        (kept.stamp >= self.fence.floor(key().partition())).then_some(kept.value)
    }

    fn is_old_hit(&self) -> bool {
        self.hit() == Some(OLD)
    }
}

fn key() -> KeyHash {
    KeyHash::from_bytes([0; 16])
}

/// Runs `proof` on a new node in every possible way.
fn in_every_way(proof: impl Fn(Arc<Node>) + Send + Sync + 'static) {
    loom::model(move || proof(Arc::default()));
}

/// The same, but for ways that would take a thread the processor more often than three times. With three threads the
/// others take half a minute; `LOOM_MAX_PREEMPTIONS=9` goes through them too.
fn in_most_ways(proof: impl Fn(Arc<Node>) + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    builder.check(move || proof(Arc::default()));
}

fn spawn<R: 'static>(node: &Arc<Node>, act: impl FnOnce(&Node) -> R + 'static) -> thread::JoinHandle<R> {
    let node = node.clone();
    thread::spawn(move || act(&node))
}

#[test]
fn an_overtaken_load_leaves_nothing_behind() {
    in_every_way(|node| {
        let loader = spawn(&node, Node::load);
        node.write(NEW);
        assert!(!node.is_old_hit(), "the writer must see its own write");
        loader.join().unwrap();
        assert!(!node.is_old_hit());
    });
}

#[test]
fn a_load_that_nothing_overtakes_is_kept() {
    in_every_way(|node| {
        let other = spawn(&node, |node| {
            // On the other stripe, and in another partition.
            let mut bytes = [0; 16];
            (bytes[12], bytes[15]) = (1, 0xFF);
            let other = KeyHash::from_bytes(bytes);
            node.fence.evict(other, || {});
            node.fence.flush(other.partition());
        });
        assert_eq!(node.load(), Some(OLD));
        other.join().unwrap();
        assert_eq!(node.hit(), Some(OLD));
    });
}

#[test]
fn a_load_after_the_write_is_kept_whatever_else_is_under_way() {
    in_every_way(|node| {
        let loader = spawn(&node, Node::load);
        node.write(NEW);
        assert_eq!(node.load(), Some(NEW));
        assert_eq!(node.hit(), Some(NEW));
        loader.join().unwrap();
        assert_eq!(node.hit(), Some(NEW));
    });
}

#[test]
fn an_evict_on_both_sides_of_the_commit_changes_nothing() {
    in_every_way(|node| {
        let loader = spawn(&node, Node::load);
        node.evict();
        node.write(NEW);
        assert!(!node.is_old_hit());
        loader.join().unwrap();
        assert!(!node.is_old_hit());
    });
}

#[test]
fn of_two_loads_neither_leaves_what_was_overtaken() {
    in_most_ways(|node| {
        let loaders = [(); 2].map(|()| spawn(&node, Node::load));
        node.write(NEW);
        assert!(!node.is_old_hit());
        for loader in loaders {
            loader.join().unwrap();
        }
        assert!(!node.is_old_hit());
    });
}

#[test]
fn two_writers_fence_each_other_s_loads() {
    in_most_ways(|node| {
        let loader = spawn(&node, Node::load);
        let writer = spawn(&node, |node| {
            node.write(NEW);
            assert!(!node.is_old_hit());
        });
        node.evict();
        writer.join().unwrap();
        loader.join().unwrap();
        assert!(!node.is_old_hit());
    });
}

#[test]
fn a_flush_reaches_entries_and_loads_alike() {
    in_every_way(|node| {
        let loader = spawn(&node, Node::load);
        // A write whose message was lost …
        node.origin.store(NEW, Ordering::Relaxed);
        // … and the gap that it left.
        node.fence.flush(key().partition());
        assert!(!node.is_old_hit());
        loader.join().unwrap();
        assert!(!node.is_old_hit());
    });
}

#[test]
fn a_flush_reaches_what_was_there_before_it() {
    in_every_way(|node| {
        assert_eq!(node.load(), Some(OLD));
        let loader = spawn(&node, Node::load);
        node.origin.store(NEW, Ordering::Relaxed);
        node.fence.flush_all();
        assert!(!node.is_old_hit());
        loader.join().unwrap();
        assert!(!node.is_old_hit());
    });
}

#[test]
fn a_flush_and_an_evict_at_once_lose_neither() {
    in_most_ways(|node| {
        let loader = spawn(&node, Node::load);
        let flush = spawn(&node, |node| node.fence.flush_all());
        node.write(NEW);
        assert!(!node.is_old_hit());
        flush.join().unwrap();
        loader.join().unwrap();
        assert!(!node.is_old_hit());
    });
}

#[test]
fn two_flushes_at_once_leave_the_later_floor() {
    in_every_way(|node| {
        let flush = spawn(&node, |node| node.fence.flush_all());
        node.fence.flush(key().partition());
        flush.join().unwrap();
        assert_eq!(node.fence.floor(key().partition()), node.fence.stamp());
    });
}

#[test]
fn without_trust_no_load_is_kept() {
    in_every_way(|node| {
        let loader = spawn(&node, Node::load);
        // First the trust, then the flush: a load that comes after both must find the trust gone.
        node.fence.trust_until(Moment::ORIGIN);
        node.fence.flush_all();
        // A write that this node never hears of.
        node.origin.store(NEW, Ordering::Relaxed);
        assert_eq!(node.hit(), None);
        loader.join().unwrap();
        assert_eq!(node.hit(), None);
    });
}

#[test]
fn a_reader_never_joins_a_load_that_was_overtaken() {
    in_every_way(|node| {
        let loader = spawn(&node, |node| {
            let stamp = node.fence.stamp();
            *node.flight.lock().expect("no holder panics") = Some(stamp);
            node.origin.load(Ordering::Relaxed)
        });
        node.write(NEW);
        let flight = *node.flight.lock().expect("no holder panics");
        let joins = flight.is_some_and(|stamp| !node.fence.has_overtaken(key(), stamp));
        let value = loader.join().unwrap();
        assert!(!joins || value == NEW);
    });
}
