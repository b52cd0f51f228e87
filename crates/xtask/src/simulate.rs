//! Whole fleets in virtual time, by dice; and the same with weaknesses that the dice must find.

use std::process::Command;

use crate::Outcome;
use crate::program::{cargo, execute};
use crate::weave::{self, Switch, WEAKNESS};
use crate::workspace::Workspace;

/// What is simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Simulation {
    /// The games that are played of every change.
    Usual,
    /// This many games, or the game of this seed, as the simulation itself understands it.
    Games(Vec<String>),
    /// Games with each weakness, until it is found.
    Mutations,
}

const BUILD: &str = "build --package simulation --profile simulation";

/// More games than any weakness needs until it shows.
const MOST_GAMES: &str = "0..20000";

/// As many as what is sound must stand.
const SOUND_GAMES: &str = "0..1000";

pub(crate) fn run(simulation: &Simulation) -> Outcome {
    match simulation {
        Simulation::Usual => play(&[]),
        Simulation::Games(words) => play(words),
        Simulation::Mutations => mutations(),
    }
}

fn play(words: &[String]) -> Outcome {
    execute(cargo("run --quiet --package simulation --profile simulation --").args(words))
}

/// A weakness that nobody notices is a claim without proof.
fn mutations() -> Outcome {
    let woven = weave::weave(&Workspace::read()?)?;
    let target = woven.target("target");
    execute(cargo(BUILD).current_dir(woven.root()).env("CARGO_TARGET_DIR", &target))?;
    let program = target.join("simulation").join("simulation");
    let game = |weakness: &str, seeds: &str| {
        let mut command = Command::new(&program);
        command.args(["--seeds", seeds]).env(WEAKNESS, weakness);
        command
    };
    // With all switches off it is what it is without them.
    execute(&mut game("", SOUND_GAMES))?;
    let mut survivors = Vec::new();
    for switch in weave::simulated() {
        if let Some(why) = switch.harmless {
            execute(&mut game(switch.name, SOUND_GAMES))?;
            println!("harmless: {}, for {why}", switch.name);
        } else if !is_found(switch, &mut game(switch.name, MOST_GAMES))? {
            survivors.push(switch.name);
        }
    }
    match survivors.as_slice() {
        [] => Ok(()),
        survivors => Err(format!("no game shows that {}", survivors.join(", that "))),
    }
}

fn is_found(switch: &Switch, games: &mut Command) -> Result<bool, String> {
    let output = games.output().map_err(|error| format!("the simulation did not start: {error}"))?;
    let told = String::from_utf8_lossy(&output.stdout);
    let is_found = !output.status.success();
    if is_found {
        println!("found: {} ({})", switch.name, finding(&told));
    } else {
        println!("SURVIVED: {}", switch.name);
    }
    Ok(is_found)
}

/// The seed, and the rule that was broken first.
fn finding(told: &str) -> String {
    let seed = told.lines().next().and_then(|line| line.split(':').next()).unwrap_or("no game");
    let broken = told.lines().find_map(|line| line.strip_prefix("! "));
    format!("{seed}: {}", broken.and_then(|broken| broken.split(':').next()).unwrap_or("nothing broken"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_the_seed_and_the_first_rule() {
        let told = "seed 7 (bus): 3 answers\n! C1, staler than the bound: at 1s\n! C2, own: at 2s\nkey 1:\n";
        assert_eq!(finding(told), "seed 7 (bus): C1, staler than the bound");
    }
}
