package dev.monopod.agent.loadbalancing;

import dev.monopod.model.loadbalancing.Backend;
import dev.monopod.model.loadbalancing.Backend.Behaviour;
import dev.monopod.model.loadbalancing.Backend.ProxyProtocol;
import dev.monopod.model.loadbalancing.HealthCheck;
import dev.monopod.model.loadbalancing.HttpChange;
import dev.monopod.model.loadbalancing.HttpChange.Direction;
import dev.monopod.model.loadbalancing.Listener;
import dev.monopod.model.loadbalancing.LoadBalancer;
import dev.monopod.model.loadbalancing.Target;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// HAProxy's configuration file for a set of load balancers. Pure.
///
/// @param structure the text without the targets: while it stays, the runtime socket can make every
///   change
/// @param files further files by name (certificates)
record HaproxyConfiguration(String text, String structure, Map<String, String> files) {
    /// Name of the runtime socket in the folder.
    static final String SOCKET = "admin.sock";

    /// Name of the file with what the worker before knew of its targets.
    static final String KNOWN_TARGETS = "targets";

    private static final String OPEN = ".open";

    private static final String HEAD =
            """
            global
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
    static HaproxyConfiguration of(Collection<LoadBalancer> balancers, Path folder) {
        var files = new TreeMap<String, String>();
        var text = new StringBuilder(HEAD.formatted(folder));
        var structure = new StringBuilder(HEAD.formatted(folder));
        for (var balancer : balancers) {
            for (var listener : balancer.listeners()) {
                var section = listener(balancer, listener, folder, files);
                text.append(section);
                structure.append(section);
            }
            for (var backend : balancer.backends()) {
                var section = backend(balancer, backend);
                text.append(section);
                structure.append(section);
                if (backend.behaviour() instanceof Behaviour.Pool pool) {
                    for (var target : pool.targets()) {
                        text.append(serverLine(target, server(balancer, pool, target)));
                    }
                    var open = openBackend(balancer, backend, pool);
                    text.append(open);
                    structure.append(open);
                    for (var target : pool.targets()) {
                        text.append(serverLine(target, openServer(balancer, pool, target)));
                    }
                }
            }
        }
        files.forEach((name, content) -> structure.append(name).append('\n').append(content));
        return new HaproxyConfiguration(text.toString(), structure.toString(), files);
    }

    /// Name of a back end's section.
    static String section(LoadBalancer balancer, Backend backend) {
        return balancer.owner().key() + "." + backend.name();
    }

    /// Name of the section with the same targets and no checks: when no target is healthy, all get
    /// traffic, since the checks may be what is wrong.
    static String openSection(LoadBalancer balancer, Backend backend) {
        return section(balancer, backend) + OPEN;
    }

    /// What follows a server's name, in the file and on the runtime socket. The first check of a
    /// server that comes by the socket is after `downinter`.
    static String server(LoadBalancer balancer, Behaviour.Pool pool, Target target) {
        var check = pool.check();
        var line =
                new StringBuilder(openServer(balancer, pool, target))
                        .append(
                                " check inter %ds fastinter 1s downinter 1s rise %d fall %d"
                                        .formatted(
                                                check.intervalSeconds(),
                                                check.healthyThreshold(),
                                                check.unhealthyThreshold()));
        check.port().ifPresent(port -> line.append(" port ").append(port));
        if (pool.proxyProtocol() == ProxyProtocol.VERSION_2 && check.port().isEmpty()) {
            line.append(" check-send-proxy");
        }
        return line.toString();
    }

    /// The same for the section without checks.
    static String openServer(LoadBalancer balancer, Behaviour.Pool pool, Target target) {
        return "%s:%d weight %d source %s%s"
                .formatted(
                        target.address(),
                        target.port(),
                        target.state() == Target.State.READY ? target.weight() : 0,
                        balancer.address(),
                        pool.proxyProtocol() == ProxyProtocol.VERSION_2 ? " send-proxy-v2" : "");
    }

    private static String serverLine(Target target, String rest) {
        return "  server " + target.name() + " " + rest + "\n";
    }

    private static String listener(
            LoadBalancer balancer, Listener listener, Path folder, Map<String, String> files) {
        var key = balancer.owner().key();
        var text = new StringBuilder();
        var requests = listener.protocol().readsRequests();
        text.append("\nfrontend ").append(key).append('.').append(listener.port()).append('\n');
        text.append("  mode ").append(requests ? "http" : "tcp").append('\n');
        text.append("  bind ").append(balancer.address()).append(':').append(listener.port());
        if (listener.protocol().encrypted()) {
            var list = key + "." + listener.port() + ".list";
            files.put(list, certificates(key, listener, folder, files));
            text.append(" ssl crt-list ").append(folder.resolve(list));
            text.append(requests ? " alpn h2,http/1.1" : "");
        }
        text.append('\n');
        if (!listener.sources().isEmpty()) {
            text.append("  tcp-request connection reject unless { src ")
                    .append(String.join(" ", listener.sources()))
                    .append(" }\n");
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
        for (var rule : listener.rules()) {
            var conditions = new StringBuilder();
            rule.matches().forEach(match -> conditions.append(' ').append(Conditions.of(match)));
            text.append(choice(balancer, rule.backend(), conditions.toString()));
        }
        return text.append(choice(balancer, listener.fallback(), "")).toString();
    }

    /// Sends what meets the conditions to a back end.
    private static String choice(LoadBalancer balancer, String backend, String conditions) {
        var section = balancer.owner().key() + "." + backend;
        var hasTargets =
                balancer.backends().stream()
                        .filter(each -> each.name().equals(backend))
                        .anyMatch(each -> each.behaviour() instanceof Behaviour.Pool);
        return (hasTargets
                        ? "  use_backend %1$s%2$s if%3$s { nbsrv(%1$s) eq 0 }\n"
                                .formatted(section, OPEN, conditions)
                        : "")
                + "  use_backend %s%s%s\n"
                        .formatted(section, conditions.isEmpty() ? "" : " if", conditions);
    }

    private static String certificates(
            String key, Listener listener, Path folder, Map<String, String> files) {
        var lines = new StringBuilder();
        for (var certificate : listener.certificates()) {
            var file = key + "." + certificate.id().replaceAll("[^A-Za-z0-9.-]", "_") + ".pem";
            files.put(file, certificate.pem());
            lines.append(folder.resolve(file));
            certificate.names().forEach(name -> lines.append(' ').append(name));
            lines.append('\n');
        }
        return lines.toString();
    }

    private static String backend(LoadBalancer balancer, Backend backend) {
        var text = new StringBuilder("\nbackend " + section(balancer, backend) + "\n");
        switch (backend.behaviour()) {
            case Behaviour.Pool pool ->
                    text.append(forwarding(balancer, backend, pool)).append(check(pool.check()));
            case Behaviour.Answer(int status) ->
                    text.append("  mode http\n  http-request return status ")
                            .append(status)
                            .append(" content-type text/plain string ")
                            .append(status)
                            .append('\n');
            case Behaviour.Redirect redirect ->
                    text.append("  mode http\n")
                            .append(changes(backend.changes()))
                            .append(redirect(redirect));
        }
        return text.toString();
    }

    private static String openBackend(LoadBalancer balancer, Backend backend, Behaviour.Pool pool) {
        return "\nbackend "
                + openSection(balancer, backend)
                + "\n"
                + forwarding(balancer, backend, pool);
    }

    private static String forwarding(LoadBalancer balancer, Backend backend, Behaviour.Pool pool) {
        var text = new StringBuilder();
        var requests = readsRequests(balancer, backend.name());
        text.append("  mode ").append(requests ? "http" : "tcp").append('\n');
        text.append("  balance ").append(requests ? "roundrobin" : "leastconn").append('\n');
        text.append(requests ? "  timeout server 60s\n" : "");
        if (pool.faultsPerThousand() > 0) {
            text.append(
                    "  http-request return status 500 if { rand(1000) lt %d }\n"
                            .formatted(pool.faultsPerThousand()));
        }
        return text.append(changes(backend.changes())).toString();
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
