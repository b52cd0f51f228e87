//! What opens a circuit, and what closes it.

use Went::{Badly, Well};

use super::*;

const BUDGET: Duration = Duration::from_millis(50);

fn at(millis: u64) -> Moment {
    Moment::ORIGIN.after(Duration::from_secs(3_600)).after(Duration::from_millis(millis))
}

fn circuit(breaker: Breaker) -> Circuit {
    Circuit::new(breaker, BUDGET, at(0))
}

/// Takes steps that all go the same way. Returns whether one of them has opened the circuit.
fn take(circuit: &Circuit, steps: u32, went: Went, now: u64) -> bool {
    (0..steps).any(|_| {
        let pass = circuit.enter().expect("it is closed");
        circuit.note(pass, went, at(now)).is_some()
    })
}

/// One that has opened at zero.
fn open(breaker: Breaker) -> Circuit {
    let circuit = circuit(breaker);
    assert!(take(&circuit, 5, Badly, 0));
    circuit
}

fn state(circuit: &Circuit) -> BreakerState {
    circuit.report().0
}

#[test]
fn it_opens_once_enough_were_taken_and_half_of_them_have_failed() {
    let circuit = circuit(Breaker::default());
    assert!(!take(&circuit, 4, Badly, 0), "four are too few");
    assert!(take(&circuit, 1, Badly, 0));
    assert!(circuit.enter().is_none() && state(&circuit) == BreakerState::Open);
}

#[test]
fn it_stays_closed_while_less_than_half_have_failed() {
    let circuit = circuit(Breaker::default());
    for now in 0..1_000 {
        assert!(!take(&circuit, 1, Well, now) && !take(&circuit, 2, Well, now));
        assert!(!take(&circuit, 2, Badly, now));
    }
    assert!(take(&circuit, 3_000, Badly, 1_000));
}

#[test]
fn one_dead_master_of_three_does_not_open_it_whatever_the_order() {
    let circuit = circuit(Breaker::default());
    let mut dice = fastrand::Rng::with_seed(7);
    for now in 0..100_000 {
        let went = if dice.u8(0..3) == 0 { Badly } else { Well };
        // The first few may all be its keys, and then it is right to open.
        let went = if now < 100 { Well } else { went };
        assert!(!take(&circuit, 1, went, now));
    }
}

#[test]
fn what_is_older_than_the_window_does_not_open_it() {
    let circuit = circuit(Breaker::default());
    assert!(!take(&circuit, 4, Badly, 0));
    assert!(!take(&circuit, 1, Badly, 5_500));
}

#[test]
fn a_busy_process_notices_that_nothing_is_answered_any_more() {
    let circuit = circuit(Breaker::default());
    assert!(!take(&circuit, 5_000, Well, 0));
    assert!(!take(&circuit, 100, Badly, 1_000), "the server may have stopped for a moment");
    assert!(!take(&circuit, 100, Badly, 1_249));
    assert!(take(&circuit, 1, Badly, 1_250));
}

#[test]
fn an_answer_ends_a_silence() {
    let circuit = circuit(Breaker::default());
    assert!(!take(&circuit, 5_000, Well, 0));
    assert!(!take(&circuit, 100, Badly, 1_000));
    assert!(!take(&circuit, 1, Well, 1_200));
    assert!(!take(&circuit, 100, Badly, 1_300));
    assert!(!take(&circuit, 1, Badly, 1_500));
}

#[test]
fn few_failures_are_no_silence() {
    let circuit = circuit(Breaker::default());
    assert!(!take(&circuit, 5_000, Well, 0));
    assert!(!(0..19).any(|step| take(&circuit, 1, Badly, 1_000 + 100 * step)));
    assert!(take(&circuit, 1, Badly, 3_000));
}

#[test]
fn it_rests_for_half_a_second_to_one() {
    let circuit = open(Breaker::default());
    let rest = circuit.rest(at(0)).unwrap();
    assert!((500..=1_000).contains(&rest.as_millis()), "{rest:?}");
    assert_eq!(circuit.rest(at(1_000)), Some(Duration::ZERO));
}

#[test]
fn one_question_passes_and_no_step() {
    let circuit = open(Breaker::default());
    let probe = circuit.probe().unwrap();
    assert!(circuit.probe().is_none() && circuit.enter().is_none());
    assert_eq!(state(&circuit), BreakerState::Probing);
    drop(probe);
}

#[test]
fn a_closed_circuit_is_not_probed() {
    assert!(circuit(Breaker::default()).probe().is_none());
}

#[test]
fn an_answer_closes_it_and_what_was_before_is_forgotten() {
    let circuit = open(Breaker::default());
    let change = circuit.probe().unwrap().end(Well, at(1_000));
    assert_eq!(change, Change::Closed { after: Duration::from_secs(1) });
    assert_eq!(circuit.rest(at(1_000)), None);
    assert!(!take(&circuit, 4, Badly, 1_000), "these are the first");
    assert!(take(&circuit, 1, Badly, 1_000));
}

#[test]
fn rests_double_up_to_eight_times_while_nothing_is_answered() {
    let circuit = open(Breaker::default());
    for longest in [2_000, 4_000, 8_000, 8_000] {
        assert_eq!(circuit.probe().unwrap().end(Badly, at(0)), Change::Reopened);
        let rest = circuit.rest(at(0)).unwrap().as_millis();
        assert!((longest / 2..=longest).contains(&rest), "{rest} of {longest}");
    }
    assert_eq!(circuit.report(), (BreakerState::Open, at(0), 1), "it has opened once");
}

#[test]
fn a_rest_is_short_again_only_after_a_whole_window_without_trouble() {
    let circuit = open(Breaker::default());
    let _changes = [(); 3].map(|()| circuit.probe().unwrap().end(Badly, at(0)));
    let _closed = circuit.probe().unwrap().end(Well, at(0));
    assert!(!take(&circuit, 1, Well, 100));
    assert!(take(&circuit, 5, Badly, 100));
    assert!(circuit.rest(at(100)).unwrap() >= Duration::from_secs(4), "it closed just before");
    let _closed = circuit.probe().unwrap().end(Well, at(200));
    assert!(!take(&circuit, 1, Well, 5_201));
    assert!(take(&circuit, 5, Badly, 20_000));
    assert!(circuit.rest(at(20_000)).unwrap() <= Duration::from_secs(1));
}

#[test]
fn a_question_that_is_given_up_was_never_asked() {
    let circuit = open(Breaker::default());
    let rest = circuit.rest(at(0));
    drop(circuit.probe());
    assert_eq!((state(&circuit), circuit.rest(at(0))), (BreakerState::Open, rest));
    assert!(circuit.probe().is_some());
}

#[test]
fn a_step_from_before_it_opened_counts_for_nothing_afterwards() {
    let circuit = circuit(Breaker::default().calls(1));
    let passes = [(); 2].map(|()| circuit.enter().unwrap());
    assert!(circuit.note(passes[0], Badly, at(0)).is_some());
    assert_eq!(circuit.note(passes[1], Badly, at(10)), None, "it is open");
    let _closed = circuit.probe().unwrap().end(Well, at(20));
    assert_eq!(circuit.note(passes[1], Badly, at(30)), None, "and closed again since");
    assert!(circuit.is_closed());
}

#[test]
fn one_that_is_never_to_open_does_not() {
    assert!(!take(&circuit(Breaker::never()), 1_000, Badly, 10_000));
}
