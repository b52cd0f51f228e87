//! What is wrong with the connections of a kind.

use std::time::Duration;

use larder_core::Moment;

use super::traffic::{Direction, Kind, Traffic, Way};

/// What befalls all that goes one way. There is one at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    #[default]
    None,
    Frozen,
    Swallowed,
    Delayed(Duration),
}

/// What becomes of something at the moment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Passes,
    Vanishes,
    /// Stays where it is until the faults change, or until a moment if there is one.
    Waits(Option<Moment>),
}

/// The faults of both kinds of connections.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    data: Lot,
    bus: Lot,
}

/// The faults of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Lot {
    to_server: Fault,
    to_client: Fault,
    is_refused: bool,
}

impl Fault {
    /// What becomes of something that arrived at a moment.
    pub(crate) fn fate(self, arrived: Moment, now: Moment) -> Fate {
        match self {
            Self::None => Fate::Passes,
            Self::Frozen => Fate::Waits(None),
            Self::Swallowed => Fate::Vanishes,
            Self::Delayed(duration) => match arrived.after(duration) {
                due if due <= now => Fate::Passes,
                due => Fate::Waits(Some(due)),
            },
        }
    }

    /// Whether anything gets through, sooner or later.
    pub(crate) fn lets_through(self) -> bool {
        matches!(self, Self::None | Self::Delayed(_))
    }
}

impl Faults {
    pub(crate) fn set(&mut self, traffic: Traffic, direction: Direction, fault: Fault) {
        for lot in self.lots(traffic) {
            for way in direction.ways() {
                match way {
                    Way::ToServer => lot.to_server = fault,
                    Way::ToClient => lot.to_client = fault,
                }
            }
        }
    }

    pub(crate) fn refuse(&mut self, traffic: Traffic) {
        self.lots(traffic).for_each(|lot| lot.is_refused = true);
    }

    pub(crate) fn heal(&mut self, traffic: Traffic) {
        self.lots(traffic).for_each(|lot| *lot = Lot::default());
    }

    /// A connection of which nobody knows the kind suffers what both kinds suffer.
    pub(crate) fn of(&self, kind: Kind, way: Way) -> Fault {
        let fault = |lot: &Lot| match way {
            Way::ToServer => lot.to_server,
            Way::ToClient => lot.to_client,
        };
        match kind {
            Kind::Data => fault(&self.data),
            Kind::Bus => fault(&self.bus),
            Kind::New if fault(&self.data) == fault(&self.bus) => fault(&self.data),
            Kind::New => Fault::None,
        }
    }

    pub(crate) fn refuses(&self, kind: Kind) -> bool {
        match kind {
            Kind::Data => self.data.is_refused,
            Kind::Bus => self.bus.is_refused,
            Kind::New => self.data.is_refused && self.bus.is_refused,
        }
    }

    fn lots(&mut self, traffic: Traffic) -> impl Iterator<Item = &mut Lot> {
        [(Kind::Data, &mut self.data), (Kind::Bus, &mut self.bus)]
            .into_iter()
            .filter(move |(kind, _)| traffic.includes(*kind))
            .map(|(_, lot)| lot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_of_its_kind_and_its_direction_alone() {
        let mut faults = Faults::default();
        faults.set(Traffic::Bus, Direction::ToClient, Fault::Frozen);
        assert_eq!(faults.of(Kind::Bus, Way::ToClient), Fault::Frozen);
        assert_eq!(faults.of(Kind::Bus, Way::ToServer), Fault::None);
        assert_eq!(faults.of(Kind::Data, Way::ToClient), Fault::None);
        faults.heal(Traffic::Data);
        assert_eq!(faults.of(Kind::Bus, Way::ToClient), Fault::Frozen);
        faults.heal(Traffic::All);
        assert_eq!(faults.of(Kind::Bus, Way::ToClient), Fault::None);
    }

    #[test]
    fn a_new_connection_suffers_what_both_kinds_suffer() {
        let mut faults = Faults::default();
        for (traffic, expected) in [(Traffic::Data, Fault::None), (Traffic::Bus, Fault::Swallowed)] {
            faults.set(traffic, Direction::Both, Fault::Swallowed);
            faults.refuse(traffic);
            assert_eq!(faults.of(Kind::New, Way::ToServer), expected);
            assert_eq!(faults.refuses(Kind::New), expected == Fault::Swallowed);
        }
    }

    #[test]
    fn a_delay_counts_from_the_arrival() {
        let second = Duration::from_secs(1);
        let arrived = Moment::ORIGIN.after(second);
        let due = arrived.after(second);
        let fault = Fault::Delayed(second);
        assert_eq!(fault.fate(arrived, due.before(Duration::from_nanos(1))), Fate::Waits(Some(due)));
        assert_eq!(fault.fate(arrived, due), Fate::Passes);
    }
}
