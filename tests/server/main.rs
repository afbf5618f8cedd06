//! Our server from outside: each test a story, told over HTTP to a real server.

mod reading;
mod world;
