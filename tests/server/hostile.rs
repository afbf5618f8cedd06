//! What no friend would send: it is refused or answered with a clear error, and costs a bounded amount.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cartable::path::{MAX_DEPTH, PodName, ResourcePath};
use cartable::pods::Limits;
use cartable::storage::{Change, Content, NewBody, Scope, Storage, Write};

use crate::faults::watched;
use crate::picture::{Picture, files};
use crate::world::{Settings, World};

/// Shows: P-27, P-28, P-29, P-30
#[tokio::test]
async fn no_path_leads_out_of_a_pod_or_around_its_rules() {
    let world = World::start().await;
    for (target, alice, nobody) in [
        // Dot segments are resolved before anything is decided.
        ("/alice/../bob/", 403, 401),
        ("/alice/%2e%2e/bob/", 403, 401),
        ("/alice/notes/%2E./..//../bob/", 403, 401),
        ("/alice/../bob/profile/card", 200, 200),
        ("/../../../../alice/", 200, 401),
        // What is encoded twice, or an encoded separator, is a name like any other.
        ("/alice/..%2f..%2fbob%2fprofile%2fcard", 404, 401),
        ("/alice/%252e%252e/bob/", 404, 401),
        ("/alice/%252e%252e%252fbob/", 404, 401),
        ("/alice/..%5c..%5cbob", 404, 401),
        ("/alice/..%2F.acl", 404, 401),
        // However it is spelt, an ACL is an ACL.
        ("/alice/.acl", 200, 401),
        ("/alice//.acl", 200, 401),
        ("/alice/./.acl", 200, 401),
        ("/alice/%2eacl", 200, 401),
        ("/alice/.%61%63%6C", 200, 401),
        ("/alice/profile/..//.acl?x=y", 200, 401),
        ("//alice//.acl", 200, 401),
        ("/%61lice/.acl", 200, 401),
        // The server's own names are reserved in every spelling.
        ("/alice/.%67rants/x", 404, 404),
        ("/alice/.xapi/../.grants/x", 404, 404),
        ("/etc/passwd", 404, 404),
        ("/../../../../etc/passwd", 404, 404),
        ("/ALICE/", 404, 404),
        // These are no paths at all.
        ("/alice/%00", 400, 400),
        ("/alice/%", 400, 400),
        ("/alice/%zz", 400, 400),
        ("/alice/%c0%ae%c0%ae/", 400, 400),
        ("/alice/%ff", 400, 400),
        ("/alice/a%0d%0aSet-Cookie:%20a=b", 400, 400),
        ("/alice/a%7f", 400, 400),
        ("http://evil.example/alice/", 421, 421),
        ("//evil.example/alice/", 404, 404),
    ] {
        let url = if target.starts_with("http") {
            target.to_owned()
        } else {
            format!("{}{target}", world.base.trim_end_matches('/'))
        };
        let line = format!("GET {target} HTTP/1.1");
        let reply = world.tell(&[&line, &world.host(), &world.alice.credentials("GET", &url)], "").await;
        assert_eq!(reply.status, alice, "{target}: {}", reply.head);
        let reply = world.tell(&[&line, &world.host()], "").await;
        assert_eq!(reply.status, nobody, "{target} for nobody: {}", reply.head);
        assert!(!reply.head.contains("Set-Cookie") && !reply.head.contains("set-cookie"), "{target}: {}", reply.head);
    }
}

/// Shows: P-27, P-31, P-35
#[tokio::test]
async fn names_never_reach_the_disk() {
    let world = World::start().await;
    let long = "x".repeat(900);
    let names = [
        "..%2F..%2Fetc%2Fpasswd",
        "..%5Cautoexec.bat",
        "%252e%252e",
        "C:",
        "con",
        "nul.txt",
        "a$.ttl",
        "cartable.sqlite",
        "cartable.sqlite-wal",
        "blobs",
        "a.acl.txt",
        "a%20b",
        "%C3%A9",
        "%F0%9F%90%A2",
        "-rf",
        "~",
        "*",
        "%3Cscript%3E",
        "';--",
        "%25",
        "%2525",
        "A",
        "a",
        &long,
    ];
    for name in names {
        let place = format!("odd/{name}");
        let url = world.alice.put(&place, "<> a <#Odd> .").await.created();
        assert_eq!(url, world.alice.url(&place));
        world.alice.ask("PUT", &format!("odder/{name}")).content("image/png", vec![7; 70_000]).send().await.created();
        world.alice.get(&url).await.is(200);
    }
    let listed = world.alice.members("odd/").await;
    assert_eq!(listed.len(), names.len());
    for url in listed {
        world.alice.get(&url).await.is(200);
    }
    let ours = |name: &str| {
        name.starts_with("cartable.sqlite") || (name.len() == 32 && name.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    for file in files(world.folder.path()) {
        assert!(ours(file.file_name().unwrap().to_str().unwrap()), "{}", file.display());
    }
}

/// What a client says comes back in fields of its own only.
///
/// Shows: P-56, P-154
#[tokio::test]
async fn nothing_is_injected_into_an_answer() {
    let world = World::start().await;
    world.alice.ask("PUT", "inbox2/").send().await.created();
    let url = world.alice.url("inbox2/");
    for field in [
        "Slug: a%0d%0aX-Injected: yes",
        "Slug: %0aX-Injected%3a yes",
        "Slug: \u{e9}\u{2028}X-Injected: yes",
        "Link: <a%0d%0aX-Injected:%20yes>; rel=\"http://www.w3.org/ns/ldp#inbox\"",
        "Link: <x>, <\\r\\nX-Injected: yes>; rel=\"http://www.w3.org/ns/ldp#inbox\"",
        "Origin: https://x.example\tX-Injected: yes",
        "Content-Type: text/plain; x=\"\\\r\\\nX-Injected: yes\"",
        "Accept: text/html;q=\"\\0d\\0aX-Injected: yes\"",
    ] {
        let lines = [
            "POST /alice/inbox2/ HTTP/1.1",
            &world.host(),
            &world.alice.credentials("POST", &url),
            "Content-Length: 1",
            field,
        ];
        let plain = ["Content-Type: text/plain"];
        let lines = [&lines[..], if field.starts_with("Content-Type") { &[] } else { &plain }].concat();
        let reply = world.tell(&lines, "x").await;
        assert!(matches!(reply.status, 201 | 400), "{field}: {}", reply.head);
        assert_eq!(reply.field("x-injected"), "", "{field}: {}", reply.head);
        if reply.status == 201 {
            let made = world.alice.get(reply.field("location")).await.is(200);
            assert!(!made.headers.contains_key("x-injected"), "{field}: {made:?}");
        }
    }
}

/// Two lengths must not hide a request in another one's content.
#[tokio::test]
async fn a_hidden_request_is_not_done() {
    let world = World::start().await;
    world.alice.put("kept", "<> a <#Kept> .").await.created();
    let (put, delete) = (world.alice.url("bait"), world.alice.url("kept"));
    let hidden = format!(
        "DELETE /alice/kept HTTP/1.1\r\n{}\r\n{}\r\n\r\n",
        world.host(),
        world.alice.credentials("DELETE", &delete)
    );
    let length = format!("Content-Length: {}", hidden.len() + 5);
    for fields in [
        &["Transfer-Encoding: chunked", length.as_str()][..],
        &[&length, "Transfer-Encoding: chunked"],
        &["Transfer-Encoding: xchunked"],
        &["Transfer-Encoding: chunked, identity"],
        &["Content-Length: 5", "Content-Length: 7"],
    ] {
        let line = "PUT /alice/bait HTTP/1.1";
        let credentials = world.alice.credentials("PUT", &put);
        let host = world.host();
        let lines = [&[line, &host, &credentials, "Content-Type: text/plain"], fields].concat();
        world.tell(&lines, format!("0\r\n\r\n{hidden}")).await;
        world.alice.get("kept").await.is(200);
    }
}

/// Shows: P-133, P-14
#[tokio::test]
async fn documents_that_ask_for_too_much_are_refused() {
    let world = World::start().await;
    let many = |text: &str, times: usize| text.repeat(times);
    for (what, media_type, body) in [
        ("deep nodes", "text/turtle", format!("<> <#p> {}", many("[<#p> ", 100_000))),
        ("closed deep nodes", "text/turtle", format!("<> <#p> {}{} .", many("[<#p> ", 100_000), many("]", 100_000))),
        ("deep lists", "text/turtle", format!("<> <#p> {}", many("(", 1_000_000))),
        ("an endless IRI", "text/turtle", format!("<> <#p> <https://x.example/{}> .", many("x", 1_000_000))),
        ("an endless string", "text/turtle", format!("<> <#p> \"\"\"{}", many("x", 1_000_000))),
        ("quoted triples", "text/turtle", format!("{} <#p> <#o> .", many("<<", 10_000))),
        ("deep graphs", "application/trig", many("{", 100_000)),
        ("deep elements", "application/rdf+xml", many("<a>", 100_000)),
        (
            "entities of entities",
            "application/rdf+xml",
            "<!DOCTYPE a [<!ENTITY a \"xxxxxxxxxx\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;\">\
             <!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;\">]><a>&d;"
                .to_owned(),
        ),
        ("a file of the server", "application/rdf+xml", "<!DOCTYPE a [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><a>&a;".to_owned()),
        ("deep arrays", "application/ld+json", many("[", 100_000)),
        ("deep objects", "application/ld+json", many("{\"a\":", 100_000)),
        ("a foreign context", "application/ld+json", "{\"@context\":\"https://evil.example/c\",\"a\":1}".to_owned()),
        (
            "contexts of contexts",
            "application/ld+json",
            format!("{{\"@context\":{}{}}}", many("{\"a\":{\"@id\":\"x:a\",\"@context\":", 5_000), many("}}", 5_000)),
        ),
        ("an endless list of contexts", "application/ld+json", format!("{{\"@context\":[{}]}}", many("\"https://evil.example/\",", 10_000))),
        ("a file of the server as context", "application/ld+json", "{\"@context\":\"file:///etc/passwd\",\"a\":1}".to_owned()),
        ("deep nests", "application/ld+json", format!("{}1{}", many("{\"@nest\":[", 2_000), many("]}", 2_000))),
        ("an endless number", "application/ld+json", format!("{{\"a\":{}", many("9", 1_000_000))),
        ("no text at all", "text/turtle", many("\u{0}", 100_000)),
    ] {
        let ask = world.alice.ask("PUT", "bomb").content(media_type, body);
        let answer = ask.send().await;
        assert_eq!(answer.status, 400, "{what}: {answer:?}");
        assert!(answer.body.len() < 2000, "{what}: the error quotes what was sent");
        world.alice.get("bomb").await.is(404);
    }
}

/// Shows: P-14
#[tokio::test]
async fn a_document_of_a_million_blank_nodes_is_too_much() {
    let world = World::start().await;
    let body = "[]<>[].".repeat(1_000_001);
    let answer = world.alice.ask("PUT", "bomb").content("text/turtle", body).send().await;
    assert!(matches!(answer.status.as_u16(), 400 | 413), "{answer:?}");
    let body = "[]<>[].".repeat(3_000_000);
    world.alice.ask("PUT", "bomb").content("text/turtle", body).send().await.refused(413, "content-too-large");
    world.alice.get("bomb").await.is(404);
}

/// Shows: P-98, P-112, P-118, P-120
#[tokio::test]
async fn endless_fields_are_read_in_bounds() {
    let world = World::start().await;
    world.alice.put("note", "<> a <#Note> .").await.created();
    let etag = world.alice.get("note").await.field("etag").to_owned();
    let get = |name: &'static str, value: String| world.alice.ask("GET", "note").header(name, &value).send();
    get("accept", "a/b,".repeat(10_000)).await.is(406);
    get("accept", format!("{}*/*", ",".repeat(40_000))).await.is(200);
    get("accept", format!("text/turtle{}", ";a=b".repeat(10_000))).await;
    get("if-match", "\"a\",".repeat(10_000)).await.is(412);
    get("if-none-match", format!("{}{etag}", "\"a\",".repeat(10_000))).await.is(304);
    let flood = get("range", format!("bytes={}", "0-0,".repeat(10_000))).await.is(200);
    assert_eq!(flood.text(), "<> a <#Note> .");
    get("range", "bytes=0-".to_owned() + &"9".repeat(40_000)).await.is(206);
    get("link", "<x>; rel=y, ".repeat(4000)).await.is(200);
    get("origin", "https://x.example/".repeat(3000)).await.is(200);
    get("cookie", "a=b; ".repeat(10_000)).await.is(200);

    let post = |name: &'static str, value: String| {
        world.alice.ask("POST", "").header(name, &value).content("text/turtle", "").send()
    };
    post("slug", "x".repeat(50_000)).await.created();
    post("slug", "%C3%A9".repeat(9_000)).await.created();
    let inbox = format!("<{}>; rel=\"http://www.w3.org/ns/ldp#inbox\"", "x".repeat(50_000));
    let made = post("link", inbox).await.created();
    let shown = world.alice.get(&made).await.is(200);
    let size: usize = shown.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    assert!(size < 16_000, "{size} bytes of fields");

    for (line, fields, status) in [
        (format!("GET /alice/{} HTTP/1.1", "x".repeat(5_000)), String::new(), 414),
        (format!("GET /alice/{} HTTP/1.1", "a/".repeat(MAX_DEPTH)), String::new(), 414),
        ("GET /alice/ HTTP/1.1".to_owned(), "X: y\r\n".repeat(500), 431),
        ("GET /alice/ HTTP/1.1".to_owned(), format!("X: {}\r\n", "y".repeat(200_000)), 431),
    ] {
        let fields = format!("{fields}X-Last: 1");
        assert_eq!(world.tell(&[&line, &world.host(), &fields], "").await.status, status, "{}", &line[..20]);
    }
}

/// Nothing is unpacked, so nothing unpacks to more.
///
/// Shows: P-12
#[tokio::test]
async fn packed_content_is_refused() {
    let world = World::start().await;
    for coding in ["gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip"] {
        for method in ["PUT", "PATCH"] {
            let ask = world.alice.ask(method, "bomb").header("content-encoding", coding).content("text/turtle", "x");
            ask.refused(415, "content-encoding").await;
        }
    }
}

/// Shows: P-184
#[tokio::test]
async fn patches_that_never_end_are_refused() {
    let world = World::start().await;
    let pairs = (0..30).flat_map(|i| (0..30).map(move |j| format!("<#n{i}> <#p> <#m{j}> . <#m{j}> <#p> <#n{i}> . ")));
    world.alice.put("graph", &pairs.collect::<String>()).await.created();
    // A cycle of odd length, where there are even ones only.
    let cycle = "?a <#p> ?b . ?b <#p> ?c . ?c <#p> ?d . ?d <#p> ?e . ?e <#p> ?a";
    let n3 =
        world.alice.ask("PATCH", "graph").n3(&format!("solid:where {{ {cycle} }}; solid:inserts {{ <> <#q> ?a }}"));
    n3.refused(422, "patch-too-much-work").await;
    // Many conditions, each of which is asked about at every step.
    let wide = (0..250).map(|i| format!("?x{i} <#q> ?y{i}")).collect::<Vec<_>>().join(" . ");
    let n3 = world.alice.ask("PATCH", "graph").n3(&format!(
        "solid:where {{ ?a <#p> ?b . ?c <#p> ?d . ?b <#none> ?e . {wide} }}; solid:inserts {{ <> <#q> ?a }}"
    ));
    let answer = n3.send().await;
    assert!(matches!(answer.problem().as_str(), "patch-too-much-work" | "patch-conflict"), "{answer:?}");
    let deep = format!("solid:inserts {{ <> <#p> {}", "[ <#p> ".repeat(100_000));
    world.alice.ask("PATCH", "graph").n3(&deep).refused(400, "patch-malformed").await;
    let large = format!("solid:inserts {{ <> <#p> \"{}\" }}", "x".repeat(2 << 20));
    world.alice.ask("PATCH", "graph").n3(&large).refused(413, "content-too-large").await;
}

/// Shows: P-184
#[tokio::test]
async fn updates_that_never_end_are_refused() {
    let world = World::start().await;
    let triples: Vec<_> = (0..1000).map(|number| format!("<#s> <#p> <#o{number}>")).collect();
    let before = triples.join(" . ") + " .";
    world.alice.put("graph", &before).await.created();
    for update in [
        // Each triple with each triple with each triple.
        "INSERT { ?a <#q> ?f } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
        "DELETE { ?a ?b ?c } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }",
        "DELETE WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
        // Few ways to match, many triples to make of each.
        "INSERT { ?c <#q> ?f . ?f <#q> ?c . ?c <#r> ?f . ?f <#r> ?c } WHERE { ?a ?b ?c . ?d ?e ?f }",
    ] {
        world.alice.ask("PATCH", "graph").sparql(update).refused(422, "patch-too-much-work").await;
    }
    let data = |many: usize| "<#a> <#b> <#c> . ".repeat(many);
    let nested = format!("INSERT DATA {} <#a> <#b> <#c> {}", "{".repeat(50_000), "}".repeat(50_000));
    let brackets = format!("INSERT DATA {{ <> <#p> {} }}", "[ <#p> ".repeat(50_000));
    let groups = format!("DELETE {{ ?a ?b ?c }} WHERE {} ?a ?b ?c {}", "{".repeat(50_000), "}".repeat(50_000));
    for update in [nested, brackets, groups] {
        let answer = world.alice.ask("PATCH", "graph").sparql(&update).send().await;
        assert!(matches!(answer.status.as_u16(), 400 | 422), "{answer:?}");
    }
    let large = format!("INSERT DATA {{ {} }}", data(70_000));
    world.alice.ask("PATCH", "graph").sparql(&large).refused(413, "content-too-large").await;
    assert_eq!(world.alice.get("graph").await.is(200).text(), before);
}

/// What is said before anybody knows who says it is read in bounds, too.
#[tokio::test]
async fn endpoints_of_the_server_take_no_bombs() {
    let world = World::start().await;
    let many = |text: &str, times: usize| text.repeat(times);
    for (target, media_type, body) in [
        ("/.account/login/password/", "application/json", many("[", 60_000)),
        ("/.account/login/password/", "application/json", many("{\"a\":", 10_000)),
        ("/.account/login/password/", "application/json", many("x", 1 << 20)),
        ("/.account/account/", "application/json", format!("{{\"a\":\"{}\"}}", many("x", 1 << 20))),
        ("/.oidc/token", "application/x-www-form-urlencoded", many("grant_type=client_credentials&", 2_000)),
        ("/.oidc/token", "application/x-www-form-urlencoded", many("a=b&", 1 << 20)),
        ("/.oidc/token", "application/x-www-form-urlencoded", many("%", 10_000)),
        ("/.oidc/token", "application/json", many("[", 60_000)),
        ("/.well-known/openid-configuration", "application/json", many("[", 60_000)),
    ] {
        let line = format!("POST {target} HTTP/1.1");
        let lines = [&line, &world.host(), &format!("Content-Type: {media_type}\r\nContent-Length: {}", body.len())];
        let reply = world.tell(&lines.map(String::as_str), &body).await;
        assert!((400..500).contains(&reply.status), "{target} {}: {}", &body[..20], reply.head);
    }
    let encoded = |text: String| URL_SAFE_NO_PAD.encode(text);
    let deep = encoded(many("{\"jwk\":", 5_000));
    for (authorization, proof) in [
        (format!("DPoP {deep}.{deep}.{deep}"), format!("{deep}.{deep}.{deep}")),
        (format!("DPoP {}", world.alice.token()), format!("{deep}.e30.AA")),
        (format!("DPoP {}", many("a.", 25_000)), many(".", 25_000)),
        (format!("DPoP {}", many("DPoP ", 10_000)), String::new()),
        (format!("Basic {}", many("x", 50_000)), String::new()),
    ] {
        let credentials = format!("Authorization: {authorization}\r\nDPoP: {proof}");
        let reply = world.tell(&["GET /alice/profile/card HTTP/1.1", &world.host(), &credentials], "").await;
        assert!(matches!(reply.status, 400 | 401 | 431), "{}: {}", &authorization[..20], reply.head);
    }
    world.nobody.get(&world.alice.url("profile/card")).await.is(200);
}

/// Small steps lead no further than large ones.
///
/// Shows: P-14
#[tokio::test]
async fn a_document_cannot_grow_beyond_its_limit() {
    let limits = Limits { rdf: 10_000, ..Limits::default() };
    let world = World::with(Settings { limits, ..Settings::default() }).await;
    world.alice.put("notes/log", "<> a <#Log> .").await.created();
    for place in ["notes/log", "notes/"] {
        let mut grown = 0;
        loop {
            let entry = format!("solid:inserts {{ <> <#entry{grown}> \"{}\" }}", "x".repeat(1000));
            let answer = world.alice.patch(place, &entry).await;
            if answer.status == 413 {
                break;
            }
            answer.is(204);
            grown += 1;
        }
        assert_eq!(grown, 9, "{place}");
    }
}

/// Shows: P-14
#[tokio::test]
async fn endless_acls_are_refused_and_long_ones_hold() {
    let world = World::start().await;
    world.alice.put("notes/one", "<> a <#One> .").await.created();
    let rule =
        |number| format!("[] a acl:Authorization; acl:agent <#a{number}>; acl:accessTo <./>; acl:mode acl:Read.\n");
    let endless: String = (0..100_000).map(rule).collect();
    let put = world.alice.ask("PUT", "notes/.acl").content("text/turtle", world.alice.acl("notes/", &endless));
    put.refused(413, "content-too-large").await;
    let long: String = (0..2_000).map(rule).collect();
    let bob = world.alice.rule("notes/", &world.bob, "acl:default", "acl:Read");
    world.alice.rules("notes/", &(long + &bob)).await;
    world.bob.get(&world.alice.url("notes/one")).await.is(200);
    world.carol.get(&world.alice.url("notes/one")).await.is(403);
}

/// Shows: W-39
#[tokio::test]
async fn an_acl_of_many_groups_costs_bounded_looks() {
    let (world, storage) = watched(Settings::default()).await;
    world.alice.put("notes/one", "<> a <#One> .").await.created();
    let groups = (0..4_000).map(|number| format!("<groups/g{number}#it>")).collect::<Vec<_>>().join(", ");
    let rule = format!("[] a acl:Authorization; acl:agentGroup {groups}; acl:default <./>; acl:mode acl:Read.");
    world.alice.rules("notes/", &rule).await;
    let before = storage.reads();
    world.bob.get(&world.alice.url("notes/one")).await.is(403);
    let reads = storage.reads() - before;
    assert!(reads < 600, "{reads} looks for one request");
    // Groups of other servers are asked for a few at most.
    world.alice.rules("notes/", &rule.replace("groups/", "https://groups.example/")).await;
    let before = storage.reads();
    world.bob.get(&world.alice.url("notes/one")).await.is(403);
    assert!(storage.reads() - before < 50);
}

/// What could not be asked for is not made, for nobody could delete it.
///
/// Shows: P-14
#[tokio::test]
async fn nothing_is_made_that_is_out_of_reach() {
    let world = World::start().await;
    // The pod's name is one segment of the URL, and a member one more.
    let deep = "a/".repeat(MAX_DEPTH - 2);
    world.alice.ask("PUT", &deep).send().await.created();
    let made = world.alice.post(&deep, "<> a <#Deep> .").await.created();
    world.alice.get(&made).await.is(200);
    let deeper = format!("{deep}a/");
    world.alice.ask("PUT", &deeper).send().await.created();
    world.alice.ask("POST", &deeper).content("text/turtle", "").refused(414, "uri-too-long").await;
    world.alice.ask("POST", &deeper).container().refused(414, "uri-too-long").await;
    let wide = format!("{}/", "x".repeat(200));
    let long = wide.repeat(19);
    world.alice.ask("PUT", &long).send().await.created();
    let longer = wide.repeat(20) + &"x".repeat(40) + "/";
    world.alice.ask("PUT", &longer).send().await.created();
    let slug = world.alice.ask("POST", &longer).header("slug", &"y".repeat(250)).content("text/turtle", "");
    slug.refused(414, "uri-too-long").await;
    world.alice.put("b/b/b/b", "<> a <#B> .").await.created();
    for to in [format!("{}b/", "a/".repeat(MAX_DEPTH - 4)), format!("{long}{}/", "z".repeat(267))] {
        for verb in ["COPY", "MOVE"] {
            let ask = world.alice.ask(verb, "b/").header("destination", &world.alice.url(&to));
            ask.refused(414, "uri-too-long").await;
        }
    }
}

/// A container of any size is listed in pages; formats that cannot be are not offered for large ones.
#[tokio::test]
async fn large_containers_are_listed_in_pages_only() {
    let world = World::start().await;
    world.alice.ask("PUT", "many/").send().await.created();
    let many = ResourcePath::parse(PodName::parse("alice").unwrap(), "/many/").unwrap();
    let found = world.sqlite.locate(&many).await.unwrap();
    let mut change = Change::of(Scope::Pod(found.pod.id), cartable::clock::Timestamp::from_seconds(0));
    for number in 0..10_001 {
        let path = ResourcePath::parse(many.pod().clone(), &format!("/many/m{number}")).unwrap();
        let content =
            Content { media_type: "text/plain".into(), body: NewBody::Inline("x".into()), by: None, inbox: None };
        change.writes.push(Write::Put { path, content });
    }
    world.sqlite.commit(change).await.unwrap();
    assert_eq!(world.alice.get("many/").await.is(200).text().matches("ldp:contains").count(), 10_001);
    let answer = world.alice.ask("GET", "many/").header("accept", "application/n-quads").send().await;
    answer.refused(406, "not-acceptable");
    // A PUT that repeats what a GET said looks at the members that it names.
    let said = "@prefix ldp: <http://www.w3.org/ns/ldp#>. <> ldp:contains <m7>, <m9999>.";
    world.alice.put("many/", said).await.is(204);
    world.alice.put("many/", &said.replace("m7", "m10001")).await.refused(409, "server-managed");
    assert_eq!(Picture::of(world.storage.as_ref(), "alice").await.bodies.len(), 12 + 1 + 10_001);
}
