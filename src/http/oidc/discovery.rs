//! The discovery document: what this provider can do, and only that.

use serde_json::{Value, json};

use super::token::GrantType;
use crate::identity::issue::PHISHING_RESISTANT;
use crate::identity::jws::Algorithm;
use crate::identity::keys;
use crate::identity::provider::client::AuthMethod;
use crate::identity::provider::{Scope, Scopes};
use crate::language::Language;

/// The document, for `issuer` with its final slash.
///
/// Spec: oidc#discovery, oidc#client-credentials-discovery, O-101, O-104, O-111, O-112, O-113, O-114, O-115, O-116
/// Spec: O-117, O-118, rfc8414 §2, rfc9449 §5.1
pub(super) fn document(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}.oidc/{path}");
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("auth"),
        "token_endpoint": at("token"),
        "jwks_uri": at("jwks"),
        "registration_endpoint": at("reg"),
        "end_session_endpoint": at("session/end"),
        "revocation_endpoint": at("token/revocation"),
        "introspection_endpoint": at("token/introspection"),
        "scopes_supported": Scopes::all().iter().map(Scope::name).collect::<Vec<_>>(),
        "grant_types_supported": GrantType::ALL.map(GrantType::name),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "subject_types_supported": ["public"],
        "claims_supported": [
            "sub", "iss", "aud", "azp", "iat", "exp", "auth_time", "nonce", "webid", "sid", "cnf", "acr", "amr", "name",
            "picture", "updated_at",
        ],
        "acr_values_supported": [PHISHING_RESISTANT],
        "id_token_signing_alg_values_supported": keys::ALGORITHMS.map(Algorithm::name),
        "token_endpoint_auth_methods_supported": AuthMethod::ALL.map(AuthMethod::name),
        "revocation_endpoint_auth_methods_supported": AuthMethod::ALL.map(AuthMethod::name),
        "introspection_endpoint_auth_methods_supported": [AuthMethod::Basic.name(), AuthMethod::Post.name()],
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": Algorithm::PROOF.map(Algorithm::name),
        "authorization_response_iss_parameter_supported": true,
        "prompt_values_supported": ["none", "login", "consent", "select_account", "create"],
        "ui_locales_supported": [Language::French.tag(), Language::English.tag()],
        "op_policy_uri": format!("{issuer}.account/terms/"),
        "op_tos_uri": format!("{issuer}.account/terms/"),
        "service_documentation": "https://solidproject.org/TR/oidc",
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{AUTHORIZATION, END_SESSION};
    use super::*;

    #[test]
    fn every_endpoint_is_at_the_issuer() {
        let document = document("https://pods.example/");
        assert_eq!(document["issuer"], "https://pods.example/");
        for (name, value) in document.as_object().unwrap() {
            if name.ends_with("_endpoint") || name == "jwks_uri" {
                let path = value.as_str().unwrap().strip_prefix("https://pods.example").unwrap();
                let is_page = [AUTHORIZATION, END_SESSION].contains(&path);
                assert!(is_page || super::super::Endpoint::at(path).is_some(), "{name}");
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
