//! Our own vocabularies, served by every server.

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY};
use http::{Method, Response, StatusCode};

use super::body::Body;
use super::negotiate::Wanted;
use super::problem::Problem;
use crate::ingest::learning::verbs;
use crate::rdf::format::{self, Format};

/// The namespace of our terms.
const NAMESPACE: &str = "https://w3id.org/cartable/ns#";
const TURTLE: &str = include_str!("../../vocab/cartable.ttl");

/// Answers with the vocabulary, in any format of RDF.
pub fn answer(method: &Method, wanted: &Wanted) -> Result<Response<Body>, Problem> {
    document(TURTLE, NAMESPACE, method, wanted)
}

/// Answers with what the verbs of learning traces are called, in any format of RDF.
///
/// Spec: LT-4
pub fn verbs(method: &Method, wanted: &Wanted) -> Result<Response<Body>, Problem> {
    document(verbs::TURTLE, verbs::ADDRESS, method, wanted)
}

fn document(
    turtle: &'static str,
    address: &'static str,
    method: &Method,
    wanted: &Wanted,
) -> Result<Response<Body>, Problem> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed").allow(["GET", "HEAD"]));
    }
    let offer = wanted.choose_rdf(Some(Format::Turtle));
    let offer = offer.ok_or_else(|| Problem::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable"))?;
    let body = if offer.format == Format::Turtle {
        Body::from(turtle)
    } else {
        let broken =
            |error: &dyn std::fmt::Display| Problem::fault(StatusCode::INTERNAL_SERVER_ERROR, "internal", error);
        let parsed = format::parse(turtle.as_bytes(), Format::Turtle, address).map_err(|error| broken(&error))?;
        Body::from(format::print(&parsed, offer.format).map_err(|error| broken(&error))?)
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(offer.media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}
