//! One binary for all of them, so that they are linked once.

#[cfg(test)]
mod acl;
#[cfg(test)]
mod arrows;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod interop;
#[cfg(test)]
mod redis;
#[cfg(test)]
mod scoreboard;
#[cfg(test)]
mod texts;
