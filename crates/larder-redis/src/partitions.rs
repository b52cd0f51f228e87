//! Where in a cluster each partition lies.

use larder_core::{Chain, PARTITIONS, Partition};

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

/// What stands between the braces of the keys of a chain.
pub(crate) fn hash_tag(chain: Chain) -> &'static str {
    match chain {
        Chain::Keys(partition) => of(partition),
        Chain::Tags => TAGS_OF_TAGS,
    }
}

fn of(partition: Partition) -> &'static str {
    TAGS.get(partition.index()).copied().expect("there is one for each partition")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The slot of a key in a cluster: CRC16 in its XMODEM variant, modulo 16,384.
    fn slot(tag: &str) -> u32 {
        let crc = tag.bytes().fold(0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(byte) << 8, |crc, _| {
                let shifted = crc << 1;
                (if crc & 0x8000 == 0 { shifted } else { shifted ^ 0x1021 }) & 0xFFFF
            })
        });
        crc % 16_384
    }

    #[test]
    fn partitions_are_spread_evenly_over_the_slots() {
        assert_eq!(slot("123456789"), 0x31C3 % 16_384, "the check value of the standard");
        for partition in Partition::all() {
            let middle = u32::try_from(partition.index()).unwrap() * 256 + 128;
            assert!(slot(of(partition)).abs_diff(middle) <= 16, "{}", of(partition));
        }
    }
}
