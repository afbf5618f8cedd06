use proptest::prelude::*;

use super::*;
use crate::identity::jws::Algorithm;
use crate::identity::provider::client::{About, Application, AuthMethod, Kind};
use crate::secret::Secret;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A public web application that may ask for everything.
pub fn sample() -> Client {
    Client {
        id: "app".into(),
        kind: Kind::Registered,
        name: None,
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        application: Application::Web,
        scopes: Scopes::all(),
        refresh: true,
        auth: AuthMethod::None,
        id_token_alg: Algorithm::Es256,
        default_max_age: None,
        require_auth_time: false,
        about: About::default(),
    }
}

fn client() -> Client {
    Client { redirect_uris: vec!["https://app.example/back?x=1".into(), "https://tester".into()], ..sample() }
}

/// The usual request, with some parameters instead of its own; one without a value goes away.
fn query<'a>(changes: &[(&'a str, &'a str)]) -> Parameters<'a> {
    let usual = [
        ("client_id", "app"),
        ("redirect_uri", "https://app.example/back?x=1"),
        ("response_type", "code"),
        ("scope", "openid webid offline_access"),
        ("state", "a b&c=é"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let kept = usual.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    Parameters::new(kept.chain(changes).copied())
}

fn asked(changes: &[(&str, &str)]) -> Result<AuthorizationRequest, Fault> {
    let (parameters, client) = (query(changes), client());
    let back = Return::of(&parameters, &client).unwrap();
    read(&parameters, &client, &back)
}

/// Shows: O-141, O-149
#[test]
fn a_usual_request_is_read() {
    let key = Thumbprint::parse(CHALLENGE).unwrap();
    let request = asked(&[
        ("prompt", "consent"),
        ("nonce", "n"),
        ("max_age", "60"),
        ("dpop_jkt", CHALLENGE),
        ("resource", "https://a.example/"),
        ("resource", "https://b.example/"),
        ("ui_locales", "br fr-CA"),
        ("login_hint", "Ada@example.org"),
        ("acr_values", "phr urn:example:gold"),
        ("claims", ""),
        ("unheard-of", "1"),
    ]);
    let request = request.unwrap();
    assert_eq!(request.scopes, Scopes::all().without(Scope::Profile));
    assert_eq!(request.prompt, [Prompt::Consent].into());
    assert_eq!(request.nonce.as_deref(), Some("n"));
    assert_eq!(request.max_age, Some(60));
    assert_eq!(request.login_hint, Email::parse("ada@example.org"));
    assert_eq!(request.language, Some(Language::French));
    assert_eq!((request.challenge.as_str(), request.jkt), (CHALLENGE, Some(key)));
    assert_eq!(request.back.state.as_deref(), Some("a b&c=é"));
    assert_eq!(request.back.mode, ResponseMode::Query);
    let kept: AuthorizationRequest = serde_json::from_slice(&serde_json::to_vec(&request).unwrap()).unwrap();
    assert_eq!(kept, request);
}

/// Shows: O-141, O-142, O-143, O-147
#[test]
fn what_is_wrong_goes_back_by_its_code() {
    for (changes, code) in [
        (&[("response_type", "")][..], ErrorCode::InvalidRequest),
        (&[("response_type", "token")], ErrorCode::UnsupportedResponseType),
        (&[("response_type", "code id_token")], ErrorCode::UnsupportedResponseType),
        (&[("response_mode", "fragment")], ErrorCode::InvalidRequest),
        (&[("scope", "")], ErrorCode::InvalidScope),
        (&[("scope", "webid profile")], ErrorCode::InvalidScope),
        (&[("scope", "OpenID")], ErrorCode::InvalidScope),
        (&[("code_challenge", "")], ErrorCode::InvalidRequest),
        (&[("code_challenge", "short")], ErrorCode::InvalidRequest),
        (&[("code_challenge", &CHALLENGE.replace('-', "+"))], ErrorCode::InvalidRequest),
        (&[("code_challenge_method", "")], ErrorCode::InvalidRequest),
        (&[("code_challenge_method", "plain")], ErrorCode::InvalidRequest),
        (&[("prompt", "none login")], ErrorCode::InvalidRequest),
        (&[("prompt", "sudo")], ErrorCode::InvalidRequest),
        (&[("max_age", "-1")], ErrorCode::InvalidRequest),
        (&[("max_age", "soon")], ErrorCode::InvalidRequest),
        (&[("dpop_jkt", "abc")], ErrorCode::InvalidRequest),
        (&[("nonce", "a"), ("nonce", "a")], ErrorCode::InvalidRequest),
        (&[("state", "a"), ("state", "b")], ErrorCode::InvalidRequest),
        (&[("request", "eyJ")], ErrorCode::RequestNotSupported),
        (&[("request_uri", "https://app.example/request")], ErrorCode::RequestUriNotSupported),
        (&[("registration", "{}")], ErrorCode::RegistrationNotSupported),
    ] {
        assert_eq!(asked(changes).map_err(|fault| fault.code), Err(code), "{changes:?}");
    }
}

/// Shows: O-142, O-145
#[test]
fn only_a_registered_address_is_answered() {
    let of = |changes: &[(&str, &str)]| Return::of(&query(changes), &client()).map(|back| back.redirect_uri);
    assert_eq!(of(&[]).unwrap(), "https://app.example/back?x=1");
    assert_eq!(of(&[("redirect_uri", "https://tester")]).unwrap(), "https://tester");
    for other in [
        "https://app.example/back",
        "https://app.example/back?x=1&y=2",
        "https://app.example/back?x=1#",
        "https://APP.example/back?x=1",
        "https://app.example:443/back?x=1",
        "https://app.example/../back?x=1",
        "https://tester/",
        "http://tester",
        "https://tester.evil.example",
        "https://tester@evil.example",
    ] {
        assert_eq!(of(&[("redirect_uri", other)]), Err(Unanswerable::OtherRedirect), "{other}");
    }
    assert_eq!(of(&[("redirect_uri", "")]), Err(Unanswerable::NoRedirect));
    let twice = [("redirect_uri", "https://tester"), ("redirect_uri", "https://tester")];
    assert_eq!(of(&twice), Err(Unanswerable::NoRedirect));
    assert_eq!(client_id(&query(&[("client_id", "a"), ("client_id", "a")])), Err(Unanswerable::NoClient));
    assert_eq!(client_id(&query(&[("client_id", "")])), Err(Unanswerable::NoClient));
    assert_eq!(client_id(&query(&[])), Ok("app"));
}

/// Shows: O-144, O-145
#[test]
fn the_answer_is_added_to_the_address_as_it_is() {
    let fault = Outcome::Fault(Fault::new(ErrorCode::AccessDenied, "no"));
    let code = Outcome::Code(Secret::new("c-1"));
    for (uri, state, outcome, location) in [
        ("https://tester", Some("s"), &code, "https://tester?code=c-1&state=s&iss=I"),
        ("https://a.example/?", None, &code, "https://a.example/?code=c-1&iss=I"),
        ("https://a.example/b?x=%2F&y", None, &code, "https://a.example/b?x=%2F&y&code=c-1&iss=I"),
        ("https://a.example/?x=1&", None, &code, "https://a.example/?x=1&code=c-1&iss=I"),
        ("com.app:/b", Some("a&b"), &code, "com.app:/b?code=c-1&state=a%26b&iss=I"),
        (
            "https://a.example/",
            Some(""),
            &fault,
            "https://a.example/?error=access_denied&error_description=no&state=&iss=I",
        ),
    ] {
        let state = state.map(str::to_owned);
        let back = Return { redirect_uri: uri.to_owned(), mode: ResponseMode::Query, state };
        assert_eq!(back.location(outcome, "I"), location);
    }
}

/// Shows: O-136
#[test]
fn the_host_is_what_a_person_would_read() {
    for (address, host) in [
        ("https://app.example/back", "app.example"),
        ("https://app.example:8443/back", "app.example:8443"),
        ("https://app.example@evil.example/", "evil.example"),
        ("https://аpp.example/", "xn--pp-6kc.example"),
        ("http://localhost:3000/", "localhost:3000"),
        ("com.example.app:/back", "com.example.app:"),
    ] {
        assert_eq!(host_of(address), host);
    }
}

/// Shows: O-134
#[test]
fn scopes_that_the_client_may_not_have_are_left_out() {
    let modest = Client { scopes: Scopes::parse("openid webid"), ..client() };
    let parameters = query(&[("scope", "openid offline_access webid email")]);
    let back = Return::of(&parameters, &modest).unwrap();
    assert_eq!(read(&parameters, &modest, &back).unwrap().scopes, Scopes::parse("openid webid"));
    let none = Client { scopes: Scopes::parse("webid"), ..client() };
    assert_eq!(read(&parameters, &none, &back).unwrap_err().code, ErrorCode::InvalidScope);
}

/// Shows: O-137, O-148
#[test]
fn a_client_may_want_recent_sign_ins_by_default() {
    let careful = Client { default_max_age: Some(600), ..client() };
    let max_age = |changes: &[(&str, &str)]| {
        let parameters = query(changes);
        let back = Return::of(&parameters, &careful).unwrap();
        read(&parameters, &careful, &back).unwrap().max_age
    };
    assert_eq!(max_age(&[]), Some(600));
    assert_eq!(max_age(&[("max_age", "0")]), Some(0));
}

proptest! {
    /// Whatever is sent, an answer goes to an address that was registered, and nothing of it gets lost on the way.
    ///
    /// Shows: O-142, O-144, O-145
    #[test]
    fn whatever_is_sent_goes_back_where_it_may(
        sent in prop::collection::vec(("(redirect_uri|state|response_mode|prompt|scope|max_age|x)", ".{0,20}"), 0..8),
        registered in "https://(tester|app\\.example/back\\?x=1|evil\\.example)",
    ) {
        let client = client();
        let pairs = sent.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let parameters = Parameters::new(pairs.chain([("redirect_uri", registered.as_str())]));
        if let Ok(back) = Return::of(&parameters, &client) {
            prop_assert!(client.redirect_uris.contains(&back.redirect_uri));
            let fault = read(&parameters, &client, &back).unwrap_err();
            let outcome = Outcome::Fault(fault);
            let location = back.location(&outcome, "https://pods.example/");
            prop_assert!(location.starts_with(&back.redirect_uri) && location.is_ascii());
            let answer = back.answer(&outcome, "https://pods.example/");
            let url = Url::parse(&location).unwrap();
            let read: Vec<_> = url.query_pairs().into_owned().collect();
            let told = read[read.len() - answer.len()..].iter().map(|(name, value)| (name.as_str(), value.as_str()));
            prop_assert!(told.eq(answer));
        }
    }
}
