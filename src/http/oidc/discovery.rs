//! The discovery document: what this provider can do, and only that.

use serde_json::{Value, json};

/// The grant types that the token endpoint takes.
pub(super) const GRANT_TYPES: [&str; 1] = ["client_credentials"];
/// The scopes that are given when they are asked for.
pub(super) const SCOPES: [&str; 2] = ["openid", "webid"];

/// The document, for `issuer` with its final slash.
///
/// Clients that use nothing but client credentials still want an authorization endpoint and a response type to be
/// named; `grant_types_supported` says that they are not to be used yet.
///
/// Spec: oidc#discovery, oidc#client-credentials-discovery, O-101, O-104, O-118
pub(super) fn document(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}.oidc/auth"),
        "token_endpoint": format!("{issuer}.oidc/token"),
        "jwks_uri": format!("{issuer}.oidc/jwks"),
        "scopes_supported": SCOPES,
        "grant_types_supported": GRANT_TYPES,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "claims_supported": [
            "sub", "iss", "aud", "azp", "iat", "exp", "auth_time", "webid", "sid", "cnf",
        ],
        "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "dpop_signing_alg_values_supported": ["ES256", "ES384", "ES512", "RS256", "PS256", "EdDSA"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_at_the_issuer() {
        let document = document("https://pods.example/");
        assert_eq!(document["issuer"], "https://pods.example/");
        for (name, value) in document.as_object().unwrap() {
            if name.ends_with("_endpoint") || name.ends_with("_uri") {
                let path = value.as_str().unwrap().strip_prefix("https://pods.example").unwrap();
                assert!(super::super::Endpoint::at(path).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn what_clients_insist_on_is_there() {
        let document = document("https://pods.example/");
        for name in
            ["authorization_endpoint", "token_endpoint", "jwks_uri", "claims_supported", "subject_types_supported"]
        {
            assert!(!document[name].is_null(), "{name}");
        }
        assert!(document["scopes_supported"].as_array().unwrap().contains(&json!("webid")));
        assert_eq!(document["id_token_signing_alg_values_supported"][0], "ES256");
    }
}
