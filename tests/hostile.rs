//! What strangers may send: plays the seeds of the fuzz targets, and every prefix of them, against the same properties.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../fuzz/properties.rs"]
mod properties;

use std::fs;
use std::path::Path;

/// Seeds longer than this are played whole only.
const CUT: usize = 600;

fn play(target: &str, property: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let seeds: Vec<_> = fs::read_dir(folder).unwrap().map(|seed| fs::read(seed.unwrap().path()).unwrap()).collect();
    assert!(!seeds.is_empty(), "no seeds for {target}");
    for seed in seeds {
        property(&seed);
        (0..seed.len().min(CUT)).for_each(|end| property(&seed[..end]));
    }
}

macro_rules! play {
    ($($name:ident = $target:literal),* $(,)?) => {
        $(#[test] fn $name() { play($target, properties::$name); })*
    };
}

play! {
    path = "path",
    turtle = "turtle",
    json_ld = "json-ld",
    rdf = "rdf",
    n3_patch = "n3-patch",
    sparql_update = "sparql-update",
    acl = "acl",
    dpop_proof = "dpop-proof",
    headers = "headers",
    ranges = "ranges",
    payslip_text = "payslip-text",
    payslip_listing = "payslip-listing",
    file = "file",
}
