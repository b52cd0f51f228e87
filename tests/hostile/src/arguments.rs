//! What is said on the command line.

use std::time::Duration;

use crate::faults;
use crate::stage::Topology;

/// How long a run takes that is not told.
const MINUTES: f64 = 10.0;

/// How a run is to go.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arguments {
    pub(crate) extent: Extent,
    pub(crate) seed: u64,
    pub(crate) topologies: Vec<Topology>,
    /// The one fault to inject, again and again.
    pub(crate) only: Option<String>,
}

/// How much is broken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Extent {
    /// As much as fits into this time, over all topologies.
    For(Duration),
    /// A handful of faults on each topology, none for long.
    Quick,
}

impl Arguments {
    /// `None` if they make no sense.
    pub(crate) fn parse(words: &[&str]) -> Option<Self> {
        let mut arguments = Self {
            extent: Extent::For(Duration::from_secs_f64(MINUTES * 60.0)),
            seed: fastrand::u64(..1_000_000),
            topologies: Topology::ALL.to_vec(),
            only: None,
        };
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            match word {
                "--quick" => arguments.extent = Extent::Quick,
                "--minutes" => {
                    let minutes: f64 = words.next()?.parse().ok()?;
                    arguments.extent = Extent::For(Duration::try_from_secs_f64(minutes * 60.0).ok()?);
                }
                "--seed" => arguments.seed = words.next()?.parse().ok()?,
                "--topology" => arguments.topologies = vec![Topology::named(words.next()?)?],
                "--only" => arguments.only = Some(faults::named(words.next()?)?.name.to_owned()),
                _ => return None,
            }
        }
        Some(arguments)
    }
}

pub(crate) fn usage() -> String {
    let faults: Vec<&str> = faults::all().map(|fault| fault.name).collect();
    format!(
        "usage: hostile [--minutes N | --quick] [--seed S] [--topology standalone|sentinel|cluster] [--only FAULT]\n\
         A fault is one of: {}",
        faults.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Arguments> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Arguments::parse(&words)
    }

    #[test]
    fn what_is_said_is_done() {
        let arguments = parse("--minutes 0.5 --seed 7 --topology cluster --only line-cut").unwrap();
        assert_eq!(arguments.extent, Extent::For(Duration::from_secs(30)));
        assert_eq!((arguments.seed, arguments.topologies), (7, vec![Topology::Cluster]));
        assert_eq!(arguments.only.as_deref(), Some("line-cut"));
        assert_eq!(parse("--quick").unwrap().extent, Extent::Quick);
        assert_eq!(parse("").unwrap().topologies.len(), 3);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in ["now", "--minutes", "--minutes -1", "--seed x", "--topology moon", "--only rain"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
