//! Compiles the schema between agent and guest. protox reads it in pure Rust: no protoc is needed on the building host.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = "../protocol/src/main/proto";
    println!("cargo:rerun-if-changed={folder}/guest.proto");
    let schema = protox::compile(["guest.proto"], [folder])?;
    tonic_prost_build::configure().compile_fds(schema)?;
    Ok(())
}
