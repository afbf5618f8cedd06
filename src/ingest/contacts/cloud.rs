//! Whether the host of somebody's cloud has a WebID of its own: only then may it stand for them in access rules.

use url::Url;

use crate::access::{Caller, Mode};
use crate::fetch::{self, Document, Fetch};
use crate::pods::Pods;
use crate::rdf::format::{self, Format};
use crate::rdf::graph::Graph;
use crate::rdf::vocab::solid;

/// The document that a cloud keeps its owner's profile in.
fn profile(host: &str) -> String {
    format!("https://{host}/profile/card")
}

/// The WebID that a cloud names as its own. `Err`: it could not be asked this time.
///
/// It is taken from nothing but the host's own profile document, as anybody may read it, and only if that says who
/// vouches for it.
pub async fn webid(fetch: &Fetch, pods: &Pods, host: &str) -> Result<Option<String>, fetch::Error> {
    match elsewhere(fetch, host).await {
        Err(fetch::Error::OwnHost) => Ok(public(pods, &profile(host)).await.and_then(|graph| own_webid(&graph, host))),
        told => told,
    }
}

/// The same of a host that is not ours.
async fn elsewhere(fetch: &Fetch, host: &str) -> Result<Option<String>, fetch::Error> {
    match fetch.get(&profile(host), Document::Profile).await {
        Ok(fetched) if fetched.status.is_server_error() => Err(fetch::Error::Unreachable),
        Ok(fetched) => Ok(named(&fetched, host)),
        Err(error) if error.is_outage() || error == fetch::Error::OwnHost => Err(error),
        Err(_) => Ok(None),
    }
}

/// What a document of this server says to everybody.
async fn public(pods: &Pods, address: &str) -> Option<Graph> {
    let path = pods.addresses().path_of(address)?;
    let (seen, rights) = pods.rights(&Caller::public(), &path).await.ok()?;
    let document = seen.document(pods.addresses()).ok().flatten().filter(|_| rights.user.allow(Mode::Read))?;
    Some(document.dataset.default.clone())
}

fn named(fetched: &fetch::Fetched, host: &str) -> Option<String> {
    let is_there = fetched.status.as_u16() == 200 && is_at(&fetched.url, host);
    let format = Format::of(fetched.media_type()?).filter(|_| is_there)?;
    let document = format::parse(&fetched.bytes, format, fetched.url.as_str()).ok()?;
    own_webid(&document.dataset.default, host)
}

fn is_at(url: &Url, host: &str) -> bool {
    url.scheme() == "https" && url[url::Position::BeforeHost..url::Position::AfterPort] == *host
}

/// The one WebID at this host that a graph names an issuer for. Of several, the usual one.
fn own_webid(graph: &Graph, host: &str) -> Option<String> {
    let usual = format!("{}#me", profile(host));
    let vouched = graph.iter().filter(|triple| *triple.predicate == *solid::OIDC_ISSUER);
    let mut own: Vec<_> = vouched
        .filter_map(|triple| triple.subject.as_iri())
        .filter(|webid| Url::parse(webid).is_ok_and(|webid| is_at(&webid, host)))
        .collect();
    own.dedup();
    match own.as_slice() {
        [one] => Some(one.to_string()),
        several => several.iter().find(|webid| ****webid == *usual).map(ToString::to_string),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::stand_in::{Internet, by_path, ok, status, to};

    const TURTLE: &str = "Content-Type: text/turtle\r\n";
    const CARD: &str = "<#me> <http://www.w3.org/ns/solid/terms#oidcIssuer> <https://id.example/> .";

    /// Shows: shape A8
    #[tokio::test]
    async fn a_cloud_is_asked_for_its_own_profile() {
        let internet = Internet::new();
        for (answer, found) in [
            (ok(TURTLE, CARD), Ok(true)),
            (ok("Content-Type: text/html\r\n", "<p>Bonjour</p>"), Ok(false)),
            (ok(TURTLE, "<#me> a"), Ok(false)),
            (status("404 Not Found"), Ok(false)),
            (status("500 Internal Server Error"), Err(fetch::Error::Unreachable)),
        ] {
            let server =
                internet.serve(by_path(
                    move |path| {
                        if path == "/profile/card" { answer.clone() } else { status("404 Not Found") }
                    },
                ));
            let host = format!("pod.example:{}", server.await.port);
            let webid = elsewhere(&internet.fetch, &host).await;
            assert_eq!(webid, found.map(|found| found.then(|| format!("https://{host}/profile/card#me"))));
        }
        // What another host says is not the host's own word.
        let other = internet.serve(by_path(|_| ok(TURTLE, CARD))).await;
        let there = format!("https://other.example:{}/profile/card", other.port);
        let server = internet.serve(by_path(move |_| to(&there))).await;
        assert_eq!(elsewhere(&internet.fetch, &format!("pod.example:{}", server.port)).await, Ok(None));
        assert_eq!(other.requests(), 1, "it was asked, and not believed");
        assert_eq!(elsewhere(&internet.fetch, "own.example").await, Err(fetch::Error::OwnHost));
    }

    /// Shows: shape A8
    #[test]
    fn only_the_host_s_own_webid_with_an_issuer_counts() {
        let issuer = "solid:oidcIssuer <https://id.example/>";
        for (says, found) in [
            (format!("<#me> {issuer}"), Some("https://a.example/profile/card#me")),
            (format!("<#it> {issuer}"), Some("https://a.example/profile/card#it")),
            (format!("<#it> {issuer}. <#me> {issuer}"), Some("https://a.example/profile/card#me")),
            (format!("<#it> {issuer}. <#that> {issuer}"), None),
            (format!("<https://b.example/profile/card#me> {issuer}"), None),
            (format!("<https://a.example:8443/#me> {issuer}"), None),
            (format!("<http://a.example/#me> {issuer}"), None),
            (format!("<https://b.example/#me> {issuer}. <#me> {issuer}"), Some("https://a.example/profile/card#me")),
            ("<#me> a solid:Person".to_owned(), None),
        ] {
            let text = format!("@prefix solid: <{}>. {says}.", solid::NS);
            let address = profile("a.example");
            let graph = format::parse(text.as_bytes(), Format::Turtle, &address).unwrap().dataset.default;
            assert_eq!(own_webid(&graph, "a.example").as_deref(), found, "{says}");
        }
    }
}
