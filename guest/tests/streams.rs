//! Exec, attach, port forwarding, probes and statistics in a real machine.

mod support;

use std::collections::HashMap;

use monopod_guest::protocol::probe_failure::Kind;
use monopod_guest::protocol::probe_response::Outcome;
use monopod_guest::protocol::*;
use support::{Client, Machine, ended, identity, log, script, start};
use tokio_stream::wrappers::ReceiverStream;

#[tokio::test]
async fn streams_reach_containers() {
    let (_machine, mut client) = Machine::ready().await;
    let server = "mkdir -p /tmp/www && echo hello > /tmp/www/index.html && httpd -p 8080 -h /tmp/www && echo ready && exec sleep 1000";
    start(&mut client, script("server", server)).await;
    let mut chunks =
        client.read_log(ReadLogRequest { container_id: "server".to_owned(), offset: 0, follow: true }).await.expect("log").into_inner();
    chunks.message().await.expect("chunk").expect("ready");

    runs_a_command_with_input(&mut client).await;
    runs_a_command_in_a_terminal(&mut client).await;
    tells_how_a_command_failed(&mut client).await;
    ends_a_command_that_takes_too_long(&mut client).await;
    attaches_to_a_container(&mut client).await;
    forwards_a_port(&mut client).await;
    probes(&mut client).await;
    counts(&mut client).await;
}

#[tokio::test]
async fn containers_of_a_pod_can_share_processes() {
    let machine = Machine::start();
    let mut client = machine.connect().await;
    client.configure(ConfigureRequest { share_process_namespace: true, ..identity("machine-1") }).await.expect("configure");
    start(&mut client, script("one", "exec sleep 4321")).await;

    start(&mut client, script("two", "ps; echo $$; sleep 1000 & echo done")).await;

    let state = ended(&mut client, "two").await;
    let text = log(&mut client, "two").await;
    assert_eq!(state.exit_code, 0);
    assert!(text.contains("sleep 4321") && text.contains("F done"), "{text}");
    assert!(!text.contains("F 1\n"), "process 1 is the pod's: {text}");
}

/// What a stream said: output, errors, and its end.
#[derive(Debug, Default)]
struct Told {
    output: String,
    error: String,
    exit: Option<StreamExit>,
}

fn say(input: stream_input::Input) -> StreamInput {
    StreamInput { input: Some(input) }
}

fn command(args: &[&str]) -> ExecStart {
    ExecStart { container_id: "server".to_owned(), args: args.iter().map(|text| (*text).to_owned()).collect(), ..ExecStart::default() }
}

async fn listen(mut outputs: tonic::Streaming<StreamOutput>) -> Told {
    let mut told = Told::default();
    while let Some(message) = outputs.message().await.expect("message") {
        match message.output.expect("output") {
            stream_output::Output::Stdout(data) => told.output += &String::from_utf8_lossy(&data),
            stream_output::Output::Stderr(data) => told.error += &String::from_utf8_lossy(&data),
            stream_output::Output::Exit(exit) => told.exit = Some(exit),
            stream_output::Output::Started(_) => {}
        }
    }
    told
}

async fn exec(client: &mut Client, start: ExecStart, inputs: Vec<stream_input::Input>) -> Told {
    let (sender, receiver) = tokio::sync::mpsc::channel(16);
    sender.send(say(stream_input::Input::Exec(start))).await.expect("start");
    for input in inputs {
        sender.send(say(input)).await.expect("input");
    }
    let told = listen(client.exec(ReceiverStream::new(receiver)).await.expect("exec").into_inner()).await;
    drop(sender);
    told
}

async fn runs_a_command_with_input(client: &mut Client) {
    let start = ExecStart {
        stdin: true,
        environment: vec![EnvironmentVariable { name: "GREETING".to_owned(), value: "hi".to_owned() }],
        ..command(&["sh", "-c", "cat; echo $GREETING >&2; cat /proc/self/cgroup; exit 5"])
    };
    let inputs = vec![stream_input::Input::Stdin(vec![b'x'; 50_000]), stream_input::Input::CloseStdin(CloseStdin {})];
    let began = std::time::Instant::now();
    let told = exec(client, start, inputs).await;
    println!("an exec with 50 kB of input: {:?}", began.elapsed());
    assert_eq!(told.exit.expect("exit").exit_code, 5);
    assert_eq!(told.output.matches('x').count(), 50_000);
    assert!(told.output.ends_with("0::/\n"), "{}", &told.output[50_000..]);
    assert_eq!(told.error, "hi\n");
}

async fn runs_a_command_in_a_terminal(client: &mut Client) {
    let size = Some(TerminalSize { columns: 91, rows: 33 });
    let start =
        ExecStart { tty: true, stdin: true, size, ..command(&["sh", "-c", "tty; stty size; read line; stty size; echo got $line"]) };
    let inputs = vec![stream_input::Input::Resize(TerminalSize { columns: 92, rows: 34 }), stream_input::Input::Stdin(b"typed\n".to_vec())];
    let told = exec(client, start, inputs).await;
    assert_eq!(told.exit.expect("exit").exit_code, 0);
    for expected in ["/dev/pts/", "34 92\r\n", "got typed\r\n"] {
        assert!(told.output.contains(expected), "{expected}: {}", told.output);
    }
}

async fn tells_how_a_command_failed(client: &mut Client) {
    let exit = exec(client, command(&["no-such"]), vec![]).await.exit.expect("exit");
    assert_eq!((exit.exit_code, exit.error.as_str()), (127, "exec: \"no-such\": executable file not found in $PATH"));
    let error = exec_error(client, ExecStart { container_id: "nobody".to_owned(), ..command(&["true"]) }).await;
    assert_eq!(error.code(), tonic::Code::NotFound);
}

async fn exec_error(client: &mut Client, start: ExecStart) -> tonic::Status {
    client.exec(tokio_stream::once(say(stream_input::Input::Exec(start)))).await.expect_err("refused")
}

async fn ends_a_command_that_takes_too_long(client: &mut Client) {
    let exit = exec(client, ExecStart { timeout_millis: 300, ..command(&["sleep", "1000"]) }, vec![]).await.exit.expect("exit");
    assert_eq!((exit.exit_code, exit.timed_out), (137, true));
}

async fn attaches_to_a_container(client: &mut Client) {
    let mut request = script("echo", "while read line; do echo you said $line; done; echo over; exit 4");
    request.stdin = true;
    request.stdin_once = true;
    start(client, request).await;
    let (sender, receiver) = tokio::sync::mpsc::channel(16);
    sender.send(say(stream_input::Input::Attach(AttachStart { container_id: "echo".to_owned(), stdin: true }))).await.expect("start");
    let outputs = client.attach(ReceiverStream::new(receiver)).await.expect("attach").into_inner();
    sender.send(say(stream_input::Input::Stdin(b"this\n".to_vec()))).await.expect("input");
    sender.send(say(stream_input::Input::CloseStdin(CloseStdin {}))).await.expect("close");
    drop(sender);
    let told = listen(outputs).await;
    assert_eq!(told.output, "you said this\nover\n");
    assert_eq!(told.exit.expect("exit").exit_code, 4);
}

async fn forwards_a_port(client: &mut Client) {
    use port_forward_input::Input;
    let inputs = [Input::Port(8080), Input::Data(b"GET / HTTP/1.0\r\n\r\n".to_vec())].map(|input| PortForwardInput { input: Some(input) });
    let (sender, receiver) = tokio::sync::mpsc::channel(16);
    for input in inputs {
        sender.send(input).await.expect("input");
    }
    let mut outputs = client.port_forward(ReceiverStream::new(receiver)).await.expect("forward").into_inner();
    let mut text = String::new();
    while let Some(message) = outputs.message().await.expect("message") {
        match message.output.expect("output") {
            port_forward_output::Output::Connected(connected) => assert!(connected),
            port_forward_output::Output::Data(data) => text += &String::from_utf8_lossy(&data),
            port_forward_output::Output::Error(error) => panic!("{error}"),
        }
    }
    drop(sender);
    assert!(text.ends_with("hello\n"), "{text}");

    let refused = tokio_stream::once(PortForwardInput { input: Some(Input::Port(1)) });
    let mut outputs = client.port_forward(refused).await.expect("forward").into_inner();
    let told = outputs.message().await.expect("message").expect("answer").output.expect("output");
    assert!(matches!(told, port_forward_output::Output::Error(error) if error.contains("refused")));
}

async fn probes(client: &mut Client) {
    use probe_request::Action;
    let http =
        |path: &str| Action::Http(HttpProbe { scheme: "http".to_owned(), port: 8080, path: path.to_owned(), ..HttpProbe::default() });
    let exec =
        |text: &str| Action::Exec(ExecProbe { container_id: "server".to_owned(), args: ["sh", "-c", text].map(str::to_owned).to_vec() });
    let cases = [
        (http("/"), None, "hello"),
        (http("/missing"), Some(Kind::Answer), "statuscode: 404"),
        (
            Action::Http(HttpProbe { scheme: "https".to_owned(), port: 8080, ..HttpProbe::default() }),
            Some(Kind::PlainText),
            "HTTP response to HTTPS client",
        ),
        (Action::Tcp(TcpProbe { host: String::new(), port: 8080 }), None, ""),
        (Action::Tcp(TcpProbe { host: String::new(), port: 1 }), Some(Kind::Connection), "refused"),
        (Action::Grpc(GrpcProbe { port: 1, service: String::new() }), Some(Kind::Timeout), "failed to connect service"),
        (exec("echo fine"), None, "fine"),
        (exec("echo bad >&2; exit 1"), Some(Kind::Answer), "bad"),
        (exec("sleep 1000"), Some(Kind::Timeout), "timed out"),
    ];
    for (action, failure, message) in cases {
        let told = client.probe(ProbeRequest { action: Some(action.clone()), timeout_millis: 1000 }).await.expect("probe").into_inner();
        let (kind, text) = match told.outcome.expect("outcome") {
            Outcome::Success(output) => (None, output),
            Outcome::Failure(failure) => (Some(failure.kind()), failure.message),
            other => panic!("{action:?}: {other:?}"),
        };
        assert_eq!(kind, failure, "{action:?}: {text}");
        assert!(text.contains(message), "{action:?}: {text}");
    }
    let nothing_to_run = Action::Exec(ExecProbe { container_id: "server".to_owned(), args: vec!["no-such".to_owned()] });
    let told = client.probe(ProbeRequest { action: Some(nothing_to_run), timeout_millis: 1000 }).await.expect("probe").into_inner();
    let unknown = "failed to exec in container: exec: \"no-such\": executable file not found in $PATH".to_owned();
    assert_eq!(told.outcome, Some(Outcome::Unknown(unknown)));
}

async fn counts(client: &mut Client) {
    let statistics = client.statistics(StatisticsRequest { detailed: true }).await.expect("statistics").into_inner();
    let containers: HashMap<_, _> = statistics.containers.iter().map(|one| (one.name.as_str(), one)).collect();
    let server = containers["server"];
    let usage = server.usage.as_ref().expect("usage");
    assert!(usage.cpu_nanos > 0 && usage.memory_bytes > 0 && server.root_used_bytes > 0, "{server:?}");
    assert!(statistics.machine_memory_available_bytes > 0, "{statistics:?}");
    assert!(statistics.scratch.as_ref().expect("scratch").capacity_bytes > 100 << 20, "{statistics:?}");
    assert!(statistics.pod.as_ref().expect("pod").processes >= 2, "{statistics:?}");
}
