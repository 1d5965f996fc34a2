package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.monopod.host.image.RegistryHttp.Answer;
import dev.monopod.host.image.RegistryHttp.Patience;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import javax.net.ssl.SSLContext;
import org.apache.hc.core5.ssl.SSLContexts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is sent is what was meant, what is handed out is what came, and nothing happens by itself.
@Timeout(30)
class RegistryHttpTest {
    private static final SSLContext USUAL = SSLContexts.createSystemDefault();
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration MOMENT = Duration.ofMillis(300);
    private static final Patience PATIENT = new Patience(SECOND, MINUTE, MINUTE);
    private static final Patience HASTY = new Patience(MOMENT, MINUTE, MOMENT);
    private static final int MOST = 1 << 16;
    private static final String WORDS = "words-of-the-answer";

    private static RegistryHttp http(Patience patience, RawServer... named) {
        var names = List.of(named).stream().map(RawServer::authority).collect(Collectors.toSet());
        return new RegistryHttp(
                new RegistryAddresses(InetAddress::getAllByName, List::of, names), patience);
    }

    private static URI uri(RawServer server, String path) {
        return URI.create("http://" + server.authority() + path);
    }

    private static Answer ask(RawServer server) throws IOException {
        return http(PATIENT, server).get(uri(server, "/"), Map.of(), MOST, USUAL);
    }

    private static String body(RawServer server) throws IOException {
        try (var answer = ask(server)) {
            return new String(answer.body().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private static String failure(Patience patience, RawServer server) {
        return failure(http(patience, server), uri(server, "/"));
    }

    private static String failure(RegistryHttp http, URI uri) {
        var message = new CompletableFuture<String>();
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> {
                    try (var answer = http.get(uri, Map.of(), MOST, USUAL)) {
                        answer.body().readAllBytes();
                    }
                })
                .satisfies(e -> message.complete(e.getMessage()));
        assertThat(message.join()).doesNotContain(WORDS);
        return message.join();
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    /// One byte every few milliseconds, for ever.
    private static RawServer dripping(String first, String again) throws IOException {
        return RawServer.that(out -> {
            write(out, first);
            while (true) {
                for (var c : again.toCharArray()) {
                    write(out, String.valueOf(c));
                    LockSupport.parkNanos(5_000_000);
                }
            }
        });
    }

    @Test
    void sendsTheHeadersThatItMustAndNoOther() throws Exception {
        try (var server = RawServer.saying("HTTP/1.1 200 OK", "Content-Length: 0", "", "")) {
            http(PATIENT, server)
                    .get(
                            uri(server, "/v2/app/manifests/1?a=%2F&b=c"),
                            Map.of("Accept", "a, b", "Authorization", "Bearer t"),
                            MOST,
                            USUAL)
                    .close();

            assertThat(server.requests().getFirst().split("\r\n"))
                    .startsWith("GET /v2/app/manifests/1?a=%2F&b=c HTTP/1.1")
                    .containsExactlyInAnyOrder(
                            "GET /v2/app/manifests/1?a=%2F&b=c HTTP/1.1",
                            "Host: " + server.authority(),
                            "User-Agent: monopod",
                            "Connection: close",
                            "Accept: a, b",
                            "Authorization: Bearer t");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"//docker//registry/v2", "/a/../b/./c", "/%2e%2e/%2F?x=/?&y=%3d", "/?"})
    void aPathIsSentAsItCame(String path) throws Exception {
        try (var server = RawServer.saying("HTTP/1.1 200 OK", "Content-Length: 0", "", "")) {
            http(PATIENT, server).get(uri(server, path), Map.of(), MOST, USUAL).close();

            assertThat(server.requests().getFirst()).startsWith("GET " + path + " HTTP/1.1\r\n");
        }
    }

    @Test
    void headersThatWouldEndALineAreNotSent() throws Exception {
        try (var server = RawServer.saying("HTTP/1.1 200 OK", "Content-Length: 0", "", "")) {
            assertThatExceptionOfType(IllegalArgumentException.class)
                    .isThrownBy(() ->
                            http(PATIENT, server)
                                    .get(
                                            uri(server, "/"),
                                            Map.of("Accept", "a\r\nX: b"),
                                            MOST,
                                            USUAL));

            assertThat(server.requests()).isEmpty();
        }
    }

    @Test
    void aBodyIsHandedOutAsItCameHoweverItIsEncoded() throws Exception {
        var packed = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(packed)) {
            gzip.write("a layer".getBytes(StandardCharsets.UTF_8));
        }
        for (var encoding : List.of("gzip", "x-gzip", "deflate", "br", "zstd")) {
            try (var server =
                            RawServer.that(out -> {
                                write(
                                        out,
                                        "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
                                                .formatted(encoding, packed.size()));
                                packed.writeTo(out);
                            });
                    var answer = ask(server)) {
                assertThat(answer.body().readAllBytes())
                        .as(encoding)
                        .isEqualTo(packed.toByteArray());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void noRedirectIsFollowed(int status) throws Exception {
        try (var other = RawServer.saying("HTTP/1.1 200 OK", "Content-Length: 0", "", "");
                var server =
                        RawServer.saying(
                                "HTTP/1.1 " + status + " Moved",
                                "Location: http://" + other.authority() + "/",
                                "Content-Length: 0",
                                "",
                                "");
                var answer =
                        http(PATIENT, server, other).get(uri(server, "/"), Map.of(), MOST, USUAL)) {
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.header("location")).contains("http://" + other.authority() + "/");
            assertThat(other.requests()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "503 Busy\r\nRetry-After: 0",
                "429 Slow\r\nRetry-After: 0",
                "401 Who\r\nWWW-Authenticate: Negotiate",
                "401 Who\r\nWWW-Authenticate: Basic realm=\"x\"",
                "407 Who\r\nProxy-Authenticate: Basic realm=\"x\"",
                "408 Late",
                "425 Early",
            })
    void noRequestIsRepeated(String answer) throws Exception {
        try (var server = RawServer.saying("HTTP/1.1 " + answer, "Content-Length: 0", "", "")) {
            try (var had = ask(server)) {
                assertThat(had.status()).isEqualTo(Integer.parseInt(answer.substring(0, 3)));
            }
            assertThat(server.requests()).hasSize(1);
        }
        try (var server = RawServer.that(out -> {})) {
            assertThat(failure(PATIENT, server)).isEqualTo("the connection ended early");
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void nothingIsKeptForTheNextRequest() throws Exception {
        try (var server =
                RawServer.that(out -> {
                    write(
                            out,
                            "HTTP/1.1 200 OK\r\n"
                                    + "Connection: keep-alive\r\n"
                                    + "Keep-Alive: timeout=60\r\n"
                                    + "Set-Cookie: a=b; Path=/\r\n"
                                    + "Content-Length: 2\r\n\r\n"
                                    + "ok");
                    LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
                })) {
            var http = http(PATIENT, server);
            for (var i = 0; i < 2; i++) {
                try (var answer =
                        http.get(uri(server, "/"), Map.of("Authorization", "x"), MOST, USUAL)) {
                    assertThat(answer.body().readAllBytes()).hasSize(2);
                }
            }
            http.get(uri(server, "/"), Map.of(), MOST, USUAL).close();

            assertThat(server.requests())
                    .hasSize(3)
                    .noneSatisfy(request -> assertThat(request).containsIgnoringCase("cookie"));
            assertThat(server.requests().getLast()).doesNotContain("Authorization");
        }
    }

    @Test
    void noProxyOfTheProcessIsAsked() throws Exception {
        try (var proxy = RawServer.saying("HTTP/1.1 200 OK", "Content-Length: 5", "", "proxy");
                var server = RawServer.saying("HTTP/1.1 200 OK", "Content-Length: 2", "", "ok")) {
            var set =
                    Map.of(
                            "http.proxyHost",
                            "127.0.0.1",
                            "http.proxyPort",
                            "" + proxy.port(),
                            "http.nonProxyHosts",
                            "");
            set.forEach(System::setProperty);
            try {
                assertThat(body(server)).isEqualTo("ok");
            } finally {
                set.keySet().forEach(System::clearProperty);
            }
            assertThat(proxy.requests()).isEmpty();
        }
    }

    @Test
    void headersAreBoundedInLengthAndNumber() throws Exception {
        var longLine = "X: " + "a".repeat(16 << 10);
        var many = String.join("\r\n", Collections.nCopies(101, "X: a"));
        var heavy = String.join("\r\n", Collections.nCopies(12, "X: " + "a".repeat(16_000)));
        for (var headers : List.of(longLine, many, heavy)) {
            try (var server = RawServer.saying("HTTP/1.1 200 OK", headers, "", "")) {
                assertThat(failure(PATIENT, server)).isEqualTo("headers that are too long");
            }
        }
        var some = String.join("\r\n", Collections.nCopies(90, "X: " + "a".repeat(600)));
        try (var server = RawServer.saying("HTTP/1.1 200 OK", some, "Content-Length: 1", "", "b")) {
            assertThat(body(server)).isEqualTo("b");
        }
    }

    @Test
    void anAnswerThatDripsIsGivenUpWhereverItDrips() throws Exception {
        var ok = "HTTP/1.1 200 OK\r\n";
        for (var drips :
                List.of(
                        List.of("", "a"),
                        List.of(ok + "X: ", "a"),
                        List.of(ok, "X: a\r\n"),
                        List.of("", "HTTP/1.1 100 Continue\r\n\r\n"),
                        List.of(ok + "Content-Length: 16000\r\n\r\n", "a"),
                        List.of(ok + "\r\n", "a"),
                        List.of(ok + "Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"),
                        List.of(ok + "Transfer-Encoding: chunked\r\n\r\n1;", "a"),
                        List.of(ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", "a"))) {
            try (var server = dripping(drips.getFirst(), drips.getLast())) {
                assertThat(failure(HASTY, server)).as(drips.toString()).isEqualTo("too slow");
            }
        }
    }

    @Test
    void aHandshakeThatDripsIsGivenUp() throws Exception {
        // A record of TLS that is announced to hold a handshake of 16 KiB.
        try (var server = dripping("\u0016\u0003\u0003\u0040\u0000\u0002\u0000\u0040\u0000", "a")) {
            var http = http(HASTY, server);
            assertThat(failure(http, URI.create("https://" + server.authority() + "/")))
                    .isEqualTo("too slow");
        }
    }

    @Test
    void aSilentServerIsGivenUp() throws Exception {
        try (var server = dripping("", "")) {
            assertThat(failure(new Patience(SECOND, MOMENT, MINUTE), server))
                    .containsIgnoringCase("timed out");
        }
    }

    @Test
    void anAnswerThatEndsEarlyIsAnError() throws Exception {
        for (var answer :
                List.of(
                        "HTTP/1.1 200 OK",
                        "HTTP/1.1 200 OK\r\n",
                        "HTTP/1.1 200 OK\r\nContent-Le",
                        "HTTP/1.1 307 Go\r\nLocation: http://half.exam",
                        "HTTP/1.1 200 OK\r\nX: a\r\n",
                        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf")) {
            try (var server = RawServer.saying(answer)) {
                assertThat(failure(PATIENT, server))
                        .as(answer)
                        .isEqualTo("the connection ended early");
            }
        }
    }

    @Test
    void chunksGoBeforeALengthAndABodyWithoutEitherGoesToTheEnd() throws Exception {
        try (var both =
                        RawServer.saying(
                                "HTTP/1.1 200 OK",
                                "Content-Length: 3",
                                "Transfer-Encoding: chunked",
                                "",
                                "4;x=y",
                                "four",
                                "2",
                                "ty",
                                "0",
                                "X-Trailer: a",
                                "",
                                "");
                var neither = RawServer.saying("HTTP/1.0 200 OK", "", "to the end")) {
            assertThat(body(both)).isEqualTo("fourty");
            assertThat(body(neither)).isEqualTo("to the end");
        }
    }

    @Test
    void anAnswerWithoutABodyHasNone() throws Exception {
        try (var server = RawServer.saying("HTTP/1.1 204 Nothing", "", "");
                var interim =
                        RawServer.saying(
                                "HTTP/1.1 103 Early Hints",
                                "Link: a",
                                "",
                                "HTTP/1.1 200 OK",
                                "Content-Length: 2",
                                "",
                                "ok")) {
            assertThat(body(server)).isEmpty();
            assertThat(body(interim)).isEqualTo("ok");
        }
    }

    @Test
    void aBodyOfMoreThanItMayHaveIsGivenUp() throws Exception {
        var most = "x".repeat(MOST);
        var ok = "HTTP/1.1 200 OK\r\n";
        for (var answer :
                List.of(
                        ok + "Content-Length: " + (MOST + 1) + "\r\n\r\n" + most + "x",
                        ok
                                + "Transfer-Encoding: chunked\r\n\r\n10001\r\n"
                                + most
                                + "x\r\n0\r\n\r\n",
                        ok + "\r\n" + most + "x")) {
            try (var server = RawServer.saying(answer)) {
                assertThat(failure(PATIENT, server)).contains("more than the 65536 bytes");
            }
        }
        try (var server = RawServer.saying(ok + "Content-Length: " + MOST + "\r\n\r\n" + most)) {
            assertThat(body(server)).hasSize(MOST);
        }
    }

    @Test
    void whatIsNoAnswerOfHttpIsToldWithoutItsWords() throws Exception {
        var ok = "HTTP/1.1 200 OK\r\n";
        for (var answer :
                List.of(
                        "SSH-2.0-" + WORDS + "\r\n",
                        WORDS + "\r\nHTTP/1.1 200 OK\r\n\r\n",
                        "HTTP/1.1 " + WORDS + "\r\n\r\n",
                        "HTTP/9.9 200 " + WORDS + "\r\n\r\n",
                        ok + WORDS + "\r\n\r\n",
                        ok + "Content-Length: " + WORDS + "\r\n\r\n",
                        ok + "Content-Length: -1\r\n\r\n",
                        ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                        ok + "Transfer-Encoding: " + WORDS + "\r\n\r\n",
                        ok + "Transfer-Encoding: chunked\r\n\r\n" + WORDS + "\r\n",
                        ok + "Transfer-Encoding: chunked\r\n\r\n1\r\na" + WORDS + "\r\n")) {
            try (var server = RawServer.saying(answer)) {
                assertThat(failure(PATIENT, server)).as(answer).isEqualTo("no answer of HTTP");
            }
        }
    }

    @Test
    void closingABodyDoesNotWaitForItsEnd() throws Exception {
        for (var framing :
                List.of(
                        "Content-Length: 60000",
                        "Transfer-Encoding: chunked\r\n\r\n8000",
                        "X: a")) {
            var hungUp = new CountDownLatch(1);
            try (var server =
                    RawServer.that(out -> {
                        try {
                            write(out, "HTTP/1.1 200 OK\r\n" + framing + "\r\n\r\n");
                            while (true) {
                                write(out, "a");
                                LockSupport.parkNanos(5_000_000);
                            }
                        } finally {
                            hungUp.countDown();
                        }
                    })) {
                var answer = ask(server);
                assertThat(answer.body().read()).isPositive();
                answer.close();
                assertThat(hungUp.await(10, TimeUnit.SECONDS)).as(framing).isTrue();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\n\r\n"})
    void anInterruptEndsIt(String said) throws Exception {
        var silent = new CountDownLatch(1);
        var over = new CountDownLatch(1);
        try (var server =
                RawServer.that(out -> {
                    write(out, said);
                    silent.countDown();
                    waitFor(over);
                })) {
            var failed = new CompletableFuture<Throwable>();
            var pull =
                    Thread.ofVirtual()
                            .start(() -> {
                                try (var answer = ask(server)) {
                                    answer.body().readAllBytes();
                                    failed.complete(new AssertionError("an answer"));
                                } catch (IOException e) {
                                    failed.complete(e);
                                }
                            });
            assertThat(silent.await(10, TimeUnit.SECONDS)).isTrue();
            pull.interrupt();

            assertThat(failed.get(10, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
            assertThat(server.requests()).hasSize(1);
        } finally {
            over.countDown();
        }
    }

    private static void waitFor(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.1",
                "2130706433",
                "0x7f000001",
                "0x7f.1",
                "017700000001",
                "localhost",
                "LOCALHOST",
                "[::1]",
                "[0:0:0:0:0:0:0:1]",
                "[::ffff:127.0.0.1]",
                "[::ffff:7f00:1]",
                "[::127.0.0.1]",
                "[::1%25lo]",
                "0",
                "0.0.0.0",
                "[::]",
            })
    void anAddressInAnyFormIsChecked(String host) throws Exception {
        try (var server = RawServer.saying("HTTP/1.1 200 OK", "Content-Length: 0", "", "")) {
            var none =
                    new RegistryHttp(
                            new RegistryAddresses(InetAddress::getAllByName, List::of, Set.of()),
                            PATIENT);

            assertThat(failure(none, URI.create("http://" + host + ":" + server.port() + "/")))
                    .containsAnyOf("registries.json", "no HTTP address", "unknown host");

            assertThat(server.requests()).isEmpty();
        }
    }

    @Test
    void theNextAddressIsTriedWhereOneRefuses() throws Exception {
        try (var server = RawServer.saying("HTTP/1.1 200 OK", "Content-Length: 2", "", "ok")) {
            var http =
                    new RegistryHttp(
                            new RegistryAddresses(
                                    _ ->
                                            new InetAddress[] {
                                                InetAddress.ofLiteral("127.0.0.2"),
                                                InetAddress.ofLiteral("127.0.0.1")
                                            },
                                    List::of,
                                    Set.of("two.example:" + server.port())),
                            PATIENT);

            try (var answer =
                    http.get(
                            URI.create("http://Two.example:" + server.port() + "/"),
                            Map.of(),
                            MOST,
                            USUAL)) {
                assertThat(answer.body().readAllBytes()).hasSize(2);
            }
            assertThat(server.requests().getFirst())
                    .contains("\r\nHost: two.example:" + server.port() + "\r\n");
        }
    }
}
