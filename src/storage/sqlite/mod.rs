//! The embedded backend: SQLite and a folder of blobs.
