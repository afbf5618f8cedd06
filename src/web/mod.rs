//! Pages for people. They work without scripts, ask nobody else for anything and speak French and English.

pub mod assets;
pub mod language;
pub mod start;

pub use language::Language;
