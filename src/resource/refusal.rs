//! The protocol says no, as it should. The table of statuses is `http/problem.rs`.

use crate::rdf::patch::{Invalid, Unfit};

/// A method that a client may send to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    Get,
    Head,
    Options,
    Post,
    Put,
    Patch,
    Delete,
    Copy,
    Move,
}

impl Method {
    pub const ALL: [Self; 9] = [
        Self::Get,
        Self::Head,
        Self::Options,
        Self::Post,
        Self::Put,
        Self::Patch,
        Self::Delete,
        Self::Copy,
        Self::Move,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Copy => "COPY",
            Self::Move => "MOVE",
        }
    }
}

/// Why a request is refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    // Who may.
    #[error("this needs an identity")]
    Unauthenticated,
    #[error("you may not do this")]
    Forbidden,
    #[error("only who controls a profile may change who vouches for it")]
    IssuerNeedsControl,

    // What is there.
    #[error("there is nothing here")]
    NotFound,
    #[error("this space is being deleted; until that is done, its owner can take it back")]
    Closed,
    #[error("this space was deleted, and its address is given to nobody else")]
    Gone,
    #[error("the resource does not support this method")]
    MethodNotAllowed(Vec<Method>),
    #[error("the resource is of a kind that takes no patch")]
    NotPatchable,

    // What was sent.
    #[error("the request has content but no Content-Type")]
    ContentTypeMissing,
    #[error("the content is not what its type says: {0}")]
    MalformedContent(String),
    #[error("this resource takes RDF only")]
    RdfOnly,
    #[error("the patch language is not supported")]
    PatchType,
    #[error("the patch is malformed: {0}")]
    MalformedPatch(String),
    #[error("{0}")]
    PatchRule(String),
    #[error("the patch takes too much work")]
    TooMuchWork,
    #[error("the interaction model is not supported")]
    Model,
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the pod has {left} bytes left")]
    Quota { left: u64 },
    #[error("the name is reserved")]
    ReservedName,
    #[error("a container's name must not end like that of an auxiliary resource")]
    ContainerName,
    #[error("the address would be longer or deeper than addresses may be")]
    AddressTooLong,

    // What it would break.
    #[error("the same name exists with the other slash form")]
    SlashTwin,
    #[error("a document stands where a container would be needed")]
    DocumentAbove,
    #[error("a container is asked for at a document's address, or the other way round")]
    ModelConflict,
    #[error("containment and the metadata of contained resources are the server's")]
    ServerManaged,
    #[error("the container is not empty")]
    NotEmpty,
    #[error("the resource that this one would belong to does not exist")]
    NoSubject,
    #[error("this can have no auxiliary resource")]
    NoAuxiliary,
    #[error("the root's access control list must keep an unconditional rule that grants Control")]
    RootControl,
    #[error("{0}")]
    PatchConflict(Unfit),

    // Conditions, and what the client accepts.
    #[error("the resource cannot be written in this format")]
    Unprintable,
    #[error("a precondition is false")]
    PreconditionFailed,

    // Copying and moving.
    #[error("the destination lies in another pod")]
    OtherPod,
    #[error("the destination lies on another server")]
    OtherServer,
    #[error("source and destination lie within each other")]
    Overlap,
    #[error("the destination exists and may not be replaced")]
    DestinationExists,
    #[error("the container to write into does not exist")]
    NoDestinationContainer,
    #[error("more than {limit} resources would be touched")]
    TooMany { limit: usize },

    #[error("too many writers at once")]
    Contended,
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        match invalid {
            Invalid::Syntax(message) => Self::MalformedPatch(message),
            Invalid::Rule(message) => Self::PatchRule(message.to_owned()),
        }
    }
}

impl From<crate::sparql::update::Invalid> for Refusal {
    fn from(invalid: crate::sparql::update::Invalid) -> Self {
        match invalid {
            crate::sparql::update::Invalid::Syntax(message) => Self::MalformedPatch(message),
            crate::sparql::update::Invalid::Unsupported(message) => Self::PatchRule(message.to_owned()),
        }
    }
}

/// Spec: P-174, P-176, P-178, P-184
impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::NoMatch | Unfit::ManyMatches | Unfit::MissingDelete => Self::PatchConflict(unfit),
            Unfit::BadTriple => Self::PatchRule(unfit.to_string()),
            Unfit::TooMuchWork => Self::TooMuchWork,
        }
    }
}

impl From<crate::rdf::format::Unprintable> for Refusal {
    fn from(_: crate::rdf::format::Unprintable) -> Self {
        Self::Unprintable
    }
}
