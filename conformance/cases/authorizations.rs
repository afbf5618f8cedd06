//! What counts as an authorization.

use super::prelude::*;

pub const GROUP: Group = group!(
    "authorizations",
    "Authorizations",
    [
        an_authorization_is_typed,
        an_authorization_is_complete,
        an_authorization_may_name_many,
        an_authorization_may_be_named,
        authorizations_add_up,
        unknown_modes_and_statements_grant_nothing,
        no_mode_implies_another,
        write_includes_append,
        objects_are_compared_exactly,
        obsolete_terms_grant_nothing,
    ]
);

/// Whether Bob may read a document whose ACL has these rules beside Alice's; `{url}` and `{bob}` are filled in.
async fn bob_reads_with(t: &Trial, rules: &str) -> Verdict<bool> {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow_turtle(&url, &rules.replace("{url}", &url).replace("{bob}", t.bob.webid())).await?;
    Ok(t.bob.get(&url).await?.one_of(&[200, 403])?.status() == 200)
}

/// A rule without the type grants nothing.
///
/// Shows: W-17
async fn an_authorization_is_typed(t: Trial) -> Verdict {
    let rule = "acl:agent <{bob}> ; acl:accessTo <{url}> ; acl:mode acl:Read .";
    ensure(!bob_reads_with(&t, &format!("<#r> {rule}")).await?, "an untyped rule granted")?;
    ensure(!bob_reads_with(&t, &format!("<#r> a acl:Rule ; {rule}")).await?, "a rule of another type granted")?;
    ensure(bob_reads_with(&t, &format!("<#r> a acl:Authorization ; {rule}")).await?, "the typed rule did not grant")
}

/// A rule without object, mode or subject grants nothing.
///
/// Shows: W-17
async fn an_authorization_is_complete(t: Trial) -> Verdict {
    for rule in [
        "<#r> a acl:Authorization ; acl:agent <{bob}> ; acl:mode acl:Read .",
        "<#r> a acl:Authorization ; acl:agent <{bob}> ; acl:accessTo <{url}> .",
        "<#r> a acl:Authorization ; acl:accessTo <{url}> ; acl:mode acl:Read .",
    ] {
        ensure(!bob_reads_with(&t, rule).await?, format!("`{rule}` granted"))?;
    }
    Ok(())
}

/// One rule may name many objects, subjects and modes, and all combine.
///
/// Shows: W-18
async fn an_authorization_may_name_many(t: Trial) -> Verdict {
    let rule = "[] a acl:Authorization ; acl:agent <https://nobody.example/#me>, <{bob}> ; \
                acl:accessTo <https://elsewhere.example/>, <{url}> ; acl:mode acl:Append, acl:Read .";
    ensure(bob_reads_with(&t, rule).await?, "the rule did not grant")?;
    t.bob.patch(&t.at("note.ttl")).sparql("INSERT DATA { <#d> <#e> <#f> }").await?.succeeded()?;
    Ok(())
}

/// A rule may be a blank node or have a name.
///
/// Shows: W-18
async fn an_authorization_may_be_named(t: Trial) -> Verdict {
    for name in ["[]", "_:rule", "<#rule>", "<https://elsewhere.example/#rule>"] {
        let rule =
            format!("{name} a acl:Authorization ; acl:agent <{{bob}}> ; acl:accessTo <{{url}}> ; acl:mode acl:Read .");
        ensure(bob_reads_with(&t, &rule).await?, format!("the rule {name} did not grant"))?;
    }
    Ok(())
}

/// Rules add up, in any order.
///
/// Shows: W-19
async fn authorizations_add_up(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, &[Rule::agent(&t.bob, "Append"), Rule::authenticated("Read"), Rule::agent(&t.bob, "Append")]).await?;
    t.bob.get(&url).await?.is(200)?;
    t.bob.patch(&url).sparql("INSERT DATA { <#d> <#e> <#f> }").await?.succeeded()?;
    t.bob.put(&url).turtle("").await?.is(403)?;
    Ok(())
}

/// Modes and statements that nobody knows neither fail nor grant.
///
/// Shows: W-20, W-92
async fn unknown_modes_and_statements_grant_nothing(t: Trial) -> Verdict {
    let rule = |mode: &str| {
        format!(
            "<#r> a acl:Authorization ; acl:agent <{{bob}}> ; acl:accessTo <{{url}}> ; acl:mode {mode} ; \
             <https://example.org/note> \"x\" ."
        )
    };
    for mode in ["<https://example.org/Read>", "acl:Fly", "acl:Access", "\"Read\"", "<https://example.org/Mode>"] {
        ensure(!bob_reads_with(&t, &rule(mode)).await?, format!("the mode {mode} granted Read"))?;
    }
    ensure(bob_reads_with(&t, &rule("acl:Read, <https://example.org/Fly>")).await?, "an unknown mode spoilt the rule")
}

/// Neither Control nor Write includes Read, and Write includes no Control.
///
/// Shows: W-21, W-49, W-52
async fn no_mode_implies_another(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let acl = t.acl_of(&url).await?;
    t.allow(&url, &[Rule::agent(&t.bob, "Control")]).await?;
    t.bob.get(&url).await?.is(403)?;
    t.bob.put(&url).turtle("").await?.is(403)?;
    t.allow(&url, &[Rule::agent(&t.bob, "Write")]).await?;
    t.bob.get(&url).await?.is(403)?;
    t.bob.get(&acl).await?.is(403)?;
    t.allow(&url, &[Rule::agent(&t.bob, "Read")]).await?;
    t.bob.put(&url).turtle("").await?.is(403)?;
    t.bob.patch(&url).sparql("INSERT DATA { <#d> <#e> <#f> }").await?.is(403)?;
    t.bob.get(&acl).await?.is(403)?;
    Ok(())
}

/// Write includes Append, not the other way round.
///
/// Shows: W-21, W-45
async fn write_includes_append(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, &[Rule::agent(&t.bob, "Write")]).await?;
    t.bob.patch(&url).sparql("INSERT DATA { <#d> <#e> <#f> }").await?.succeeded()?;
    t.allow(&url, &[Rule::agent(&t.bob, "Append")]).await?;
    t.bob.put(&url).turtle("").await?.is(403)?;
    Ok(())
}

/// A rule for another address grants nothing, were it but a slash or a letter's case.
///
/// Shows: W-22
async fn objects_are_compared_exactly(t: Trial) -> Verdict {
    let rule = |object: &str| {
        format!("<#r> a acl:Authorization ; acl:agent <{{bob}}> ; acl:accessTo <{object}> ; acl:mode acl:Read .")
    };
    for object in ["{url}/", "{url}#part", "{url}?x", "https://elsewhere.example/"] {
        ensure(!bob_reads_with(&t, &rule(object)).await?, format!("a rule for {object} granted"))?;
    }
    ensure(!bob_reads_with(&t, &rule(&t.at("NOTE.ttl"))).await?, "a rule for another case granted")
}

/// Obsolete terms grant nothing.
///
/// Shows: W-23
async fn obsolete_terms_grant_nothing(t: Trial) -> Verdict {
    let url = t.document("box/note.ttl", A_TRIPLE).await?;
    let rule = format!(
        "[] a acl:Authorization ; acl:agent <{}> ; acl:defaultForNew <{}> ; acl:mode acl:Read .",
        t.bob.webid(),
        t.at("box/")
    );
    t.allow_turtle(&t.at("box/"), &rule).await?;
    t.bob.get(&url).await?.is(403)?;
    Ok(())
}
