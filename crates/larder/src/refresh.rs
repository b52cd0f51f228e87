//! Refreshes ahead of time, so that nobody waits for the load of a value that is read all the time.

use std::sync::Arc;
use std::time::Duration;

use larder_core::{Entry, Key, Lookup, Moment, Result};

use crate::flight::{Pilot, Seat};
use crate::hit::{Hit, Tier};
use crate::load::Loading;
use crate::loader::BoxLoad;
use crate::route::Route;
use crate::store::{Catch, Found, Store};

/// When values are refreshed before their fresh time is over.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Early {
    /// After this share of the fresh time.
    pub(crate) share: Option<f64>,
    /// By chance, the likelier the closer the end is and the longer the load takes: so many times the load's cost.
    pub(crate) eagerness: Option<f64>,
}

impl Early {
    fn is_wanted(self) -> bool {
        self != Self::default()
    }

    /// At what age a copy is due. Of most caches none ever is, and these cast no dice.
    pub(crate) fn draw(self, fresh: Duration, load_cost: Duration) -> Duration {
        if self.is_wanted() { self.due(fresh, load_cost, fastrand::f64()) } else { Duration::MAX }
    }

    /// At what age a copy is due that is fresh for so long and took so long to load. `dice` is uniform in `0.0..1.0`.
    ///
    /// Each copy draws once, where the textbook draws at each read: the earliest of all draws decides in both. A copy that
    /// is read by nobody then is not refreshed.
    fn due(self, fresh: Duration, load_cost: Duration, dice: f64) -> Duration {
        let by_share = self.share.map(|share| fresh.mul_f64(share));
        let by_chance = self.eagerness.map(|eagerness| {
            // One minus it, for it may be zero and never is one.
            let ahead = load_cost.as_secs_f64() * eagerness * -(1.0 - dice).ln();
            fresh.saturating_sub(Duration::try_from_secs_f64(ahead).unwrap_or(Duration::MAX))
        });
        by_share.into_iter().chain(by_chance).min().unwrap_or(Duration::MAX)
    }
}

impl<V: Send + Sync + 'static> Store<V> {
    /// Answers with a value that is due, and has it refreshed if nobody does. Gives the load back if there is no such value.
    pub(crate) fn serve_due(
        self: &Arc<Self>,
        key: &Key,
        route: Route,
        load: BoxLoad<V>,
    ) -> Result<Hit<V>, BoxLoad<V>> {
        if !self.plan.early.is_wanted() || !route.looks_local || route.is_forced() {
            return Err(load);
        }
        let (Lookup::Due(entry), now) = (self.shelf.find(key), self.shelf.now()) else {
            return Err(load);
        };
        let Some(hit) = Catch::fresh(entry.clone(), Tier::Local).into_hit(now) else {
            return Err(load);
        };
        if entry.claim_refresh(now)
            && let Seat::Pilot(pilot) = self.board(key, route)
        {
            self.counters.early_refreshes.add_one();
            pilot.go_to_task();
            let refresh = self.clone().refresh_early(pilot, key.clone(), route, entry, load);
            // A cache that is shut down refreshes nothing.
            let _ = self.node.tasks.spawn(refresh);
        }
        Ok(hit)
    }

    async fn refresh_early(
        self: Arc<Self>,
        pilot: Pilot<Result<Catch<V>>>,
        key: Key,
        route: Route,
        due: Arc<Entry<V>>,
        load: BoxLoad<V>,
    ) {
        let mut budget = self.budget();
        let found = match self.stored(&key, route, &mut budget).await {
            Some((stored, asked)) => match self.judge_unkept(&key, stored.clone(), asked) {
                Found::Usable(entry) if is_newer(&entry, &due, asked) => {
                    self.judge(&key, stored, pilot.bearings(), asked, route);
                    return pilot.land(Ok(Catch::fresh(entry, Tier::Remote)));
                }
                // The same that is due here.
                Found::Usable(entry) => Found::Stale(entry, stored),
                found => found,
            },
            None => Found::Nothing,
        };
        let loading = Loading::new(self, pilot, key, route, budget).after(Some(due)).instead_of(found);
        loading.run(load).await;
    }
}

/// Whether somebody has refreshed it already. What is the same value may seem younger by what two clocks differ.
fn is_newer<V>(found: &Entry<V>, due: &Entry<V>, now: Moment) -> bool {
    found.age(now) < due.age(now) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: Duration = Duration::from_secs(100);
    const COST: Duration = Duration::from_secs(1);

    #[test]
    fn without_a_wish_nothing_is_ever_due() {
        assert_eq!(Early::default().due(FRESH, COST, 0.5), Duration::MAX);
    }

    #[test]
    fn by_share_it_is_due_when_that_much_is_over() {
        let early = Early { share: Some(0.8), eagerness: None };
        assert_eq!(early.due(FRESH, COST, 0.5), Duration::from_secs(80));
    }

    #[test]
    fn by_chance_the_cost_of_the_load_decides_and_no_dice_lead_astray() {
        let early = Early { share: None, eagerness: Some(1.0) };
        assert_eq!(early.due(FRESH, COST, 0.0), FRESH);
        // The dice that show one minus one over e are due one load ahead.
        let due = early.due(FRESH, COST, 1.0 - (-1.0_f64).exp());
        assert!(due.abs_diff(Duration::from_secs(99)) < Duration::from_micros(1), "{due:?}");
        assert_eq!(early.due(FRESH, COST, 1.0), Duration::ZERO);
        assert_eq!(early.due(FRESH, Duration::ZERO, 0.99), FRESH);
    }

    #[test]
    fn of_two_wishes_the_earlier_counts() {
        let early = Early { share: Some(0.5), eagerness: Some(1.0) };
        assert_eq!(early.due(FRESH, COST, 0.0), Duration::from_secs(50));
        assert_eq!(early.due(FRESH, COST, 1.0), Duration::ZERO);
    }
}
