//! The page behind the link in the letter: a button, since programs that look through mail follow links.

use askama::Template;
use http::StatusCode;

use super::words::Words;
use super::{path_of, refused, words};
use crate::identity::account::signup::{Confirmed, Step};
use crate::identity::account::{Refusal, Ticket};
use crate::web::{Answer, Asked, Pages, Shell, Visitor, page, path, see_other};

#[derive(Template)]
#[template(path = "signup_confirm.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    state: State<'a>,
}

enum State<'a> {
    Asked { email: &'a str, ticket: String },
    Elsewhere,
    Dead,
    Closed,
}

/// Answers a request for the page, or the button that was pressed. Only pressing it proves anything.
///
/// Spec: O-322, CP-05
pub(in crate::web) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let given = asked.form.as_ref().unwrap_or(&asked.query);
    let Some(ticket) = Ticket::parse(given.get("t")) else { return dead(visitor) };
    if asked.form.is_none() {
        return match pages.accounts.signup_of(&ticket).await {
            Ok(signup) => {
                let email = signup.email.as_ref().map(ToString::to_string).unwrap_or_default();
                let state = State::Asked { email: &email, ticket: ticket.reveal() };
                show(visitor, StatusCode::OK, words(visitor).confirm, state)
            }
            Err(error) if refused(&error) == Some(&Refusal::DeadLink) => dead(visitor),
            Err(error) => Err(error.into()),
        };
    }
    match pages.accounts.confirm_signup(&ticket, visitor.signup.as_ref()).await {
        Ok(Confirmed::Here(token)) => Ok(see_other(&path_of(Step::Password), vec![visitor.signing_up(&token)])),
        Ok(Confirmed::WhereItBegan) => show(visitor, StatusCode::OK, words(visitor).confirmed, State::Elsewhere),
        Err(error) if refused(&error) == Some(&Refusal::DeadLink) => dead(visitor),
        Err(error) => Err(error.into()),
    }
}

/// The page of a server that takes nobody.
pub(super) fn closed(visitor: &Visitor) -> Answer {
    show(visitor, StatusCode::FORBIDDEN, words(visitor).closed, State::Closed)
}

fn dead(visitor: &Visitor) -> Answer {
    show(visitor, StatusCode::GONE, words(visitor).dead, State::Dead)
}

fn show(visitor: &Visitor, status: StatusCode, title: &'static str, state: State<'_>) -> Answer {
    page(status, &Page { shell: Shell::new(visitor, title), words: words(visitor), state }, visitor)
}
