//! The pod as a resource server: challenges, tokens and proofs.

use serde_json::{Value, json};

use super::prelude::*;
use crate::dpop::{self, Key, Proof};

pub const GROUP: Group = group!(
    "tokens",
    "Tokens and proofs",
    [
        the_challenge_tells_how_to_sign_in,
        a_good_token_and_proof_are_accepted,
        an_id_token_is_accepted_as_well,
        a_proof_need_not_name_the_token,
        the_address_of_a_proof_is_normalised,
        a_proof_for_another_request_is_refused,
        a_proof_from_another_time_is_refused,
        a_proof_is_accepted_once,
        a_proof_that_names_another_token_is_refused,
        an_incomplete_proof_is_refused,
        a_proof_has_its_own_type_and_algorithm,
        a_proof_never_carries_a_private_key,
        a_spoilt_signature_is_refused,
        there_is_exactly_one_proof,
        an_overlong_proof_is_refused,
        a_token_needs_its_own_key,
        a_bound_token_is_no_bearer_token,
        the_scheme_ignores_case,
        an_unknown_scheme_is_challenged,
        a_spoilt_token_is_refused,
        a_token_of_nobodys_issuer_is_refused,
        bad_credentials_are_refused_on_public_resources_too,
        several_credentials_are_refused,
        a_token_in_the_query_is_not_read,
        private_answers_are_private,
        a_redirect_can_be_followed_by_signing_again,
    ]
);

fn proof(t: &Trial, method: &str, url: &str) -> Verdict<Proof> {
    Ok(t.alice.credentials()?.key.proof(method, url, now()))
}

/// Asks for the case's container with Alice's token and this proof, already signed.
async fn asked_with(t: &Trial, signed: &str) -> Verdict<Response> {
    let token = &t.alice.credentials()?.token;
    t.anyone.get(&t.space).header("Authorization", format!("DPoP {token}")).header("DPoP", signed).await
}

/// Goes on if the container is refused with Alice's token and this proof.
async fn refuses(t: &Trial, spoilt: &Proof) -> Verdict {
    let refused = asked_with(t, &t.alice.credentials()?.key.sign(spoilt)).await?.is(401)?;
    names_error(&refused, "invalid_dpop_proof")
}

fn names_error(response: &Response, error: &str) -> Verdict {
    let challenge = response.need("WWW-Authenticate")?;
    ensure(challenge.contains(error), format!("the challenge `{challenge}` does not name {error}"))
}

/// A 401 challenges in one line: DPoP with its algorithms and issuer first, then Bearer.
///
/// Shows: oidc#authorization-server-discovery, P-7, P-214, O-1, O-3, O-4, rfc9449 §7.1, rfc9110 §11.6.1
async fn the_challenge_tells_how_to_sign_in(t: Trial) -> Verdict {
    let refused = t.anyone.get(&t.space).await?.is(401)?;
    let refused = refused.and(|r| r.lines("WWW-Authenticate").len() == 1, "with one `WWW-Authenticate` line")?;
    let challenge = refused.need("WWW-Authenticate")?;
    ensure(challenge.starts_with("DPoP "), "DPoP is not the first challenge")?;
    ensure(challenge.contains("algs=\"ES256"), "the algorithms are missing")?;
    let issuer = &t.bench.provider.issuer;
    ensure(challenge.contains(&format!("as_uri=\"{issuer}\"")), format!("`{challenge}` does not name {issuer}"))?;
    ensure(challenge.contains("Bearer scope=\"openid webid\""), "the Bearer challenge is missing")
}

/// A token with a proof of its key is accepted.
///
/// Shows: oidc#dpop-validation, oidc#obtaining-access-token, oidc#tokens, O-11, O-12, O-15, O-16, O-22, O-24, O-25
/// Shows: O-31, O-33, rfc9449 §4.3
async fn a_good_token_and_proof_are_accepted(t: Trial) -> Verdict {
    let token = &t.alice.credentials()?.token;
    let signed = t.alice.credentials()?.key.sign(&proof(&t, "GET", &t.space)?.for_token(token));
    asked_with(&t, &signed).await?.is(200)?;
    Ok(())
}

/// An ID token that is bound to a key is accepted like an access token.
///
/// Shows: oidc#obtaining-access-token, oidc#id-token-validation, O-32
async fn an_id_token_is_accepted_as_well(t: Trial) -> Verdict {
    let (provider, alice) = (&t.bench.provider, &t.bench.alice);
    let key = Key::generate().ok_or_else(|| Stop::Untested("no randomness".into()))?;
    let ask = provider.ask_token(&t.anyone, &key, &alice.id, &alice.secret, "openid webid")?;
    let response = ask.await?.is(200).map_err(Stop::in_preparation)?.json()?;
    let Some(token) = response["id_token"].as_str() else {
        return Err(Stop::Untested("the provider gave no ID token".into()));
    };
    let proof = key.sign(&key.proof("GET", &t.space, now()).for_token(token));
    t.anyone.get(&t.space).header("Authorization", format!("DPoP {token}")).header("DPoP", proof).await?.is(200)?;
    Ok(())
}

/// A proof need not name the token, since common clients leave that out.
///
/// Shows: O-26
async fn a_proof_need_not_name_the_token(t: Trial) -> Verdict {
    asked_with(&t, &t.alice.credentials()?.key.sign(&proof(&t, "GET", &t.space)?)).await?.is(200)?;
    Ok(())
}

/// The address of a proof may be spelled otherwise, with query or fragment.
///
/// Shows: O-18
async fn the_address_of_a_proof_is_normalised(t: Trial) -> Verdict {
    let (origin, path) = t.space.split_at(crate::http::origin(&t.space).unwrap_or_default().len());
    for spelled in [
        format!("{}?x=y", t.space),
        format!("{}#part", t.space),
        format!("{}{path}", origin.to_uppercase()),
        format!("{origin}/./{}", &path[1..]),
        t.space.replace("conformance", "%63onformance"),
    ] {
        let proof = proof(&t, "GET", &t.space)?.claim("htu", spelled.clone());
        let answer = asked_with(&t, &t.alice.credentials()?.key.sign(&proof)).await?;
        ensure(answer.status() == 200, format!("`{spelled}` was refused with {}", answer.status()))?;
    }
    Ok(())
}

/// A proof for another method, address or host is refused, and with 401.
///
/// Shows: oidc#dpop-validation, O-5, O-6, O-17, O-18, O-19, O-20, rfc9449 §4.3
async fn a_proof_for_another_request_is_refused(t: Trial) -> Verdict {
    for method in ["POST", "HEAD", "get"] {
        refuses(&t, &proof(&t, method, &t.space)?).await?;
    }
    let bare = t.space.trim_end_matches('/');
    let doubled = format!("{bare}//");
    for url in [bare, &doubled, "https://elsewhere.example/", "/relative", ""] {
        refuses(&t, &proof(&t, "GET", &t.space)?.claim("htu", url)).await?;
    }
    Ok(())
}

/// A proof that is old or from the future is refused.
///
/// Shows: O-6, O-21
async fn a_proof_from_another_time_is_refused(t: Trial) -> Verdict {
    for iat in [now() - 3_600, now() + 3_600] {
        refuses(&t, &proof(&t, "GET", &t.space)?.claim("iat", iat)).await?;
    }
    let a_little_ahead = proof(&t, "GET", &t.space)?.claim("iat", now() + 20);
    asked_with(&t, &t.alice.credentials()?.key.sign(&a_little_ahead)).await?.is(200)?;
    Ok(())
}

/// A proof that was used is refused.
///
/// Shows: O-6, O-22, rfc9449 §11.1
async fn a_proof_is_accepted_once(t: Trial) -> Verdict {
    let signed = t.alice.credentials()?.key.sign(&proof(&t, "GET", &t.space)?);
    asked_with(&t, &signed).await?.is(200)?;
    names_error(&asked_with(&t, &signed).await?.is(401)?, "invalid_dpop_proof")
}

/// A proof that names another token is refused.
///
/// Shows: O-25, O-6
async fn a_proof_that_names_another_token_is_refused(t: Trial) -> Verdict {
    refuses(&t, &proof(&t, "GET", &t.space)?.for_token("another")).await
}

/// A proof lacks none of its claims, and they have their types.
///
/// Shows: O-16
async fn an_incomplete_proof_is_refused(t: Trial) -> Verdict {
    for claim in ["jti", "htm", "htu", "iat"] {
        refuses(&t, &proof(&t, "GET", &t.space)?.without(claim)).await?;
    }
    refuses(&t, &proof(&t, "GET", &t.space)?.claim("iat", now().to_string())).await?;
    refuses(&t, &proof(&t, "GET", &t.space)?.claim("jti", "")).await?;
    refuses(&t, &proof(&t, "GET", &t.space)?.claim("jti", "x".repeat(300))).await?;
    refuses(&t, &proof(&t, "GET", &t.space)?.claim("htm", json!(["GET"]))).await
}

/// A proof has its own type, an allowed algorithm and no critical extension.
///
/// Shows: O-13
async fn a_proof_has_its_own_type_and_algorithm(t: Trial) -> Verdict {
    for (member, value) in [
        ("typ", json!("JWT")),
        ("typ", Value::Null),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("crit", json!(["x"])),
    ] {
        refuses(&t, &proof(&t, "GET", &t.space)?.member(member, value)).await?;
    }
    Ok(())
}

/// A proof with a private or unfit key is refused.
///
/// Shows: O-14
async fn a_proof_never_carries_a_private_key(t: Trial) -> Verdict {
    let jwk = t.alice.credentials()?.key.jwk();
    let with = |name: &str, value: Value| {
        let mut changed = jwk.clone();
        changed[name] = value;
        changed
    };
    let short_rsa = json!({ "kty": "RSA", "n": dpop::encode(&[255; 64]), "e": "AQAB" });
    for spoilt in [
        with("d", json!("AAAA")),
        with("crv", json!("P-384")),
        with("x", json!(dpop::encode(&[1; 32]))),
        with("alg", json!("RS256")),
        json!({ "kty": "oct", "k": "AAAA" }),
        short_rsa,
        Value::Null,
    ] {
        refuses(&t, &proof(&t, "GET", &t.space)?.member("jwk", spoilt)).await?;
    }
    Ok(())
}

/// A proof whose signature is not of its key is refused.
///
/// Shows: O-15, O-12
async fn a_spoilt_signature_is_refused(t: Trial) -> Verdict {
    let credentials = t.alice.credentials()?;
    let other = Key::generate().ok_or_else(|| Stop::Untested("no randomness".into()))?;
    let by_another = other.sign(&proof(&t, "GET", &t.space)?);
    let signed = credentials.key.sign(&proof(&t, "GET", &t.space)?);
    let (head, _) = signed.rsplit_once('.').unwrap_or_default();
    let unsigned = format!("{head}.");
    for spoilt in [by_another.as_str(), &unsigned, head, &format!("{signed}=")] {
        asked_with(&t, spoilt).await?.is(401)?;
    }
    Ok(())
}

/// A request without a proof, or with two, is refused.
///
/// Shows: O-11, rfc9449 §4.3
async fn there_is_exactly_one_proof(t: Trial) -> Verdict {
    let credentials = t.alice.credentials()?;
    let authorization = format!("DPoP {}", credentials.token);
    let signed = || Ok(credentials.key.sign(&proof(&t, "GET", &t.space)?));
    let none = t.anyone.get(&t.space).header("Authorization", authorization.clone()).await?.is(401)?;
    names_error(&none, "invalid_dpop_proof")?;
    let ask = t.anyone.get(&t.space).header("Authorization", authorization);
    let two = ask.header("DPoP", signed()?).header("DPoP", signed()?).await?.is(401)?;
    names_error(&two, "invalid_dpop_proof")
}

/// A proof beyond any measure is refused.
///
/// Shows: O-12
async fn an_overlong_proof_is_refused(t: Trial) -> Verdict {
    let long = proof(&t, "GET", &t.space)?.claim("extra", "x".repeat(9_000));
    asked_with(&t, &t.alice.credentials()?.key.sign(&long)).await?.one_of(&[401, 431])?;
    Ok(())
}

/// A token with a proof of another key is refused.
///
/// Shows: oidc#dpop-validation, O-24, O-5
async fn a_token_needs_its_own_key(t: Trial) -> Verdict {
    let other = Key::generate().ok_or_else(|| Stop::Untested("no randomness".into()))?;
    let refused = asked_with(&t, &other.sign(&other.proof("GET", &t.space, now()))).await?.is(401)?;
    names_error(&refused, "invalid_")
}

/// A bound token is refused as a bearer token.
///
/// Shows: O-70, rfc9449 §7.2
async fn a_bound_token_is_no_bearer_token(t: Trial) -> Verdict {
    let token = &t.alice.credentials()?.token;
    t.anyone.get(&t.space).header("Authorization", format!("Bearer {token}")).await?.is(401)?;
    Ok(())
}

/// The scheme is the same in any case.
///
/// Shows: O-71, rfc9110 §11.4
async fn the_scheme_ignores_case(t: Trial) -> Verdict {
    let credentials = t.alice.credentials()?;
    for scheme in ["dpop", "DPOP"] {
        let signed = credentials.key.sign(&proof(&t, "GET", &t.space)?);
        let ask = t.anyone.get(&t.space).header("Authorization", format!("{scheme} {}", credentials.token));
        ask.header("DPoP", signed).await?.is(200)?;
    }
    Ok(())
}

/// Credentials of an unknown scheme get our challenge.
///
/// Shows: O-8
async fn an_unknown_scheme_is_challenged(t: Trial) -> Verdict {
    for credentials in ["Basic YTpi", "PoP abc", "Negotiate abc"] {
        let refused = t.anyone.get(&t.space).header("Authorization", credentials).await?.is(401)?;
        ensure(refused.need("WWW-Authenticate")?.contains("DPoP"), "the challenge is missing")?;
    }
    Ok(())
}

/// A token that was changed, or is none, is refused.
///
/// Shows: oidc#id-token-validation, O-5, O-31, O-33, W-57
async fn a_spoilt_token_is_refused(t: Trial) -> Verdict {
    let credentials = t.alice.credentials()?;
    let parts: Vec<_> = credentials.token.split('.').collect();
    let [header, _, signature] = parts[..] else {
        return Err(Stop::Inapplicable("the token is no JWT".into()));
    };
    let mut claims = dpop::claims(&credentials.token).unwrap_or_default();
    claims["webid"] = json!(t.bob.webid());
    let changed = format!("{header}.{}.{signature}", dpop::encode(claims.to_string().as_bytes()));
    let none = dpop::encode(json!({ "alg": "none", "typ": "at+jwt" }).to_string().as_bytes());
    let unsigned = format!("{none}.{}.", dpop::encode(claims.to_string().as_bytes()));
    for spoilt in [changed.as_str(), &unsigned, "nonsense", "a.b.c", &credentials.token[1..]] {
        let signed = credentials.key.sign(&proof(&t, "GET", &t.space)?);
        let ask = t.anyone.get(&t.space).header("Authorization", format!("DPoP {spoilt}")).header("DPoP", signed);
        names_error(&ask.await?.is(401)?, "invalid_token")?;
    }
    Ok(())
}

/// A token that anybody could have issued is refused.
///
/// Shows: oidc#iss-check, O-33, O-36, O-39, O-62
async fn a_token_of_nobodys_issuer_is_refused(t: Trial) -> Verdict {
    let credentials = t.alice.credentials()?;
    let mut claims = dpop::claims(&credentials.token).unwrap_or_default();
    for issuer in [
        "https://127.0.0.1/",
        "http://elsewhere.example/",
        "https://issuer.invalid/",
        "nonsense",
        "https://a@b.example/",
    ] {
        claims["iss"] = json!(issuer);
        let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "k" });
        let token = Proof { header: to_map(header), claims: to_map(claims.clone()) };
        let token = credentials.key.sign(&token);
        let signed = credentials.key.sign(&proof(&t, "GET", &t.space)?.for_token(&token));
        let ask = t.anyone.get(&t.space).header("Authorization", format!("DPoP {token}")).header("DPoP", signed);
        ask.await?.one_of(&[401, 403, 503])?;
    }
    Ok(())
}

/// Bad credentials are refused even where none are needed.
///
/// Shows: P-215, W-57, O-5
async fn bad_credentials_are_refused_on_public_resources_too(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    t.allow(&url, &[Rule::public("Read")]).await?;
    t.anyone.get(&url).await?.is(200)?;
    t.anyone.get(&url).header("Authorization", "DPoP nonsense").header("DPoP", "nonsense").await?.is(401)?;
    t.anyone.get(&url).header("Authorization", "Bearer nonsense").await?.is(401)?;
    Ok(())
}

/// Two Authorization lines, or an unreadable one, are refused.
///
/// Shows: O-7, rfc6750 §2
async fn several_credentials_are_refused(t: Trial) -> Verdict {
    let token = &t.alice.credentials()?.token;
    let signed = t.alice.credentials()?.key.sign(&proof(&t, "GET", &t.space)?);
    let ask = t.anyone.get(&t.space).header("Authorization", format!("DPoP {token}"));
    ask.header("Authorization", format!("DPoP {token}")).header("DPoP", signed).await?.is(400)?;
    t.anyone.get(&t.space).header("Authorization", "DPoP").await?.one_of(&[400, 401])?;
    Ok(())
}

/// A token in the query is not read.
///
/// Shows: O-7
async fn a_token_in_the_query_is_not_read(t: Trial) -> Verdict {
    let token = &t.alice.credentials()?.token;
    t.anyone.get(&format!("{}?access_token={token}", t.space)).await?.one_of(&[401, 400])?;
    Ok(())
}

/// What not everyone may read is private to caches.
///
/// Shows: O-10, W-86
async fn private_answers_are_private(t: Trial) -> Verdict {
    let url = t.document("note.ttl", A_TRIPLE).await?;
    let cached = t.alice.get(&url).await?.is(200)?.header("Cache-Control").unwrap_or_default();
    ensure(cached.contains("private") || cached.contains("no-store"), format!("Cache-Control is `{cached}`"))?;
    t.alice.get(&url).await?.lists("Vary", "Authorization")?;
    Ok(())
}

/// A redirect is readable by an application, and its target asks to sign again.
///
/// Shows: O-28
async fn a_redirect_can_be_followed_by_signing_again(t: Trial) -> Verdict {
    t.container("box/").await?;
    let answer = t.alice.get(&t.at("box")).origin("https://app.example").await?.one_of(&[301, 404])?;
    if answer.status() == 404 {
        return Err(Stop::Inapplicable("the server does not redirect".into()));
    }
    let echoed = answer.header("Access-Control-Allow-Origin");
    ensure(echoed.as_deref() == Some("https://app.example"), "the redirect cannot be read by an application")?;
    let target = answer.location()?;
    let stale = t.alice.credentials()?.key.sign(&proof(&t, "GET", &t.at("box"))?);
    let token = &t.alice.credentials()?.token;
    let ask = t.anyone.get(&target).header("Authorization", format!("DPoP {token}")).header("DPoP", stale);
    ask.await?.is(401)?;
    Ok(())
}

fn to_map(value: Value) -> serde_json::Map<String, Value> {
    if let Value::Object(map) = value { map } else { serde_json::Map::new() }
}
