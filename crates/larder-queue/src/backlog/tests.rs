use larder_core::Version;

use super::*;

fn put(backlog: &mut Backlog, version: u64, text: &str, file: u64) -> Replaced {
    backlog.put(version, text.into(), Bytes::from_static(b"sealed"), file)
}

fn poisoned() -> Standing {
    Standing::Poisoned(Poison::new("no", 1, false))
}

fn taken(backlog: &mut Backlog, most: usize, synced: u64) -> Vec<u64> {
    backlog.take(most, synced).into_iter().map(|(version, _)| version).collect()
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
    for version in 1..=4 {
        put(&mut backlog, version, &version.to_string(), 1);
    }
    backlog.get_mut(2).unwrap().suspect_since = Some(0);
    assert_eq!(taken(&mut backlog, 2, 9), [1, 3]);
    assert_eq!(taken(&mut backlog, 2, 9), [2]);
    assert_eq!(taken(&mut backlog, 2, 3), [0; 0], "what is not synced is not taken");
    assert_eq!(taken(&mut backlog, 2, 4), [4]);
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
        match fastrand::u8(0..8) {
            0..=2 => drop(put(&mut backlog, version, &format!("key {}", version % 11), version / 50)),
            3 => drop(backlog.take(3, version)),
            4 => drop(backlog.remove(any)),
            5 => backlog.stand(any, poisoned()),
            6 => backlog.stand(any, Standing::Delayed(now)),
            _ => drop(backlog.revive(any)),
        }
        backlog.moved(any, version / 50);
        let entries = || backlog.entries.values();
        let count =
            |standing: fn(&Standing) -> bool| entries().filter(|entry| standing(&entry.standing)).count();
        assert_eq!(count(|standing| matches!(standing, Standing::Ready)), backlog.ready.len());
        assert_eq!(count(|standing| matches!(standing, Standing::Delayed(_))), backlog.delayed.len());
        assert_eq!(count(|standing| matches!(standing, Standing::Poisoned(_))), backlog.poisoned);
        assert_eq!(entries().map(|entry| cost(&entry.text, &entry.sealed)).sum::<usize>(), backlog.bytes);
        assert_eq!(backlog.files.values().sum::<usize>(), backlog.len());
        assert_eq!(backlog.by_text.len(), backlog.len());
    }
}
