//! What can be weaker about leases, fills and versioned values.

use super::{Weakening, server};

const RECORD: &str = "crates/larder-memory/src/record.rs";
const LEASES: &str = "crates/larder-memory/src/state/leases.rs";
const WRITES: &str = "crates/larder-memory/src/state/writes.rs";

pub(super) const WEAKENINGS: &[Weakening] = &[
    server(
        "lease: guard not looked at",
        LEASES,
        "if record.is_guarded(now) {",
        "if false && record.is_guarded(now) {",
    ),
    server(
        "lease: birth not compared",
        LEASES,
        "peek.birth >= request.need_birth",
        "peek.birth >= request.need_birth || true",
    ),
    server(
        "lease: birth must be greater",
        LEASES,
        "peek.birth >= request.need_birth",
        "peek.birth > request.need_birth",
    ),
    server("lease: no-entry counts as found", LEASES, "is_some_and(|peek| peek", "is_none_or(|peek| peek"),
    server(
        "lease: replace is taken for miss",
        LEASES,
        "LeaseMode::Replace(_) => LeaseMode::replace(stored) == request.mode,",
        "LeaseMode::Replace(_) => false,",
    ),
    server(
        "lease: replace is taken for any",
        LEASES,
        "LeaseMode::Replace(_) => LeaseMode::replace(stored) == request.mode,",
        "LeaseMode::Replace(_) => true,",
    ),
    server("lease: any finds", LEASES, "LeaseMode::Any => true,", "LeaseMode::Any => false,"),
    server("lease: own not granted again", LEASES, "if lease.what.name == request.lease {", "if false {"),
    server("lease: retry cuts short", LEASES, "lease.end.max(end)", "end"),
    server("lease: retry does not renew", LEASES, "record.set_lease_end(lease.end.max(end));", ""),
    server(
        "lease: early lease is not stolen",
        LEASES,
        "lease.what.birth >= request.need_birth",
        "lease.what.birth >= request.need_birth || true",
    ),
    server(
        "lease: birth of the lease is need_birth",
        LEASES,
        "birth: request.birth }",
        "birth: request.need_birth }",
    ),
    server(
        "renew: adds nothing",
        LEASES,
        "        record.set_lease_end(now.after(hold.as_duration()));\n",
        "",
    ),
    server("release: whoever asks", RECORD, "lease.what.name == name", "lease.what.name == name || true"),
    server(
        "fill: lease stays",
        LEASES,
        "        if let Some(record) = records.get_mut(key) {\n            record.end_lease();\n        }\n        Ok(())",
        "        Ok(())",
    ),
    server(
        "fill: vanished keeps lease",
        LEASES,
        "                    record.end_lease();\n                    return Ok(Filled::Vanished);",
        "                    return Ok(Filled::Vanished);",
    ),
    server(
        "fill: short value gets header",
        LEASES,
        "stored.get(header.len()..)?",
        "stored.get(header.len()..).unwrap_or_default()",
    ),
    server("value: lives one step too long", RECORD, "now < self.end", "now <= self.end"),
    server(
        "put: newer build overwritten",
        WRITES,
        "stored.is_newer_than(own))",
        "stored.is_newer_than(own) && false)",
    ),
    server(
        "put: stored version not looked at",
        WRITES,
        "stored.map_or(Version::NONE, |stored| stored.version)",
        "Version::NONE",
    ),
    server("put: remembered version not looked at", WRITES, ".max(record.highest(now))", ""),
    server("put: same version outdated", WRITES, "(known > version)", "(known >= version)"),
    server("put: guard not looked at", WRITES, "if is_guarded {", "if is_guarded && false {"),
    server(
        "put: guarded version not remembered",
        WRITES,
        "            self.data.records.remember(key, version, end, now);\n            return",
        "            return",
    ),
    server(
        "put: not remembered",
        WRITES,
        "        self.store(key, value, ttl, now)?;\n        self.data.records.remember(key, version, end, now);",
        "        self.store(key, value, ttl, now)?;",
    ),
    server("put: memory of versions shortened", RECORD, "known.end.max(end)", "end"),
    server("put: memory of versions lowered", RECORD, "known.what.max(version)", "version"),
    server(
        "put: unversioned",
        WRITES,
        "if version.is_none() {\n        return Err",
        "if false {\n        return Err",
    ),
];
