//! What can be weaker about the flights.
//!
//! Left out, because nothing but time is lost without it: that a flight is out of the timetable before it lands with a result.
//! Who boards it in between gets that result at once, and nobody boards one that was overtaken.

use super::Test::Flight;
use super::Weakening;

const FLIGHT: &str = "crates/larder/src/flight.rs";

pub(super) const WEAKENINGS: &[Weakening] = &[
    Weakening {
        name: "a flight is not put into the timetable",
        file: FLIGHT,
        from: "        timetable.insert(key.hash(), flight.clone());",
        to: "        let _ = &mut timetable;",
        noticed_by: Flight("of_two_readers_never_both_load"),
    },
    Weakening {
        name: "an overtaken flight is boarded",
        file: FLIGHT,
        from: "if !is_overtaken(flight.bearings) {",
        to: "if !is_overtaken(flight.bearings) || true {",
        noticed_by: Flight("an_overtaken_flight_lands_with_those_who_are_in_it_and_nobody_else"),
    },
    Weakening {
        name: "a flight that lands takes the one in its place out of the timetable",
        file: FLIGHT,
        from: ".is_some_and(|there| Arc::ptr_eq(there, flight))",
        to: ".is_some()",
        noticed_by: Flight("an_overtaken_flight_that_lands_leaves_the_new_one_in_its_place"),
    },
    Weakening {
        name: "a flight that is abandoned does the same",
        file: FLIGHT,
        from: ".is_some_and(|there| Arc::ptr_eq(there, flight))",
        to: ".is_some()",
        noticed_by: Flight("an_overtaken_flight_that_is_abandoned_leaves_the_new_one_in_its_place"),
    },
    Weakening {
        name: "a pilot who leaves tells nobody",
        file: FLIGHT,
        from: "        self.flight.land(Landing::Abandoned);\n",
        to: "",
        noticed_by: Flight("when_the_pilot_leaves_a_passenger_takes_over"),
    },
    Weakening {
        name: "an abandoned flight stays in the timetable",
        file: FLIGHT,
        from: "    fn drop(&mut self) {\n        self.strike();\n",
        to: "    fn drop(&mut self) {\n",
        noticed_by: Flight("a_flight_whose_pilot_left_can_no_longer_be_boarded"),
    },
    Weakening {
        name: "an abandoned flight lands before it is out of the timetable",
        file: FLIGHT,
        from: "    fn drop(&mut self) {\n        self.strike();\n",
        to: "    fn drop(&mut self) {\n        if matches!(&*self.flight.state(), State::Aloft(_)) {\n            self.flight.land(Landing::Abandoned);\n        }\n        self.strike();\n",
        noticed_by: Flight("a_flight_whose_pilot_left_can_no_longer_be_boarded"),
    },
    Weakening {
        name: "the end of the pilot undoes the landing",
        file: FLIGHT,
        from: "if matches!(&*self.flight.state(), State::Landed(_)) {",
        to: "if matches!(&*self.flight.state(), State::Landed(_)) && false {",
        noticed_by: Flight("whoever_is_in_a_flight_gets_its_result"),
    },
    Weakening {
        name: "a landing wakes nobody",
        file: FLIGHT,
        from: "aloft.seats.into_iter().flatten().for_each(Waker::wake);",
        to: "drop(aloft);",
        noticed_by: Flight("whoever_is_in_a_flight_gets_its_result"),
    },
    Weakening {
        name: "a landing wakes one of all",
        file: FLIGHT,
        from: "aloft.seats.into_iter().flatten().for_each(Waker::wake);",
        to: "aloft.seats.into_iter().flatten().take(1).for_each(Waker::wake);",
        noticed_by: Flight("when_the_pilot_leaves_a_passenger_takes_over"),
    },
    Weakening {
        name: "a landing is seen later than it wakes",
        file: FLIGHT,
        from: "std::mem::replace(&mut *self.state(), State::Landed(landing));",
        to: "std::mem::replace(&mut *self.state(), State::Aloft(Aloft::new()));\n        *self.state() = State::Landed(landing);",
        noticed_by: Flight("whoever_is_in_a_flight_gets_its_result"),
    },
    Weakening {
        name: "a passenger is asked whether it has landed, and noted down afterwards",
        file: FLIGHT,
        from: "        match &mut *self.state() {\n            State::Landed(landing) => Poll::Ready(landing.clone()),",
        to: "        if let State::Landed(landing) = &*self.state() {\n            return Poll::Ready(landing.clone());\n        }\n        match &mut *self.state() {\n            State::Landed(_) => Poll::Pending,",
        noticed_by: Flight("whoever_is_in_a_flight_gets_its_result"),
    },
    Weakening {
        name: "a passenger who has moved is woken where it was",
        file: FLIGHT,
        from: "Some(Some(waker)) => waker.clone_from(context.waker()),",
        to: "Some(Some(_)) => {}",
        noticed_by: Flight("a_passenger_is_woken_by_the_waker_that_it_showed_last"),
    },
    Weakening {
        name: "a passenger who leaves takes the others' seats along",
        file: FLIGHT,
        from: "while let Some(None) = seats.last() {",
        to: "while let Some(_) = seats.last() {",
        noticed_by: Flight("a_passenger_who_leaves_takes_nobody_s_seat_along"),
    },
    Weakening {
        name: "a passenger who leaves moves the others to other seats",
        file: FLIGHT,
        from: "            if let Some(left) = seats.get_mut(seat) {\n                *left = None;\n            }\n",
        to: "            if seat < seats.len() {\n                seats.remove(seat);\n            }\n",
        noticed_by: Flight("who_comes_after_somebody_left_gets_a_seat"),
    },
    Weakening {
        name: "an offer wakes nobody",
        file: FLIGHT,
        from: "        woken.into_iter().for_each(Waker::wake);\n",
        to: "        drop(woken);\n",
        noticed_by: Flight("whoever_does_not_want_to_wait_gets_what_is_offered"),
    },
    Weakening {
        name: "an offer is looked for first, and the seat taken afterwards",
        file: FLIGHT,
        from: "        let _ = passenger.flight.sit_down(&mut passenger.seat, context);\n        match &*passenger.flight.state() {\n            State::Aloft(Aloft { meanwhile: Some(meanwhile), .. }) => Poll::Ready(meanwhile.clone()),\n            _ => Poll::Pending,\n        }",
        to: "        let meanwhile = match &*passenger.flight.state() {\n            State::Aloft(Aloft { meanwhile: Some(meanwhile), .. }) => Poll::Ready(meanwhile.clone()),\n            _ => Poll::Pending,\n        };\n        let _ = passenger.flight.sit_down(&mut passenger.seat, context);\n        meanwhile",
        noticed_by: Flight("whoever_does_not_want_to_wait_gets_what_is_offered"),
    },
];
