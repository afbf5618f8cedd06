//! Requests from pages of other sites.

use super::prelude::*;

pub const GROUP: Group = group!(
    "cors",
    "Cross-origin requests",
    [
        the_origin_is_echoed_on_every_status,
        what_apps_read_is_exposed,
        a_preflight_needs_nothing,
        a_preflight_allows_what_was_asked,
        a_preflight_may_ask_for_accept,
        authorised_answers_list_allowed_fields,
        credentials_are_allowed_but_cookies_are_not_read,
        a_preflight_can_be_kept_apart,
        the_null_origin_is_echoed,
        a_malformed_origin_is_not_answered,
        nothing_illegal_is_echoed,
        early_refusals_are_readable,
    ]
);

const APP: &str = "https://app.example";

fn echoes(response: &Response, origin: &str) -> Verdict {
    let lines = response.lines("Access-Control-Allow-Origin");
    ensure(lines == [origin], format!("{} allowed origins {lines:?}", response.status()))?;
    let varies = response.list("Vary").iter().any(|name| name.eq_ignore_ascii_case("Origin"));
    ensure(varies, format!("{} does not vary by origin", response.status()))
}

/// The origin is echoed whatever the status, so that applications can read the answer.
///
/// Shows: solid#server-cors, solid#server-cors-access-control-headers, solid#server-cors-acao-vary, P-200, W-68
async fn the_origin_is_echoed_on_every_status(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    let tag = t.alice.get(&document).await?.need("ETag")?;
    for (ask, status) in [
        (t.alice.get(&document), 200),
        (t.alice.put(&t.at("new")).plain("x"), 201),
        (t.alice.get(&document).header("If-None-Match", tag), 304),
        (t.alice.put(&t.at("bad")).turtle(BROKEN_TURTLE), 400),
        (t.anyone.get(&document), 401),
        (t.bob.get(&document), 403),
        (t.alice.get(&t.at("missing")), 404),
        (t.alice.post(&document).plain("x"), 405),
        (t.alice.get(&document).accept("image/png"), 406),
        (t.alice.delete(&t.space), 409),
        (t.alice.put(&document).header("If-Match", "\"other\"").plain("x"), 412),
        (t.alice.patch(&document).plain("x"), 415),
        (t.alice.get(&document).header("Range", "bytes=1000-"), 416),
        (t.alice.patch(&document).n3(A_TRIPLE), 422),
    ] {
        echoes(&ask.origin(APP).await?.is(status)?, APP)?;
    }
    echoes(&t.alice.get(&document).origin("http://localhost:8080").await?, "http://localhost:8080")
}

/// The fields that applications read are exposed one by one, on refusals too.
///
/// Shows: solid#server-cors-aceh, solid#server-cors-enumerate, wac#server-cors-aceh-wac-allow, P-201, P-202, W-68, O-9
async fn what_apps_read_is_exposed(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    for response in [t.alice.get(&document).origin(APP).await?, t.anyone.get(&document).origin(APP).await?] {
        let mut response =
            response.and(|r| !r.list("Access-Control-Expose-Headers").contains(&"*".into()), "without *")?;
        for name in [
            "Accept-Patch",
            "Accept-Post",
            "Accept-Put",
            "Accept-Ranges",
            "Allow",
            "Content-Length",
            "Content-Range",
            "Content-Type",
            "Date",
            "ETag",
            "Last-Modified",
            "Link",
            "Location",
            "Retry-After",
            "Vary",
            "WAC-Allow",
            "WWW-Authenticate",
        ] {
            response = response.lists("Access-Control-Expose-Headers", name)?;
        }
    }
    Ok(())
}

/// A preflight is answered without credentials, for private and missing resources too.
///
/// Shows: solid#server-cors-options, P-203, O-9
async fn a_preflight_needs_nothing(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    for url in [&document, &t.space, &t.at("missing"), &t.at("missing/deep/")] {
        let ask = t.anyone.options(url).origin(APP).header("Access-Control-Request-Method", "GET");
        let preflight = ask.await?.one_of(&[200, 204])?.empty()?;
        echoes(&preflight, APP)?;
    }
    Ok(())
}

/// A preflight allows the method and the fields that it asks for, and no field besides.
///
/// Shows: solid#server-cors, P-204, P-205, O-9
async fn a_preflight_allows_what_was_asked(t: Trial) -> Verdict {
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
        let ask = t.anyone.options(&t.space).origin(APP).header("Access-Control-Request-Method", method);
        let names = "X-CUSTOM, Content-Type, authorization, dpop, slug, link, if-match, if-none-match, range";
        let preflight = ask.header("Access-Control-Request-Headers", names).await?.succeeded()?;
        let mut preflight = preflight.lists("Access-Control-Allow-Methods", method)?;
        for name in names.split(", ") {
            preflight = preflight.lists("Access-Control-Allow-Headers", name)?;
        }
        let allows_accept =
            |r: &Response| r.list("Access-Control-Allow-Headers").iter().any(|n| n.eq_ignore_ascii_case("Accept"));
        preflight.and(|r| !allows_accept(r), "that does not allow `Accept`, which was not asked for")?;
    }
    Ok(())
}

/// A preflight that asks for Accept is allowed it.
///
/// Shows: solid#server-cors-accept-acah, P-206
async fn a_preflight_may_ask_for_accept(t: Trial) -> Verdict {
    let ask = t.anyone.options(&t.space).origin(APP).header("Access-Control-Request-Method", "GET");
    let preflight = ask.header("Access-Control-Request-Headers", "Accept, X-Other").await?.succeeded()?;
    preflight.lists("Access-Control-Allow-Headers", "Accept")?;
    Ok(())
}

/// An authorised answer lists the allowed fields.
///
/// Shows: wac#server-cors-acao-acah, P-207, W-68
async fn authorised_answers_list_allowed_fields(t: Trial) -> Verdict {
    let answer = t.alice.get(&t.space).origin(APP).await?.is(200)?;
    answer.lists("Access-Control-Allow-Headers", "Authorization")?.lists("Access-Control-Allow-Headers", "DPoP")?;
    Ok(())
}

/// Credentials are allowed, and a cookie is none.
///
/// Shows: P-208, P-218
async fn credentials_are_allowed_but_cookies_are_not_read(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    let read = t.alice.get(&document).origin(APP).await?.is(200)?;
    let allowed = read.header("Access-Control-Allow-Credentials");
    ensure(allowed.is_none() || allowed.as_deref() == Some("true"), format!("credentials are `{allowed:?}`"))?;
    let token = &t.alice.credentials()?.token;
    let cookie = format!("session={token}; __Host-session={token}");
    t.anyone.get(&document).origin(APP).header("Cookie", cookie).await?.is(401)?;
    Ok(())
}

/// A preflight varies by all that it was asked, and may be kept for a while.
///
/// Shows: P-209, P-210
async fn a_preflight_can_be_kept_apart(t: Trial) -> Verdict {
    let ask = t.anyone.options(&t.space).origin(APP).header("Access-Control-Request-Method", "GET");
    let mut preflight = ask.header("Access-Control-Request-Headers", "x-y").await?;
    for name in ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"] {
        preflight = preflight.lists("Vary", name)?;
    }
    let age = preflight.header("Access-Control-Max-Age");
    ensure(age.is_none_or(|age| age.parse::<u32>().is_ok()), "the age is no number")
}

/// The null origin is an origin.
///
/// Shows: P-211
async fn the_null_origin_is_echoed(t: Trial) -> Verdict {
    echoes(&t.alice.get(&t.space).origin("null").await?, "null")?;
    t.alice.get(&t.space).await?.lists("Vary", "Origin")?;
    Ok(())
}

/// A malformed origin is not answered.
///
/// Shows: P-211, P-212
async fn a_malformed_origin_is_not_answered(t: Trial) -> Verdict {
    for origin in ["nonsense", "https://app.example/path", "https://a.example https://b.example"] {
        let answer = t.alice.get(&t.space).origin(origin).await?;
        let echoed = answer.lines("Access-Control-Allow-Origin").iter().any(|line| line == origin);
        ensure(!echoed, format!("`{origin}` was echoed"))?;
    }
    Ok(())
}

/// A field name that is not legal is not echoed.
///
/// Shows: P-212
async fn nothing_illegal_is_echoed(t: Trial) -> Verdict {
    let ask = t.anyone.options(&t.space).origin(APP).header("Access-Control-Request-Method", "GET");
    let preflight = ask.header("Access-Control-Request-Headers", "x-good, <script>, x y").await?;
    let allowed = preflight.header("Access-Control-Allow-Headers").unwrap_or_default();
    ensure(!allowed.contains('<') && !allowed.contains("x y"), format!("`{allowed}` is allowed"))
}

/// A refusal made early can be read by applications as well.
///
/// Shows: P-213
async fn early_refusals_are_readable(t: Trial) -> Verdict {
    echoes(&t.alice.get(&t.at("%zz")).origin(APP).await?.is(400)?, APP)?;
    let badly = t.anyone.get(&t.space).header("Authorization", "DPoP nonsense").header("DPoP", "nonsense");
    echoes(&badly.origin(APP).await?.is(401)?, APP)
}
