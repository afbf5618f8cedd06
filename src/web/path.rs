//! Where the pages are: the addresses that several of them name.

pub use crate::http::oidc::{AUTHORIZATION, END_SESSION};

/// What an espace is, and the ways in.
pub const START: &str = "/";
/// The account's home.
pub const HOME: &str = "/.account/";
/// Signing in.
pub const SIGN_IN: &str = "/.account/login/";
/// Signing up: the first step.
pub const SIGN_UP: &str = "/.account/signup/";
/// A forgotten password; the letter leads to `choose/` below.
pub const RESET: &str = "/.account/reset/";
/// Accepting new terms.
pub const NEW_TERMS: &str = "/.account/terms/accept/";
/// Signing out; takes POST only.
pub const SIGN_OUT: &str = "/.account/logout/";
/// Where signing out leads.
pub const SIGNED_OUT: &str = "/.account/signed-out/";
/// Showing again who one is.
pub const CONFIRM: &str = "/.account/confirm/";
/// The terms of use.
pub const TERMS: &str = "/.account/terms/";
/// The second factor at sign-in.
pub const SECOND: &str = "/.account/login/second/";
/// Signing in with a passkey alone.
pub const PASSKEY: &str = "/.account/login/passkey/";
/// Schools, passkeys, an app that shows codes.
pub const WAYS: &str = "/.account/settings/ways/";
/// The linked schools, each below by its id.
pub const SCHOOLS: &str = "/.account/settings/ways/schools/";
/// Where leaving a school leads whom it let in.
pub const UNLINKED: &str = "/.account/login/?unlinked=yes";
/// Adding an app that shows codes.
pub const ADD_APP: &str = "/.account/settings/ways/app/";
/// Adding a passkey.
pub const ADD_PASSKEY: &str = "/.account/settings/ways/passkey/";
/// Ways in, devices, applications, keys, language.
pub const SETTINGS: &str = "/.account/settings/";
/// Where devices are signed out; takes POST only.
pub const DEVICES: &str = "/.account/settings/devices/";
/// What happened in the account.
pub const EVENTS: &str = "/.account/settings/events/";
/// Where the language is set; takes POST only.
pub const LANGUAGE: &str = "/.account/settings/language/";
/// Changing the password.
pub const PASSWORD: &str = "/.account/settings/password/";
/// Changing the e-mail address.
pub const EMAIL: &str = "/.account/settings/email/";
/// Where the letter to a new address leads.
pub const CONFIRM_EMAIL: &str = "/.account/email/confirm/";
/// Where the letter to the old address leads, which takes the change back.
pub const UNDO_EMAIL: &str = "/.account/email/undo/";
/// Deleting the account.
pub const DELETE: &str = "/.account/settings/delete/";
/// Where the letter leads that takes the deletion back.
pub const UNDO_DELETE: &str = "/.account/delete/undo/";
/// Where a minor asks a parent to agree to optional services.
pub const GUARDIAN: &str = "/.account/settings/guardian/";
/// Where the letter leads on which the parent answers.
pub const GUARDIAN_ANSWER: &str = "/.account/guardian/";
/// Bringing files in, each import below by its id.
pub const IMPORT: &str = "/.account/import/";
/// Where the letter leads that stops what two operators agreed on.
pub const STOP_RESCUE: &str = "/.account/rescue/stop/";
/// The keys for scripts, each below by its id.
pub const KEYS: &str = "/.account/settings/keys/";
/// Making a key.
pub const NEW_KEY: &str = "/.account/settings/keys/new/";
/// Spaces and identities; each space below by its name.
pub const SPACES: &str = "/.account/settings/spaces/";
/// Making another space.
pub const NEW_SPACE: &str = "/.account/settings/new-space/";
/// The WebIDs of the account, each below by the name of its link.
pub const IDENTITIES: &str = "/.account/settings/identities/";
/// Linking a WebID from elsewhere.
pub const NEW_IDENTITY: &str = "/.account/settings/identities/new/";
/// The applications that somebody allowed.
pub const APPLICATIONS: &str = "/.account/settings/applications/";
/// The sources that are connected, each below by its id.
pub const CONNECTORS: &str = "/.account/connectors/";
/// Connecting the contacts of a school, each below by its id.
pub const CONNECT_CONTACTS: &str = "/.account/connectors/new/contacts/";
/// The people whom the owner knows.
pub const CONTACTS: &str = "/.account/contacts/";
/// One card, by the place of its document.
pub const CONTACT: &str = "/.account/contacts/card/";
/// Adding a contact by hand.
pub const NEW_CONTACT: &str = "/.account/contacts/new/";
/// The bytes of a document, to save.
pub const RAW: &str = "/.account/raw/";
/// Payslips.
pub const PAYSLIPS: &str = "/.account/payslips/";
/// Dropping a payslip.
pub const DROP_PAYSLIP: &str = "/.account/payslips/drop/";
/// What the owner learns: traces and diplomas.
pub const LEARNING: &str = "/.account/learning/";
/// Adding a diploma.
pub const DIPLOMA: &str = "/.account/learning/diploma/";
/// Connecting the pay portal.
pub const CONNECT_PAYSLIPS: &str = "/.account/connectors/new/payslips/";
/// A sign-in on its way, by its `id`.
pub const INTERACTION: &str = "/.oidc/interaction";
/// Where the page that asks for it sends its form.
pub const END_SESSION_CONFIRMED: &str = "/.oidc/session/end/confirmed";
/// Every part that pages are made of, for development.
pub const PARTS: &str = "/.account/parts/";
