package dev.monopod.loadbalancing.haproxy;

import dev.monopod.loadbalancing.rules.Backend;
import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.Backend.HttpVersion;
import dev.monopod.loadbalancing.rules.Backend.ProxyProtocol;
import dev.monopod.loadbalancing.rules.HealthCheck;
import dev.monopod.loadbalancing.rules.HttpChange;
import dev.monopod.loadbalancing.rules.HttpChange.Direction;
import dev.monopod.loadbalancing.rules.Listener;
import dev.monopod.loadbalancing.rules.Listener.Protocol;
import dev.monopod.loadbalancing.rules.LoadBalancer;
import dev.monopod.loadbalancing.rules.RequestMatch;
import dev.monopod.loadbalancing.rules.Target;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// HAProxy's configuration file for a set of load balancers. Pure.
///
/// @param structure the text without the targets: while it stays, the runtime socket can make every
///   change
/// @param files further files by name (certificates)
public record HaproxyConfiguration(String text, String structure, Map<String, String> files) {
    /// Name of the runtime socket in the folder.
    public static final String SOCKET = "admin.sock";

    /// Name of the file with what the worker before knew of its targets.
    public static final String KNOWN_TARGETS = "targets";

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(60);

    /// HAProxy reads 64 words of a line.
    private static final int SOURCES_OF_LINE = 50;

    /// What a certificate's names may be; others would be words of their own in its list.
    private static final Pattern NAME = Pattern.compile("(\\*\\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?");

    /// HAProxy counts milliseconds in 31 bits.
    private static final Duration ENDLESS = Duration.ofDays(24);

    /// Waits for the name that a connection asks for.
    private static final String HELLO =
            "  tcp-request inspect-delay 5s\n"
                    + "  tcp-request content accept if { req.ssl_hello_type 1 }\n";

    private static final String HEAD =
            """
            global
              localpeer monopod
              maxconn %2$d
              no strict-limits
              stats socket %1$s/admin.sock mode 600 level admin expose-fd listeners
              server-state-file %1$s/targets
              hard-stop-after 300s
              ssl-default-bind-options ssl-min-ver TLSv1.2
              tune.ssl.default-dh-param 2048

            defaults
              timeout connect 2s
              timeout client 350s
              timeout server 350s
              timeout http-request 30s
              timeout http-keep-alive 60s
              timeout queue 5s
              retries 3
              option redispatch 1
              load-server-state-from-file global
            """;

    /// @param folder where the file, the certificates and the socket are
    public static HaproxyConfiguration of(Collection<LoadBalancer> balancers, Path folder) {
        var files = new TreeMap<String, String>();
        var head = HEAD.formatted(folder, Connections.ALL);
        var text = new StringBuilder(head);
        var structure = new StringBuilder(head);
        var peers = StickText.peers(balancers, folder);
        text.append(peers);
        structure.append(peers);
        var connections = new Connections(balancers);
        for (var balancer : balancers) {
            for (var listener : balancer.listeners()) {
                var section = listener(balancer, listener, connections.of(balancer), folder, files);
                text.append(section);
                structure.append(section);
            }
            for (var backend : balancer.backends()) {
                var section = backend(balancer, backend);
                text.append(section);
                structure.append(section);
                if (backend.behaviour() instanceof Behaviour.Pool pool) {
                    for (var target : servers(pool)) {
                        text.append("  server ")
                                .append(target.name())
                                .append(' ')
                                .append(server(balancer, pool, target))
                                .append('\n');
                    }
                }
            }
        }
        files.forEach((name, content) -> structure.append(name).append('\n').append(content));
        return new HaproxyConfiguration(text.toString(), structure.toString(), files);
    }

    /// Name of a back end's section.
    public static String section(LoadBalancer balancer, Backend backend) {
        return balancer.owner().key() + "." + backend.name();
    }

    /// The servers of a pool. Each target stands there a second time without a check, for the time
    /// in which no target is healthy: as AWS does, all then get traffic, since the checks may be
    /// what is wrong, or the targets only slow.
    public static List<Target> servers(Behaviour.Pool pool) {
        return Stream.concat(
                        pool.targets().stream(), pool.targets().stream().map(Target::asLastResort))
                .toList();
    }

    /// What follows a server's name, in the file and on the runtime socket. The first check of a
    /// server that comes by the socket is after `downinter`.
    public static String server(LoadBalancer balancer, Behaviour.Pool pool, Target target) {
        var line =
                new StringBuilder()
                        .append(target.address())
                        .append(':')
                        .append(target.port())
                        .append(" weight ")
                        .append(target.state() == Target.State.READY ? target.weight() : 0)
                        .append(" source ")
                        .append(balancer.address());
        switch (target.role()) {
            case CHECKED -> line.append(check(pool));
            case LAST_RESORT -> line.append(" backup");
        }
        if (pool.transport().version() == HttpVersion.HTTP_2) {
            line.append(" proto h2");
        }
        if (pool.transport().proxyProtocol() == ProxyProtocol.VERSION_2) {
            line.append(" send-proxy-v2");
        }
        return line.toString();
    }

    private static String check(Behaviour.Pool pool) {
        var check = pool.check();
        var line =
                new StringBuilder()
                        .append(
                                " check inter %ds fastinter 1s downinter 1s rise %d fall %d"
                                        .formatted(
                                                check.intervalSeconds(),
                                                check.healthyThreshold(),
                                                check.unhealthyThreshold()));
        check.port().ifPresent(port -> line.append(" port ").append(port));
        if (pool.transport().proxyProtocol() == ProxyProtocol.VERSION_2 && check.port().isEmpty()) {
            line.append(" check-send-proxy");
        }
        return line.toString();
    }

    private static String listener(
            LoadBalancer balancer,
            Listener listener,
            int connections,
            Path folder,
            Map<String, String> files) {
        var key = balancer.owner().key();
        var text = new StringBuilder();
        var requests = listener.protocol().readsRequests();
        text.append("\nfrontend ").append(key).append('.').append(listener.port()).append('\n');
        text.append("  mode ").append(requests ? "http" : "tcp").append('\n');
        text.append("  maxconn ").append(connections).append('\n');
        text.append("  bind ").append(balancer.address()).append(':').append(listener.port());
        if (listener.protocol().encrypted()) {
            var list = key + "." + listener.port() + ".list";
            files.put(list, certificates(key, listener, folder, files));
            text.append(" ssl crt-list ").append(folder.resolve(list));
            text.append(requests ? " alpn h2,http/1.1" : "");
        }
        text.append('\n');
        if (!listener.sources().isEmpty()) {
            for (var first = 0; first < listener.sources().size(); first += SOURCES_OF_LINE) {
                var last = Math.min(first + SOURCES_OF_LINE, listener.sources().size());
                text.append("  acl source src ")
                        .append(String.join(" ", listener.sources().subList(first, last)))
                        .append('\n');
            }
            text.append("  tcp-request connection reject unless source\n");
        }
        if (requests) {
            text.append("  timeout client 60s\n  option forwardfor\n");
            // A client's next request may be on its way when a reload comes.
            text.append("  option idle-close-on-response\n");
            text.append("  http-request set-header X-Forwarded-Proto ")
                    .append(listener.protocol().encrypted() ? "https" : "http")
                    .append("\n  http-request set-header X-Forwarded-Port ")
                    .append(listener.port())
                    .append('\n');
        }
        if (listener.rules().stream()
                .flatMap(rule -> rule.matches().stream())
                .anyMatch(RequestMatch.Chance.class::isInstance)) {
            text.append(
                    "  %s set-var(txn.throw) rand(%d)\n"
                            .formatted(
                                    requests ? "http-request" : "tcp-request content",
                                    RequestMatch.Chance.THROWS));
        }
        if (listener.protocol() == Protocol.PASSTHROUGH) {
            text.append(HELLO);
        }
        text.append(rules(key, listener.rules()));
        return text.append("  default_backend ")
                .append(key)
                .append('.')
                .append(listener.fallback())
                .append('\n')
                .toString();
    }

    /// Each condition has a name, since HAProxy reads 64 words of a line only.
    private static String rules(String key, List<Listener.Rule> rules) {
        var names = new LinkedHashMap<List<String>, String>();
        var uses = new StringBuilder();
        for (var rule : rules) {
            uses.append("  use_backend ").append(key).append('.').append(rule.backend());
            uses.append(rule.matches().isEmpty() ? "" : " if");
            for (var match : rule.matches()) {
                uses.append(' ')
                        .append(
                                names.computeIfAbsent(
                                        Conditions.of(match), each -> "c" + names.size()));
            }
            uses.append('\n');
        }
        var text = new StringBuilder();
        names.forEach((conditions, name) ->
                conditions.forEach(condition ->
                        text.append("  acl ")
                                .append(name)
                                .append(' ')
                                .append(condition)
                                .append('\n')));
        return text.append(uses).toString();
    }

    private static String certificates(
            String key, Listener listener, Path folder, Map<String, String> files) {
        var lines = new StringBuilder();
        for (var certificate : listener.certificates()) {
            var file = key + "." + certificate.id().replaceAll("[^A-Za-z0-9.-]", "_") + ".pem";
            files.put(file, certificate.pem());
            lines.append(folder.resolve(file));
            certificate.names().stream()
                    .filter(name -> NAME.matcher(name).matches())
                    .forEach(name -> lines.append(' ').append(name));
            lines.append('\n');
        }
        return lines.toString();
    }

    private static String backend(LoadBalancer balancer, Backend backend) {
        var text = new StringBuilder("\nbackend " + section(balancer, backend) + "\n");
        switch (backend.behaviour()) {
            case Behaviour.Pool pool -> {
                var requests = readsRequests(balancer, backend.name());
                text.append("  mode ").append(requests ? "http" : "tcp").append('\n');
                text.append("  balance ")
                        .append(requests ? "roundrobin" : "leastconn")
                        .append('\n');
                text.append(requests ? answerTimeout(pool.transport().answer()) : "");
                text.append(changes(backend.changes()));
                text.append(pool.stickiness().map(StickText::of).orElse(""));
                text.append("  option allbackups\n").append(check(pool.check()));
            }
            case Behaviour.Close _ -> text.append("  mode tcp\n  tcp-request content reject\n");
            case Behaviour.Answer answer ->
                    text.append("  mode http\n  http-request return status ")
                            .append(answer.status())
                            .append(" content-type ")
                            .append(Text.word(answer.contentType()))
                            .append(" string ")
                            .append(Text.word(answer.body()))
                            .append('\n');
            case Behaviour.Redirect redirect ->
                    text.append("  mode http\n")
                            .append(changes(backend.changes()))
                            .append(redirect(redirect));
        }
        return text.toString();
    }

    /// Without one of its own, AWS' idle timeout.
    private static String answerTimeout(Optional<Duration> asked) {
        var limit = asked.map(timeout -> timeout.isZero() ? ENDLESS : timeout).orElse(IDLE_TIMEOUT);
        var text = "  timeout server " + limit.toMillis() + "ms\n";
        return limit.compareTo(CONNECT_TIMEOUT) < 0
                ? text + "  timeout connect " + limit.toMillis() + "ms\n"
                : text;
    }

    private static boolean readsRequests(LoadBalancer balancer, String backend) {
        return balancer.listeners().stream()
                .filter(listener -> listener.protocol().readsRequests())
                .anyMatch(listener ->
                        listener.fallback().equals(backend)
                                || listener.rules().stream()
                                        .anyMatch(rule -> rule.backend().equals(backend)));
    }

    private static String check(HealthCheck check) {
        var timeout = "  timeout check " + check.timeoutSeconds() + "s\n";
        if (!check.byRequest()) {
            return timeout;
        }
        return timeout
                + "  option httpchk\n  http-check send meth GET uri "
                + Text.format(check.path())
                + " ver HTTP/1.1 hdr Host monopod-health-check\n  http-check expect status "
                + check.codes()
                + "\n";
    }

    private static String redirect(Behaviour.Redirect redirect) {
        var scheme =
                redirect.scheme().isEmpty() ? "%[req.hdr(X-Forwarded-Proto)]" : redirect.scheme();
        var host =
                redirect.host().isEmpty()
                        ? "%[req.hdr(host),host_only]"
                        : redirect.host().replace("%", "%%");
        var port = redirect.port().isEmpty() ? "" : ":" + redirect.port();
        return "  http-request redirect code %d location %s\n"
                .formatted(redirect.status(), Text.word(scheme + "://" + host + port + "%[pathq]"));
    }

    private static String changes(List<HttpChange> changes) {
        var text = new StringBuilder();
        for (var change : changes) {
            switch (change) {
                case HttpChange.SetHeader(Direction direction, String name, String value) ->
                        text.append(verb(direction))
                                .append(" set-header ")
                                .append(Text.word(name))
                                .append(' ')
                                .append(Text.format(value));
                case HttpChange.AddHeader(Direction direction, String name, String value) ->
                        text.append(verb(direction))
                                .append(" add-header ")
                                .append(Text.word(name))
                                .append(' ')
                                .append(Text.format(value));
                case HttpChange.RemoveHeader(Direction direction, String name) ->
                        text.append(verb(direction)).append(" del-header ").append(Text.word(name));
                case HttpChange.ReplacePath(String path) ->
                        text.append("  http-request set-path ").append(Text.format(path));
                case HttpChange.Cors cors -> text.append(CorsText.of(cors, changes.indexOf(cors)));
                case HttpChange.ReplacePrefix(String prefix, String by) ->
                        text.append(replacePrefix(prefix, by));
            }
            text.append('\n');
        }
        return text.toString();
    }

    private static String verb(Direction direction) {
        return switch (direction) {
            case REQUEST -> "  http-request";
            case RESPONSE -> "  http-response";
        };
    }

    /// `/a` by `/b`: `/a` → `/b`, `/a/c` → `/b/c`. An empty path is none, so `/a` by `/` → `/`.
    private static String replacePrefix(String prefix, String by) {
        var from = stripped(prefix);
        var to = stripped(by);
        var expression =
                to.isEmpty()
                        ? "^" + Text.expression(from) + "/*(.*)$"
                        : "^" + Text.expression(from) + "(/.*)?$";
        var replacement = to.isEmpty() ? "/\\1" : Text.replacement(to) + "\\1";
        return "  http-request replace-path "
                + Text.word(expression)
                + " "
                + Text.word(replacement);
    }

    private static String stripped(String path) {
        return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }
}
