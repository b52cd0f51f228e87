//! In which forms the values of a cache are stored.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use larder_codec::Form;
use larder_core::{CacheName, Error, ErrorKind, Remote, Result, Sample, SweepPosition};
use tokio::time::sleep;

use crate::lifetimes::Lifetimes;
use crate::node::Node;
use crate::step::in_time;
use crate::store::Store;

/// How many keys one step looks at, about.
const STEP: u32 = 500;

/// A look at how the values of a cache are stored in the shared tier, under way: how many are in which form, and how long the
/// last of an older form has left. Made by [`Cache::survey`](crate::Cache::survey), or by
/// [`Larder::survey`](crate::Larder::survey) for one that this process has not built.
///
/// What it has seen at any time is a sample: keys come in no order. The server is asked for a few at a time, so that nobody
/// waits for it. While keys are added or removed, some may be counted twice.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// # let larder = larder::Larder::builder("prod.shop").embedded().build().await?;
/// # let users: larder::Cache<u64, String> = larder.cache("user").build()?;
/// let mut survey = users.survey()?;
/// survey.run(10_000).await?;
/// println!("{survey}");
/// if survey.old() == 0 {
///     println!("nothing is left in an older form");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a survey goes on only while it is stepped"]
pub struct Survey {
    remote: Arc<dyn Remote>,
    patience: Duration,
    cache: CacheName,
    newest: Option<Form>,
    from: Option<SweepPosition>,
    is_over: bool,
    seen: u64,
    forms: Vec<Surveyed>,
    lifetimes: Lifetimes,
}

/// What was found in one form.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Surveyed {
    /// The form; `None` if it is not in an envelope that this build knows.
    pub form: Option<Form>,
    /// Whether it is the newest form of the cache's envelope.
    pub is_newest: bool,
    /// How many entries were found in it.
    pub entries: u64,
    /// How long the last of them had left; `None` if one never ends.
    pub longest: Option<Duration>,
}

impl<V: Send + Sync + 'static> Store<V> {
    pub(crate) fn survey(&self) -> Result<Survey> {
        if !self.is_shared() {
            return Err(nothing_shared(&self.name));
        }
        Survey::new(&self.node, self.name.clone())
    }
}

impl Survey {
    pub(crate) fn new(node: &Node, cache: CacheName) -> Result<Self> {
        let remote = node.remote().ok_or_else(|| nothing_shared(&cache))?.clone();
        Ok(Self {
            remote,
            patience: node.patience.write,
            newest: node.registry.newest_form(&cache),
            cache,
            from: None,
            is_over: false,
            seen: 0,
            forms: Vec::new(),
            lifetimes: Lifetimes::default(),
        })
    }

    /// Looks at some. Returns whether there are more.
    ///
    /// # Errors
    ///
    /// If the shared tier does not answer or refuses. The step can be tried again.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the step can be tried again.
    pub async fn step(&mut self) -> Result<bool> {
        if self.is_over {
            return Ok(false);
        }
        let step = self.remote.sample(&self.cache, self.from.as_ref(), STEP);
        let sampled = in_time(self.patience, step).await?;
        self.seen += sampled.seen;
        sampled.entries.iter().for_each(|sample| self.count(sample));
        self.is_over = sampled.next.is_none();
        self.from = sampled.next;
        Ok(!self.is_over)
    }

    /// Steps to the end, with a pause after each step, so that about so many keys are looked at in a second.
    ///
    /// # Errors
    ///
    /// As [`step`](Self::step). It can be called again, and goes on.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, it can be called again, and goes on.
    pub async fn run(&mut self, keys_per_second: u32) -> Result<()> {
        let pause = Duration::from_secs_f64(f64::from(STEP) / f64::from(keys_per_second.max(1)));
        while self.step().await? {
            sleep(pause).await;
        }
        Ok(())
    }

    fn count(&mut self, sample: &Sample) {
        let form = Form::of(&sample.head);
        let left = sample.left.map(larder_core::Ttl::as_duration);
        self.lifetimes.count(left);
        if let Some(surveyed) = self.forms.iter_mut().find(|surveyed| surveyed.form == form) {
            surveyed.entries += 1;
            surveyed.longest = surveyed.longest.zip(left).map(|(longest, left)| longest.max(left));
        } else {
            let is_newest = form.is_some() && form == self.newest;
            self.forms.push(Surveyed { form, is_newest, entries: 1, longest: left });
        }
    }

    /// Whether everything has been looked at.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// What was found so far, form by form.
    pub fn forms(&self) -> &[Surveyed] {
        &self.forms
    }

    /// How long all of them had left.
    pub fn lifetimes(&self) -> &Lifetimes {
        &self.lifetimes
    }

    /// How many entries of the cache were found.
    pub fn entries(&self) -> u64 {
        self.forms.iter().map(|surveyed| surveyed.entries).sum()
    }

    /// How many of them are not in the newest form.
    pub fn old(&self) -> u64 {
        self.others().map(|surveyed| surveyed.entries).sum()
    }

    /// In how long the last of those that are not in the newest form has ended, if nobody writes any more of them: when the
    /// next deploy is safe. `None` if one never ends, and as long as the survey is not [over](Self::is_over): there may be more.
    pub fn old_ends_in(&self) -> Option<Duration> {
        if !self.is_over {
            return None;
        }
        self.others().try_fold(Duration::ZERO, |longest, surveyed| Some(longest.max(surveyed.longest?)))
    }

    /// How many keys it has looked at, about, of whatever cache.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    fn others(&self) -> impl Iterator<Item = &Surveyed> {
        self.forms.iter().filter(|surveyed| !surveyed.is_newest)
    }
}

fn nothing_shared(cache: &CacheName) -> Error {
    Error::new(ErrorKind::Invalid, "the cache stores nothing in a shared tier").with("cache", cache)
}

impl fmt::Display for Survey {
    #[expect(clippy::cast_precision_loss, reason = "it is a share for people")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.entries();
        write!(f, "{entries} entries of {}, of {} keys", self.cache, self.seen)?;
        for surveyed in &self.forms {
            let share = surveyed.entries as f64 * 100.0 / entries as f64;
            write!(f, "; {share:.1} % {surveyed}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Surveyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            Some(form) => write!(f, "{form}")?,
            None => f.write_str("without an envelope of this layout")?,
        }
        match self.longest {
            _ if self.is_newest => f.write_str(" (newest)"),
            Some(longest) => write!(f, " (old, the last ends in {} s)", longest.as_secs_f64().ceil()),
            None => f.write_str(" (old, and not all of them end)"),
        }
    }
}
