//! The database. Its rows are versions.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use larder::{Answer, Version};
use tokio::time::sleep;

use crate::fleet::{Value, is_versioned, millis, tag_of};

/// The latest version of each key. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin(Arc<Mutex<HashMap<u64, u64>>>);

impl Origin {
    /// Commits the next version of a key, and returns it.
    pub(crate) fn commit(&self, key: u64) -> u64 {
        let mut rows = self.rows();
        let version = rows.entry(key).or_default();
        *version += 1;
        *version
    }

    /// The version that the next commit of a key will make.
    pub(crate) fn next(&self, key: u64) -> u64 {
        self.rows().get(&key).copied().unwrap_or_default() + 1
    }

    /// What a loader does: it reads what is committed when it begins, and takes its time to bring it.
    pub(crate) async fn load(self, key: u64, mut dice: Rng) -> Result<Answer<Value>, Infallible> {
        sleep(millis(dice.u64(0..4))).await;
        let version = self.rows().get(&key).copied();
        let slow = dice.u8(0..8) == 0;
        sleep(millis(dice.u64(0..if slow { 400 } else { 20 }))).await;
        let answer = version.map_or_else(Answer::missing, |version| Answer::value((key, version)));
        // That there is no row is outdated by its tag, too.
        let answer = answer.tag(&tag_of(key));
        let version = version.filter(|_| is_versioned(key)).map_or(Version::NONE, Version::new);
        Ok(answer.version(version))
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<u64, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
