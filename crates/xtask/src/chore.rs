//! What can be asked for on the command line.

use crate::bench::Effort;
use crate::ci::Depth;
use crate::fuzz;
use crate::model::Reach;
use crate::simulate::Simulation;

pub(crate) const USAGE: &str = "\
Usage: cargo xtask <chore>

  test                            every test: unit, integration, doctests, and the loom proof
  ci [--full]                     what must hold before a change is merged;
                                  --full adds the oldest supported Rust, cargo-deny, fuzz and weaken
  tidy                            the rules for sources that clippy cannot express
  bench [--quick]                 Larder against what it is made of, as ratios
  scoreboard                      Larder where other caches were seen to fail, as tables
  badday [--readers N]            ten minutes of a shop whose database is slow and then down, in virtual time: what each
                                  feature of a cache is worth, as a table, and a chart in target/badday
  patterns [--quick]              what each way to write costs, on a real Postgres and a real Redis, as a table
  rolling [--quick] [WAY]         processes that are replaced one by one under load, while what they store changes its form:
                                  hit ratios as a table, and a chart in target/rolling
  forecast [--quick]              a month of traffic in virtual time: what a new instance answers by itself in its first
                                  minute, by what it knew, as a table, and a chart in target/forecast
  fuzz [--seconds N] [TARGET]     each fuzz target, or one, for N seconds (60)
  hostile [--minutes N] [--seed S] [--topology T] [--only FAULT] | --mutations [WORD…]
                                  a fleet of processes at work, while everything breaks at random;
                                  a report with a table and a chart in target/hostile; or with weaknesses
  weaken [PART]                   breaks a guarantee at a time and expects the tests to notice:
                                  each, or those in files whose path contains PART
  simulate [--seed S | --seeds FIRST..END | --mutations]
                                  whole fleets in virtual time, by dice: 10,000 games, one, or some; or with weaknesses,
                                  each of which must show
  model [--deep]                  every schedule of the protocol's model, as a table; --deep takes twenty minutes
  help                            this text";

/// A chore and what was said about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Chore {
    Test,
    Ci(Depth),
    Tidy,
    Bench(Effort),
    Scoreboard,
    Fuzz {
        seconds: u64,
        target: Option<String>,
    },
    Weaken {
        part: Option<String>,
    },
    Model(Reach),
    Simulate(Simulation),
    /// With what is said to the harness, which knows its own arguments.
    Hostile(Vec<String>),
    /// The same.
    BadDay(Vec<String>),
    /// The same.
    Patterns(Vec<String>),
    /// The same.
    Rolling(Vec<String>),
    Forecast(Vec<String>),
}

impl Chore {
    /// The chore that these arguments ask for, or none if they make no sense.
    pub(crate) fn parse(arguments: &[&str]) -> Option<Self> {
        Some(match arguments {
            ["test"] => Self::Test,
            ["ci"] => Self::Ci(Depth::Usual),
            ["ci", "--full"] => Self::Ci(Depth::Full),
            ["tidy"] => Self::Tidy,
            ["bench"] => Self::Bench(Effort::Thorough),
            ["bench", "--quick"] => Self::Bench(Effort::Quick),
            ["scoreboard"] => Self::Scoreboard,
            ["fuzz", rest @ ..] => Self::parse_fuzz(rest)?,
            ["hostile", rest @ ..] => Self::Hostile(rest.iter().map(|word| (*word).to_owned()).collect()),
            ["badday", rest @ ..] => Self::BadDay(rest.iter().map(|word| (*word).to_owned()).collect()),
            ["patterns", rest @ ..] => Self::Patterns(rest.iter().map(|word| (*word).to_owned()).collect()),
            ["rolling", rest @ ..] => Self::Rolling(rest.iter().map(|word| (*word).to_owned()).collect()),
            ["forecast", rest @ ..] => Self::Forecast(rest.iter().map(|word| (*word).to_owned()).collect()),
            ["weaken"] => Self::Weaken { part: None },
            ["weaken", part] if !part.starts_with('-') => Self::Weaken { part: Some((*part).to_owned()) },
            ["simulate"] => Self::Simulate(Simulation::Usual),
            ["simulate", "--mutations"] => Self::Simulate(Simulation::Mutations),
            ["simulate", word @ ("--seed" | "--seeds"), which] => {
                Self::Simulate(Simulation::Games(vec![(*word).to_owned(), (*which).to_owned()]))
            }
            ["model"] => Self::Model(Reach::Usual),
            ["model", "--deep"] => Self::Model(Reach::Deep),
            _ => return None,
        })
    }

    fn parse_fuzz(arguments: &[&str]) -> Option<Self> {
        let (seconds, target) = match arguments {
            ["--seconds", seconds, target @ ..] | [target @ .., "--seconds", seconds] => {
                (seconds.parse().ok()?, target)
            }
            target => (fuzz::SECONDS, target),
        };
        let target = match target {
            [] => None,
            [name] if !name.starts_with('-') => Some((*name).to_owned()),
            _ => return None,
        };
        Some(Self::Fuzz { seconds, target })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Chore> {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        Chore::parse(&arguments)
    }

    fn check(line: &str, expected: &Chore) {
        assert_eq!(parse(line).as_ref(), Some(expected), "{line}");
    }

    fn fuzz(seconds: u64, target: Option<&str>) -> Chore {
        let target = target.map(str::to_owned);
        Chore::Fuzz { seconds, target }
    }

    #[test]
    fn chores_are_told_apart() {
        check("test", &Chore::Test);
        check("ci", &Chore::Ci(Depth::Usual));
        check("ci --full", &Chore::Ci(Depth::Full));
        check("tidy", &Chore::Tidy);
        check("bench --quick", &Chore::Bench(Effort::Quick));
        check("simulate", &Chore::Simulate(Simulation::Usual));
        check("simulate --mutations", &Chore::Simulate(Simulation::Mutations));
        let words = ["--seed", "7"].map(str::to_owned).to_vec();
        check("simulate --seed 7", &Chore::Simulate(Simulation::Games(words)));
        check("model", &Chore::Model(Reach::Usual));
        check("model --deep", &Chore::Model(Reach::Deep));
        check("scoreboard", &Chore::Scoreboard);
        check("hostile --minutes 2", &Chore::Hostile(vec!["--minutes".to_owned(), "2".to_owned()]));
        check("patterns --quick", &Chore::Patterns(vec!["--quick".to_owned()]));
        check("rolling --quick", &Chore::Rolling(vec!["--quick".to_owned()]));
        check("forecast --quick", &Chore::Forecast(vec!["--quick".to_owned()]));
        check("weaken", &Chore::Weaken { part: None });
        check("weaken larder/src", &Chore::Weaken { part: Some("larder/src".to_owned()) });
    }

    #[test]
    fn fuzz_takes_seconds_and_a_target_in_any_order() {
        check("fuzz", &fuzz(fuzz::SECONDS, None));
        check("fuzz envelope", &fuzz(fuzz::SECONDS, Some("envelope")));
        check("fuzz --seconds 5", &fuzz(5, None));
        check("fuzz --seconds 5 envelope", &fuzz(5, Some("envelope")));
        check("fuzz envelope --seconds 5", &fuzz(5, Some("envelope")));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "",
            "dance",
            "ci --fast",
            "tidy now",
            "model deep",
            "fuzz --seconds",
            "fuzz --seconds many",
            "fuzz a b",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
