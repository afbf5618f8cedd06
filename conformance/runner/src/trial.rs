//! What a case is given: three agents, a container of its own in the first one's pod, and ways to prepare it.

use std::sync::Arc;

use crate::agent::{Agent, Provider};
use crate::rdf;
use crate::response::Response;
use crate::stop::{Stop, Verdict};

/// One case's world.
#[derive(Clone)]
pub struct Trial {
    /// Owns the pod.
    pub alice: Agent,
    /// Is known, and has no rights but those that a case gives.
    pub bob: Agent,
    /// Has no credentials.
    pub anyone: Agent,
    /// A container that only Alice may use, made for this case.
    pub space: String,
    pub bench: Arc<Bench>,
}

/// What all cases share.
pub struct Bench {
    /// The address of the server, as the operator gave it.
    pub server: String,
    /// The root of Alice's pod.
    pub pod: String,
    pub provider: Provider,
    pub alice: Secret,
    pub bob: Secret,
}

/// Client credentials.
pub struct Secret {
    pub id: String,
    pub secret: String,
}

/// One authorization of an ACL.
#[derive(Debug, Clone)]
pub struct Rule {
    who: String,
    modes: &'static str,
    here: bool,
    below: bool,
}

impl Rule {
    /// Gives these modes (`"Read Write"`) to an agent.
    pub fn agent(agent: &Agent, modes: &'static str) -> Self {
        Self { who: format!("acl:agent <{}>", agent.webid()), modes, here: true, below: true }
    }

    /// Gives these modes to everyone.
    pub fn public(modes: &'static str) -> Self {
        Self { who: "acl:agentClass foaf:Agent".into(), modes, here: true, below: true }
    }

    /// Gives these modes to everyone who is signed in.
    pub fn authenticated(modes: &'static str) -> Self {
        Self { who: "acl:agentClass acl:AuthenticatedAgent".into(), modes, here: true, below: true }
    }

    /// Gives these modes to whom the given Turtle names, such as `acl:agentGroup <…>`.
    pub fn to(who: impl Into<String>, modes: &'static str) -> Self {
        Self { who: who.into(), modes, here: true, below: true }
    }

    /// For the resource itself only, not for what it holds.
    pub fn only_here(self) -> Self {
        Self { below: false, ..self }
    }

    /// For what the container holds only, not for itself.
    pub fn only_below(self) -> Self {
        Self { here: false, ..self }
    }

    fn turtle(&self, url: &str) -> String {
        let modes: Vec<_> = self.modes.split(' ').map(|mode| format!("acl:{mode}")).collect();
        let here = if self.here { format!("; acl:accessTo <{url}>") } else { String::new() };
        let below = if self.below && url.ends_with('/') { format!("; acl:default <{url}>") } else { String::new() };
        format!("[] a acl:Authorization ; {} {here} {below} ; acl:mode {} .\n", self.who, modes.join(", "))
    }
}

const ACL_PREFIXES: &str = "@prefix acl: <http://www.w3.org/ns/auth/acl#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
";

impl Trial {
    /// The address of something in the case's container.
    pub fn at(&self, name: &str) -> String {
        format!("{}{name}", self.space)
    }

    /// Prepares a Turtle document, readable to whom the container is.
    pub async fn document(&self, name: &str, turtle: &str) -> Verdict<String> {
        self.stored(name, "text/turtle", turtle).await
    }

    /// Prepares a document of any type.
    pub async fn stored(&self, name: &str, media_type: &str, body: &str) -> Verdict<String> {
        let url = self.at(name);
        prepared(self.alice.put(&url).content(media_type, body.to_owned()).await?)?;
        Ok(url)
    }

    /// Prepares an empty container; its name ends with a slash.
    pub async fn container(&self, name: &str) -> Verdict<String> {
        let url = self.at(name);
        prepared(self.alice.put(&url).container().content("text/turtle", "").await?)?;
        Ok(url)
    }

    /// Writes an ACL that keeps everything for Alice and adds the rules.
    pub async fn allow(&self, url: &str, rules: &[Rule]) -> Verdict {
        let rules: String = rules.iter().map(|rule| rule.turtle(url)).collect::<Vec<_>>().concat();
        self.allow_turtle(url, &rules).await
    }

    /// Writes an ACL that keeps everything for Alice and adds Turtle, with the prefixes `acl:`, `foaf:`, `vcard:`.
    pub async fn allow_turtle(&self, url: &str, rules: &str) -> Verdict {
        let own = Rule::agent(&self.alice, "Read Write Control").turtle(url);
        prepared(self.write_acl(url, &format!("{own}{rules}")).await?)
    }

    /// Writes exactly this ACL.
    pub async fn write_acl(&self, url: &str, rules: &str) -> Verdict<Response> {
        let acl = self.acl_of(url).await?;
        self.alice.put(&acl).turtle(&format!("{ACL_PREFIXES}{rules}")).await
    }

    /// The address of a resource's ACL, as the server links it.
    pub async fn acl_of(&self, url: &str) -> Verdict<String> {
        self.alice.head(url).await?.link("acl").map_err(Stop::in_preparation)
    }

    /// The address of a resource's description, as the server links it.
    pub async fn description_of(&self, url: &str) -> Verdict<String> {
        self.alice.head(url).await?.link("describedby").map_err(Stop::in_preparation)
    }

    /// The members that Alice sees in a container.
    pub async fn members(&self, container: &str) -> Verdict<Vec<String>> {
        let listing = self.alice.get(container).accept("text/turtle").await?.is(200)?;
        Ok(rdf::members(&listing.graph()?, container))
    }
}

/// Goes on if the preparation worked.
fn prepared(response: Response) -> Verdict {
    response.succeeded().map(drop).map_err(Stop::in_preparation)
}
