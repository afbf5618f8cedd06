//! The table of pages: which page is where, what it takes, and which module answers.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderMap};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};

use super::visitor::House;
use super::{
    Answer, Form, Instead, Visitor, applications, authorize, confirm, connect_school, connectors, contacts,
    end_session, error, form, gallery, guardian, home, import, learning, leave_school, new_terms, path, payslips, raw,
    recover, second, see_other, settings, sign_in, sign_out, signup, start, stop, terms, upstream, ways,
};
use crate::address::Addresses;
use crate::clock::Clock;
use crate::http::cookie::Cookies;
use crate::http::negotiate::Wanted;
use crate::http::{Body, Problem};
use crate::identity::Identity;
use crate::identity::account::signup::Step;
use crate::identity::account::{Accounts, Passkeys, SignedIn};
use crate::identity::provider::Provider;
use crate::identity::upstream::Upstreams;
use crate::ingest::Ingest;
use crate::provision::{Profiles, Provision};
use crate::secret::SecretKey;

/// What pages work with.
pub struct Pages {
    pub addresses: Arc<Addresses>,
    pub accounts: Arc<Accounts>,
    pub provider: Arc<Provider>,
    pub provision: Arc<Provision>,
    pub profiles: Profiles,
    pub ingest: Arc<Ingest>,
    /// Looks at the documents of WebIDs elsewhere.
    pub identity: Arc<Identity>,
    pub key: Arc<SecretKey>,
    pub clock: Arc<dyn Clock>,
    /// The schools that people come in through.
    pub upstreams: Arc<Upstreams>,
    /// `None` where the server has no name that passkeys could be for.
    pub passkeys: Option<Passkeys>,
    /// Providers that people may sign in with: the ENTs.
    pub doors: Vec<Door>,
    /// Whether pages for development are there.
    pub dev: bool,
}

/// A provider that people may sign in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// Where signing in with it begins.
    pub path: String,
    pub name: String,
}

impl Door {
    /// The doors of all providers.
    pub fn all(upstreams: &Upstreams) -> Vec<Self> {
        let door = |(id, name): (&str, &str)| Self { path: upstream::door(id), name: name.to_owned() };
        upstreams.names().map(door).collect()
    }
}

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page<'a> {
    Start,
    Home,
    SignIn,
    SignUp(Step),
    ConfirmAddress,
    Reset,
    ResetChoose,
    NewTerms,
    SignOut,
    SignedOut,
    Confirm,
    Terms,
    Settings,
    Devices,
    Events,
    Language,
    Password,
    Email,
    ConfirmEmail,
    UndoEmail,
    Delete,
    UndoDelete,
    StopRescue,
    Guardian,
    GuardianAnswer,
    NewKey,
    Key(&'a str),
    Parts,
    Spaces,
    NewSpace,
    Space(&'a str),
    NewIdentity,
    Identity(&'a str),
    Applications,
    Authorize,
    Interaction,
    EndSession,
    EndSessionConfirmed,
    /// The way to a school of this id, and back.
    School(&'a str),
    SchoolReturn(&'a str),
    SchoolChoice(&'a str),
    /// A school tells that somebody signed out.
    SchoolSignedOut(&'a str),
    Second,
    Passkey,
    Ways,
    AddApp,
    LeaveSchool(&'a str),
    AddPasskey,
    /// The way to a school of this id, to let contacts come in.
    ConnectContacts(&'a str),
    Contacts,
    Contact,
    NewContact,
    Payslips,
    DropPayslip,
    Learning,
    Diploma,
    Raw,
    Connectors,
    ConnectPayslips,
    Connector(&'a str),
    ConnectorProgress(&'a str),
    RemoveConnector(&'a str),
    /// Choosing a file, and one that was chosen.
    Import,
    Imported(&'a str),
}

/// What a page is asked for.
#[derive(Debug)]
pub struct Asked {
    pub query: Form,
    /// What was sent, if something was: the visitor is known to have sent it from one of our pages.
    pub form: Option<Form>,
}

impl<'a> Page<'a> {
    /// The page at a path, with or without its final slash.
    fn at(path: &'a str) -> Option<Self> {
        match path {
            path::START => return Some(Self::Start),
            path::AUTHORIZATION => return Some(Self::Authorize),
            path::INTERACTION => return Some(Self::Interaction),
            path::END_SESSION => return Some(Self::EndSession),
            path::END_SESSION_CONFIRMED => return Some(Self::EndSessionConfirmed),
            _ => {}
        }
        let below = path.strip_prefix(path::HOME)?;
        let segments: Vec<&str> = below.strip_suffix('/').unwrap_or(below).split('/').collect();
        Some(match segments.as_slice() {
            [""] => Self::Home,
            ["login"] => Self::SignIn,
            ["signup"] => Self::SignUp(Step::Welcome),
            ["signup", "confirm"] => Self::ConfirmAddress,
            ["signup", step] => Self::SignUp(signup::step_at(step)?),
            ["reset"] => Self::Reset,
            ["reset", "choose"] => Self::ResetChoose,
            ["terms", "accept"] => Self::NewTerms,
            ["logout"] => Self::SignOut,
            ["signed-out"] => Self::SignedOut,
            ["confirm"] => Self::Confirm,
            ["terms"] => Self::Terms,
            ["parts"] => Self::Parts,
            ["settings"] => Self::Settings,
            ["settings", "devices"] => Self::Devices,
            ["settings", "events"] => Self::Events,
            ["settings", "language"] => Self::Language,
            ["settings", "password"] => Self::Password,
            ["settings", "email"] => Self::Email,
            ["email", "confirm"] => Self::ConfirmEmail,
            ["email", "undo"] => Self::UndoEmail,
            ["settings", "delete"] => Self::Delete,
            ["delete", "undo"] => Self::UndoDelete,
            ["rescue", "stop"] => Self::StopRescue,
            ["settings", "guardian"] => Self::Guardian,
            ["guardian"] => Self::GuardianAnswer,
            ["settings", "keys", "new"] => Self::NewKey,
            ["settings", "keys", id] => Self::Key(id),
            ["settings", "spaces"] => Self::Spaces,
            ["settings", "spaces", name] => Self::Space(name),
            ["settings", "new-space"] => Self::NewSpace,
            ["settings", "identities", "new"] => Self::NewIdentity,
            ["settings", "identities", link] => Self::Identity(link),
            ["settings", "applications"] => Self::Applications,
            ["login", "oidc", id] => Self::School(id),
            ["login", "oidc", id, "callback"] => Self::SchoolReturn(id),
            ["login", "oidc", id, "choice"] => Self::SchoolChoice(id),
            ["login", "oidc", id, "backchannel"] => Self::SchoolSignedOut(id),
            ["login", "second"] => Self::Second,
            ["login", "passkey"] => Self::Passkey,
            ["settings", "ways"] => Self::Ways,
            ["settings", "ways", "schools", id] => Self::LeaveSchool(id),
            ["settings", "ways", "app"] => Self::AddApp,
            ["settings", "ways", "passkey"] => Self::AddPasskey,
            ["connectors", "new", "contacts", id] => Self::ConnectContacts(id),
            ["contacts"] => Self::Contacts,
            ["contacts", "card"] => Self::Contact,
            ["contacts", "new"] => Self::NewContact,
            ["payslips"] => Self::Payslips,
            ["payslips", "drop"] => Self::DropPayslip,
            ["learning"] => Self::Learning,
            ["learning", "diploma"] => Self::Diploma,
            ["raw"] => Self::Raw,
            ["connectors"] => Self::Connectors,
            ["connectors", "new", "payslips"] => Self::ConnectPayslips,
            ["connectors", id] => Self::Connector(id),
            ["connectors", id, "progress"] => Self::ConnectorProgress(id),
            ["connectors", id, "remove"] => Self::RemoveConnector(id),
            ["import"] => Self::Import,
            ["import", id] => Self::Imported(id),
            _ => return None,
        })
    }

    fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Start
            | Self::Home
            | Self::SignedOut
            | Self::Terms
            | Self::Settings
            | Self::Spaces
            | Self::Events
            | Self::Parts
            | Self::Contacts
            | Self::Payslips
            | Self::Raw
            | Self::Connectors
            | Self::ConnectorProgress(_)
            | Self::School(_)
            | Self::SchoolReturn(_)
            | Self::ConnectContacts(_) => &["GET", "HEAD"],
            Self::SignOut | Self::EndSessionConfirmed | Self::SchoolSignedOut(_) => &["POST"],
            _ => &["GET", "HEAD", "POST"],
        }
    }

    /// Whether the account API has something at the same place, for those that are not browsers.
    ///
    /// Spec: O-201
    fn is_shared(self) -> bool {
        matches!(self, Self::Home | Self::SignIn)
    }

    /// Whether applications, or schools, send forms there: not from pages of ours.
    ///
    /// Spec: O-141, O-194
    fn is_for_applications(self) -> bool {
        matches!(self, Self::Authorize | Self::EndSession | Self::SchoolSignedOut(_))
    }

    /// Whether its form carries a file.
    fn takes_file(self) -> bool {
        matches!(self, Self::DropPayslip | Self::Diploma | Self::Import)
    }

    /// Whether somebody comes here who has not accepted new terms yet: what leads in and out, where letters lead, and
    /// sign-ins with an application, which say themselves that they wait.
    ///
    /// Spec: O-323, CP-04
    fn precedes_terms(self) -> bool {
        matches!(
            self,
            Self::Start
                | Self::SignIn
                | Self::Second
                | Self::Passkey
                | Self::School(_)
                | Self::SchoolReturn(_)
                | Self::SchoolChoice(_)
                | Self::SchoolSignedOut(_)
                | Self::SignUp(_)
                | Self::ConfirmAddress
                | Self::ConfirmEmail
                | Self::UndoEmail
                | Self::Reset
                | Self::ResetChoose
                | Self::Terms
                | Self::NewTerms
                | Self::Language
                | Self::Confirm
                | Self::Delete
                | Self::UndoDelete
                | Self::SignOut
                | Self::SignedOut
                | Self::Authorize
                | Self::Interaction
                | Self::EndSession
                | Self::EndSessionConfirmed
                | Self::Parts
        )
    }

    async fn answer(self, pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
        if !self.precedes_terms() && new_terms::are_owed(pages, visitor) {
            return Err(Instead::GoTo(visitor.here().after(path::NEW_TERMS)));
        }
        match self {
            Self::Start => start::answer(pages, visitor),
            Self::Home => home::answer(pages, visitor, asked).await,
            Self::SignIn => sign_in::answer(pages, visitor, asked).await,
            Self::SignUp(step) => signup::answer(pages, visitor, asked, step).await,
            Self::ConfirmAddress => signup::confirm(pages, visitor, asked).await,
            Self::Reset => recover::ask(pages, visitor, asked).await,
            Self::ResetChoose => recover::choose(pages, visitor, asked).await,
            Self::NewTerms => new_terms::answer(pages, visitor, asked).await,
            Self::SignOut => sign_out::answer(pages, visitor).await,
            Self::SignedOut => sign_out::signed_out(visitor),
            Self::Confirm => confirm::answer(pages, visitor, asked).await,
            Self::Terms => terms::answer(pages, visitor),
            Self::Settings => settings::answer(pages, visitor, asked).await,
            Self::Devices => settings::devices(pages, visitor, asked).await,
            Self::Events => settings::events::answer(pages, visitor).await,
            Self::Language => settings::language(pages, visitor, asked).await,
            Self::Password => settings::password::answer(pages, visitor, asked).await,
            Self::Email => settings::email::answer(pages, visitor, asked).await,
            Self::ConfirmEmail => settings::email::confirm(pages, visitor, asked).await,
            Self::UndoEmail => settings::email::undo(pages, visitor, asked).await,
            Self::Delete => settings::delete::answer(pages, visitor, asked).await,
            Self::UndoDelete => settings::delete::undo(pages, visitor, asked).await,
            Self::StopRescue => stop::answer(pages, visitor, asked).await,
            Self::Guardian => settings::guardian::answer(pages, visitor, asked).await,
            Self::GuardianAnswer => guardian::answer(pages, visitor, asked).await,
            Self::NewKey => settings::keys::make(pages, visitor, asked).await,
            Self::Key(id) => settings::keys::one(pages, visitor, asked, id).await,
            Self::Parts => gallery::answer(pages, visitor),
            Self::Spaces => settings::spaces::answer(pages, visitor, asked).await,
            Self::NewSpace => settings::spaces::make(pages, visitor, asked).await,
            Self::Space(name) => settings::spaces::one(pages, visitor, asked, name).await,
            Self::NewIdentity => settings::identities::link(pages, visitor, asked).await,
            Self::Identity(link) => settings::identities::one(pages, visitor, asked, link).await,
            Self::Applications => applications::answer(pages, visitor, asked).await,
            Self::Authorize => authorize::answer(pages, visitor, asked).await,
            Self::Interaction => authorize::go_on(pages, visitor, asked).await,
            Self::EndSession => end_session::answer(pages, visitor, asked).await,
            Self::EndSessionConfirmed => end_session::confirmed(pages, visitor, asked).await,
            Self::School(id) => upstream::begin(pages, visitor, asked, id).await,
            Self::SchoolReturn(id) => upstream::come_back(pages, visitor, asked, id).await,
            Self::SchoolChoice(id) => upstream::choose(pages, visitor, asked, id).await,
            Self::SchoolSignedOut(id) => upstream::signed_out(pages, asked, id).await,
            Self::Second => second::answer(pages, visitor, asked).await,
            Self::Passkey => second::with_passkey(pages, visitor, asked).await,
            Self::Ways => ways::answer(pages, visitor, asked).await,
            Self::LeaveSchool(id) => leave_school::answer(pages, visitor, asked, id).await,
            Self::AddApp => ways::app(pages, visitor, asked).await,
            Self::AddPasskey => ways::passkey(pages, visitor, asked).await,
            Self::ConnectContacts(id) => connect_school::begin(pages, visitor, id).await,
            Self::Contacts => contacts::answer(pages, visitor, asked).await,
            Self::Contact => contacts::card(pages, visitor, asked).await,
            Self::NewContact => contacts::new(pages, visitor, asked).await,
            Self::Payslips => payslips::answer(pages, visitor, asked).await,
            Self::DropPayslip => payslips::drop(pages, visitor, asked).await,
            Self::Learning => learning::answer(pages, visitor, asked).await,
            Self::Diploma => learning::diploma(pages, visitor, asked).await,
            Self::Raw => raw::answer(pages, visitor, asked).await,
            Self::Connectors => connectors::answer(pages, visitor, asked).await,
            Self::ConnectPayslips => connectors::payslips::answer(pages, visitor, asked).await,
            Self::Connector(id) => connectors::one::answer(pages, visitor, asked, id).await,
            Self::ConnectorProgress(id) => connectors::progress::answer(pages, visitor, asked, id).await,
            Self::RemoveConnector(id) => connectors::remove::answer(pages, visitor, asked, id).await,
            Self::Import => import::answer(pages, visitor, asked).await,
            Self::Imported(id) => import::one(pages, visitor, asked, id).await,
        }
    }
}

impl Pages {
    /// Whether a page answers this request; the account API has some of the same places.
    ///
    /// Spec: O-201
    pub fn has(&self, path: &str, head: &Parts) -> bool {
        Page::at(path).is_some_and(|page| !page.is_shared() || is_browser(&head.method, &head.headers))
    }

    /// Answers a request for which there is a page. `client` is the address that asks.
    pub async fn answer<B>(&self, path: &str, request: Request<B>, client: IpAddr) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
    {
        let (head, body) = request.into_parts();
        let visitor = match self.visitor(&head, client).await {
            Ok(visitor) => visitor,
            Err(problem) => return self.refuse(problem, &head, client),
        };
        let answered = match Page::at(path) {
            Some(page) => self.ask(page, &head, body, &visitor).await,
            None => Err(Problem::new(StatusCode::NOT_FOUND, "not-found").into()),
        };
        match answered {
            Ok(response) => response,
            Err(Instead::GoTo(place)) => see_other(&place, Vec::new()),
            Err(Instead::Problem(problem)) => error::answer(&problem, &visitor),
        }
    }

    /// Tells of a problem: browsers get a page.
    pub fn refuse(&self, problem: Problem, head: &Parts, client: IpAddr) -> Response<Body> {
        let wanted = Wanted::of(&head.headers);
        if wanted.choose(&["application/problem+json", "application/json", "text/html"]) != Some(2) {
            return problem.respond(&wanted);
        }
        error::answer(&problem, &Visitor::read(head, &self.house(client), None))
    }

    /// Who sends a request.
    pub async fn visitor(&self, head: &Parts, client: IpAddr) -> Result<Visitor, Problem> {
        let session = match Cookies::of(&self.addresses).session(&head.headers) {
            Some(token) => self.accounts.signed_in(&token).await?,
            None => None,
        };
        Ok(Visitor::read(head, &self.house(client), session))
    }

    fn house(&self, client: IpAddr) -> House<'_> {
        House { addresses: &self.addresses, key: &self.key, client }
    }

    async fn ask<B>(&self, page: Page<'_>, head: &Parts, body: B, visitor: &Visitor) -> Answer
    where
        B: http_body::Body<Data = Bytes> + Unpin,
    {
        let methods = page.methods();
        if !methods.contains(&head.method.as_str()) {
            let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed");
            return Err(problem.allow(methods.iter().copied()).into());
        }
        let query = Form::parse(head.uri.query().unwrap_or_default().as_bytes());
        let form = match head.method {
            Method::POST if page.is_for_applications() => Some(form::receive(&head.headers, body).await?),
            Method::POST if page.takes_file() => Some(form::read_with_file(&head.headers, body, visitor).await?),
            Method::POST => Some(form::read(&head.headers, body, visitor).await?),
            _ => None,
        };
        page.answer(self, visitor, &Asked { query, form }).await
    }
}

/// Who is signed in; everybody else is asked to sign in first, and comes back.
pub(super) fn signed_in(visitor: &Visitor) -> Result<&SignedIn, Instead> {
    visitor.session.as_ref().ok_or_else(|| Instead::GoTo(visitor.here().after(path::SIGN_IN)))
}

/// Who is signed in and has shown who they are a moment ago; everybody else does so first, and comes back.
///
/// Spec: O-343
pub(super) fn confirmed<'v>(pages: &Pages, visitor: &'v Visitor) -> Result<&'v SignedIn, Instead> {
    let by = signed_in(visitor)?;
    if by.session.is_confirmed(pages.clock.now()) {
        return Ok(by);
    }
    Err(Instead::GoTo(visitor.here().after(path::CONFIRM)))
}

/// Whether people rather than scripts ask: they want HTML, send forms, and have no token.
fn is_browser(method: &Method, headers: &HeaderMap) -> bool {
    if headers.contains_key(AUTHORIZATION) {
        return false;
    }
    match *method {
        Method::POST => form::is_form(headers),
        _ => Wanted::of(headers).choose(&["application/json", "text/html"]) == Some(1),
    }
}
