//! Whole fleets in one thread, in virtual time, with everything that can go wrong, by dice.
//!
//! A *game* is played by a seed. Three nodes of a service read and write a handful of keys through real Larders, which
//! share the embedded tier and its bus. The dice decide who reads or writes what and how, what takes how long, and what
//! breaks: messages are lost, held, doubled and reordered; connections are cut, or look alive and are not; calls freeze,
//! fail, or lose their answers; the server is full, or fails over to a replica that lags behind; nodes die in the middle of
//! what they do, and others take their places. A [`Witness`](larder_testkit::history::Witness) notes down what everybody
//! wrote and was told, and in the end [the checker](larder_testkit::history) judges it.
//!
//! Nothing in a game comes from outside of it: time is virtual, and chance is by the seed. So a seed that fails fails again.
//!
//! # What is not simulated
//!
//! A process that the system stops in the middle: here its timers go on. That, the real transport and the real server are the
//! business of the harness of real processes.

mod contact;
mod fleet;
mod game;
mod habit;
mod mischief;
mod origin;
mod outcome;
mod reading;
mod weak;
mod writing;

pub use game::play;
pub use mischief::Climate;
pub use outcome::Outcome;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_game_that_is_played_again_is_the_same() {
        for seed in 0..40 {
            assert_eq!(format!("{:?}", play(seed)), format!("{:?}", play(seed)), "seed {seed}");
        }
    }

    #[test]
    fn nothing_happens_that_may_not() {
        for seed in 0..100 {
            let outcome = play(seed);
            assert!(outcome.is_clean(), "{outcome}");
        }
    }
}
