//! The section `[[upstream]]` of the settings: one for each school platform (ENT) that people sign in with.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::address::is_loopback;
use crate::identity::jws::Algorithm;
use crate::units::Span;

/// A provider that people may sign in with.
///
/// Spec: O-301
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Its name in our addresses: lower-case letters, digits and `-`. It must not change once people have signed in.
    pub id: String,
    /// Its name on the sign-in page.
    pub name: String,
    /// Exactly as the provider spells it.
    pub issuer: String,
    /// What the provider calls us.
    pub client_id: String,
    /// A file with the secret that the provider gave us.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// A file with our private key (a JWK), for a provider that wants `private_key_jwt`.
    #[serde(default)]
    pub client_key_file: Option<PathBuf>,
    /// What we ask for besides `openid`.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// The signatures that its tokens may have.
    #[serde(default = "algorithms")]
    pub algorithms: Vec<Algorithm>,
    /// Where its endpoints are, if it publishes no configuration.
    #[serde(default)]
    pub endpoints: Option<Endpoints>,
    /// What its claims are called.
    #[serde(default)]
    pub claims: Mapping,
    /// The schools whose people may come in; all, if none is listed. Needs `claims.tenant`.
    #[serde(default)]
    pub tenants: BTreeSet<String>,
    /// How long one answer of the provider may take.
    #[serde(default = "timeout")]
    pub timeout: Span,
    /// Where the contacts of its people are, if it shows them.
    #[serde(default)]
    pub contacts: Option<Contacts>,
}

/// What a provider shows to those whose owner allows it: the people of their school, and its applications.
///
/// Spec: CP-07, CP-30
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contacts {
    /// The address of somebody's contacts: `{uid}` stands for who it is.
    pub url: String,
    /// What is asked for besides `openid`, when an owner allows it.
    #[serde(default = "contacts_scopes")]
    pub scopes: Vec<String>,
    /// The field of userinfo with which contacts are asked for.
    #[serde(default = "uid")]
    pub uid: String,
    /// Where the list of applications is, if there is one.
    #[serde(default)]
    pub catalogue: Option<Catalogue>,
    /// How long the contacts may take to come.
    #[serde(default = "contacts_timeout")]
    pub timeout: Span,
}

/// A list of school applications.
///
/// Spec: CP-30
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    pub applications: Url,
    /// Where the provider is asked to bring the list up to date.
    #[serde(default)]
    pub sync: Option<Url>,
}

impl Contacts {
    /// The address of the contacts of `uid`, which becomes one segment of it.
    pub fn of(&self, uid: &str) -> Option<Url> {
        let segment = percent_encoding::utf8_percent_encode(uid, percent_encoding::NON_ALPHANUMERIC).to_string();
        Url::parse(&self.url.replace(UID, &segment.replace("%2D", "-"))).ok()
    }

    /// The addresses that the operator names here.
    pub fn named(&self) -> Vec<Url> {
        let catalogue =
            self.catalogue.iter().flat_map(|catalogue| [Some(&catalogue.applications), catalogue.sync.as_ref()]);
        self.of("uid").into_iter().chain(catalogue.flatten().cloned()).collect()
    }

    fn is_well_formed(&self) -> bool {
        // Who it is stands in the path, after the host.
        let path = |url: &Url| url.path().to_owned() + url.query().unwrap_or_default();
        self.of("uid").is_some_and(|url| path(&url).contains("uid"))
            && self.url.contains(UID)
            && self.named().iter().all(is_safe)
    }
}

/// What stands for somebody in the address of their contacts.
const UID: &str = "{uid}";

/// The endpoints of a provider without a configuration document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoints {
    pub authorization: Url,
    pub token: Url,
    pub userinfo: Option<Url>,
    pub jwks: Url,
    /// Where tokens are given back that are of no use any more.
    #[serde(default)]
    pub revocation: Option<Url>,
}

/// The names of claims, in the ID token or in userinfo, and what their values mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    pub name: String,
    pub email: String,
    /// The school.
    pub tenant: Option<String>,
    /// What somebody is at school.
    pub role: Option<String>,
    /// Roles of staff: adults whose e-mail address is professional and cannot be changed at sign-up.
    pub staff: BTreeSet<String>,
    /// Other roles that only adults have.
    pub adults: BTreeSet<String>,
    /// A flag that is `true` for adults.
    pub adult: Option<String>,
    /// The day of birth, as `2011-04-23`. It is compared with `consent_age` and never kept.
    pub birthdate: Option<String>,
    /// From which age people decide by themselves about optional services. 15 in France.
    pub consent_age: u8,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            name: "name".into(),
            email: "email".into(),
            tenant: None,
            role: None,
            staff: BTreeSet::new(),
            adults: BTreeSet::new(),
            adult: None,
            birthdate: None,
            consent_age: 15,
        }
    }
}

fn scopes() -> Vec<String> {
    vec!["profile".into(), "email".into()]
}

fn contacts_scopes() -> Vec<String> {
    vec!["toutatice".into(), "offline_access".into()]
}

fn uid() -> String {
    "ENTPersonUid".into()
}

fn contacts_timeout() -> Span {
    Span(Duration::from_mins(1))
}

fn algorithms() -> Vec<Algorithm> {
    vec![Algorithm::Rs256, Algorithm::Es256, Algorithm::Ps256]
}

fn timeout() -> Span {
    Span(Duration::from_secs(5))
}

/// What is wrong with the settings of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misconfigured {
    #[error("an id is 1 to 32 lower-case letters, digits and `-`")]
    Id,
    #[error("two providers have the same id, or the same issuer")]
    Twice,
    #[error("the issuer is an https URL without query and fragment (http on this machine only)")]
    Issuer,
    #[error("an endpoint is an https URL (http on this machine only)")]
    Endpoint,
    #[error("`client_secret_file` and `client_key_file` exclude each other")]
    Credentials,
    #[error("`tenants` needs `claims.tenant`, which names the claim to compare")]
    Tenants,
    #[error("no signature algorithm is allowed")]
    Algorithms,
    #[error("`contacts.url` is an https URL (http on this machine only) with `{{uid}}` in its path")]
    Contacts,
}

/// Checks all providers, each by itself and together.
///
/// Spec: O-301, O-304
pub fn check(configs: &[Config]) -> Result<(), Misconfigured> {
    let (mut ids, mut issuers) = (BTreeSet::new(), BTreeSet::new());
    for config in configs {
        config.check()?;
        if !ids.insert(&config.id) || !issuers.insert(&config.issuer) {
            return Err(Misconfigured::Twice);
        }
    }
    Ok(())
}

impl Config {
    fn check(&self) -> Result<(), Misconfigured> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.id.is_empty() || self.id.len() > 32 || !self.id.bytes().all(plain) {
            return Err(Misconfigured::Id);
        }
        let issuer = Url::parse(&self.issuer).map_err(|_| Misconfigured::Issuer)?;
        if !is_safe(&issuer) || issuer.query().is_some() || issuer.fragment().is_some() {
            return Err(Misconfigured::Issuer);
        }
        if !self.endpoints.iter().flat_map(Endpoints::all).all(is_safe) {
            return Err(Misconfigured::Endpoint);
        }
        if self.client_secret_file.is_some() && self.client_key_file.is_some() {
            return Err(Misconfigured::Credentials);
        }
        if !self.tenants.is_empty() && self.claims.tenant.is_none() {
            return Err(Misconfigured::Tenants);
        }
        if self.algorithms.is_empty() {
            return Err(Misconfigured::Algorithms);
        }
        if !self.contacts.iter().all(Contacts::is_well_formed) {
            return Err(Misconfigured::Contacts);
        }
        Ok(())
    }

    /// The addresses that the operator names, and whose hosts may therefore be private.
    pub(super) fn named(&self) -> Vec<Url> {
        let endpoints = self.endpoints.iter().flat_map(Endpoints::all).cloned();
        Url::parse(&self.issuer).into_iter().chain(endpoints).collect()
    }
}

impl Endpoints {
    fn all(&self) -> impl Iterator<Item = &Url> {
        [&self.authorization, &self.token, &self.jwks].into_iter().chain(&self.userinfo).chain(&self.revocation)
    }
}

/// Whether people and secrets may be sent there.
pub(super) fn is_safe(url: &Url) -> bool {
    let bare = url.username().is_empty() && url.password().is_none();
    bare && url.host().is_some() && (url.scheme() == "https" || url.scheme() == "http" && is_loopback(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A change to good settings, and why they are none then.
    type Case = (fn(&mut Config), Misconfigured);

    const WHOLE: &str = r#"
        id = "armorique"
        name = "ENT Armorique"
        issuer = "https://ent.example/oidc"
        client_id = "cartable"
        client_secret_file = "/run/secrets/armorique"
        scopes = ["profile", "toutatice"]
        algorithms = ["ES256"]
        tenants = ["0999001W"]
        timeout = "3 s"

        [claims]
        role = "title"
        tenant = "structure"
        staff = ["ENS"]

        [endpoints]
        authorization = "https://ent.example/authorize"
        token = "https://ent.example/token"
        jwks = "https://keys.ent.example/"

        [contacts]
        url = "https://ent.example/contacts/{uid}"
        [contacts.catalogue]
        applications = "https://apps.ent.example/catalogues/4/applications"
        sync = "https://apps.ent.example/catalogues/4/sync"
    "#;

    fn read(text: &str) -> Config {
        toml::from_str(text).unwrap()
    }

    /// Shows: O-301
    #[test]
    fn a_provider_is_configured_whole_or_in_four_lines() {
        let config = read(WHOLE);
        assert_eq!(config.check(), Ok(()));
        assert_eq!((config.claims.name.as_str(), config.claims.role.as_deref()), ("name", Some("title")));
        assert_eq!(config.named().len(), 4);
        let short = read("id = 'e'\nname = 'E'\nissuer = 'http://localhost:4000'\nclient_id = 'c'");
        assert_eq!(short.check(), Ok(()));
        assert_eq!((short.timeout.0, short.algorithms), (Duration::from_secs(5), algorithms()));
        assert!(
            toml::from_str::<Config>("id = 'e'\nname = 'E'\nissuer = 'https://e.example'\nclient_id = 'c'\nx = 1")
                .is_err()
        );
    }

    /// Shows: CP-07
    #[test]
    fn whoever_it_is_is_one_segment() {
        let contacts = read(WHOLE).contacts.unwrap();
        assert_eq!((contacts.uid.as_str(), &*contacts.scopes), ("ENTPersonUid", &*contacts_scopes()));
        assert_eq!(contacts.named().len(), 3);
        for (uid, segment) in [
            ("e0000000-0000-4000-8000-000000000001", "e0000000-0000-4000-8000-000000000001"),
            ("a/b", "a%2Fb"),
            ("../..", "%2E%2E%2F%2E%2E"),
            ("é#?", "%C3%A9%23%3F"),
        ] {
            assert_eq!(contacts.of(uid).unwrap().as_str(), format!("https://ent.example/contacts/{segment}"));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let with = |change: fn(&mut Config)| {
            let mut config = read(WHOLE);
            change(&mut config);
            config.check()
        };
        let table: [Case; 11] = [
            (|config| config.id = "Armorique".into(), Misconfigured::Id),
            (|config| config.id = "a/b".into(), Misconfigured::Id),
            (|config| config.issuer = "http://ent.example".into(), Misconfigured::Issuer),
            (|config| config.issuer = "https://ent.example/?a".into(), Misconfigured::Issuer),
            (|config| config.issuer = "https://a:b@ent.example/".into(), Misconfigured::Issuer),
            (|config| config.client_key_file = Some("k".into()), Misconfigured::Credentials),
            (|config| config.claims.tenant = None, Misconfigured::Tenants),
            (|config| config.algorithms.clear(), Misconfigured::Algorithms),
            (
                |config| config.contacts.as_mut().unwrap().url = "https://{uid}.ent.example/".into(),
                Misconfigured::Contacts,
            ),
            (
                |config| config.contacts.as_mut().unwrap().url = "http://ent.example/{uid}".into(),
                Misconfigured::Contacts,
            ),
            (
                |config| config.endpoints.as_mut().unwrap().jwks = Url::parse("http://ent.example/").unwrap(),
                Misconfigured::Endpoint,
            ),
        ];
        for (change, why) in table {
            assert_eq!(with(change), Err(why));
        }
        let twice = [read(WHOLE), Config { id: "other".into(), ..read(WHOLE) }];
        assert_eq!(check(&twice), Err(Misconfigured::Twice));
        assert!(toml::from_str::<Config>(&WHOLE.replace("ES256", "HS256")).is_err(), "a secret is no key");
    }
}
