//! The identity provider: discovery, keys, and tokens by client credentials.

use serde_json::json;

use super::prelude::*;
use crate::agent::{basic, form_encoded};
use crate::dpop::{self, Key};

pub const GROUP: Group = group!(
    "provider",
    "Identity provider",
    [
        discovery_is_public,
        discovery_serves_client_credentials,
        discovery_serves_applications,
        the_issuer_is_spelled_the_same_everywhere,
        exchanges_are_secured,
        the_published_keys_are_fit,
        endpoints_are_open_to_all_origins,
        client_credentials_give_a_token,
        an_access_token_has_its_claims,
        an_id_token_has_its_claims,
        scope_and_extra_fields_do_not_matter,
        a_client_may_authenticate_in_the_body,
        a_wrong_secret_is_refused,
        two_clients_in_one_request_are_refused,
        a_token_request_needs_a_proof,
        errors_of_the_token_endpoint_are_json,
        an_invented_code_is_an_invalid_grant,
    ]
);

const FORM: &str = "application/x-www-form-urlencoded";
const APP: &str = "https://app.example";

fn key() -> Verdict<Key> {
    Key::generate().ok_or_else(|| Stop::Untested("no randomness".into()))
}

/// The token endpoint's answer to Alice's client credentials.
async fn token_response(t: &Trial, scope: &str) -> Verdict<Response> {
    let secret = &t.bench.alice;
    t.bench.provider.ask_token(&t.anyone, &key()?, &secret.id, &secret.secret, scope)?.await
}

/// Posts a form to the token endpoint with a good proof.
async fn post_form(t: &Trial, form: &str, authorization: Option<String>) -> Verdict<Response> {
    let endpoint = t.bench.provider.endpoint("token_endpoint")?;
    let key = key()?;
    let ask = t.anyone.post(endpoint).header("DPoP", key.sign(&key.proof("POST", endpoint, now())));
    let ask = ask.content(FORM, form.to_owned());
    if let Some(authorization) = authorization { ask.header("Authorization", authorization).await } else { ask.await }
}

/// The discovery document is public JSON under both well-known names, for a while.
///
/// Shows: O-104, oidc#discovery, rfc8414 §3
async fn discovery_is_public(t: Trial) -> Verdict {
    let base = t.bench.provider.issuer.trim_end_matches('/');
    let mut documents = Vec::new();
    for name in ["openid-configuration", "oauth-authorization-server"] {
        let read = t.anyone.get(&format!("{base}/.well-known/{name}")).origin(APP).await?.is(200)?;
        ensure(read.media_type() == "application/json", format!("{name} is {}", read.media_type()))?;
        ensure(read.header("Access-Control-Allow-Origin").as_deref() == Some("*"), "not every origin may read it")?;
        ensure(read.need("Cache-Control")?.contains("max-age"), "it may not be kept")?;
        documents.push(read.json()?);
    }
    ensure(documents[0] == documents[1], "the two differ")
}

/// Whether an endpoint is named, and lies on the issuer's origin.
fn is_named(t: &Trial, name: &str) -> Verdict {
    let provider = &t.bench.provider;
    let origin = crate::http::origin(&provider.issuer).unwrap_or_default();
    let url = provider.endpoint(name)?;
    ensure(url.starts_with(&format!("{origin}/")), format!("{name} is {url}"))
}

/// Whether a list has all these members.
fn is_listed(t: &Trial, name: &str, members: &[&str]) -> Verdict {
    let listed = t.bench.provider.list(name);
    for member in members {
        ensure(listed.contains(member), format!("`{name}` lacks `{member}`: {listed:?}"))?;
    }
    Ok(())
}

/// Discovery names what client credentials need: endpoints on the issuer's origin, the scope, the grant, the algorithms.
///
/// Shows: oidc#discovery, oidc#client-credentials-discovery, O-103, O-115, O-117, O-118, rfc8414 §2, rfc9449 §5.1
async fn discovery_serves_client_credentials(t: Trial) -> Verdict {
    for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        is_named(&t, name)?;
    }
    for (name, members) in [
        ("scopes_supported", &["openid", "webid"][..]),
        ("grant_types_supported", &["client_credentials"]),
        ("response_types_supported", &["code"]),
        ("subject_types_supported", &["public"]),
        ("claims_supported", &["sub", "iss", "aud", "azp", "iat", "exp", "webid", "cnf"]),
        ("id_token_signing_alg_values_supported", &["ES256", "RS256"]),
        ("token_endpoint_auth_methods_supported", &["client_secret_basic", "client_secret_post"]),
        ("dpop_signing_alg_values_supported", &["ES256"]),
    ] {
        is_listed(&t, name, members)?;
    }
    let first = t.bench.provider.list("id_token_signing_alg_values_supported")[0];
    ensure(first == "ES256", format!("{first} goes before ES256"))
}

/// Discovery names what applications need to sign people in.
///
/// Shows: O-111, O-112, O-113, O-114, O-116
async fn discovery_serves_applications(t: Trial) -> Verdict {
    for name in ["registration_endpoint", "end_session_endpoint", "revocation_endpoint", "introspection_endpoint"] {
        is_named(&t, name)?;
    }
    for (name, members) in [
        ("scopes_supported", &["openid", "profile", "offline_access", "webid"][..]),
        ("grant_types_supported", &["authorization_code", "refresh_token", "client_credentials"]),
        ("response_modes_supported", &["query"]),
        ("token_endpoint_auth_methods_supported", &["client_secret_basic", "client_secret_post", "none"]),
        ("code_challenge_methods_supported", &["S256"]),
    ] {
        is_listed(&t, name, members)?;
    }
    let tells_issuer = &t.bench.provider.metadata["authorization_response_iss_parameter_supported"];
    ensure(tells_issuer == &json!(true), "responses are not said to name the issuer")
}

/// Discovery, tokens and profile spell the issuer the same.
///
/// Shows: oidc#oidc-issuer-discovery, O-101, O-39, O-40, O-211
async fn the_issuer_is_spelled_the_same_everywhere(t: Trial) -> Verdict {
    let issuer = &t.bench.provider.issuer;
    let claims = dpop::claims(&t.alice.credentials()?.token).unwrap_or_default();
    ensure(claims["iss"] == json!(issuer), format!("the token says {}", claims["iss"]))?;
    let profile = t.anyone.get(t.alice.webid()).accept("text/turtle").await?.is(200)?.graph()?;
    let named = has(&profile, t.alice.webid(), &format!("{}oidcIssuer", rdf::SOLID), issuer);
    ensure(named, format!("the profile does not name {issuer}"))
}

/// Everything is exchanged over TLS, unless the server is on this very machine.
///
/// Shows: oidc#security-tls, solid#server-tls-https
async fn exchanges_are_secured(t: Trial) -> Verdict {
    let issuer = &t.bench.provider.issuer;
    if issuer.starts_with("http://") {
        let local = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
        ensure(local.iter().any(|host| issuer.starts_with(host)), format!("{issuer} is not secured"))?;
    }
    Ok(())
}

/// The published keys are public, named, and fit for ES256 and RS256.
///
/// Shows: O-184, rfc7517 §4
async fn the_published_keys_are_fit(t: Trial) -> Verdict {
    let keys = t.anyone.get(t.bench.provider.endpoint("jwks_uri")?).await?.is(200)?.json()?;
    let keys = keys["keys"].as_array().cloned().unwrap_or_default();
    for key in &keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            ensure(key.get(private).is_none(), format!("a key shows its `{private}`"))?;
        }
        ensure(key["kid"].is_string() && key["alg"].is_string() && key["use"] == "sig", "a key lacks kid, alg or use")?;
    }
    for alg in ["ES256", "RS256"] {
        ensure(keys.iter().any(|key| key["alg"] == alg), format!("there is no key for {alg}"))?;
    }
    let named = dpop::header(&t.alice.credentials()?.token).unwrap_or_default()["kid"].clone();
    ensure(keys.iter().any(|key| key["kid"] == named), "the key of a token is not published")
}

/// Keys and token endpoint are open to all origins, without credentials; so are registration and revocation.
///
/// Shows: O-105
async fn endpoints_are_open_to_all_origins(t: Trial) -> Verdict {
    let provider = &t.bench.provider;
    for name in ["token_endpoint", "registration_endpoint", "revocation_endpoint"] {
        let Ok(endpoint) = provider.endpoint(name) else { continue };
        let ask = t.anyone.options(endpoint).origin(APP).header("Access-Control-Request-Method", "POST");
        let preflight = ask.header("Access-Control-Request-Headers", "authorization, content-type, dpop").await?;
        let preflight = preflight.succeeded()?.and(opens, "that lets every origin ask")?;
        for field in ["authorization", "content-type", "dpop"] {
            preflight.clone().lists("Access-Control-Allow-Headers", field)?;
        }
        t.anyone.post(endpoint).origin(APP).content(FORM, "").await?.and(opens, "that every origin can read")?;
    }
    t.anyone.get(provider.endpoint("jwks_uri")?).origin(APP).await?.and(opens, "that every origin can read")?;
    Ok(())
}

fn opens(response: &Response) -> bool {
    let allowed = response.header("Access-Control-Allow-Origin");
    allowed.as_deref() == Some("*") && response.header("Access-Control-Allow-Credentials").is_none()
}

/// Client credentials give a bound access token that no cache keeps, and no refresh token.
///
/// Shows: oidc#client-credentials, oidc#client-credentials-token-instantiation, O-106, O-163, O-164, O-170
/// Shows: rfc6749 §5.1, rfc9449 §5
async fn client_credentials_give_a_token(t: Trial) -> Verdict {
    let response = token_response(&t, "webid").await?.is(200)?;
    ensure(response.need("Cache-Control")?.contains("no-store"), "a cache may keep it")?;
    let json = response.json()?;
    ensure(json["token_type"] == "DPoP", format!("the type is {}", json["token_type"]))?;
    ensure(json["expires_in"].is_u64(), "`expires_in` is no number")?;
    ensure(json.get("refresh_token").is_none(), "there is a refresh token")?;
    let claims = dpop::claims(json["access_token"].as_str().unwrap_or_default()).unwrap_or_default();
    ensure(claims["webid"] == json!(t.alice.webid()), "the token is not for the WebID of the credentials")
}

/// An access token has the claims that resource servers check, and nothing personal.
///
/// Shows: oidc#tokens, O-181, O-183, O-33, rfc9068 §2.1
async fn an_access_token_has_its_claims(t: Trial) -> Verdict {
    let token = &t.alice.credentials()?.token;
    let claims = dpop::claims(token).unwrap_or_default();
    ensure(
        claims["aud"] == "solid" || claims["aud"].as_array().is_some_and(|a| a.contains(&json!("solid"))),
        "audience",
    )?;
    for name in ["iss", "sub", "webid", "client_id", "azp", "jti"] {
        ensure(claims[name].is_string(), format!("`{name}` is {}", claims[name]))?;
    }
    for name in ["iat", "exp"] {
        ensure(claims[name].is_u64(), format!("`{name}` is {}", claims[name]))?;
    }
    ensure(claims["cnf"]["jkt"].is_string(), "it is not bound to a key")?;
    for name in ["email", "name", "role", "picture"] {
        ensure(claims.get(name).is_none(), format!("it tells the {name}"))?;
    }
    let header = dpop::header(token).unwrap_or_default();
    ensure(header["kid"].is_string() && header["typ"] == "at+jwt", format!("the header is {header}"))
}

/// An ID token has the client and solid as audience, and names the WebID and the key.
///
/// Shows: oidc#tokens-id, O-182, O-170
async fn an_id_token_has_its_claims(t: Trial) -> Verdict {
    let json = token_response(&t, "openid webid").await?.is(200)?.json()?;
    let claims = json["id_token"].as_str().and_then(dpop::claims).unwrap_or_default();
    let audience = claims["aud"].as_array().cloned().unwrap_or_default();
    ensure(audience.contains(&json!("solid")), format!("the audience is {}", claims["aud"]))?;
    ensure(audience.contains(&claims["azp"]), format!("`azp` is {}", claims["azp"]))?;
    ensure(claims["webid"] == json!(t.alice.webid()), format!("`webid` is {}", claims["webid"]))?;
    ensure(claims["cnf"]["jkt"].is_string(), "it is not bound to a key")?;
    ensure(claims["iss"] == json!(t.bench.provider.issuer) && claims["sub"].is_string(), "issuer or subject is wrong")
}

/// A token names the WebID whatever scope was asked, and unknown fields are passed over.
///
/// Shows: O-170, O-171
async fn scope_and_extra_fields_do_not_matter(t: Trial) -> Verdict {
    let secret = &t.bench.alice;
    for form in [
        "grant_type=client_credentials",
        "grant_type=client_credentials&scope=openid",
        "grant_type=client_credentials&scope=openid+offline_access+webid&token_endpoint_auth_method=client_secret_basic",
    ] {
        let response = post_form(&t, form, Some(basic(&secret.id, &secret.secret))).await?.is(200)?.json()?;
        let claims = response["access_token"].as_str().and_then(dpop::claims).unwrap_or_default();
        ensure(claims["webid"] == json!(t.alice.webid()), format!("`{form}` gives a token without WebID"))?;
    }
    Ok(())
}

/// A client may send its identifier and secret in the body.
///
/// Shows: O-170, O-162, rfc6749 §2.3.1
async fn a_client_may_authenticate_in_the_body(t: Trial) -> Verdict {
    let (id, secret) = (form_encoded(&t.bench.alice.id), form_encoded(&t.bench.alice.secret));
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    post_form(&t, &form, None).await?.is(200)?;
    Ok(())
}

/// A wrong secret is an invalid client.
///
/// Shows: O-162, rfc6749 §5.2
async fn a_wrong_secret_is_refused(t: Trial) -> Verdict {
    for (id, secret) in [(t.bench.alice.id.as_str(), "wrong"), ("nobody", "wrong")] {
        let refused = post_form(&t, "grant_type=client_credentials", Some(basic(id, secret))).await?.is(401)?;
        ensure(refused.need("WWW-Authenticate")?.starts_with("Basic"), "there is no Basic challenge")?;
        ensure(refused.json()?["error"] == "invalid_client", format!("the error is {}", refused.text()))?;
    }
    Ok(())
}

/// Two ways to authenticate that name different clients are refused.
///
/// Shows: O-162
async fn two_clients_in_one_request_are_refused(t: Trial) -> Verdict {
    let alice = &t.bench.alice;
    let form = format!("grant_type=client_credentials&client_id={}", form_encoded(&t.bench.bob.id));
    post_form(&t, &form, Some(basic(&alice.id, &alice.secret))).await?.one_of(&[400, 401])?;
    Ok(())
}

/// A proof at the token endpoint is valid, for that address, and used once.
///
/// Shows: O-163, rfc9449 §5
async fn a_token_request_needs_a_proof(t: Trial) -> Verdict {
    let endpoint = t.bench.provider.endpoint("token_endpoint")?;
    let alice = &t.bench.alice;
    let key = key()?;
    let ask = |proof: &str| {
        let ask =
            t.anyone.post(endpoint).header("Authorization", basic(&alice.id, &alice.secret)).header("DPoP", proof);
        ask.content(FORM, "grant_type=client_credentials")
    };
    let good = key.proof("POST", endpoint, now());
    let used = key.sign(&good.clone());
    ask(&used).await?.is(200)?;
    for spoilt in [
        used,
        key.sign(&key.proof("GET", endpoint, now())),
        key.sign(&key.proof("POST", "https://elsewhere.example/", now())),
        key.sign(&key.proof("POST", endpoint, now() - 3_600)),
        "nonsense".into(),
    ] {
        let refused = ask(&spoilt).await?.is(400)?.json()?;
        ensure(refused["error"] == "invalid_dpop_proof", format!("the error is {refused}"))?;
    }
    Ok(())
}

/// Asks the token endpoint for what cannot be given; the error is JSON with one of these codes.
async fn token_error(t: &Trial, form: &str, errors: &[&str]) -> Verdict {
    let authorization = basic(&t.bench.alice.id, &t.bench.alice.secret);
    let response = post_form(t, form, Some(authorization)).await?.is(400)?;
    ensure(response.need("Cache-Control")?.contains("no-store"), "a cache may keep it")?;
    let error = response.json()?["error"].as_str().unwrap_or_default().to_owned();
    ensure(errors.contains(&error.as_str()), format!("`{form}` gives `{error}`"))
}

/// Errors of the token endpoint are JSON with a registered code.
///
/// Shows: O-165, O-106, rfc6749 §5.2
async fn errors_of_the_token_endpoint_are_json(t: Trial) -> Verdict {
    token_error(&t, "", &["invalid_request"]).await?;
    token_error(&t, "grant_type=password", &["unsupported_grant_type"]).await?;
    token_error(&t, "grant_type=client_credentials&grant_type=client_credentials", &["invalid_request"]).await
}

/// A code or refresh token that was never given is an invalid grant.
///
/// Shows: O-161, O-165, rfc6749 §5.2
async fn an_invented_code_is_an_invalid_grant(t: Trial) -> Verdict {
    let code = "grant_type=authorization_code&code=nonsense&redirect_uri=https%3A%2F%2Fapp.example%2F&code_verifier=";
    let code = format!("{code}{}", "v".repeat(43));
    token_error(&t, &code, &["invalid_grant", "unauthorized_client"]).await?;
    token_error(&t, "grant_type=refresh_token&refresh_token=nonsense", &["invalid_grant", "unauthorized_client"]).await
}
