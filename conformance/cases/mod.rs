//! The cases: each an `async fn` that plays one short story with the server and says whether it went as required.
//!
//! The doc comment of a case is its title in the reports and names the requirements that it shows.

mod reading;
mod addresses;
mod storage;
mod containers;
mod auxiliary;
mod negotiation;
mod ranges;
mod conditions;
mod writing;
mod posting;
mod n3_patch;
mod sparql;
mod deleting;
mod cors;
mod inbox;
mod acl;
mod authorizations;
mod inheritance;
mod subjects;
mod operations;
mod wac_conditions;
mod wac_allow;
mod tokens;
mod provider;
mod applications;
mod provisioning;

/// What every file of cases uses.
mod prelude {
    pub use crate::agent::{Agent, now};
    pub use crate::case::Group;
    pub use crate::group;
    pub use crate::rdf::{self, has, has_value};
    pub use crate::response::Response;
    pub use crate::stop::{Stop, Verdict, ensure, failed};
    pub use crate::trial::{Rule, Trial};

    /// Dies at the first parse.
    pub const BROKEN_TURTLE: &str = "<#a> <#b> \"no end";
    /// A triple that cases write, and its parts relative to the document.
    pub const A_TRIPLE: &str = "<#a> <#b> <#c> .";

    /// Whether `A_TRIPLE` is in the document at this address.
    pub fn has_the_triple(graph: &oxrdf::Graph, url: &str) -> bool {
        has(graph, &format!("{url}#a"), &format!("{url}#b"), &format!("{url}#c"))
    }
}

use crate::case::{Case, Group};

const GROUPS: [Group; 26] = [
    reading::GROUP,
    addresses::GROUP,
    storage::GROUP,
    containers::GROUP,
    auxiliary::GROUP,
    negotiation::GROUP,
    ranges::GROUP,
    conditions::GROUP,
    writing::GROUP,
    posting::GROUP,
    n3_patch::GROUP,
    sparql::GROUP,
    deleting::GROUP,
    cors::GROUP,
    inbox::GROUP,
    acl::GROUP,
    authorizations::GROUP,
    inheritance::GROUP,
    subjects::GROUP,
    operations::GROUP,
    wac_conditions::GROUP,
    wac_allow::GROUP,
    tokens::GROUP,
    provider::GROUP,
    applications::GROUP,
    provisioning::GROUP,
];

/// Every case, in the order of reports.
pub fn all() -> Vec<Case> {
    GROUPS.iter().flat_map(Group::cases).collect()
}
