//! How many instructions is an L1 hit?
//!
//! Counted by callgrind, which no neighbour on the machine can disturb: this program is run under it twice, with
//! different numbers of hits, and the difference is divided. It does not see what a clock costs, so the timed ratios
//! are needed too.

use std::process::Command;

use crate::measure::{Comparison, as_f64};
use crate::report::Line;

const FEW: usize = 10_000;
const MANY: usize = 60_000;

/// The lines, or why there are none.
pub(crate) fn lines() -> Result<Vec<Line>, String> {
    let (raw_moka, raw_quick) = (per_hit("hits", "raw-moka")?, per_hit("hits", "raw-quick")?);
    let line = |name, ours: f64, reference: f64| {
        Line::new(name, "instructions", Comparison { ours, reference, ratio: ours / reference })
    };
    Ok(vec![
        line("instructions per L1 hit, moka / raw moka, 100 u64 keys", per_hit("hits", "moka")?, raw_moka),
        line(
            "instructions per L1 hit, quick / raw quick_cache, 100 u64 keys",
            per_hit("hits", "quick")?,
            raw_quick,
        ),
        line("instructions per `get`, moka / raw moka, 100 u64 keys", per_hit("stack", "moka")?, raw_moka),
        line("instructions per `get`, quick / raw moka, 100 u64 keys", per_hit("stack", "quick")?, raw_moka),
    ])
}

fn per_hit(bench: &str, map: &str) -> Result<f64, String> {
    let (few, many) = (count(bench, map, FEW)?, count(bench, map, MANY)?);
    Ok((many - few) / as_f64(MANY - FEW))
}

fn count(bench: &str, map: &str, hits: usize) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([bench, map, &hits.to_string()])
        .output()
        .map_err(|error| format!("valgrind cannot be run: {error}"))?;
    let report = String::from_utf8_lossy(&output.stderr);
    report
        .lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
        .ok_or_else(|| format!("valgrind has counted nothing:\n{report}"))
}
