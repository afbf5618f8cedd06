//! Credentials good and bad, against a provider with one user.

mod credentials;
mod foreign;
mod own_keys;
mod world;
