//! Signing in with e-mail address and password, or with a provider.

use askama::Template;
use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER};

use super::pages::Door;
use super::parts::{Banner, Field, Summary, Tone};
use super::{Answer, Asked, Form, Next, Pages, Shell, Visitor, authorize, date, next, page, path, second, see_other};
use crate::identity::account::{Account, Comes, Email, Error, Password, Refusal, SignedInBy};

/// What the page says.
struct Words {
    title: &'static str,
    asked: &'static str,
    door: &'static str,
    otherwise: &'static str,
    email: &'static str,
    password: &'static str,
    stay: &'static str,
    stay_help: &'static str,
    enter: &'static str,
    passkey: &'static str,
    forgotten: &'static str,
    create: &'static str,
    wrong: &'static str,
    incomplete: &'static str,
    no_email: &'static str,
    no_password: &'static str,
    too_soon: fn(u64) -> String,
    disabled: &'static str,
    closing: fn(&str) -> String,
    unlinked: &'static str,
}

const FRENCH: Words = Words {
    title: "Entrer dans mon espace",
    asked: "Connectez-vous pour continuer. Vous reviendrez ensuite là où vous alliez.",
    door: "Entrer avec mon ENT",
    otherwise: "Entrer autrement",
    email: "Adresse e-mail",
    password: "Mot de passe",
    stay: "Garder ma session ouverte sur cet appareil",
    stay_help: "À cocher seulement si personne d’autre ne s’en sert.",
    enter: "Entrer",
    passkey: "Entrer avec une clé d’accès",
    forgotten: "Mot de passe oublié ?",
    create: "Créer mon espace",
    wrong: "L’adresse ou le mot de passe n’est pas le bon. Vérifiez l’un et l’autre, puis recommencez.",
    incomplete: "Il manque quelque chose",
    no_email: "Écrivez votre adresse e-mail, comme prenom@example.org.",
    no_password: "Écrivez votre mot de passe.",
    too_soon: |seconds| {
        format!("Il y a eu plusieurs essais de suite. Recommencez dans {seconds} s ; rien n’est bloqué.")
    },
    disabled: "Ce compte est suspendu. Écrivez à la personne qui s’occupe du serveur.",
    closing: |day| {
        format!(
            "Ce compte est fermé et sera effacé le {day}. Pour le garder, suivez le lien que nous vous avons envoyé."
        )
    },
    unlinked: "L’établissement est délié. Votre espace n’a pas changé : entrez avec votre mot de passe.",
};

const ENGLISH: Words = Words {
    title: "Enter my space",
    asked: "Sign in to go on. You will then come back to where you were going.",
    door: "Enter with my school account",
    otherwise: "Enter another way",
    email: "E-mail address",
    password: "Password",
    stay: "Stay signed in on this device",
    stay_help: "Only if nobody else uses it.",
    enter: "Sign in",
    passkey: "Sign in with a passkey",
    forgotten: "Forgotten password?",
    create: "Create my space",
    wrong: "The address or the password is not right. Check both and try again.",
    incomplete: "Something is missing",
    no_email: "Write your e-mail address, such as name@example.org.",
    no_password: "Write your password.",
    too_soon: |seconds| format!("There were several attempts in a row. Try again in {seconds} s; nothing is locked."),
    disabled: "This account is suspended. Write to whoever looks after the server.",
    closing: |day| {
        format!("This account is closed and will be erased on {day}. To keep it, follow the link that we sent you.")
    },
    unlinked: "The school is unlinked. Your space is as it was: enter with your password.",
};

#[derive(Template)]
#[template(path = "sign_in.html")]
#[expect(clippy::struct_excessive_bools, reason = "each shows one way in, or not")]
struct Page<'a> {
    shell: Shell,
    words: &'static Words,
    doors: &'a [Door],
    next: &'a Next,
    banner: Option<Banner>,
    summary: Option<Summary<'a>>,
    email: &'a Field,
    password: &'a Field,
    stays: bool,
    passkeys: bool,
    /// Whether passwords open accounts.
    passwords: bool,
    /// Whether anybody may sign up.
    open: bool,
}

/// What somebody typed, and what is wrong with it.
struct Typed {
    email: Field,
    password: Field,
    stays: bool,
    status: StatusCode,
    banner: Option<Banner>,
}

impl Typed {
    fn nothing(words: &Words) -> Self {
        let field = Field::default();
        Self {
            email: Field {
                name: "email",
                label: words.email,
                kind: "email",
                autocomplete: "username",
                ..field.clone()
            },
            password: Field {
                name: "password",
                label: words.password,
                kind: "password",
                autocomplete: "current-password",
                ..field
            },
            stays: false,
            status: StatusCode::OK,
            banner: None,
        }
    }

    /// What an application says of who comes. It proves nothing.
    ///
    /// Spec: O-141
    fn hinted(words: &Words, email: Option<&Email>) -> Self {
        let mut typed = Self::nothing(words);
        typed.email.value = email.map(ToString::to_string).unwrap_or_default();
        typed
    }

    /// The password is never sent back.
    fn again(words: &Words, form: &Form) -> Self {
        let mut typed = Self::nothing(words);
        form.get("email").trim().clone_into(&mut typed.email.value);
        typed.stays = form.find("stay").is_some();
        typed.status = StatusCode::UNPROCESSABLE_ENTITY;
        typed
    }

    fn stop(mut self, status: StatusCode, text: impl Into<String>) -> Self {
        self.status = status;
        self.banner = Some(Banner { tone: Tone::Stop, text: text.into() });
        self
    }
}

/// Answers a request for the page, or the form that it sent.
///
/// Spec: O-192, O-324, O-325
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let next = next::parse(asked.query.find("next"));
    if visitor.session.is_some() {
        return Ok(see_other(next.as_str(), Vec::new()));
    }
    let Some(form) = &asked.form else {
        let hint = authorize::login_hint(pages, visitor, &next).await?;
        let unlinked = asked.query.find("unlinked").map(|_| Banner { tone: Tone::Ok, text: words.unlinked.to_owned() });
        return show(pages, visitor, words, &next, Typed { banner: unlinked, ..Typed::hinted(words, hint.as_ref()) });
    };
    let mut typed = Typed::again(words, form);
    let email = Email::parse(form.get("email"));
    typed.email.error = email.is_none().then_some(words.no_email);
    typed.password.error = form.get("password").is_empty().then_some(words.no_password);
    if typed.email.error.is_some() || typed.password.error.is_some() {
        return show(pages, visitor, words, &next, typed);
    }
    let password = Password::typed(form.get("password"));
    let stays = typed.stays;
    match pages.accounts.check_password(email.as_ref(), password, Some(visitor.client)).await {
        Ok(account) if account.disabled => {
            let closing = account.closing.map(|day| (words.closing)(&date::day(day, visitor.language)));
            let text = closing.unwrap_or_else(|| words.disabled.to_owned());
            show(pages, visitor, words, &next, typed.stop(StatusCode::FORBIDDEN, text))
        }
        Ok(account) => {
            second::enter(pages, visitor, &account, &next, SignedInBy { stays, ..SignedInBy::password() }).await
        }
        Err(Error::Refused(Refusal::WrongLogin)) => {
            show(pages, visitor, words, &next, typed.stop(StatusCode::FORBIDDEN, words.wrong))
        }
        Err(Error::Refused(Refusal::TooSoon(wait))) => {
            let seconds = wait.as_secs() + 1;
            let typed = typed.stop(StatusCode::TOO_MANY_REQUESTS, (words.too_soon)(seconds));
            let mut response = show(pages, visitor, words, &next, typed)?;
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

/// Signs somebody in who has shown all that is asked of them, and sends them on.
///
/// Spec: O-192
pub(super) async fn begin(pages: &Pages, visitor: &Visitor, account: &Account, next: &Next, by: SignedInBy) -> Answer {
    if let Some(before) = &visitor.session {
        pages.accounts.end_session(&before.token).await?;
    }
    let stays = by.stays;
    let by = SignedInBy { device: visitor.device.clone(), ..by };
    let token = pages.accounts.begin(account, by).await?;
    Ok(see_other(next.as_str(), visitor.signed_in(&token, stays, account)))
}

fn show(pages: &Pages, visitor: &Visitor, words: &'static Words, next: &Next, typed: Typed) -> Answer {
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        doors: &pages.doors,
        next,
        banner: typed.banner,
        summary: Summary::of(words.incomplete, [&typed.email, &typed.password]),
        email: &typed.email,
        password: &typed.password,
        stays: typed.stays,
        passkeys: pages.passkeys.is_some(),
        passwords: pages.accounts.takes_passwords(),
        open: pages.accounts.registration().admits(Comes::Alone).is_ok(),
    };
    page(typed.status, &shown, visitor)
}
