//! One binary for all of them, so that they are linked once.

#[cfg(test)]
mod behavior;
#[cfg(test)]
mod scenario;
