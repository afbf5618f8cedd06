//! Applications that sign people in, as far as it can be tried without a person: registration, the errors of the
//! authorization endpoint, revocation.

use serde_json::{Value, json};

use super::prelude::*;
use crate::agent::{basic, form_encoded};

pub const GROUP: Group = group!(
    "applications",
    "Applications",
    [
        a_revoked_token_is_refused_at_once,
        revoking_asks_for_the_client,
        introspection_asks_for_authentication,
        a_client_can_register,
        registration_knows_public_clients,
        a_bad_registration_is_refused,
        an_unknown_client_is_explained_here,
        a_wrong_redirect_is_explained_here,
        other_errors_go_back_to_the_client,
        a_client_document_elsewhere_is_fetched_with_care,
        asking_for_no_page_is_answered_at_once,
        pages_cannot_be_framed,
    ]
);

const FORM: &str = "application/x-www-form-urlencoded";

/// A token that its client revoked is refused at once.
///
/// Shows: O-45, O-197, rfc7009 §2.1
async fn a_revoked_token_is_refused_at_once(t: Trial) -> Verdict {
    let (provider, alice) = (&t.bench.provider, &t.bench.alice);
    let credentials = provider.sign_in(&t.anyone, &alice.id, &alice.secret).await?;
    let read = async || {
        let proof = credentials.key.sign(&credentials.key.proof("GET", &t.space, now()));
        let ask = t.anyone.get(&t.space).header("Authorization", format!("DPoP {}", credentials.token));
        ask.header("DPoP", proof).await
    };
    read().await?.is(200)?;
    revoke(&t, &credentials.token, alice).await?.is(200)?;
    read().await?.is(401)?;
    Ok(())
}

async fn revoke(t: &Trial, token: &str, client: &crate::trial::Secret) -> Verdict<Response> {
    let ask = t.anyone.post(t.bench.provider.endpoint("revocation_endpoint")?);
    let ask = ask.header("Authorization", basic(&client.id, &client.secret));
    ask.content(FORM, format!("token={}", form_encoded(token))).await
}

/// Revoking asks for the token's own client; an unknown token is fine.
///
/// Shows: O-197, rfc7009 §2.1, rfc7009 §2.2
async fn revoking_asks_for_the_client(t: Trial) -> Verdict {
    revoke(&t, "nonsense", &t.bench.alice).await?.is(200)?;
    let wrong = crate::trial::Secret { id: t.bench.alice.id.clone(), secret: "wrong".into() };
    revoke(&t, "nonsense", &wrong).await?.is(401)?;
    let token = &t.alice.credentials()?.token;
    revoke(&t, token, &t.bench.bob).await?.is(400)?;
    t.alice.get(&t.space).await?.is(200)?;
    Ok(())
}

/// Looking up a token asks for authentication.
///
/// Shows: O-197, rfc7662 §2.1
async fn introspection_asks_for_authentication(t: Trial) -> Verdict {
    let ask = t.anyone.post(t.bench.provider.endpoint("introspection_endpoint")?).content(FORM, "token=nonsense");
    ask.await?.is(401)?;
    Ok(())
}

async fn register(t: &Trial, metadata: &Value) -> Verdict<Response> {
    let ask = t.anyone.post(t.bench.provider.endpoint("registration_endpoint")?);
    let answer = ask.content("application/json", metadata.to_string()).await?;
    if answer.status() == 429 {
        return Err(Stop::Untested("registration is limited at the moment".into()));
    }
    Ok(answer)
}

async fn registered(t: &Trial) -> Verdict<String> {
    let metadata = json!({ "redirect_uris": ["https://app.example/back?x=1"], "token_endpoint_auth_method": "none" });
    let client = register(t, &metadata).await?.is(201).map_err(Stop::in_preparation)?.json()?;
    Ok(client["client_id"].as_str().unwrap_or_default().to_owned())
}

/// A client can register; what is in force is told, redirect addresses unchanged and in order.
///
/// Shows: oidc#clientids-oidc, O-121, O-122, O-123, O-124, O-125, O-106, rfc7591 §3.2.1
async fn a_client_can_register(t: Trial) -> Verdict {
    let redirects = json!(["https://tester", "https://app.example/back?x=1", "http://localhost:3000/"]);
    let metadata = json!({
        "redirect_uris": redirects, "client_name": "Conformance", "application_type": "web",
        "token_endpoint_auth_method": "client_secret_basic", "subject_type": "pairwise", "unknown": [1, 2]
    });
    let response = register(&t, &metadata).await?.is(201)?;
    ensure(response.need("Cache-Control")?.contains("no-store"), "a cache may keep it")?;
    let client = response.json()?;
    ensure(client["redirect_uris"] == redirects, format!("the redirect addresses are {}", client["redirect_uris"]))?;
    ensure(client["client_id_issued_at"].is_u64() && client["client_secret_expires_at"] == 0, "the times are missing")?;
    for name in ["client_id", "client_secret"] {
        let value = client[name].as_str().unwrap_or_default();
        let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        ensure(!value.is_empty() && value.len() <= 128 && plain, format!("`{name}` is `{value}`"))?;
    }
    Ok(())
}

/// A public client gets no secret, and a missing scope means all.
///
/// Shows: O-123, O-122
async fn registration_knows_public_clients(t: Trial) -> Verdict {
    let metadata = json!({
        "redirect_uris": ["com.example.app:/back", "http://127.0.0.1/back"], "application_type": "native",
        "token_endpoint_auth_method": "none", "id_token_signed_response_alg": "ES256"
    });
    let client = register(&t, &metadata).await?.is(201)?.json()?;
    ensure(client.get("client_secret").is_none(), "it has a secret")?;
    ensure(client["token_endpoint_auth_method"] == "none", "another method is in force")?;
    let scope = client["scope"].as_str().unwrap_or("openid webid");
    ensure(scope.contains("webid"), format!("its scope is {scope}"))
}

/// A registration that cannot be used is refused with the error in JSON.
///
/// Shows: O-126, O-127, rfc7591 §3.2.2
async fn a_bad_registration_is_refused(t: Trial) -> Verdict {
    for redirect in [
        "https://app.example/#part",
        "relative",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://*.example/",
        "http://app.example/",
    ] {
        let refused = register(&t, &json!({ "redirect_uris": [redirect] })).await?.is(400)?.json()?;
        ensure(refused["error"] == "invalid_redirect_uri", format!("`{redirect}` gives {refused}"))?;
    }
    let refused = register(&t, &json!({ "redirect_uris": "https://app.example/" })).await?.is(400)?.json()?;
    ensure(refused["error"].is_string(), "the error is not named")?;
    let endpoint = t.bench.provider.endpoint("registration_endpoint")?;
    t.anyone.post(endpoint).plain("{}").await?.one_of(&[415, 400])?;
    t.anyone.post(endpoint).content("application/json", "{").await?.is(400)?;
    Ok(())
}

/// Asks the authorization endpoint with these parameters.
async fn authorize(t: &Trial, parameters: &[(&str, &str)]) -> Verdict<Response> {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    t.anyone.get(&format!("{}?{query}", t.bench.provider.endpoint("authorization_endpoint")?)).await
}

/// An unknown client is explained here, not sent anywhere.
///
/// Shows: O-142, O-128
async fn an_unknown_client_is_explained_here(t: Trial) -> Verdict {
    let parameters = [("client_id", "nobody"), ("redirect_uri", "https://app.example/"), ("response_type", "code")];
    authorize(&t, &parameters).await?.is(400)?.lacks("Location")?;
    Ok(())
}

/// A redirect address that was not registered exactly so is explained here.
///
/// Shows: O-142, O-145
async fn a_wrong_redirect_is_explained_here(t: Trial) -> Verdict {
    let client = registered(&t).await?;
    for redirect in ["https://app.example/back", "https://app.example/back?x=1&y=2", "https://evil.example/", ""] {
        let parameters = [("client_id", client.as_str()), ("redirect_uri", redirect), ("response_type", "code")];
        authorize(&t, &parameters).await?.is(400)?.lacks("Location")?;
    }
    Ok(())
}

/// The query of a redirect.
fn sent_back(response: &Response) -> Verdict<Vec<(String, String)>> {
    let location = response.location()?;
    ensure(location.starts_with("https://app.example/back?x=1&"), format!("it leads to {location}"))?;
    let url = url::Url::parse(&location).map_err(|error| Stop::Failed(error.to_string()))?;
    Ok(url.query_pairs().into_owned().collect())
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

const CHALLENGE: (&str, &str) = ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
const S256: (&str, &str) = ("code_challenge_method", "S256");

/// Other errors go back to the client with state and issuer.
///
/// Shows: O-141, O-142, O-143, O-144, rfc9207 §2, rfc7636 §4.2
async fn other_errors_go_back_to_the_client(t: Trial) -> Verdict {
    let client = registered(&t).await?;
    let base = [("client_id", client.as_str()), ("redirect_uri", "https://app.example/back?x=1"), ("state", "a b&c")];
    let (code, openid) = (("response_type", "code"), ("scope", "openid webid"));
    for (more, error) in [
        (&[code, openid][..], "invalid_request"),
        (&[code, openid, CHALLENGE, ("code_challenge_method", "plain")], "invalid_request"),
        (&[code, openid, ("code_challenge", "short"), S256], "invalid_request"),
        (&[("response_type", "id_token token"), openid, CHALLENGE, S256], "unsupported_response_type"),
        (&[code, ("scope", "profile"), CHALLENGE, S256], "invalid_scope"),
        (&[code, openid, CHALLENGE, S256, ("prompt", "none login")], "invalid_request"),
    ] {
        let parameters: Vec<_> = base.into_iter().chain(more.iter().copied()).collect();
        let answer = sent_back(&authorize(&t, &parameters).await?.one_of(&[302, 303])?)?;
        ensure(value(&answer, "error") == Some(error), format!("{more:?} gives {answer:?}"))?;
        ensure(value(&answer, "state") == Some("a b&c"), "the state is another")?;
        ensure(value(&answer, "iss") == Some(&t.bench.provider.issuer), "the issuer is not named")?;
    }
    Ok(())
}

/// A client that is an address inside the machine or its network is never fetched.
///
/// Shows: oidc#clientids, oidc#clientids-document, O-131, O-132, O-61, O-62
async fn a_client_document_elsewhere_is_fetched_with_care(t: Trial) -> Verdict {
    for client in
        ["https://127.0.0.1/app", "https://169.254.169.254/app", "https://[::1]/app", "https://client.invalid/app"]
    {
        let parameters =
            [("client_id", client), ("redirect_uri", "https://app.example/back?x=1"), ("response_type", "code")];
        authorize(&t, &parameters).await?.one_of(&[400, 502, 503])?.lacks("Location")?;
    }
    Ok(())
}

/// Who is not signed in and wants to see no page is told at once.
///
/// Shows: O-147, O-144
async fn asking_for_no_page_is_answered_at_once(t: Trial) -> Verdict {
    let client = registered(&t).await?;
    let parameters = [
        ("client_id", client.as_str()),
        ("redirect_uri", "https://app.example/back?x=1"),
        ("response_type", "code"),
        ("scope", "openid webid"),
        ("prompt", "none"),
        CHALLENGE,
        S256,
    ];
    let answer = sent_back(&authorize(&t, &parameters).await?.one_of(&[302, 303])?)?;
    ensure(value(&answer, "error") == Some("login_required"), format!("the answer is {answer:?}"))
}

/// Pages of the provider cannot be framed, and no other origin can read them.
///
/// Shows: O-105, O-106
async fn pages_cannot_be_framed(t: Trial) -> Verdict {
    let page = t.anyone.get(&format!("{}?client_id=nobody", t.bench.provider.endpoint("authorization_endpoint")?));
    let page = page.origin("https://app.example").await?.is(400)?.lacks("Access-Control-Allow-Origin")?;
    ensure(page.need("Content-Security-Policy")?.contains("frame-ancestors 'none'"), "the page can be framed")?;
    ensure(page.need("Referrer-Policy")? == "no-referrer", "the page tells where it was")
}
