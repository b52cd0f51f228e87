//! Reading everything once more, from every tier.

use super::Worker;
use crate::name::{ALIVE, KEYS, Kind, Name};
use crate::wire::{How, Said};

impl Worker {
    pub(super) async fn sweep(&self) {
        for kind in Kind::ALL {
            for key in self.keys(kind) {
                self.sweep_one(Name { kind, key }).await;
            }
        }
        self.link.say(Said::Swept);
    }

    fn keys(&self, kind: Kind) -> std::ops::Range<u32> {
        let first = self.first_alive();
        match kind {
            Kind::Young => first..first + ALIVE,
            Kind::Plain | Kind::Tagged | Kind::Versioned => 0..KEYS,
        }
    }

    /// What this process has, what the shared tier has, and what a reader is given.
    async fn sweep_one(&self, name: Name) {
        self.look(name).await;
        let reading = self.begin(How::SkipLocal, 0);
        let found = self.caches.of(name.kind).reading().skip_local().get(&name.key);
        match self.in_time(name, reading, found).await {
            Some(Ok(None)) | None => {}
            Some(found) => self.ended(name, reading, found),
        }
        self.read_one(name).await;
    }
}
