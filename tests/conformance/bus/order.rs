//! In which order it is heard.

use std::collections::HashMap;

use larder_core::{Chain, Invalidation, Sequence};

use crate::conformance::backend::{Backend, Node, Rig, at, chain_of, entry, key, tag};

use super::listener::{Heard, Listener};

const COUNT: u64 = 200;

/// Many invalidations over many chains, by two nodes in turn.
async fn write(nodes: &[&Node; 2]) {
    for number in 0..COUNT {
        let node = nodes[usize::from(number % 2 == 0)];
        if number % 5 == 0 {
            node.invalidate(Invalidation::Tags(&[tag(number)])).await;
        } else {
            node.drop_key(&key(&format!("user-{}", number % 20))).await;
        }
    }
}

async fn hear(listener: &mut Listener) -> Vec<Heard> {
    let mut heard = Vec::new();
    for _ in 0..COUNT {
        heard.push(listener.notice().await);
    }
    heard
}

/// Where chains lie on different servers, nobody promises how they lie between each other.
fn by_chain(heard: Vec<Heard>) -> HashMap<Chain, Vec<Heard>> {
    let mut chains: HashMap<Chain, Vec<Heard>> = HashMap::new();
    for heard in heard {
        chains.entry(heard.notice.chain()).or_default().push(heard);
    }
    chains
}

pub(super) async fn notices_come_in_the_order_of_their_chain<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let other = rig.another().await;
    write(&[&rig.node, &other]).await;
    let mut listener = Listener::subscribe(&rig.node).await;
    let began = listener.sync_point().await.at;
    write(&[&rig.node, &other]).await;
    let mut seen: HashMap<Chain, Sequence> = began.into_iter().collect();
    for heard in hear(&mut listener).await {
        let before = seen.insert(heard.notice.chain(), heard.sequence);
        assert_eq!(before, Some(heard.previous), "{heard:?}");
    }
    assert_eq!(seen, rig.node.remote.sequences().await.unwrap().into_iter().collect());
}

pub(super) async fn every_node_hears_the_same_order<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let other = rig.another().await;
    let mut listeners = [Listener::new(&rig.node).await, Listener::new(&other).await];
    write(&[&rig.node, &other]).await;
    let [one, two] = &mut listeners;
    assert_eq!(by_chain(hear(one).await), by_chain(hear(two).await));
}

/// Whoever hears of an invalidation and reads finds it done.
pub(super) async fn a_notice_comes_after_its_invalidation<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let (reader, ada) = (rig.another().await, key("ada"));
    let mut listener = Listener::new(&reader).await;
    for _ in 0..20 {
        rig.node.store(&ada, &entry("Ada")).await;
        let write = rig.node.drop_key(&ada);
        let read = async {
            let heard = listener.notice().await;
            (heard, reader.get(&ada).await, reader.remote.sequences().await.unwrap())
        };
        let ((heard, value, sequences), told) = tokio::join!(read, write);
        assert_eq!((heard.sequence, value), (told.sequence, None));
        assert_eq!(at(&sequences, chain_of(&ada)), told.sequence);
    }
}
