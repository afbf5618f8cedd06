//! What the protocol does with what is there: pure, values in, values out.

pub mod condition;
