//! A month of traffic, and deploys in its last week.

use std::time::Duration;

use fastrand::Rng;
use larder::memory::MemoryServer;
use larder::{Larder, WarmStart};
use larder_testkit::TokioClock;
use tokio::time::sleep;

use crate::Outcome;
use crate::fleet::{Fleet, Items, read};
use crate::lists::Lists;
use crate::traffic::{At, Traffic};
use crate::trial::Trial;

const MINUTE: Duration = Duration::from_secs(60);

pub(crate) struct Month {
    traffic: Traffic,
    /// How many items an instance has room for.
    room: u64,
    deploys: &'static [At],
}

impl Month {
    /// 31 days from a Thursday on, some eighty million reads.
    pub(crate) const USUAL: Self = Self {
        traffic: Traffic { peak: 30.0, items: 100_000 },
        room: 10_000,
        deploys: &[
            At::on(25, 8, 10),
            At::on(25, 14, 30),
            At::on(26, 4, 0),
            At::on(26, 9, 0),
            At::on(27, 17, 50),
            At::on(29, 20, 15),
            At::on(30, 10, 30),
        ],
    };

    /// Ten days, of a twentieth of the items.
    pub(crate) const QUICK: Self = Self {
        traffic: Traffic { peak: 2.0, items: 5_000 },
        room: 500,
        deploys: &[At::on(8, 20, 15), At::on(9, 18, 30)],
    };

    /// Lets it pass. Returns what became of each deploy.
    pub(crate) async fn pass(self) -> Outcome<Vec<Trial>> {
        // The time of a clock begins with the year, which was a Thursday.
        let clock = TokioClock::new().clock();
        let fleet = Fleet { server: MemoryServer::new(clock.clone()), clock, room: self.room };
        let mut running = Vec::new();
        for _ in 0..2 {
            running.push(fleet.instance(Some(WarmStart::default())).await?);
        }
        let (mut dice, mut lists, mut trials) = (Rng::with_seed(7), Lists::default(), Vec::new());
        let mut at = At(0);
        let mut deploys = self.deploys.iter().peekable();
        while let Some(deploy) = deploys.peek() {
            let hits = self.minute(at, &running, &mut dice, &mut lists).await?;
            if at >= **deploy {
                trials.push(Trial::run(at, &fleet, self.traffic, &lists, hits).await?);
                deploys.next();
            }
            sleep(MINUTE).await;
            at = At(at.0 + MINUTE.as_secs());
        }
        Ok(trials)
    }

    /// All that is read in a minute. Returns the share that the instances answered by themselves.
    async fn minute(
        &self,
        at: At,
        running: &[(Larder, Items)],
        dice: &mut Rng,
        lists: &mut Lists,
    ) -> Outcome<f64> {
        let (mut hits, mut reads) = (0_u32, 0_u32);
        for (_, items) in running {
            for _ in 0..reads_in_a_minute(self.traffic, at) {
                let item = self.traffic.draw(at, dice);
                lists.count(at, item);
                hits += u32::from(read(items, item).await?);
                reads += 1;
            }
        }
        Ok(f64::from(hits) / f64::from(reads.max(1)))
    }
}

/// How many reads one instance has.
pub(crate) fn reads_in_a_minute(traffic: Traffic, at: At) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rates are small and positive"
    )]
    let reads = (traffic.rate(at) * MINUTE.as_secs_f64()).round() as u32;
    reads
}
