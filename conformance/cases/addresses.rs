//! Slashes, percent-encoding, and other ways to spell an address.

use super::prelude::*;

pub const GROUP: Group = group!(
    "addresses",
    "Addresses",
    [
        a_container_cannot_twin_a_document,
        a_document_cannot_twin_a_container,
        a_twin_is_redirected_or_not_found,
        a_redirect_waits_for_rights,
        a_slug_does_not_hit_a_twin,
        nothing_lies_below_a_document,
        a_resource_lies_in_its_container,
        spellings_of_a_letter_are_one_address,
        the_answer_uses_the_canonical_spelling,
        an_encoded_slash_is_no_separator,
        broken_encoding_is_refused,
        dot_segments_do_not_climb,
        double_slashes_open_no_door,
        case_matters_in_paths,
        case_does_not_matter_in_hosts,
        an_encoded_suffix_is_the_suffix,
        a_container_cannot_be_named_like_an_auxiliary,
        auxiliaries_have_no_auxiliaries,
        unusual_names_work,
        a_name_in_use_is_not_given_again,
        a_fragment_in_the_request_is_no_name,
    ]
);

/// Once a document has an address, PUT with a final slash is refused and changes nothing.
///
/// Shows: solid#server-uri-trailing-slash-distinct, P-18, P-19, P-21
async fn a_container_cannot_twin_a_document(t: Trial) -> Verdict {
    let document = t.document("x", A_TRIPLE).await?;
    t.alice.put(&t.at("x/")).container().turtle("").await?.one_of(&[409, 415])?;
    t.alice.get(&document).await?.is(200)?;
    ensure(t.members(&t.space).await? == [document], "the listing changed")
}

/// Once a container has an address, PUT without the final slash is refused and changes nothing.
///
/// Shows: solid#server-uri-trailing-slash-distinct, P-18, P-19, P-21
async fn a_document_cannot_twin_a_container(t: Trial) -> Verdict {
    let container = t.container("x/").await?;
    t.alice.put(&t.at("x")).turtle(A_TRIPLE).await?.one_of(&[409, 415])?;
    t.alice.patch(&t.at("x")).sparql("INSERT DATA { <#a> <#b> <#c> }").await?.refused()?;
    t.alice.get(&container).await?.is(200)?;
    ensure(t.members(&t.space).await? == [container], "the listing changed")
}

/// The unused twin redirects to the other one, or is not found.
///
/// Shows: solid#server-uri-redirect-differing, P-20
async fn a_twin_is_redirected_or_not_found(t: Trial) -> Verdict {
    let document = t.document("doc", A_TRIPLE).await?;
    let container = t.container("box/").await?;
    for (twin, other) in [(t.at("doc/"), document), (t.at("box"), container)] {
        let answer = t.alice.get(&twin).await?.one_of(&[301, 404, 410])?;
        if answer.status() == 301 {
            ensure(answer.location()? == other, "the redirect leads elsewhere")?;
        }
    }
    Ok(())
}

/// Who may not read gets no redirect that would tell what exists.
///
/// Shows: solid#server-authorization-redirect, P-9
async fn a_redirect_waits_for_rights(t: Trial) -> Verdict {
    t.document("doc", A_TRIPLE).await?;
    t.container("box/").await?;
    for twin in [t.at("doc/"), t.at("box")] {
        t.anyone.get(&twin).await?.is(401)?;
        t.bob.get(&twin).await?.is(403)?;
    }
    Ok(())
}

/// A POST whose proposed name, or its twin, is taken makes something else and overwrites nothing.
///
/// Shows: P-22, P-155
async fn a_slug_does_not_hit_a_twin(t: Trial) -> Verdict {
    let document = t.document("doc", A_TRIPLE).await?;
    let container = t.container("box/").await?;
    for (slug, wants_container) in [("doc", true), ("doc", false), ("box", true), ("box", false)] {
        let ask = t.alice.post(&t.space).slug(slug).turtle("");
        let made = if wants_container { ask.container() } else { ask }.await?;
        if made.status() == 201 {
            let place = made.location()?;
            let bare = place.trim_end_matches('/');
            ensure(bare != document && bare != container.trim_end_matches('/'), format!("{place} is a twin"))?;
        } else {
            made.one_of(&[409, 415])?;
        }
    }
    ensure(t.alice.get(&document).await?.text() == A_TRIPLE, "the document was overwritten")
}

/// Nothing can be written below a document, which stays one.
///
/// Shows: P-23
async fn nothing_lies_below_a_document(t: Trial) -> Verdict {
    let document = t.document("doc", A_TRIPLE).await?;
    for below in [t.at("doc/x"), t.at("doc/y/x"), t.at("doc/y/")] {
        t.alice.put(&below).turtle("").await?.refused()?;
        t.alice.patch(&below).sparql("INSERT DATA { <#a> <#b> <#c> }").await?.refused()?;
    }
    t.alice.post(&t.at("doc/y/")).turtle(A_TRIPLE).await?.is(404)?;
    ensure(t.alice.get(&document).await?.text() == A_TRIPLE, "the document changed")?;
    ensure(t.members(&t.space).await? == [document], "the listing changed")
}

/// Each resource is listed by the container that its address shows, and by no other.
///
/// Shows: P-24, P-65, solid#server-basic-container
async fn a_resource_lies_in_its_container(t: Trial) -> Verdict {
    let deep = t.document("a/b/doc", A_TRIPLE).await?;
    ensure(t.members(&t.space).await? == [t.at("a/")], "the case's container lists something else than `a/`")?;
    ensure(t.members(&t.at("a/")).await? == [t.at("a/b/")], "`a/` lists something else than `a/b/`")?;
    ensure(t.members(&t.at("a/b/")).await? == [deep], "`a/b/` lists something else than its document")
}

/// Letters spelled by percent-encoding mean the letters.
///
/// Shows: P-26
async fn spellings_of_a_letter_are_one_address(t: Trial) -> Verdict {
    t.document("%41bc~d%C3%A9", A_TRIPLE).await?;
    for spelling in ["Abc~d%C3%A9", "%41%62c%7Ed%c3%a9", "Abc%7ed%C3%a9"] {
        t.alice.get(&t.at(spelling)).await?.is(200)?;
    }
    ensure(t.members(&t.space).await?.len() == 1, "one resource is listed more than once")
}

/// What the server says of a resource uses one spelling that can be fetched.
///
/// Shows: P-26
async fn the_answer_uses_the_canonical_spelling(t: Trial) -> Verdict {
    let made = t.alice.put(&t.at("%41%20b%c3%a9")).turtle(A_TRIPLE).await?.is(201)?;
    let listed = t.members(&t.space).await?;
    ensure(listed == [t.at("A%20b%C3%A9")], format!("listed as {listed:?}"))?;
    ensure(made.location()? == listed[0], "Location and listing spell the address differently")?;
    t.alice.get(&listed[0]).await?.is(200)?;
    Ok(())
}

/// An encoded slash or backslash is part of a name, however often it was encoded.
///
/// Shows: P-27
async fn an_encoded_slash_is_no_separator(t: Trial) -> Verdict {
    for (order, name) in ["a%2Fb", "a%5Cb", "a%252Fb", "a%25252Fb"].into_iter().enumerate() {
        let made = t.alice.put(&t.at(name)).plain(name).await?;
        if made.status() == 400 {
            return Err(Stop::Inapplicable(format!("the server refuses names with {name}")));
        }
        made.is(201)?;
        t.alice.get(&t.at("a/b")).await?.is(404)?;
        t.alice.get(&t.at("a/")).await?.is(404)?;
        ensure(t.members(&t.space).await?.len() == order + 1, format!("{name} is not a member of its own"))?;
    }
    for name in ["a%2fb", "a%5cb", "a%252Fb", "a%25252Fb"] {
        let read = t.alice.get(&t.at(name)).await?.is(200)?;
        ensure(read.text().eq_ignore_ascii_case(name), format!("{name} reads as {}", read.text()))?;
    }
    Ok(())
}

/// Broken encoding, bytes that are no UTF-8 and control characters are refused.
///
/// Shows: P-28
async fn broken_encoding_is_refused(t: Trial) -> Verdict {
    for name in ["%zz", "a%", "a%4", "%ff", "%c3", "a%00b", "a%0ab", "a%7f"] {
        t.alice.get(&t.at(name)).await?.is(400)?;
        t.alice.put(&t.at(name)).plain("x").await?.is(400)?;
    }
    Ok(())
}

/// Dot segments, encoded or not, never lead out of the pod.
///
/// Shows: P-29
async fn dot_segments_do_not_climb(t: Trial) -> Verdict {
    let document = t.document("doc", A_TRIPLE).await?;
    t.container("sub/").await?;
    for way in ["sub/../doc", "sub/%2e%2e/doc", "sub/.%2E/doc", "./doc", "%2e/doc"] {
        let read = t.alice.get(&t.at(way)).await?.one_of(&[200, 400])?;
        ensure(read.status() == 400 || read.text() == A_TRIPLE, format!("{way} reads something else"))?;
    }
    let root = crate::http::origin(&document).unwrap_or_default();
    for way in ["/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd"] {
        let read = t.alice.get(&format!("{root}{way}")).await?;
        ensure(read.status() >= 400 && !read.text().contains("root:"), format!("{way} leads somewhere"))?;
    }
    Ok(())
}

/// Repeated slashes collapse or are refused; they never lead around an ACL.
///
/// Shows: P-30, W-94
async fn double_slashes_open_no_door(t: Trial) -> Verdict {
    let document = t.document("sub/doc", A_TRIPLE).await?;
    let acl = t.acl_of(&document).await?;
    let read = t.alice.get(&t.at("sub//doc")).await?.one_of(&[200, 400, 404])?;
    ensure(read.status() != 200 || read.text() == A_TRIPLE, "another document was read")?;
    let root = crate::http::origin(&document).unwrap_or_default();
    for url in [&document, &acl] {
        let doubled = url.replacen(&root, &format!("{root}/"), 1).replace("sub/", "sub//");
        t.anyone.get(&doubled).await?.one_of(&[400, 401, 404])?;
        t.bob.get(&doubled).await?.one_of(&[400, 403, 404])?;
        t.bob.put(&doubled).turtle("").await?.one_of(&[400, 403, 404])?;
    }
    Ok(())
}

/// Two paths that differ by case are two resources.
///
/// Shows: P-31
async fn case_matters_in_paths(t: Trial) -> Verdict {
    t.stored("name", "text/plain", "small").await?;
    t.alice.get(&t.at("NAME")).await?.is(404)?;
    t.stored("NAME", "text/plain", "large").await?;
    ensure(t.alice.get(&t.at("name")).await?.text() == "small", "one name hides the other")?;
    ensure(t.members(&t.space).await?.len() == 2, "the container does not list both")
}

/// Hosts are the same in any case, and with their usual port.
///
/// Shows: P-36
async fn case_does_not_matter_in_hosts(t: Trial) -> Verdict {
    let document = t.document("doc", A_TRIPLE).await?;
    let host = crate::http::authority(&document).unwrap_or_default().to_uppercase();
    t.alice.get(&document).header("Host", host).await?.is(200)?;
    Ok(())
}

/// An auxiliary suffix counts however it is spelled, and in no other case.
///
/// Shows: P-32, W-94
async fn an_encoded_suffix_is_the_suffix(t: Trial) -> Verdict {
    let document = t.document("doc", A_TRIPLE).await?;
    t.allow(&document, &[Rule::agent(&t.bob, "Read Write")]).await?;
    let acl = t.acl_of(&document).await?;
    let Some(stem) = acl.strip_suffix(".acl") else {
        return Err(Stop::Inapplicable("ACLs have no suffix here".into()));
    };
    for spelling in [".%61cl", ".ac%6C", "%2eacl"] {
        let spelled = format!("{stem}{spelling}");
        t.bob.get(&spelled).await?.is(403)?;
        t.bob.put(&spelled).turtle("").await?.is(403)?;
        t.alice.get(&spelled).await?.is(200)?;
    }
    t.alice.put(&format!("{stem}.ACL")).plain("an ordinary name").await?.is(201)?;
    Ok(())
}

/// A container cannot have a name that ends like an auxiliary resource's.
///
/// Shows: P-33
async fn a_container_cannot_be_named_like_an_auxiliary(t: Trial) -> Verdict {
    for name in ["x.acl/", "x.meta/", ".acl/", ".meta/"] {
        t.alice.put(&t.at(name)).container().turtle("").await?.refused()?;
    }
    ensure(t.members(&t.space).await?.is_empty(), "one of them was made")
}

/// An auxiliary resource has no auxiliary resources of its own.
///
/// Shows: P-34, W-3
async fn auxiliaries_have_no_auxiliaries(t: Trial) -> Verdict {
    t.document("doc", A_TRIPLE).await?;
    for name in ["doc.acl.acl", "doc.acl.meta", "doc.meta.meta", "doc.meta.acl"] {
        t.alice.get(&t.at(name)).await?.one_of(&[404, 400])?;
        t.alice.put(&t.at(name)).turtle("").await?.one_of(&[409, 400, 405])?;
    }
    Ok(())
}

/// No name is impossible because of how resources are kept.
///
/// Shows: P-35
async fn unusual_names_work(t: Trial) -> Verdict {
    let long = "n".repeat(200);
    let names = ["name$.ttl", "con", "NUL.txt", ".hidden", "a%20b", "%E6%97%A5", "a:b", "x~", "lock", "-", "a;b=c"];
    for name in names.into_iter().chain([long.as_str()]) {
        t.alice.put(&t.at(name)).plain(name).await?.is(201)?;
        let read = t.alice.get(&t.at(name)).await?.is(200)?;
        ensure(read.text() == name, format!("{name} reads as something else"))?;
    }
    for member in t.members(&t.space).await? {
        t.alice.get(&member).await?.is(200)?;
    }
    Ok(())
}

/// Two POSTs that propose the same name make two resources.
///
/// Shows: P-37, P-155
async fn a_name_in_use_is_not_given_again(t: Trial) -> Verdict {
    let first = t.alice.post(&t.space).slug("same").plain("one").await?.is(201)?.location()?;
    let second = t.alice.post(&t.space).slug("same").plain("two").await?.is(201)?.location()?;
    ensure(first != second, "both were given one name")?;
    ensure(t.alice.get(&first).await?.text() == "one", "the first was overwritten")
}

/// A number sign in the request target is refused, or ends the address; it never belongs to a name.
///
/// Shows: P-25
async fn a_fragment_in_the_request_is_no_name(t: Trial) -> Verdict {
    let url = t.document("doc", A_TRIPLE).await?;
    t.allow(&url, &[Rule::public("Read")]).await?;
    let host = crate::http::authority(&url).unwrap_or_default();
    let target = crate::http::target(&url).unwrap_or("/");
    let request = format!("GET {target}#part HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let answer = t.anyone.client().raw(&url, request.as_bytes()).await;
    let answer = answer.map_err(|error| Stop::Untested(error.to_string()))?;
    let fine = answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.1 200") && answer.ends_with(A_TRIPLE);
    ensure(fine, format!("answered {}", answer.lines().next().unwrap_or_default()))
}
