//! The machine itself: identity, reconnection, power. Needs QEMU and what build.sh makes.

mod support;

use monopod_guest::protocol::start_refusal::Kind;
use monopod_guest::protocol::{
    ConfigureRequest, ListContainersRequest, NetworkInterface, ReadLogRequest, RehearseRequest, StatisticsRequest, WatchContainersRequest,
};
use support::{Machine, identity, log, refused, run_script, script, start};
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

#[tokio::test]
async fn serves_an_agent_whose_predecessor_left_streams_open() {
    let (machine, mut client) = Machine::ready().await;
    start(&mut client, script("sleeper", "echo here; sleep 100")).await;
    let mut watch = client.watch_containers(WatchContainersRequest {}).await.expect("watch").into_inner();
    let request = ReadLogRequest { container_id: "sleeper".to_owned(), offset: 0, follow: true };
    let mut chunks = client.read_log(request).await.expect("log").into_inner();
    watch.message().await.expect("state").expect("some");
    chunks.message().await.expect("chunk").expect("some");
    drop((watch, chunks, client));

    for _ in 0..3 {
        let mut next = machine.connect().await;
        next.configure(identity("machine-1")).await.expect("configure over a new connection");
        let mut watch = next.watch_containers(WatchContainersRequest {}).await.expect("watch").into_inner();
        watch.message().await.expect("state").expect("some");
    }
}

#[tokio::test]
async fn takes_its_address_and_images_that_come_later() {
    let machine = Machine::start();
    let mut client = machine.connect().await;
    let network = NetworkInterface {
        mac: "02:00:00:00:00:01".to_owned(),
        address: "192.168.96.7".to_owned(),
        prefix_length: 32,
        gateway: "192.168.96.1".to_owned(),
        mtu: 1400,
    };
    client.configure(ConfigureRequest { network: Some(network), ..identity("machine-1") }).await.expect("configure");

    let (_, text) = run_script(&mut client, script("address", "ip addr; ip route; ping -c 1 192.168.96.7; hostname; date +%Y")).await;
    for expected in
        ["inet 192.168.96.7/32", "mtu 1400", "default via 192.168.96.1 dev eth0", "192.168.96.1 dev eth0", "1 packets received", "web-0"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains("inet6 fe80"), "{text}");

    let mut request = script("late", "echo late");
    request.image_disk_slot = 2;
    assert_eq!(refused(&mut client, request.clone()).await.0, Kind::Machine, "the image is not there yet");
    machine.fill_late_image();
    let (_, text) = run_script(&mut client, request).await;
    assert_eq!(text, "stdout F late");
}

#[tokio::test]
async fn keeps_containers_while_agents_come_and_go() {
    let (machine, mut client) = Machine::ready().await;
    start(&mut client, script("talker", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i; done")).await;
    let request = ReadLogRequest { container_id: "talker".to_owned(), offset: 0, follow: true };
    let mut chunks = client.read_log(request).await.expect("log").into_inner();
    chunks.message().await.expect("chunk").expect("some");
    // Leaves in the middle of a stream, and is back at once.
    drop((chunks, client));

    let mut connections = 0;
    let text = loop {
        connections += 1;
        let mut next = machine.connect().await;
        // What the last connection still had under way may spoil the next one or two: then an agent comes again.
        let attempt = tokio::spawn(async move {
            next.configure(identity("machine-1")).await.expect("configure");
            log(&mut next, "talker").await
        });
        if let Ok(text) = attempt.await {
            break text;
        }
        assert!(connections < 10, "no connection works");
    };

    println!("{connections} connections until one worked");
    assert_eq!(text.lines().count(), 20_000);
    assert!(text.ends_with("line 20000"));
}

#[tokio::test]
async fn rehearses_a_start_and_stays_nobodys() {
    let machine = Machine::start();
    let mut client = machine.connect().await;
    let rehearsal = || RehearseRequest { configuration: Some(ConfigureRequest { hostname: "waiting".to_owned(), ..identity("") }) };

    // Twice: the second finds whatever the first has left.
    for _ in 0..2 {
        client.rehearse(rehearsal()).await.unwrap_or_else(|status| panic!("{status}\n{}", machine.console()));
    }

    let listed = client.list_containers(ListContainersRequest {}).await.expect("list").into_inner();
    assert!(listed.containers.is_empty(), "{listed:?}");
    let status = client.start_container(script("early", "true")).await.expect_err("nobody's machine starts nothing");
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
    client.configure(identity("machine-1")).await.expect("configure");
    let status = client.rehearse(rehearsal()).await.expect_err("it is somebody's");
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
    let (_, text) = run_script(&mut client, script("first", "hostname; grep -c rehearsal /proc/self/mountinfo")).await;
    assert_eq!(text, "stdout F web-0\nstdout F 0");
    let statistics = client.statistics(StatisticsRequest { detailed: true }).await.expect("statistics").into_inner();
    let text = format!("{statistics:?}");
    assert!(text.contains("first") && !text.contains("rehearsal"), "{text}");
}
