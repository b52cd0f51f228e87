//! Races and faults between several instances, on one virtual time.
