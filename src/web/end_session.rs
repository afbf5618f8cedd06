//! Signing out at an application's wish.
//!
//! The person is asked first, unless the application shows that it means the very session of this browser. Who is signed
//! out already gets a page that names where the link would lead: an ID token proves that somebody was signed in, not that
//! it was this person, and a link that sends people on unseen is a gift to whoever imitates a site.

use askama::Template;
use http::StatusCode;

use super::authorize::{as_query, source};
use super::{Answer, Asked, Form, Pages, Shell, Visitor, page_leading_to, path, see_other};
use crate::identity::provider::authorize::{Parameters, host_of};
use crate::identity::provider::logout::{Asker, Landing, LogoutRequest};
use crate::identity::provider::{ClientFault, Error};

/// What the page says.
struct Words {
    title: &'static str,
    asks: &'static str,
    somebody: &'static str,
    means: &'static str,
    stays: &'static str,
    leave: &'static str,
    stay: &'static str,
    then: &'static str,
    gone: &'static str,
    go: &'static str,
}

const FRENCH: Words = Words {
    title: "Vous déconnecter ?",
    asks: "demande de vous déconnecter de votre espace.",
    somebody: "Une application demande de vous déconnecter de votre espace.",
    means: "Sur cet appareil, votre espace se ferme, et les applications qui s’y sont connectées n’y ont plus accès.",
    stays: "Restent connectées celles pour lesquelles vous avez demandé de vous souvenir de votre accord.",
    leave: "Me déconnecter",
    stay: "Ne pas me déconnecter",
    then: "Vous irez ensuite sur",
    gone: "Votre espace est fermé sur cet appareil.",
    go: "Revenir à",
};

const ENGLISH: Words = Words {
    title: "Sign out?",
    asks: "asks to sign you out of your space.",
    somebody: "An application asks to sign you out of your space.",
    means: "On this device your space closes, and applications that you signed in to lose their access.",
    stays: "Those for which you asked to remember that you agreed stay connected.",
    leave: "Sign out",
    stay: "Stay signed in",
    then: "You will then go to",
    gone: "Your space is closed on this device.",
    go: "Back to",
};

#[derive(Template)]
#[template(path = "end_session.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    /// The host of the application, if we know it.
    host: Option<String>,
    /// Where the person goes then.
    landing: Option<&'a str>,
    landing_host: Option<String>,
    /// What the form says of the request.
    fields: Vec<(&'static str, &'a str)>,
}

/// What an application asked for, and what we make of it.
struct Wish {
    request: LogoutRequest,
    asker: Asker,
    landing: Landing,
    /// Where the application is.
    host: Option<String>,
}

/// Answers the endpoint.
///
/// Spec: O-194, O-195, O-196
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    if let Some(form) = &asked.form {
        return as_query(form, path::END_SESSION);
    }
    let wish = wish(pages, visitor, &asked.query).await?;
    let is_meant = |session: &str| wish.asker.session.as_deref() == Some(session);
    match (&visitor.session, &wish.landing) {
        (Some(by), Landing::Registered(_) | Landing::Here) if is_meant(by.session.id.as_str()) => {
            leave(pages, visitor, &wish.landing).await
        }
        (None, Landing::Here) => leave(pages, visitor, &wish.landing).await,
        _ => show(visitor, &wish),
    }
}

/// Does what the person agreed to on the page.
///
/// Spec: O-194, O-195
pub(super) async fn confirmed(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let wish = wish(pages, visitor, asked.form.as_ref().unwrap_or(&asked.query)).await?;
    leave(pages, visitor, &wish.landing).await
}

async fn wish(pages: &Pages, visitor: &Visitor, form: &Form) -> Result<Wish, Error> {
    let request = LogoutRequest::read(&Parameters::new(form.pairs()));
    let hint = pages.provider.logout_hint(request.id_token_hint.as_deref()).await?;
    let asker = request.asker(hint.as_ref());
    let client = match &asker.client {
        Some(client) => match pages.provider.clients.find(client, visitor.client).await {
            Ok(client) => Some(client),
            Err(ClientFault::Storage(error)) => return Err(error.into()),
            // Who cannot be found cannot be gone back to.
            Err(_) => None,
        },
        None => None,
    };
    let landing = request.landing(client.as_deref());
    let host = client.and_then(|client| client.redirect_uris.first().map(|uri| host_of(uri)));
    Ok(Wish { request, asker, landing, host })
}

fn show(visitor: &Visitor, wish: &Wish) -> Answer {
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let landing = match &wish.landing {
        Landing::Registered(there) | Landing::SameOrigin(there) => Some(there.as_str()),
        Landing::Here => None,
    };
    let LogoutRequest { post_logout_redirect_uri, state, .. } = &wish.request;
    let fields =
        [("client_id", &wish.asker.client), ("post_logout_redirect_uri", post_logout_redirect_uri), ("state", state)];
    let shown = Page {
        shell: Shell::between(visitor, words.title),
        words,
        host: wish.host.clone(),
        landing,
        landing_host: landing.map(host_of),
        // What leads nowhere is not asked for again.
        fields: fields.into_iter().filter_map(|(name, value)| Some((name, landing.and(value.as_deref())?))).collect(),
    };
    let leads_to = landing.map(source);
    page_leading_to(StatusCode::OK, &shown, visitor, leads_to.as_deref().as_slice())
}

/// Signs the person out, if somebody is signed in, and sends them on.
///
/// Spec: O-196
async fn leave(pages: &Pages, visitor: &Visitor, landing: &Landing) -> Answer {
    if let Some(by) = &visitor.session {
        pages.accounts.end_session(&by.token).await?;
        pages.provider.revoke_session(&by.account.id, &by.session.id).await?;
    }
    let place = match landing {
        Landing::Registered(there) | Landing::SameOrigin(there) => there,
        Landing::Here => path::SIGNED_OUT,
    };
    Ok(see_other(place, visitor.signed_out()))
}
