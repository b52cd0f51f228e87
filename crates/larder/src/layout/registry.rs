//! What this process has noted of itself, and knows of other builds.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use larder_codec::Form;
use larder_core::{AppName, CacheName, Error, ErrorKind, Register, Registered, Remote, Result};
use tokio::sync::Notify;

use super::drift::{Drift, Finding, GONE, Noted, Others};
use super::{CacheLayout, DeployGuard, Layout};
use crate::step::in_time;

/// The layouts of this process's caches, and those of others.
#[derive(Debug)]
pub(crate) struct Registry {
    app: AppName,
    guard: DeployGuard,
    /// What this process calls itself among those of the app.
    process: String,
    state: Mutex<State>,
    /// Told when a cache was built.
    pub(crate) built: Notify,
}

#[derive(Debug, Default)]
struct State {
    own: BTreeMap<CacheName, CacheLayout>,
    /// `None` while nothing is known of them.
    others: Option<Others>,
    /// What costs hits, as it was last compared.
    costly: usize,
    /// How many processes of the app there are. `None` while nobody knows.
    processes: Option<usize>,
    /// What was said once is not said again.
    told: HashSet<Finding>,
}

impl Registry {
    pub(crate) fn new(app: AppName, guard: DeployGuard) -> Self {
        let process = format!("{:032x}", fastrand::u128(..));
        Self { app, guard, process, state: Mutex::default(), built: Notify::new() }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.guard != DeployGuard::Off
    }

    /// Takes in a cache that is about to be built, unless it would miss what others have stored, and the guard refuses that.
    pub(crate) fn admit(&self, layout: CacheLayout) -> Result<()> {
        let mut state = self.state();
        let known = state.others.as_ref().map(|others| others.findings(&layout)).unwrap_or_default();
        if self.guard == DeployGuard::Refuse
            && let Some(finding) = known.iter().find(|finding| finding.costs_hits())
        {
            return Err(Error::new(ErrorKind::Refused, "the deploy would cost hits").with("drift", finding));
        }
        state.own.insert(layout.cache().clone(), layout);
        let news = state.news(&known);
        drop(state);
        self.tell(&news);
        self.built.notify_one();
        Ok(())
    }

    /// How the caches are stored that this process has built.
    pub(crate) fn layout(&self) -> Layout {
        Layout::new(self.app.clone(), self.state().own.clone())
    }

    /// The newest form of a cache that this process has built.
    pub(crate) fn newest_form(&self, cache: &CacheName) -> Option<Form> {
        self.state().own.get(cache).and_then(|layout| layout.reads().first()).copied()
    }

    /// How many findings cost hits, as it was last compared.
    pub(crate) fn costly(&self) -> usize {
        self.state().costly
    }

    /// Compares all there is with what others have noted, and says what is new.
    pub(crate) fn compare(&self, others: Others) {
        let drift = others.drift(&self.layout());
        let mut state = self.state();
        state.costly = drift.findings().iter().filter(|finding| finding.costs_hits()).count();
        state.others = Some(others);
        let news = state.news(drift.findings());
        drop(state);
        self.tell(&news);
    }

    /// How many processes of the app there are, as of a minute or two ago. `None` while nobody knows.
    pub(crate) fn processes(&self) -> Option<usize> {
        self.state().processes
    }

    /// Notes that this process is there, and counts those that are.
    pub(crate) async fn count_processes(&self, remote: &dyn Remote, patience: Duration) -> Result<()> {
        let own = std::slice::from_ref(&self.process);
        let noted = in_time(patience, remote.register(Register::Processes, own)).await?;
        // Itself at least, whatever the server says.
        let running = noted.iter().filter(|noted| noted.age <= GONE).count();
        self.state().processes = Some(running.max(1));
        Ok(())
    }

    /// Knows what others have noted before a cache was built.
    pub(crate) fn learn(&self, others: Others) {
        self.state().others = Some(others);
    }

    /// Asks what others have noted, and compares. Notes and says nothing.
    pub(crate) async fn drift(&self, remote: &dyn Remote, patience: Duration) -> Result<Drift> {
        let others = self.exchange(remote, &[], patience).await?;
        Ok(others.drift(&self.layout()))
    }

    /// Notes these lines, and asks for those of others.
    pub(crate) async fn exchange(
        &self,
        remote: &dyn Remote,
        own: &[CacheLayout],
        patience: Duration,
    ) -> Result<Others> {
        let layouts: Vec<String> = own.iter().map(CacheLayout::line).collect();
        let caches: Vec<String> = own.iter().map(|own| format!("{} {}", self.app, own.cache())).collect();
        let (apps, noted) = tokio::join!(
            in_time(patience, remote.register(Register::Caches, &caches)),
            in_time(patience, remote.register(Register::Layouts, &layouts)),
        );
        let noted = noted?;
        let apps = apps.unwrap_or_else(|error| {
            // Who may see the keys of one app only cannot see the others'.
            tracing::debug!(app = %self.app, %error, "what other apps have cannot be told");
            Vec::new()
        });
        Ok(Others {
            layouts: noted.iter().filter_map(noted_layout).collect(),
            apps: apps.iter().filter_map(|line| self.other_app(line)).collect(),
        })
    }

    fn other_app(&self, noted: &Registered) -> Option<(AppName, String)> {
        let (app, cache) = noted.line.split_once(' ')?;
        let app = AppName::new(app).ok().filter(|app| *app != self.app)?;
        Some((app, cache.to_owned()))
    }

    fn tell(&self, news: &[Finding]) {
        for finding in news {
            if finding.costs_hits() {
                tracing::warn!(app = %self.app, %finding, "this build and others miss what they store");
            } else {
                tracing::info!(app = %self.app, %finding, "this build differs from others");
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Those that were not told before.
    fn news(&mut self, findings: &[Finding]) -> Vec<Finding> {
        findings.iter().filter(|finding| self.told.insert((*finding).clone())).cloned().collect()
    }
}

fn noted_layout(noted: &Registered) -> Option<Noted> {
    Some(Noted { layout: CacheLayout::read(&noted.line)?, age: noted.age })
}
