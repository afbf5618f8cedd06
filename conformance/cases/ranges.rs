//! Parts of a document.

use super::prelude::*;

pub const GROUP: Group = group!(
    "ranges",
    "Ranges",
    [
        a_part_is_served,
        a_part_beyond_the_end_is_told_the_total,
        what_is_no_byte_range_is_ignored,
        several_parts_are_served_or_ignored,
        head_ignores_ranges,
        a_part_of_rdf_is_a_part_of_what_was_chosen,
        if_range_needs_the_same_tag,
        if_range_with_a_date_or_weak_tag,
    ]
);

const TEXT: &str = "0123456789";

/// A single range gets the part, with its place and length.
///
/// Shows: P-110, P-95, rfc9110 §14.1.2, rfc9110 §15.3.7
async fn a_part_is_served(t: Trial) -> Verdict {
    let url = t.stored("text", "text/plain", TEXT).await?;
    for (range, part, place) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
        ("bytes=-99", TEXT, "bytes 0-9/10"),
    ] {
        let read = t.alice.get(&url).header("Range", range).await?.is(206)?;
        let told = read.need("Content-Range")?;
        ensure(read.text() == part && told == place, format!("{range}: `{}`, {told}", read.text()))?;
        ensure(read.header("Content-Length") == Some(part.len().to_string()), "the length is not the part's")?;
        read.has("ETag")?;
    }
    Ok(())
}

/// A range beyond the end is refused with the total.
///
/// Shows: P-111, rfc9110 §15.5.17
async fn a_part_beyond_the_end_is_told_the_total(t: Trial) -> Verdict {
    let url = t.stored("text", "text/plain", TEXT).await?;
    for range in ["bytes=10-", "bytes=50-60", "bytes=-0"] {
        let refused = t.alice.get(&url).header("Range", range).await?.is(416)?;
        let told = refused.need("Content-Range")?;
        ensure(told == "bytes */10", format!("{range}: told {told}"))?;
    }
    Ok(())
}

/// An unknown unit and a malformed range are ignored.
///
/// Shows: P-111, rfc9110 §14.2
async fn what_is_no_byte_range_is_ignored(t: Trial) -> Verdict {
    let url = t.stored("text", "text/plain", TEXT).await?;
    for range in ["lines=1-2", "bytes=", "bytes=5-2", "bytes=a-b", "nonsense"] {
        let read = t.alice.get(&url).header("Range", range).await?.is(200)?;
        ensure(read.text() == TEXT, format!("{range}: `{}`", read.text()))?;
    }
    Ok(())
}

/// Several ranges get the whole or the parts.
///
/// Shows: P-112
async fn several_parts_are_served_or_ignored(t: Trial) -> Verdict {
    let url = t.stored("text", "text/plain", TEXT).await?;
    let read = t.alice.get(&url).header("Range", "bytes=0-1, 4-5").await?.one_of(&[200, 206, 416])?;
    let parts = read.media_type() == "multipart/byteranges";
    ensure(read.status() != 206 || parts, "206 with neither one part nor several")
}

/// HEAD answers as if no range was asked.
///
/// Shows: P-114
async fn head_ignores_ranges(t: Trial) -> Verdict {
    let url = t.stored("text", "text/plain", TEXT).await?;
    t.alice.head(&url).header("Range", "bytes=2-4").await?.is(200)?.lacks("Content-Range")?;
    Ok(())
}

/// A part of an RDF document is a part of the representation that was chosen.
///
/// Shows: P-114
async fn a_part_of_rdf_is_a_part_of_what_was_chosen(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    for accept in ["text/turtle", "application/ld+json"] {
        let whole = t.alice.get(&url).accept(accept).await?.is(200)?;
        let part = t.alice.get(&url).accept(accept).header("Range", "bytes=3-6").await?.one_of(&[200, 206])?;
        let expected = if part.status() == 206 { whole.body().slice(3..7) } else { whole.body().clone() };
        ensure(*part.body() == expected, format!("{accept}: another part came"))?;
    }
    Ok(())
}

/// If-Range gives the part for the same tag, and the whole for another.
///
/// Shows: P-115, rfc9110 §13.1.5
async fn if_range_needs_the_same_tag(t: Trial) -> Verdict {
    let url = t.stored("text", "text/plain", TEXT).await?;
    let tag = t.alice.head(&url).await?.need("ETag")?;
    t.alice.get(&url).header("Range", "bytes=2-4").header("If-Range", tag.clone()).await?.is(206)?;
    t.alice.get(&url).header("Range", "bytes=2-4").header("If-Range", "\"other\"").await?.is(200)?;
    t.alice.get(&url).header("If-Range", tag).await?.is(200)?;
    Ok(())
}

/// If-Range never takes a weak tag, nor another date.
///
/// Shows: P-115
async fn if_range_with_a_date_or_weak_tag(t: Trial) -> Verdict {
    let url = t.stored("text", "text/plain", TEXT).await?;
    let tag = t.alice.head(&url).await?.need("ETag")?;
    for condition in
        [format!("W/{tag}"), "Sat, 01 Jan 2000 00:00:00 GMT".into(), "Fri, 01 Jan 2100 00:00:00 GMT".into()]
    {
        t.alice.get(&url).header("Range", "bytes=2-4").header("If-Range", condition).await?.is(200)?;
    }
    Ok(())
}
