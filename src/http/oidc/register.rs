//! The registration endpoint: what a client says of itself in, what is in force out.

use std::net::IpAddr;

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use super::Endpoints;
use super::failure::Failure;
use super::form::{self, LONGEST, PATIENCE};
use crate::http::Body;
use crate::http::body::{Interrupted, Upload};
use crate::identity::json::{self, Object};

/// Answers a registration that comes from this address.
///
/// Spec: O-106, O-121, O-123, O-126, rfc7591 §3.2.1
pub(super) async fn answer<B>(endpoints: &Endpoints, request: Request<B>, from: IpAddr) -> Response<Body>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let registered = async {
        let said = read(request).await?;
        Ok::<_, Failure>(endpoints.provider.clients.register(&said, from).await?)
    };
    match registered.await {
        Ok(registration) => {
            let mut response = super::secret_json(&registration.document());
            *response.status_mut() = StatusCode::CREATED;
            response
        }
        Err(failure) => failure.respond(),
    }
}

/// Spec: O-126
async fn read<B>(request: Request<B>) -> Result<Object, Failure>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let unreadable = |description: &str| Failure::new("invalid_client_metadata", description);
    if !form::is(request.headers(), "application/json") {
        return Err(unreadable("send JSON: application/json").with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let bytes = Upload::new(request.into_body(), LONGEST, PATIENCE).collect().await.map_err(|reason| {
        let status = match reason {
            Interrupted::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Interrupted::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Interrupted::Broken => StatusCode::BAD_REQUEST,
        };
        unreadable(&reason.to_string()).with_status(status)
    })?;
    json::object(&bytes).ok_or_else(|| unreadable("this is not a JSON object that names each member once"))
}
