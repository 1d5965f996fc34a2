package dev.monopod.controller.patching;

import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Posts notices, each until it was taken (2xx) or so many tries have failed. No redirect is
/// followed, and nothing of an answer is read but its code. It works on a loop of its own: who is
/// slow to answer holds up no eviction. Thread-safe.
final class Webhook implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Webhook.class);
    private static final Duration PERIOD = Duration.ofSeconds(2);
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(3);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(5);

    /// With a pause that doubles from [#PERIOD]: the last comes 17 minutes after the first.
    static final int MOST_TRIES = 10;

    /// In a pass, which may take 20 s.
    private static final int MOST = 2;

    private final HttpClient http =
            HttpClient.newBuilder()
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .connectTimeout(CONNECT_LIMIT)
                    .build();
    private final Map<String, Notice> notices = new LinkedHashMap<>();
    private final InstantSource clock;
    private final Loop loop;

    /// @param failures so far
    /// @param due when it is posted next
    private record Notice(
            String id, String url, String body, int failures, Instant due, boolean settled) {
        Notice after(Outcome outcome, Instant now) {
            var failed = outcome == Outcome.TAKEN ? failures : failures + 1;
            return new Notice(
                    id,
                    url,
                    body,
                    failed,
                    now.plus(PERIOD.multipliedBy(1L << failures)),
                    outcome == Outcome.TAKEN || failed == MOST_TRIES);
        }
    }

    private enum Outcome {
        TAKEN,
        FAILED
    }

    /// @param clock steady
    Webhook(Loops loops, InstantSource clock) {
        this.clock = clock;
        this.loop = loops.loop("patch-webhook", Pace.every(PERIOD), this::pass);
    }

    void start() {
        loop.start();
    }

    /// Takes a notice up, unless it has it already.
    ///
    /// @return whether nothing more is to be done for it: it was taken, or given up
    synchronized boolean settled(String id, String url, String body) {
        return notices.computeIfAbsent(
                        id, _ -> new Notice(id, url, body, 0, clock.instant(), false))
                .settled();
    }

    /// Forgets the others, once nothing more is to be done for them.
    synchronized void keepOnly(Collection<String> ids) {
        notices.values().removeIf(notice -> notice.settled() && !ids.contains(notice.id()));
    }

    void pass() throws InterruptedException {
        for (var turn = 0; turn < MOST; turn++) {
            var next = next();
            if (next.isEmpty()) {
                return;
            }
            put(next.get().after(post(next.get()), clock.instant()));
        }
    }

    private Outcome post(Notice notice) throws InterruptedException {
        try {
            var code = send(notice);
            if (code / 100 == 2) {
                return Outcome.TAKEN;
            }
            LOG.warn("{} took no notice {}: status {}", notice.url(), notice.id(), code);
        } catch (IOException | IllegalArgumentException e) {
            // The latter: by a text that only looks like a URL, which must not hold up the others.
            LOG.warn(
                    "failed to post the notice {} to {}: {}",
                    notice.id(),
                    notice.url(),
                    e.toString());
        }
        return Outcome.FAILED;
    }

    private int send(Notice notice) throws IOException, InterruptedException {
        var answer =
                http.send(
                        HttpRequest.newBuilder(URI.create(notice.url()))
                                .timeout(ANSWER_LIMIT)
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(notice.body()))
                                .build(),
                        BodyHandlers.ofInputStream());
        answer.body().close();
        return answer.statusCode();
    }

    /// One whose time has come.
    private synchronized Optional<Notice> next() {
        var now = clock.instant();
        return notices.values().stream()
                .filter(notice -> !notice.settled() && !notice.due().isAfter(now))
                .findFirst();
    }

    private synchronized void put(Notice notice) {
        notices.replace(notice.id(), notice);
    }

    @Override
    public void close() {
        loop.close();
        http.shutdownNow();
    }
}
