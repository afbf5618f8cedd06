//! What a new pod contains, and making one: profile, rules, inbox, settings.
//!
//! Documents name each other by relative references, so that they stay true when a pod is copied; only the issuer and
//! a WebID outside the pod are absolute.

mod profile;

use std::sync::Arc;

pub use profile::Profiles;

use crate::address::Addresses;
use crate::clock::Clock;
use crate::identity::account::{
    AccountId, Accounts, Draft, Email, Error, Happened, Password, Refusal, Result, SignupToken,
};
use crate::path::{PodName, ResourcePath};
use crate::storage::{self, Change, Content, NewBody, NewPod, Scope, Write};

/// How often a pod is tried again because the account was changed meanwhile.
const ATTEMPTS: usize = 8;
/// The profile document; the person is its `#me`.
const PROFILE: &str = "/profile/card";

/// Makes pods.
pub struct Provision {
    pub accounts: Arc<Accounts>,
    pub addresses: Arc<Addresses>,
    pub clock: Arc<dyn Clock>,
    /// The most bytes a new pod may hold.
    pub quota: Option<u64>,
}

/// Whose a new pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner<'a> {
    /// The WebID in its own profile, which is linked to the account.
    Profile,
    /// A WebID of the same name on the host for WebIDs, which is linked to the account.
    ///
    /// Spec: M-51
    Apart,
    /// A WebID that the account has already.
    Linked(&'a str),
}

/// A pod that was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHome {
    pub account: AccountId,
    /// The URL of the pod's root.
    pub pod: String,
    /// The WebID of its owner.
    pub webid: String,
}

impl Provision {
    /// Makes an account and its pod, in one commit.
    pub async fn account(&self, email: Email, password: Password, name: &PodName) -> Result<NewHome> {
        let hash = self.accounts.hash(password).await?;
        let mut draft = Draft::new(self.clock.now());
        draft.set_login(email, hash)?;
        self.commit(draft, name, Owner::Profile).await
    }

    /// Makes a pod of an account, up to the limit.
    ///
    /// Spec: O-327
    pub async fn pod(&self, account: &AccountId, name: &PodName, owner: Owner<'_>) -> Result<NewHome> {
        for _ in 0..ATTEMPTS {
            let draft = self.accounts.draft(account).await?;
            let most = self.accounts.most_pods();
            if draft.account().pods.len() >= most {
                return Err(Refusal::TooManyPods(most).into());
            }
            match self.commit(draft, name, owner).await {
                Err(Error::Storage(storage::Error::Moved)) => {}
                done => return done,
            }
        }
        Err(storage::Error::Moved.into())
    }

    /// Opens the account and the pod of a finished sign-up, in one commit.
    ///
    /// Spec: O-321, CP-08
    pub async fn sign_up(&self, token: &SignupToken) -> Result<NewHome> {
        for _ in 0..ATTEMPTS {
            let (draft, name, apart) = self.accounts.signed_up(token).await?;
            let owner = if apart { Owner::Apart } else { Owner::Profile };
            match self.commit(draft, &name, owner).await {
                Err(Error::Storage(storage::Error::Moved)) => {}
                Err(Error::Refused(refusal @ (Refusal::NameTaken | Refusal::NameReserved))) => {
                    self.accounts.ask_name_again(token).await?;
                    return Err(refusal.into());
                }
                done => return done,
            }
        }
        Err(storage::Error::Moved.into())
    }

    /// Erases an account whose day has come, with its pods. What was erased before a crash is passed over.
    ///
    /// Spec: O-329
    pub async fn erase(&self, id: &AccountId) -> Result<()> {
        let Some(account) = self.accounts.to_erase(id).await? else { return Ok(()) };
        for pod in self.accounts.pods_of(&account).await? {
            match self.accounts.storage().remove(pod).await {
                Err(storage::Error::NoSuchPod) => {}
                done => done?,
            }
        }
        self.accounts.erase(&account).await
    }

    async fn commit(&self, mut draft: Draft, name: &PodName, owner: Owner<'_>) -> Result<NewHome> {
        if self.addresses.is_house(name) {
            return Err(Refusal::NameReserved.into());
        }
        let root = ResourcePath::root(name.clone());
        let pod = self.addresses.iri(&root);
        let own = format!("{pod}{}#me", &PROFILE[1..]);
        if self.addresses.is_house(name) {
            return Err(Refusal::NameReserved.into());
        }
        draft.add_pod(name)?;
        // Outside the pod's profile, if anywhere.
        let owner = match owner {
            Owner::Linked(webid) if webid != own => Some(draft.account().webid(Some(webid))?.to_owned()),
            Owner::Apart => draft.host_webid(name, &self.addresses, self.clock.now())?,
            Owner::Profile | Owner::Linked(_) => None,
        };
        if owner.is_none() {
            draft.link(&own);
        }
        let webid = owner.clone().unwrap_or(own);
        let new = NewPod { name: name.clone(), owners: vec![webid.clone()], quota: self.quota };
        let mut change = Change::of(Scope::NewPod(new), self.clock.now());
        let contents = Contents { owner: owner.as_deref(), issuer: self.addresses.base() };
        change.writes = contents.writes(&root, &webid);
        draft.note(change.at, Happened::PodMade { name: name.clone() })?;
        let made = NewHome { account: draft.account().id.clone(), pod, webid };
        self.accounts.save(draft, change).await?;
        Ok(made)
    }
}

/// What a new pod contains.
struct Contents<'a> {
    /// The owner, if that is a WebID outside the pod.
    owner: Option<&'a str>,
    issuer: &'a str,
}

impl<'a> Contents<'a> {
    /// The writes that fill the pod.
    fn writes(&self, root: &ResourcePath, by: &str) -> Vec<Write> {
        let by: Arc<str> = by.into();
        let write = |(local, turtle): (&str, Option<String>)| {
            let path = ResourcePath::parse(root.pod().clone(), local).expect("the paths below are canonical");
            let (media_type, body) = match turtle {
                Some(turtle) => ("text/turtle", NewBody::Inline(turtle.into())),
                None => ("", NewBody::Absent),
            };
            let content = Content { media_type: media_type.into(), body, by: Some(by.clone()), inbox: None };
            Write::Put { path, content }
        };
        self.resources().into_iter().map(write).collect()
    }

    /// Local paths, with Turtle for what is no container.
    ///
    /// Spec: O-211, O-212
    fn resources(&self) -> [(&'static str, Option<String>); 12] {
        let above = self.me("../profile/card#me");
        let anybody_reads = Some(Others { name: "public", class: "foaf:Agent", mode: "acl:Read" });
        let anyone_drops = Some(Others { name: "signed-in", class: "acl:AuthenticatedAgent", mode: "acl:Append" });
        [
            ("/", None),
            ("/.acl", Some(rules(self.me("profile/card#me"), "./", None))),
            ("/profile/", None),
            (PROFILE, Some(self.profile())),
            ("/profile/card.acl", Some(rules(self.me("card#me"), "card", anybody_reads))),
            ("/inbox/", None),
            ("/inbox/.acl", Some(rules(above, "./", anyone_drops))),
            ("/settings/", None),
            ("/settings/prefs", Some(preferences(above))),
            ("/settings/publicTypeIndex", Some(type_index("solid:ListedDocument"))),
            ("/settings/publicTypeIndex.acl", Some(rules(above, "publicTypeIndex", anybody_reads))),
            ("/settings/privateTypeIndex", Some(type_index("solid:UnlistedDocument"))),
        ]
    }

    /// The owner's WebID, as it is written in a document from which the profile is at `own`.
    fn me(&self, own: &'a str) -> &'a str {
        self.owner.unwrap_or(own)
    }

    /// The profile document. It names nobody: a name is added by its owner.
    ///
    /// Spec: O-211
    fn profile(&self) -> String {
        let me = self.me("#me");
        // A WebID that lives elsewhere says there who vouches for it.
        let issuer = match self.owner {
            Some(_) => String::new(),
            None => format!("    solid:oidcIssuer <{}>;\n", self.issuer),
        };
        format!(
            "@prefix foaf: <http://xmlns.com/foaf/0.1/>.\n\
             @prefix ldp: <http://www.w3.org/ns/ldp#>.\n\
             @prefix pim: <http://www.w3.org/ns/pim/space#>.\n\
             @prefix solid: <http://www.w3.org/ns/solid/terms#>.\n\
             \n\
             <> a foaf:PersonalProfileDocument;\n    \
                 foaf:maker <{me}>;\n    \
                 foaf:primaryTopic <{me}>.\n\
             \n\
             <{me}> a foaf:Person;\n\
             {issuer}    \
                 pim:storage <../>;\n    \
                 ldp:inbox <../inbox/>;\n    \
                 pim:preferencesFile <../settings/prefs>;\n    \
                 solid:publicTypeIndex <../settings/publicTypeIndex>.\n"
        )
    }
}

/// What others than the owner may do with a resource.
#[derive(Clone, Copy)]
struct Others {
    /// The fragment of the rule.
    name: &'static str,
    class: &'static str,
    mode: &'static str,
}

/// An ACL, beside the container `of` it: the owner may do everything, and nobody else anything.
pub fn owner_only(owner: &str, of: &str) -> String {
    rules(owner, of, None)
}

/// An ACL: the owner may do everything, with all members if it is a container's; others perhaps one thing, with the
/// resource itself only.
fn rules(owner: &str, of: &str, others: Option<Others>) -> String {
    let inherited = if of.ends_with('/') { format!("    acl:default <{of}>;\n") } else { String::new() };
    let owners = format!(
        "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n\
         @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n\
         \n\
         <#owner> a acl:Authorization;\n    \
             acl:agent <{owner}>;\n    \
             acl:accessTo <{of}>;\n\
         {inherited}    \
             acl:mode acl:Read, acl:Write, acl:Control.\n"
    );
    let Some(Others { name, class, mode }) = others else { return owners };
    format!(
        "{owners}\n\
         <#{name}> a acl:Authorization;\n    \
             acl:agentClass {class};\n    \
             acl:accessTo <{of}>;\n    \
             acl:mode {mode}.\n"
    )
}

/// The preferences, which alone name the private type index.
///
/// Spec: O-211
fn preferences(owner: &str) -> String {
    format!(
        "@prefix pim: <http://www.w3.org/ns/pim/space#>.\n\
         @prefix solid: <http://www.w3.org/ns/solid/terms#>.\n\
         \n\
         <> a pim:ConfigurationFile.\n\
         \n\
         <{owner}> solid:privateTypeIndex <privateTypeIndex>.\n"
    )
}

fn type_index(class: &str) -> String {
    format!("@prefix solid: <http://www.w3.org/ns/solid/terms#>.\n\n<> a solid:TypeIndex, {class}.\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{SetClock, Timestamp};
    use crate::jobs::Jobs;
    use crate::path::ACL_SUFFIX;
    use crate::rdf::{self, Format, Graph, Term, vocab};
    use crate::secret::SecretKey;
    use crate::storage::Storage;
    use crate::storage::sqlite::{Options, Sqlite};

    const POD: &str = "https://pods.example/ada/";

    /// The documents of a new pod, parsed, by their URL.
    fn graphs(owner: Option<&str>) -> Vec<(String, Graph)> {
        let contents = Contents { owner, issuer: "https://pods.example/" };
        let documents = contents.resources().into_iter().filter_map(|(local, turtle)| Some((local, turtle?)));
        documents
            .map(|(local, turtle)| {
                let url = format!("{POD}{}", &local[1..]);
                let document = rdf::format::parse(turtle.as_bytes(), Format::Turtle, &url).unwrap();
                (url, document.dataset.default)
            })
            .collect()
    }

    fn holds(graph: &Graph, subject: &str, predicate: &str, object: &str) -> bool {
        graph.objects(&Term::iri(subject), predicate).any(|found| found.as_iri().is_some_and(|iri| **iri == *object))
    }

    fn graph<'a>(graphs: &'a [(String, Graph)], local: &str) -> &'a Graph {
        &graphs.iter().find(|(url, _)| *url == format!("{POD}{local}")).unwrap().1
    }

    #[test]
    fn the_profile_says_where_everything_is() {
        let graphs = graphs(None);
        let profile = graph(&graphs, "profile/card");
        let (document, me) = (format!("{POD}profile/card"), format!("{POD}profile/card#me"));
        for (subject, predicate, object) in [
            (&document, vocab::rdf::TYPE, vocab::foaf::PERSONAL_PROFILE_DOCUMENT),
            (&document, vocab::foaf::MAKER, &me),
            (&document, vocab::foaf::PRIMARY_TOPIC, &me),
            (&me, vocab::rdf::TYPE, vocab::foaf::PERSON),
            (&me, vocab::solid::OIDC_ISSUER, "https://pods.example/"),
            (&me, vocab::pim::STORAGE, POD),
            (&me, vocab::ldp::INBOX, "https://pods.example/ada/inbox/"),
            (&me, vocab::pim::PREFERENCES_FILE, "https://pods.example/ada/settings/prefs"),
            (&me, vocab::solid::PUBLIC_TYPE_INDEX, "https://pods.example/ada/settings/publicTypeIndex"),
        ] {
            assert!(holds(profile, subject, predicate, object), "{subject} {predicate} {object}");
        }
        assert_eq!(profile.len(), 9, "nothing else is public");
        let private = "https://pods.example/ada/settings/privateTypeIndex";
        assert!(holds(graph(&graphs, "settings/prefs"), &me, vocab::solid::PRIVATE_TYPE_INDEX, private));
    }

    #[test]
    fn every_acl_gives_the_owner_all_and_others_what_they_need() {
        let graphs = graphs(None);
        let me = format!("{POD}profile/card#me");
        let acls = [
            (".acl", POD.to_owned(), None),
            ("profile/card.acl", format!("{POD}profile/card"), Some((vocab::foaf::AGENT, vocab::acl::READ))),
            ("inbox/.acl", format!("{POD}inbox/"), Some((vocab::acl::AUTHENTICATED_AGENT, vocab::acl::APPEND))),
            (
                "settings/publicTypeIndex.acl",
                format!("{POD}settings/publicTypeIndex"),
                Some((vocab::foaf::AGENT, vocab::acl::READ)),
            ),
        ];
        assert_eq!(graphs.iter().filter(|(url, _)| url.ends_with(ACL_SUFFIX)).count(), acls.len());
        for (local, resource, others) in acls {
            let acl = graph(&graphs, local);
            let owner = format!("{POD}{local}#owner");
            assert!(holds(acl, &owner, vocab::acl::AGENT, &me), "{local}");
            assert!(holds(acl, &owner, vocab::acl::ACCESS_TO, &resource), "{local}");
            assert_eq!(holds(acl, &owner, vocab::acl::DEFAULT, &resource), resource.ends_with('/'), "{local}");
            for mode in [vocab::acl::READ, vocab::acl::WRITE, vocab::acl::CONTROL] {
                assert!(holds(acl, &owner, vocab::acl::MODE, mode), "{local}");
            }
            let rule = |class: &str| {
                let class = Term::iri(class);
                acl.subjects(vocab::acl::AGENT_CLASS, &class).next().cloned()
            };
            for class in [vocab::foaf::AGENT, vocab::acl::AUTHENTICATED_AGENT] {
                let modes = rule(class).map(|rule| acl.objects(&rule, vocab::acl::MODE).cloned().collect::<Vec<_>>());
                let wanted = others.filter(|(allowed, _)| *allowed == class).map(|(_, mode)| vec![Term::iri(mode)]);
                assert_eq!(modes, wanted, "{local} {class}");
                assert!(rule(class).is_none_or(|rule| acl.objects(&rule, vocab::acl::DEFAULT).next().is_none()));
            }
        }
    }

    #[test]
    fn an_owner_from_elsewhere_is_named_in_full() {
        let owner = "https://ada.example/#me";
        let graphs = graphs(Some(owner));
        for (url, acl) in graphs.iter().filter(|(url, _)| url.ends_with(ACL_SUFFIX)) {
            assert!(holds(acl, &format!("{url}#owner"), vocab::acl::AGENT, owner), "{url}");
        }
        let profile = graph(&graphs, "profile/card");
        assert!(holds(profile, owner, vocab::pim::STORAGE, POD));
        assert!(profile.objects(&Term::iri(owner), vocab::solid::OIDC_ISSUER).next().is_none());
    }

    #[test]
    fn every_path_is_one_and_containers_come_first() {
        let root = ResourcePath::root(PodName::parse("ada").unwrap());
        let contents = Contents { owner: None, issuer: "https://pods.example/" };
        let writes = contents.writes(&root, "https://pods.example/ada/profile/card#me");
        let mut made: Vec<ResourcePath> = Vec::new();
        for write in writes {
            let Write::Put { path, content } = write else { panic!("a new pod deletes nothing") };
            assert_eq!(path.is_container(), content.body == NewBody::Absent);
            let subject = path.subject();
            assert!(subject.container().is_none_or(|above| made.contains(&above)), "{path}");
            made.push(path);
        }
    }

    fn provision() -> (Provision, Arc<Sqlite>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SetClock::at(Timestamp::from_seconds(1_700_000_000)));
        let options = Options { durable: false, clock: Arc::clone(&clock) };
        let sqlite = Arc::new(Sqlite::open(folder.path(), options).unwrap());
        let addresses = Arc::new(Addresses::with_paths("https://pods.example/").unwrap());
        let secret = Arc::new(SecretKey::ephemeral());
        let jobs = Arc::new(Jobs::new(sqlite.clone(), secret.clone()));
        let accounts = Accounts::new(sqlite.clone(), Arc::clone(&clock), Arc::clone(&addresses), jobs, secret);
        let accounts = Arc::new(accounts);
        (Provision { accounts, addresses, clock, quota: Some(1_000_000) }, sqlite, folder)
    }

    fn login(email: &str) -> (Email, Password) {
        (Email::parse(email).unwrap(), Password::chosen("a bridge over the river").unwrap())
    }

    /// Shows: O-211, O-212, O-327
    #[tokio::test]
    async fn account_and_pod_are_made_together_or_not_at_all() {
        let (provision, sqlite, _folder) = provision();
        let name = |name: &str| PodName::parse(name).unwrap();
        let (email, password) = login("ada@example.org");
        let home = provision.account(email.clone(), password, &name("ada")).await.unwrap();
        assert_eq!((home.pod.as_str(), home.webid.as_str()), (POD, "https://pods.example/ada/profile/card#me"));
        let pod = sqlite.pod(&name("ada")).await.unwrap().unwrap();
        assert_eq!((pod.owners, pod.quota), (vec![home.webid.clone()], Some(1_000_000)));
        let card = ResourcePath::parse(name("ada"), PROFILE).unwrap();
        let found = sqlite.locate(&card).await.unwrap();
        assert!(found.subject.record.is_some() && found.subject.acl.is_some());
        assert!(found.above.iter().all(|above| above.record.is_some()) && found.above[1].acl.is_some());
        let account = provision.accounts.by_email(&email).await.unwrap().unwrap();
        assert_eq!((account.pods, account.webids), (vec![name("ada")], vec![home.webid]));

        for taken in ["ada", "admin"] {
            let (email, password) = login("bob@example.org");
            let refused = provision.account(email.clone(), password, &name(taken)).await.unwrap_err();
            assert!(matches!(refused, Error::Refused(Refusal::NameTaken | Refusal::NameReserved)), "{refused:?}");
            assert!(provision.accounts.by_email(&email).await.unwrap().is_none(), "no account without its pod");
        }
        sqlite.remove(pod.id).await.unwrap();
        let again = provision.pod(&account.id, &name("ada"), Owner::Profile).await.unwrap_err();
        assert!(matches!(again, Error::Refused(_)), "a name is never given again: {again:?}");
    }

    #[tokio::test]
    async fn a_second_pod_may_belong_to_the_first_webid() {
        let (provision, sqlite, _folder) = provision();
        let (email, password) = login("ada@example.org");
        let first = provision.account(email, password, &PodName::parse("ada").unwrap()).await.unwrap();
        let name = PodName::parse("workshop").unwrap();
        let stranger =
            provision.pod(&first.account, &name, Owner::Linked("https://bob.example/#me")).await.unwrap_err();
        assert!(matches!(stranger, Error::Refused(Refusal::NotLinked)));
        let second = provision.pod(&first.account, &name, Owner::Linked(&first.webid)).await.unwrap();
        assert_eq!(second.webid, first.webid);
        assert_eq!(sqlite.pod(&name).await.unwrap().unwrap().owners, [first.webid]);
    }
}
