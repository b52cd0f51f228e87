//! The fuzz targets over their seeds, on stable.

use crate::{bodies, corpus};

#[test]
fn headers() {
    corpus::check("header", bodies::header);
}

#[test]
fn envelopes() {
    corpus::check("open", bodies::open);
    corpus::check("open", bodies::open_in_migration);
}

#[test]
fn formats() {
    corpus::check("decode", bodies::decode);
}

#[test]
fn compressions() {
    corpus::check("seal", bodies::seal);
}
