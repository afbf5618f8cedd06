//! Pages for people. They work without scripts, ask nobody else for anything and speak French and English.
//!
//! A page is a module with its words in both languages, its template in `templates/`, and a function that answers;
//! [`pages`] has the table of them all. The parts that they are made of are in [`parts`].

pub mod applications;
pub mod assets;
pub mod authorize;
pub mod confirm;
mod connect_school;
pub mod connectors;
pub mod contacts;
pub mod device;
pub mod end_session;
pub mod error;
pub mod form;
pub mod gallery;
pub mod guardian;
pub mod home;
pub mod import;
mod learning;
mod leave_school;
mod new_password;
pub mod new_terms;
pub mod next;
mod own;
pub mod pages;
pub mod parts;
pub mod path;
pub mod payslips;
mod proposals;
mod raw;
pub mod recover;
pub mod second;
pub mod settings;
pub mod shell;
pub mod sign_in;
pub mod sign_out;
pub mod signup;
pub mod size;
pub mod start;
pub mod stop;
pub mod terms;
pub mod upstream;
pub mod visitor;
pub mod ways;

pub use crate::language::{Language, date};
pub use form::Form;
pub use next::Next;
pub use pages::{Asked, Pages};
pub use shell::Shell;
pub use visitor::Visitor;

use askama::Template;
use http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION, REFERRER_POLICY,
    SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};

use crate::http::{Body, Problem};

/// What answering a page comes to.
pub type Answer = Result<Response<Body>, Instead>;

/// What is answered instead of a page.
#[derive(Debug)]
pub enum Instead {
    Problem(Problem),
    /// Another page comes first.
    GoTo(String),
}

impl<P: Into<Problem>> From<P> for Instead {
    fn from(problem: P) -> Self {
        Self::Problem(problem.into())
    }
}

/// Answers with a page. It is never kept by anybody, names no other site and shows in no frame.
///
/// Spec: O-106
pub fn page(status: StatusCode, template: &impl Template, visitor: &Visitor) -> Answer {
    page_leading_to(status, template, visitor, &[])
}

/// Answers with a page whose forms may lead to these origins as well: browsers look at where an answer sends them on.
///
/// Spec: O-106
pub fn page_leading_to(status: StatusCode, template: &impl Template, visitor: &Visitor, origins: &[&str]) -> Answer {
    let html =
        template.render().map_err(|error| Problem::fault(StatusCode::INTERNAL_SERVER_ERROR, "internal", &error))?;
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let fields = [
        (CONTENT_TYPE, "text/html;charset=utf-8"),
        (CONTENT_LANGUAGE, visitor.language.tag()),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let headers = response.headers_mut();
    headers.extend(fields.map(|(name, value)| (name, HeaderValue::from_static(value))));
    headers.insert(CONTENT_SECURITY_POLICY, assets::policy(visitor.addresses(), origins));
    headers.extend(visitor.cookies().iter().map(|cookie| (SET_COOKIE, cookie.clone())));
    Ok(response)
}

/// Sends the browser on, after a form or instead of a page. `cookies` are fields of [`Visitor`].
pub fn see_other(location: &str, cookies: Vec<HeaderValue>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    // A location that is no field value never comes from us: the account's home is where it leads then.
    let location = HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static(path::HOME));
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.extend(cookies.into_iter().map(|cookie| (SET_COOKIE, cookie)));
    response
}
