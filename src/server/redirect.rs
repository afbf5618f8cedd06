//! The plain listener beside an encrypted one: everything is elsewhere.

use http::header::{HeaderValue, LOCATION};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;

use super::Peer;
use crate::http::cors::{self, Origin};
use crate::http::headers::{Invalid, target};
use crate::http::negotiate::Wanted;
use crate::http::{Body, Problem};

/// A handler that sends each request, preflights included, to the same address under https. `port` is
/// the public one of the encrypted listener.
///
/// Spec: solid#server-tls-https-redirect, P-2
pub fn to_https(port: u16) -> impl Fn(Request<Incoming>, Peer) -> std::future::Ready<Response<Body>> {
    move |request, _| {
        let mut response = match location(&request, port) {
            Ok(location) => moved(location),
            Err(invalid) => Problem::from(invalid).respond(&Wanted::of(request.headers())),
        };
        cors::allow(Origin::of(request.headers()).as_ref(), response.headers_mut());
        std::future::ready(response)
    }
}

fn location<B>(request: &Request<B>, port: u16) -> Result<HeaderValue, Invalid> {
    let authority = target::host(request.uri(), request.headers())?;
    let bracket = authority.rfind(']').unwrap_or(0);
    let host = authority[bracket..].find(':').map_or(authority, |colon| &authority[..bracket + colon]);
    let path = request.uri().path_and_query().map(http::uri::PathAndQuery::as_str);
    // `OPTIONS *` is about no path.
    let path = path.filter(|path| path.starts_with('/')).unwrap_or("/");
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    HeaderValue::try_from(format!("https://{host}{port}{path}")).map_err(|_| Invalid::Malformed("Host"))
}

fn moved(location: HeaderValue) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    response.headers_mut().insert(LOCATION, location);
    response
}

#[cfg(test)]
mod tests {
    use http::header::HOST;

    use super::*;

    /// Shows: P-2
    #[test]
    fn the_address_stays_the_same_but_for_the_scheme_and_port() {
        for (host, target, port, expected) in [
            ("a.example", "/x?y=z", 443, "https://a.example/x?y=z"),
            ("a.example:80", "/", 443, "https://a.example/"),
            ("a.example:8080", "/%2F", 8443, "https://a.example:8443/%2F"),
            ("[::1]:8080", "/", 8443, "https://[::1]:8443/"),
            ("[::1]", "/", 443, "https://[::1]/"),
            ("a.example", "*", 443, "https://a.example/"),
            ("b.example", "http://a.example/x", 443, "https://a.example/x"),
        ] {
            let request = Request::builder().uri(target).header(HOST, host).body(()).unwrap();
            assert_eq!(location(&request, port).unwrap(), expected);
        }
        let request = Request::builder().uri("/").header(HOST, "a.example/@b.example").body(()).unwrap();
        assert_eq!(location(&request, 443), Err(Invalid::Malformed("Host")));
    }
}
