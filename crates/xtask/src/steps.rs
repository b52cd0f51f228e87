//! A chore in steps: each is named and timed, and the first that fails ends it.

use std::time::Instant;

use crate::Outcome;

pub(crate) struct Steps {
    chore: &'static str,
    began: Instant,
    /// What was left out. The last line names it again, for what scrolled by is not read.
    skipped: Vec<String>,
}

impl Steps {
    pub(crate) fn new(chore: &'static str) -> Self {
        Self { chore, began: now(), skipped: Vec::new() }
    }

    /// Performs one step.
    pub(crate) fn step(&mut self, name: &str, action: impl FnOnce() -> Outcome) -> Outcome {
        println!("==> {name}");
        let began = now();
        let outcome = action();
        let seconds = began.elapsed().as_secs_f32();
        let verdict = if outcome.is_ok() { "ok" } else { "failed" };
        println!("<== {name}: {verdict} after {seconds:.1} s");
        outcome.map_err(|why| format!("{}, step `{name}`: {why}", self.chore))
    }

    /// Leaves a step out because a tool is missing, and says how to get it.
    pub(crate) fn skip(&mut self, name: &str, missing: &str) {
        println!("!!! {name} is SKIPPED: {missing}");
        self.skipped.push(name.to_owned());
    }

    /// Ends the chore.
    pub(crate) fn finish(self) {
        println!("{}", self.summary(self.began.elapsed().as_secs_f32()));
    }

    fn summary(&self, seconds: f32) -> String {
        let mut line = format!("{}: passed after {seconds:.1} s", self.chore);
        if !self.skipped.is_empty() {
            line += "; SKIPPED: ";
            line += &self.skipped.join(", ");
        }
        line
    }
}

#[expect(clippy::disallowed_methods, reason = "a chore lasts as long as it lasts")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_where() {
        let mut steps = Steps::new("ci");
        assert_eq!(steps.step("good", || Ok(())), Ok(()));
        let outcome = steps.step("bad", || Err("it broke".into()));
        assert_eq!(outcome, Err("ci, step `bad`: it broke".into()));
    }

    #[test]
    fn what_is_skipped_is_named_at_the_end() {
        let mut steps = Steps::new("ci");
        assert_eq!(steps.summary(1.0), "ci: passed after 1.0 s");
        steps.skip("typos", "it is not installed");
        steps.skip("deny", "it is not installed");
        assert_eq!(steps.summary(1.0), "ci: passed after 1.0 s; SKIPPED: typos, deny");
    }
}
