//! What the derives accept, and how they refuse the rest.

#[test]
fn good_types_compile_and_do_what_they_say() {
    trybuild::TestCases::new().pass("tests/pass/*.rs");
}

#[test]
fn bad_types_are_refused_with_the_reason() {
    trybuild::TestCases::new().compile_fail("tests/fail/*.rs");
}
