//! Faults by dice.

use std::collections::HashSet;

use larder_core::Sequence;
use larder_memory::Chaos;

use crate::rig::{Rig, notices};

/// How many notices a test sends.
const COUNT: usize = 2_000;

/// What is heard of `COUNT` notices, each as its number, and all that is late at the end.
async fn hear(chaos: Chaos) -> Vec<usize> {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    rig.faults().chaos(chaos);
    let told = rig.write_many(COUNT).await;
    rig.faults().calm();
    let heard = notices(&listener.at_once().await);
    let number = |sequence: &Sequence| told.binary_search(sequence).expect("it was sent");
    heard.iter().map(number).collect()
}

fn calm(seed: u64) -> Chaos {
    Chaos::seeded(seed).lose(0.0).duplicate(0.0).delay(0.0)
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_is_the_same_chaos() {
    let first = hear(Chaos::seeded(7)).await;
    assert_eq!(hear(Chaos::seeded(7)).await, first);
    assert_ne!(hear(Chaos::seeded(8)).await, first);
}

#[tokio::test(start_paused = true)]
async fn without_chances_all_comes_in_order() {
    assert_eq!(hear(calm(7)).await, (0..COUNT).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn losses_are_as_likely_as_wanted() {
    let heard = hear(calm(7).lose(0.25)).await;
    let expected = COUNT * 3 / 4;
    assert!(heard.len().abs_diff(expected) < COUNT / 20, "{}", heard.len());
    assert!(heard.is_sorted());
    assert!(hear(calm(7).lose(1.0)).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn doubles_are_as_likely_as_wanted() {
    let heard = hear(calm(7).duplicate(0.25)).await;
    let expected = COUNT * 5 / 4;
    assert!(heard.len().abs_diff(expected) < COUNT / 20, "{}", heard.len());
    assert!(heard.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn what_is_late_comes_after_all_and_out_of_order() {
    for delay in [0.25, 1.0] {
        let heard = hear(calm(7).delay(delay)).await;
        assert_eq!(heard.len(), COUNT);
        assert!(!heard.is_sorted());
        let all: HashSet<usize> = heard.iter().copied().collect();
        assert_eq!(all.len(), COUNT);
    }
}

#[tokio::test(start_paused = true)]
async fn chaos_that_takes_the_place_of_chaos_leaves_nothing_behind() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    rig.faults().chaos(calm(7).delay(1.0));
    let told = rig.write_many(3).await;
    assert_eq!(notices(&listener.at_once().await), []);
    rig.faults().chaos(calm(7));
    let mut heard = notices(&listener.at_once().await);
    heard.sort_unstable();
    assert_eq!(heard, told);
}
