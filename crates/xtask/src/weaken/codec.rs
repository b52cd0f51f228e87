//! What keeps bytes from doing harm.
//!
//! Not here: the bound on the number of elements, for its test would not fail without it, but never end.

use super::{Test, Weakening};

pub(super) const WEAKENINGS: &[Weakening] = &[
    Weakening {
        name: "the checksum is not compared",
        file: "crates/larder-codec/src/header.rs",
        from: "if checksum(stored) != stored_checksum {",
        to: "if checksum(stored) == 0 && stored_checksum == 1 {",
        noticed_by: Test::Codec("envelope::every_flipped_bit_but_the_stale_mark_is_noticed"),
    },
    Weakening {
        name: "the mark for stale is part of the checksum",
        file: "crates/larder-codec/src/header.rs",
        from: "CHECKED: std::ops::Range<usize> = 4..60",
        to: "CHECKED: std::ops::Range<usize> = 3..60",
        noticed_by: Test::Codec("envelope::the_server_can_mark_an_envelope_stale_in_place"),
    },
    Weakening {
        name: "an envelope of another key is opened",
        file: "crates/larder-codec/src/envelope.rs",
        from: "if header.key != key.fingerprint() {",
        to: "if header.key == 0 && key.fingerprint() == 1 {",
        noticed_by: Test::Codec("envelope::the_envelope_of_another_key_is_not_opened"),
    },
    Weakening {
        name: "another shape is read",
        file: "crates/larder-codec/src/form.rs",
        from: "one.number() == other.number() && one.has_shape_of(other),",
        to: "one.number() == other.number(),",
        noticed_by: Test::Codec("schema_change::fields_of_one_type_swapped"),
    },
    Weakening {
        name: "another format is read",
        file: "crates/larder-codec/src/form.rs",
        from: "is_same && self.codec == other.codec",
        to: "is_same",
        noticed_by: Test::Codec("envelope::what_a_newer_build_wrote_is_told_from_what_may_be_replaced"),
    },
    Weakening {
        name: "a value over the limit is stored",
        file: "crates/larder-codec/src/envelope.rs",
        from: "if payload.len() > self.limit {",
        to: "if payload.len() > usize::MAX - 1 {",
        noticed_by: Test::Codec("envelope::both_limits_hold_and_name_the_size"),
    },
    Weakening {
        name: "a value over the limit is unpacked",
        file: "crates/larder-codec/src/envelope.rs",
        from: "if bytes > self.limit {",
        to: "if bytes > usize::MAX - 1 {",
        noticed_by: Test::Codec("envelope::both_limits_hold_and_name_the_size"),
    },
    Weakening {
        name: "a value that cannot be read back is stored",
        file: "crates/larder-codec/src/envelope.rs",
        from: "if self.is_sample() || cfg!(debug_assertions) {",
        to: "if self.limit == 7 {",
        noticed_by: Test::Codec("envelope::what_could_never_be_read_is_refused_when_it_is_written"),
    },
    Weakening {
        name: "a value that is read back as another is stored",
        file: "crates/larder-codec/src/reader.rs",
        from: "if again.len() == payload.len() {",
        to: "if again.len() <= payload.len() + 9 {",
        noticed_by: Test::Codec("envelope::what_is_read_back_as_another_value_is_refused_too"),
    },
    Weakening {
        name: "a payload unpacks to less than it says",
        file: "crates/larder-codec/src/compression.rs",
        from: "Ok(len) if len == raw_len => Ok(raw),",
        to: "Ok(_) => Ok(raw),",
        noticed_by: Test::Codec("hostile::a_payload_that_unpacks_to_more_or_less_than_it_says_is_refused"),
    },
    Weakening {
        name: "bincode leaves bytes over",
        file: "crates/larder-codec/src/format/bincode.rs",
        from: "if read == bytes.len() {",
        to: "if read <= bytes.len() {",
        noticed_by: Test::Codec("schema_change::a_field_removed_in_the_middle"),
    },
    Weakening {
        name: "postcard leaves bytes over",
        file: "crates/larder-codec/src/format/postcard.rs",
        from: "Ok(_) => Err(left_over(ID)),",
        to: "Ok(_) => Ok(value),",
        noticed_by: Test::Codec("hostile::whatever_is_left_over_behind_a_value_is_noticed"),
    },
    Weakening {
        name: "MessagePack leaves bytes over",
        file: "crates/larder-codec/src/format/msgpack.rs",
        from: "_ => Err(left_over(ID)),",
        to: "_ => Ok(value),",
        noticed_by: Test::Codec("hostile::whatever_is_left_over_behind_a_value_is_noticed"),
    },
    Weakening {
        name: "values may be nested without end",
        file: "crates/larder-codec/src/format/bounded.rs",
        from: "self.nesting.set(left.checked_sub(1)",
        to: "self.nesting.set(left.checked_add(1)",
        noticed_by: Test::Codec("hostile::bottomless_nesting_does_not_reach_the_end_of_the_stack"),
    },
    Weakening {
        name: "a claimed length is believed",
        file: "crates/larder-codec/src/format/bounded.rs",
        from: "claimed.min(bytes_left).min(MOST_EXPECTED)",
        to: "claimed.max(bytes_left)",
        noticed_by: Test::Codec("hostile::long_claims_at_every_level_of_nesting_allocate_little"),
    },
    Weakening {
        name: "a claimed length of a string is believed",
        file: "crates/larder-codec/src/format/bounded.rs",
        from: "deserialize_string as deserialize_str,",
        to: "deserialize_string as deserialize_string,",
        noticed_by: Test::Codec("hostile::claimed_lengths_allocate_nothing"),
    },
];
