//! Where on the servers everything of a chain lies: what both the shared tier and the bus must know.

use larder_core::{AppName, Chain, PARTITIONS, Partition};

use crate::slot::Slot;

/// What stands between the braces of every key of a partition, and decides its slot: 64 of them, spread evenly over the
/// slots, so that masters get equal shares however many there are. The same on every topology, for ever.
const TAGS: [&str; PARTITIONS] = [
    "p00g5", "p019i", "p02l6", "p03vb", "p04vw", "p05kn", "p06z9", "p07g", "p08po", "p09mv", "p10tf",
    "p11n2", "p12d9", "p13h", "p14bi", "p15om", "p16bj", "p17on", "p18us", "p19hj", "p20ia", "p21de", "p22c",
    "p23of", "p242t", "p25ke", "p26z2", "p27u", "p28ik", "p29tr", "p30mb", "p318", "p32se", "p33i1", "p34md",
    "p35w0", "p36ej", "p37xs", "p3816", "p39oj", "p40ql", "p41k8", "p42zo", "p43gv", "p44gc", "p45zz",
    "p467t", "p47qy", "p48py", "p496t", "p50tp", "p51ii", "p528v", "p53ag", "p54e2", "p55g7", "p56t3",
    "p57ng", "p58dg", "p59fb", "p60f", "p61uq", "p62ck", "p63an",
];

/// The same for the invalidations of tags and caches.
const TAGS_OF_TAGS: &str = "pT";

const SLOTS: [Slot; PARTITIONS] = {
    let (mut slots, mut at) = ([Slot::of_tag(TAGS_OF_TAGS); PARTITIONS], 0);
    while at < PARTITIONS {
        #[expect(clippy::indexing_slicing, reason = "both are as long as there are partitions")]
        (slots[at] = Slot::of_tag(TAGS[at]));
        at += 1;
    }
    slots
};
const SLOT_OF_TAGS: Slot = Slot::of_tag(TAGS_OF_TAGS);

/// The slot of all keys of a chain.
pub fn slot_of(chain: Chain) -> Slot {
    match chain {
        Chain::Keys(partition) => {
            SLOTS.get(partition.index()).copied().expect("there is one for each partition")
        }
        Chain::Tags => SLOT_OF_TAGS,
    }
}

/// What stands between the braces of the keys of a chain.
pub fn hash_tag(chain: Chain) -> &'static str {
    match chain {
        Chain::Keys(partition) => of(partition),
        Chain::Tags => TAGS_OF_TAGS,
    }
}

/// The name of the last sequence of a chain.
pub fn sequence_key(app: &AppName, chain: Chain) -> String {
    format!("larder:{{{}}}:{app}~s", hash_tag(chain))
}

/// The name of the log of a chain's notices, if one is kept.
pub fn log_key(app: &AppName, chain: Chain) -> String {
    format!("larder:{{{}}}:{app}~x", hash_tag(chain))
}

fn of(partition: Partition) -> &'static str {
    TAGS.get(partition.index()).copied().expect("there is one for each partition")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_spread_evenly_over_the_slots() {
        for partition in Partition::all() {
            let middle = u16::try_from(partition.index()).unwrap() * 256 + 128;
            let slot = slot_of(Chain::Keys(partition)).index();
            assert!(slot.abs_diff(middle) <= 32, "{}", of(partition));
        }
    }
}
