//! Applications that sign people in: the authorization endpoint, and the pages between its question and its answer.
//!
//! A request is read and, unless it can be answered at once, kept as an interaction with an address of its own. There
//! the person is sent through the pages that are needed next, until the answer goes back to the application.

mod agree;
mod choose;
mod leave;

use std::sync::Arc;

pub(super) use agree::name;

use http::{Response, StatusCode};

use super::{Answer, Asked, Form, Instead, Language, Next, Pages, Visitor, new_terms, path, see_other};
use crate::http::{Body, Problem};
use crate::identity::account::{Email, SignedIn};
use crate::identity::provider::authorize::{self, AuthorizationRequest, ErrorCode, Fault, Outcome, Parameters, Return};
use crate::identity::provider::client::Kind;
use crate::identity::provider::consent::Consent;
use crate::identity::provider::interaction::{self, Interaction, InteractionId, Open, Person, Standing, Step};
use crate::identity::provider::{Client, Granted, Scope, Scopes};
use leave::Way;
pub(super) use leave::source;

/// The longest request that is taken, in bytes of its query: it may be kept until somebody has signed in.
const LONGEST: usize = 7 * 1024;
/// The field by which a form says what the person wants, and that of the WebID it is about.
const WISH: &str = "wish";
const WEBID: &str = "webid";

/// Answers the authorization endpoint.
///
/// Spec: O-141, O-142, O-144, O-147
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    if let Some(form) = &asked.form {
        return as_query(form, path::AUTHORIZATION);
    }
    query(&asked.query)?;
    let parameters = Parameters::new(asked.query.pairs());
    let client = pages.provider.clients.find(authorize::client_id(&parameters)?, visitor.client).await?;
    let back = Return::of(&parameters, &client)?;
    let request = match authorize::read(&parameters, &client, &back) {
        Ok(request) => request,
        Err(fault) => return leave::answer(visitor, &back, &Outcome::Fault(fault), Way::Directly),
    };
    let hint = pages.provider.hint(parameters.get("id_token_hint"), &request.client).await?;
    let interaction = Interaction::new(request, person(visitor).as_ref(), hint, pages.clock.now());
    match step(pages, visitor, &interaction).await? {
        Step::Grant { webid, scopes } => grant(pages, visitor, client, interaction, webid, scopes, Way::Directly).await,
        Step::Refuse(fault) => leave::answer(visitor, &back, &Outcome::Fault(fault), Way::Directly),
        _ => {
            let language = interaction.request.language;
            let id = pages.provider.interactions.begin(interaction, visitor.browser(), visitor.client).await?;
            Ok(see_other(&address(&id, language), visitor.cookies().to_vec()))
        }
    }
}

/// A request that came as a form, as a query: browsers do not show the session's cookie when another site sends a form,
/// but they do when they are sent on.
///
/// Spec: O-141
pub(super) fn as_query(form: &Form, path: &str) -> Answer {
    Ok(see_other(&format!("{path}?{}", query(form)?), Vec::new()))
}

/// A request as a query, unless it is too long.
fn query(form: &Form) -> Result<String, Problem> {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form.pairs()).finish();
    if query.len() > LONGEST { Err(Problem::new(StatusCode::BAD_REQUEST, "request-too-long")) } else { Ok(query) }
}

/// The address of an interaction. It says what its pages speak, and those that lead on to it.
///
/// Spec: O-141
fn address(id: &InteractionId, language: Option<Language>) -> String {
    let language = language.map(|language| format!("&ui_locales={}", language.tag())).unwrap_or_default();
    format!("{}?id={}{language}", path::INTERACTION, id.reveal())
}

/// The e-mail address that an application expects on the page for signing in that leads on to its request.
///
/// Spec: O-141
pub(super) async fn login_hint(pages: &Pages, visitor: &Visitor, next: &Next) -> Result<Option<Email>, Instead> {
    let query = next.as_str().strip_prefix(path::INTERACTION).and_then(|rest| rest.strip_prefix('?'));
    let id = query.and_then(|query| InteractionId::parse(Form::parse(query.as_bytes()).get("id")));
    let Some(id) = id else { return Ok(None) };
    match pages.provider.interactions.open(id, &visitor.browser()).await {
        Ok(open) => Ok(open.interaction.request.login_hint),
        Err(interaction::Error::Ended) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Answers an interaction: shows what comes next, or does what a form of one of its pages says.
///
/// Spec: O-135, O-191
pub(super) async fn go_on(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let id = InteractionId::parse(asked.query.get("id")).ok_or(interaction::Error::Ended)?;
    let open = pages.provider.interactions.open(id, &visitor.browser()).await?;
    // It was read afresh when this began; a host that goes away meanwhile keeps nobody from answering.
    let client = pages.provider.clients.recall(&open.interaction.request.client, visitor.client).await?;
    let step = step(pages, visitor, &open.interaction).await?;
    let scene = Scene { pages, visitor, client, open, step };
    match &asked.form {
        Some(form) => scene.decide(form).await,
        None => scene.show(asked.query.find("choose").is_some()).await,
    }
}

/// What stands between the question and the answer.
struct Scene<'a> {
    pages: &'a Pages,
    visitor: &'a Visitor,
    client: Arc<Client>,
    open: Open,
    step: Step,
}

impl Scene<'_> {
    /// Shows the page that is needed now. `chooses`: the person wants to choose another WebID.
    async fn show(self, chooses: bool) -> Answer {
        let next = self.visitor.here();
        match &self.step {
            Step::SignUp => Ok(self.to(&next.after(path::SIGN_UP))),
            Step::SignIn => Ok(self.to(&next.after(path::SIGN_IN))),
            Step::Confirm => Ok(self.to(&next.after(path::CONFIRM))),
            Step::Terms => Ok(self.to(&next.after(path::NEW_TERMS))),
            Step::Choose | Step::Switch => choose::show(&self),
            Step::Agree { .. } if chooses => choose::show(&self),
            Step::Agree { webid, known } => agree::show(&self, webid, *known),
            Step::Grant { webid, scopes } => {
                let (webid, scopes) = (webid.clone(), scopes.clone());
                self.grant(webid, scopes, Way::AfterForms).await
            }
            Step::Refuse(fault) => {
                let fault = *fault;
                self.refuse(fault, Way::AfterForms).await
            }
        }
    }

    fn to(&self, place: &str) -> Response<Body> {
        see_other(place, self.visitor.cookies().to_vec())
    }

    /// Does what the person wants.
    ///
    /// Spec: O-191
    async fn decide(self, form: &Form) -> Answer {
        match form.get(WISH) {
            "refuse" => self.refuse(Fault::new(ErrorCode::AccessDenied, "the person said no"), Way::FromHere).await,
            "choose" => self.choose(form.get(WEBID)).await,
            "switch" => self.switch().await,
            "allow" => match self.step.clone() {
                // What was on the page is what is agreed to.
                Step::Agree { webid, known } if webid == form.get(WEBID) => {
                    self.allow(webid, known, form.find("remember").is_some()).await
                }
                _ => Ok(self.again()),
            },
            _ => Ok(self.again()),
        }
    }

    /// Where the interaction is.
    fn address(&self) -> String {
        address(&self.open.id, self.open.interaction.request.language)
    }

    fn again(&self) -> Response<Body> {
        see_other(&self.address(), Vec::new())
    }

    async fn choose(self, webid: &str) -> Answer {
        let again = self.again();
        let Some(account) = self.visitor.account().filter(|account| account.webid(Some(webid)).is_ok()) else {
            return Ok(again);
        };
        let chosen = Some((account.id.clone(), webid.to_owned()));
        self.pages.provider.interactions.choose(self.open, chosen).await?;
        Ok(again)
    }

    /// Signs the person out, so that somebody else can sign in. The browser keeps the name that this is bound to.
    async fn switch(self) -> Answer {
        if let Some(by) = &self.visitor.session {
            self.pages.accounts.end_session(&by.token).await?;
        }
        Ok(self.again())
    }

    /// Keeps what the person agreed to and gives it. What is not to be remembered ends with the session, and so does
    /// the application's access.
    ///
    /// Spec: O-146, O-149
    async fn allow(self, webid: String, known: bool, remember: bool) -> Answer {
        let (Some(by), asked) = (&self.visitor.session, &self.open.interaction.request.scopes) else {
            return Ok(self.again());
        };
        let account = &by.account.id;
        let consents = &self.pages.provider.consents;
        let kept = if known { consents.with(account, &self.client.id).await? } else { None };
        let scopes = if let Some(kept) = kept {
            asked.intersection(&kept.scopes)
        } else {
            let scopes = if remember { asked.clone() } else { asked.clone().without(Scope::OfflineAccess) };
            let consent = Consent {
                client: self.client.id.clone(),
                name: self.client.name.clone(),
                host: host(&self.client, &self.open.interaction.request.back),
                webid: webid.clone(),
                scopes: scopes.clone(),
                given: self.pages.clock.now(),
                session: (!remember).then(|| by.session.id.to_string()),
            };
            self.pages.provider.agree(account, &consent).await?;
            scopes
        };
        self.grant(webid, scopes, Way::FromHere).await
    }

    async fn grant(self, webid: String, scopes: Scopes, way: Way) -> Answer {
        let Self { pages, visitor, client, open, .. } = self;
        let interaction = pages.provider.interactions.finish(open).await?;
        grant(pages, visitor, client, interaction, webid, scopes, way).await
    }

    async fn refuse(self, fault: Fault, way: Way) -> Answer {
        let interaction = self.pages.provider.interactions.finish(self.open).await?;
        leave::answer(self.visitor, &interaction.request.back, &Outcome::Fault(fault), way)
    }
}

/// What comes next, for who is in front of the browser now.
async fn step(pages: &Pages, visitor: &Visitor, interaction: &Interaction) -> Result<Step, Instead> {
    let consent = match visitor.account() {
        Some(account) => pages.provider.consents.with(&account.id, &interaction.request.client).await?,
        None => None,
    };
    let standing = Standing {
        person: person(visitor),
        consent: consent.as_ref(),
        owes_terms: new_terms::are_owed(pages, visitor),
        now: pages.clock.now(),
    };
    Ok(interaction.next(&standing))
}

fn person(visitor: &Visitor) -> Option<Person<'_>> {
    let SignedIn { account, session, .. } = visitor.session.as_ref()?;
    Some(Person {
        account: &account.id,
        webids: &account.webids,
        session: session.id.as_str(),
        authenticated: session.authenticated,
    })
}

/// Gives the application its code. What breaks here, the application learns.
///
/// Spec: O-144, O-150
async fn grant(
    pages: &Pages,
    visitor: &Visitor,
    client: Arc<Client>,
    interaction: Interaction,
    webid: String,
    scopes: Scopes,
    way: Way,
) -> Answer {
    let AuthorizationRequest { back, nonce, challenge, jkt, .. } = interaction.request;
    let Some(SignedIn { account, session, .. }) = &visitor.session else {
        let fault = Fault::new(ErrorCode::LoginRequired, "nobody is signed in");
        return leave::answer(visitor, &back, &Outcome::Fault(fault), way);
    };
    let granted = Granted {
        client,
        redirect_uri: back.redirect_uri.clone(),
        webid,
        account: account.id.clone(),
        session: session.id.clone(),
        scope: scopes,
        nonce,
        authenticated: session.authenticated,
        methods: session.amr().into_iter().map(str::to_owned).collect(),
        challenge,
        jkt,
    };
    let outcome = match pages.provider.issue_code(granted).await {
        Ok(code) => Outcome::Code(code),
        Err(error) => {
            tracing::error!(%error, "a code could not be given");
            Outcome::Fault(Fault::new(ErrorCode::TemporarilyUnavailable, "no code can be given at the moment"))
        }
    };
    leave::answer(visitor, &back, &outcome, way)
}

/// The host that a person would know an application by: that of its address if it has one, else of where its answers
/// go.
///
/// Spec: O-136
fn host(client: &Client, back: &Return) -> String {
    match client.kind {
        Kind::Document => authorize::host_of(&client.id),
        Kind::Registered => back.host(),
    }
}
