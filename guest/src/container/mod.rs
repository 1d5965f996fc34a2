//! Containers: how one is made, what is known of it, how it ends.

mod control;
pub mod exec;
pub mod identity;
mod in_memory;
pub mod launch;
pub mod lifecycle;
pub mod pause;
pub mod registry;
pub mod request;
mod root;
pub mod seccomp;
mod seccomp_default;
pub mod spec;
pub mod starter;
pub mod terminal;
pub mod users;
