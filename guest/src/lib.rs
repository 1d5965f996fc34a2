//! The guest of a Monopod machine as a library, so that tests share its schema.

pub mod protocol {
    #![allow(clippy::all)]
    tonic::include_proto!("monopod.guest.v1");
}
