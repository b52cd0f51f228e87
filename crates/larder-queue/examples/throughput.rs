//! What does it cost to make a put safe, alone and in company, and what would it cost with one sync for each?
//!
//! `cargo run --release -p larder-queue --example throughput [folder]`: the folder should be on the disk that matters.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use larder::Clock;
use larder_core::Moment;
use larder_queue::{Batch, Durability, WriteBehind};

/// How long each is measured.
const LENGTH: Duration = Duration::from_secs(3);
const BYTES: usize = 100;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let parent = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = parent.join(format!("larder-queue-throughput-{}", std::process::id()));
    let mut out = io::stdout().lock();
    writeln!(out, "| | callers | puts/s | puts/sync |\n|---|---|---|---|")?;
    let by_hand = synced_one_by_one(&folder)? / LENGTH.as_secs();
    writeln!(out, "| a file by hand, one sync for each put | 1 | {by_hand} | 1 |")?;
    for (name, durability) in [
        ("`Synced`", Durability::Synced),
        ("`Within(100 ms)`", Durability::Within(Duration::from_millis(100))),
    ] {
        for callers in [1, 64] {
            let (puts, syncs) = queue(&folder, durability, callers).await?;
            let (per_second, per_sync) = (puts / LENGTH.as_secs(), puts / syncs.max(1));
            writeln!(out, "| {name} | {callers} | {per_second} | {per_sync} |")?;
        }
    }
    Ok(())
}

/// What anybody would write by hand.
fn synced_one_by_one(folder: &Path) -> io::Result<u64> {
    std::fs::create_dir_all(folder)?;
    let mut file = File::create(folder.join("by-hand"))?;
    let (until, mut count) = (end(), 0);
    while Clock::precise().now() < until {
        file.write_all(&[7; BYTES])?;
        file.sync_data()?;
        count += 1;
    }
    std::fs::remove_dir_all(folder)?;
    Ok(count)
}

/// How many puts were acknowledged, by how many syncs. The sink takes everything at once.
async fn queue(folder: &Path, durability: Durability, callers: u32) -> larder::Result<(u64, u64)> {
    let sink = |_: Batch<u32, Vec<u8>>| async { Ok::<_, io::Error>(()) };
    let queue = WriteBehind::open(folder).durability(durability).build(sink).await?;
    let until = end();
    let putting = (0..callers).map(|caller| {
        let queue = queue.clone();
        tokio::spawn(async move {
            for key in (caller * 1_000..).take(1_000).cycle() {
                if Clock::precise().now() >= until {
                    break;
                }
                queue.put(&key, vec![7; BYTES]).await?;
            }
            Ok::<_, larder::Error>(())
        })
    });
    for task in putting.collect::<Vec<_>>() {
        task.await.expect("it does not panic")?;
    }
    let stats = queue.stats();
    queue.shut_down(Duration::from_secs(10)).await?;
    // It was made for this alone.
    let _remains = std::fs::remove_dir_all(folder);
    Ok((stats.acknowledged, stats.syncs))
}

fn end() -> Moment {
    Clock::precise().now().after(LENGTH)
}
