//! What one layout finds of what another stores.

use std::fmt;
use std::time::Duration;

use larder_core::AppName;

use super::{CacheLayout, Layout};

/// In what a build differs from the others, as far as that matters to what is stored.
///
/// Its text has a line for each finding, and those with the layouts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    findings: Vec<Finding>,
}

impl Drift {
    pub(crate) fn new(mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| !finding.costs_hits());
        Self { findings }
    }

    /// What was found. What costs hits comes first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether something costs hits: what is stored would be missed by this build, or what it stores by the others.
    pub fn costs_hits(&self) -> bool {
        self.findings.iter().any(Finding::costs_hits)
    }

    /// Whether nothing was found at all.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("no drift");
        }
        for (index, finding) in self.findings.iter().enumerate() {
            write!(f, "{}{finding}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Finding {
    /// What it is.
    pub cause: Cause,
    /// The cache, as this build stores it; `None` if it has none of that name.
    pub own: Option<CacheLayout>,
    /// As another build stores it, if one does.
    pub other: Option<CacheLayout>,
}

/// What makes a difference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// Nothing was ever stored under the name of this app; another app has a cache of this name.
    AppRenamed {
        /// The other app.
        other: AppName,
    },
    /// Nothing was ever stored under the name of this cache; one that stores the same has another name, and this build has
    /// none of that name.
    CacheRenamed,
    /// What another build has stored cannot be read by this one.
    Unreadable,
    /// What this build stores cannot be read by another that runs beside it.
    Unread,
    /// Values are kept for another time.
    TimeToLive,
    /// This build has no cache of that name.
    Missing,
}

impl Finding {
    pub(crate) fn new(cause: Cause, own: Option<&CacheLayout>, other: Option<&CacheLayout>) -> Self {
        Self { cause, own: own.cloned(), other: other.cloned() }
    }

    /// Whether hits are lost by it. The others may well be meant.
    pub fn costs_hits(&self) -> bool {
        !matches!(self.cause, Cause::TimeToLive | Cause::Missing)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(layout) = self.own.as_ref().or(self.other.as_ref()) {
            write!(f, "{}: ", layout.cache())?;
        }
        match &self.cause {
            Cause::AppRenamed { other } => {
                write!(f, "the app has stored nothing, and {other} has a cache of this name")?;
            }
            Cause::CacheRenamed => {
                f.write_str("nothing is stored under this name, and the same under another that is gone")?;
            }
            Cause::Unreadable => f.write_str("this build cannot read what is stored")?,
            Cause::Unread => f.write_str("others cannot read what this build stores")?,
            Cause::TimeToLive => f.write_str("values are kept for another time")?,
            Cause::Missing => f.write_str("this build has no such cache")?,
        }
        if let Some(other) = &self.other {
            write!(f, "; stored: {other}")?;
        }
        match &self.own {
            Some(own) => write!(f, "; this build: {own}"),
            None => Ok(()),
        }
    }
}

/// What other builds have noted, as one that compares itself takes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Others {
    pub(crate) layouts: Vec<Noted>,
    /// Apps other than this one that have a cache of that name.
    pub(crate) apps: Vec<(AppName, String)>,
}

/// The layout of a cache, as some build noted it.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    pub(crate) layout: CacheLayout,
    /// How long ago it did so last.
    pub(crate) age: Duration,
}

/// Builds note themselves again and again. One that has not for so long is no longer there.
pub(crate) const GONE: Duration = Duration::from_secs(180);

impl Noted {
    /// Whether something that it wrote may still be stored.
    fn is_stored(&self) -> bool {
        self.age <= self.layout.time_to_live() + GONE
    }

    fn is_running(&self) -> bool {
        self.age <= GONE
    }
}

impl Others {
    /// What is to be said of one cache of this build.
    pub(crate) fn findings(&self, own: &CacheLayout) -> Vec<Finding> {
        let known: Vec<&Noted> = self.of(own).filter(|noted| noted.is_stored()).collect();
        if self.layouts.is_empty() {
            let other = self.apps.iter().find(|(_, cache)| cache == own.cache().as_str());
            let cause = other.map(|(app, _)| Cause::AppRenamed { other: app.clone() });
            return cause.map(|cause| Finding::new(cause, Some(own), None)).into_iter().collect();
        }
        let find = |cause: Cause, noted: &Noted| Finding::new(cause, Some(own), Some(&noted.layout));
        let unreadable = known.iter().filter(|noted| !own.can_read(&noted.layout));
        let unread = known.iter().filter(|noted| noted.is_running() && !noted.layout.can_read(own));
        let latest = known.iter().min_by_key(|noted| noted.age);
        let kept = latest.filter(|noted| noted.layout.time_to_live() != own.time_to_live());
        unreadable
            .map(|noted| find(Cause::Unreadable, noted))
            .chain(unread.map(|noted| find(Cause::Unread, noted)))
            .chain(kept.map(|noted| find(Cause::TimeToLive, noted)))
            .collect()
    }

    fn of(&self, own: &CacheLayout) -> impl Iterator<Item = &Noted> {
        self.layouts.iter().filter(|noted| noted.layout.cache() == own.cache())
    }

    /// What is to be said of this build as a whole, once it has all its caches.
    pub(crate) fn drift(&self, own: &Layout) -> Drift {
        let missing: Vec<&Noted> = self.missing(own).collect();
        let renamed = own.caches().filter(|cache| self.of(cache).next().is_none()).filter_map(|cache| {
            let was = missing.iter().find(|noted| cache.stores_what(&noted.layout))?;
            Some(Finding::new(Cause::CacheRenamed, Some(cache), Some(&was.layout)))
        });
        let gone = missing.iter().map(|noted| Finding::new(Cause::Missing, None, Some(&noted.layout)));
        let of_caches = own.caches().flat_map(|cache| self.findings(cache));
        Drift::new(of_caches.chain(renamed).chain(gone).collect())
    }

    /// The caches of others that this build has not, each once.
    fn missing(&self, own: &Layout) -> impl Iterator<Item = &Noted> {
        let is_first = |index: usize, noted: &Noted| {
            self.layouts.iter().take(index).all(|before| before.layout.cache() != noted.layout.cache())
        };
        self.layouts
            .iter()
            .enumerate()
            .filter(move |(index, noted)| {
                noted.is_stored() && !own.caches.contains_key(noted.layout.cache()) && is_first(*index, noted)
            })
            .map(|(_, noted)| noted)
    }
}

impl Layout {
    /// In what it differs from a layout of before, as if builds of both ran side by side.
    pub fn drift_from(&self, other: &Self) -> Drift {
        if self.app != other.app {
            let is_common = |own: &&CacheLayout| other.caches.contains_key(own.cache());
            let renamed = |own| Finding::new(Cause::AppRenamed { other: other.app.clone() }, Some(own), None);
            return Drift::new(self.caches().filter(is_common).map(renamed).collect());
        }
        let noted = |layout: &CacheLayout| Noted { layout: layout.clone(), age: Duration::ZERO };
        Others { layouts: other.caches().map(noted).collect(), apps: Vec::new() }.drift(self)
    }
}
