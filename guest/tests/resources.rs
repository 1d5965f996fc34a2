//! Limits, and what becomes of those who hit them. Needs QEMU and what build.sh makes.

mod support;

use monopod_guest::protocol::*;
use support::{Client, Machine, ended, run_script, script, start};
use tonic::Code;

async fn statistics(client: &mut Client) -> StatisticsResponse {
    client.statistics(StatisticsRequest { detailed: true }).await.expect("statistics").into_inner()
}

#[tokio::test]
async fn kills_the_container_and_not_the_guest_when_memory_ends() {
    let (machine, mut client) = Machine::ready().await;
    let mut bystander = script("bystander", "sleep 1000");
    bystander.resources = Some(Resources { oom_score_adj: -997, ..Resources::default() });
    start(&mut client, bystander).await;

    let mut greedy = script("greedy", "tail /dev/zero");
    greedy.resources = Some(Resources { oom_score_adj: 1000, ..Resources::default() });
    start(&mut client, greedy).await;
    let state = ended(&mut client, "greedy").await;

    assert_eq!((state.exit_code, state.oom_killed), (137, true), "{state:?}\n{}", machine.console());
    let told = statistics(&mut client).await;
    assert_eq!(told.containers.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["bystander"]);
    assert_eq!(told.events.iter().find(|one| one.name == "greedy").expect("events").oom_kills, 1);
}

#[tokio::test]
async fn ends_the_whole_container_when_one_process_is_killed() {
    let (_machine, mut client) = Machine::ready().await;
    let mut parent = script("parent", "tail /dev/zero; echo survived");
    parent.resources = Some(Resources { memory_max_bytes: 32 << 20, ..Resources::default() });
    start(&mut client, parent).await;

    let state = ended(&mut client, "parent").await;

    assert_eq!((state.exit_code, state.oom_killed), (137, true), "{state:?}");
    client.remove_container(RemoveContainerRequest { container_id: "parent".to_owned() }).await.expect("remove");
    let told = statistics(&mut client).await;
    assert!(told.events.iter().find(|one| one.name == "parent").expect("events").oom_kills >= 1, "{told:?}");
}

#[tokio::test]
async fn gives_a_running_container_other_limits() {
    let (_machine, mut client) = Machine::ready().await;
    let mut one = script("one", "dd if=/dev/zero of=/dev/shm/held bs=1M count=20; echo ready; sleep 1000");
    one.resources = Some(Resources { memory_max_bytes: 64 << 20, cpu_weight: 10, ..Resources::default() });
    start(&mut client, one).await;
    loop {
        if statistics(&mut client).await.containers[0].usage.as_ref().expect("usage").memory_bytes > 20 << 20 {
            break;
        }
    }
    let mut limit = async |id: &str, bytes: u64| {
        let resources = Resources {
            memory_max_bytes: bytes,
            cpu_quota_micros: 25_000,
            cpu_period_micros: 100_000,
            cpu_weight: 20,
            ..Resources::default()
        };
        client.limit_resources(LimitResourcesRequest { container_id: id.to_owned(), resources: Some(resources) }).await
    };

    limit("one", 48 << 20).await.expect("fits");
    limit("", 100 << 20).await.expect("the pod");
    let refusal = limit("one", 4 << 20).await.expect_err("more is in use");

    assert_eq!(refusal.code(), Code::FailedPrecondition, "{refusal}");
    let told = statistics(&mut client).await;
    let usage = told.containers[0].usage.clone().expect("usage");
    assert_eq!((usage.memory_limit_bytes, usage.cpu_quota_micros, usage.cpu_weight), (48 << 20, 25_000, 20));
    assert_eq!(told.pod.expect("pod").memory_limit_bytes, 100 << 20);
}

#[tokio::test]
async fn counts_what_a_container_uses() {
    let (_machine, mut client) = Machine::ready().await;
    start(&mut client, script("busy", "dd if=/dev/zero of=/file bs=1M count=5; while :; do :; done")).await;
    let busy = loop {
        let told = statistics(&mut client).await;
        if told.containers[0].usage.as_ref().expect("usage").cpu_nanos > 1_000_000_000 && told.containers[0].root_used_bytes >= 5 << 20 {
            break told;
        }
    };

    let usage = busy.containers[0].usage.clone().expect("usage");
    let pod = busy.pod.expect("pod");
    let machine = busy.machine.expect("machine");
    assert!(usage.processes >= 1 && usage.threads >= 1 && usage.open_files >= 3, "{usage:?}");
    assert!(usage.cpu_pressure.is_some() && usage.memory_pressure.is_some() && usage.io_pressure.is_some(), "{usage:?}");
    // The kernel adds up lazily.
    assert!(pod.cpu_nanos >= 900_000_000 && machine.cpu_nanos >= 900_000_000, "{pod:?} {machine:?}");
    assert!(pod.memory_limit_bytes > 0 && pod.memory_limit_bytes < busy.machine_memory_total_bytes);
    assert!(machine.memory_working_set_bytes > 0 && machine.memory_working_set_bytes < busy.machine_memory_total_bytes);
    let (_, text) = run_script(&mut client, script("limits", "cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/memory.oom.group")).await;
    assert!(text.contains("F max") && text.contains("F 1"), "{text}");
}
