package dev.monopod.agent.kubelet;

import dev.monopod.agent.kubelet.KubeletPods.Detail;
import dev.monopod.agent.kubelet.KubeletPods.LogOptions;
import dev.monopod.agent.kubelet.KubeletPods.LogStream;
import dev.monopod.agent.kubelet.KubeletPods.Refusal;
import dev.monopod.agent.kubelet.KubeletPods.RefusedException;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodListBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers the requests of the kubelet API. One agent is the kubelet of many nodes, one per pod:
/// the connection tells which one is asked, whatever the request says, and it answers for its own
/// pod only.
final class KubeletApi implements RequestHandler.Service {
    private static final Logger LOG = LoggerFactory.getLogger(KubeletApi.class);
    private static final String JSON = "application/json";

    private final KubeletPods pods;
    private final AccessControl accessControl;
    private final KubeletServerConfiguration configuration;
    private final Clock clock;
    private final Streaming streaming;
    private final PortForwarding portForwarding;
    private final StatisticsReport statistics;

    KubeletApi(
            KubeletPods pods,
            AccessControl accessControl,
            KubeletServerConfiguration configuration,
            Clock clock) {
        this.pods = pods;
        this.accessControl = accessControl;
        this.configuration = configuration;
        this.clock = clock;
        this.streaming = new Streaming(configuration.streamIdleTimeout());
        this.portForwarding = new PortForwarding(configuration.streamIdleTimeout());
        this.statistics = new StatisticsReport();
    }

    @Override
    public void serve(Exchange exchange) throws IOException {
        try {
            answer(exchange);
        } catch (StreamException e) {
            fail(exchange, HttpResponseStatus.valueOf(e.httpStatus()), e);
        } catch (RefusedException e) {
            fail(exchange, status(e.refusal()), e);
        } catch (IOException | RuntimeException e) {
            if (exchange.connection().isOpen()) {
                LOG.warn("kubelet API {} failed", exchange.path(), e);
            }
            fail(exchange, HttpResponseStatus.INTERNAL_SERVER_ERROR, e);
        }
    }

    private static HttpResponseStatus status(Refusal refusal) {
        return switch (refusal) {
            case Refusal.NotFound _ -> HttpResponseStatus.NOT_FOUND;
            case Refusal.Invalid _ -> HttpResponseStatus.BAD_REQUEST;
            case Refusal.Failed _ -> HttpResponseStatus.INTERNAL_SERVER_ERROR;
        };
    }

    private static void fail(Exchange exchange, HttpResponseStatus status, Exception cause)
            throws IOException {
        if (exchange.isAnswered()) {
            throw new IOException(cause);
        }
        exchange.respondText(status, Streaming.message(cause));
    }

    private void answer(Exchange exchange) throws IOException {
        var route = Route.of(exchange.path());
        var user = accessControl.user(exchange);
        if (user.isEmpty()) {
            exchange.respondText(HttpResponseStatus.UNAUTHORIZED, "Unauthorized");
            return;
        }
        exchange.connection().noteAuthenticated();
        var machine = exchange.connection().machine();
        var pod = machine.flatMap(pods::pod);
        var node = pod.map(this::nodeName).orElse(hostName());
        var method = exchange.request().method();
        var verb = route.verb(method);
        if (!accessControl.isAllowed(user.get(), verb, node, route.subresources())) {
            exchange.respondText(
                    HttpResponseStatus.FORBIDDEN,
                    "Forbidden (user=%s, verb=%s, resource=nodes, subresource(s)=%s)"
                            .formatted(user.get().name(), verb, route.subresources()));
            return;
        }
        if (machine.isEmpty() && !(route instanceof Route.Health)) {
            throw new StreamException(
                    421, "no Node has this address: ask the address of a pod at this port");
        }
        if (route.namedPod().isPresent() && pod.filter(route.namedPod().get()::matches).isEmpty()) {
            throw new StreamException(404, "pod does not exist");
        }
        if (!isMethodAllowed(route, method)) {
            exchange.respondText(HttpResponseStatus.METHOD_NOT_ALLOWED, "405: Method Not Allowed");
            return;
        }
        if (route instanceof Route.Health) {
            exchange.respondText(HttpResponseStatus.OK, "ok");
        } else if (pod.isEmpty()) {
            throw new StreamException(404, "the pod of this Node is gone");
        } else {
            answer(exchange, route, machine.orElseThrow(), pod.get());
        }
    }

    private void answer(Exchange exchange, Route route, String machine, Pod pod)
            throws IOException {
        var only = List.of(pod);
        switch (route) {
            case Route.Health _ -> throw new IllegalStateException("answered before");
            case Route.Pods _ ->
                    exchange.respond(
                            HttpResponseStatus.OK,
                            JSON,
                            Serialization.asJson(new PodListBuilder().withItems(pod).build()));
            case Route.Metrics _ -> {
                var measured = pods.statistics(only, Detail.ALL);
                respond(exchange, NodeMetrics.of(nodeName(pod), only, measured));
            }
            case Route.ResourceMetrics _ -> {
                var measured = pods.statistics(only, Detail.COUNTERS);
                respond(exchange, ResourceMetrics.of(measured, missing(only, measured)));
            }
            case Route.ContainerMetrics _ -> {
                var measured = pods.statistics(only, Detail.ALL);
                respond(exchange, ContainerMetrics.of(measured, missing(only, measured)));
            }
            case Route.ProbeMetrics _ -> respond(exchange, NodeMetrics.probes(pods.probes(only)));
            case Route.Summary _ ->
                    exchange.respond(
                            HttpResponseStatus.OK,
                            JSON,
                            statistics.summary(
                                    nodeName(pod),
                                    pods.statistics(only, Detail.ALL).stream().findFirst()));
            case Route.ContainerLogs logs -> logs(exchange, machine, logs.container());
            case Route.Exec exec -> {
                var command = List.copyOf(exchange.parameters("command"));
                streaming.serve(
                        exchange,
                        session -> pods.exec(machine, exec.container(), command, session));
            }
            case Route.Attach attach ->
                    streaming.serve(
                            exchange, session -> pods.attach(machine, attach.container(), session));
            case Route.PortForward _ ->
                    portForwarding.serve(
                            exchange,
                            (port, input, output) ->
                                    pods.portForward(machine, port, input, output));
            case Route.Unknown _ ->
                    exchange.respondText(HttpResponseStatus.NOT_FOUND, "404 page not found");
        }
    }

    private static boolean isMethodAllowed(Route route, HttpMethod method) {
        return switch (route) {
            case Route.Exec _, Route.Attach _, Route.PortForward _ ->
                    method.equals(HttpMethod.GET) || method.equals(HttpMethod.POST);
            default -> method.equals(HttpMethod.GET);
        };
    }

    private void logs(Exchange exchange, String machine, String container) throws IOException {
        var options = logOptions(exchange);
        // Only a whole log ends the body: a failure closes the connection instead.
        var body = exchange.chunkedBody("text/plain");
        pods.logs(machine, container, options, body);
        body.close();
    }

    private LogOptions logOptions(Exchange exchange) throws StreamException {
        var since = exchange.parameter("sinceTime").map(KubeletApi::instant);
        var seconds = number(exchange, "sinceSeconds");
        if (seconds == 0 || seconds < -1) {
            throw new StreamException(422, "sinceSeconds must be greater than 0");
        }
        if (seconds > 0) {
            since = Optional.of(clock.instant().minusSeconds(seconds));
        }
        var limit = number(exchange, "limitBytes");
        if (limit == 0) {
            throw new StreamException(422, "limitBytes must be greater than 0");
        }
        return new LogOptions(
                exchange.flag("follow"),
                exchange.flag("previous"),
                exchange.flag("timestamps"),
                number(exchange, "tailLines"),
                limit,
                since,
                logStream(exchange));
    }

    private static LogStream logStream(Exchange exchange) throws StreamException {
        return switch (exchange.parameter("stream").orElse("All")) {
            case "All" -> LogStream.ALL;
            case "Stdout" -> LogStream.STDOUT;
            case "Stderr" -> LogStream.STDERR;
            default -> throw new StreamException(422, "stream is none of All, Stdout, Stderr");
        };
    }

    private static Instant instant(String text) {
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException("sinceTime is not a time of RFC 3339: " + text, e);
        }
    }

    private static long number(Exchange exchange, String name) throws StreamException {
        var text = exchange.parameter(name);
        if (text.isEmpty()) {
            return -1;
        }
        try {
            var value = Long.parseLong(text.get());
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException _) {
            // Told below, like a negative number.
        }
        throw new StreamException(422, name + " is not a number from 0: " + text.get());
    }

    private static void respond(Exchange exchange, Families families) throws IOException {
        var accept = Optional.ofNullable(exchange.request().headers().get(HttpHeaderNames.ACCEPT));
        var text = families.write(accept.orElse(""));
        exchange.respond(HttpResponseStatus.OK, text.contentType(), text.body());
    }

    /// How many of the running pods did not answer.
    private static long missing(List<Pod> pods, List<KubeletPods.PodStatistics> measured) {
        return pods.stream()
                .filter(pod -> pod.getStatus() != null)
                .filter(pod -> "Running".equals(pod.getStatus().getPhase()))
                .map(pod -> pod.getMetadata().getUid())
                .filter(uid -> measured.stream().noneMatch(one -> one.uid().equals(uid)))
                .count();
    }

    private String nodeName(Pod pod) {
        return Optional.ofNullable(pod.getSpec().getNodeName()).orElse(hostName());
    }

    private String hostName() {
        return configuration.hostName();
    }
}
