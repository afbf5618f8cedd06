//! The challenge that asks for credentials. Whether they hold is decided by `identity`.

use http::header::HeaderValue;

/// Why credentials were refused, in the terms of the challenge: an error code and a short explanation,
/// both our own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault<'a> {
    pub error: &'a str,
    pub description: &'a str,
}

/// The value of `WWW-Authenticate`, in one line because some clients read no other: DPoP first, then
/// exactly what older clients look for.
///
/// Spec: O-3, O-4, O-5, P-214, oidc#authorization-server-discovery
///
/// ```
/// use cartable::http::headers::challenge::challenge;
/// assert!(challenge("https://id.example/", None).to_str().unwrap().ends_with(", Bearer scope=\"openid webid\""));
/// ```
pub fn challenge(issuer: &str, fault: Option<Fault<'_>>) -> HeaderValue {
    let fault = fault.map_or_else(String::new, |fault| {
        format!(", error=\"{}\", error_description=\"{}\"", fault.error, fault.description)
    });
    let line = format!(
        "DPoP algs=\"ES256 ES384 ES512 RS256 PS256 EdDSA\", scope=\"openid webid\", as_uri=\"{issuer}\"{fault}, {BEARER}"
    );
    HeaderValue::try_from(line).unwrap_or_else(|_| HeaderValue::from_static(BEARER))
}

const BEARER: &str = "Bearer scope=\"openid webid\"";

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows: O-3, P-214
    #[test]
    fn the_challenge_names_both_schemes() {
        let plain = challenge("https://id.example/", None);
        assert_eq!(
            plain,
            "DPoP algs=\"ES256 ES384 ES512 RS256 PS256 EdDSA\", scope=\"openid webid\", \
             as_uri=\"https://id.example/\", Bearer scope=\"openid webid\""
        );
        let fault = Fault { error: "invalid_token", description: "the token has expired" };
        let refused = challenge("https://id.example/", Some(fault));
        assert_eq!(
            refused,
            "DPoP algs=\"ES256 ES384 ES512 RS256 PS256 EdDSA\", scope=\"openid webid\", \
             as_uri=\"https://id.example/\", error=\"invalid_token\", error_description=\"the token has expired\", \
             Bearer scope=\"openid webid\""
        );
    }
}
