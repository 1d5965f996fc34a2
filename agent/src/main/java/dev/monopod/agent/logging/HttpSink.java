package dev.monopod.agent.logging;

import dev.monopod.logging.output.HttpOutput;
import dev.monopod.logging.record.LogRecord;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;

/// Servers that take records as JSON by POST: Loki, Splunk, collectors of OpenTelemetry. Of a
/// request that is refused for what is in it each half is sent by itself, so that a record that is
/// never taken keeps no other back.
final class HttpSink implements Sink {
    private static final Duration ANSWER = Duration.ofSeconds(20);
    private static final int ANSWER_BYTES = 1 << 16;

    /// Of a request, but for its last record.
    private static final int BODY_CHARACTERS = 2 << 20;

    /// For what is in the request: it would be answered so again.
    private static final Set<Integer> REFUSED = Set.of(400, 413, 422);

    private final HttpOutput output;
    private final URI uri;
    private final HttpClient client;

    HttpSink(HttpOutput output) {
        this.output = output;
        this.uri = URI.create(output.endpoint().toString());
        this.client = LogClients.of(output.endpoint().tls(), output.endpoint().verifies());
    }

    @Override
    public String name() {
        return output.endpoint().toString();
    }

    private record Request(List<LogRecord> records, String body) {}

    private sealed interface Answer {
        record Taken(HttpOutput.Refusal refusal) implements Answer {}

        record Refused(String why) implements Answer {}
    }

    /// As long as the time of one answer has not passed.
    @Override
    public Outcome send(List<LogRecord> records) throws IOException, InterruptedException {
        var left = new ArrayDeque<List<LogRecord>>();
        left.add(records);
        var refused = 0;
        var why = "";
        var first = true;
        var begun = System.nanoTime();
        while (!left.isEmpty()) {
            if (System.nanoTime() - begun > ANSWER.toNanos()) {
                return new Outcome(all(left), refused, why);
            }
            var next = left.removeFirst();
            var request = request(next);
            var part = request.records();
            if (part.size() < next.size()) {
                left.addFirst(next.subList(part.size(), next.size()));
            }
            try {
                switch (post(request.body())) {
                    case Answer.Taken(var refusal) -> {
                        refused += Math.min(refusal.records(), part.size());
                        why = why.isEmpty() ? Sink.shortened(refusal.why()) : why;
                    }
                    case Answer.Refused(var words) -> {
                        why = why.isEmpty() ? words : why;
                        if (part.size() == 1) {
                            refused++;
                        } else {
                            left.addFirst(part.subList(part.size() / 2, part.size()));
                            left.addFirst(part.subList(0, part.size() / 2));
                        }
                    }
                }
                first = false;
            } catch (IOException e) {
                if (first) {
                    throw e;
                }
                left.addFirst(part);
                return new Outcome(all(left), refused, why.isEmpty() ? e.toString() : why);
            }
        }
        return new Outcome(List.of(), refused, refused == 0 ? "" : why);
    }

    private static List<LogRecord> all(ArrayDeque<List<LogRecord>> parts) {
        var all = new ArrayList<LogRecord>();
        parts.forEach(all::addAll);
        return all;
    }

    /// With as many records as it may have.
    private Request request(List<LogRecord> records) {
        var pieces = new LinkedHashMap<String, List<String>>();
        var characters = 0L;
        var count = 0;
        while (count < records.size() && characters <= BODY_CHARACTERS) {
            var piece = output.piece(records.get(count++));
            pieces.computeIfAbsent(piece.group(), _ -> new ArrayList<>()).add(piece.text());
            characters += piece.group().length() + piece.text().length();
        }
        return new Request(records.subList(0, count), output.body(pieces));
    }

    private Answer post(String body) throws IOException, InterruptedException {
        var endpoint = output.endpoint();
        var request =
                HttpRequest.newBuilder(uri)
                        .timeout(ANSWER)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofByteArray(endpoint.encoded(body)));
        endpoint.headers().forEach(request::header);
        if (endpoint.gzip()) {
            request.header("Content-Encoding", "gzip");
        }
        var response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        try (var stream = response.body()) {
            var text = new String(stream.readNBytes(ANSWER_BYTES), StandardCharsets.UTF_8);
            var status = response.statusCode();
            var words = "it answered %d: %s".formatted(status, Sink.shortened(text));
            if (status / 100 == 2) {
                return new Answer.Taken(output.refusal(text));
            }
            if (REFUSED.contains(status)) {
                return new Answer.Refused(words);
            }
            throw new IOException(words);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
