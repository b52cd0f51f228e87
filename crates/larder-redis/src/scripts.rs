//! The scripts: each is one step on the server.

use redis::Pipeline;

/// One step on the server: a script in Lua.
///
/// Its `KEYS` and `ARGV` are told in its first lines. What a service in another language may call, and how, is on the page
/// of the guide about that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    name: &'static str,
    text: &'static str,
    sha1: String,
}

impl Script {
    fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, text, sha1: redis::Script::new(text).get_hash().to_owned() }
    }

    /// Its name, which stays the same from one release to the next.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// All of it, as `EVAL` and `SCRIPT LOAD` want it. It may be another in the next release.
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// The hash of its text, in hexadecimal, by which a server that has been given it knows it.
    pub fn sha1(&self) -> &str {
        &self.sha1
    }
}

/// Every script, for a service in another language to bring along.
///
/// # Examples
///
/// One file for each, made when that service is built:
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("larder-scripts-{}", std::process::id()));
/// std::fs::create_dir_all(&folder)?;
/// for script in larder_redis::scripts() {
///     std::fs::write(folder.join(format!("{}.lua", script.name())), script.text())?;
/// }
/// # assert!(folder.join("invalidate.lua").is_file());
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn scripts() -> Vec<Script> {
    Scripts::new().all().cloned().collect()
}

/// What a server is told on each connection, so that it knows the scripts before it is asked for one: after a failover it
/// has forgotten them.
pub(crate) fn loading() -> Pipeline {
    let mut loading = redis::pipe();
    for script in Scripts::new().all() {
        loading.cmd("SCRIPT").arg("LOAD").arg(script.text);
    }
    loading
}

macro_rules! scripts {
    ($($name:ident: $file:literal;)*) => {
        /// Every script, each behind what all of them share.
        pub(crate) struct Scripts {
            $(pub(crate) $name: Script,)*
        }

        impl Scripts {
            pub(crate) fn new() -> Self {
                Self {
                    $($name: Script::new(stringify!($name), concat!(
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
    reads: "reads.lua";
    popular: "popular.lua";
    register: "register.lua";
}
