//! Coming in through a school: the platform as it should be, and as it should not.

use std::sync::Arc;
use std::time::Duration;

use cartable::address::Addresses;
use cartable::clock::SetClock;
use cartable::fetch::{self, Fetch};
use cartable::identity::upstream::{
    Answer, Begun, Came, Config, Credentials, Endpoints, Fault, Person, Purpose, Upstreams, Wish, with,
};
use cartable::secret::{Secret, SecretKey};
use cartable::units::Span;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use crate::ent::{CLIENT, Ent, Lie, Registered, SCHOOL, SECRET};
use crate::world::BEGINNING;

/// A Cartable's view of a pretend school.
struct School {
    ent: Ent,
    upstreams: Upstreams,
    clock: Arc<SetClock>,
}

/// The settings of a provider for the pretend school at `issuer`.
pub fn config(issuer: &str) -> Config {
    let text = format!(
        "id = 'armorique'\nname = 'ENT Armorique'\nissuer = '{issuer}'\nclient_id = '{CLIENT}'\n\
         [claims]\nrole = 'title'\nstaff = ['ENS']\ntenant = 'structure'\nadult = 'majeur'\n\
         [contacts]\nurl = '{issuer}/contacts/{{uid}}'\ntimeout = '1 s'"
    );
    toml::from_str(&text).unwrap()
}

impl School {
    async fn open() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let clock = Arc::new(SetClock::at(BEGINNING));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = "https://pods.example/";
        let ent = Ent::open(listener, Registered::at(base, "armorique"), clock.clone());
        let addresses = Arc::new(Addresses::with_paths(base).unwrap());
        let fetch = Arc::new(Fetch::new(fetch::Setup::new(addresses, clock.clone())));
        let mut config = config(&ent.issuer);
        change(&mut config);
        let known = [(config, Credentials::Secret(Secret::new(SECRET)))];
        let secret = Arc::new(SecretKey::ephemeral());
        let upstreams = Upstreams::new(known, base, &fetch, secret, clock.clone());
        Self { ent, upstreams, clock }
    }

    async fn begin(&self) -> Begun {
        self.wish(Purpose::SignIn).await.unwrap()
    }

    async fn wish(&self, purpose: Purpose) -> Result<Begun, Fault> {
        let wish = Wish { purpose, next: "/.account/files/".into() };
        self.upstreams.begin("armorique", wish, "fr").await
    }

    /// Comes back from the school with what it sent along.
    async fn finish(&self, begun: &Begun, callback: &str) -> Result<Came, Fault> {
        self.upstreams.finish("armorique", &begun.sealed, answer(callback)).await
    }

    /// The whole way there and back.
    async fn sign_in(&self, login: &str) -> Result<Person, Fault> {
        let begun = self.wish(Purpose::SignIn).await?;
        let callback = self.ent.sign_in(begun.url.as_str(), login);
        self.finish(&begun, &callback).await.map(|came| came.person)
    }
}

/// What a browser brings back to this address.
fn answer(callback: &str) -> Answer {
    let url: Url = callback.parse().unwrap();
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    Answer::read(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))).unwrap()
}

/// Shows: O-301, O-302, O-303, O-309, O-312
#[tokio::test]
async fn a_pupil_and_a_teacher_come_in() {
    let school = School::open().await;
    let begun = school.begin().await;
    let sent: std::collections::HashMap<_, _> = begun.url.query_pairs().into_owned().collect();
    assert_eq!(sent["redirect_uri"], "https://pods.example/.account/login/oidc/armorique/callback");
    assert_eq!((&*sent["response_type"], &*sent["code_challenge_method"]), ("code", "S256"));
    assert_eq!((sent["scope"].as_str(), sent["ui_locales"].as_str()), ("openid profile email", "fr"));
    assert!(sent["state"].len() == 43 && sent["nonce"].len() == 43 && !begun.sealed.contains(&sent["state"]));
    let callback = school.ent.sign_in(begun.url.as_str(), "malo");
    let Came { person: malo, wish, rest, .. } = school.finish(&begun, &callback).await.unwrap();
    assert_eq!((wish.next.as_str(), rest.as_str()), ("/.account/files/", ""));
    assert_eq!((malo.issuer.as_str(), malo.subject.as_str()), (school.ent.issuer.as_str(), "ent-malo"));
    assert_eq!((malo.name.as_deref(), malo.tenant.as_deref()), (Some("Malo Fictif"), Some(SCHOOL)));
    assert_eq!((malo.sid, malo.authenticated), (school.ent.session("malo"), Some(BEGINNING)));
    assert!(malo.is_minor && !malo.is_staff);
    let lena = school.sign_in("lena").await.unwrap();
    assert!(!lena.is_minor && !lena.is_staff);
    let soizic = school.sign_in("soizic").await.unwrap();
    assert!(!soizic.is_minor && soizic.is_staff);
}

/// Shows: O-302, O-303
#[tokio::test]
async fn nothing_that_the_school_lies_about_is_believed() {
    let table = [
        (Lie::Issuer, "iss"),
        (Lie::Audience, "aud"),
        (Lie::SecondAudience, "aud"),
        (Lie::Party, "azp"),
        (Lie::Nonce, "nonce"),
        (Lie::NoNonce, "nonce"),
        (Lie::Key, "signature"),
        (Lie::Unsigned, "alg"),
        (Lie::Symmetric, "alg"),
        (Lie::Expired, "exp or iat"),
        (Lie::Old, "exp or iat"),
        (Lie::Early, "exp or iat"),
        (Lie::TokenHash, "at_hash"),
        (Lie::Missing, "no ID token"),
        (Lie::LongSubject, "sub"),
        (Lie::OtherSubject, "userinfo sub"),
        (Lie::UserinfoError, "userinfo"),
        (Lie::AccessToken, "access token"),
        (Lie::AnswerIssuer, "iss of the answer"),
        (Lie::NoAnswerIssuer, "iss of the answer"),
    ];
    let school = School::open().await;
    for (lie, why) in table {
        school.ent.lie(lie);
        assert_eq!(school.sign_in("malo").await, Err(Fault::Unacceptable(why)), "{lie:?}");
    }
    school.ent.lie(Lie::Code);
    assert_eq!(school.sign_in("malo").await, Err(Fault::Refused("invalid_grant".into())));
    school.ent.lie(None);
    assert!(school.sign_in("malo").await.is_ok(), "nothing of it stays");
    let liar = School::open().await;
    liar.ent.lie(Lie::Configuration);
    assert_eq!(liar.sign_in("malo").await, Err(Fault::Unacceptable("issuer")));
}

/// Shows: O-302
#[tokio::test]
async fn an_answer_is_good_for_the_browser_that_asked_once_and_for_ten_minutes() {
    let school = School::open().await;
    let (mine, theirs) = (school.begin().await, school.begin().await);
    let callback = school.ent.sign_in(mine.url.as_str(), "malo");
    assert_eq!(school.finish(&theirs, &callback).await, Err(Fault::Stale), "another browser, or another tab");
    for kept in ["", "x", "..", &mine.sealed[1..]] {
        assert_eq!(school.upstreams.finish("armorique", kept, answer(&callback)).await, Err(Fault::Stale), "{kept}");
    }
    assert_eq!(school.upstreams.finish("other", &mine.sealed, answer(&callback)).await, Err(Fault::Unknown));
    let both = with(Some(&theirs.sealed), &mine.sealed);
    let came = school.upstreams.finish("armorique", &both, answer(&callback)).await.unwrap();
    assert_eq!(came.rest, theirs.sealed, "the other tab's sign-in goes on");
    assert_eq!(school.finish(&mine, &callback).await, Err(Fault::Refused("invalid_grant".into())), "the back button");
    let late = school.begin().await;
    let callback = school.ent.sign_in(late.url.as_str(), "malo");
    school.clock.advance(Duration::from_mins(10));
    assert_eq!(school.finish(&late, &callback).await, Err(Fault::Stale));
    let refused = school.begin().await;
    let state = refused.url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let callback = format!("https://pods.example/?error=access_denied&state={state}&iss={}", school.ent.issuer);
    assert_eq!(school.finish(&refused, &callback).await, Err(Fault::Refused("access_denied".into())));
}

/// Shows: O-303
#[tokio::test]
async fn a_school_that_is_down_or_slow_keeps_nobody_waiting() {
    let school = School::with(|config| config.timeout = Span(Duration::from_millis(300))).await;
    for (lie, why) in [(Lie::Down, fetch::Error::Unreachable), (Lie::Slow, fetch::Error::TooSlow)] {
        let begun = school.begin().await;
        let callback = school.ent.sign_in(begun.url.as_str(), "malo");
        school.ent.lie(lie);
        assert_eq!(school.finish(&begun, &callback).await, Err(Fault::Away(why)));
        school.ent.lie(None);
    }
    let cold = School::with(|config| config.timeout = Span(Duration::from_millis(300))).await;
    cold.ent.lie(Lie::Down);
    assert_eq!(cold.wish(Purpose::SignIn).await, Err(Fault::Away(fetch::Error::Unreachable)));
    assert_eq!(cold.wish(Purpose::SignIn).await, Err(Fault::Away(fetch::Error::Resting)));
    assert_eq!(cold.ent.asked("/.well-known/openid-configuration"), 1, "the second did not ask again");
    cold.ent.lie(None);
    cold.clock.advance(Duration::from_secs(30));
    assert!(cold.wish(Purpose::SignIn).await.is_ok());
}

/// Shows: O-303
#[tokio::test]
async fn new_keys_are_looked_for_but_not_often() {
    let school = School::open().await;
    school.sign_in("malo").await.unwrap();
    school.ent.rotate();
    assert_eq!(school.sign_in("malo").await, Err(Fault::Unacceptable("signature")), "asked a moment ago");
    school.clock.advance(Duration::from_secs(30));
    assert!(school.sign_in("malo").await.is_ok());
    assert_eq!(school.ent.asked("/jwks"), 2);
    // Configuration and keys are kept when the school is away for a while, but not for ever.
    school.clock.advance(Duration::from_mins(20));
    school.ent.lie(Lie::Down);
    assert!(school.wish(Purpose::SignIn).await.is_ok());
    school.clock.advance(Duration::from_hours(1));
    assert!(matches!(school.wish(Purpose::SignIn).await, Err(Fault::Away(_))));
}

/// Shows: O-301
#[tokio::test]
async fn only_the_schools_that_are_named_come_in() {
    let school = School::with(|config| config.tenants = [SCHOOL.to_owned()].into()).await;
    assert!(school.sign_in("malo").await.is_ok());
    let school = School::with(|config| config.tenants = ["0999002X".to_owned()].into()).await;
    assert_eq!(school.sign_in("malo").await, Err(Fault::Tenant));
}

/// Shows: O-301
#[tokio::test]
async fn a_school_without_a_configuration_document_is_reached_by_its_endpoints() {
    let school = School::with(|config| {
        let place = |name: &str| format!("{}/{name}", config.issuer).parse().unwrap();
        config.endpoints = Some(Endpoints {
            authorization: place("authorize"),
            token: place("token"),
            userinfo: Some(place("userinfo")),
            jwks: place("jwks"),
            revocation: None,
        });
    })
    .await;
    assert!(school.sign_in("malo").await.is_ok());
    assert_eq!(school.ent.asked("/.well-known/openid-configuration"), 0);
}

/// Shows: O-343
#[tokio::test]
async fn who_must_sign_in_anew_is_asked_to() {
    let school = School::open().await;
    let begun = school.wish(Purpose::SignInAnew).await.unwrap();
    let sent: std::collections::HashMap<_, _> = begun.url.query_pairs().into_owned().collect();
    assert_eq!((sent["prompt"].as_str(), sent["max_age"].as_str()), ("login", "300"));
    let callback = school.ent.sign_in(begun.url.as_str(), "malo");
    assert!(school.finish(&begun, &callback).await.is_ok());
}

/// Shows: O-305
#[tokio::test]
async fn a_newcomer_is_kept_for_ten_minutes_by_their_browser_alone() {
    let school = School::open().await;
    let malo = school.sign_in("malo").await.unwrap();
    let sealed = school.upstreams.welcome(malo.clone(), "/.account/");
    assert!(!sealed.contains("malo"));
    assert_eq!(school.upstreams.newcomer(&sealed), Some((malo, "/.account/".to_owned())));
    assert_eq!(school.upstreams.newcomer(&sealed[1..]), None);
    let begun = school.begin().await;
    assert_eq!(school.upstreams.newcomer(&begun.sealed), None, "sealed for something else");
    school.clock.advance(Duration::from_mins(10));
    assert_eq!(school.upstreams.newcomer(&sealed), None);
}

/// Shows: O-310
#[tokio::test]
async fn the_school_says_who_signed_out() {
    let school = School::open().await;
    let told = async |changes: Value| {
        let token = school.ent.logout_token("malo", &changes);
        school.upstreams.signed_out("armorique", &token).await
    };
    let signed_out = told(json!({})).await.unwrap();
    assert_eq!((signed_out.subject.as_deref(), signed_out.sid), (Some("ent-malo"), None));
    let signed_out = told(json!({ "sub": null, "sid": "s" })).await.unwrap();
    assert_eq!((signed_out.subject, signed_out.sid.as_deref()), (None, Some("s")));
    assert_eq!(told(json!({ "aud": "other" })).await, Err(Fault::Unacceptable("aud")));
    assert_eq!(told(json!({ "nonce": "n" })).await, Err(Fault::Unacceptable("nonce")));
    let token = school.ent.logout_token("malo", &json!({}));
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let bent = format!("{signed}.{other}{}", &signature[1..]);
    assert_eq!(school.upstreams.signed_out("armorique", &bent).await, Err(Fault::Unacceptable("signature")));
    assert_eq!(school.upstreams.signed_out("armorique", "no token").await, Err(Fault::Unacceptable("logout token")));
    school.ent.lie(Lie::Key);
    assert_eq!(told(json!({})).await, Err(Fault::Unacceptable("signature")));
}
