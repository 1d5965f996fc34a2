package dev.monopod.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.monopod.host.image.ImageException;
import dev.monopod.host.image.ImageStore.PullIdentity;
import dev.monopod.host.image.ImageStore.PullPolicy;
import dev.monopod.host.image.OciImageStore;
import dev.monopod.host.image.RegistryConfiguration;
import dev.monopod.host.image.RegistryConfiguration.RegistrySettings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/// What the processes that `monopod up` starts write to their logs.
class ProcessLogTest {
    private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    @TempDir Path folder;

    @AfterEach
    void forgetConfiguration() {
        MDC.clear();
        context.reset();
    }

    @Test
    void writesNoStackTraceForAnImageThatCannotBePulled() throws Exception {
        configure("text", "INFO");

        assertThatThrownBy(this::pull)
                .isInstanceOf(ImageException.class)
                .hasMessage(
                        "failed to pull image \"127.0.0.1:1/app:1\" from registry 127.0.0.1:1: connection refused");

        assertThat(lines.list).isEmpty();
    }

    @Test
    void writesTheStackTraceOfAFailedPullAtDebug() throws Exception {
        configure("text", "DEBUG");

        assertThatThrownBy(this::pull).isInstanceOf(ImageException.class);

        assertThat(lines.list)
                .filteredOn(line -> line.getLoggerName().startsWith("dev.monopod"))
                .singleElement()
                .satisfies(line -> {
                    assertThat(line.getLevel()).isEqualTo(Level.DEBUG);
                    assertThat(line.getThrowableProxy()).isNotNull();
                });
    }

    /// The client for registries would log each line that it sends.
    @ParameterizedTest
    @ValueSource(strings = {"/monopod-process-logback.xml", "/monopod-cli-logback.xml"})
    void writesNoPasswordForARegistryAtAnyLevel(String configuration) throws Exception {
        var secret = Base64.getEncoder().encodeToString("someone:pass".getBytes());
        var given = new CopyOnWriteArrayList<String>();
        var server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(
                "/",
                exchange -> {
                    given.add(String.valueOf(exchange.getRequestHeaders().get("Authorization")));
                    exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"x\"");
                    exchange.sendResponseHeaders(401, -1);
                    exchange.close();
                });
        server.start();
        configure(configuration, "text", "TRACE");
        try {
            var registry = "127.0.0.1:" + server.getAddress().getPort();
            assertThatThrownBy(() -> pull(registry, "someone", "pass"))
                    .hasMessageEndingWith("HTTP 401 unauthorized");
        } finally {
            server.stop(0);
        }

        assertThat(given).anyMatch(header -> header.contains(secret));
        assertThat(lines.list).isNotEmpty();
        assertThat(lines.list)
                .noneSatisfy(line ->
                        assertThat(line.getFormattedMessage())
                                .containsAnyOf(secret, "someone", "Authorization"));
    }

    /// `Watched` tells it, in a line.
    @Test
    void writesNoStackTraceForEachWatchThatFails() throws Exception {
        configure("text", "INFO");

        LoggerFactory.getLogger("io.fabric8.kubernetes.client.informers.impl.cache.Reflector")
                .warn("listSyncAndWatch failed, will retry", new IllegalStateException("404"));

        assertThat(lines.list).isEmpty();
    }

    @Test
    void writesOneObjectALineInJson() throws Exception {
        configure("json", "INFO");
        MDC.put("pod", "default/hello");
        Logger log = LoggerFactory.getLogger("dev.monopod.Test");

        log.warn("two\nlines", new IllegalStateException("why"));

        String written = encoded("json", lines.list.getFirst());
        assertThat(written.strip().lines()).hasSize(1);
        var json = new ObjectMapper().readTree(written);
        assertThat(json.path("message").asText()).isEqualTo("two\nlines");
        assertThat(json.path("level").asText()).isEqualTo("WARN");
        assertThat(json.path("mdc").path("pod").asText()).isEqualTo("default/hello");
        assertThat(json.path("throwable").path("message").asText()).isEqualTo("why");
    }

    @Test
    void namesThePodInTextWhereThereIsOne() throws Exception {
        configure("text", "INFO");
        Logger log = LoggerFactory.getLogger("dev.monopod.Test");

        log.info("none");
        MDC.put("pod", "default/hello");
        log.info("one");

        assertThat(encoded("text", lines.list.get(0))).endsWith(" INFO  Test: none\n");
        assertThat(encoded("text", lines.list.get(1)))
                .endsWith(" INFO  pod=default/hello Test: one\n");
    }

    private void pull() {
        // Nobody listens there.
        pull("127.0.0.1:1", null, null);
    }

    private void pull(String registry, String username, String password) {
        var named =
                new RegistrySettings(registry, true, null, null, null, username, password, null);
        new OciImageStore(folder, folder, new RegistryConfiguration(List.of(named)))
                .resolve(registry + "/app:1", PullPolicy.ALWAYS, PullIdentity.anyone());
    }

    private void configure(String format, String level) throws Exception {
        configure("/monopod-process-logback.xml", format, level);
    }

    private void configure(String configuration, String format, String level) throws Exception {
        context.reset();
        context.putProperty("MONOPOD_LOG_FORMAT", format);
        context.putProperty("MONOPOD_LOG_LEVEL", level);
        var configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(ProcessLogTest.class.getResource(configuration));
        lines.start();
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(lines);
    }

    private String encoded(String appender, ILoggingEvent line) {
        var console =
                (ConsoleAppender<ILoggingEvent>)
                        context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender(appender);
        return new String(console.getEncoder().encode(line), StandardCharsets.UTF_8);
    }
}
