//! Everything that is broken, by families.

mod clocks;
mod clusters;
mod lines;
mod sentinels;
mod servers;
mod workers;

use crate::fault::Fault;
use crate::stage::Topology;

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Fault> {
    let families = [
        servers::FAULTS,
        lines::FAULTS,
        workers::FAULTS,
        clocks::FAULTS,
        sentinels::FAULTS,
        clusters::FAULTS,
    ];
    families.into_iter().flatten()
}

pub(crate) fn named(name: &str) -> Option<&'static Fault> {
    all().find(|fault| fault.name == name)
}

/// Those that there are on a topology.
pub(crate) fn on(topology: Topology) -> Vec<&'static Fault> {
    all().filter(|fault| fault.on.contains(&topology)).collect()
}

/// The handful that every change must stand.
pub(crate) fn handful(topology: Topology) -> Vec<&'static Fault> {
    let names: &[&str] = match topology {
        Topology::Standalone => {
            &["server-killed", "line-dead", "messages-lost", "worker-killed", "worker-stopped"]
        }
        Topology::Sentinel => &["master-dies-unheard", "line-dead"],
        Topology::Cluster => &["slots-moved", "replica-takes-over", "line-cut"],
    };
    names.iter().map(|name| named(name).expect("each name is of a fault")).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_fault_has_a_name_of_its_own() {
        let names: HashSet<&str> = all().map(|fault| fault.name).collect();
        assert_eq!(names.len(), all().count());
    }

    #[test]
    fn the_handful_is_of_its_topology() {
        for topology in Topology::ALL {
            let handful = handful(topology);
            assert!(!handful.is_empty() && handful.iter().all(|fault| fault.on.contains(&topology)));
        }
    }
}
