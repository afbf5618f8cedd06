//! GET, HEAD, OPTIONS, and what every response says about a resource.

use super::prelude::*;

pub const GROUP: Group = group!(
    "reading",
    "Reading",
    [
        absent_is_not_found,
        content_has_a_type,
        head_is_get_without_content,
        bytes_come_back,
        turtle_comes_back_as_written,
        allow_tells_what_works,
        accepted_types_follow_allow,
        safe_methods_work_everywhere,
        options_is_empty,
        options_reveals_nothing,
        options_of_the_server,
        a_document_links_to_its_auxiliaries,
        a_container_links_to_its_auxiliaries,
        a_refusal_links_to_the_acl,
        types_are_linked,
        a_comma_in_a_name_is_encoded_in_links,
        dates_are_sent,
        tags_are_sent,
        responses_vary,
        ranges_are_announced,
        a_query_changes_nothing,
        an_empty_body_on_get_is_ignored,
        trace_is_not_performed,
        an_unknown_method_is_refused,
        an_unsupported_method_is_told_the_others,
        http_1_1_is_spoken,
        http_is_redirected_to_https,
        a_missing_host_is_refused,
        another_host_is_not_ours,
        a_waiting_client_is_refused_at_once,
        an_overlong_address_is_refused,
        an_error_explains_itself,
    ]
);

/// What is not there answers 404 to who may read there.
///
/// Shows: P-89, W-58
async fn absent_is_not_found(t: Trial) -> Verdict {
    t.alice.get(&t.at("missing.ttl")).await?.is(404)?;
    t.alice.head(&t.at("missing.ttl")).await?.is(404)?.empty()?;
    t.alice.get(&t.at("missing/")).await?.is(404)?;
    Ok(())
}

/// Whatever has content names its type, errors included.
///
/// Shows: solid#server-content-type-includes, P-3
async fn content_has_a_type(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    let typed = |response: &Response| response.body().is_empty() || response.header("Content-Type").is_some();
    for response in [
        t.alice.get(&document).await?.is(200)?,
        t.alice.get(&t.space).await?.is(200)?,
        t.alice.get(&t.at("missing")).await?.is(404)?,
        t.anyone.get(&document).await?.is(401)?,
        t.bob.get(&document).await?.is(403)?,
        t.alice.post(&document).plain("no").await?.is(405)?,
        t.alice.delete(&t.space).await?.is(409)?,
    ] {
        response.and(typed, "with a `Content-Type`")?;
    }
    Ok(())
}

/// HEAD answers as GET would, without the content.
///
/// Shows: P-59, rfc9110 §9.3.2
async fn head_is_get_without_content(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    for url in [&document, &t.space] {
        let get = t.alice.get(url).await?.is(200)?;
        let head = t.alice.head(url).await?.is(200)?.empty()?;
        for field in ["Content-Type", "ETag", "Last-Modified", "Allow", "WAC-Allow", "Link", "Vary", "Accept-Patch"] {
            let (in_get, in_head) = (get.header(field), head.header(field));
            ensure(in_get == in_head, format!("HEAD has {field} {in_head:?}, GET {in_get:?} ({url})"))?;
        }
        if let (Some(told), false) = (head.header("Content-Length"), url.ends_with('/')) {
            ensure(told == get.body().len().to_string(), format!("HEAD tells a length of {told}"))?;
        }
    }
    Ok(())
}

/// A document that is not RDF comes back byte for byte, with its type and parameters.
///
/// Shows: P-90, P-95
async fn bytes_come_back(t: Trial) -> Verdict {
    let bytes: Vec<u8> = (0..=255).collect();
    let url = t.at("bytes.bin");
    t.alice.put(&url).content("application/x-thing; version=2", bytes.clone()).await?.is(201)?;
    let read = t.alice.get(&url).await?.is(200)?;
    ensure(read.body() == &bytes, "the bytes came back changed")?;
    let text = t.stored("text", "text/plain; charset=iso-8859-1", "caf\u{e9}").await?;
    let read = t.alice.get(&text).await?.is(200)?;
    let named = read.need("Content-Type")?.replace(' ', "").to_ascii_lowercase();
    ensure(named == "text/plain;charset=iso-8859-1", format!("the type came back as {named}"))
}

/// An RDF document asked for in its stored type comes back as it was written, comments and prefixes included.
///
/// Shows: P-91
async fn turtle_comes_back_as_written(t: Trial) -> Verdict {
    let text = "@prefix ex: <https://example.org/> .\n# A comment.\n<#a>   ex:b   \"c\" .\n";
    let url = t.document("note.ttl", text).await?;
    let read = t.alice.get(&url).accept("text/turtle").await?.is(200)?;
    ensure(read.text() == text, "the text came back changed")
}

/// Successful responses list the methods that work, in one line.
///
/// Shows: solid#server-allow-methods, P-49
async fn allow_tells_what_works(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    for url in [&document, &t.space] {
        for response in [t.alice.get(url).await?, t.alice.head(url).await?, t.alice.options(url).await?] {
            let response = response.succeeded()?.lists("Allow", "GET")?.lists("Allow", "HEAD")?;
            let response = response.lists("Allow", "OPTIONS")?.lists("Allow", "PUT")?.lists("Allow", "PATCH")?;
            response.and(|r| r.lines("Allow").len() == 1, "with one `Allow` line")?;
        }
    }
    let posts = |r: &Response| r.list("Allow").contains(&"POST".to_owned());
    t.alice.get(&t.space).await?.and(posts, "that allows POST on a container")?;
    t.alice.get(&document).await?.and(|r| !posts(r), "that allows no POST on a document")?;
    t.alice.put(&document).turtle("").await?.succeeded()?.has("Allow")?;
    Ok(())
}

/// Accepted types are told for exactly the methods that are allowed.
///
/// Shows: solid#server-accept-headers, solid#server-patch-n3-advertise, P-50, P-51, P-52
async fn accepted_types_follow_allow(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    for url in [&document, &t.space] {
        for response in [t.alice.get(url).await?, t.alice.head(url).await?, t.alice.options(url).await?] {
            let allowed = response.list("Allow");
            for (method, field) in [("PUT", "Accept-Put"), ("POST", "Accept-Post"), ("PATCH", "Accept-Patch")] {
                let (allowed, told) = (allowed.contains(&method.to_owned()), response.header(field).is_some());
                ensure(allowed == told, format!("{url}: {method} allowed: {allowed}, {field} sent: {told}"))?;
            }
            response.lists("Accept-Patch", "text/n3")?.lists("Accept-Patch", "application/sparql-update")?;
        }
    }
    Ok(())
}

/// GET, HEAD and OPTIONS are supported everywhere, whoever asks.
///
/// Shows: solid#server-safe-methods, P-88
async fn safe_methods_work_everywhere(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    let places = [document.clone(), t.space.clone(), t.at("missing"), t.acl_of(&document).await?];
    for url in &places {
        for agent in [&t.alice, &t.anyone] {
            for response in [agent.get(url).await?, agent.head(url).await?, agent.options(url).await?] {
                response.and(|r| r.status() != 405 && r.status() != 501, "that supports the method")?;
            }
        }
    }
    Ok(())
}

/// OPTIONS answers 204 without content, for anybody and any path.
///
/// Shows: P-92
async fn options_is_empty(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    for url in [&document, &t.space, &t.at("missing"), &t.at("missing/")] {
        for agent in [&t.alice, &t.anyone] {
            agent.options(url).await?.is(204)?.empty()?;
        }
    }
    Ok(())
}

/// OPTIONS tells who may not read nothing about what exists.
///
/// Shows: P-93, P-9
async fn options_reveals_nothing(t: Trial) -> Verdict {
    let there = t.document("there", A_TRIPLE).await?;
    let (there, missing) = (t.anyone.options(&there).await?, t.anyone.options(&t.at("missing")).await?);
    for field in ["Allow", "Accept-Patch", "Accept-Put", "Accept-Post", "ETag", "Last-Modified"] {
        let (one, other) = (there.header(field), missing.header(field));
        ensure(one == other, format!("{field} tells an existing document from a missing one"))?;
    }
    Ok(())
}

/// OPTIONS of the whole server is answered.
///
/// Shows: P-94
async fn options_of_the_server(t: Trial) -> Verdict {
    let host = crate::http::authority(&t.space).unwrap_or_default();
    let request = format!("OPTIONS * HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    match raw_status(&t, request.as_bytes()).await? {
        200 | 204 => Ok(()),
        status => Err(Stop::Inapplicable(format!("the server answers it with {status}, as it may"))),
    }
}

/// A document links once to its ACL and once to its description.
///
/// Shows: solid#server-link-auxiliary-type, wac#server-link-acl, P-53, W-1, P-77
async fn a_document_links_to_its_auxiliaries(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    let text = t.stored("text", "text/plain", "hello").await?;
    for url in [&document, &text] {
        for response in [t.alice.get(url).await?, t.alice.head(url).await?] {
            let (acl, description) = (response.link("acl")?, response.link("describedby")?);
            ensure(acl != description && acl != *url && description != *url, "the auxiliaries are one resource")?;
        }
    }
    Ok(())
}

/// A container links once to its ACL and once to its description.
///
/// Shows: wac#server-link-acl, P-53, W-1
async fn a_container_links_to_its_auxiliaries(t: Trial) -> Verdict {
    for response in [t.alice.get(&t.space).await?, t.alice.head(&t.space).await?] {
        response.link("acl")?;
        response.link("describedby")?;
    }
    Ok(())
}

/// The ACL is linked from refusals too, for who may only control.
///
/// Shows: W-2
async fn a_refusal_links_to_the_acl(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    let acl = t.acl_of(&document).await?;
    for response in [t.bob.get(&document).await?.is(403)?, t.anyone.get(&document).await?.is(401)?] {
        let linked = response.link("acl")?;
        ensure(linked == acl, format!("the refusal links to {linked}"))?;
    }
    t.alice.get(&t.at("missing")).await?.is(404)?.link("acl")?;
    Ok(())
}

/// Type links tell resources and containers.
///
/// Shows: P-54
async fn types_are_linked(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    let types = t.alice.head(&document).await?.linked("type");
    ensure(types.contains(&format!("{}Resource", rdf::LDP)), "a document lacks the type ldp:Resource")?;
    ensure(!types.iter().any(|class| class.ends_with("Container")), "a document is typed as a container")?;
    let types = t.alice.head(&t.space).await?.linked("type");
    for class in ["Resource", "Container", "BasicContainer"] {
        ensure(types.contains(&format!("{}{class}", rdf::LDP)), format!("a container lacks the type ldp:{class}"))?;
    }
    Ok(())
}

/// Link targets have no bare comma, whatever the resource is called.
///
/// Shows: P-56
async fn a_comma_in_a_name_is_encoded_in_links(t: Trial) -> Verdict {
    let document = t.document("a,b.ttl", A_TRIPLE).await?;
    for response in [t.alice.get(&document).await?.is(200)?, t.alice.get(&t.at("a%2Cb.ttl")).await?.is(200)?] {
        let commas = |r: &Response| r.links().iter().any(|link| link.target.contains(','));
        response.and(|r| !commas(r), "without commas in link targets")?;
    }
    Ok(())
}

/// GET and HEAD carry the date of the last change, which is not in the future.
///
/// Shows: solid-ed#server-last-modified-includes, P-57, rfc9110 §8.8.2
async fn dates_are_sent(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    for url in [&document, &t.space] {
        for response in [t.alice.get(url).await?, t.alice.head(url).await?] {
            let (changed, sent) = (response.need("Last-Modified")?, response.need("Date")?);
            let times = (httpdate::parse_http_date(&changed), httpdate::parse_http_date(&sent));
            let (Ok(changed), Ok(sent)) = times else { return failed("a date is not an HTTP date") };
            ensure(changed <= sent, "the last change lies after the response")?;
        }
    }
    Ok(())
}

/// GET and HEAD carry an entity tag, which changes with the content.
///
/// Shows: solid#server-etag, P-58
async fn tags_are_sent(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    let tag = t.alice.get(&document).await?.need("ETag")?;
    ensure(t.alice.head(&document).await?.need("ETag")? == tag, "HEAD has another tag than GET")?;
    t.alice.put(&document).turtle("<#a> <#b> <#d> .").await?.succeeded()?;
    ensure(t.alice.head(&document).await?.need("ETag")? != tag, "the tag stayed though the content changed")?;
    t.alice.get(&t.space).await?.has("ETag")?;
    Ok(())
}

/// Responses vary by what they were chosen by, in one line.
///
/// Shows: P-60, P-109, O-10, W-86
async fn responses_vary(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    for response in [t.alice.get(&document).await?, t.alice.head(&t.space).await?, t.anyone.get(&document).await?] {
        let response = response.lists("Vary", "Accept")?.lists("Vary", "Authorization")?.lists("Vary", "Origin")?;
        response.and(|r| r.lines("Vary").len() == 1, "with one `Vary` line")?;
    }
    Ok(())
}

/// Documents announce that ranges are served.
///
/// Shows: P-61
async fn ranges_are_announced(t: Trial) -> Verdict {
    let text = t.stored("text", "text/plain", "hello").await?;
    t.alice.get(&text).await?.lists("Accept-Ranges", "bytes")?;
    Ok(())
}

/// A query does not change which resource is meant.
///
/// Shows: P-25
async fn a_query_changes_nothing(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    let read = t.alice.get(&format!("{document}?x=y")).await?.is(200)?;
    ensure(read.text() == A_TRIPLE, "another text came back")?;
    t.alice.get(&format!("{}?x=y", t.space)).await?.is(200)?.link("acl")?;
    Ok(())
}

/// A GET that announces an empty body is served.
///
/// Shows: P-17
async fn an_empty_body_on_get_is_ignored(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    t.alice.get(&document).header("Content-Length", "0").await?.is(200)?;
    Ok(())
}

/// TRACE is refused.
///
/// Shows: P-6, rfc9110 §9.3.8
async fn trace_is_not_performed(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    for url in [&document, &t.space] {
        t.alice.ask("TRACE", url).await?.one_of(&[400, 405, 501])?;
    }
    Ok(())
}

/// A method that nobody knows is refused.
///
/// Shows: P-6
async fn an_unknown_method_is_refused(t: Trial) -> Verdict {
    t.alice.ask("FROBNICATE", &t.space).await?.one_of(&[405, 501])?;
    Ok(())
}

/// A method that the target does not support gets 405 with the ones that it does.
///
/// Shows: solid#server-method-not-allowed, P-6, rfc9110 §15.5.6
async fn an_unsupported_method_is_told_the_others(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    let refused = t.alice.post(&document).turtle(A_TRIPLE).await?.is(405)?.lists("Allow", "GET")?;
    refused.and(|r| !r.list("Allow").contains(&"POST".to_owned()), "that does not allow POST")?;
    Ok(())
}

/// The server speaks HTTP/1.1.
///
/// Shows: solid#server-http, solid#server-http-11, P-1
async fn http_1_1_is_spoken(t: Trial) -> Verdict {
    let host = crate::http::authority(&t.space).unwrap_or_default();
    let target = crate::http::target(&t.space).unwrap_or("/");
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let answer = raw(&t, request.as_bytes()).await?;
    ensure(answer.starts_with("HTTP/1.1 401 "), "the status line is not one of HTTP/1.1")?;
    ensure(answer.to_ascii_lowercase().contains("\r\ndate: "), "the response has no date")
}

/// A request over http is redirected to the same address over https.
///
/// Shows: solid#server-tls-https-redirect, P-2
async fn http_is_redirected_to_https(t: Trial) -> Verdict {
    let url = t.at("note.ttl?x=y");
    let host = crate::http::authority(&url).unwrap_or_default();
    let plain = url.replacen("https://", "http://", 1);
    if plain == url || host.contains(':') {
        return Err(Stop::Inapplicable("the server is not at the usual port for https".into()));
    }
    let Ok(answer) = t.anyone.get(&plain).await else {
        return Err(Stop::Inapplicable("the server does not answer over http".into()));
    };
    let target = answer.one_of(&[301, 308])?.location()?;
    ensure(target == url, format!("it leads to {target}"))
}

/// A request without Host, or with a malformed one, is refused.
///
/// Shows: P-15, rfc9112 §3.2
async fn a_missing_host_is_refused(t: Trial) -> Verdict {
    for host in ["", "Host: a/b\r\n", "Host: *\r\n", "Host: a\\b\r\n"] {
        let request = format!("GET / HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
        let status = raw_status(&t, request.as_bytes()).await?;
        ensure(status == 400, format!("`{}` answered {status} instead of 400", host.trim()))?;
    }
    Ok(())
}

/// A host that the server does not serve is misdirected or not found.
///
/// Shows: P-15, O-19
async fn another_host_is_not_ours(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    t.alice.get(&document).header("Host", "elsewhere.example").await?.one_of(&[421, 404])?;
    Ok(())
}

/// A client that waits for 100 is refused without being asked for its content.
///
/// Shows: P-11, rfc9110 §10.1.1
async fn a_waiting_client_is_refused_at_once(t: Trial) -> Verdict {
    let host = crate::http::authority(&t.space).unwrap_or_default();
    let url = t.at("large");
    let target = crate::http::target(&url).unwrap_or("/");
    let request = format!(
        "PUT {target} HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\nContent-Length: 5000000\r\n\
         Expect: 100-continue\r\nConnection: close\r\n\r\n"
    );
    let status = raw_status(&t, request.as_bytes()).await?;
    ensure(status == 401, format!("the first answer was {status} instead of 401"))
}

/// An address beyond any measure is refused, not a fault.
///
/// Shows: P-14
async fn an_overlong_address_is_refused(t: Trial) -> Verdict {
    let url = t.at(&"a".repeat(60_000));
    t.alice.get(&url).await?.one_of(&[400, 414, 431])?;
    Ok(())
}

/// An error has a short body in an available type that shows no internals.
///
/// Shows: P-216
async fn an_error_explains_itself(t: Trial) -> Verdict {
    for accept in ["application/problem+json", "text/turtle", "text/html"] {
        let refused = t.alice.get(&t.at("missing")).accept(accept).await?.is(404)?;
        let body = refused.text().to_lowercase();
        ensure(!body.is_empty() && body.len() < 10_000, "the body of the error is empty or long")?;
        ensure(!body.contains("panicked") && !body.contains("backtrace"), "the error shows internals")?;
    }
    Ok(())
}

async fn raw(t: &Trial, request: &[u8]) -> Verdict<String> {
    t.anyone.client().raw(&t.space, request).await.map_err(|error| Stop::Untested(error.to_string()))
}

async fn raw_status(t: &Trial, request: &[u8]) -> Verdict<u16> {
    let answer = raw(t, request).await?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| Stop::Failed(format!("no status line: {}", answer.chars().take(40).collect::<String>())))
}
