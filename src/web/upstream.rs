//! Coming in through a school: the way there and back, and what somebody may choose whom no account knows.

use std::time::Duration;

use askama::Template;
use http::header::{CACHE_CONTROL, HeaderValue, RETRY_AFTER, SET_COOKIE};
use http::{Response, StatusCode};

use super::parts::Progress;
use super::{
    Answer, Asked, Instead, Next, Pages, Shell, Visitor, connect_school, next, page, path, second, see_other, signup,
};
use crate::http::cookie::{Cookie, Cookies};
use crate::http::{Body, Problem};
use crate::identity::account::{Error, Method, Refusal, SignedInBy, UpstreamSession};
use crate::identity::upstream::{self, Came, Fault, Person, Purpose, Wish};

/// How long a browser keeps what belongs to a sign-in that is under way.
///
/// Spec: O-302, O-305
const KEPT: Duration = Duration::from_mins(10);

/// What the page says on which a newcomer chooses.
struct Words {
    title: &'static str,
    hello: fn(&str, &str) -> String,
    unknown: &'static str,
    new: &'static str,
    new_help: &'static str,
    create: &'static str,
    old: &'static str,
    old_help: &'static str,
    sign_in: &'static str,
    link: fn(&str) -> String,
    link_help: &'static str,
    do_link: &'static str,
    cancel: &'static str,
}

const FRENCH: Words = Words {
    title: "Bienvenue",
    hello: |name, school| format!("Bonjour {name}. {school} vous a reconnu."),
    unknown: "Aucun espace n’est encore relié à ce compte scolaire. Que voulez-vous faire ?",
    new: "C’est la première fois",
    new_help: "Huit petites étapes, trois minutes environ, et votre espace s’ouvre. Il est totalement privé, et il reste \
               à vous quand vous quittez l’établissement.",
    create: "Créer mon espace",
    old: "J’ai déjà un espace",
    old_help: "Vous avez changé d’établissement ? Entrez comme d’habitude, une fois : ce compte scolaire ouvrira \
               ensuite le même espace. Son adresse ne change pas.",
    sign_in: "Relier mon espace",
    link: |owner| format!("Relier à l’espace « {owner} »"),
    link_help: "Ce compte scolaire ouvrira l’espace où vous êtes connecté en ce moment. Vos fichiers et votre adresse ne \
                changent pas.",
    do_link: "Relier ce compte scolaire",
    cancel: "Annuler",
};

const ENGLISH: Words = Words {
    title: "Welcome",
    hello: |name, school| format!("Hello {name}. {school} has recognised you."),
    unknown: "No space is linked to this school account yet. What would you like to do?",
    new: "I am new here",
    new_help: "Eight small steps, about three minutes, and your space opens. It is totally private, and it stays yours \
               when you leave the school.",
    create: "Create my space",
    old: "I have a space already",
    old_help: "Have you changed schools? Come in as you usually do, once: this school account will open the same space \
               from then on. Its address does not change.",
    sign_in: "Link my space",
    link: |owner| format!("Link to the space “{owner}”"),
    link_help: "This school account will open the space that you are in right now. Your files and your address stay as \
                they are.",
    do_link: "Link this school account",
    cancel: "Cancel",
};

#[derive(Template)]
#[template(path = "newcomer.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    hello: String,
    /// The pod of who is signed in.
    owner: Option<String>,
    progress: Progress,
    here: String,
}

/// The address where signing in with a provider begins.
pub fn door(id: &str) -> String {
    format!("{}oidc/{id}/", path::SIGN_IN)
}

/// The address where a provider is asked to vouch anew for who is signed in.
pub(super) fn confirming(id: &str, next: &Next) -> String {
    let next: String = url::form_urlencoded::byte_serialize(next.as_str().as_bytes()).collect();
    format!("{}?for=confirm&next={next}", door(id))
}

/// Sends somebody to their school. A school's desk links here.
///
/// Spec: O-302, CP-10
pub(super) async fn begin(pages: &Pages, visitor: &Visitor, asked: &Asked, id: &str) -> Answer {
    let purpose = match (asked.query.get("for"), &visitor.session) {
        ("link", Some(by)) => Purpose::Link(by.account.id.to_string()),
        ("confirm", Some(_)) => Purpose::SignInAnew,
        _ => Purpose::SignIn,
    };
    let wish = Wish { purpose, next: next::parse(asked.query.find("next")).to_string() };
    go(pages, visitor, id, wish).await
}

/// Sends somebody to their school with a wish, which their browser keeps meanwhile.
///
/// Spec: O-302
pub(super) async fn go(pages: &Pages, visitor: &Visitor, id: &str, wish: Wish) -> Answer {
    let begun = pages.upstreams.begin(id, wish, visitor.language.tag()).await.map_err(|fault| problem(&fault))?;
    let kept = upstream::with(visitor.kept(Cookie::Upstream), &begun.sealed);
    let cookie = Cookies::of(visitor.addresses()).set(Cookie::Upstream, &kept, Some(KEPT));
    Ok(see_other(begun.url.as_str(), vec![cookie]))
}

/// Takes in somebody who comes back from their school.
///
/// Spec: O-302, O-303, O-305
pub(super) async fn come_back(pages: &Pages, visitor: &Visitor, asked: &Asked, id: &str) -> Answer {
    let kept = visitor.kept(Cookie::Upstream).unwrap_or_default();
    let finished = match upstream::Answer::read(asked.query.pairs()) {
        Some(answer) => pages.upstreams.finish(id, kept, answer).await,
        None => Err(Fault::Stale),
    };
    match finished {
        Ok(came) => {
            let rest = Cookies::of(visitor.addresses()).set(Cookie::Upstream, &came.rest, Some(KEPT));
            let mut response = receive(pages, visitor, &came).await?;
            response.headers_mut().append(SET_COOKIE, rest);
            Ok(response)
        }
        // Whoever goes back to this address after all went well is where they wanted to be.
        Err(Fault::Stale) if visitor.session.is_some() => Ok(see_other(path::HOME, Vec::new())),
        Err(Fault::Refused(code)) if code == "access_denied" => Ok(see_other(path::SIGN_IN, Vec::new())),
        Err(fault) => Err(problem(&fault).into()),
    }
}

/// Spec: O-304, O-305, O-309
async fn receive(pages: &Pages, visitor: &Visitor, came: &Came) -> Answer {
    let Came { person, wish, offline, .. } = came;
    if let Some(offline) = offline {
        return connect_school::connected(pages, visitor, came, offline).await;
    }
    let next = next::parse(Some(&wish.next));
    let Some(account) = pages.accounts.by_link(&person.issuer, &person.subject).await? else {
        let sealed = pages.upstreams.welcome(person.clone(), next.as_str());
        let cookie = Cookies::of(visitor.addresses()).set(Cookie::Newcomer, &sealed, Some(KEPT));
        return Ok(see_other(&format!("{}choice", door(&person.upstream)), vec![cookie]));
    };
    pages.accounts.refresh_link(&account, person).await?;
    match (&wish.purpose, &visitor.session) {
        (Purpose::Link(id), _) if account.id.as_str() != id => Err(Refusal::LinkedElsewhere.into()),
        (Purpose::Link(_), _) => Ok(see_other(next.as_str(), Vec::new())),
        (Purpose::SignInAnew, Some(by)) if by.account.id == account.id => {
            second::confirm(pages, visitor, by, &next, Method::Fed).await
        }
        // Whoever was to vouch for somebody else does not take their place.
        (Purpose::SignInAnew, Some(_)) => Err(Refusal::LinkedElsewhere.into()),
        _ => second::enter(pages, visitor, &account, &next, by(person)).await,
    }
}

pub(super) fn by(person: &Person) -> SignedInBy {
    let upstream =
        UpstreamSession { issuer: person.issuer.clone(), subject: person.subject.clone(), session: person.sid.clone() };
    // Without a time from the school, nobody has shown lately who they are.
    let authenticated = Some(person.authenticated.unwrap_or_default());
    SignedInBy { methods: vec![Method::Fed], upstream: Some(upstream), authenticated, ..SignedInBy::default() }
}

/// The page on which somebody whom no account knows creates one, or links theirs.
///
/// Spec: O-305, O-307
pub(super) async fn choose(pages: &Pages, visitor: &Visitor, asked: &Asked, id: &str) -> Answer {
    let kept = visitor.kept(Cookie::Newcomer).and_then(|sealed| pages.upstreams.newcomer(sealed));
    let kept = kept.filter(|(person, _)| person.upstream == id);
    let (person, next) = kept.ok_or_else(|| problem(&Fault::Stale))?;
    let next = next::parse(Some(&next));
    match asked.form.as_ref().map(|form| form.get("choice")) {
        Some("create") => signup::begin(pages, visitor, Some(person), &next).await,
        Some("link") => link(pages, visitor, &person, &next).await,
        _ => show(pages, visitor, &person),
    }
}

/// Links somebody to the account that is signed in, if that was lately enough.
///
/// Spec: O-305
async fn link(pages: &Pages, visitor: &Visitor, person: &Person, next: &Next) -> Answer {
    let Some(by) = &visitor.session else { return Err(Instead::GoTo(visitor.here().after(path::SIGN_IN))) };
    if !by.session.is_fresh(pages.clock.now()) {
        return Err(Instead::GoTo(visitor.here().after(path::CONFIRM)));
    }
    pages.accounts.link(&by.account.id, person).await?;
    let done = Cookies::of(visitor.addresses()).clear(Cookie::Newcomer);
    Ok(see_other(next.as_str(), vec![done]))
}

fn show(pages: &Pages, visitor: &Visitor, person: &Person) -> Answer {
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let school = pages.upstreams.name(&person.upstream).unwrap_or_default();
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        hello: (words.hello)(person.name.as_deref().unwrap_or_default(), school).replace(" .", "."),
        owner: visitor.account().map(|account| account.pods.first().map(ToString::to_string).unwrap_or_default()),
        progress: signup::first(visitor),
        here: format!("{}choice", door(&person.upstream)),
    };
    page(StatusCode::OK, &shown, visitor)
}

/// What went wrong on the way, with a number under which the log tells more.
///
/// Spec: O-303, O-305
pub(super) fn problem(fault: &Fault) -> Problem {
    match fault {
        Fault::Unknown => Problem::new(StatusCode::NOT_FOUND, "not-found"),
        Fault::Stale => Problem::new(StatusCode::BAD_REQUEST, "sign-in-outdated"),
        Fault::Tenant => Problem::fault(StatusCode::FORBIDDEN, "school-not-admitted", fault),
        Fault::Away(_) => Problem::fault(StatusCode::SERVICE_UNAVAILABLE, "school-away", fault)
            .header(RETRY_AFTER, HeaderValue::from_static("30")),
        Fault::Refused(_) | Fault::Unacceptable(_) => {
            Problem::fault(StatusCode::BAD_GATEWAY, "school-not-believed", fault)
        }
    }
}

/// Hears from a school that somebody signed out there. It is not a page: the school's server asks.
///
/// Spec: O-310
pub(super) async fn signed_out(pages: &Pages, asked: &Asked, id: &str) -> Answer {
    let token = asked.form.as_ref().map_or("", |form| form.get("logout_token"));
    let refused = |fault: Fault| match fault {
        Fault::Away(_) => problem(&fault),
        fault => {
            tracing::warn!(upstream = id, "a logout token was refused: {fault}");
            Problem::new(StatusCode::BAD_REQUEST, "logout-token").detail(fault.to_string())
        }
    };
    let signed_out = pages.upstreams.signed_out(id, token).await.map_err(refused)?;
    match pages.accounts.sign_out_upstream(&signed_out).await {
        Ok(()) => {
            let mut response = Response::new(Body::empty());
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            Ok(response)
        }
        Err(Error::Refused(_)) => Err(refused(Fault::Unacceptable("jti")).into()),
        Err(error) => Err(error.into()),
    }
}
