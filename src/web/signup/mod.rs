//! Signing up in eight steps, each a question of its own: Continue saves the answer, going back keeps it.
//!
//! What was answered is in storage ([`crate::identity::account::signup`]); the browser holds a token. So any tab shows
//! the same sign-up, and one that was left is gone on with.

mod confirm;
mod take;
mod words;

use askama::Template;
use http::{Response, StatusCode};

pub(super) use confirm::answer as confirm;

use super::parts::{Banner, Choice, Choices, Field, Progress, Summary, Tone};
use super::{Answer, Asked, Language, Next, Pages, Shell, Visitor, new_password, next, page, path, see_other};
use crate::http::Body;
use crate::identity::account::signup::Step;
use crate::identity::account::terms::Section;
use crate::identity::account::{Challenge, Comes, Error, Refusal, Signup, Ticket};
use crate::identity::upstream::Person;
use crate::path::{PodName, ResourcePath};
use words::{ENGLISH, FRENCH, Words};

/// The last segments of the steps' paths; the first step is the directory itself.
const SLUGS: [(&str, Step); 7] = [
    ("email", Step::Email),
    ("address", Step::Address),
    ("terms", Step::Terms),
    ("check", Step::Check),
    ("password", Step::Password),
    ("contacts", Step::Contacts),
    ("open", Step::Open),
];

/// The step at the last segment of a path.
pub(super) fn step_at(slug: &str) -> Option<Step> {
    SLUGS.iter().find(|(known, _)| *known == slug).map(|(_, step)| *step)
}

fn path_of(step: Step) -> String {
    let slug = SLUGS.iter().find(|(_, known)| *known == step).map(|(slug, _)| format!("{slug}/"));
    format!("{}{}", path::SIGN_UP, slug.unwrap_or_default())
}

#[derive(Template)]
#[template(path = "signup.html")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    progress: Progress,
    lead: &'static str,
    banner: Option<Banner>,
    summary: Option<Summary<'a>>,
    content: &'a Content<'a>,
    here: String,
    back: Option<String>,
}

/// What a step shows.
enum Content<'a> {
    Welcome {
        hello: Option<String>,
        resumed: bool,
    },
    Email {
        email: Field,
        fixed: Option<String>,
        newsletter: bool,
    },
    Address {
        name: Field,
        before: String,
        shown: String,
        after: String,
        /// Whether the WebID is to live apart, where it can.
        apart: Option<bool>,
        /// Names that are free instead of one that is taken.
        free: Vec<PodName>,
    },
    Terms {
        version: &'a str,
        sections: Vec<Section<'a>>,
        accepted: bool,
        missing: Option<&'static str>,
    },
    Check {
        email: String,
        written: bool,
        verified: bool,
    },
    Password {
        /// None is asked for where nobody comes in with one.
        password: Option<Field>,
        why: &'static str,
        /// Whether the school is enough of a way in.
        school_only: bool,
        /// What a device is asked for instead.
        passkey: Option<Challenge>,
        /// What the passkey is called.
        device: String,
        /// Whether there is a passkey already.
        done: bool,
    },
    Contacts {
        choices: Option<Choices>,
        guardian: Option<Field>,
    },
    Open {
        address: String,
        email: String,
        webid: String,
        taken: bool,
    },
}

impl Content<'_> {
    /// The fields that errors are told of.
    fn fields(&self) -> Vec<&Field> {
        match self {
            Self::Email { email: field, .. }
            | Self::Address { name: field, .. }
            | Self::Password { password: Some(field), .. }
            | Self::Contacts { guardian: Some(field), .. } => {
                vec![field]
            }
            _ => Vec::new(),
        }
    }
}

/// A step as it is about to be shown.
struct Shown<'a> {
    step: Step,
    content: Content<'a>,
    status: StatusCode,
    banner: Option<Banner>,
}

impl<'a> Shown<'a> {
    fn new(step: Step, content: Content<'a>) -> Self {
        Self { step, content, status: StatusCode::OK, banner: None }
    }

    fn banner(mut self, status: StatusCode, tone: Tone, text: impl Into<String>) -> Self {
        self.status = status;
        self.banner = Some(Banner { tone, text: text.into() });
        self
    }

    /// Something in the answer was wrong.
    fn wrong(mut self) -> Self {
        self.status = StatusCode::UNPROCESSABLE_ENTITY;
        self
    }

    fn page(self, visitor: &Visitor) -> Answer {
        let words = words(visitor);
        let question = words.question(self.step);
        let shown = Page {
            shell: Shell::new(visitor, question.title),
            words,
            progress: progress(words, self.step),
            lead: question.lead,
            banner: self.banner,
            summary: Summary::of(words.incomplete, self.content.fields()),
            here: if self.step == Step::Welcome { visitor.here().as_str().to_owned() } else { path_of(self.step) },
            back: self.step.previous().map(path_of),
            content: &self.content,
        };
        page(self.status, &shown, visitor)
    }
}

/// How far the first step is, for the page that takes its place when a school sends somebody.
pub(super) fn first(visitor: &Visitor) -> Progress {
    progress(words(visitor), Step::Welcome)
}

fn progress(words: &Words, step: Step) -> Progress {
    let number = step.number();
    let all = Step::ALL.len() as u64;
    Progress { label: words.progress, done: number as u64, all, text: (words.step)(number) }
}

fn words(visitor: &Visitor) -> &'static Words {
    visitor.language.choose(&FRENCH, &ENGLISH)
}

/// Begins a sign-up and leads to its first question: of somebody whom a school sends, or of anybody.
///
/// Spec: O-305, O-321, CP-01
pub async fn begin(pages: &Pages, visitor: &Visitor, person: Option<Person>, next: &Next) -> Answer {
    begin_with(pages, visitor, person, next, None).await
}

/// The same, of somebody who may have been invited.
async fn begin_with(
    pages: &Pages,
    visitor: &Visitor,
    person: Option<Person>,
    next: &Next,
    invitation: Option<&Ticket>,
) -> Answer {
    let goal = next.is_elsewhere().then(|| next.as_str().to_owned());
    let token = pages.accounts.begin_signup(visitor.language, person, goal, Some(visitor.client), invitation).await?;
    Ok(see_other(&path_of(Step::Email), vec![visitor.signing_up(&token)]))
}

/// Answers a request for a step, or the form that it sent. A question that was not reached yet leads to the one that
/// was.
///
/// Spec: O-321
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked, step: Step) -> Answer {
    if visitor.session.is_some() {
        return Ok(see_other(path::HOME, Vec::new()));
    }
    let signup = match &visitor.signup {
        Some(token) => pages.accounts.signup(token).await?.map(|signup| (token, signup)),
        None => None,
    };
    let Some((token, signup)) = signup else {
        return if step == Step::Welcome { welcome(pages, visitor, asked).await } else { Ok(from_the_start(visitor)) };
    };
    let reached = pages.accounts.reached(&signup);
    if step > reached {
        return Ok(see_other(&path_of(reached), Vec::new()));
    }
    match &asked.form {
        None if step == Step::Check && asked.query.find("again").is_some() => {
            let again = Shown::new(step, content(pages, visitor, &signup, step));
            again.banner(StatusCode::OK, Tone::Ok, words(visitor).sent_again).page(visitor)
        }
        None => Shown::new(step, content(pages, visitor, &signup, step)).page(visitor),
        Some(form) if step == Step::Welcome && form.find("afresh").is_some() => {
            begin(pages, visitor, signup.person, &next::parse(signup.next.as_deref())).await
        }
        Some(form) => take::answer(pages, visitor, token, &signup, step, form).await,
    }
}

fn from_the_start(visitor: &Visitor) -> Response<Body> {
    see_other(path::SIGN_UP, vec![visitor.signed_up()])
}

/// The first step, of somebody who has not begun.
async fn welcome(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let next = next::parse(asked.query.find("next"));
    let invitation = asked.query.find("invite").and_then(Ticket::parse);
    if asked.form.is_none() {
        let comes = match &invitation {
            Some(ticket) if pages.accounts.is_invited(ticket).await? => Comes::Invited,
            _ => Comes::Alone,
        };
        if pages.accounts.registration().admits(comes).is_err() {
            return confirm::closed(visitor);
        }
        return Shown::new(Step::Welcome, Content::Welcome { hello: None, resumed: false }).page(visitor);
    }
    match begin_with(pages, visitor, None, &next, invitation.as_ref()).await {
        Err(super::Instead::Problem(problem)) if problem.kind() == "sign-up-closed" => confirm::closed(visitor),
        begun => begun,
    }
}

/// What a step shows of what was answered so far.
fn content<'a>(pages: &'a Pages, visitor: &Visitor, signup: &Signup, step: Step) -> Content<'a> {
    let words = words(visitor);
    match step {
        Step::Welcome => {
            let name = signup.person.as_ref().and_then(|person| person.name.as_deref());
            Content::Welcome { hello: name.map(|name| (words.hello)(name)), resumed: true }
        }
        Step::Email => {
            let email = signup.suggested_email().map(|email| email.to_string()).unwrap_or_default();
            let fixed = signup.has_fixed_email().then(|| email.clone());
            Content::Email { email: email_field(words, email), fixed, newsletter: signup.newsletter }
        }
        Step::Address => {
            let name = signup.name.as_ref().or(signup.proposed.as_ref());
            address(pages, words, name.map(ToString::to_string).unwrap_or_default(), signup.apart)
        }
        Step::Terms => {
            let terms = pages.accounts.terms();
            let (version, sections) = (terms.version(), terms.sections(visitor.language));
            Content::Terms { version, sections, accepted: terms.are_accepted(&signup.terms), missing: None }
        }
        Step::Check => Content::Check {
            email: signup.email.as_ref().map(ToString::to_string).unwrap_or_default(),
            written: signup.was_written_to(),
            verified: signup.verified == signup.email,
        },
        Step::Password => Content::Password {
            password: pages
                .accounts
                .takes_passwords()
                .then(|| password_field(visitor.language, words, signup.has_password())),
            why: match (&signup.person, pages.accounts.takes_passwords()) {
                (Some(_), true) => words.password_why_school,
                (None, true) => words.password_why,
                (Some(_), false) => words.school_only,
                (None, false) => words.passkey_only,
            },
            school_only: signup.person.is_some() && !pages.accounts.takes_passwords(),
            passkey: passkey(pages, signup),
            device: visitor.device.clone().unwrap_or_default(),
            done: signup.has_passkey(),
        },
        Step::Contacts => Content::Contacts {
            choices: signup
                .person
                .as_ref()
                .map(|person| contacts(words, person, signup.contacts.map(|consent| consent.given))),
            guardian: signup.person.as_ref().filter(|person| person.is_minor).map(|_| guardian(words, signup)),
        },
        Step::Open => open(pages, signup),
    }
}

fn email_field(words: &Words, value: String) -> Field {
    let field = Field { name: "email", label: words.email, kind: "email", autocomplete: "email", ..Field::default() };
    Field { value, help: Some(words.email_help), ..field }
}

fn password_field(language: Language, words: &Words, kept: bool) -> Field {
    let field = Field { label: words.password, optional: kept, ..new_password::field("password", language) };
    Field { help: kept.then_some(words.password_kept).or(field.help), ..field }
}

/// What a device is asked that is to open the space instead of a password.
fn passkey(pages: &Pages, signup: &Signup) -> Option<Challenge> {
    let (passkeys, email) = (pages.passkeys.as_ref()?, signup.email.as_ref()?);
    passkeys.begin_first(&signup.account, email.as_str(), &pages.key, pages.clock.now()).ok()
}

fn address<'a>(pages: &Pages, words: &Words, value: String, apart: bool) -> Content<'a> {
    let whole = PodName::parse(&value).map(|name| pages.addresses.iri(&ResourcePath::root(name))).unwrap_or_default();
    let (before, after) = whole.split_once(&value).unwrap_or((&whole, ""));
    let (before, after) = (before.to_owned(), after.to_owned());
    let shown = if whole.is_empty() { String::new() } else { value.clone() };
    let name = Field {
        name: "name",
        label: words.name,
        kind: "text",
        value,
        autocomplete: "off",
        help: Some(words.name_help),
        ..Field::default()
    };
    let apart = pages.addresses.has_webids().then_some(apart);
    Content::Address { name, before, shown, after, apart, free: Vec::new() }
}

fn contacts(words: &Words, person: &Person, given: Option<bool>) -> Choices {
    let choice = |value: &str, (label, help): (&'static str, &'static str)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        help: Some(help),
    };
    Choices {
        name: "contacts",
        legend: if person.is_staff { words.contacts_staff } else { words.contacts },
        choices: vec![choice("yes", words.contacts_yes), choice("no", words.contacts_no)],
        chosen: given.map(|given| if given { "yes" } else { "no" }.to_owned()),
        error: None,
    }
}

fn guardian(words: &Words, signup: &Signup) -> Field {
    Field {
        name: "guardian",
        label: words.guardian,
        kind: "email",
        value: signup.guardian.as_ref().map(ToString::to_string).unwrap_or_default(),
        autocomplete: "off",
        help: Some(words.guardian_help),
        optional: true,
        ..Field::default()
    }
}

fn open<'a>(pages: &Pages, signup: &Signup) -> Content<'a> {
    let address = signup.name.clone().map(|name| pages.addresses.iri(&ResourcePath::root(name))).unwrap_or_default();
    let apart = signup.name.as_ref().filter(|_| signup.apart).and_then(|name| pages.addresses.webid(name));
    Content::Open {
        webid: apart.unwrap_or_else(|| format!("{address}profile/card#me")),
        address,
        email: signup.email.as_ref().map(ToString::to_string).unwrap_or_default(),
        taken: false,
    }
}

/// Whether an error is this refusal of what somebody asked for.
fn refused(error: &Error) -> Option<&Refusal> {
    if let Error::Refused(refusal) = error { Some(refusal) } else { None }
}
