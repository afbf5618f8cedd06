//! The revocation endpoint: a client gives up a token.

use std::net::IpAddr;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, HeaderValue};
use http::{Request, Response};

use super::Endpoints;
use super::failure::Failure;
use super::form::Sent;
use super::party::Party;
use crate::http::Body;

/// Answers a request to end a token. Whether there was one is not told.
///
/// Spec: O-106, O-197, rfc7009 §2.1, rfc7009 §2.2
pub(super) async fn answer<B>(endpoints: &Endpoints, request: Request<B>, from: IpAddr) -> Response<Body>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    match revoke(endpoints, request, from).await {
        Ok(()) => {
            let mut response = Response::new(Body::empty());
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(failure) => failure.respond(),
    }
}

async fn revoke<B>(endpoints: &Endpoints, request: Request<B>, from: IpAddr) -> Result<(), Failure>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let sent = Sent::receive(request, from).await?;
    let party = Party::authenticate(endpoints, &sent).await?;
    Ok(endpoints.provider.revoke(sent.form.need("token")?, party.id()).await?)
}
