//! Taking the answer to a step.

use http::header::{HeaderValue, RETRY_AFTER, SET_COOKIE};
use http::{Response, StatusCode};

use super::{Content, Shown, content, path_of, refused, words};
use crate::http::Body;
use crate::identity::account::signup::Step;
use crate::identity::account::{Email, Error, Method, Refusal, Service, SignedInBy, Signup, SignupToken};
use crate::path::PodName;
use crate::web::parts::Tone;
use crate::web::{
    Answer, Form, Pages, Visitor, connect_school, new_password, next, path, see_other, sign_in, upstream, ways,
};

/// Saves the answer and leads to the next question, or shows the same one with what is wrong.
pub(super) async fn answer(
    pages: &Pages,
    visitor: &Visitor,
    token: &SignupToken,
    signup: &Signup,
    step: Step,
    form: &Form,
) -> Answer {
    let asked = Taken { pages, visitor, token, signup, form };
    match step {
        Step::Welcome => Ok(on(pages.accounts.reached(signup))),
        Step::Email => asked.email().await,
        Step::Address => asked.name().await,
        Step::Terms => asked.terms().await,
        Step::Check => asked.check().await,
        Step::Password => asked.password().await,
        Step::Contacts => asked.contacts().await,
        Step::Open => asked.open().await,
    }
}

struct Taken<'a> {
    pages: &'a Pages,
    visitor: &'a Visitor,
    token: &'a SignupToken,
    signup: &'a Signup,
    form: &'a Form,
}

fn on(step: Step) -> Response<Body> {
    see_other(&path_of(step), Vec::new())
}

impl Taken<'_> {
    fn shown(&self, step: Step) -> Shown<'_> {
        Shown::new(step, content(self.pages, self.visitor, self.signup, step))
    }

    /// Spec: CP-02
    async fn email(&self) -> Answer {
        let typed = self.form.get("email").trim();
        let (email, newsletter) = (Email::parse(typed), self.form.find("newsletter").is_some());
        match self.pages.accounts.sign_up_email(self.token, email.as_ref(), newsletter).await {
            Ok(()) => Ok(on(Step::Address)),
            Err(error) if refused(&error) == Some(&Refusal::NoEmail) => {
                let mut shown = self.shown(Step::Email);
                if let Content::Email { email, newsletter: ticked, .. } = &mut shown.content {
                    typed.clone_into(&mut email.value);
                    email.error = Some(words(self.visitor).email_wrong);
                    *ticked = newsletter;
                }
                shown.wrong().page(self.visitor)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Spec: CP-03, O-327
    async fn name(&self) -> Answer {
        let words = words(self.visitor);
        let typed = self.form.get("name").trim().to_lowercase();
        let Some(name) = PodName::parse(&typed) else { return self.other_name(&typed, words.name_wrong) };
        let apart = self.form.find("apart").is_some();
        match self.pages.accounts.sign_up_name(self.token, &name, apart).await {
            Ok(()) => Ok(on(Step::Terms)),
            Err(error) => match refused(&error) {
                Some(Refusal::NameTaken) => self.name_taken(&name).await,
                Some(Refusal::NameReserved) => self.other_name(&typed, words.name_reserved),
                _ => Err(error.into()),
            },
        }
    }

    fn other_name(&self, typed: &str, wrong: &'static str) -> Answer {
        self.wrong_name(typed, wrong, Vec::new()).wrong().page(self.visitor)
    }

    /// Somebody has the name, perhaps since a moment: others are proposed.
    ///
    /// Spec: O-327, CP-03
    async fn name_taken(&self, name: &PodName) -> Answer {
        let free = self.pages.accounts.alternatives(name).await?;
        let mut shown = self.wrong_name(name.as_str(), words(self.visitor).name_taken, free);
        shown.status = StatusCode::CONFLICT;
        shown.page(self.visitor)
    }

    fn wrong_name(&self, typed: &str, wrong: &'static str, others: Vec<PodName>) -> Shown<'_> {
        let mut shown = self.shown(Step::Address);
        if let Content::Address { name, shown, free, .. } = &mut shown.content {
            typed.clone_into(&mut name.value);
            name.error = Some(wrong);
            shown.clear();
            *free = others;
        }
        shown
    }

    /// Accepting the terms sends the letter, unless one went to this address.
    ///
    /// Spec: CP-04, CP-05, O-323
    async fn terms(&self) -> Answer {
        if self.form.find("accept").is_none() {
            let mut shown = self.shown(Step::Terms);
            if let Content::Terms { missing, .. } = &mut shown.content {
                *missing = Some(words(self.visitor).accept_missing);
            }
            return shown.wrong().page(self.visitor);
        }
        self.pages.accounts.sign_up_terms(self.token, self.visitor.language).await?;
        if !self.signup.was_written_to() {
            match self.pages.accounts.sign_up_check(self.token).await {
                // The next page offers to send it; or the address is confirmed already.
                Err(Error::Refused(Refusal::TooSoon(_) | Refusal::OutOfTurn)) => {}
                sent => sent?,
            }
        }
        Ok(on(Step::Check))
    }

    /// Asks for another letter.
    ///
    /// Spec: CP-05, O-322
    async fn check(&self) -> Answer {
        if self.signup.verified == self.signup.email {
            return Ok(on(Step::Password));
        }
        match self.pages.accounts.sign_up_check(self.token).await {
            Ok(()) => Ok(see_other(&format!("{}?again", path_of(Step::Check)), Vec::new())),
            Err(Error::Refused(Refusal::TooSoon(wait))) => {
                let seconds = wait.as_secs() + 1;
                let text = (words(self.visitor).too_soon)(seconds);
                let shown = self.shown(Step::Check).banner(StatusCode::TOO_MANY_REQUESTS, Tone::Warn, text);
                let mut response = shown.page(self.visitor)?;
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
                Ok(response)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Spec: CP-06, O-324
    async fn password(&self) -> Answer {
        if let Some(answer) = self.form.find("passkey").filter(|answer| !answer.is_empty()) {
            return self.passkey(answer).await;
        }
        let typed = self.form.get("password");
        // The way in that there is already is enough, without another.
        if typed.is_empty() && self.pages.accounts.reached(self.signup) > Step::Password {
            return Ok(on(Step::Contacts));
        }
        let mut shown = self.shown(Step::Password);
        if let Content::Password { password: Some(field), .. } = &mut shown.content
            && let Some(password) = new_password::chosen(field, typed, self.visitor.language)
        {
            self.pages.accounts.sign_up_password(self.token, password).await?;
            return Ok(on(Step::Contacts));
        }
        shown.wrong().page(self.visitor)
    }

    /// A device's key, which it shows only when its owner unlocks it, is a way in like a password.
    ///
    /// Spec: O-321, O-341
    async fn passkey(&self, answer: &str) -> Answer {
        let (pages, id) = (self.pages, &self.signup.account);
        let Some(passkeys) = &pages.passkeys else { return Ok(on(Step::Password)) };
        let (sealed, name) = (self.form.get("challenge"), self.form.get("name"));
        match passkeys.finish_adding(id, sealed, answer, name, &pages.key, pages.clock.now()) {
            Ok(passkey) => {
                pages.accounts.sign_up_passkey(self.token, &passkey).await?;
                Ok(on(Step::Contacts))
            }
            Err(Refusal::WrongPasskey) => {
                let wrong = words(self.visitor).passkey_wrong;
                let shown = self.shown(Step::Password);
                shown.banner(StatusCode::UNPROCESSABLE_ENTITY, Tone::Stop, wrong).page(self.visitor)
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Whom no school sends has nothing to decide here.
    ///
    /// Spec: CP-07
    async fn contacts(&self) -> Answer {
        let given = match (self.form.get("contacts"), &self.signup.person) {
            ("yes", Some(_)) => true,
            ("no", Some(_)) | (_, None) => false,
            _ => {
                let mut shown = self.shown(Step::Contacts);
                if let Content::Contacts { choices: Some(choices), .. } = &mut shown.content {
                    choices.error = Some(words(self.visitor).contacts_missing);
                }
                return shown.wrong().page(self.visitor);
            }
        };
        if self.signup.person.as_ref().is_some_and(|person| person.is_minor) && !self.guardian().await? {
            return self.other_guardian();
        }
        self.pages.accounts.sign_up_contacts(self.token, given).await?;
        Ok(on(Step::Open))
    }

    /// Keeps the address of a minor's parent, if one is given; `false`: it is none, or the pupil's own.
    ///
    /// Spec: O-312
    async fn guardian(&self) -> Result<bool, Error> {
        let typed = self.form.get("guardian").trim();
        let email = Email::parse(typed);
        if email.is_none() && !typed.is_empty() {
            return Ok(false);
        }
        match self.pages.accounts.sign_up_guardian(self.token, email.as_ref()).await {
            Err(error) if refused(&error) == Some(&Refusal::OwnAddress) => Ok(false),
            done => done.map(|()| true),
        }
    }

    fn other_guardian(&self) -> Answer {
        let mut shown = self.shown(Step::Contacts);
        if let Content::Contacts { guardian: Some(guardian), choices } = &mut shown.content {
            self.form.get("guardian").trim().clone_into(&mut guardian.value);
            guardian.error = Some(words(self.visitor).guardian_wrong);
            if let Some(choices) = choices {
                choices.chosen = Some(self.form.get("contacts").to_owned());
            }
        }
        shown.wrong().page(self.visitor)
    }

    /// Opens the pod, and signs its owner in.
    ///
    /// Spec: CP-08, O-321
    async fn open(&self) -> Answer {
        let made = match self.pages.provision.sign_up(self.token).await {
            Ok(made) => made,
            Err(error) => return self.not_opened(error).await,
        };
        let account = self.pages.accounts.account(&made.account).await?.ok_or(Refusal::NoSuchAccount)?;
        if let Some(person) = self.signup.person.as_ref().filter(|_| account.wants(Service::Contacts)) {
            connect_school::declare(self.pages, &account, person).await?;
        }
        let next = next::parse(self.signup.next.as_deref());
        let mut response = sign_in::begin(self.pages, self.visitor, &account, &next, self.shown_by()).await?;
        response.headers_mut().append(SET_COOKIE, self.visitor.signed_up());
        if !self.signup.has_passkey() {
            return Ok(response);
        }
        // Should the device be lost, nothing else lets its owner in again.
        let mut codes = ways::first_codes(self.pages, self.visitor, &account.id, &next).await?;
        let cookies = response.headers().get_all(SET_COOKIE).iter().map(|cookie| (SET_COOKIE, cookie.clone()));
        codes.headers_mut().extend(cookies);
        Ok(codes)
    }

    fn shown_by(&self) -> SignedInBy {
        let passkey = || SignedInBy { methods: vec![Method::Hwk], ..SignedInBy::default() };
        let own = || if self.signup.has_passkey() { passkey() } else { SignedInBy::password() };
        self.signup.person.as_ref().map_or_else(own, upstream::by)
    }

    async fn not_opened(&self, error: Error) -> Answer {
        let words = words(self.visitor);
        let text = match refused(&error) {
            Some(Refusal::NameTaken | Refusal::NameReserved) => {
                let name = self.signup.name.as_ref().ok_or(Refusal::OutOfTurn)?;
                return self.name_taken(name).await;
            }
            // Pressed twice: the first time has opened it.
            Some(Refusal::NoSignUp) => return Ok(see_other(path::HOME, Vec::new())),
            Some(Refusal::EmailTaken) => words.email_taken,
            Some(Refusal::LinkedElsewhere) => words.link_taken,
            _ => return Err(error.into()),
        };
        let mut shown = self.shown(Step::Open);
        if let Content::Open { taken, .. } = &mut shown.content {
            *taken = true;
        }
        shown.banner(StatusCode::CONFLICT, Tone::Stop, text).page(self.visitor)
    }
}
