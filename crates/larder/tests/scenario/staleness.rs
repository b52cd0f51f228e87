//! However many notices are lost, and however: nothing is served that is staler than the bound.

use std::time::Duration;

use larder_core::Clock;
use tokio::time::sleep;

use super::rig::*;
use larder::memory::Faults;

/// What a reader did not see at once, over a time in which a writer writes all the time.
async fn worst(break_it: impl Fn(&Faults, usize)) -> Duration {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    let mut written = vec![(1, fleet.clock.now())];
    let mut worst = Duration::ZERO;
    for step in 0..1_000 {
        break_it(&reader.faults, step);
        if step % 7 == 0 {
            let _receipt = writer.write(ADA).await;
            let version = written.len() as u64 + 1;
            written.push((version, fleet.clock.now()));
        }
        sleep(ms(10)).await;
        let now = fleet.clock.now();
        let seen = reader.read(ADA).await;
        // The first write that it has not seen is what it is stale by.
        let missed = written.iter().find(|(version, _)| *version > seen);
        worst = worst.max(missed.map_or(Duration::ZERO, |(_, at)| now.since(*at)));
    }
    worst
}

/// A hit may be served until the task that ends trust is woken, which is a tick of tokio's timers after the bound.
fn check(worst: Duration) {
    assert!(worst <= bound() + ms(1), "{worst:?} is more than {:?}", bound());
}

#[tokio::test(start_paused = true)]
async fn if_nothing_is_lost_nothing_is_stale() {
    assert_eq!(worst(|_, _| {}).await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn if_every_notice_is_lost_the_bound_holds() {
    let worst = worst(|faults, _| faults.lose_all()).await;
    assert!(worst > ms(500), "{worst:?}: the notices were not lost");
    check(worst);
}

#[tokio::test(start_paused = true)]
async fn if_the_link_falls_silent_time_and_again_the_bound_holds() {
    check(
        worst(|faults, step| match step % 400 {
            0 => faults.silence(),
            350 => faults.mend(),
            _ => {}
        })
        .await,
    );
}

#[tokio::test(start_paused = true)]
async fn if_the_link_is_held_up_time_and_again_the_bound_holds() {
    check(
        worst(|faults, step| match step % 170 {
            0 => faults.hold(),
            160 => faults.release(),
            _ => {}
        })
        .await,
    );
}

#[tokio::test(start_paused = true)]
async fn if_the_link_is_cut_time_and_again_the_bound_holds() {
    check(
        worst(|faults, step| match step % 300 {
            0 => faults.cut(),
            90 => faults.mend(),
            _ => {}
        })
        .await,
    );
}

#[tokio::test(start_paused = true)]
async fn if_losses_and_silence_come_together_the_bound_holds() {
    check(
        worst(|faults, step| match step % 330 {
            50 => faults.lose_all(),
            140 => faults.silence(),
            320 => faults.mend(),
            325 => faults.lose_none(),
            _ => {}
        })
        .await,
    );
}

#[tokio::test(start_paused = true)]
async fn if_the_shared_tier_does_not_answer_either_the_bound_holds() {
    check(
        worst(|faults, step| match step % 400 {
            50 => faults.lose_all(),
            100 => faults.freeze(),
            250 => faults.silence(),
            350 => faults.thaw(),
            380 => faults.mend(),
            390 => faults.lose_none(),
            _ => {}
        })
        .await,
    );
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_these_tests_is_that_of_the_timers() {
    let fleet = Fleet::new();
    let (clock, before): (Clock, _) = (fleet.clock.clone(), fleet.clock.now());
    sleep(ms(1_234)).await;
    assert_eq!(clock.now().since(before), ms(1_234));
}
