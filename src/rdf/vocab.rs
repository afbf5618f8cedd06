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
    TYPE = "type", LANG_STRING = "langString", FIRST = "first", REST = "rest", NIL = "nil", PROPERTY = "Property",
});
namespace!(cartable = "https://w3id.org/cartable/ns#" {
    WARNING = "warning",
    // People and schools.
    PERSONAL_CLOUD = "PersonalCloud", ENT_PROFILE_CLASS = "EntProfile", ENT_PROFILE = "entProfile",
    ROLE_PUPIL = "role-pupil", ROLE_TEACHER = "role-teacher", ROLE_STAFF = "role-staff", REMOTE_NAME = "remoteName",
    SCHOOL_YEAR = "schoolYear", ADDRESS_GROUP = "addressGroup", POSSIBLE_SAME_AS = "possibleSameAs",
    SCHOOL_LYCEE = "school-lycee", SCHOOL_COLLEGE = "school-college", FAVOURITE = "favourite", PROGRAMME = "programme", AGE_BAND = "ageBand", UAI = "uai",
    // Connectors and their runs.
    CONNECTION = "Connection", RUN = "Run", PROPOSAL_CLASS = "Proposal", PROPOSAL = "proposal", CONNECTOR = "connector",
    FREQUENCY = "frequency",
    STATUS = "status", CREATED = "created", UPDATED = "updated", KEPT = "kept", REMOVED = "removed",
    WAITING_REMOVAL = "waitingRemoval", WAITING_SINCE = "waitingSince", REJECTED = "rejected", REASON = "reason", FIELD = "field", REMOTE_VALUE = "remoteValue",
    // Pay.
    PAY_DOCUMENT = "PayDocument", PAYSLIP = "Payslip", PAY_AMOUNTS = "PayAmounts", EMPLOYER_ID = "employerId",
    SIRET = "siret", PAYMENT_DATE = "paymentDate", NET_PAID = "netPaid", GROSS = "gross", DEDUCTIONS = "deductions",
    NET_BEFORE_TAX = "netBeforeTax", INCOME_TAX_WITHHELD = "incomeTaxWithheld", NET_SOCIAL = "netSocial",
    TAXABLE_MONTH = "taxableMonth", TAXABLE_YEAR = "taxableYear", EMPLOYER_COST = "employerCost", GRADE = "grade",
    ECHELON = "echelon", MAJORATED_INDEX = "majoratedIndex", WORKING_QUOTA = "workingQuota", READ_FROM = "readFrom",
    LISTING = "Listing", PDF_TEXT = "PdfText", USER = "User", FAILS_CHECK = "failsCheck",
    PAY_DOCUMENT_KIND = "PayDocumentKind", KIND_BULLETIN_DE_PAIE = "kind-bulletin-de-paie",
    KIND_BULLETIN_DE_SOLDE = "kind-bulletin-de-solde", KIND_BULLETIN_DE_PENSION = "kind-bulletin-de-pension",
    KIND_ATTESTATION_FISCALE = "kind-attestation-fiscale", KIND_DECOMPTE_DE_RAPPEL = "kind-decompte-de-rappel",
    KIND_AUTRE = "kind-autre",
    // Diplomas and learning traces.
    DISTINCTION = "distinction", DISTINCTION_NONE = "distinction-none",
    DISTINCTION_ASSEZ_BIEN = "distinction-assez-bien", DISTINCTION_BIEN = "distinction-bien",
    DISTINCTION_TRES_BIEN = "distinction-tres-bien", DISTINCTION_FELICITATIONS = "distinction-felicitations",
    SCORE = "score", COEFFICIENT = "coefficient", CHECK_LINK = "checkLink", CHECKED_AT = "checkedAt",
    CHECK_RESULT = "checkResult", PROOF_STATUS = "proofStatus", LEARNING_TRACE = "LearningTrace", VERB = "verb",
    SCORE_SCALED = "scoreScaled", SCORE_RAW = "scoreRaw", SCORE_MIN = "scoreMin", SCORE_MAX = "scoreMax",
    SUCCESS = "success", COMPLETION = "completion", ATTEMPT = "attempt", PART_OF = "partOf", IN_COURSE = "inCourse",
    EXERCISES = "exercises",
    // Imported files.
    RECURRENCE_RULE = "recurrenceRule",
});
namespace!(rdfs = "http://www.w3.org/2000/01/rdf-schema#" {
    SEE_ALSO = "seeAlso", LABEL = "label", COMMENT = "comment",
});
namespace!(owl = "http://www.w3.org/2002/07/owl#" { SAME_AS = "sameAs" });
namespace!(xsd = "http://www.w3.org/2001/XMLSchema#" {
    STRING = "string", INTEGER = "integer", DATE_TIME = "dateTime", BOOLEAN = "boolean", DECIMAL = "decimal",
    DOUBLE = "double", FLOAT = "float", DATE = "date", TIME = "time", DURATION = "duration", ANY_URI = "anyURI",
    G_YEAR = "gYear", G_YEAR_MONTH = "gYearMonth", NON_NEGATIVE_INTEGER = "nonNegativeInteger", LONG = "long",
    INT = "int",
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
    OIDC_ISSUER_REGISTRATION_TOKEN = "oidcIssuerRegistrationToken", TYPE_REGISTRATION = "TypeRegistration",
    FOR_CLASS = "forClass", INSTANCE = "instance", INSTANCE_CONTAINER = "instanceContainer",
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
    ISSUER_GROUP = "issuerGroup", ISSUER_CLASS = "issuerClass", OWNER = "owner",
});
namespace!(foaf = "http://xmlns.com/foaf/0.1/" {
    AGENT = "Agent", PERSON = "Person", PERSONAL_PROFILE_DOCUMENT = "PersonalProfileDocument", MAKER = "maker",
    PRIMARY_TOPIC = "primaryTopic", NAME = "name", IMG = "img", ACCOUNT = "account", ONLINE_ACCOUNT = "OnlineAccount",
    ACCOUNT_SERVICE_HOMEPAGE = "accountServiceHomepage", ACCOUNT_NAME = "accountName",
});
namespace!(vcard = "http://www.w3.org/2006/vcard/ns#" {
    // Classes.
    GROUP = "Group", ADDRESS_BOOK = "AddressBook", INDIVIDUAL = "Individual", ORGANIZATION = "Organization",
    NAME = "Name", ADDRESS = "Address", WORK = "Work", HOME = "Home", CELL = "Cell", VOICE = "Voice", FAX = "Fax",
    // Both spellings are read by apps.
    WEB_ID = "WebID", WEB_ID_AS_SHAPES_SAY = "WebId",
    // Books and groups.
    HAS_MEMBER = "hasMember", IN_ADDRESS_BOOK = "inAddressBook", NAME_EMAIL_INDEX = "nameEmailIndex",
    GROUP_INDEX = "groupIndex", INCLUDES_GROUP = "includesGroup",
    // Cards.
    FN = "fn", HAS_PHOTO = "hasPhoto", HAS_UID = "hasUID", HAS_NAME = "hasName", GIVEN_NAME = "given-name",
    ADDITIONAL_NAME = "additional-name", FAMILY_NAME = "family-name", HONORIFIC_PREFIX = "honorific-prefix",
    HONORIFIC_SUFFIX = "honorific-suffix", NICKNAME = "nickname", ROLE = "role", TITLE = "title",
    ORGANIZATION_NAME = "organization-name", ORGANIZATION_UNIT = "organization-unit", HAS_EMAIL = "hasEmail",
    HAS_TELEPHONE = "hasTelephone", HAS_ADDRESS = "hasAddress", STREET_ADDRESS = "street-address",
    LOCALITY = "locality", REGION = "region", POSTAL_CODE = "postal-code", COUNTRY_NAME = "country-name",
    URL = "url", VALUE = "value", NOTE = "note", BDAY = "bday", CATEGORY = "category", REV = "rev",
});
namespace!(dc = "http://purl.org/dc/elements/1.1/" { TITLE = "title" });
namespace!(dcterms = "http://purl.org/dc/terms/" {
    MODIFIED = "modified", TITLE = "title", CREATED = "created", SOURCE = "source", CREATOR = "creator",
    IS_PART_OF = "isPartOf", HAS_PART = "hasPart", TYPE = "type", TEMPORAL = "temporal",
    PERIOD_OF_TIME = "PeriodOfTime", ISSUED = "issued", IDENTIFIER = "identifier", DESCRIPTION = "description",
    SUBJECT = "subject", HAS_VERSION = "hasVersion", IS_VERSION_OF = "isVersionOf", REPLACES = "replaces",
});
namespace!(org = "http://www.w3.org/ns/org#" {
    ORGANIZATION_CLASS = "Organization", FORMAL_ORGANIZATION = "FormalOrganization",
    ORGANIZATIONAL_UNIT = "OrganizationalUnit", MEMBERSHIP = "Membership", ROLE_CLASS = "Role",
    IDENTIFIER = "identifier", CLASSIFICATION = "classification", UNIT_OF = "unitOf", MEMBER = "member",
    MEMBER_OF = "memberOf", ORGANIZATION = "organization", ROLE = "role", MEMBER_DURING = "memberDuring",
});
namespace!(time = "http://www.w3.org/2006/time#" {
    INTERVAL = "Interval", INSTANT = "Instant", HAS_BEGINNING = "hasBeginning", HAS_END = "hasEnd",
    IN_XSD_DATE = "inXSDDate", IN_XSD_DATE_TIME_STAMP = "inXSDDateTimeStamp",
});
namespace!(adms = "http://www.w3.org/ns/adms#" {
    IDENTIFIER = "identifier", IDENTIFIER_CLASS = "Identifier", SCHEMA_AGENCY = "schemaAgency",
});
namespace!(skos = "http://www.w3.org/2004/02/skos/core#" {
    CONCEPT = "Concept", CONCEPT_SCHEME = "ConceptScheme", IN_SCHEME = "inScheme", PREF_LABEL = "prefLabel",
    ALT_LABEL = "altLabel", NOTATION = "notation", BROADER = "broader", EXACT_MATCH = "exactMatch",
    CLOSE_MATCH = "closeMatch",
});
namespace!(prov = "http://www.w3.org/ns/prov#" {
    ACTIVITY = "Activity", AGENT = "Agent", SOFTWARE_AGENT = "SoftwareAgent", ENTITY = "Entity", USED = "used",
    WAS_ATTRIBUTED_TO = "wasAttributedTo", WAS_GENERATED_BY = "wasGeneratedBy", WAS_DERIVED_FROM = "wasDerivedFrom",
    WAS_ASSOCIATED_WITH = "wasAssociatedWith", WAS_STARTED_BY = "wasStartedBy", STARTED_AT_TIME = "startedAtTime",
    ENDED_AT_TIME = "endedAtTime", GENERATED_AT_TIME = "generatedAtTime", INVALIDATED_AT_TIME = "invalidatedAtTime",
    HAD_PRIMARY_SOURCE = "hadPrimarySource", ALTERNATE_OF = "alternateOf", ACTED_ON_BEHALF_OF = "actedOnBehalfOf",
    GENERATED = "generated",
});
namespace!(schema = "http://schema.org/" {
    EDUCATIONAL_ORGANIZATION = "EducationalOrganization", DIGITAL_DOCUMENT = "DigitalDocument",
    MEDIA_OBJECT = "MediaObject", MONETARY_AMOUNT = "MonetaryAmount", CREATIVE_WORK = "CreativeWork",
    EVENT = "Event", PLACE = "Place", ENCODING = "encoding", ENCODING_FORMAT = "encodingFormat",
    CONTENT_SIZE = "contentSize", SHA256 = "sha256", SOURCE_ORGANIZATION = "sourceOrganization",
    LEGAL_NAME = "legalName", RECIPIENT = "recipient", VALUE = "value", CURRENCY = "currency", NAME = "name",
    DESCRIPTION = "description", START_DATE = "startDate", END_DATE = "endDate", LOCATION = "location", URL = "url",
    EVENT_STATUS = "eventStatus", EVENT_CANCELLED = "EventCancelled", IDENTIFIER = "identifier",
    SUPER_EVENT = "superEvent", DATE_CREATED = "dateCreated", KEYWORDS = "keywords",
});
namespace!(dcat = "http://www.w3.org/ns/dcat#" { START_DATE = "startDate", END_DATE = "endDate" });
namespace!(
    /// The vocabulary of data privacy: which personal data a document holds.
    dpv = "https://w3id.org/dpv#" { HAS_PERSONAL_DATA = "hasPersonalData" }
);
namespace!(
    /// Kinds of personal data.
    dpv_pd = "https://w3id.org/dpv/pd#" { FINANCIAL = "Financial", INCOME = "Income", SALARY = "Salary" }
);
namespace!(
    /// `ActivityStreams`, whose usual prefix is a word of Rust.
    activity = "https://www.w3.org/ns/activitystreams#" {
        ACTIVITY = "Activity", ACTOR = "actor", OBJECT = "object", NAME = "name", GENERATOR = "generator",
        DURATION = "duration",
    }
);
namespace!(xapi = "https://w3id.org/xapi/ontology#" { VERB = "Verb", ACTIVITY = "Activity", ACTIVITY_TYPE = "ActivityType" });
namespace!(
    /// The European learning model.
    elm = "http://data.europa.eu/snb/model/elm/" {
        LEARNING_ACHIEVEMENT = "LearningAchievement", LEARNING_ASSESSMENT = "LearningAssessment",
        QUALIFICATION = "Qualification", AWARDING_PROCESS = "AwardingProcess", SPECIFIED_BY = "specifiedBy",
        AWARDED_BY = "awardedBy", AWARDING_BODY = "awardingBody", AWARDING_DATE = "awardingDate",
        PROVEN_BY = "provenBy", GRADE = "grade", HAS_CLAIM = "hasClaim", EQF_LEVEL = "EQFLevel",
        QUALIFICATION_CODE = "qualificationCode",
    }
);
namespace!(bookmark = "http://www.w3.org/2002/01/bookmark#" { BOOKMARK = "Bookmark", RECALLS = "recalls" });
namespace!(sh = "http://www.w3.org/ns/shacl#" {
    NODE_SHAPE = "NodeShape", PROPERTY_SHAPE = "PropertyShape", TARGET_CLASS = "targetClass",
    TARGET_NODE = "targetNode", TARGET_OBJECTS_OF = "targetObjectsOf", TARGET_SUBJECTS_OF = "targetSubjectsOf",
    PROPERTY = "property", PATH = "path", MIN_COUNT = "minCount", MAX_COUNT = "maxCount", DATATYPE = "datatype",
    NODE_KIND = "nodeKind", CLASS = "class", NODE = "node", HAS_VALUE = "hasValue", IN = "in", PATTERN = "pattern",
    FLAGS = "flags", MIN_LENGTH = "minLength", MAX_LENGTH = "maxLength", MIN_INCLUSIVE = "minInclusive",
    MAX_INCLUSIVE = "maxInclusive", MIN_EXCLUSIVE = "minExclusive", MAX_EXCLUSIVE = "maxExclusive",
    LESS_THAN = "lessThan", LESS_THAN_OR_EQUALS = "lessThanOrEquals", SEVERITY = "severity", MESSAGE = "message",
    VIOLATION = "Violation", WARNING = "Warning", INFO = "Info", IRI = "IRI", BLANK_NODE = "BlankNode",
    LITERAL = "Literal", BLANK_NODE_OR_IRI = "BlankNodeOrIRI", BLANK_NODE_OR_LITERAL = "BlankNodeOrLiteral",
    IRI_OR_LITERAL = "IRIOrLiteral",
});
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
