package dev.monopod.agent.pod.worker;

import com.google.protobuf.ByteString;
import dev.monopod.protocol.guest.*;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/// A guest without a machine: keeps containers as records that tests move, and answers the whole
/// schema over a real unix socket.
public final class FakeGuest extends GuestGrpc.GuestImplBase implements AutoCloseable {
    final Map<String, StartContainerRequest> started = new ConcurrentHashMap<>();
    final Map<String, WriteVolumeRequest> volumes = new ConcurrentHashMap<>();
    public final List<String> signals = new CopyOnWriteArrayList<>();
    public final List<LimitResourcesRequest> limits = new CopyOnWriteArrayList<>();

    /// By how much its clock is ahead of the host's.
    volatile Duration ahead = Duration.ZERO;

    final List<ProbeRequest> probes = new CopyOnWriteArrayList<>();
    volatile ProbeResponse outcome = ProbeResponse.newBuilder().setSuccess("as told").build();

    /// What every start is answered with, and nothing is started.
    volatile Optional<StartContainerResponse> answer = Optional.empty();

    volatile StatisticsResponse statistics = StatisticsResponse.getDefaultInstance();
    public volatile boolean diesOfTerm = true;
    volatile boolean off;

    /// What it says of itself besides the rest.
    volatile ConfigureResponse itself = ConfigureResponse.getDefaultInstance();

    /// How many times it refuses to be told who it is.
    final AtomicInteger refusals = new AtomicInteger();

    volatile Status refusal = Status.FAILED_PRECONDITION.withDescription("not yet");

    /// Whether every container's id is taken by a start that does not end.
    volatile boolean stuck;

    /// Limits that are below what is in use.
    public volatile Predicate<LimitResourcesRequest> tooLow = _ -> false;

    private final Map<String, ContainerState> states = new ConcurrentHashMap<>();
    private final Map<String, ByteString> logs = new ConcurrentHashMap<>();
    private final List<StreamObserver<ContainerState>> watchers = new CopyOnWriteArrayList<>();
    private final Map<String, StreamObserver<LogChunk>> readers = new ConcurrentHashMap<>();
    private final MultiThreadIoEventLoopGroup loops =
            new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final Server server;

    FakeGuest(Path socket) {
        try {
            server =
                    NettyServerBuilder.forAddress(new DomainSocketAddress(socket.toString()))
                            .channelType(EpollServerDomainSocketChannel.class)
                            .bossEventLoopGroup(loops)
                            .workerEventLoopGroup(loops)
                            .addService(this)
                            .build()
                            .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Optional<ContainerState> container(String name, int attempt) {
        return states.values().stream()
                .filter(s -> s.getName().equals(name) && s.getAttempt() == attempt)
                .findFirst();
    }

    public StartContainerRequest request(String name, int attempt) {
        return started.get(container(name, attempt).orElseThrow().getContainerId());
    }

    public void exit(String name, int attempt, int code) {
        ContainerState state = container(name, attempt).orElseThrow();
        tell(
                state.toBuilder()
                        .setPhase(ContainerState.Phase.EXITED)
                        .setExitCode(code)
                        .setFinishedUnixNanos(nanos())
                        .build());
        StreamObserver<LogChunk> reader = readers.remove(state.getContainerId());
        if (reader != null) {
            reader.onCompleted();
        }
    }

    /// Says this to all who watch, true or not.
    synchronized void tell(ContainerState state) {
        states.put(state.getContainerId(), state);
        watchers.removeIf(watcher -> ((ServerCallStreamObserver<?>) watcher).isCancelled());
        watchers.forEach(watcher -> watcher.onNext(state));
    }

    private long nanos() {
        return Instant.now().plus(ahead).toEpochMilli() * 1_000_000;
    }

    @Override
    public void configure(ConfigureRequest request, StreamObserver<ConfigureResponse> out) {
        if (refusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            out.onError(refusal.asRuntimeException());
            return;
        }
        answer(
                out,
                itself.toBuilder()
                        .setBootId("boot")
                        .setKernelRelease("6.1.0-test")
                        .setMemoryTotalBytes(512L << 20)
                        .build());
    }

    @Override
    public void rehearse(RehearseRequest request, StreamObserver<RehearseResponse> out) {
        if (refusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            out.onError(
                    Status.INTERNAL
                            .withDescription("unmount the scratch disk: EBUSY")
                            .asRuntimeException());
            return;
        }
        answer(out, RehearseResponse.getDefaultInstance());
    }

    @Override
    public void writeVolume(WriteVolumeRequest request, StreamObserver<WriteVolumeResponse> out) {
        volumes.put(request.getName(), request);
        answer(out, WriteVolumeResponse.getDefaultInstance());
    }

    @Override
    public void writePodFiles(
            WritePodFilesRequest request, StreamObserver<WritePodFilesResponse> out) {
        answer(out, WritePodFilesResponse.getDefaultInstance());
    }

    @Override
    public void startContainer(
            StartContainerRequest request, StreamObserver<StartContainerResponse> out) {
        if (answer.isPresent()) {
            answer(out, answer.get());
            return;
        }
        if (stuck || started.putIfAbsent(request.getContainerId(), request) != null) {
            answer(out, refusal(StartRefusal.Kind.EXISTS, "it exists"));
            return;
        }
        long now = nanos();
        logs.put(
                request.getContainerId(),
                ByteString.copyFromUtf8(
                        "2026-11-24T00:00:00.000000001Z stdout F hello from "
                                + request.getName()
                                + " "
                                + request.getAttempt()
                                + "\n"));
        tell(
                ContainerState.newBuilder()
                        .setContainerId(request.getContainerId())
                        .setName(request.getName())
                        .setAttempt(request.getAttempt())
                        .setPhase(ContainerState.Phase.RUNNING)
                        .setStartedUnixNanos(now)
                        .build());
        answer(
                out,
                StartContainerResponse.newBuilder()
                        .setStarted(ContainerStarted.newBuilder().setStartedUnixNanos(now))
                        .build());
    }

    private static StartContainerResponse refusal(StartRefusal.Kind kind, String message) {
        return StartContainerResponse.newBuilder()
                .setRefused(StartRefusal.newBuilder().setKind(kind).setMessage(message))
                .build();
    }

    @Override
    public void signalContainer(
            SignalContainerRequest request, StreamObserver<SignalContainerResponse> out) {
        ContainerState state = states.get(request.getContainerId());
        signals.add(state.getName() + ":" + request.getSignal());
        answer(out, SignalContainerResponse.getDefaultInstance());
        if (state.getPhase() == ContainerState.Phase.RUNNING
                && (request.getSignal() == 9 || diesOfTerm)) {
            exit(state.getName(), state.getAttempt(), request.getSignal() == 9 ? 137 : 0);
        }
    }

    @Override
    public void removeContainer(
            RemoveContainerRequest request, StreamObserver<RemoveContainerResponse> out) {
        states.remove(request.getContainerId());
        answer(out, RemoveContainerResponse.getDefaultInstance());
    }

    @Override
    public void listContainers(
            ListContainersRequest request, StreamObserver<ListContainersResponse> out) {
        answer(out, ListContainersResponse.newBuilder().addAllContainers(states.values()).build());
    }

    @Override
    public synchronized void watchContainers(
            WatchContainersRequest request, StreamObserver<ContainerState> out) {
        states.values().forEach(out::onNext);
        watchers.add(out);
    }

    @Override
    public void readLog(ReadLogRequest request, StreamObserver<LogChunk> out) {
        ByteString log = logs.get(request.getContainerId());
        if (request.getOffset() < log.size()) {
            out.onNext(
                    LogChunk.newBuilder()
                            .setOffset(request.getOffset())
                            .setData(log.substring((int) request.getOffset()))
                            .build());
        }
        if (states.get(request.getContainerId()).getPhase() == ContainerState.Phase.EXITED) {
            out.onCompleted();
        } else {
            readers.put(request.getContainerId(), out);
        }
    }

    @Override
    public void limitResources(
            LimitResourcesRequest request, StreamObserver<LimitResourcesResponse> out) {
        if (tooLow.test(request)) {
            out.onError(
                    Status.FAILED_PRECONDITION
                            .withDescription("more is in use")
                            .asRuntimeException());
            return;
        }
        limits.add(request);
        answer(out, LimitResourcesResponse.getDefaultInstance());
    }

    @Override
    public void statistics(StatisticsRequest request, StreamObserver<StatisticsResponse> out) {
        answer(out, statistics);
    }

    @Override
    public void probe(ProbeRequest request, StreamObserver<ProbeResponse> out) {
        probes.add(request);
        answer(out, outcome);
    }

    @Override
    public StreamObserver<StreamInput> exec(StreamObserver<StreamOutput> out) {
        return new StreamObserver<>() {
            @Override
            public void onNext(StreamInput input) {
                switch (input.getInputCase()) {
                    case EXEC ->
                            out.onNext(
                                    StreamOutput.newBuilder()
                                            .setStarted(StreamStarted.getDefaultInstance())
                                            .build());
                    case STDIN ->
                            out.onNext(
                                    StreamOutput.newBuilder().setStdout(input.getStdin()).build());
                    case CLOSE_STDIN -> {
                        out.onNext(
                                StreamOutput.newBuilder()
                                        .setExit(StreamExit.newBuilder().setExitCode(7))
                                        .build());
                        out.onCompleted();
                    }
                    default -> {}
                }
            }

            @Override
            public void onError(Throwable t) {}

            @Override
            public void onCompleted() {}
        };
    }

    @Override
    public void powerOff(PowerOffRequest request, StreamObserver<PowerOffResponse> out) {
        off = true;
        answer(out, PowerOffResponse.getDefaultInstance());
    }

    private static <T> void answer(StreamObserver<T> out, T message) {
        out.onNext(message);
        out.onCompleted();
    }

    @Override
    public void close() {
        server.shutdownNow();
        loops.shutdownGracefully(0, 0, java.util.concurrent.TimeUnit.SECONDS);
    }
}
