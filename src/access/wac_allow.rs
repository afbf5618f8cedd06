//! The `WAC-Allow` field.

use super::decide::Rights;

/// Both groups are always sent, on one line.
///
/// Spec: wac#server-wac-allow, W-78, W-79, W-83
pub fn print(rights: Rights) -> String {
    format!("user=\"{}\",public=\"{}\"", rights.user, rights.public)
}
