//! Who looks at a page: read once from a request, and asked for everything that depends on it.

use std::iter;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{ACCEPT_LANGUAGE, COOKIE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::request::Parts;

use super::{Form, Next, device, next, path};
use crate::address::Addresses;
use crate::http::cookie::{Cookie, Cookies};
use crate::identity::account::{Account, Session, SessionToken, SignedIn, SignupToken};
use crate::language::Language;
use crate::secret::{self, Secret, SecretKey};

/// How long a browser that stays signed in keeps its cookie; the session may end long before.
const KEPT: Duration = Duration::from_hours(180 * 24);
/// How long a browser keeps a sign-up; its answers are forgotten then.
const SIGN_UP_KEPT: Duration = Duration::from_hours(7 * 24);
/// How long a browser keeps the language that somebody chose.
const LANGUAGE_KEPT: Duration = Duration::from_hours(365 * 24);

/// Somebody who looks at a page.
#[derive(Debug)]
pub struct Visitor {
    pub language: Language,
    /// Who it is, if they are signed in.
    pub session: Option<SignedIn>,
    /// The sign-up that is under way in this browser.
    pub signup: Option<SignupToken>,
    /// The address that asks.
    pub client: IpAddr,
    /// Browser and system, see [`device::name`].
    pub device: Option<String>,
    addresses: Arc<Addresses>,
    csrf: Secret,
    browser: Secret,
    /// Path and query of the page, as far as it may be asked for again.
    here: String,
    /// The cookies that came.
    sent: HeaderMap,
    /// Cookies that the answer sets.
    set: Vec<HeaderValue>,
}

/// What a visitor is read from, besides the request.
pub(super) struct House<'a> {
    pub addresses: &'a Arc<Addresses>,
    pub key: &'a SecretKey,
    pub client: IpAddr,
}

impl Visitor {
    /// Reads a request; who is signed in has been looked up already.
    ///
    /// `?lang=` wins over what was chosen before, that over what an application wishes, and that over `Accept-Language`.
    pub(super) fn read(head: &Parts, house: &House<'_>, session: Option<SignedIn>) -> Self {
        let cookies = Cookies::of(house.addresses);
        let query = Form::parse(head.uri.query().unwrap_or_default().as_bytes());
        let mut set = Vec::new();
        let asked_for = query.find("lang").and_then(Language::tagged);
        if let Some(language) = asked_for {
            set.push(cookies.set(Cookie::Language, language.tag(), Some(LANGUAGE_KEPT)));
        }
        let chosen = asked_for.or_else(|| cookies.read(&head.headers, Cookie::Language).and_then(Language::tagged));
        let chosen = chosen.or_else(|| wished(&query));
        let language = chosen.unwrap_or_else(|| Language::of(text(&head.headers, &ACCEPT_LANGUAGE)));
        let browser = cookies.read(&head.headers, Cookie::Browser).filter(|name| name.len() == 43).map(Secret::new);
        let browser = browser.unwrap_or_else(|| {
            let new = Secret::random();
            set.push(cookies.set(Cookie::Browser, new.reveal(), None));
            new
        });
        let holder = session.as_ref().map_or_else(|| browser.reveal().to_owned(), |by| by.token.reveal());
        Self {
            language,
            session,
            signup: cookies.read(&head.headers, Cookie::SignUp).and_then(SignupToken::parse),
            client: house.client,
            device: text(&head.headers, &USER_AGENT).and_then(device::name),
            addresses: Arc::clone(house.addresses),
            csrf: Secret::new(URL_SAFE_NO_PAD.encode(house.key.mac("csrf", holder.as_bytes()))),
            browser,
            here: here(head.uri.path(), &query),
            sent: head.headers.get_all(COOKIE).iter().map(|line| (COOKIE, line.clone())).collect(),
            set,
        }
    }

    /// What a form must carry in the field [`super::form::CSRF`].
    ///
    /// Spec: O-102
    pub fn csrf(&self) -> &str {
        self.csrf.reveal()
    }

    /// A name for the browser, to which something begun in it can be bound: a hash, fit to be kept.
    ///
    /// Spec: O-191
    pub fn browser(&self) -> [u8; 32] {
        secret::hash_secret(self.browser.reveal())
    }

    /// What the browser keeps under this name.
    pub(super) fn kept(&self, cookie: Cookie) -> Option<&str> {
        Cookies::of(&self.addresses).read(&self.sent, cookie).filter(|value| !value.is_empty())
    }

    /// The base address of the server.
    pub fn base(&self) -> &str {
        self.addresses.base()
    }

    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The account that is signed in.
    pub fn account(&self) -> Option<&Account> {
        self.session.as_ref().map(|by| &by.account)
    }

    /// This page, to come back to.
    pub fn here(&self) -> Next {
        next::parse(Some(&self.here))
    }

    /// This page in another language.
    pub(super) fn here_in(&self, language: Language) -> String {
        let joint = if self.here.contains('?') { '&' } else { '?' };
        format!("{}{joint}lang={}", self.here, language.tag())
    }

    pub(super) fn cookies(&self) -> &[HeaderValue] {
        &self.set
    }

    /// The cookies of somebody who has just signed in: a new token. The browser keeps its name, for what was begun in it
    /// goes on. Pages speak the account's language from now on.
    ///
    /// Spec: O-192
    pub fn signed_in(&self, token: &SessionToken, stays: bool, account: &Account) -> Vec<HeaderValue> {
        let cookies = Cookies::of(&self.addresses);
        let language = account.language.map(|language| self.speaks(language));
        let token = cookies.set(Cookie::Session, &token.reveal(), stays.then_some(KEPT));
        iter::once(token).chain(language).collect()
    }

    /// The cookie of somebody whose session's token has changed.
    pub fn stepped_up(&self, token: &SessionToken, session: &Session) -> Vec<HeaderValue> {
        vec![Cookies::of(&self.addresses).set(Cookie::Session, &token.reveal(), session.stays.then_some(KEPT))]
    }

    /// The cookie of somebody who is signing up.
    pub fn signing_up(&self, token: &SignupToken) -> HeaderValue {
        Cookies::of(&self.addresses).set(Cookie::SignUp, token.reveal(), Some(SIGN_UP_KEPT))
    }

    /// The cookie of somebody who has signed up.
    pub fn signed_up(&self) -> HeaderValue {
        Cookies::of(&self.addresses).clear(Cookie::SignUp)
    }

    /// The cookies of somebody who has signed out.
    pub fn signed_out(&self) -> Vec<HeaderValue> {
        let cookies = Cookies::of(&self.addresses);
        vec![cookies.clear(Cookie::Session), cookies.clear(Cookie::Browser)]
    }

    /// The cookie of somebody who chose a language.
    pub fn speaks(&self, language: Language) -> HeaderValue {
        Cookies::of(&self.addresses).set(Cookie::Language, language.tag(), Some(LANGUAGE_KEPT))
    }
}

/// The language that an application wishes for: here, or where the page leads on to.
///
/// Spec: O-141, O-194
fn wished(query: &Form) -> Option<Language> {
    let named = |query: &Form| query.find("ui_locales").and_then(Language::preferred);
    named(query).or_else(|| named(&Form::parse(query.find("next")?.split_once('?')?.1.as_bytes())))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Path and query without the choice of a language. A path that begins with two slashes would be read as a host.
fn here(path: &str, query: &Form) -> String {
    let path = if path.starts_with("//") { path::START } else { path };
    let kept: Vec<_> = query.pairs().filter(|(name, _)| *name != "lang").collect();
    if kept.is_empty() {
        return path.to_owned();
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
    format!("{path}?{query}")
}
