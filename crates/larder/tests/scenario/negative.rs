//! The knowledge that there is no such row obeys the same rules as a row.

use tokio::time::sleep;

use super::rig::*;

/// A key that is not in the database.
const EVE: u64 = 9;

#[tokio::test(start_paused = true)]
async fn r11_an_insert_that_is_announced_ends_the_knowledge_that_there_is_nothing() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    assert_eq!((reader.find(EVE).await, writer.find(EVE).await), (None, None));
    assert_eq!(fleet.database.loads(), 1, "that there is nothing is kept in both tiers");
    let _receipt = writer.write(EVE).await;
    assert_eq!(writer.find(EVE).await, Some(1), "the writer at once");
    settle().await;
    assert_eq!(reader.find(EVE).await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn r11_a_late_nothing_is_rejected() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    let gate = fleet.database.pause();
    let (users, database) = (reader.users.clone(), fleet.database.clone());
    let slow = tokio::spawn(async move { users.get_or_load(&EVE, move |key| database.load(key)).await });
    gate.reached().await;
    let _receipt = writer.write(EVE).await;
    settle().await;
    gate.open();
    assert!(slow.await.unwrap().is_err(), "its caller came before the insert");
    assert_eq!(reader.find(EVE).await, Some(1));
    assert_eq!(fleet.shared(EVE).await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn r11_a_nothing_that_its_notice_did_not_reach_is_gone_within_the_bound() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    assert_eq!(reader.find(EVE).await, None);
    reader.faults.lose(1);
    let _lost = writer.write(EVE).await;
    sleep(bound()).await;
    assert_eq!(reader.find(EVE).await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn r11_a_clear_ends_the_knowledge_that_there_is_nothing() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    assert_eq!(reader.find(EVE).await, None);
    fleet.database.commit(EVE);
    let _receipt = writer.users.clear().await.unwrap();
    settle().await;
    assert_eq!(reader.find(EVE).await, Some(1));
}
