package dev.monopod.agent.logging;

import dev.monopod.logging.output.Endpoint;
import dev.monopod.logging.output.SearchOutput;
import dev.monopod.logging.output.SearchOutput.Caller;
import dev.monopod.logging.record.Json;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// OpenSearch and Elasticsearch, by `_bulk`. An answer is read up to a bound, and followed nowhere.
final class SearchSink implements Sink {
    private static final Duration ANSWER = Duration.ofSeconds(20);
    private static final int ANSWER_BYTES = 8 << 20;

    /// Of a request, but for its last record. With all that filter `kubernetes` tells of a pod,
    /// whose author writes its annotations, a record may be thousands of times as long as its line.
    private static final int BODY_CHARACTERS = 2 << 20;

    private static final String TYPE = "application/x-ndjson";
    private static final int CONFLICT = 409;
    private static final int TOO_MANY = 429;

    private final SearchOutput output;
    private final URI bulk;
    private final HttpClient client;
    private final Optional<SearchSignature> signature;

    SearchSink(SearchOutput output) {
        this.output = output;
        var server = output.server();
        var query = server.pipeline().isEmpty() ? "" : "?pipeline=" + server.pipeline();
        this.bulk =
                URI.create(
                        "%s://%s:%d%s/_bulk%s"
                                .formatted(
                                        server.tls() ? "https" : "http",
                                        server.host(),
                                        server.port(),
                                        server.path(),
                                        query));
        this.client = LogClients.of(server.tls(), server.verifies());
        this.signature =
                server.caller() instanceof Caller.Signer as
                        ? Optional.of(new SearchSignature(as))
                        : Optional.empty();
    }

    @Override
    public String name() {
        return "es at %s:%d".formatted(output.server().host(), output.server().port());
    }

    /// In requests of a bounded size, as long as the time of one answer has not passed.
    @Override
    public Outcome send(List<LogRecord> records) throws IOException, InterruptedException {
        var again = new ArrayList<LogRecord>();
        var refused = 0;
        var why = "";
        var begun = System.nanoTime();
        for (var from = 0; from < records.size(); ) {
            if (System.nanoTime() - begun > ANSWER.toNanos()) {
                again.addAll(records.subList(from, records.size()));
                return new Outcome(again, refused, why);
            }
            var body = new StringBuilder();
            var to = from;
            while (to < records.size() && body.length() < BODY_CHARACTERS) {
                body.append(output.lines(records.get(to++)));
            }
            try {
                var outcome = post(records.subList(from, to), body.toString());
                again.addAll(outcome.again());
                refused += outcome.refused();
                why = why.isEmpty() ? outcome.why() : why;
            } catch (IOException e) {
                if (from == 0) {
                    throw e;
                }
                again.addAll(records.subList(from, records.size()));
                return new Outcome(again, refused, why.isEmpty() ? e.toString() : why);
            }
            from = to;
        }
        return new Outcome(again, refused, why);
    }

    private Outcome post(List<LogRecord> records, String body)
            throws IOException, InterruptedException {
        var request =
                HttpRequest.newBuilder(bulk)
                        .timeout(ANSWER)
                        .header("Content-Type", TYPE)
                        .POST(HttpRequest.BodyPublishers.ofString(body));
        if (output.server().caller() instanceof Caller.User user) {
            request.header("Authorization", Endpoint.basic(user.name(), user.password()));
        }
        if (signature.isPresent()) {
            signature.get().headers(bulk, TYPE, body).forEach(request::header);
        }
        var response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        try (var stream = response.body()) {
            // Items of an answer that is longer are not known to have been taken.
            var text = new String(stream.readNBytes(ANSWER_BYTES), StandardCharsets.UTF_8);
            if (response.statusCode() / 100 != 2) {
                throw new IOException(
                        "it answered %d: %s"
                                .formatted(response.statusCode(), Sink.shortened(text)));
            }
            return outcome(records, text);
        }
    }

    /// By the items of the answer, one for each record in their order.
    private static Outcome outcome(List<LogRecord> records, String text) throws IOException {
        var answer = Json.table(text).orElseThrow(() -> strange(text));
        if (answer.find("errors").orElse(null) instanceof Value.Truth(boolean errors) && !errors) {
            return Outcome.TAKEN;
        }
        if (!(answer.find("items").orElse(null) instanceof Value.Items(var items))
                || items.size() != records.size()) {
            throw strange(text);
        }
        var again = new ArrayList<LogRecord>();
        var refused = 0;
        var why = "";
        for (var i = 0; i < records.size(); i++) {
            var status = status(items.get(i));
            if (status / 100 == 2 || status == CONFLICT) {
                // A conflict: an earlier try brought it.
                continue;
            }
            if (status == TOO_MANY || status / 100 == 5 || status == 0) {
                again.add(records.get(i));
            } else {
                refused++;
            }
            why = why.isEmpty() ? "an item got " + Sink.shortened(Json.write(items.get(i))) : why;
        }
        return new Outcome(again, refused, why);
    }

    /// `{"create": {"status": 201, …}}`; 0 for what is none.
    private static long status(Value item) {
        return item instanceof Value.Table(var entries)
                        && !entries.isEmpty()
                        && entries.firstEntry().getValue() instanceof Value.Table inner
                        && inner.find("status").orElse(null) instanceof Value.Whole(long status)
                ? status
                : 0;
    }

    private static IOException strange(String text) {
        return new IOException("its answer is none to _bulk: " + Sink.shortened(text));
    }

    @Override
    public void close() {
        signature.ifPresent(SearchSignature::close);
        client.shutdownNow();
    }
}
