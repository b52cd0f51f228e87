//! The scripts: each is one step on the server.

use redis::Pipeline;

/// One step: its text, and the hash by which a server knows it.
pub(crate) struct Script {
    pub(crate) code: &'static str,
    pub(crate) hash: String,
}

impl Script {
    fn new(code: &'static str) -> Self {
        Self { code, hash: redis::Script::new(code).get_hash().to_owned() }
    }
}

/// What a server is told on each connection, so that it knows the scripts before it is asked for one: after a failover it
/// has forgotten them.
pub(crate) fn loading() -> Pipeline {
    let mut loading = redis::pipe();
    for script in Scripts::new().all() {
        loading.cmd("SCRIPT").arg("LOAD").arg(script.code);
    }
    loading
}

macro_rules! scripts {
    ($($name:ident: $file:literal;)*) => {
        /// Every script, with what all of them share before it.
        pub(crate) struct Scripts {
            $(pub(crate) $name: Script,)*
        }

        impl Scripts {
            pub(crate) fn new() -> Self {
                Self {
                    $($name: Script::new(concat!(
                        include_str!("scripts/prelude.lua"), "\n", include_str!(concat!("scripts/", $file))
                    )),)*
                }
            }

            fn all(&self) -> impl Iterator<Item = &Script> {
                [$(&self.$name),*].into_iter()
            }
        }
    };
}

scripts! {
    lease: "lease.lua";
    fill: "fill.lua";
    touch: "touch.lua";
    release: "release.lua";
    renew: "renew.lua";
    invalidate: "invalidate.lua";
    supersede: "supersede.lua";
    expire: "expire.lua";
    guard: "guard.lua";
    put: "put.lua";
    tags: "tags.lua";
    clear: "clear.lua";
    raise: "raise.lua";
    delta: "delta.lua";
    check: "check.lua";
}
