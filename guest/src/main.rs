pub mod protocol { tonic::include_proto!("monopod.guest.v1"); }
fn main(){}
