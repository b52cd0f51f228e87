//! The texts that people and clients write, as the fuzzer has them, on stable.

#[path = "fuzz/corpus.rs"]
mod corpus;
#[path = "fuzz/text.rs"]
mod text;

#[test]
fn whatever_a_text_is_it_is_taken_for_what_it_is_or_refused() {
    corpus::check("text", text::text);
}
