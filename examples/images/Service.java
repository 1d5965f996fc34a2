import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Serves at port 8080 `/ready`, `/runtime` (processors and MiB of heap as the runtime sees them) and `/slow` (after eight seconds). On
/// SIGTERM it answers what it has begun, then ends.
public final class Service {
    private Service() {}

    public static void main(String[] arguments) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        server.setExecutor(threads);
        server.createContext("/ready", exchange -> answer(exchange, "ready"));
        server.createContext("/runtime", exchange -> answer(exchange, processorsAndHeap()));
        server.createContext("/slow", Service::answerSlowly);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> end(server, threads)));
        server.start();
        System.out.println("serving");
    }

    private static String processorsAndHeap() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.availableProcessors() + " " + (runtime.maxMemory() >> 20);
    }

    private static void answerSlowly(HttpExchange exchange) throws IOException {
        System.out.println("slow request begins");
        try {
            Thread.sleep(8000);
        } catch (InterruptedException e) {
            throw new IOException("interrupted", e);
        }
        answer(exchange, "slow");
        System.out.println("slow request answered");
    }

    private static void answer(HttpExchange exchange, String text) throws IOException {
        byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
        try (exchange) {
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private static void end(HttpServer server, ExecutorService threads) {
        System.out.println("asked to end");
        // Waits for requests in hand, for ten seconds at most.
        server.stop(10);
        threads.close();
        System.out.println("ended in order");
    }
}
