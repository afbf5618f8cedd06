//! Access tokens: what one must say to count, whoever made it. Pure; keys and WebIDs are asked elsewhere.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::json::{self, Object};
use super::jwk::Thumbprint;
use super::jws::{Algorithm, Compact, Verifier};
use crate::clock::Timestamp;

/// Bytes of the longest access token.
pub(super) const LIMIT: usize = 16 * 1024;
/// Bytes of the longest IRI in a token.
const IRI_LIMIT: usize = 2048;
/// The audience of every Solid token.
pub const AUDIENCE: &str = "solid";
/// How long an expired token still counts, for clocks that differ.
pub const LEEWAY: Duration = Duration::from_secs(30);
/// How far an issuer's clock may be ahead.
const FUTURE: Duration = Duration::from_mins(2);
/// The longest life of a token.
pub const MAX_AGE: Duration = Duration::from_hours(24);

/// Why an access token does not count. Each is a 401 with `invalid_token`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Spec: O-31
    #[error("the access token is not a compact JWS of JSON objects")]
    Malformed,
    /// Spec: O-31
    #[error("the access token's typ is neither at+jwt nor JWT")]
    Type,
    /// Spec: O-31
    #[error("the access token's alg is not supported")]
    Algorithm,
    /// Spec: O-33
    #[error("the claim {0} is missing or of the wrong type")]
    Claim(&'static str),
    /// Spec: O-33
    #[error("the access token is not meant for Solid servers (aud)")]
    Audience,
    /// Spec: O-34
    #[error("client_id and azp name different clients")]
    Clients,
    /// Spec: O-35
    #[error("the access token has expired")]
    Expired,
    /// Spec: O-35
    #[error("the access token is from the future (iat or nbf)")]
    Early,
    /// Spec: O-35
    #[error("the access token is older than a day (iat)")]
    Old,
    /// Spec: O-36
    #[error("the issuer is not an https URL without user, query and fragment (iss)")]
    IssuerAddress,
    /// Spec: O-36
    #[error("the WebID is not an https URL without user and query (webid)")]
    WebIdAddress,
    /// Spec: O-71
    #[error("the access token is not bound to a key (cnf.jkt)")]
    Unbound,
    /// Spec: O-24
    #[error("the access token is bound to another key than that of the proof")]
    OtherKey,
    /// Spec: O-70, rfc9449 §7.2
    #[error("a token that is bound to a key must be sent with the DPoP scheme")]
    Downgrade,
    /// Spec: O-70
    #[error("bearer tokens are not accepted; use DPoP")]
    Bearer,
    /// Spec: O-39
    #[error("the issuer's configuration or keys cannot be used")]
    IssuerDocument,
    /// Spec: O-31, O-52
    #[error("the access token's signature matches no key of its issuer")]
    Signature,
    /// Spec: O-45
    #[error("the access token was revoked")]
    Revoked,
    /// Spec: O-40, O-42
    #[error("the WebID document cannot be read")]
    WebIdDocument,
    /// Spec: O-40
    #[error("issuer not listed by WebID")]
    NotListed,
}

/// What an access token claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    pub issuer: Arc<str>,
    pub webid: Arc<str>,
    /// `None`: the client is anonymous and matches no client condition.
    ///
    /// Spec: O-34
    pub client: Option<Arc<str>>,
    /// The key that the token is bound to.
    pub jkt: Option<Thumbprint>,
    pub issued: Timestamp,
    pub expires: Timestamp,
    pub not_before: Option<Timestamp>,
    /// `jti`
    pub id: Option<Arc<str>>,
    /// `sid`: in our own tokens, the session or grant that it hangs on.
    pub session: Option<Arc<str>>,
    pub scope: Option<Arc<str>>,
}

/// A token taken apart: of the right shape, but nothing of it is verified.
#[derive(Clone, PartialEq)]
pub struct Parsed<'a> {
    compact: Compact<'a>,
    pub algorithm: Algorithm,
    pub kid: Option<String>,
    pub claims: Claims,
}

impl Parsed<'_> {
    pub fn is_signed_by(&self, verifier: &Verifier) -> bool {
        self.compact.is_signed_by(verifier)
    }
}

/// Takes an access token, or an ID token used as one, apart.
///
/// Spec: O-31, O-32, oidc#obtaining-access-token, O-33, O-34, O-37
pub fn parse(token: &str) -> Result<Parsed<'_>, Fault> {
    let compact = Compact::parse(token, LIMIT).ok_or(Fault::Malformed)?;
    let typ = json::text(&compact.header, "typ").map_err(|_| Fault::Type)?;
    if typ.is_some_and(|typ| !["at+jwt", "application/at+jwt", "JWT"].iter().any(|one| one.eq_ignore_ascii_case(typ))) {
        return Err(Fault::Type);
    }
    let algorithm = compact.algorithm().ok_or(Fault::Algorithm)?;
    let kid = json::text(&compact.header, "kid").map_err(|_| Fault::Malformed)?.map(str::to_owned);
    let claims = claims(&compact.payload)?;
    Ok(Parsed { compact, algorithm, kid, claims })
}

fn claims(payload: &Object) -> Result<Claims, Fault> {
    let text = |name| json::text(payload, name).map_err(|_| Fault::Claim(name)).map(|text| text.map(Arc::from));
    let time = |name| json::time(payload, name).map_err(|_| Fault::Claim(name));
    let (client, party): (Option<Arc<str>>, Option<Arc<str>>) = (text("client_id")?, text("azp")?);
    if client.is_some() && party.is_some() && client != party {
        return Err(Fault::Clients);
    }
    let claims = Claims {
        issuer: text("iss")?.ok_or(Fault::Claim("iss"))?,
        webid: text("webid")?.ok_or(Fault::Claim("webid"))?,
        client: client.or(party),
        jkt: bound_to(payload)?,
        issued: time("iat")?.ok_or(Fault::Claim("iat"))?,
        expires: time("exp")?.ok_or(Fault::Claim("exp"))?,
        not_before: time("nbf")?,
        id: text("jti")?,
        session: text("sid")?,
        scope: text("scope")?,
    };
    let audience = payload.get("aud").ok_or(Fault::Claim("aud"))?;
    let meant = match audience.as_array() {
        Some(several) => several.iter().any(|one| one == AUDIENCE),
        None => audience == AUDIENCE,
    };
    if meant { Ok(claims) } else { Err(Fault::Audience) }
}

fn bound_to(payload: &Object) -> Result<Option<Thumbprint>, Fault> {
    let Some(confirmation) = payload.get("cnf") else { return Ok(None) };
    let jkt = confirmation.get("jkt").and_then(|jkt| jkt.as_str()).and_then(Thumbprint::parse);
    jkt.map(Some).ok_or(Fault::Claim("cnf"))
}

impl Claims {
    /// Whether the token is of this moment.
    ///
    /// Spec: O-35
    pub fn check_times(&self, now: Timestamp) -> Result<(), Fault> {
        if self.expires <= now.minus(LEEWAY) {
            return Err(Fault::Expired);
        }
        if self.issued > now.plus(FUTURE) || self.not_before.is_some_and(|start| start > now.plus(FUTURE)) {
            return Err(Fault::Early);
        }
        if self.issued < now.minus(MAX_AGE) { Err(Fault::Old) } else { Ok(()) }
    }

    /// Whether issuer and WebID are addresses that we look at. `may_be_http` says for which ones plain http will do.
    ///
    /// Spec: O-36
    pub fn check_addresses(&self, may_be_http: impl Fn(&Url) -> bool) -> Result<(), Fault> {
        let address = |iri: &str| {
            let plain = iri.len() <= IRI_LIMIT && !iri.contains(|c: char| c.is_control() || " \"<>\\^`{|}".contains(c));
            let url = Url::parse(iri).ok().filter(|_| plain)?;
            let secure = url.scheme() == "https" || url.scheme() == "http" && may_be_http(&url);
            let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
            (secure && bare && url.host().is_some()).then_some(url)
        };
        let issuer = address(&self.issuer).filter(|url| url.fragment().is_none());
        issuer.ok_or(Fault::IssuerAddress)?;
        address(&self.webid).map(drop).ok_or(Fault::WebIdAddress)
    }
}
