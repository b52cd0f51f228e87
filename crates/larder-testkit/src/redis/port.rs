//! Ports that nobody listens on.

use std::net::{Ipv4Addr, TcpListener};

use crate::server::error::{Error, Result};

/// How often a start is tried on another port, because somebody else took the one that was free.
pub(crate) const ATTEMPTS: usize = 5;

/// How far above its port a node of a cluster listens to the others.
const BUS: u16 = 10_000;

/// A port that is free right now.
pub(crate) fn free() -> Result<u16> {
    let port = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Ok(listener.local_addr()?.port())
    };
    port().map_err(Error::system("find a free port"))
}

/// A port that is free right now, as is the one for the cluster's bus.
pub(crate) fn free_with_bus() -> Result<u16> {
    loop {
        let port = free()?;
        let bus = port.checked_add(BUS).map(|bus| TcpListener::bind((Ipv4Addr::LOCALHOST, bus)));
        if let Some(Ok(_)) = bus {
            return Ok(port);
        }
    }
}

/// Places on this machine, as addresses list them.
pub(crate) fn places(ports: impl Iterator<Item = u16>) -> String {
    let places: Vec<String> = ports.map(|port| format!("127.0.0.1:{port}")).collect();
    places.join(",")
}
