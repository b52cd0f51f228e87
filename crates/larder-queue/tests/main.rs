//! One binary for all of them, so that they are linked once.

#[cfg(test)]
mod cancellation;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod failing;
#[cfg(test)]
mod formats;
#[cfg(test)]
#[cfg(unix)]
mod kill;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod poison;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod room;
#[cfg(test)]
mod through;
