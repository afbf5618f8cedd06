//! Reading a request: what is asked, and the body that comes with it.

use http::request::Parts;

use crate::access::Caller;
use crate::address::Addresses;
use crate::http::body::Upload;
use crate::http::conditional;
use crate::http::headers::link::{Link, links};
use crate::http::headers::{content, slug, webdav};
use crate::http::problem::Problem;
use crate::path::{MAX_PATH, ResourcePath};
use crate::pods::{Arriving, PatchLanguage, Transfer, Verb};
use crate::rdf::vocab::ldp;
use crate::resource::{Asked, Edit, Method, Model, Operation, Post, Received, Refusal, Sent};

/// The method of a request, if it is one that resources know.
///
/// Spec: solid#server-method-not-allowed
pub(super) fn method(method: &http::Method) -> Option<Method> {
    Method::ALL.into_iter().find(|known| known.as_str() == method.as_str())
}

/// Reads everything but the body.
///
/// Spec: solid#server-content-type-missing, P-4, P-5, P-12, P-13, P-17
pub(super) fn asked<B>(
    method: Method,
    path: ResourcePath,
    caller: &Caller,
    head: &Parts,
    upload: Upload<B>,
) -> Result<(Asked, Arriving), Problem>
where
    B: http_body::Body<Data = bytes::Bytes> + Unpin + Send + 'static,
{
    let conditions = conditional::conditions(&head.headers);
    let by = caller.webid().cloned();
    if matches!(method, Method::Get | Method::Head) {
        return Ok((Asked { path, operation: Operation::Read, conditions, by }, Arriving::default()));
    }
    content::check_expectation(&head.headers)?;
    content::check_encoding(&head.headers)?;
    let has_content = upload.has_content();
    let media_type = content::media_type(&head.headers)?;
    if has_content && media_type.is_none() && method != Method::Delete {
        return Err(Refusal::ContentTypeMissing.into());
    }
    let length = upload.length();
    let patch = media_type.as_deref().and_then(patch_language);
    let operation = match method {
        Method::Put => {
            content::check_whole(&head.headers)?;
            Operation::Put(sent(media_type, has_content, &links(&head.headers)))
        }
        Method::Post => {
            let sent = sent(media_type, has_content, &links(&head.headers));
            let slug = slug::slug(&head.headers, sent.model == Model::Container)?;
            Operation::Post(Post { sent, slug, child: None })
        }
        Method::Patch => Operation::Patch(Edit::Waiting),
        _ => Operation::Delete,
    };
    let bytes = has_content.then(|| Box::pin(upload) as crate::storage::ByteStream);
    Ok((Asked { path, operation, conditions, by }, Arriving { bytes, length, patch }))
}

fn sent(media_type: Option<std::sync::Arc<str>>, has_content: bool, links: &[Link]) -> Sent {
    Sent {
        media_type,
        model: model(links),
        inbox: inbox(links),
        body: if has_content { Received::Waiting } else { Received::Nothing },
    }
}

/// An address longer than any of ours is none.
///
/// Spec: P-64
fn inbox(links: &[Link]) -> Option<std::sync::Arc<str>> {
    let named = links.iter().find(|link| link.is(ldp::INBOX))?;
    (named.target.len() <= MAX_PATH).then(|| named.target.as_str().into())
}

/// The interaction model that the `Link` fields ask for.
///
/// Spec: P-151, P-152
fn model(links: &[Link]) -> Model {
    let types = links.iter().filter(|link| link.is("type")).map(|link| link.target.as_str());
    let models = types.filter_map(|class| match class {
        ldp::CONTAINER | ldp::BASIC_CONTAINER => Some(Model::Container),
        ldp::DIRECT_CONTAINER | ldp::INDIRECT_CONTAINER => Some(Model::OtherContainer),
        ldp::NON_RDF_SOURCE => Some(Model::NonRdfSource),
        ldp::RDF_SOURCE => Some(Model::RdfSource),
        _ => None,
    });
    // `ldp:Container` is an `ldp:RDFSource` too, so clients may send both: the more telling one counts.
    let rank = |model: &Model| match model {
        Model::Unsaid => 0,
        Model::RdfSource => 1,
        Model::NonRdfSource => 2,
        Model::Container => 3,
        Model::OtherContainer => 4,
    };
    models.max_by_key(rank).unwrap_or_default()
}

/// Spec: solid#server-patch-n3-accept, P-161, P-185, P-191
fn patch_language(media_type: &str) -> Option<PatchLanguage> {
    match media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "text/n3" => Some(PatchLanguage::N3),
        "application/sparql-update" => Some(PatchLanguage::Sparql),
        _ => None,
    }
}

/// A COPY or MOVE: where to, and whether something there may be replaced.
pub(super) fn transfer(
    method: Method,
    from: ResourcePath,
    head: &Parts,
    addresses: &Addresses,
) -> Result<Transfer, Problem> {
    let verb = if method == Method::Copy { Verb::Copy } else { Verb::Move };
    let base = url::Url::parse(&addresses.iri(&from)).map_err(|_| Refusal::OtherServer)?;
    let destination = webdav::destination(&head.headers, &base)?;
    let to = addresses.path_of(destination.as_str()).ok_or(Refusal::OtherServer)?;
    let overwrite = webdav::overwrite(&head.headers)?;
    let shallow = webdav::depth(&head.headers)? == webdav::Depth::Zero;
    if shallow && verb == Verb::Move && from.is_container() {
        return Err(crate::http::headers::Invalid::Malformed("Depth").into());
    }
    Ok(Transfer { verb, from, to, overwrite, shallow, conditions: conditional::conditions(&head.headers) })
}
