//! The machine itself: identity, reconnection, power. Needs QEMU and what build.sh makes.

mod support;

use support::{Machine, identity};
use tonic::Code;

#[tokio::test]
async fn answers_configure_with_what_it_booted() {
    let (_machine, mut client) = Machine::ready().await;

    let again = client.configure(identity("machine-1")).await.expect("second configure").into_inner();

    assert!(again.kernel_release.contains("cloud"), "{again:?}");
    assert_eq!(again.boot_id.len(), 36);
    assert!(again.memory_total_bytes > 150 << 20);
    println!("{again:?}");
}

#[tokio::test]
async fn refuses_another_identity() {
    let (_machine, mut client) = Machine::ready().await;

    let refusal = client.configure(identity("machine-2")).await.expect_err("another id");

    assert_eq!(refusal.code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn serves_an_agent_that_comes_back() {
    let (machine, client) = Machine::ready().await;
    drop(client);

    for _ in 0..3 {
        let mut next = machine.connect().await;
        next.configure(identity("machine-1")).await.expect("configure over a new connection");
    }
}
