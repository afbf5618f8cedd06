//! What a new pod holds, and the account interface that scripts use.

use super::prelude::*;

pub const GROUP: Group = group!(
    "provisioning",
    "Pods and accounts",
    [
        a_profile_is_public_and_complete,
        issuers_in_links_are_those_of_the_profile,
        a_new_pod_is_private,
        an_inbox_takes_notifications,
        content_cannot_act_for_its_reader,
        the_account_interface_tells_its_controls,
        an_account_cannot_be_used_without_signing_in,
    ]
);

/// A profile is public, in Turtle, and names issuer and storage.
///
/// Shows: P-47, O-211, O-42
async fn a_profile_is_public_and_complete(t: Trial) -> Verdict {
    let webid = t.alice.webid();
    let read = t.anyone.get(webid.split('#').next().unwrap_or(webid)).accept("text/turtle").await?.is(200)?;
    ensure(read.media_type() == "text/turtle", format!("it is {}", read.media_type()))?;
    let profile = read.graph()?;
    for property in [
        "http://www.w3.org/ns/solid/terms#oidcIssuer",
        "http://www.w3.org/ns/pim/space#storage",
        "http://www.w3.org/ns/ldp#inbox",
        "http://www.w3.org/ns/pim/space#preferencesFile",
    ] {
        ensure(rdf::first(&profile, webid, property).is_some(), format!("it has no <{property}>"))?;
    }
    let storage = rdf::first(&profile, webid, "http://www.w3.org/ns/pim/space#storage");
    ensure(storage.as_ref() == Some(&t.bench.pod), format!("its storage is {storage:?}"))?;
    let private = rdf::first(&profile, webid, "http://www.w3.org/ns/solid/terms#privateTypeIndex");
    ensure(private.is_none(), "it tells where the private type index is")
}

/// Issuers that a profile names in link fields are the ones in it.
///
/// Shows: oidc#oidc-issuer-discovery, oidc#oidc-issuer-discovery-link-headers, O-43
async fn issuers_in_links_are_those_of_the_profile(t: Trial) -> Verdict {
    let webid = t.alice.webid();
    let read = t.anyone.get(webid.split('#').next().unwrap_or(webid)).accept("text/turtle").await?.is(200)?;
    let term = format!("{}oidcIssuer", rdf::SOLID);
    let linked = read.linked(&term);
    let profile = read.graph()?;
    let named = rdf::objects(&profile, webid, &term).count();
    ensure(linked.is_empty() || linked.len() == named, format!("{linked:?} are linked, {named} are named"))?;
    for issuer in linked {
        ensure(has(&profile, webid, &term, &issuer), format!("{issuer} is linked but not named"))?;
    }
    Ok(())
}

/// A new pod's root belongs to its owner alone.
///
/// Shows: O-212
async fn a_new_pod_is_private(t: Trial) -> Verdict {
    t.anyone.get(&t.bench.pod).await?.is(401)?;
    t.bob.get(&t.bench.pod).await?.is(403)?;
    t.alice.get(&t.bench.pod).await?.is(200)?;
    Ok(())
}

/// The inbox of a profile takes notifications from who is signed in, and shows them to the owner only.
///
/// Shows: solid#server-ldn, P-219, P-220, P-221, O-211, O-212
async fn an_inbox_takes_notifications(t: Trial) -> Verdict {
    let webid = t.alice.webid();
    let profile =
        t.anyone.get(webid.split('#').next().unwrap_or(webid)).accept("text/turtle").await?.is(200)?.graph()?;
    let Some(inbox) = rdf::first(&profile, webid, &format!("{}inbox", rdf::LDP)) else {
        return failed("the profile names no inbox");
    };
    let note = r#"{"@type": "https://www.w3.org/ns/activitystreams#Announce"}"#;
    let sent = t.bob.post(&inbox).json_ld(note).await?.is(201)?.location()?;
    t.bob.get(&inbox).await?.is(403)?;
    t.bob.get(&sent).await?.is(403)?;
    let listing = t.alice.get(&inbox).accept("application/ld+json").await?.is(200)?.graph()?;
    ensure(rdf::members(&listing, &inbox).contains(&sent), "the notification is not listed")?;
    t.alice.delete(&sent).await?.succeeded()?;
    Ok(())
}

/// A page that somebody stored cannot act in the name of who looks at it.
///
/// Shows: O-102
async fn content_cannot_act_for_its_reader(t: Trial) -> Verdict {
    for (name, media_type) in [("page", "text/html"), ("image", "image/svg+xml"), ("data", "application/xml")] {
        let url = t.stored(name, media_type, "<p/>").await?;
        let read = t.alice.get(&url).await?.is(200)?;
        ensure(read.need("X-Content-Type-Options")? == "nosniff", "its type may be guessed")?;
        let same_origin = crate::http::origin(&url).ok() == crate::http::origin(&t.bench.provider.issuer).ok();
        let policy = read.header("Content-Security-Policy").unwrap_or_default();
        ensure(!same_origin || policy.contains("sandbox"), format!("{media_type} is not sandboxed"))?;
    }
    Ok(())
}

fn account(t: &Trial) -> String {
    format!("{}/.account/", t.bench.provider.issuer.trim_end_matches('/'))
}

/// The account interface tells its controls as JSON, under the names that scripts use.
///
/// Shows: O-201
async fn the_account_interface_tells_its_controls(t: Trial) -> Verdict {
    let answer = t.anyone.get(&account(&t)).accept("application/json").await?;
    if answer.status() == 404 {
        return Err(Stop::Inapplicable("there is no account interface".into()));
    }
    let controls = answer.is(200)?.json()?["controls"].clone();
    for (group, name) in [("main", "index"), ("main", "logins"), ("password", "login")] {
        ensure(controls[group][name].is_string(), format!("`{group}.{name}` is missing"))?;
    }
    ensure(controls["account"].get("pod").is_none(), "a control that needs an account is shown to anyone")
}

/// What belongs to an account is shown to nobody else.
///
/// Shows: O-201, O-203
async fn an_account_cannot_be_used_without_signing_in(t: Trial) -> Verdict {
    let answer = t.anyone.get(&account(&t)).accept("application/json").await?;
    if answer.status() == 404 {
        return Err(Stop::Inapplicable("there is no account interface".into()));
    }
    let ask = t.anyone.get(&account(&t)).accept("application/json");
    let forged = ask.header("Authorization", "CSS-Account-Token nonsense").await?;
    if forged.status() == 200 {
        let controls = forged.json()?["controls"].clone();
        ensure(controls["account"].get("clientCredentials").is_none(), "a forged token opens an account")?;
    }
    Ok(())
}
