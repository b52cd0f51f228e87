//! Queues that nobody waits for while they are opened: the next one finds everything.

use super::moments::{Moment, poll_until};
use super::stage::{builder, check_order, close, reopen_and_drain};
use crate::rig::{Folder, Store};

const KEYS: u32 = 3;

pub(super) async fn check_build(moment: Moment, polls: usize) -> bool {
    let context = format!("dropped {moment:?} after {polls} polls");
    let (folder, store) = (Folder::new(), Store::open());
    folder.fill(0..KEYS).await;
    let away = |_| std::future::pending::<Result<(), String>>();
    let has_ended =
        poll_until(moment, builder(&folder).build(away), polls).await.map(Result::unwrap).is_some();
    // It waits for the folder, if that is still being read.
    let queue = builder(&folder).build(store.sink()).await.unwrap();
    queue.put("eve", 4).await.unwrap();
    close(&queue, &context).await;
    drop(queue);
    reopen_and_drain(&folder, &store, &context).await;
    check_order(&store, "eve", &[4], &context);
    for key in 0..KEYS {
        check_order(&store, &format!("key {key}"), &[key], &context);
    }
    has_ended
}
