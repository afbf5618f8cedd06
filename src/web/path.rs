//! Where the pages are: the addresses that several of them name.

/// What an espace is, and the ways in.
pub const START: &str = "/";
/// The account's home.
pub const HOME: &str = "/.account/";
/// Signing in.
pub const SIGN_IN: &str = "/.account/login/";
/// Signing out; takes POST only.
pub const SIGN_OUT: &str = "/.account/logout/";
/// Where signing out leads.
pub const SIGNED_OUT: &str = "/.account/signed-out/";
/// Showing again who one is.
pub const CONFIRM: &str = "/.account/confirm/";
/// Ways in, devices, applications, keys, language.
pub const SETTINGS: &str = "/.account/settings/";
/// Every part that pages are made of, for development.
pub const PARTS: &str = "/.account/parts/";
