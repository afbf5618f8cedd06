//! Access tokens that expire, and refresh tokens of which each is good once.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use cartable::clock::Timestamp;
use cartable::http::Body;
use cartable::secret;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};

use super::{Ent, Platform, Somebody};
use crate::stand_in::{fixture, json_of, of};

/// How long an access token lives.
pub const LIFETIME: Duration = Duration::from_hours(1);

#[derive(Default)]
pub struct Tokens {
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    /// Families of refresh tokens that have ended, since one of them came twice or the person left.
    ended: HashSet<usize>,
    families: usize,
    reused: usize,
}

struct Access {
    login: &'static str,
    scope: String,
    until: Timestamp,
}

struct Refresh {
    login: &'static str,
    scope: String,
    family: usize,
    is_used: bool,
}

impl Ent {
    /// Ends every access token, as if its time were over.
    pub fn expire(&self) {
        self.platform.state.lock().tokens.access.clear();
    }

    /// No longer accepts any refresh token that was given so far.
    pub fn revoke(&self) {
        let mut state = self.platform.state.lock();
        let all = 0..state.tokens.families;
        state.tokens.ended.extend(all);
    }

    /// How often a refresh token came that had been used already.
    pub fn reused(&self) -> usize {
        self.platform.state.lock().tokens.reused
    }
}

impl Platform {
    /// The tokens for somebody: one for access, and with `offline_access` one to refresh it.
    pub(super) fn give(&self, login: &'static str, scope: &str, access: &str) -> Value {
        let until = self.clock.now().plus(LIFETIME);
        let mut state = self.state.lock();
        let tokens = &mut state.tokens;
        tokens.access.insert(access.to_owned(), Access { login, scope: scope.to_owned(), until });
        let mut answer =
            json!({ "access_token": access, "token_type": "Bearer", "expires_in": LIFETIME.as_secs(), "scope": scope });
        if has(scope, "offline_access") {
            let family = tokens.families;
            tokens.families += 1;
            answer["refresh_token"] = tokens.refresh_token(login, scope, family).into();
        }
        answer
    }

    /// Gives a new pair for a refresh token. One that comes again ends its family.
    pub(super) fn refresh(&self, form: &HashMap<String, String>) -> Option<Response<Body>> {
        let given = form.get("refresh_token")?;
        let until = self.clock.now().plus(LIFETIME);
        let mut state = self.state.lock();
        let tokens = &mut state.tokens;
        let invalid =
            || Some(of(StatusCode::BAD_REQUEST, "application/json", fixture("ent/token-refresh-invalid.json")));
        let Some(known) = tokens.refresh.get_mut(given) else { return invalid() };
        if std::mem::replace(&mut known.is_used, true) {
            tokens.reused += 1;
            tokens.ended.insert(known.family);
        }
        let (login, scope, family) = (known.login, known.scope.clone(), known.family);
        if tokens.ended.contains(&family) {
            return invalid();
        }
        let access = secret::token();
        tokens.access.insert(access.clone(), Access { login, scope: scope.clone(), until });
        Some(json_of(&json!({
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": LIFETIME.as_secs(),
            "refresh_token": tokens.refresh_token(login, &scope, family),
            "scope": scope,
        })))
    }

    /// Who let the sender of a request in, if their token holds and is for `scope`.
    pub(super) fn bearer(&self, headers: &HeaderMap, scope: &str) -> Option<Somebody> {
        let token = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
        let state = self.state.lock();
        let access = state.tokens.access.get(token)?;
        (self.clock.now() < access.until && has(&access.scope, scope)).then(|| Somebody::at(access.login))?
    }
}

impl Tokens {
    fn refresh_token(&mut self, login: &'static str, scope: &str, family: usize) -> String {
        let token = secret::token();
        self.refresh.insert(token.clone(), Refresh { login, scope: scope.to_owned(), family, is_used: false });
        token
    }
}

pub(super) fn has(scopes: &str, scope: &str) -> bool {
    scopes.split(' ').any(|each| each == scope)
}
