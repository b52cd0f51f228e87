//! The proof of the circuit: every interleaving of steps, probes and those who give one up.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p larder --lib proof --release`

use std::sync::Arc;

use loom::thread;

use super::*;

fn circuit() -> Arc<Circuit> {
    let breaker = Breaker::default().calls(1);
    Arc::new(Circuit::new(breaker, Duration::from_millis(50), Moment::ORIGIN))
}

/// Takes a step that fails.
fn fail(circuit: &Circuit) -> bool {
    let change = circuit.enter().and_then(|pass| circuit.note(pass, Went::Badly, Moment::ORIGIN));
    matches!(change, Some(Change::Opened { .. }))
}

/// Asks whether the server answers, which it does. Returns whether that was allowed.
fn ask(circuit: &Circuit) -> bool {
    circuit.probe().map(|probe| probe.end(Went::Well, Moment::ORIGIN)).is_some()
}

#[test]
fn of_those_who_fail_together_one_opens_it() {
    loom::model(|| {
        let circuit = circuit();
        let others = [(); 2].map(|()| {
            let circuit = circuit.clone();
            thread::spawn(move || fail(&circuit))
        });
        let opened = others.into_iter().map(|other| other.join().unwrap());
        assert_eq!(opened.filter(|has_opened| *has_opened).count(), 1);
        assert!(!circuit.is_closed());
    });
}

#[test]
fn of_those_who_ask_together_one_may() {
    loom::model(|| {
        let circuit = circuit();
        assert!(fail(&circuit));
        let other = {
            let circuit = circuit.clone();
            thread::spawn(move || ask(&circuit))
        };
        let is_mine = ask(&circuit);
        assert!(other.join().unwrap() != is_mine);
        assert!(circuit.is_closed());
    });
}

#[test]
fn who_gives_up_while_another_comes_leaves_it_to_be_asked() {
    loom::model(|| {
        let circuit = circuit();
        assert!(fail(&circuit));
        let leaving = {
            let circuit = circuit.clone();
            thread::spawn(move || drop(circuit.probe()))
        };
        let is_mine = ask(&circuit);
        leaving.join().unwrap();
        assert_eq!(circuit.is_closed(), is_mine);
        assert_eq!(circuit.probe().is_some(), !is_mine);
    });
}

/// Whoever comes through the gate late, after it has closed and opened, must not open it by what was before.
#[test]
fn a_step_counts_for_the_phase_that_it_began_in_and_for_no_other() {
    loom::model(|| {
        let circuit = circuit();
        let old = circuit.enter().unwrap();
        let late = {
            let circuit = circuit.clone();
            thread::spawn(move || circuit.note(old, Went::Badly, Moment::ORIGIN).is_some())
        };
        let is_mine = fail(&circuit);
        let was_asked = ask(&circuit);
        let was_late = late.join().unwrap();
        // Both are of the first phase, so that one of them at most has opened it.
        assert!(!(is_mine && was_late));
        assert_eq!(circuit.report().2, u64::from(is_mine || was_late));
        assert_eq!(circuit.is_closed(), was_asked || !(is_mine || was_late));
    });
}
