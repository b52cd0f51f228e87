//! What a server had once, kept on its disk until somebody has it begin with that again.

use std::fs;
use std::path::PathBuf;

use larder_testkit::redis::RedisServer;

use crate::Result;

/// What a server reads when it starts.
const READ: &str = "dump.rdb";

/// What it does not.
const KEPT: &str = "long-ago.rdb";

/// One in the folder of its server.
#[derive(Debug)]
pub(crate) struct Snapshot {
    folder: PathBuf,
}

impl Snapshot {
    /// Saves all that a server has.
    pub(crate) fn take(server: &RedisServer) -> Result<()> {
        let folder = folder(server)?;
        server.command(&["SAVE"])?;
        Ok(fs::rename(folder.join(READ), folder.join(KEPT))?)
    }

    /// What a server that runs has kept.
    pub(crate) fn kept_by(server: &RedisServer) -> Result<Option<Self>> {
        let folder = folder(server)?;
        Ok(folder.join(KEPT).exists().then_some(Self { folder }))
    }

    /// Has its server, which is down, begin with it. It can be used again.
    pub(crate) fn restart(&self, server: &RedisServer) -> Result<()> {
        let read = self.folder.join(READ);
        fs::copy(self.folder.join(KEPT), &read)?;
        server.restart()?;
        // A server that sends it to a replica may have removed it.
        _ = fs::remove_file(read);
        Ok(())
    }
}

fn folder(server: &RedisServer) -> Result<PathBuf> {
    let told = server.command(&["CONFIG", "GET", "dir"])?;
    Ok(told.items().get(1).and_then(|folder| folder.text()).ok_or("a server has no folder")?.into())
}
