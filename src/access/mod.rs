//! Web Access Control: who may do what. Pure: values in, values out.

pub mod acl;
pub mod caller;
pub mod decide;
pub mod mode;
pub mod wac_allow;

pub use acl::Acl;
pub use caller::{Agent, Caller};
pub use decide::{Acls, Evidence, Memberships, Origins, Rights, decide};
pub use mode::{Mode, Modes};

#[cfg(test)]
mod tests;
