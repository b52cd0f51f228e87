//! The caches of a worker, and how they load.

use std::io;
use std::time::Duration;

use larder::{Answer, Cache, Larder, Tag, Version, Vigilance, WarmStart};
use larder_codec::{Bincode, Envelope};
use larder_core::{Clock, Schema};
use serde::{Deserialize, Serialize};

use super::APP;
use super::alone::Alone;
use crate::Result;
use crate::name::{GROUPS, Kind, Name};

/// How often a worker adds what it has read to what the fleet has.
const SAVING: Duration = Duration::from_secs(1);

/// A value that says what it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Value {
    pub(super) name: Name,
    pub(super) version: u64,
}

pub(super) struct Caches {
    pub(super) larder: Larder,
    plain: Cache<u32, Value>,
    tagged: Cache<u32, Value>,
    young: Cache<u32, Value>,
    versioned: Cache<u32, Value>,
}

impl Caches {
    pub(super) async fn open(servers: &str, clock: Clock, schema: u16, alone: Alone) -> Result<Self> {
        let larder = Larder::builder(APP).redis(servers).clock(clock).observer(alone).build().await?;
        let open = |kind: Kind| {
            larder
                .cache(kind.text())
                .time_to_live(Duration::from_secs(600))
                // Who is stopped, or not let run, would otherwise answer for some milliseconds as if no time had passed.
                .vigilance(Vigilance::EveryHit)
                // Whoever comes in the place of another begins with what the fleet has read, while it is being written.
                .warm_start(WarmStart::default().most(500).save_every(SAVING))
                .envelope(Envelope::with_schema(Bincode, Schema::version(schema)))
                // Its values are written down, for it has an envelope; but the schema is not that of their type.
                .build_local()
        };
        let (plain, tagged) = (open(Kind::Plain)?, open(Kind::Tagged)?);
        let (young, versioned) = (open(Kind::Young)?, open(Kind::Versioned)?);
        Ok(Self { larder, plain, tagged, young, versioned })
    }

    pub(super) fn of(&self, kind: Kind) -> &Cache<u32, Value> {
        match kind {
            Kind::Plain => &self.plain,
            Kind::Tagged => &self.tagged,
            Kind::Young => &self.young,
            Kind::Versioned => &self.versioned,
        }
    }
}

/// What a loader makes of a version.
pub(super) fn answer(name: Name, version: u64) -> io::Result<Answer<Value>> {
    let answer = match version {
        0 => Answer::missing(),
        version => Answer::value(Value { name, version }),
    };
    match name.kind {
        Kind::Tagged => Ok(answer.tag(&tag_of(name)?)),
        Kind::Versioned => Ok(answer.version(Version::new(version))),
        Kind::Plain | Kind::Young => Ok(answer),
    }
}

pub(super) fn tag_of(name: Name) -> io::Result<Tag> {
    Tag::of("group", &(name.key % GROUPS)).map_err(io::Error::other)
}
