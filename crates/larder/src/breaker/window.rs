//! What has happened lately: a window that goes with time, in ten parts.

use std::time::Duration;

use larder_core::Moment;

/// Into how many parts it is cut.
const PARTS: u64 = 10;

/// How many steps were taken within a time, and how many of them have failed.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// How long a part is, in nanoseconds.
    length: u64,
    parts: [Part; 10],
}

#[derive(Clone, Copy, Debug, Default)]
struct Part {
    /// Which one it is, counted from the origin of time. What is older than the window is taken over by the next.
    number: u64,
    counts: Counts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) calls: u32,
    pub(super) failed: u32,
}

impl Counts {
    /// Whether at least so many percent have failed.
    pub(super) fn has_share(self, percent: u8) -> bool {
        u64::from(self.failed) * 100 >= u64::from(percent) * u64::from(self.calls)
    }
}

impl Window {
    pub(super) fn new(whole: Duration) -> Self {
        let length = u64::try_from(whole.as_nanos()).unwrap_or(u64::MAX) / PARTS;
        Self { length: length.max(1), parts: Default::default() }
    }

    pub(super) fn count(&mut self, has_failed: bool, now: Moment) {
        let number = self.number(now);
        let place = usize::try_from(number % PARTS).unwrap_or_default();
        let Some(part) = self.parts.get_mut(place) else { return };
        if part.number != number {
            *part = Part { number, counts: Counts::default() };
        }
        part.counts.calls = part.counts.calls.saturating_add(1);
        part.counts.failed = part.counts.failed.saturating_add(has_failed.into());
    }

    pub(super) fn counts(&self, now: Moment) -> Counts {
        let number = self.number(now);
        let is_within = |part: &&Part| part.number + PARTS > number;
        self.parts.iter().filter(is_within).fold(Counts::default(), |sum, part| Counts {
            calls: sum.calls.saturating_add(part.counts.calls),
            failed: sum.failed.saturating_add(part.counts.failed),
        })
    }

    pub(super) fn forget(&mut self) {
        self.parts = Default::default();
    }

    fn number(&self, now: Moment) -> u64 {
        now.as_nanos() / self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        // Where clocks begin: the first parts are not older than the window by chance.
        Moment::ORIGIN.after(Duration::from_secs(3_600)).after(Duration::from_millis(millis))
    }

    fn check(window: &Window, now: u64, calls: u32, failed: u32) {
        assert_eq!(window.counts(at(now)), Counts { calls, failed }, "{now}");
    }

    #[test]
    fn what_is_older_than_the_window_does_not_count() {
        let mut window = Window::new(Duration::from_secs(1));
        window.count(true, at(0));
        window.count(false, at(500));
        check(&window, 500, 2, 1);
        check(&window, 999, 2, 1);
        check(&window, 1_000, 1, 0);
        check(&window, 1_500, 0, 0);
    }

    #[test]
    fn a_part_is_taken_over_by_the_one_that_comes_ten_later() {
        let mut window = Window::new(Duration::from_secs(1));
        window.count(true, at(0));
        window.count(false, at(1_000));
        check(&window, 1_000, 1, 0);
    }

    #[test]
    fn what_was_counted_can_be_forgotten() {
        let mut window = Window::new(Duration::from_secs(1));
        window.count(true, at(0));
        window.forget();
        check(&window, 0, 0, 0);
    }

    #[test]
    fn a_share_is_reached_from_below() {
        let share = |failed, calls| Counts { calls, failed }.has_share(50);
        assert!(share(5, 10) && share(6, 10) && !share(4, 10));
        assert!(Counts { calls: u32::MAX, failed: u32::MAX }.has_share(100));
    }
}
