//! Whom statements tell of: by which names tools know the owner of a pod.

use std::fmt::Write as _;

use sha1::{Digest, Sha1};

use crate::identity::account::Email;

/// How a tool names somebody.
#[derive(Clone, PartialEq, Eq)]
pub enum Who {
    /// An e-mail address.
    Mailbox(String),
    /// The SHA-1 of a `mailto:` address, in hexadecimal.
    MailboxHash(String),
    /// An address of theirs: an OpenID, a WebID, an entity of Caliper's.
    Iri(String),
    Account(OnlineAccount),
    /// Several people, or a group that has a name.
    Group,
}

/// An account that somebody has with a tool or a school.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OnlineAccount {
    pub home: String,
    pub name: String,
}

/// The names by which tools know one person. None of them is ever said in the view.
///
/// Spec: LT-20
#[derive(Clone, Default)]
pub struct Person {
    /// WebIDs first, then addresses that the owner said are theirs.
    pub iris: Vec<String>,
    pub accounts: Vec<OnlineAccount>,
    pub mailboxes: Vec<Email>,
}

impl Person {
    /// Whether this is who is meant.
    ///
    /// A WebID counts as an address and as the name of an account, wherever that is.
    pub fn is(&self, who: &Who) -> bool {
        match who {
            Who::Mailbox(address) => Email::parse(address).is_some_and(|address| self.mailboxes.contains(&address)),
            Who::MailboxHash(hash) => self.mailboxes.iter().any(|own| mailbox_hash(own).eq_ignore_ascii_case(hash)),
            Who::Iri(iri) => self.iris.contains(iri),
            Who::Account(account) => {
                self.iris.contains(&account.name) || self.accounts.iter().any(|own| own.is(account))
            }
            Who::Group => false,
        }
    }

    /// Whether a word is, or holds, a name of theirs.
    pub(super) fn is_named_by(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        let names = self.accounts.iter().map(|account| account.name.to_lowercase());
        let mailboxes = self.mailboxes.iter().map(|address| address.as_str().to_owned());
        names.chain(mailboxes).any(|name| !name.is_empty() && word.contains(&name))
    }
}

impl OnlineAccount {
    /// The same account, with or without the final slash of its home.
    fn is(&self, other: &Self) -> bool {
        self.name == other.name && self.home.trim_end_matches('/') == other.home.trim_end_matches('/')
    }
}

fn mailbox_hash(address: &Email) -> String {
    Sha1::digest(format!("mailto:{address}")).iter().fold(String::new(), |mut text, byte| {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Names do not show in logs.
impl std::fmt::Debug for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Mailbox(_) => "Mailbox",
            Self::MailboxHash(_) => "MailboxHash",
            Self::Iri(_) => "Iri",
            Self::Account(_) => "Account",
            Self::Group => "Group",
        })
    }
}

impl std::fmt::Debug for OnlineAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnlineAccount")
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> Person {
        let account = OnlineAccount { home: "https://ent.example.org".into(), name: "9f2c".into() };
        Person {
            iris: vec!["https://pods.example/ada/profile/card#me".into()],
            accounts: vec![account],
            mailboxes: vec![Email::parse("ada@example.org").unwrap()],
        }
    }

    /// Shows: LT-20
    #[test]
    fn the_owner_is_known_by_each_of_their_names() {
        let account = |home: &str, name: &str| Who::Account(OnlineAccount { home: home.into(), name: name.into() });
        for (who, is_ada) in [
            (Who::Mailbox("Ada@Example.org".into()), true),
            (Who::Mailbox("bob@example.org".into()), false),
            // The SHA-1 of "mailto:ada@example.org", and of another address.
            (Who::MailboxHash("D714B8A95BD857A37405A7B56DB9108B60AE42BD".into()), true),
            (Who::MailboxHash("c89da884114cb795065ce008ef6f25750a78e8be".into()), false),
            (Who::Iri("https://pods.example/ada/profile/card#me".into()), true),
            (Who::Iri("https://pods.example/bob/profile/card#me".into()), false),
            (account("https://ent.example.org/", "9f2c"), true),
            (account("https://other.example.org", "9f2c"), false),
            (account("https://ent.example.org", "9f2"), false),
            (account("https://anything.example", "https://pods.example/ada/profile/card#me"), true),
            (Who::Group, false),
        ] {
            assert_eq!(ada().is(&who), is_ada, "{who:?}");
        }
        assert!(!format!("{:?}", ada()).contains("ada"));
    }
}
