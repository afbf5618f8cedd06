//! Web Access Control: who may do what. Pure: values in, values out.

pub mod caller;
pub mod mode;

pub use caller::{Agent, Caller};
pub use mode::{Mode, Modes};
