//! The revocation endpoint: a client gives up a token.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, HeaderValue};
use http::{Request, Response};

use super::Endpoints;
use super::failure::Failure;
use super::form::Form;
use super::party::Party;
use crate::http::Body;

/// Answers a request to end a token. Whether there was one is not told.
///
/// Spec: O-106, O-197, rfc7009 §2.1, rfc7009 §2.2
pub(super) async fn answer<B>(endpoints: &Endpoints, request: Request<B>) -> Response<Body>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    match revoke(endpoints, request).await {
        Ok(()) => {
            let mut response = Response::new(Body::empty());
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(failure) => failure.respond(),
    }
}

async fn revoke<B>(endpoints: &Endpoints, request: Request<B>) -> Result<(), Failure>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let (head, body) = request.into_parts();
    let form = Form::read(&head.headers, body).await?;
    let party = Party::authenticate(endpoints, &head.headers, &form).await?;
    Ok(endpoints.provider.revoke(form.need("token")?, party.id()).await?)
}
