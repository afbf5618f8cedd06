//! The second factor, at sign-in and whenever somebody confirms who they are: a code or a passkey, after a password or a
//! school's word; and signing in with a passkey alone.

use askama::Template;
use http::header::{HeaderValue, RETRY_AFTER, SET_COOKIE};
use http::{Response, StatusCode};

use super::parts::{Banner, Field, Tone};
use super::{Answer, Asked, Form, Instead, Next, Pages, Shell, Visitor, assets, next, page, path, see_other, sign_in};
use crate::http::Body;
use crate::http::cookie::{Cookie, Cookies};
use crate::identity::account::{
    Account, Challenge, Error, Factors, Half, Method, Passkeys, Refusal, SignedIn, SignedInBy,
};

/// What the page says.
struct Words {
    title: &'static str,
    lead: &'static str,
    code: &'static str,
    code_help: &'static str,
    enter: &'static str,
    passkey: &'static str,
    or: &'static str,
    wrong: &'static str,
    wrong_key: &'static str,
    too_soon: fn(u64) -> String,
    alone: &'static str,
    alone_lead: &'static str,
    otherwise: &'static str,
}

const FRENCH: Words = Words {
    title: "Encore une preuve",
    lead: "Votre espace demande une seconde preuve que c’est bien vous.",
    code: "Code",
    code_help: "Les six chiffres de votre application, ou un de vos codes de secours.",
    enter: "Entrer",
    passkey: "Utiliser ma clé d’accès",
    or: "Avec un code",
    wrong: "Ce code n’est pas le bon, ou il a déjà servi. Attendez le suivant, puis recommencez.",
    wrong_key: "La clé d’accès n’a pas été reconnue. Recommencez, ou entrez autrement.",
    too_soon: |seconds| {
        format!("Il y a eu plusieurs essais de suite. Recommencez dans {seconds} s ; rien n’est bloqué.")
    },
    alone: "Entrer avec une clé d’accès",
    alone_lead: "Votre appareil vous demande de le déverrouiller, puis ouvre votre espace.",
    otherwise: "Entrer autrement",
};

const ENGLISH: Words = Words {
    title: "One more proof",
    lead: "Your space asks for a second proof that it is you.",
    code: "Code",
    code_help: "The six digits of your app, or one of your recovery codes.",
    enter: "Sign in",
    passkey: "Use my passkey",
    or: "With a code",
    wrong: "This code is not the right one, or it was used already. Wait for the next one and try again.",
    wrong_key: "The passkey was not recognised. Try again, or sign in another way.",
    too_soon: |seconds| format!("There were several attempts in a row. Try again in {seconds} s; nothing is locked."),
    alone: "Sign in with a passkey",
    alone_lead: "Your device asks you to unlock it, then opens your space.",
    otherwise: "Sign in another way",
};

#[derive(Template)]
#[template(path = "second.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    banner: Option<Banner>,
    /// Whether there is an app, or recovery codes.
    code: Option<Field>,
    challenge: Option<Challenge>,
    here: String,
    script: &'static str,
}

/// Signs somebody in who has shown one factor; if the account has a second one, it is asked for first.
///
/// Spec: O-341, O-342, CP-14
pub(super) async fn enter(pages: &Pages, visitor: &Visitor, account: &Account, next: &Next, by: SignedInBy) -> Answer {
    let asked_for = pages.accounts.factors(&account.id).await?.are_asked_for();
    if !asked_for || by.methods.contains(&Method::Hwk) {
        return sign_in::begin(pages, visitor, account, next, by).await;
    }
    Ok(ask(pages, visitor, &Half::new(account, by, next.as_str(), pages.clock.now()), next))
}

/// Notes that somebody who is signed in has shown again who they are; if the account has a second factor, it is asked
/// for first.
///
/// Spec: O-343
pub(super) async fn confirm(pages: &Pages, visitor: &Visitor, by: &SignedIn, next: &Next, method: Method) -> Answer {
    let asked_for = pages.accounts.factors(&by.account.id).await?.are_asked_for();
    if asked_for && method != Method::Hwk {
        return Ok(ask(pages, visitor, &Half::confirming(by, method, next.as_str(), pages.clock.now()), next));
    }
    step_up(pages, visitor, by, next, &[method]).await
}

async fn step_up(pages: &Pages, visitor: &Visitor, by: &SignedIn, next: &Next, methods: &[Method]) -> Answer {
    let token = pages.accounts.step_up(by, methods).await?;
    Ok(see_other(next.as_str(), visitor.stepped_up(&token, &by.session)))
}

/// Sends somebody who has shown one factor to the page that asks for the other one.
fn ask(pages: &Pages, visitor: &Visitor, half: &Half, next: &Next) -> Response<Body> {
    let cookies = Cookies::of(visitor.addresses());
    let cookie = cookies.set(Cookie::Half, &half.seal(&pages.key), Some(Half::LIFETIME));
    see_other(&next.after(path::SECOND), vec![cookie])
}

/// Answers a request for the page, or the form that it sent.
///
/// Spec: O-325, O-341, O-342
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let half = visitor.kept(Cookie::Half).and_then(|sealed| Half::open(sealed, &pages.key, pages.clock.now()));
    let half = half.ok_or_else(|| Instead::GoTo(path::SIGN_IN.to_owned()))?;
    let account = pages.accounts.account(&half.account).await?.ok_or(Refusal::SignedOut)?;
    let here = visitor.session.as_ref().filter(|here| Some(&here.session.id) == half.confirms.as_ref());
    let confirmed = match half.confirms {
        // The session has ended meanwhile.
        Some(_) => Some(here.ok_or_else(|| Instead::GoTo(path::SIGN_IN.to_owned()))?),
        None => None,
    };
    let Some(form) = &asked.form else { return show(pages, visitor, &account, StatusCode::OK, None).await };
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    match prove(pages, &account, form).await {
        Ok(method) => {
            let next = next::parse(Some(&half.next));
            let mut by = half.by;
            by.methods.push(method);
            let mut response = match confirmed {
                Some(here) => step_up(pages, visitor, here, &next, &by.methods).await?,
                None => sign_in::begin(pages, visitor, &account, &next, by).await?,
            };
            let done = Cookies::of(visitor.addresses()).clear(Cookie::Half);
            response.headers_mut().append(SET_COOKIE, done);
            Ok(response)
        }
        Err(Error::Refused(Refusal::WrongCode)) => {
            show(pages, visitor, &account, StatusCode::FORBIDDEN, Some(words.wrong.to_owned())).await
        }
        Err(Error::Refused(Refusal::WrongPasskey)) => {
            show(pages, visitor, &account, StatusCode::FORBIDDEN, Some(words.wrong_key.to_owned())).await
        }
        Err(Error::Refused(Refusal::TooSoon(wait))) => {
            let seconds = wait.as_secs() + 1;
            let told = Some((words.too_soon)(seconds));
            let mut response = show(pages, visitor, &account, StatusCode::TOO_MANY_REQUESTS, told).await?;
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

/// The second factor that a form shows.
pub(super) async fn prove(pages: &Pages, account: &Account, form: &Form) -> Result<Method, Error> {
    let (Some(passkeys), Some(answer)) = (&pages.passkeys, form.find("passkey").filter(|answer| !answer.is_empty()))
    else {
        pages.accounts.check_code(&account.id, form.get("code"), &pages.key).await?;
        return Ok(Method::Otp);
    };
    let show = |factors: &mut Factors, now| {
        passkeys.finish_showing(&account.id, factors, form.get("challenge"), answer, &pages.key, now)
    };
    pages.accounts.edit_factors(&account.id, show).await?;
    Ok(Method::Hwk)
}

/// What a passkey of the account is asked, if there is one.
pub(super) fn challenge(pages: &Pages, account: &Account, factors: &Factors) -> Option<Challenge> {
    let passkeys = pages.passkeys.as_ref().filter(|_| !factors.passkeys.is_empty())?;
    passkeys.begin_showing(&account.id, factors, &pages.key, pages.clock.now()).ok()
}

async fn show(
    pages: &Pages,
    visitor: &Visitor,
    account: &Account,
    status: StatusCode,
    wrong: Option<String>,
) -> Answer {
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let factors = pages.accounts.factors(&account.id).await?;
    let code = Field {
        name: "code",
        label: words.code,
        kind: "text",
        autocomplete: "one-time-code",
        help: Some(words.code_help),
        ..Field::default()
    };
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        banner: wrong.map(|text| Banner { tone: Tone::Stop, text }),
        code: (factors.totp.is_some() || factors.codes.left() > 0).then_some(code),
        challenge: challenge(pages, account, &factors),
        here: visitor.here().as_str().to_owned(),
        script: assets::passkey(),
    };
    page(status, &shown, visitor)
}

#[derive(Template)]
#[template(path = "passkey_sign_in.html")]
struct PasskeyPage {
    shell: Shell,
    words: &'static Words,
    banner: Option<Banner>,
    here: String,
    challenge: Challenge,
    script: &'static str,
}

/// Signs somebody in with a passkey alone.
///
/// Spec: O-341
pub(super) async fn with_passkey(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let Some(passkeys) = &pages.passkeys else { return Err(Instead::GoTo(path::SIGN_IN.to_owned())) };
    let next = next::parse(asked.query.find("next"));
    let shown = match &asked.form {
        Some(form) => whose(pages, passkeys, form).await.map(Some),
        None => Ok(None),
    };
    let words = visitor.language.choose(&FRENCH, &ENGLISH);
    let (status, banner) = match shown {
        Ok(Some(account)) => {
            let by = SignedInBy { methods: vec![Method::Hwk], ..SignedInBy::default() };
            return sign_in::begin(pages, visitor, &account, &next, by).await;
        }
        Ok(None) => (StatusCode::OK, None),
        Err(Error::Refused(Refusal::WrongPasskey)) => {
            (StatusCode::FORBIDDEN, Some(Banner { tone: Tone::Stop, text: words.wrong_key.to_owned() }))
        }
        Err(error) => return Err(error.into()),
    };
    let shown = PasskeyPage {
        shell: Shell::new(visitor, words.alone),
        words,
        banner,
        here: next.after(path::PASSKEY),
        challenge: passkeys.begin_signing_in(&pages.key, pages.clock.now())?,
        script: assets::passkey(),
    };
    page(status, &shown, visitor)
}

/// The account whose passkey a form shows.
async fn whose(pages: &Pages, passkeys: &Passkeys, form: &Form) -> Result<Account, Error> {
    let answer = form.get("passkey");
    let id = passkeys.whose(answer).ok_or(Refusal::WrongPasskey)?;
    let account = pages.accounts.account(&id).await?.ok_or(Refusal::WrongPasskey)?;
    let show = |factors: &mut Factors, now| {
        passkeys.finish_signing_in(factors, form.get("challenge"), answer, &pages.key, now)
    };
    pages.accounts.edit_factors(&id, show).await?;
    Ok(account)
}
