//! RDF: graphs, their formats, patches and the terms we name. Pure; nothing is ever fetched from here.

pub mod format;
pub mod graph;
pub mod pattern;
pub mod patch;
pub mod shape;
pub mod vocab;

pub use format::{Document, Format};
pub use graph::{Dataset, Graph, Literal, Term, Triple};
