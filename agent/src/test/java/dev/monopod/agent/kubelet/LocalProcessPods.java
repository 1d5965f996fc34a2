package dev.monopod.agent.kubelet;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/// Two pods whose containers are this machine: exec runs local processes and port-forward reaches
/// local ports. The shape, not the isolation, of the real thing.
final class LocalProcessPods implements KubeletPods {
    static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    /// Bytes that exec's `flood` could hand over.
    final AtomicLong floodedBytes = new AtomicLong();

    final BlockingQueue<TerminalSizes.Size> sizes = new LinkedBlockingQueue<>();
    final BlockingQueue<LogOptions> logRequests = new LinkedBlockingQueue<>();

    /// What is said in place of a log.
    volatile Optional<Refusal> refusal = Optional.empty();

    /// Released when a follow or a flood is interrupted or fails.
    final CountDownLatch ended = new CountDownLatch(1);

    /// Those that are gone.
    final Set<String> gone = ConcurrentHashMap.newKeySet();

    @Override
    public Optional<Pod> pod(String machine) {
        return gone.contains(machine)
                ? Optional.empty()
                : switch (machine) {
                    case "m-web" -> Optional.of(pod("web", "uid-web", "127.0.0.1", "node-web"));
                    case "m-db" -> Optional.of(pod("db", "uid-db", "10.1.2.4", "node-db"));
                    default -> Optional.empty();
                };
    }

    private static Pod pod(String name, String uid, String address, String node) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .withUid(uid)
                .endMetadata()
                .withNewSpec()
                .withNodeName(node)
                .endSpec()
                .withNewStatus()
                .withPodIP(address)
                .endStatus()
                .build();
    }

    @Override
    public void logs(String machine, String container, LogOptions options, OutputStream sink)
            throws IOException {
        logRequests.add(options);
        if (refusal.isPresent()) {
            throw new RefusedException(refusal.get());
        }
        if (options.previous()) {
            throw new RefusedException(
                    new Refusal.Invalid("previous terminated container not found"));
        }
        sink.write("one\ntwo\n".getBytes(StandardCharsets.UTF_8));
        if (options.follow()) {
            try {
                Thread.currentThread().join();
            } catch (InterruptedException e) {
                ended.countDown();
                throw new InterruptedIOException("follow interrupted");
            }
        }
    }

    @Override
    public int exec(String machine, String container, List<String> command, StreamSession session)
            throws IOException {
        if (command.equals(List.of("fail"))) {
            throw new IOException("no such container");
        }
        if (command.equals(List.of("flood"))) {
            return flood(session);
        }
        if (command.equals(List.of("sizes"))) {
            return sizes(session);
        }
        return run(command, session);
    }

    private int sizes(StreamSession session) throws IOException {
        try {
            for (var size = session.sizes().next();
                    size.isPresent();
                    size = session.sizes().next()) {
                sizes.add(size.get());
                session.stdout()
                        .orElseThrow()
                        .write(
                                "%dx%d\n"
                                        .formatted(size.get().columns(), size.get().rows())
                                        .getBytes(StandardCharsets.UTF_8));
                if (size.get().columns() == 1) {
                    return 0;
                }
            }
        } catch (InterruptedException e) {
            throw new InterruptedIOException();
        }
        return 1;
    }

    private int flood(StreamSession session) throws IOException {
        var block = new byte[32 * 1024];
        try {
            while (true) {
                session.stdout().orElseThrow().write(block);
                floodedBytes.addAndGet(block.length);
            }
        } finally {
            ended.countDown();
        }
    }

    private static int run(List<String> command, StreamSession session) throws IOException {
        var process = new ProcessBuilder(command).start();
        var input =
                startThread(() -> {
                    try (var sink = process.getOutputStream()) {
                        if (session.stdin().isPresent()) {
                            session.stdin().get().transferTo(sink);
                        }
                    } catch (IOException e) {
                        // The process has ended, or the client has gone.
                    }
                });
        var errors = pump(process, process.getErrorStream(), session.stderr());
        var output = pump(process, process.getInputStream(), session.stdout());
        try {
            int code = process.waitFor();
            output.join();
            errors.join();
            return code;
        } catch (InterruptedException e) {
            throw new InterruptedIOException();
        } finally {
            process.destroyForcibly();
            input.interrupt();
        }
    }

    private static Thread pump(Process process, InputStream from, Optional<OutputStream> to) {
        return startThread(() -> {
            try {
                from.transferTo(to.orElse(OutputStream.nullOutputStream()));
            } catch (IOException e) {
                process.destroyForcibly();
            }
        });
    }

    // Not virtual: reading a process's pipe holds the carrier thread.
    private static Thread startThread(Runnable task) {
        return Thread.ofPlatform().daemon().start(task);
    }

    @Override
    public int attach(String machine, String container, StreamSession session) throws IOException {
        return run(List.of("cat"), session);
    }

    @Override
    public void portForward(String machine, int port, InputStream input, OutputStream output)
            throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            var sender =
                    startThread(() -> {
                        try {
                            input.transferTo(socket.getOutputStream());
                            socket.shutdownOutput();
                        } catch (IOException e) {
                            // The other direction tells.
                        }
                    });
            socket.getInputStream().transferTo(output);
            output.close();
            sender.join();
        } catch (InterruptedException e) {
            throw new InterruptedIOException();
        }
    }

    @Override
    public List<PodStatistics> statistics(List<Pod> asked, Detail detail) {
        return asked.stream().map(pod -> Told.statistics(pod, START)).toList();
    }

    @Override
    public List<ProbeCount> probes(List<Pod> asked) {
        return List.of();
    }
}
