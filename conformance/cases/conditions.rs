//! Conditional requests.

use std::future::IntoFuture;

use super::prelude::*;

pub const GROUP: Group = group!(
    "conditions",
    "Conditions",
    [
        if_match_guards_a_write,
        if_match_on_what_is_missing,
        if_match_compares_strongly,
        if_none_match_star_creates_once,
        if_none_match_star_on_a_container,
        if_none_match_saves_a_read,
        if_none_match_stops_a_write,
        dates_save_a_read,
        dates_stop_a_write,
        unreadable_dates_are_passed_over,
        if_match_goes_first,
        an_unchanged_answer_keeps_its_fields,
        types_do_not_share_a_tag,
        any_current_tag_validates_a_write,
        a_patch_can_be_conditional,
        conditions_of_a_post_speak_of_the_container,
        of_two_creations_one_wins,
        of_two_replacements_one_wins,
        a_refusal_goes_before_a_condition,
        a_missing_target_goes_before_a_condition,
        options_ignores_conditions,
        the_answer_to_put_tells_a_true_tag,
    ]
);

const OLD: &str = "Sat, 01 Jan 2000 00:00:00 GMT";
const LATE: &str = "Fri, 01 Jan 2100 00:00:00 GMT";

/// A write with the current tag is done, one with another is refused and changes nothing.
///
/// Shows: P-118, rfc9110 §13.1.1
async fn if_match_guards_a_write(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let tag = t.alice.head(&url).await?.need("ETag")?;
    t.alice.put(&url).header("If-Match", "\"other\"").turtle("").await?.is(412)?;
    t.alice.delete(&url).header("If-Match", "\"other\"").await?.is(412)?;
    ensure(t.alice.get(&url).await?.text() == A_TRIPLE, "the document changed")?;
    t.alice.put(&url).header("If-Match", format!("\"other\", {tag}")).turtle("").await?.succeeded()?;
    t.alice.put(&url).header("If-Match", tag).turtle(A_TRIPLE).await?.is(412)?;
    t.alice.put(&url).header("If-Match", "*").turtle(A_TRIPLE).await?.succeeded()?;
    let tag = t.alice.head(&url).await?.need("ETag")?;
    t.alice.delete(&url).header("If-Match", tag).await?.succeeded()?;
    Ok(())
}

/// A write that expects something is refused where nothing is.
///
/// Shows: P-118
async fn if_match_on_what_is_missing(t: Trial) -> Verdict {
    let url = t.at("missing");
    for condition in ["*", "\"some\""] {
        t.alice.put(&url).header("If-Match", condition).turtle("").await?.is(412)?;
        t.alice.patch(&url).header("If-Match", condition).sparql("INSERT DATA { <#a> <#b> <#c> }").await?.is(412)?;
    }
    t.alice.get(&url).await?.is(404)?;
    Ok(())
}

/// A weak tag never matches in If-Match.
///
/// Shows: P-118, rfc9110 §8.8.3.2
async fn if_match_compares_strongly(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let tag = t.alice.head(&url).await?.need("ETag")?;
    t.alice.put(&url).header("If-Match", format!("W/{tag}")).turtle("").await?.is(412)?;
    Ok(())
}

/// If-None-Match with a star creates, and never replaces.
///
/// Shows: P-119, P-225, rfc9110 §13.1.2
async fn if_none_match_star_creates_once(t: Trial) -> Verdict {
    let url = t.at("note.ttl");
    t.alice.put(&url).header("If-None-Match", "*").turtle(A_TRIPLE).await?.is(201)?;
    t.alice.put(&url).header("If-None-Match", "*").turtle("").await?.is(412)?;
    t.alice.patch(&url).header("If-None-Match", "*").sparql("INSERT DATA { <#d> <#e> <#f> }").await?.is(412)?;
    t.alice.delete(&url).header("If-None-Match", "*").await?.is(412)?;
    ensure(t.alice.get(&url).await?.text() == A_TRIPLE, "the document changed")
}

/// If-None-Match with a star works for containers as well.
///
/// Shows: P-119, P-225
async fn if_none_match_star_on_a_container(t: Trial) -> Verdict {
    let url = t.at("box/");
    t.alice.put(&url).container().header("If-None-Match", "*").turtle("").await?.is(201)?;
    t.alice.put(&url).container().header("If-None-Match", "*").turtle("").await?.is(412)?;
    Ok(())
}

/// A read with the current tag, weak or strong, gets 304.
///
/// Shows: P-120, P-95
async fn if_none_match_saves_a_read(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    for url in [&url, &t.space] {
        let tag = t.alice.get(url).await?.need("ETag")?;
        for condition in
            [tag.clone(), format!("\"other\", {tag}"), format!("W/{}", tag.trim_start_matches("W/")), "*".into()]
        {
            t.alice.get(url).header("If-None-Match", condition.clone()).await?.is(304)?;
            t.alice.head(url).header("If-None-Match", condition).await?.is(304)?;
        }
        t.alice.get(url).header("If-None-Match", "\"other\"").await?.is(200)?;
    }
    Ok(())
}

/// A write that must not meet the current tag is refused when it does.
///
/// Shows: P-120
async fn if_none_match_stops_a_write(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let tag = t.alice.head(&url).await?.need("ETag")?;
    t.alice.put(&url).header("If-None-Match", tag).turtle("").await?.is(412)?;
    t.alice.put(&url).header("If-None-Match", "\"other\"").turtle("").await?.succeeded()?;
    Ok(())
}

/// A read since whose date nothing changed gets 304; a tag goes before the date.
///
/// Shows: P-121, rfc9110 §13.1.3
async fn dates_save_a_read(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let date = t.alice.head(&url).await?.need("Last-Modified")?;
    t.alice.get(&url).header("If-Modified-Since", date.clone()).await?.is(304)?;
    t.alice.head(&url).header("If-Modified-Since", date.clone()).await?.is(304)?;
    t.alice.get(&url).header("If-Modified-Since", OLD).await?.is(200)?;
    t.alice.get(&url).header("If-Modified-Since", date).header("If-None-Match", "\"other\"").await?.is(200)?;
    t.alice.put(&url).header("If-Modified-Since", LATE).turtle("").await?.succeeded()?;
    Ok(())
}

/// A write is refused when the target changed after the date; a tag goes before the date.
///
/// Shows: P-121, rfc9110 §13.1.4
async fn dates_stop_a_write(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let head = t.alice.head(&url).await?;
    let (date, tag) = (head.need("Last-Modified")?, head.need("ETag")?);
    t.alice.put(&url).header("If-Unmodified-Since", OLD).turtle("").await?.is(412)?;
    t.alice.get(&url).header("If-Unmodified-Since", OLD).await?.is(412)?;
    t.alice.put(&url).header("If-Unmodified-Since", OLD).header("If-Match", tag).turtle(A_TRIPLE).await?.succeeded()?;
    let date = t.alice.head(&url).await?.header("Last-Modified").unwrap_or(date);
    t.alice.put(&url).header("If-Unmodified-Since", date).turtle("").await?.succeeded()?;
    Ok(())
}

/// A date that cannot be read is passed over.
///
/// Shows: P-121
async fn unreadable_dates_are_passed_over(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.alice.get(&url).header("If-Modified-Since", "yesterday").await?.is(200)?;
    t.alice.put(&url).header("If-Unmodified-Since", "long ago").turtle("").await?.succeeded()?;
    Ok(())
}

/// A failed If-Match is 412 on GET too, whatever else holds.
///
/// Shows: P-122, rfc9110 §13.2.2
async fn if_match_goes_first(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let tag = t.alice.get(&url).await?.need("ETag")?;
    t.alice.get(&url).header("If-Match", "\"other\"").header("If-None-Match", tag.clone()).await?.is(412)?;
    t.alice.get(&url).header("If-Match", tag.clone()).header("If-None-Match", tag.clone()).await?.is(304)?;
    let ask = t.alice.get(&url).header("If-Unmodified-Since", LATE).header("If-None-Match", tag);
    ask.header("Range", "bytes=0-1").await?.is(304)?;
    Ok(())
}

/// A 304 has no content and keeps the validators, Vary and CORS fields.
///
/// Shows: P-123, P-109, P-200, W-78, rfc9110 §15.4.5
async fn an_unchanged_answer_keeps_its_fields(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let origin = "https://app.example";
    let tag = t.alice.get(&url).origin(origin).await?.need("ETag")?;
    let unchanged = t.alice.get(&url).origin(origin).header("If-None-Match", tag.clone()).await?.is(304)?.empty()?;
    ensure(unchanged.header("ETag") == Some(tag), "the tag is another")?;
    let allowed = unchanged.header("Access-Control-Allow-Origin");
    ensure(allowed.as_deref() == Some(origin), format!("the origin {allowed:?} is allowed"))?;
    unchanged.has("Date")?.lists("Vary", "Accept")?.lists("Vary", "Origin")?.has("WAC-Allow")?;
    Ok(())
}

/// Two media types of one document have different tags, and the one does not validate a read of the other.
///
/// Shows: P-116
async fn types_do_not_share_a_tag(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let turtle = t.alice.get(&url).accept("text/turtle").await?.need("ETag")?;
    let json_ld = t.alice.get(&url).accept("application/ld+json").await?.need("ETag")?;
    ensure(turtle != json_ld || turtle.starts_with("W/"), "both types have one strong tag")?;
    if turtle != json_ld {
        t.alice.get(&url).accept("application/ld+json").header("If-None-Match", turtle).await?.is(200)?;
    }
    Ok(())
}

/// A tag of any current representation validates a write.
///
/// Shows: P-117
async fn any_current_tag_validates_a_write(t: Trial) -> Verdict {
    let url = t.stored("note", "application/ld+json", r##"{"@id": "#a", "https://example.org/b": "c"}"##).await?;
    let tag = t.alice.get(&url).accept("text/turtle").await?.need("ETag")?;
    let patch = t.alice.patch(&url).header("If-Match", tag.clone()).sparql("INSERT DATA { <#a> <#b> <#c> }");
    patch.await?.succeeded()?;
    t.alice.put(&url).header("If-Match", tag).turtle("").await?.is(412)?;
    Ok(())
}

/// A patch with another tag is refused and changes nothing.
///
/// Shows: P-118, P-191
async fn a_patch_can_be_conditional(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let insert = "_:p a solid:InsertDeletePatch ; solid:inserts { <#d> <#e> <#f> . } .";
    t.alice.patch(&url).header("If-Match", "\"other\"").n3(insert).await?.is(412)?;
    t.alice.patch(&url).header("If-Match", "\"other\"").sparql("INSERT DATA { <#d> <#e> <#f> }").await?.is(412)?;
    ensure(t.alice.get(&url).await?.text() == A_TRIPLE, "the document changed")
}

/// On POST a condition speaks of the container.
///
/// Shows: P-124
async fn conditions_of_a_post_speak_of_the_container(t: Trial) -> Verdict {
    let tag = t.alice.get(&t.space).await?.need("ETag")?;
    t.alice.post(&t.space).header("If-Match", "\"other\"").turtle("").await?.is(412)?;
    t.alice.post(&t.space).header("If-None-Match", "*").turtle("").await?.is(412)?;
    ensure(t.members(&t.space).await?.is_empty(), "something was made")?;
    t.alice.post(&t.space).header("If-Match", tag).turtle("").await?.is(201)?;
    Ok(())
}

/// Of several conditional creations at once exactly one succeeds.
///
/// Shows: P-125, P-119
async fn of_two_creations_one_wins(t: Trial) -> Verdict {
    let url = t.at("contested");
    let put = |text: &'static str| t.alice.put(&url).header("If-None-Match", "*").plain(text);
    let (one, two, three, four) =
        tokio::join!(put("1").into_future(), put("2").into_future(), put("3").into_future(), put("4").into_future());
    one_wins([one?, two?, three?, four?], 201)
}

/// Of several conditional replacements at once exactly one succeeds.
///
/// Shows: P-125
async fn of_two_replacements_one_wins(t: Trial) -> Verdict {
    let url = t.stored("contested", "text/plain", "0").await?;
    let tag = t.alice.head(&url).await?.need("ETag")?;
    let put = |text: &'static str| t.alice.put(&url).header("If-Match", tag.clone()).plain(text);
    let (one, two, three, four) =
        tokio::join!(put("1").into_future(), put("2").into_future(), put("3").into_future(), put("4").into_future());
    one_wins([one?, two?, three?, four?], 204)
}

/// Without the right a condition is not looked at.
///
/// Shows: P-10, P-9, rfc9110 §13.2.1
async fn a_refusal_goes_before_a_condition(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.anyone.get(&url).header("If-Match", "\"other\"").await?.is(401)?;
    t.bob.put(&url).header("If-None-Match", "*").turtle("").await?.is(403)?;
    t.bob.put(&t.at("missing")).header("If-Match", "*").turtle("").await?.is(403)?;
    Ok(())
}

/// What is missing is not found, whatever the condition.
///
/// Shows: P-10, P-118
async fn a_missing_target_goes_before_a_condition(t: Trial) -> Verdict {
    t.alice.get(&t.at("missing")).header("If-Match", "*").await?.is(404)?;
    t.alice.delete(&t.at("missing")).header("If-Match", "\"other\"").await?.is(404)?;
    Ok(())
}

/// OPTIONS pays no heed to conditions.
///
/// Shows: P-10
async fn options_ignores_conditions(t: Trial) -> Verdict {
    t.alice.options(&t.space).header("If-Match", "\"other\"").await?.succeeded()?;
    Ok(())
}

/// A tag in the answer to PUT is the tag of what was stored.
///
/// Shows: P-127, rfc9110 §9.3.4
async fn the_answer_to_put_tells_a_true_tag(t: Trial) -> Verdict {
    for text in [A_TRIPLE, "<#a>    <#b>  \"c\" ."] {
        let put = t.alice.put(&t.at("note.ttl")).turtle(text).await?.succeeded()?;
        if let Some(told) = put.header("ETag") {
            let tag = t.alice.get(&t.at("note.ttl")).accept("text/turtle").await?.need("ETag")?;
            ensure(told == tag, format!("PUT told {told}, GET has {tag}"))?;
        }
    }
    Ok(())
}

fn one_wins(answers: [Response; 4], success: u16) -> Verdict {
    let statuses = answers.map(|answer| answer.status());
    let won = statuses.iter().filter(|status| (200..300).contains(*status)).count();
    let refused = statuses.iter().filter(|status| **status == 412).count();
    ensure(won == 1 && refused == 3, format!("four at once got {statuses:?} instead of one {success} and three 412"))
}
