//! Which modes each operation asks for.

use super::prelude::*;

pub const GROUP: Group = group!(
    "operations",
    "Modes for operations",
    [
        nothing_granted_is_refused,
        a_reader_can_only_read,
        an_appender_can_only_add,
        a_writer_cannot_read,
        a_controller_touches_the_acl_only,
        patches_ask_by_their_clauses,
        a_patch_creates_with_append,
        put_creates_with_append_on_both,
        creating_asks_the_container_too,
        post_asks_the_container_only,
        missing_containers_ask_for_append_each,
        deleting_asks_both,
        deleting_a_container_asks_for_read,
        inherited_write_deletes,
        a_deletion_without_read_tells_nothing,
        rights_on_a_member_do_not_reach_out,
    ]
);

const INSERT: &str = "_:p a solid:InsertDeletePatch ; solid:inserts { <#d> <#e> <#f> . } .";
const DELETE: &str = "_:p a solid:InsertDeletePatch ; solid:deletes { <#a> <#b> <#c> . } .";
const WHERE: &str = "_:p a solid:InsertDeletePatch ; solid:where { ?x <#b> <#c> . } .";
const WHERE_INSERT: &str =
    "_:p a solid:InsertDeletePatch ; solid:where { ?x <#b> <#c> . } ; solid:inserts { ?x <#e> <#f> . } .";

async fn note(t: &Trial, rules: &[Rule]) -> Verdict<String> {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, rules).await?;
    Ok(url)
}

/// Without any right, a known agent gets 403 and an anonymous one 401 with a challenge, whatever the method.
///
/// Shows: wac#server-read-operation, solid#server-unauthenticated, W-42, W-51, W-56, P-7, O-1, O-2
async fn nothing_granted_is_refused(t: Trial) -> Verdict {
    let document = t.document("note.ttl", A_TRIPLE).await?;
    let container = t.container("box/").await?;
    let missing = t.at("missing");
    for (agent, status) in [(&t.bob, 403), (&t.anyone, 401)] {
        for url in [&document, &container, &missing] {
            for ask in [
                agent.get(url),
                agent.head(url),
                agent.put(url).turtle(""),
                agent.post(url).turtle(""),
                agent.patch(url).n3(INSERT),
                agent.patch(url).sparql("INSERT DATA { <#d> <#e> <#f> }"),
                agent.delete(url),
            ] {
                let refused = ask.await?.is(status)?;
                if status == 401 {
                    refused.has("WWW-Authenticate")?
                } else {
                    refused.lacks("WWW-Authenticate")?
                };
            }
        }
    }
    Ok(())
}

/// A reader can read, and change nothing.
///
/// Shows: W-51, W-42
async fn a_reader_can_only_read(t: Trial) -> Verdict {
    t.allow(&t.space, &[Rule::agent(&t.bob, "Read"), Rule::public("Read")]).await?;
    let document = t.document("note.ttl", A_TRIPLE).await?;
    let container = t.container("box/").await?;
    for (agent, status) in [(&t.bob, 403), (&t.anyone, 401)] {
        for url in [&document, &container] {
            agent.get(url).await?.is(200)?;
            agent.head(url).await?.is(200)?;
            agent.put(url).turtle("").await?.is(status)?;
            agent.post(url).turtle("").await?.is(status)?;
            agent.patch(url).n3(INSERT).await?.is(status)?;
            agent.patch(url).n3(DELETE).await?.is(status)?;
            agent.delete(url).await?.is(status)?;
        }
        agent.put(&t.at("new")).turtle("").await?.is(status)?;
        agent.patch(&t.at("new")).n3(INSERT).await?.is(status)?;
        agent.patch(&document).plain("x").await?.one_of(&[status, 405, 415])?;
    }
    Ok(())
}

/// An appender can add to a document and to a container, and nothing else.
///
/// Shows: wac#server-update-operation, W-42, W-44, W-45, W-50
async fn an_appender_can_only_add(t: Trial) -> Verdict {
    let url = note(&t, &[Rule::agent(&t.bob, "Append")]).await?;
    t.bob.patch(&url).n3(INSERT).await?.succeeded()?;
    t.bob.get(&url).await?.is(403)?;
    t.bob.put(&url).turtle("").await?.is(403)?;
    t.bob.put(&url).header("If-Match", "*").turtle("").await?.is(403)?;
    t.bob.patch(&url).n3(DELETE).await?.is(403)?;
    t.bob.patch(&url).n3(WHERE).await?.is(403)?;
    t.bob.delete(&url).await?.is(403)?;
    Ok(())
}

/// A writer without Read can read nothing, existing or not.
///
/// Shows: W-52, P-89
async fn a_writer_cannot_read(t: Trial) -> Verdict {
    t.allow(&t.space, &[Rule::agent(&t.bob, "Write"), Rule::public("Write")]).await?;
    let document = t.document("note.ttl", A_TRIPLE).await?;
    for (agent, status) in [(&t.bob, 403), (&t.anyone, 401)] {
        for url in [&document, &t.space, &t.at("missing"), &t.at("missing/")] {
            agent.get(url).await?.is(status)?;
            agent.head(url).await?.is(status)?;
        }
        agent.put(&document).turtle("").await?.succeeded()?;
    }
    Ok(())
}

/// Who may only control cannot read, patch or delete the resource itself.
///
/// Shows: W-49, W-21
async fn a_controller_touches_the_acl_only(t: Trial) -> Verdict {
    let url = note(&t, &[Rule::agent(&t.bob, "Control"), Rule::public("Control")]).await?;
    for (agent, status) in [(&t.bob, 403), (&t.anyone, 401)] {
        agent.get(&url).await?.is(status)?;
        agent.put(&url).turtle("").await?.is(status)?;
        agent.patch(&url).n3(INSERT).await?.is(status)?;
        agent.delete(&url).await?.is(status)?;
    }
    Ok(())
}

/// A patch asks for Read to find, Append to insert, Read and Write to delete.
///
/// Shows: solid#server-n3-patch-where, solid#server-n3-patch-insert, solid#server-n3-patch-delete,
/// Shows: wac#server-update-operation, P-171, W-42, W-44
async fn patches_ask_by_their_clauses(t: Trial) -> Verdict {
    for (modes, allowed, refused) in [
        ("Append", &[INSERT][..], &[WHERE, WHERE_INSERT, DELETE][..]),
        ("Read", &[WHERE], &[INSERT, WHERE_INSERT, DELETE]),
        ("Read Append", &[INSERT, WHERE, WHERE_INSERT], &[DELETE]),
        ("Write", &[INSERT], &[WHERE, WHERE_INSERT, DELETE]),
        ("Read Write", &[INSERT, WHERE, WHERE_INSERT, DELETE], &[]),
    ] {
        for text in refused {
            let url = note(&t, &[Rule::agent(&t.bob, modes)]).await?;
            t.bob.patch(&url).n3(text).await?.is(403)?;
        }
        for text in allowed {
            let url = note(&t, &[Rule::agent(&t.bob, modes)]).await?;
            t.bob.patch(&url).n3(text).await?.succeeded()?;
        }
    }
    Ok(())
}

/// A patch that only inserts makes a missing document with Append.
///
/// Shows: wac#server-create-operation, W-44, W-42
async fn a_patch_creates_with_append(t: Trial) -> Verdict {
    t.allow(&t.space, &[Rule::agent(&t.bob, "Append")]).await?;
    t.bob.patch(&t.at("a")).n3(INSERT).await?.is(201)?;
    t.bob.patch(&t.at("b.txt")).sparql("INSERT DATA { <#d> <#e> <#f> }").await?.is(201)?;
    t.bob.patch(&t.at("c")).n3(DELETE).await?.is(403)?;
    Ok(())
}

/// PUT makes a missing document with Append on it and on its container.
///
/// Shows: wac#server-create-operation, W-45, W-46
async fn put_creates_with_append_on_both(t: Trial) -> Verdict {
    t.allow(&t.space, &[Rule::agent(&t.bob, "Append")]).await?;
    t.bob.put(&t.at("a")).plain("x").await?.is(201)?;
    t.bob.put(&t.at("a")).plain("y").await?.is(403)?;
    t.allow(&t.space, &[Rule::agent(&t.bob, "Write")]).await?;
    t.bob.put(&t.at("b")).plain("x").await?.is(201)?;
    t.bob.put(&t.at("b")).plain("y").await?.succeeded()?;
    Ok(())
}

/// Rights on what is to be made are not enough without the container's.
///
/// Shows: wac#server-create-operation, W-42, W-47
async fn creating_asks_the_container_too(t: Trial) -> Verdict {
    t.allow(&t.space, &[Rule::agent(&t.bob, "Read Write").only_below()]).await?;
    t.bob.put(&t.at("a")).plain("x").await?.is(403)?;
    t.bob.patch(&t.at("b")).n3(INSERT).await?.is(403)?;
    t.allow(&t.space, &[Rule::agent(&t.bob, "Read Write").only_here()]).await?;
    t.bob.put(&t.at("a")).plain("x").await?.is(403)?;
    t.bob.patch(&t.at("b")).n3(INSERT).await?.is(403)?;
    ensure(t.members(&t.space).await?.is_empty(), "something was made")
}

/// POST asks for Append on the container and for nothing on what it makes.
///
/// Shows: wac#server-create-operation, W-42, W-50
async fn post_asks_the_container_only(t: Trial) -> Verdict {
    for modes in ["Append", "Write"] {
        t.allow(&t.space, &[Rule::agent(&t.bob, modes).only_here(), Rule::public(modes).only_here()]).await?;
        for (agent, status) in [(&t.bob, 403), (&t.anyone, 401)] {
            agent.post(&t.space).turtle("").await?.is(201)?;
            agent.post(&t.space).container().turtle("").await?.is(201)?;
            agent.get(&t.space).await?.is(status)?;
        }
    }
    Ok(())
}

/// Missing containers are made only for who may append to each.
///
/// Shows: W-43, P-131
async fn missing_containers_ask_for_append_each(t: Trial) -> Verdict {
    t.allow(&t.space, &[Rule::agent(&t.bob, "Append").only_below()]).await?;
    t.bob.put(&t.at("a/b/c")).plain("x").await?.is(403)?;
    t.allow(&t.space, &[Rule::agent(&t.bob, "Append").only_here()]).await?;
    t.bob.put(&t.at("a/b/c")).plain("x").await?.is(403)?;
    ensure(t.members(&t.space).await?.is_empty(), "containers were made")?;
    t.allow(&t.space, &[Rule::agent(&t.bob, "Append")]).await?;
    t.bob.put(&t.at("a/b/c")).plain("x").await?.is(201)?;
    Ok(())
}

/// Deleting asks for Write on the resource and on its container.
///
/// Shows: wac#server-delete-operation, W-42, W-47
async fn deleting_asks_both(t: Trial) -> Verdict {
    let url = note(&t, &[Rule::agent(&t.bob, "Read Write"), Rule::public("Read Write")]).await?;
    let container = t.container("box/").await?;
    t.allow(&container, &[Rule::agent(&t.bob, "Read Write"), Rule::public("Read Write")]).await?;
    for url in [&url, &container] {
        t.bob.delete(url).await?.is(403)?;
        t.anyone.delete(url).await?.is(401)?;
    }
    t.allow(&t.space, &[Rule::agent(&t.bob, "Write").only_here()]).await?;
    t.bob.delete(&url).await?.succeeded()?;
    t.bob.delete(&container).await?.succeeded()?;
    Ok(())
}

/// Deleting a container asks for Read on it too, empty or not.
///
/// Shows: P-197, W-48
async fn deleting_a_container_asks_for_read(t: Trial) -> Verdict {
    let empty = t.container("empty/").await?;
    t.document("full/note.ttl", A_TRIPLE).await?;
    t.allow(&t.space, &[Rule::agent(&t.bob, "Write")]).await?;
    t.bob.delete(&empty).await?.is(403)?;
    t.bob.delete(&t.at("full/")).await?.is(403)?;
    t.allow(&t.space, &[Rule::agent(&t.bob, "Read Write")]).await?;
    t.bob.delete(&empty).await?.succeeded()?;
    t.bob.delete(&t.at("full/")).await?.is(409)?;
    Ok(())
}

/// Inherited Write deletes documents.
///
/// Shows: wac#server-delete-operation, W-48
async fn inherited_write_deletes(t: Trial) -> Verdict {
    let (turtle, text) = (t.document("note.ttl", A_TRIPLE).await?, t.stored("text", "text/plain", "x").await?);
    t.allow(&t.space, &[Rule::agent(&t.bob, "Write")]).await?;
    t.bob.delete(&turtle).await?.succeeded()?;
    t.bob.delete(&text).await?.succeeded()?;
    Ok(())
}

/// A deletion by patch without Read is refused before it could tell what is there.
///
/// Shows: W-55, P-171
async fn a_deletion_without_read_tells_nothing(t: Trial) -> Verdict {
    let url = note(&t, &[Rule::agent(&t.bob, "Write")]).await?;
    let absent = DELETE.replace("<#c>", "<#absent>");
    let (present, absent) = (t.bob.patch(&url).n3(DELETE).await?, t.bob.patch(&url).n3(&absent).await?);
    present.is(403)?;
    absent.is(403)?;
    Ok(())
}

/// Rights on a member give none on its container or its siblings.
///
/// Shows: W-47, W-25
async fn rights_on_a_member_do_not_reach_out(t: Trial) -> Verdict {
    note(&t, &[Rule::agent(&t.bob, "Read Write Control")]).await?;
    let sibling = t.document("sibling", A_TRIPLE).await?;
    t.bob.get(&sibling).await?.is(403)?;
    t.bob.get(&t.space).await?.is(403)?;
    t.bob.post(&t.space).turtle("").await?.is(403)?;
    Ok(())
}
