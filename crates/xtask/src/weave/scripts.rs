//! The weaknesses of the scripts: their text is changed when they are made.

use std::fmt::Write as _;

/// Where the scripts are made.
pub(super) const FILE: &str = "crates/larder-redis/src/scripts.rs";

/// What stands there before a script is made.
pub(super) const PLACE: &str = "    fn new(name: &'static str, text: &'static str) -> Self {\n";

/// One script that is changed.
pub(super) struct ScriptEdit {
    pub(super) weakness: &'static str,
    /// The name of its file.
    pub(super) script: &'static str,
    pub(super) from: &'static str,
    pub(super) to: &'static str,
}

pub(super) const EDITS: &[ScriptEdit] = &[
    ScriptEdit {
        weakness: "the server stores a value without looking at the lease",
        script: "fill",
        from: "if not is_held(KEYS[2], ARGV[1]) then return 0 end",
        to: "",
    },
    ScriptEdit {
        weakness: "an invalidation leaves the lease where it is",
        script: "invalidate",
        from: "redis.call('UNLINK', KEYS[index], KEYS[index + 1])",
        to: "redis.call('UNLINK', KEYS[index])",
    },
    ScriptEdit {
        weakness: "leases are granted though somebody guards the key",
        script: "lease",
        from: "if is_guarded(KEYS[3]) then return {3} end",
        to: "",
    },
    ScriptEdit {
        weakness: "the begin of a guarded write leaves the lease where it is",
        script: "guard",
        from: "redis.call('UNLINK', KEYS[index], KEYS[index + 1])",
        to: "redis.call('UNLINK', KEYS[index])",
    },
    ScriptEdit {
        weakness: "the begin of a guarded write leaves the value where it is",
        script: "guard",
        from: "redis.call('UNLINK', KEYS[index], KEYS[index + 1])",
        to: "redis.call('UNLINK', KEYS[index + 1])",
    },
    ScriptEdit {
        weakness: "an older version is stored in the place of a newer one",
        script: "put",
        from: "if is_less(version, newest(value, KEYS[4])) then return {2} end",
        to: "",
    },
];

/// The names of what is woven into scripts.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    EDITS.iter().map(|edit| edit.weakness)
}

pub(super) fn has(weakness: &str) -> bool {
    names().any(|name| name == weakness)
}

/// The file with all of them in it.
pub(super) fn woven(text: &str) -> String {
    let mut changes = PLACE.to_owned();
    for edit in EDITS {
        let ScriptEdit { weakness, script, from, to } = edit;
        writeln!(
            changes,
            "        let text: &'static str = if name == {script:?} && larder_core::is_weak({weakness:?}) {{\n\
             \x20           text.replace({from:?}, {to:?}).leak()\n        }} else {{\n            text\n        }};"
        )
        .expect("a string takes everything");
    }
    text.replace(PLACE, &changes)
}
