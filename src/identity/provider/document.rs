//! Client identifier documents: a client whose id is an address is described by what is there.

use serde_json::Value;

use super::client::{Application, AuthMethod, Client, Kind};
use super::{metadata, redirect};
use crate::fetch;
use crate::identity::json::{self, Object};
use crate::rdf::format::{self, Format};
use crate::rdf::{Term, vocab};

/// The context that makes a document one of these.
///
/// Spec: O-132
const CONTEXT: &str = "https://www.w3.org/ns/solid/oidc-context.jsonld";

/// Why a client document cannot be used. Nothing of what was found is told.
///
/// Spec: O-66, O-132
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("{0}")]
    Address(fetch::Error),
    #[error("there is none at its address")]
    Missing,
    #[error("it is neither JSON nor RDF that can be read")]
    Unreadable,
    #[error("its client_id is not its address")]
    OtherClient,
    #[error("it names no redirect_uris that can be used")]
    NoRedirect,
    #[error("{0}")]
    Metadata(metadata::Fault),
}

/// Reads the document at the address `id`.
///
/// Spec: oidc#clientids-document, oidc#jsonld-context, O-132, O-133, O-134
pub fn read(id: &str, media_type: &str, bytes: &[u8]) -> Result<Client, Fault> {
    let object = json::object(bytes).filter(|_| is_json(media_type));
    let object = match object.filter(has_context) {
        Some(object) if object.get("client_id").and_then(Value::as_str) == Some(id) => object,
        Some(_) => return Err(Fault::OtherClient),
        None => from_graph(id, media_type, bytes)?,
    };
    let client = metadata::read(&usable(object), id, Kind::Document).map_err(|fault| match fault {
        metadata::Fault::Redirect(_) => Fault::NoRedirect,
        other @ metadata::Fault::Member(_) => Fault::Metadata(other),
    })?;
    Ok(Client { auth: AuthMethod::None, ..client })
}

fn is_json(media_type: &str) -> bool {
    let bare = media_type.split(';').next().unwrap_or_default().trim();
    ["application/ld+json", "application/json"].iter().any(|json| bare.eq_ignore_ascii_case(json))
}

fn has_context(object: &Object) -> bool {
    match object.get("@context") {
        Some(Value::Array(contexts)) => contexts.iter().any(|context| context == CONTEXT),
        Some(context) => context == CONTEXT,
        None => false,
    }
}

/// What any RDF says of the client: its redirect addresses, nothing else.
///
/// Spec: O-133, O-65
fn from_graph(id: &str, media_type: &str, bytes: &[u8]) -> Result<Object, Fault> {
    let format = Format::of(media_type).ok_or(Fault::Unreadable)?;
    let document = format::parse(bytes, format, id).map_err(|_| Fault::Unreadable)?;
    let client = Term::iri(id);
    let redirects = document.dataset.default.objects(&client, vocab::oidc::REDIRECT_URIS);
    let redirects: Vec<Value> = redirects.filter_map(Term::as_iri).map(|iri| Value::from(&**iri)).collect();
    Ok(Object::from_iter([("redirect_uris".to_owned(), redirects.into())]))
}

/// Leaves out what does not count here, so that one odd address does not make the client useless: it is public, and is
/// only ever sent back to addresses that could be registered.
///
/// Spec: O-127, O-134
fn usable(mut object: Object) -> Object {
    object.remove("token_endpoint_auth_method");
    let native = object.get("application_type").is_some_and(|kind| kind == Application::Native.name());
    let application = if native { Application::Native } else { Application::Web };
    for name in ["redirect_uris", "post_logout_redirect_uris"] {
        if let Some(Value::Array(uris)) = object.get_mut(name) {
            uris.retain(|uri| uri.as_str().is_some_and(|uri| redirect::check(uri, application).is_ok()));
            uris.truncate(redirect::MOST);
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::identity::provider::{Scope, Scopes};

    const ID: &str = "https://app.example/id";

    fn described(document: &Value) -> Result<Client, Fault> {
        read(ID, "application/ld+json; charset=utf-8", document.to_string().as_bytes())
    }

    fn with(members: Value) -> Value {
        let mut document = json!({
            "@context": [CONTEXT], "client_id": ID, "redirect_uris": ["https://app.example/back"],
        });
        let (Value::Object(known), Value::Object(members)) = (&mut document, members) else { return document };
        known.extend(members);
        document
    }

    /// Shows: O-132, O-134, O-137
    #[test]
    fn a_document_with_the_solid_context_is_read_as_metadata() {
        let client = described(&with(json!({
            "client_name": "App", "scope": "openid webid email", "grant_types": ["authorization_code"],
            "token_endpoint_auth_method": "client_secret_basic", "require_auth_time": true, "default_max_age": 60,
            "contacts": ["mailto:app@example.org"], "post_logout_redirect_uris": ["https://app.example/bye"],
            "client_uri": "javascript:alert(1)", "tos_uri": "https://app.example/terms",
        })));
        let client = client.unwrap();
        assert_eq!((&*client.id, client.kind, client.auth), (ID, Kind::Document, AuthMethod::None));
        assert_eq!(client.redirect_uris, ["https://app.example/back"]);
        assert_eq!(client.scopes, Scopes::from_iter([Scope::OpenId, Scope::WebId]));
        assert!(!client.refresh && client.require_auth_time);
        assert_eq!(client.default_max_age, Some(60));
        assert_eq!(client.post_logout_redirect_uris, ["https://app.example/bye"]);
        assert_eq!(client.about.client_uri, None, "no link leads to a script");
        assert_eq!(client.about.tos_uri.as_deref(), Some("https://app.example/terms"));
        let bare = described(&with(json!({ "@context": CONTEXT }))).unwrap();
        assert_eq!((bare.scopes, bare.refresh), (Scopes::all(), true));
    }

    /// Shows: O-132, O-134
    #[test]
    fn a_document_that_does_not_fit_is_no_client() {
        for (document, fault) in [
            (with(json!({ "client_id": "https://app.example/ID" })), Fault::OtherClient),
            (with(json!({ "client_id": null })), Fault::OtherClient),
            (with(json!({ "redirect_uris": [] })), Fault::NoRedirect),
            (with(json!({ "redirect_uris": ["http://app.example/", 7] })), Fault::NoRedirect),
            (with(json!({ "redirect_uris": "https://app.example/back" })), Fault::NoRedirect),
            (
                with(json!({ "response_types": ["id_token token"] })),
                Fault::Metadata(metadata::Fault::Member("response_types")),
            ),
            (with(json!({ "grant_types": ["implicit"] })), Fault::Metadata(metadata::Fault::Member("grant_types"))),
            (json!({ "@context": "https://app.example/context.jsonld" }), Fault::Unreadable),
            (json!([]), Fault::NoRedirect),
        ] {
            assert_eq!(described(&document), Err(fault), "{document}");
        }
        assert_eq!(read(ID, "text/html", b"<p>"), Err(Fault::Unreadable));
        assert_eq!(read(ID, "", b""), Err(Fault::Unreadable));
        let odd = with(json!({ "redirect_uris": ["http://app.example/", "https://app.example/back"] }));
        assert_eq!(described(&odd).unwrap().redirect_uris, ["https://app.example/back"]);
    }

    /// Shows: O-133
    #[test]
    fn other_rdf_counts_for_its_redirect_addresses() {
        let turtle = "@prefix oidc: <http://www.w3.org/ns/solid/oidc#>.\n\
            <> oidc:redirect_uris <https://app.example/back>, <https://app.example/b>; oidc:client_name \"App\".\n\
            <other> oidc:redirect_uris <https://evil.example/>.";
        let client = read(ID, "text/turtle", turtle.as_bytes()).unwrap();
        assert_eq!(client.redirect_uris, ["https://app.example/b", "https://app.example/back"]);
        assert_eq!((client.name, client.auth), (None, AuthMethod::None));
        let expanded = json!({ "@id": ID, "http://www.w3.org/ns/solid/oidc#redirect_uris":
            [{ "@id": "https://app.example/back" }] });
        assert_eq!(described(&expanded).unwrap().redirect_uris, ["https://app.example/back"]);
    }
}
