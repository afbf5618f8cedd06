//! School data comes home: connectors fetch it, mappings say it in RDF, and what the owner changed stays.
//!
//! A run goes from top to bottom: *source* (what the other side answers) → *mapping* (pure: [`target::Target`]s) →
//! shapes → three-way *merge* with what the pod holds → writes through [`crate::pods::Pods::perform`], as the owner's
//! agent, with provenance.

pub mod merge;
pub mod outcome;
pub mod target;
