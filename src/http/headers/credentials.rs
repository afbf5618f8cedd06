//! Credentials as they are presented, and the challenge that asks for them. Whether they hold is
//! decided by `identity`.

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use super::{Invalid, is_token, single};

/// What a request presents to say who sends it.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented {
    /// In lower case: `dpop`, `bearer`, or one that we do not know.
    pub scheme: String,
    pub token: String,
    /// The values of all `DPoP` fields; a sound request has one at most.
    pub proofs: Vec<String>,
}

/// Shows no secret.
impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Presented({} …, {} proofs)", self.scheme, self.proofs.len())
    }
}

/// Collects the credentials of a request; `None` if it presents none. Those in the query are never read.
///
/// Spec: O-7, O-8, rfc9449 §7.1
pub fn credentials(headers: &HeaderMap) -> Result<Option<Presented>, Invalid> {
    let Some(value) = single(headers, &AUTHORIZATION, "Authorization")? else { return Ok(None) };
    let (scheme, token) = value.split_once(' ').ok_or(Invalid::Malformed("Authorization"))?;
    let token = token.trim_start();
    let scheme = scheme.to_ascii_lowercase();
    let ours = matches!(scheme.as_str(), "dpop" | "bearer");
    if !is_token(&scheme) || token.is_empty() || (ours && !is_token68(token)) {
        return Err(Invalid::Malformed("Authorization"));
    }
    let proofs = headers.get_all(HeaderName::from_static("dpop")).iter();
    let proofs = proofs.map(|proof| proof.to_str().map(str::to_owned).map_err(|_| Invalid::Malformed("DPoP")));
    Ok(Some(Presented { scheme, token: token.to_owned(), proofs: proofs.collect::<Result<_, _>>()? }))
}

/// Spec: rfc9110 §11.2
fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

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
/// Spec: O-3, O-4, O-5, P-214
///
/// ```
/// use cartable::http::headers::credentials::challenge;
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

    fn with(fields: &[(&'static str, &'static str)]) -> Result<Option<Presented>, Invalid> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        credentials(&headers)
    }

    /// Shows: O-7
    #[test]
    fn credentials_are_collected() {
        let presented = |scheme: &str, token: &str, proofs: &[&str]| {
            let proofs = proofs.iter().map(|proof| (*proof).to_owned()).collect();
            Ok(Some(Presented { scheme: scheme.into(), token: token.into(), proofs }))
        };
        let malformed = Err(Invalid::Malformed("Authorization"));
        for (fields, expected) in [
            (&[][..], Ok(None)),
            (&[("dpop", "a.b.c")], Ok(None)),
            (&[("authorization", "DPoP a.b.c"), ("dpop", "d.e.f")], presented("dpop", "a.b.c", &["d.e.f"])),
            (&[("authorization", "dpop  a=="), ("dpop", "d"), ("dpop", "e")], presented("dpop", "a==", &["d", "e"])),
            (&[("authorization", "Basic YTpi")], presented("basic", "YTpi", &[])),
            (&[("authorization", "Digest a=\"b\", c=d")], presented("digest", "a=\"b\", c=d", &[])),
            (&[("authorization", "Bearer a"), ("authorization", "Bearer b")], Err(Invalid::Repeated("Authorization"))),
            (&[("authorization", "Bearer")], malformed.clone()),
            (&[("authorization", "Bearer ")], malformed.clone()),
            (&[("authorization", "Bearer a, b")], malformed.clone()),
            (&[("authorization", "Bearer ====")], malformed.clone()),
            (&[("authorization", "")], malformed.clone()),
        ] {
            assert_eq!(with(fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn a_debug_line_shows_no_token() {
        let presented = with(&[("authorization", "DPoP secret"), ("dpop", "proof")]).unwrap().unwrap();
        let line = format!("{presented:?}");
        assert!(!line.contains("secret") && !line.contains("proof\""), "{line}");
    }

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
