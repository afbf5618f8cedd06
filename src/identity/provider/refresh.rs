//! Refresh tokens: the name of a grant, a generation, and a code over both that only we can make. Nothing of a token
//! is kept, and still its successor can be given again to a client that lost it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::client::{Client, Kind};
use super::grant::{Family, Grant, GrantId};
use super::scope::{Scope, Scopes};
use super::tokens::{Order, Tokens};
use super::{Provider, Refusal, Result, json, sweep};
use crate::clock::Timestamp;
use crate::identity::jwk::Thumbprint;
use crate::secret::{self, Secret, SecretKey};
use crate::storage::{self, EntryWrite};

/// What the codes are made for.
const PURPOSE: &str = "refresh token";
/// How long the token before gives the same successor.
///
/// Spec: O-168
const GRACE: Duration = Duration::from_mins(1);
/// How often a refresh is decided again because another one came first.
const ATTEMPTS: usize = 8;

/// The refresh token of one generation.
///
/// Spec: O-168, O-169
pub(super) fn token(key: &SecretKey, grant: &GrantId, generation: u64) -> Secret {
    let told = format!("{grant}.{generation}");
    let code = URL_SAFE_NO_PAD.encode(key.mac(PURPOSE, told.as_bytes()));
    Secret::new(format!("{told}.{code}"))
}

/// Reads a refresh token that we made; `None` for any other text.
pub(super) fn parse(key: &SecretKey, text: &str) -> Option<(GrantId, u64)> {
    let (grant, rest) = text.split_once('.')?;
    let generation: u64 = rest.split_once('.')?.0.parse().ok()?;
    let grant = GrantId::parse(grant)?;
    let ours = token(key, &grant, generation);
    secret::equal(ours.reveal().as_bytes(), text.as_bytes()).then_some((grant, generation))
}

/// What comes of a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is good: the next generation takes its place.
    Rotate,
    /// It was used a moment ago: its successor is given again.
    Again,
    /// It was used before by somebody: either its owner or a thief has another one.
    Reused,
}

/// What a client shows to refresh its tokens.
#[derive(Debug, Clone, Copy)]
pub struct Refresh<'a> {
    pub client: &'a Client,
    pub token: &'a str,
    /// `None`: the scopes of the grant.
    pub scope: Option<&'a str>,
    /// The key that was proved; `None`: a bearer token is asked for.
    pub jkt: Option<Thumbprint>,
}

/// Whether a refresh token is good for what is asked. A generation after the kept one was made before the records were
/// restored from a backup: it is the client's latest.
///
/// Spec: O-167, O-168, O-169
fn judge(grant: &Grant, generation: u64, shown: &Refresh<'_>, now: Timestamp) -> Result<Verdict, Refusal> {
    let family = grant.family.as_ref().filter(|_| grant.client == shown.client.id && now < grant.ends());
    let family = family.ok_or(Refusal::RefreshToken)?;
    if shown.client.is_public() && family.jkt != shown.jkt {
        return Err(Refusal::OtherKey);
    }
    let is_last = generation.checked_add(1) == Some(family.generation);
    Ok(match generation >= family.generation {
        true => Verdict::Rotate,
        false if is_last && now <= family.rotated.plus(GRACE) => Verdict::Again,
        false => Verdict::Reused,
    })
}

/// The scopes asked for, which must be among the grant's. An ID token always comes along.
///
/// Spec: O-166, rfc6749 §6
fn narrowed(granted: &Scopes, asked: Option<&str>) -> Result<Scopes, Refusal> {
    let Some(asked) = asked else { return Ok(granted.clone()) };
    let words = asked.split(' ').filter(|word| !word.is_empty());
    let asked = words.map(Scope::parse).collect::<Option<Scopes>>().filter(|asked| asked.is_subset(granted));
    Ok(asked.ok_or(Refusal::Scope)?.with(Scope::OpenId))
}

impl Provider {
    /// Gives new tokens for a refresh token, and the next refresh token. Whatever becomes of the answer, the same token
    /// gives the same successor for a minute; after that it ends the whole family.
    ///
    /// Spec: O-166, O-167, O-168, O-169, rfc6749 §6
    pub async fn refresh(&self, shown: &Refresh<'_>) -> Result<Tokens> {
        let (id, generation) = parse(&self.secret, shown.token).ok_or(Refusal::RefreshToken)?;
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let Some((mut grant, was)) = self.grant(&id).await? else { return Err(Refusal::RefreshToken.into()) };
            let verdict = judge(&grant, generation, shown, now)?;
            if verdict == Verdict::Reused {
                self.end_copied(&id).await?;
                return Err(Refusal::RefreshToken.into());
            }
            let scopes = narrowed(&grant.scopes, shown.scope)?;
            if !self.may_sign_in(&grant.account, &grant.webid).await? {
                return Err(Refusal::Ended.into());
            }
            let mut change = self.change();
            if let (Verdict::Rotate, Some(family)) = (verdict, &mut grant.family) {
                change.entries.extend(mark(shown.client, family, now));
                family.generation = generation.checked_add(1).ok_or(Refusal::RefreshToken)?;
                family.rotated = now;
            }
            let order =
                Order { client: shown.client, id: &id, grant: &grant, scopes: &scopes, nonce: None, jkt: shown.jkt };
            let tokens = self.tokens(&order).await?;
            if verdict == Verdict::Again {
                return Ok(tokens);
            }
            change.entries.push(EntryWrite { key: id.key(), expected: was, value: Some(json(&grant)?) });
            match self.storage.commit(change).await {
                Err(storage::Error::Moved) => {}
                done => return Ok(done.map(|_| tokens)?),
            }
        }
        Err(storage::Error::Moved.into())
    }
}

/// Marks a registered client as used; once a day for each grant is enough.
fn mark(client: &Client, family: &Family, now: Timestamp) -> Option<EntryWrite> {
    let day = |time: Timestamp| time.seconds().div_euclid(24 * 60 * 60);
    let first = day(family.rotated) != day(now);
    (first && client.kind == Kind::Registered).then(|| sweep::mark_used(&client.id, now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::account::{AccountId, SessionId};
    use crate::identity::json;
    use crate::identity::provider::metadata;

    const NOW: Timestamp = Timestamp::from_seconds(1_793_000_000);
    const DAY: Duration = Duration::from_hours(24);

    fn client(auth: &str) -> Client {
        let said = format!(r#"{{"redirect_uris":["https://app.example/"],"token_endpoint_auth_method":"{auth}"}}"#);
        metadata::read(&json::object(said.as_bytes()).unwrap(), "app", Kind::Registered).unwrap()
    }

    fn key(letter: &str) -> Option<Thumbprint> {
        Thumbprint::parse(&letter.repeat(43))
    }

    fn grant(jkt: Option<Thumbprint>) -> Grant {
        Grant {
            account: AccountId::parse(&"a".repeat(32)).unwrap(),
            client: "app".into(),
            webid: "https://ada.example/#me".into(),
            session: SessionId::parse(&"s".repeat(22)).unwrap(),
            scopes: Scopes::all(),
            authenticated: NOW,
            methods: Vec::new(),
            since: NOW,
            until: NOW.plus(super::super::grant::LONGEST),
            family: Some(Family { generation: 5, rotated: NOW, jkt }),
        }
    }

    /// Shows: O-168, O-169
    #[test]
    fn only_the_latest_generation_is_good_but_for_a_minute() {
        let (client, grant) = (client("client_secret_basic"), grant(None));
        let shown = Refresh { client: &client, token: "", scope: None, jkt: key("A") };
        let minute = Duration::from_mins(1);
        for (generation, after, verdict) in [
            (5, Duration::ZERO, Ok(Verdict::Rotate)),
            (5, DAY * 29, Ok(Verdict::Rotate)),
            (5, DAY * 30, Err(Refusal::RefreshToken)),
            (6, Duration::ZERO, Ok(Verdict::Rotate)),
            (4, minute, Ok(Verdict::Again)),
            (4, minute + Duration::from_millis(1), Ok(Verdict::Reused)),
            (3, Duration::ZERO, Ok(Verdict::Reused)),
            (u64::MAX, Duration::ZERO, Ok(Verdict::Rotate)),
        ] {
            assert_eq!(judge(&grant, generation, &shown, NOW.plus(after)), verdict, "{generation} {after:?}");
        }
    }

    /// Shows: O-167
    #[test]
    fn a_public_clients_tokens_are_bound_to_its_key() {
        let (public, confidential) = (client("none"), client("client_secret_post"));
        let grant = grant(key("A"));
        let judged = |client, jkt| judge(&grant, 5, &Refresh { client, token: "", scope: None, jkt }, NOW);
        assert_eq!(judged(&public, key("A")), Ok(Verdict::Rotate));
        assert_eq!(judged(&public, key("Q")), Err(Refusal::OtherKey));
        assert_eq!(judged(&public, None), Err(Refusal::OtherKey));
        assert_eq!(judged(&confidential, key("Q")), Ok(Verdict::Rotate));
        let other = Client { id: "other".into(), ..confidential.clone() };
        assert_eq!(judged(&other, key("A")), Err(Refusal::RefreshToken));
    }

    /// Shows: O-166
    #[test]
    fn scopes_only_shrink() {
        let granted = Scopes::parse("openid webid offline_access");
        for (asked, given) in [
            (None, Ok("openid offline_access webid")),
            (Some("webid"), Ok("openid webid")),
            (Some("  openid "), Ok("openid")),
            (Some("openid profile"), Err(Refusal::Scope)),
            (Some("openid email"), Err(Refusal::Scope)),
        ] {
            assert_eq!(narrowed(&granted, asked), given.map(Scopes::parse), "{asked:?}");
        }
    }

    /// Shows: O-168, O-169
    #[test]
    fn only_tokens_that_we_made_are_read() {
        let (key, grant) = (SecretKey::ephemeral(), GrantId::random());
        let made = token(&key, &grant, 7);
        assert_eq!(parse(&key, made.reveal()), Some((grant.clone(), 7)));
        assert_eq!(parse(&SecretKey::ephemeral(), made.reveal()), None);
        let text = made.reveal();
        let (front, code) = text.rsplit_once('.').unwrap();
        for forged in [
            String::new(),
            format!("{grant}.8.{code}"),
            format!("{grant}.07.{code}"),
            format!("{front}."),
            format!("{text}="),
            format!("{}.7.{code}", GrantId::random()),
        ] {
            assert_eq!(parse(&key, &forged), None, "{forged}");
        }
    }
}
