//! SPARQL: the subset of Update that PATCH takes. The engine is oxigraph, in memory.

pub mod update;
