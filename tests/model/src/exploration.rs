//! Trying every schedule.

use std::fmt;
use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model};

use crate::invariant::{Invariant, Witness};
use crate::protocol::{Protocol, Wanted};
use crate::scenario::Scenario;
use crate::weakening::Weakening;

/// What an exploration has come to.
#[derive(Clone, Debug)]
pub struct Exploration {
    scenario: &'static str,
    weakening: Option<Weakening>,
    states: usize,
    depth: usize,
    time: Duration,
    is_cut_short: bool,
    findings: Vec<Finding>,
}

/// Something that was found, and how it comes about.
#[derive(Clone, Debug)]
pub struct Finding {
    name: &'static str,
    schedule: Vec<String>,
}

/// Tries every schedule of the protocol, the short ones before the long ones, as far as it comes within `limit`.
pub fn explore(scenario: &Scenario, limit: Option<Duration>) -> Exploration {
    run(scenario, None, Wanted::Violations, HasDiscoveries::Any, limit)
}

/// Tries every schedule of the protocol without something, until each of these invariants is seen broken.
pub fn explore_without(scenario: &Scenario, weakening: Weakening, broken: &[Invariant]) -> Exploration {
    let all = HasDiscoveries::AllOf(broken.iter().map(|invariant| invariant.name()).collect());
    run(scenario, Some(weakening), Wanted::Violations, all, None)
}

/// Tries schedules of the protocol until all of this has come true, or `limit` is over.
pub fn look_for(scenario: &Scenario, witnesses: &[Witness], limit: Option<Duration>) -> Exploration {
    run(scenario, None, Wanted::Witnesses(witnesses.to_vec()), HasDiscoveries::All, limit)
}

fn run(
    scenario: &Scenario,
    weakening: Option<Weakening>,
    wanted: Wanted,
    finish_when: HasDiscoveries,
    limit: Option<Duration>,
) -> Exploration {
    let began = now();
    let protocol = Protocol::new(scenario, weakening, wanted);
    let mut checker = protocol.checker().finish_when(finish_when);
    if let Some(limit) = limit {
        checker = checker.timeout(limit);
    }
    let checker = checker.spawn_bfs().join();
    let time = began.elapsed();
    let finding = |(name, path): (&'static str, stateright::Path<_, _>)| Finding {
        name,
        schedule: path.into_actions().iter().map(|action| format!("{action:?}")).collect(),
    };
    let mut findings: Vec<_> = checker.discoveries().into_iter().map(finding).collect();
    findings.sort_by_key(|finding| finding.name);
    Exploration {
        scenario: scenario.name(),
        weakening,
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        time,
        is_cut_short: limit.is_some_and(|limit| limit <= time),
        findings,
    }
}

impl Exploration {
    /// What was found.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many different states were seen.
    pub fn states(&self) -> usize {
        self.states
    }

    /// Whether time was up before everything was tried.
    pub fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }

    /// Whether this was found.
    pub fn has(&self, name: &str) -> bool {
        self.findings.iter().any(|finding| finding.name == name)
    }
}

impl Finding {
    /// What was found.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What has to happen for it, in this order.
    pub fn schedule(&self) -> &[String] {
        &self.schedule
    }
}

/// A line of a table.
impl fmt::Display for Exploration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, weakening, states, depth, time, is_cut_short, findings } = self;
        let without = weakening.map_or_else(String::new, |weakening| format!("{weakening:?}"));
        write!(f, "| {scenario} | {without} | {states} | {depth} | {:.1} s | ", time.as_secs_f32())?;
        if findings.is_empty() {
            return f.write_str(if *is_cut_short { "holds as far as it came |" } else { "holds |" });
        }
        let found = |finding: &Finding| {
            let name = finding.name.split(':').next().unwrap_or_default();
            format!("{name} at {}", finding.schedule.len())
        };
        write!(f, "{} |", findings.iter().map(found).collect::<Vec<_>>().join(", "))
    }
}

#[expect(clippy::disallowed_methods, reason = "an exploration lasts as long as it lasts")]
fn now() -> Instant {
    Instant::now()
}
