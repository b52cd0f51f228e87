//! What happens on the stage, one thing after another.

use std::time::Duration;

use larder_testkit::redis::{Direction, Loss, Proxy, RedisServer, Result, Traffic};

/// One thing that happens, for a while.
pub(crate) struct Act {
    pub(crate) name: &'static str,
    pub(crate) lasts: Duration,
    pub(crate) begin: fn(&RedisServer, &Proxy) -> Result<()>,
    pub(crate) end: fn(&RedisServer, &Proxy) -> Result<()>,
}

/// What a run shows.
pub(crate) const ACTS: &[Act] = &[
    Act { name: "all is well", lasts: Duration::from_secs(6), begin: |_, _| Ok(()), end: |_, _| Ok(()) },
    Act {
        name: "half of the messages to D are lost",
        lasts: Duration::from_secs(6),
        begin: |_, proxy| {
            proxy.lose(Loss::share(0.5, 7).on("larder:prod.shop@0"));
            Ok(())
        },
        end: |_, proxy| {
            proxy.heal();
            Ok(())
        },
    },
    Act {
        name: "D hears nothing any more, and its connection looks alive",
        lasts: Duration::from_secs(6),
        begin: |_, proxy| {
            proxy.on(Traffic::Bus).swallow(Direction::ToClient);
            Ok(())
        },
        end: |_, proxy| {
            proxy.heal();
            Ok(())
        },
    },
    Act {
        name: "Redis freezes",
        lasts: Duration::from_secs(5),
        begin: |server, _| server.pause(),
        end: |server, _| server.resume(),
    },
    Act {
        name: "Redis dies, and comes back empty",
        lasts: Duration::from_secs(5),
        begin: |server, _| server.kill(),
        end: |server, _| server.restart(),
    },
    Act {
        name: "all is well again",
        lasts: Duration::from_secs(5),
        begin: |_, _| Ok(()),
        end: |_, _| Ok(()),
    },
];
