//! What a client says of itself, in the words of dynamic registration. Registrations and client documents are both
//! read here.

use serde_json::Value;
use url::Url;

use super::client::{About, Application, AuthMethod, Client, Kind};
use super::redirect;
use super::scope::{Scope, Scopes};
use crate::identity::json::{self, Object};
use crate::identity::keys;

/// Characters of the longest name or other text.
const LONGEST: usize = 200;
/// Characters of the longest address.
const LONGEST_URL: usize = 2048;

/// Why what a client says of itself cannot be in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Redirect(#[from] redirect::Fault),
    /// The member is of another type than it should be, or says what we cannot do.
    #[error("the member {0} cannot be used")]
    Member(&'static str),
}

/// Reads a client. Members that are unknown to us do not matter, and nothing that they name is fetched.
///
/// Spec: O-121, O-122, O-137, rfc7591 §2
pub fn read(object: &Object, id: &str, kind: Kind) -> Result<Client, Fault> {
    let application = match text(object, "application_type")? {
        None | Some("web") => Application::Web,
        Some("native") => Application::Native,
        Some(_) => return Err(Fault::Member("application_type")),
    };
    let redirect_uris = strings(object, "redirect_uris").map_err(|_| redirect::Fault::Malformed)?.unwrap_or_default();
    if redirect_uris.is_empty() || redirect_uris.len() > redirect::MOST {
        return Err(redirect::Fault::Count.into());
    }
    redirect_uris.iter().try_for_each(|uri| redirect::check(uri, application))?;
    check_responses(object)?;
    Ok(Client {
        id: id.to_owned(),
        kind,
        name: short(object, "client_name")?,
        redirect_uris,
        post_logout_redirect_uris: after_logout(object, application)?,
        application,
        scopes: scopes(object)?,
        refresh: may_refresh(object)?,
        auth: auth(object)?,
        id_token_alg: algorithm(object)?,
        default_max_age: max_age(object)?,
        require_auth_time: flag(object, "require_auth_time")?,
        about: about(object)?,
    })
}

fn check_responses(object: &Object) -> Result<(), Fault> {
    let types = strings(object, "response_types")?;
    if types.is_some_and(|types| !types.iter().any(|one| one == "code")) {
        return Err(Fault::Member("response_types"));
    }
    match text(object, "subject_type")? {
        None | Some("public" | "pairwise") => Ok(()),
        Some(_) => Err(Fault::Member("subject_type")),
    }
}

/// Without a list of grants all are allowed. Whoever lists any wants to sign people in, so codes must be among them.
fn may_refresh(object: &Object) -> Result<bool, Fault> {
    let Some(grants) = strings(object, "grant_types")? else { return Ok(true) };
    let lists = |grant: &str| grants.iter().any(|one| one == grant);
    if lists("authorization_code") { Ok(lists("refresh_token")) } else { Err(Fault::Member("grant_types")) }
}

/// Without a list of scopes all are allowed; nobody signs in without `openid`.
///
/// Spec: O-122
fn scopes(object: &Object) -> Result<Scopes, Fault> {
    Ok(text(object, "scope")?.map_or_else(Scopes::all, |listed| Scopes::parse(listed).with(Scope::OpenId)))
}

fn auth(object: &Object) -> Result<AuthMethod, Fault> {
    match text(object, "token_endpoint_auth_method")? {
        None => Ok(AuthMethod::Basic),
        Some(name) => AuthMethod::parse(name).ok_or(Fault::Member("token_endpoint_auth_method")),
    }
}

/// Spec: O-115
fn algorithm(object: &Object) -> Result<crate::identity::jws::Algorithm, Fault> {
    let name = text(object, "id_token_signed_response_alg")?.unwrap_or(keys::ALGORITHMS[0].name());
    let known = keys::ALGORITHMS.into_iter().find(|algorithm| algorithm.name() == name);
    known.ok_or(Fault::Member("id_token_signed_response_alg"))
}

fn max_age(object: &Object) -> Result<Option<u64>, Fault> {
    let seconds = |value: &Value| value.as_u64().ok_or(Fault::Member("default_max_age"));
    object.get("default_max_age").filter(|value| !value.is_null()).map(seconds).transpose()
}

fn flag(object: &Object, name: &'static str) -> Result<bool, Fault> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(value) => value.as_bool().ok_or(Fault::Member(name)),
    }
}

fn after_logout(object: &Object, application: Application) -> Result<Vec<String>, Fault> {
    let uris = strings(object, "post_logout_redirect_uris")?.unwrap_or_default();
    let fine = uris.len() <= redirect::MOST && uris.iter().all(|uri| redirect::check(uri, application).is_ok());
    if fine { Ok(uris) } else { Err(Fault::Member("post_logout_redirect_uris")) }
}

/// What is said for people. Addresses that no link may lead to are left out: they would be scripts, or nothing.
fn about(object: &Object) -> Result<About, Fault> {
    let address = |name| Ok::<_, Fault>(text(object, name)?.filter(|url| is_web_address(url)).map(str::to_owned));
    let contacts = strings(object, "contacts")?.unwrap_or_default();
    let brief = |text: &String| text.chars().count() <= LONGEST;
    Ok(About {
        client_uri: address("client_uri")?,
        logo_uri: address("logo_uri")?,
        tos_uri: address("tos_uri")?,
        policy_uri: address("policy_uri")?,
        contacts: contacts.into_iter().filter(brief).take(10).collect(),
        software_id: short(object, "software_id")?,
        software_version: short(object, "software_version")?,
    })
}

fn is_web_address(text: &str) -> bool {
    text.len() <= LONGEST_URL && Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
}

/// A member that must be a string; `null` is as good as absent.
fn text<'a>(object: &'a Object, name: &'static str) -> Result<Option<&'a str>, Fault> {
    if object.get(name).is_some_and(Value::is_null) {
        return Ok(None);
    }
    json::text(object, name).map_err(|_| Fault::Member(name))
}

fn short(object: &Object, name: &'static str) -> Result<Option<String>, Fault> {
    match text(object, name)? {
        Some(text) if text.chars().count() > LONGEST => Err(Fault::Member(name)),
        text => Ok(text.map(str::to_owned)),
    }
}

/// A member that must be a list of strings.
fn strings(object: &Object, name: &'static str) -> Result<Option<Vec<String>>, Fault> {
    let Some(value) = object.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let members = value.as_array().ok_or(Fault::Member(name))?;
    let texts = members.iter().map(|member| member.as_str().map(str::to_owned).ok_or(Fault::Member(name)));
    texts.collect::<Result<_, _>>().map(Some)
}
