//! The links from which a client of the account API finds its way.

use serde_json::{Value, json};

use super::Members;
use super::place::{PASSWORD, ROOT};
use crate::identity::account::{AccountId, CredentialId, link_name};
use crate::path::PodName;

/// The links of one request. What does not work, or not for who asks, is not among them.
pub(super) struct Controls<'a> {
    pub base: &'a str,
    /// The account that is signed in.
    pub account: Option<&'a AccountId>,
    /// Whether accounts can be made here.
    pub open: bool,
    /// Whether passwords open accounts.
    pub passwords: bool,
    /// The schools that people come in through: name, and address of the door.
    pub doors: &'a [(String, String)],
}

impl Controls<'_> {
    /// Spec: O-201
    pub(super) fn document(&self) -> Value {
        let mut account = Members::new();
        let mut password = Members::from_iter([("login".to_owned(), self.url("login/password/").into())]);
        if self.open {
            account.insert("create".to_owned(), self.url("account/").into());
        }
        if let Some(id) = self.account {
            for (name, place) in [
                ("account", ""),
                ("logout", "logout/"),
                ("webId", "webid/"),
                ("pod", "pod/"),
                ("clientCredentials", "client-credentials/"),
            ] {
                account.insert(name.to_owned(), self.own(id, place).into());
            }
            password.insert("create".to_owned(), self.own(id, "login/password/").into());
        }
        json!({
            "main": { "index": self.url(""), "logins": self.url("login/") },
            "account": account,
            "password": password,
        })
    }

    /// The ways of signing in that are open.
    ///
    /// Spec: CP-13
    pub(super) fn logins(&self) -> Members {
        let password = ("Email/password combination".to_owned(), self.url("login/password/"));
        let schools = self.doors.iter().map(|(name, path)| (name.clone(), format!("{}{}", self.base, &path[1..])));
        let ways = self.passwords.then_some(password).into_iter().chain(schools);
        let logins: Members = ways.map(|(name, url)| (name, url.into())).collect();
        Members::from_iter([("logins".to_owned(), logins.into())])
    }

    pub(super) fn password(&self, id: &AccountId) -> String {
        self.own(id, &format!("login/password/{PASSWORD}/"))
    }

    pub(super) fn pod(&self, id: &AccountId, name: &PodName) -> String {
        self.own(id, &format!("pod/{name}/"))
    }

    pub(super) fn webid(&self, id: &AccountId, webid: &str) -> String {
        self.own(id, &format!("webid/{}/", link_name(webid)))
    }

    pub(super) fn credential(&self, id: &AccountId, credential: &CredentialId) -> String {
        self.own(id, &format!("client-credentials/{credential}/"))
    }

    fn own(&self, id: &AccountId, place: &str) -> String {
        self.url(&format!("account/{id}/{place}"))
    }

    fn url(&self, place: &str) -> String {
        format!("{}{}{place}", self.base, &ROOT[1..])
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::Place;
    use super::*;

    #[test]
    fn links_lead_to_places_and_depend_on_who_asks() {
        let id = AccountId::parse(&"a".repeat(32)).unwrap();
        let of = |account, open| {
            Controls { base: "https://pods.example/", account, open, passwords: true, doors: &[] }.document()
        };
        let everything = of(Some(&id), true);
        for group in everything.as_object().unwrap().values() {
            for (name, link) in group.as_object().unwrap() {
                let path = link.as_str().unwrap().strip_prefix("https://pods.example").unwrap();
                assert!(Place::at(path).is_some(), "{name}: {path}");
            }
        }
        let nobody = of(None, false);
        assert_eq!(nobody["account"], json!({}));
        assert!(nobody["password"]["create"].is_null());
        assert!(everything["account"]["create"].is_string());
        assert!(everything["account"]["clientCredentials"].is_string());
    }
    /// Shows: CP-13
    #[test]
    fn only_the_ways_that_are_open_are_told() {
        let doors = [("ENT".to_owned(), "/.account/login/oidc/ent/".to_owned())];
        let controls = |passwords| Controls {
            base: "https://pods.example/",
            account: None,
            open: false,
            passwords,
            doors: &doors,
        };
        let ways = |passwords| controls(passwords).logins()["logins"].as_object().unwrap().clone();
        assert_eq!(ways(true).len(), 2);
        assert_eq!(
            ways(false).into_iter().collect::<Vec<_>>(),
            [("ENT".to_owned(), json!("https://pods.example/.account/login/oidc/ent/"),)]
        );
    }
}
