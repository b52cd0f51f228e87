use larder_core::Version;

use super::*;

fn put(backlog: &mut Backlog, version: u64, text: &str, file: u64) -> Replaced {
    backlog.put(version, text.into(), Bytes::from_static(b"sealed"), file)
}

fn poisoned() -> Standing {
    Standing::Poisoned(Poison::new("no", 1, false))
}

fn taken(backlog: &mut Backlog, most: usize, synced: u64) -> Vec<u64> {
    backlog.take(most, synced, false).into_iter().map(|(version, _)| version).collect()
}

#[test]
fn a_put_takes_the_place_of_the_one_before_it_wherever_that_stands() {
    let mut backlog = Backlog::default();
    assert_eq!(put(&mut backlog, 1, "ada", 1), Replaced::Nothing);
    assert_eq!(put(&mut backlog, 2, "ada", 1), Replaced::Queued);
    assert_eq!(taken(&mut backlog, 9, 9), [2]);
    assert_eq!(put(&mut backlog, 3, "ada", 1), Replaced::Delivered);
    backlog.stand(3, poisoned());
    assert_eq!(put(&mut backlog, 4, "ada", 1), Replaced::Queued);
    assert_eq!(put(&mut backlog, 3, "ada", 2), Replaced::Itself);
    assert_eq!((backlog.len(), backlog.poisoned_count(), backlog.count_in(1)), (1, 0, 1));
    assert!(backlog.remove(3).is_none() && backlog.remove(4).is_some());
}

#[test]
fn a_suspect_is_taken_alone_and_keeps_nobody_waiting() {
    let mut backlog = Backlog::default();
    for version in 1..=6 {
        put(&mut backlog, version, &version.to_string(), 1);
    }
    assert_eq!(taken(&mut backlog, 2, 9), [1, 2]);
    for (version, attempts) in [(1, 2), (2, 1)] {
        let entry = backlog.delivered_mut(version).unwrap();
        (entry.suspect_since, entry.attempts) = (Some(0), attempts);
        backlog.stand(version, Standing::Ready);
    }
    assert_eq!((backlog.ready(9, 5), backlog.ready(1, 5)), (5, 3));
    assert_eq!(taken(&mut backlog, 2, 5), [2], "it was tried less often");
    let others: Vec<u64> = backlog.take(2, 5, true).into_iter().map(|(version, _)| version).collect();
    assert_eq!(others, [3, 4]);
    assert_eq!(taken(&mut backlog, 2, 5), [1]);
    assert_eq!(taken(&mut backlog, 2, 5), [5], "what is not synced is not taken");
    assert_eq!(taken(&mut backlog, 2, 6), [6]);
}

#[test]
fn what_waits_is_ready_when_its_time_has_come() {
    let (mut backlog, now) = (Backlog::default(), Instant::now());
    let later = now + std::time::Duration::from_secs(1);
    put(&mut backlog, 1, "ada", 1);
    backlog.stand(1, Standing::Delayed(later));
    assert_eq!((backlog.wake(now), backlog.ready(1, 9)), (Some(later), 0));
    assert_eq!((backlog.wake(later), backlog.ready(1, 9)), (None, 1));
}

#[test]
fn a_write_that_was_moved_is_the_same_write_when_it_is_read_again() {
    let mut backlog = Backlog::default();
    let record = |version| Record::Put { version, text: "ada".into(), sealed: Bytes::new() };
    backlog.replay(1, record(7));
    backlog.replay(1, Record::SetAside { version: 7, attempts: 3, poison: Poison::new("no", 1, false) });
    backlog.replay(2, record(7));
    backlog.replay(2, record(6));
    assert_eq!((backlog.count_in(1), backlog.count_in(2), backlog.poisoned().len()), (0, 1, 1));
    assert_eq!((backlog.poisoned()[0].version(), backlog.poisoned()[0].attempts()), (Version::new(7), 3));
    backlog.replay(2, Record::Revived { version: 7 });
    assert_eq!((backlog.pending(), backlog.oldest()), (1, Some(7)));
    backlog.replay(3, Record::Done { version: 7 });
    assert_eq!((backlog.len(), backlog.bytes(), backlog.count_in(2)), (0, 0, 0));
}

#[test]
fn counts_are_those_of_the_entries_whatever_happens() {
    let (mut backlog, now) = (Backlog::default(), Instant::now());
    for version in 1..20_000_u64 {
        let any = fastrand::u64(version.saturating_sub(30)..=version);
        match fastrand::u8(0..9) {
            0..=2 => drop(put(&mut backlog, version, &format!("key {}", version % 11), version / 50)),
            3 => {
                for (version, _) in backlog.take(3, version, fastrand::bool()) {
                    let entry = backlog.delivered_mut(version).unwrap();
                    (entry.suspect_since, entry.attempts) =
                        (fastrand::bool().then_some(1), fastrand::u32(0..3));
                }
            }
            4 => drop(backlog.remove(any)),
            5 => backlog.stand(any, poisoned()),
            6 => backlog.stand(any, Standing::Delayed(now)),
            7 => backlog.stand(any, Standing::Ready),
            _ => drop(backlog.revive(any)),
        }
        backlog.moved(any, version / 50);
        let entries = || backlog.entries.values();
        let count =
            |standing: fn(&Standing) -> bool| entries().filter(|entry| standing(&entry.standing)).count();
        assert_eq!(
            count(|standing| matches!(standing, Standing::Ready)),
            backlog.ready.len() + backlog.suspects.len()
        );
        assert_eq!(count(|standing| matches!(standing, Standing::Delayed(_))), backlog.delayed.len());
        assert_eq!(count(|standing| matches!(standing, Standing::Poisoned(_))), backlog.poisoned);
        assert_eq!(entries().map(|entry| cost(&entry.text, &entry.sealed)).sum::<usize>(), backlog.bytes);
        assert_eq!(backlog.files.values().sum::<usize>(), backlog.len());
        assert_eq!(backlog.by_text.len(), backlog.len());
    }
}
