//! Linked Data Notifications.

use super::prelude::*;

pub const GROUP: Group = group!(
    "inbox",
    "Linked Data Notifications",
    [
        an_inbox_can_be_found,
        a_link_given_when_writing_is_kept,
        a_notification_is_accepted_and_kept,
        a_notification_of_any_activity_is_accepted,
        an_appender_sees_nothing_of_the_inbox,
    ]
);

const NOTE: &str = r#"{"@id": "", "@type": "https://www.w3.org/ns/activitystreams#Announce",
    "https://www.w3.org/ns/activitystreams#object": {"@id": "https://example.org/thing"}}"#;

/// An inbox can be advertised by a triple.
///
/// Shows: solid#server-ldn, P-219
async fn an_inbox_can_be_found(t: Trial) -> Verdict {
    let inbox = t.container("inbox/").await?;
    let card = t.document("card", &format!("<#me> <{}inbox> <inbox/> .", rdf::LDP)).await?;
    let graph = t.alice.get(&card).accept("application/ld+json").await?.is(200)?.graph()?;
    let found = rdf::first(&graph, &format!("{card}#me"), &format!("{}inbox", rdf::LDP));
    ensure(found == Some(inbox), format!("the inbox is {found:?}"))
}

/// An inbox link that came with a write is sent with the resource.
///
/// Shows: P-64, P-219
async fn a_link_given_when_writing_is_kept(t: Trial) -> Verdict {
    let inbox = t.container("inbox/").await?;
    let rel = format!("{}inbox", rdf::LDP);
    let link = format!("<{inbox}>; rel=\"{rel}\"");
    t.alice.put(&t.at("note.ttl")).header("Link", link).turtle(A_TRIPLE).await?.is(201)?;
    for response in [t.alice.get(&t.at("note.ttl")).await?, t.alice.head(&t.at("note.ttl")).await?] {
        let found = response.link(&rel)?;
        ensure(found == inbox, format!("the inbox is {found}"))?;
    }
    Ok(())
}

/// An inbox accepts JSON-LD, and shows notifications and listing as JSON-LD.
///
/// Shows: solid#server-ldn, P-220
async fn a_notification_is_accepted_and_kept(t: Trial) -> Verdict {
    let inbox = t.container("inbox/").await?;
    t.allow(&inbox, &[Rule::public("Append").only_here()]).await?;
    let with_profile = "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"";
    for media_type in ["application/ld+json", with_profile] {
        let sent = t.anyone.post(&inbox).content(media_type, NOTE).await?.is(201)?.location()?;
        let kept = t.alice.get(&sent).accept("application/ld+json").await?.is(200)?.graph()?;
        ensure(!kept.is_empty(), "the notification is empty")?;
        let listing = t.alice.get(&inbox).accept("application/ld+json").await?.is(200)?.graph()?;
        ensure(rdf::members(&listing, &inbox).contains(&sent), "the notification is not listed")?;
    }
    Ok(())
}

/// A notification is accepted whatever its activity and properties.
///
/// Shows: solid#server-notifications-protocol-notification-receiver, P-220, N-94, N-6
async fn a_notification_of_any_activity_is_accepted(t: Trial) -> Verdict {
    let inbox = t.container("inbox/").await?;
    t.allow(&inbox, &[Rule::public("Append").only_here()]).await?;
    for context in ["https://www.w3.org/ns/activitystreams", "https://www.w3.org/ns/solid/notification/v1"] {
        let text = format!(
            r#"{{"@context": ["https://www.w3.org/ns/activitystreams", "{context}"], "id": "urn:uuid:2d1c",
            "type": "Wave", "object": "https://example.org/thing", "published": "2026-01-01T00:00:00Z",
            "https://example.org/extra": "x"}}"#
        );
        t.anyone.post(&inbox).json_ld(&text).await?.is(201)?;
    }
    Ok(())
}

/// Who may only append learns nothing of what the inbox holds.
///
/// Shows: P-221, P-130, W-50, W-55
async fn an_appender_sees_nothing_of_the_inbox(t: Trial) -> Verdict {
    let inbox = t.container("inbox/").await?;
    t.allow(&inbox, &[Rule::authenticated("Append").only_here()]).await?;
    let sent = t.bob.post(&inbox).json_ld(NOTE).await?.is(201)?.location()?;
    t.bob.get(&inbox).await?.is(403)?;
    t.bob.get(&sent).await?.is(403)?;
    t.anyone.post(&inbox).json_ld(NOTE).await?.is(401)?;
    Ok(())
}
