import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// Sends requests at a steady rate, each over a connection of its own, until a file appears; prints how
/// many were sent and how many lost, and why. Lost is whatever is not answered by 200 within 10 s. A
/// request is sent at its time whether or not those before it were answered.
///
/// Usage: `java Load.java URL REQUESTS_PER_SECOND STOP_FILE`. Exit code 1 if one was lost.
final class Load {
    private static final int LIMIT_MILLIS = (int) Duration.ofSeconds(10).toMillis();

    private Load() {}

    public static void main(String[] arguments) throws InterruptedException {
        var target = URI.create(arguments[0]);
        var pauseNanos = Duration.ofSeconds(1).toNanos() / Integer.parseInt(arguments[1]);
        var stop = Path.of(arguments[2]);
        var answered = new AtomicLong();
        var slowestNanos = new AtomicLong();
        Map<String, AtomicLong> lost = new ConcurrentSkipListMap<>();
        var sent = 0L;
        var start = System.nanoTime();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            while (!Files.exists(stop)) {
                threads.submit(() -> {
                    var begin = System.nanoTime();
                    var outcome = request(target);
                    slowestNanos.accumulateAndGet(System.nanoTime() - begin, Math::max);
                    if (outcome.isEmpty()) {
                        answered.incrementAndGet();
                    } else {
                        lost.computeIfAbsent(outcome, each -> new AtomicLong()).incrementAndGet();
                    }
                });
                sent++;
                var next = start + sent * pauseNanos;
                while (System.nanoTime() < next) {
                    LockSupport.parkNanos(next - System.nanoTime());
                }
            }
        }
        var seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(
                "sent %d, answered %d, lost %d, %.0f requests/s, slowest answer %.2f s%n",
                sent, answered.get(), sent - answered.get(), sent / seconds, slowestNanos.get() / 1e9);
        lost.forEach((why, count) -> System.out.printf("lost %d: %s%n", count.get(), why));
        System.exit(sent == answered.get() ? 0 : 1);
    }

    /// @return why it was lost; empty if it was answered
    private static String request(URI target) {
        var port = target.getPort() < 0 ? 80 : target.getPort();
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(target.getHost(), port), LIMIT_MILLIS);
            socket.setSoTimeout(LIMIT_MILLIS);
            var head =
                    "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                            .formatted(target.getPath(), target.getHost());
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            var answer = new String(answer(socket.getInputStream()), StandardCharsets.ISO_8859_1);
            return answer.matches("(?s)HTTP/1\\.[01] 200 .*\r\n\r\n.+")
                    ? ""
                    : answer.isEmpty() ? "no answer" : answer.lines().findFirst().orElse("");
        } catch (IOException e) {
            return e.getClass().getSimpleName() + ": " + e.getMessage();
        }
    }

    private static byte[] answer(InputStream input) throws IOException {
        return input.readNBytes(65536);
    }
}
