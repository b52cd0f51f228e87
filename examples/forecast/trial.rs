//! New instances at a deploy, each with other knowledge, and what they make of their first minute.

use std::time::Duration;

use fastrand::Rng;
use larder::{Larder, WarmStart};
use tokio::time::sleep;

use crate::Outcome;
use crate::fleet::{Fleet, Items, read};
use crate::lists::Lists;
use crate::month::reads_in_a_minute;
use crate::traffic::{At, Traffic};

/// What a new instance knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Nothing,
    Yesterday,
    LastHour,
    Prediction,
}

pub(crate) const WAYS: [Way; 4] = [Way::Nothing, Way::Yesterday, Way::LastHour, Way::Prediction];

impl Way {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Yesterday => "yesterday's list",
            Self::LastHour => "the last hour's list",
            Self::Prediction => "Larder",
        }
    }

    /// An instance that knows that.
    async fn begin(self, at: At, fleet: &Fleet, lists: &Lists) -> Outcome<(Larder, Items)> {
        let most = usize::try_from(fleet.room)?;
        let list = match self {
            Self::Nothing => return fleet.instance(None).await,
            Self::Prediction => {
                // It is not to add what it reads to what the fleet has read, for the sake of the next deploy.
                let how = WarmStart::default().save_every(Duration::from_secs(3_600));
                let (larder, items) = fleet.instance(Some(how)).await?;
                larder.ready().await;
                return Ok((larder, items));
            }
            Self::Yesterday => lists.of_yesterday(at, most),
            Self::LastHour => lists.of_the_last_hour(at, most),
        };
        let (larder, items) = fleet.instance(None).await?;
        items.prime(&list).await?;
        Ok((larder, items))
    }
}

/// A deploy.
pub(crate) struct Trial {
    pub(crate) at: At,
    /// What share of the reads of its first minute an instance has answered by itself, by what it knew.
    pub(crate) first_minute: [f64; WAYS.len()],
    /// What those that were running had in the same minute.
    pub(crate) running: f64,
}

impl Trial {
    pub(crate) async fn run(
        at: At,
        fleet: &Fleet,
        traffic: Traffic,
        lists: &Lists,
        running: f64,
    ) -> Outcome<Self> {
        let mut first_minute = [0.0; WAYS.len()];
        for (way, ratio) in WAYS.into_iter().zip(&mut first_minute) {
            let (_larder, items) = way.begin(at, fleet, lists).await?;
            // All of them are asked the same.
            *ratio = minute(at, traffic, &items, Rng::with_seed(at.0)).await?;
        }
        Ok(Self { at, first_minute, running })
    }

    /// Whether who predicts is better off than who knows nothing, and not much worse than who has a list, of whatever time.
    pub(crate) fn is_well(&self) -> bool {
        let [nothing, lists @ .., ours] = self.first_minute;
        ours > nothing + 0.05 && lists.iter().all(|list| ours >= list - 0.03)
    }

    pub(crate) fn row(&self) -> String {
        let ratios: Vec<String> =
            self.first_minute.iter().map(|ratio| format!("{:.1} %", ratio * 100.0)).collect();
        format!("| {} | {} | {:.1} % |", self.at, ratios.join(" | "), self.running * 100.0)
    }
}

/// A minute of reads, second by second.
async fn minute(at: At, traffic: Traffic, items: &Items, mut dice: Rng) -> Outcome<f64> {
    let (all, mut hits) = (reads_in_a_minute(traffic, at), 0_u32);
    for second in 0..60 {
        for _ in all * second / 60..all * (second + 1) / 60 {
            hits += u32::from(read(items, traffic.draw(at, &mut dice)).await?);
        }
        sleep(Duration::from_secs(1)).await;
    }
    Ok(f64::from(hits) / f64::from(all.max(1)))
}
