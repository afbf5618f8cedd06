//! The files that pages are made with: stylesheet and type, embedded in the binary.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Response, StatusCode};
use sha2::{Digest, Sha256};

use crate::address::Addresses;
use crate::http::{Body, Problem};

/// Where the files are served.
pub const PATH: &str = "/.account/assets/";

const FILES: [(&str, &str, &[u8]); 7] = [
    ("style.css", "text/css;charset=utf-8", include_bytes!("assets/style.css")),
    ("submit.js", "text/javascript;charset=utf-8", include_bytes!("assets/submit.js")),
    ("passkey.js", "text/javascript;charset=utf-8", include_bytes!("assets/passkey.js")),
    ("progress.js", "text/javascript;charset=utf-8", include_bytes!("assets/progress.js")),
    ("copy.js", "text/javascript;charset=utf-8", include_bytes!("assets/copy.js")),
    ("atkinson-hyperlegible-400.woff2", "font/woff2", include_bytes!("assets/atkinson-hyperlegible-400.woff2")),
    ("atkinson-hyperlegible-700.woff2", "font/woff2", include_bytes!("assets/atkinson-hyperlegible-700.woff2")),
];

/// The path of the stylesheet, which changes with its content.
pub fn stylesheet() -> &'static str {
    static STYLESHEET: LazyLock<String> = LazyLock::new(|| versioned("style.css"));
    &STYLESHEET
}

/// The path of the script that copies what stands in a code box.
pub fn copy_script() -> &'static str {
    static COPY: LazyLock<String> = LazyLock::new(|| versioned("copy.js"));
    &COPY
}

/// The path of the script that shows how far a run is.
pub fn progress() -> &'static str {
    static PROGRESS: LazyLock<String> = LazyLock::new(|| versioned("progress.js"));
    &PROGRESS
}

/// The path of the script that asks devices for passkeys.
pub fn passkey() -> &'static str {
    static PASSKEY: LazyLock<String> = LazyLock::new(|| versioned("passkey.js"));
    &PASSKEY
}

fn versioned(name: &str) -> String {
    let bytes = FILES.iter().find(|(file, _, _)| *file == name).map_or(&b""[..], |(_, _, bytes)| bytes);
    format!("{PATH}{name}?v={}", URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..9]))
}

/// The policy of a page: it takes in our assets and the progress of runs and nothing else, and its forms lead to us and, by way of us, to
/// `origins`. `'self'` would admit the files of pods as scripts, where they share our origin.
///
/// Spec: O-106
pub fn policy(addresses: &Addresses, origins: &[&str]) -> HeaderValue {
    let own = format!("{}{}", addresses.base(), &PATH[1..]);
    let runs = format!("{}{}", addresses.base(), &super::path::CONNECTORS[1..]);
    let policy = format!(
        "default-src 'none'; style-src {own}; font-src {own}; script-src {own}; img-src {own}; connect-src {runs}; base-uri 'none'; \
         form-action 'self' {}; frame-ancestors 'none'",
        origins.join(" ")
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
}

/// Serves the file of this name. `versioned` says whether the request named a version, as [`stylesheet`] does.
pub fn answer(name: &str, versioned: bool) -> Result<Response<Body>, Problem> {
    let found = FILES.iter().find(|(file, _, _)| *file == name);
    let (_, media_type, bytes) = found.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not-found"))?;
    let mut response = Response::new(Body::from(*bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let lasting = if versioned { "public, max-age=31536000, immutable" } else { "public, max-age=86400" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(lasting));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stylesheet_is_served_under_its_path() {
        let (path, version) = stylesheet().split_once("?v=").unwrap();
        let response = answer(path.strip_prefix(PATH).unwrap(), true).unwrap();
        assert_eq!(response.headers()[CONTENT_TYPE], "text/css;charset=utf-8");
        assert_eq!(version.len(), 12);
        assert_eq!(answer("../style.css", false).unwrap_err().status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn every_file_that_the_stylesheet_names_is_there() {
        let style = std::str::from_utf8(FILES[0].2).unwrap();
        let named: Vec<_> = style.split("url(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(named.len(), 2);
        assert!(named.iter().all(|name| answer(name, false).is_ok()), "{named:?}");
    }
}
