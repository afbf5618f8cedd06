//! The terms we name. Their meaning is in `vocab/` or with their publishers.

macro_rules! namespace {
    ($(#[$meta:meta])* $module:ident = $base:literal { $($(#[$term_meta:meta])* $name:ident = $local:literal),* $(,)? }) => {
        $(#[$meta])*
        pub mod $module {
            pub const NS: &str = $base;
            $($(#[$term_meta])* pub const $name: &str = concat!($base, $local);)*
        }
    };
}

namespace!(rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#" {
    TYPE = "type", LANG_STRING = "langString", FIRST = "first", REST = "rest", NIL = "nil",
});
namespace!(cartable = "https://w3id.org/cartable/ns#" { WARNING = "warning" });
namespace!(rdfs = "http://www.w3.org/2000/01/rdf-schema#" { SEE_ALSO = "seeAlso" });
namespace!(xsd = "http://www.w3.org/2001/XMLSchema#" {
    STRING = "string", INTEGER = "integer", DATE_TIME = "dateTime", BOOLEAN = "boolean", DECIMAL = "decimal",
    DOUBLE = "double",
});
namespace!(ldp = "http://www.w3.org/ns/ldp#" {
    RESOURCE = "Resource", CONTAINER = "Container", BASIC_CONTAINER = "BasicContainer", CONTAINS = "contains",
    RDF_SOURCE = "RDFSource", NON_RDF_SOURCE = "NonRDFSource", DIRECT_CONTAINER = "DirectContainer",
    INDIRECT_CONTAINER = "IndirectContainer", INBOX = "inbox", CONSTRAINED_BY = "constrainedBy",
});
namespace!(solid = "http://www.w3.org/ns/solid/terms#" {
    INSERT_DELETE_PATCH = "InsertDeletePatch", PATCH = "Patch", INSERTS = "inserts", DELETES = "deletes",
    WHERE = "where", STORAGE_DESCRIPTION = "storageDescription", OWNER = "owner", OIDC_ISSUER = "oidcIssuer",
    PUBLIC_TYPE_INDEX = "publicTypeIndex", PRIVATE_TYPE_INDEX = "privateTypeIndex", TYPE_INDEX = "TypeIndex",
    LISTED_DOCUMENT = "ListedDocument", UNLISTED_DOCUMENT = "UnlistedDocument",
    OIDC_ISSUER_REGISTRATION_TOKEN = "oidcIssuerRegistrationToken",
});
namespace!(oidc = "http://www.w3.org/ns/solid/oidc#" { REDIRECT_URIS = "redirect_uris" });
namespace!(pim = "http://www.w3.org/ns/pim/space#" {
    STORAGE_CLASS = "Storage", STORAGE = "storage", PREFERENCES_FILE = "preferencesFile",
    CONFIGURATION_FILE = "ConfigurationFile",
});
namespace!(acl = "http://www.w3.org/ns/auth/acl#" {
    AUTHORIZATION = "Authorization", ACCESS_TO = "accessTo", DEFAULT = "default", MODE = "mode", READ = "Read",
    WRITE = "Write", APPEND = "Append", CONTROL = "Control", AGENT = "agent", AGENT_CLASS = "agentClass",
    AGENT_GROUP = "agentGroup", AUTHENTICATED_AGENT = "AuthenticatedAgent", ORIGIN = "origin",
    CONDITION = "condition", CLIENT_CONDITION = "ClientCondition", ISSUER_CONDITION = "IssuerCondition",
    CLIENT = "client", CLIENT_GROUP = "clientGroup", CLIENT_CLASS = "clientClass", ISSUER = "issuer",
    ISSUER_GROUP = "issuerGroup", ISSUER_CLASS = "issuerClass",
});
namespace!(foaf = "http://xmlns.com/foaf/0.1/" {
    AGENT = "Agent", PERSON = "Person", PERSONAL_PROFILE_DOCUMENT = "PersonalProfileDocument", MAKER = "maker",
    PRIMARY_TOPIC = "primaryTopic", NAME = "name", IMG = "img",
});
namespace!(vcard = "http://www.w3.org/2006/vcard/ns#" {
    GROUP = "Group", HAS_MEMBER = "hasMember", FN = "fn", HAS_PHOTO = "hasPhoto",
});
namespace!(dcterms = "http://purl.org/dc/terms/" { MODIFIED = "modified", TITLE = "title" });
namespace!(
    /// The namespace table of the Protocol leaves the final `#` out; data and clients use it.
    stat = "http://www.w3.org/ns/posix/stat#" { SIZE = "size", MTIME = "mtime" }
);

/// The class of a media type, in lower case and without parameters; `None` if the text is not
/// `type/subtype`, or holds a character that no IRI may.
///
/// Spec: P-69
pub fn media_class(media_type: &str) -> Option<String> {
    let bare = media_type.split(';').next()?.trim().to_ascii_lowercase();
    let token =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!$&-_.+".contains(&b));
    let (main, sub) = bare.split_once('/')?;
    (token(main) && token(sub)).then(|| format!("http://www.w3.org/ns/iana/media-types/{bare}#Resource"))
}
