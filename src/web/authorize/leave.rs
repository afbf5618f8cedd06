//! Sending an answer back to the application that asked.

use askama::Template;
use http::StatusCode;
use http::header::{HeaderName, HeaderValue};

use crate::identity::provider::authorize::{Outcome, ResponseMode, Return};
use crate::web::{Answer, Shell, Visitor, page_leading_to, see_other};

const REFRESH: HeaderName = HeaderName::from_static("refresh");

/// Where the browser comes from when it is sent back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From the application itself.
    Directly,
    /// From a form of a page that was allowed to lead there.
    FromHere,
    /// From a form of another page of ours. Browsers do not follow a redirect from there to anywhere else, so a page
    /// comes in between.
    AfterForms,
}

/// What the page in between says.
struct Words {
    title: &'static str,
    lead: &'static str,
    go: &'static str,
}

const FRENCH: Words = Words {
    title: "Vous retournez à l’application",
    lead: "Si rien ne se passe, continuez vous-même.",
    go: "Continuer vers",
};

const ENGLISH: Words =
    Words { title: "Going back to the application", lead: "If nothing happens, go on yourself.", go: "Continue to" };

#[derive(Template)]
#[template(path = "authorize/leave.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    host: String,
    /// Where a link leads; `None`: a form is sent to `action`.
    link: Option<&'a str>,
    action: &'a str,
    fields: Vec<(&'static str, &'a str)>,
}

/// Sends the answer.
///
/// Spec: O-114, O-144, O-145, rfc6749 §4.1.2
pub(super) fn answer(visitor: &Visitor, back: &Return, outcome: &Outcome, way: Way) -> Answer {
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let shown = |link, fields| Page {
        shell: Shell::between(visitor, words.title),
        words,
        host: back.host(),
        link,
        action: &back.redirect_uri,
        fields,
    };
    let issuer = visitor.base();
    if back.mode == ResponseMode::FormPost {
        let shown = shown(None, back.answer(outcome, issuer));
        return page_leading_to(StatusCode::OK, &shown, visitor, &[&source(&back.redirect_uri)]);
    }
    let location = back.location(outcome, issuer);
    if way != Way::AfterForms {
        return Ok(see_other(&location, visitor.cookies().to_vec()));
    }
    let mut response = page_leading_to(StatusCode::OK, &shown(Some(&location), Vec::new()), visitor, &[])?;
    if let Ok(refresh) = HeaderValue::try_from(format!("0; url={location}")) {
        response.headers_mut().insert(REFRESH, refresh);
    }
    Ok(response)
}

/// What a content security policy calls the place of an address: its origin, or the scheme of an application on the
/// device.
pub fn source(address: &str) -> String {
    let Ok(url) = url::Url::parse(address) else { return String::new() };
    let source = match url.origin() {
        origin @ url::Origin::Tuple(..) => origin.ascii_serialization(),
        url::Origin::Opaque(_) => format!("{}:", url.scheme()),
    };
    // No host or scheme has other characters, and none of these ends a directive.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:/[]+".contains(&byte);
    if source.bytes().all(plain) { source } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_the_place_and_nothing_more() {
        for (address, named) in [
            ("https://app.example/back?x=1", "https://app.example"),
            ("https://app.example:8443/", "https://app.example:8443"),
            ("http://[::1]:3000/", "http://[::1]:3000"),
            ("com.example.app:/back", "com.example.app:"),
            ("https://a;script-src https://evil.example/", ""),
            ("https://a;script-src/", ""),
            ("nothing", ""),
        ] {
            assert_eq!(source(address), named);
        }
    }
}
