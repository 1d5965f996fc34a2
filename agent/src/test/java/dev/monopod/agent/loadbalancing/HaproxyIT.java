package dev.monopod.agent.loadbalancing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.monopod.loadbalancing.haproxy.HaproxyConfiguration;
import dev.monopod.loadbalancing.haproxy.TargetTable;
import dev.monopod.loadbalancing.rules.Backend;
import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.Backend.Transport;
import dev.monopod.loadbalancing.rules.HealthCheck;
import dev.monopod.loadbalancing.rules.HttpChange;
import dev.monopod.loadbalancing.rules.HttpChange.Direction;
import dev.monopod.loadbalancing.rules.Listener;
import dev.monopod.loadbalancing.rules.Listener.Protocol;
import dev.monopod.loadbalancing.rules.LoadBalancer;
import dev.monopod.loadbalancing.rules.Owner;
import dev.monopod.loadbalancing.rules.RequestMatch;
import dev.monopod.loadbalancing.rules.RequestMatch.Comparison;
import dev.monopod.loadbalancing.rules.RequestMatch.Depth;
import dev.monopod.loadbalancing.rules.Stickiness;
import dev.monopod.loadbalancing.rules.Target;
import dev.monopod.loadbalancing.rules.Target.State;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real HAProxy in a network namespace of its own, with web servers as targets. Needs root.
final class HaproxyIT {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final String ADDRESS = "10.66.0.1";
    private static final int UPDATES = 10;

    @TempDir Path folder = Path.of("/nonexistent");
    private final String namespace = "monopod-lb-it" + ProcessHandle.current().pid();
    private final TreeMap<Integer, Process> servers = new TreeMap<>();
    private HaproxyProcess haproxy = process();
    private boolean made;

    private HaproxyProcess process() {
        return new HaproxyProcess(folder.resolve("lb"), folder.resolve("log"), namespace);
    }

    @BeforeEach
    void makeNamespace() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root for netns");
        assumeTrue(
                run("sh", "-c", "command -v haproxy; command -v busybox").lines().count() == 2,
                "skipped: no haproxy");
        // HAProxy's user has to pass through.
        run("chmod", "755", folder.toString());
        made = true;
        run("ip", "netns", "add", namespace);
        inside("ip", "link", "set", "lo", "up");
        inside("ip", "addr", "add", ADDRESS + "/32", "dev", "lo");
        inside("sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start");
        haproxy = process();
    }

    @AfterEach
    void removeNamespace() throws IOException {
        if (made) {
            haproxy.stop();
            servers.values().forEach(Process::destroyForcibly);
            run("ip", "netns", "delete", namespace);
        }
    }

    @Test
    void rollingTargetsAndReloadsLoseNoRequest() throws IOException, InterruptedException {
        var commands = new TargetCommands(haproxy.socket(), Clock.systemUTC());
        var targets = new ArrayList<>(List.of(serve(1), serve(2)));
        haproxy.load(configuration(balancer(Protocol.TCP, targets, 80)));
        var stop = folder.resolve("stop");
        var report = folder.resolve("report");
        var load = load(stop, report);
        await().atMost(LIMIT).until(() -> connections() > 5);

        for (var update = 1; update <= UPDATES; update++) {
            var fresh = serve(update + 2);
            var old = targets.removeFirst();
            targets.add(fresh);
            var draining = new ArrayList<>(targets);
            draining.add(new Target(old.address(), old.port(), 1, State.DRAINING));
            commands.apply(List.of(balancer(Protocol.TCP, draining, 80)));
            // Every other time the socket is not enough.
            if (update % 2 == 0) {
                haproxy.load(configuration(balancer(Protocol.TCP, draining, 80, 80 + update)));
            }
            await().atMost(LIMIT).until(() -> currentConnections(old) == 0);
            servers.remove(update).destroy();
            var wanted = List.of(balancer(Protocol.TCP, targets, 80));
            await().atMost(LIMIT)
                    .until(() -> {
                        commands.apply(wanted);
                        return running()
                                .equals(targets.stream().map(Target::name).sorted().toList());
                    });
        }

        Files.createFile(stop);
        assertThat(load.waitFor()).as(() -> text(report)).isZero();
        System.out.println(UPDATES + " updates: " + text(report).strip());
    }

    @Test
    void aTargetGetsNothingBeforeItsFirstCheckAndAllGetItWhenNoneIsHealthy() throws IOException {
        var commands = new TargetCommands(haproxy.socket(), Clock.systemUTC());
        var dead = new Target("10.66.1.99", 8080, 1, State.READY);
        var good = serve(1);
        haproxy.load(configuration(balancer(Protocol.TCP, List.of(), 80)));

        commands.apply(List.of(balancer(Protocol.TCP, List.of(dead), 80)));
        assertThat(health(dead)).isNull();
        assertThat(statistic(dead.name(), "stot")).isZero();
        assertThat(curl("http://" + ADDRESS + "/")).isEmpty();
        assertThat(statistic(dead.asLastResort().name(), "econ"))
                .as("tried all the same")
                .isPositive();
        commands.apply(List.of(balancer(Protocol.TCP, List.of(dead, good), 80)));
        await().atMost(LIMIT).until(() -> Boolean.TRUE.equals(health(good)));
        await().atMost(LIMIT).until(() -> Boolean.FALSE.equals(health(dead)));

        // The next worker knows it from the start.
        haproxy.load(configuration(balancer(Protocol.TCP, List.of(dead, good), 80, 81)));
        assertThat(health(good)).isTrue();
        assertThat(health(dead)).isFalse();
        assertThat(curl("http://" + ADDRESS + ":81/")).isEqualTo("server 1");
    }

    @Test
    void sendsToAllTargetsWhileNoneIsHealthyAndToTheHealthyOnesElse() throws IOException {
        var commands = new TargetCommands(haproxy.socket(), Clock.systemUTC());
        var first = serve(1);
        haproxy.load(configuration(checked(List.of(first))));
        await().atMost(LIMIT).until(() -> statistic(first.name(), "chkdown") > 0);
        assertThat(curl("http://" + ADDRESS + "/")).isEqualTo("server 1");

        var second = serve(2);
        commands.apply(List.of(checked(List.of(first, second))));
        await().atMost(LIMIT).until(() -> statistic(second.name(), "chkdown") > 0);
        await().atMost(LIMIT).until(() -> curl("http://" + ADDRESS + "/").equals("server 2"));

        Files.createFile(folder.resolve("www-1/healthy"));
        await().atMost(LIMIT).until(() -> Boolean.TRUE.equals(health(first)));
        for (var request = 0; request < 4; request++) {
            assertThat(curl("http://" + ADDRESS + "/")).isEqualTo("server 1");
        }

        commands.apply(List.of(checked(List.of(first))));
        await().atMost(LIMIT)
                .until(() -> {
                    commands.apply(List.of(checked(List.of(first))));
                    return running().equals(List.of(first.name()));
                });
    }

    @Test
    void leadsAddressesBackToTheirTarget() throws IOException {
        var targets = List.of(serve(1), serve(2));
        var plain = pool(targets);
        var sticky =
                new Behaviour.Pool(
                        targets,
                        plain.check(),
                        plain.targetGroup(),
                        plain.transport(),
                        plain.drainSeconds(),
                        Optional.of(
                                new Stickiness(
                                        new Stickiness.Mark.Address(), Duration.ofHours(1))));
        haproxy.load(
                configuration(
                        new LoadBalancer(
                                new Owner(Owner.Kind.SERVICE, "shop", "web"),
                                ADDRESS,
                                List.of(listener(80, "plain"), listener(81, "sticky")),
                                List.of(
                                        new Backend("plain", List.of(), plain),
                                        new Backend("sticky", List.of(), sticky)))));

        var all = new HashSet<String>();
        var same = new HashSet<String>();
        for (var connection = 0; connection < 6; connection++) {
            all.add(curl("http://" + ADDRESS + "/"));
            same.add(curl("http://" + ADDRESS + ":81/"));
        }
        assertThat(all).containsExactlyInAnyOrder("server 1", "server 2");
        assertThat(same).hasSize(1);
    }

    private static Listener listener(int port, String backend) {
        return new Listener(port, Protocol.TCP, List.of(), List.of(), List.of(), backend);
    }

    private static LoadBalancer checked(List<Target> targets) {
        var pool =
                new Behaviour.Pool(
                        targets,
                        new HealthCheck("/healthy", "200", OptionalInt.empty(), 1, 1, 1, 1),
                        Optional.empty(),
                        Transport.PLAIN,
                        300);
        return new LoadBalancer(
                new Owner(Owner.Kind.INGRESS, "shop", "web"),
                ADDRESS,
                List.of(new Listener(80, Protocol.HTTP, List.of(), List.of(), List.of(), "b")),
                List.of(new Backend("b", List.of(), pool)));
    }

    @Test
    void isFoundByTheNextAgentAndStartsAgainWhenKilled() throws IOException {
        var configuration = configuration(balancer(Protocol.TCP, List.of(serve(1)), 80));
        haproxy.load(configuration);

        var next = process();
        assertThat(next.has(configuration)).isTrue();
        var pid = text(folder.resolve("lb/haproxy.pid")).split(" ", -1)[0];
        run("kill", "-9", pid);
        await().atMost(LIMIT).until(() -> !next.runs());
        next.load(configuration);

        assertThat(next.has(configuration)).isTrue();
        assertThat(curl("http://" + ADDRESS + "/")).isEqualTo("server 1");
    }

    @Test
    void takesWhateverUsersWrite() throws IOException {
        var evil = "/x' } || TRUE\n  http-request return status 200 # \"%[env(HOME)]\" $HOME \\ %d";
        var backend =
                new Backend(
                        "b",
                        List.of(
                                new HttpChange.SetHeader(Direction.REQUEST, "X-A", evil),
                                new HttpChange.AddHeader(Direction.RESPONSE, "X-B", evil),
                                new HttpChange.RemoveHeader(Direction.REQUEST, "X-C"),
                                new HttpChange.ReplacePrefix(evil, evil),
                                new HttpChange.ReplacePath(evil)),
                        pool(List.of()));
        var rules =
                List.<RequestMatch>of(
                        new RequestMatch.Host("a.example.com"),
                        new RequestMatch.HostBelow(".example.com", Depth.ANY),
                        new RequestMatch.HostBelow(".example.com", Depth.ONE_LABEL),
                        new RequestMatch.PathExact(evil),
                        new RequestMatch.PathPrefix(evil),
                        new RequestMatch.Header(evil, evil, Comparison.EXACT),
                        new RequestMatch.Query(evil, evil, Comparison.EXACT),
                        new RequestMatch.Method("GET"),
                        new RequestMatch.AnyOf(
                                List.of(
                                        new RequestMatch.HostExpression("^a$"),
                                        new RequestMatch.Header(
                                                evil, evil, Comparison.EXPRESSION_IN_ANY_CASE),
                                        new RequestMatch.QueryExpression("(^|&)a=b"))),
                        new RequestMatch.Chance(1));
        var balancer =
                new LoadBalancer(
                        new Owner(Owner.Kind.GATEWAY, "shop", "web"),
                        ADDRESS,
                        List.of(
                                new Listener(
                                        80,
                                        Protocol.HTTP,
                                        List.of(),
                                        List.of(),
                                        List.of(new Listener.Rule(rules, "b")),
                                        "b")),
                        List.of(backend));

        assertThat(haproxy.complaint(configuration(balancer))).isEmpty();
    }

    /// Beyond its share a tenant waits; the others go on.
    @Test
    void theFloodOnOneTenantsListenerLeavesTheOthersTheirConnections() throws IOException {
        var target = serve(1);
        var flooded = balancer(Protocol.TCP, List.of(target), 80);
        var other =
                new LoadBalancer(
                        new Owner(Owner.Kind.SERVICE, "desk", "web"),
                        ADDRESS,
                        List.of(
                                new Listener(
                                        81, Protocol.TCP, List.of(), List.of(), List.of(), "b")),
                        List.of(new Backend("b", List.of(), pool(List.of(target)))));
        haproxy.load(HaproxyConfiguration.of(List.of(flooded, other), haproxy.folder()));
        assertThat(haproxy.socket().ask("show info")).contains("Maxconn: 16384");
        // As small a share as a test can fill.
        haproxy.socket().ask("set maxconn frontend " + flooded.owner().key() + ".80 50");
        assertThat(limits()).containsExactlyInAnyOrder("50", "2048");

        var flood =
                new ProcessBuilder(
                                "ip",
                                "netns",
                                "exec",
                                namespace,
                                "bash",
                                "-c",
                                "for i in $(seq 1 100); do exec {fd}<>/dev/tcp/%s/80; done; read"
                                        .formatted(ADDRESS))
                        .start();
        try {
            await().atMost(LIMIT)
                    .until(() -> frontend(flooded.owner().key() + ".80", "scur") == 50);

            assertThat(curl("http://" + ADDRESS + ":81/")).isEqualTo("server 1");
            assertThat(frontend(flooded.owner().key() + ".80", "scur")).isEqualTo(50);
        } finally {
            flood.destroyForcibly();
        }
    }

    private List<String> limits() throws IOException {
        var lines = haproxy.socket().ask("show stat").lines().toList();
        var index = List.of(lines.getFirst().split(",", -1)).indexOf("slim");
        return lines.stream()
                .map(line -> line.split(",", -1))
                .filter(words -> words.length > index && words[1].equals("FRONTEND"))
                .map(words -> words[index])
                .toList();
    }

    private int frontend(String name, String column) throws IOException {
        var lines = haproxy.socket().ask("show stat").lines().toList();
        var index = List.of(lines.getFirst().split(",", -1)).indexOf(column);
        return lines.stream()
                .map(line -> line.split(",", -1))
                .filter(words ->
                        words.length > index
                                && words[0].endsWith(name)
                                && words[1].equals("FRONTEND"))
                .mapToInt(words -> Integer.parseInt(words[index]))
                .sum();
    }

    @Test
    void findsTheOneThatItRefusesAndGoesOnWithTheOthers() throws IOException {
        var good = balancer(Protocol.TCP, List.of(serve(1)), 80);
        var bad =
                new LoadBalancer(
                        new Owner(Owner.Kind.GATEWAY, "mallory", "web"),
                        ADDRESS,
                        List.of(
                                new Listener(
                                        81,
                                        Protocol.HTTP,
                                        List.of(),
                                        List.of(),
                                        List.of(
                                                new Listener.Rule(
                                                        List.of(
                                                                new RequestMatch.PathExpression(
                                                                        "(")),
                                                        "b")),
                                        "b")),
                        List.of(new Backend("b", List.of(), pool(List.of()))));
        haproxy.load(configuration(good));
        var accepted = new AcceptedBalancers(haproxy::complaint, haproxy.folder());

        var taken = accepted.search(List.of(bad, good));

        assertThat(taken).containsExactly(good);
        assertThat(accepted.complaints()).containsOnlyKeys(bad.owner());
        haproxy.load(configuration(taken.getFirst()));
        assertThat(curl("http://" + ADDRESS + "/")).isEqualTo("server 1");
    }

    @Test
    void takesMoreSourcesThanALineHasWords() throws IOException {
        var sources = new ArrayList<String>();
        for (var number = 0; number < 500; number++) {
            sources.add("10.%d.%d.0/24".formatted(number / 250, number % 250));
        }
        var balancer =
                new LoadBalancer(
                        new Owner(Owner.Kind.SERVICE, "shop", "web"),
                        ADDRESS,
                        List.of(new Listener(80, Protocol.TCP, sources, List.of(), List.of(), "b")),
                        List.of(new Backend("b", List.of(), pool(List.of()))));

        assertThat(haproxy.complaint(configuration(balancer))).isEmpty();
    }

    private HaproxyConfiguration configuration(LoadBalancer balancer) {
        return HaproxyConfiguration.of(List.of(balancer), haproxy.folder());
    }

    private static Behaviour.Pool pool(List<Target> targets) {
        return new Behaviour.Pool(
                targets,
                new HealthCheck("", "", OptionalInt.empty(), 1, 1, 1, 1),
                Optional.empty(),
                Transport.PLAIN,
                300);
    }

    private static LoadBalancer balancer(
            Protocol protocol, List<Target> targets, Integer... ports) {
        var listeners =
                List.of(ports).stream()
                        .map(port ->
                                new Listener(port, protocol, List.of(), List.of(), List.of(), "b"))
                        .toList();
        return new LoadBalancer(
                new Owner(Owner.Kind.SERVICE, "shop", "web"),
                ADDRESS,
                listeners,
                List.of(new Backend("b", List.of(), pool(targets))));
    }

    /// A web server of its own that tells its number.
    private Target serve(int number) throws IOException {
        var address = "10.66.1." + number;
        var root = Files.createDirectories(folder.resolve("www-" + number));
        Files.writeString(root.resolve("index.html"), "server " + number);
        inside("ip", "addr", "add", address + "/32", "dev", "lo");
        servers.put(
                number,
                new ProcessBuilder(
                                "ip",
                                "netns",
                                "exec",
                                namespace,
                                "busybox",
                                "httpd",
                                "-f",
                                "-p",
                                address + ":8080",
                                "-h",
                                root.toString())
                        .start());
        await().atMost(LIMIT)
                .until(() -> curl("http://" + address + ":8080/").equals("server " + number));
        return new Target(address, 8080, 1, State.READY);
    }

    private Process load(Path stop, Path report) throws IOException {
        var program = Path.of("../bench/Load.java").toAbsolutePath().normalize();
        return new ProcessBuilder(
                        "ip",
                        "netns",
                        "exec",
                        namespace,
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        program.toString(),
                        "http://" + ADDRESS + "/",
                        System.getProperty("requests", "50"),
                        stop.toString())
                .redirectErrorStream(true)
                .redirectOutput(report.toFile())
                .start();
    }

    private @Nullable Boolean health(Target target) throws IOException {
        return TargetTable.health(haproxy.socket().ask("show stat")).entrySet().stream()
                .filter(each -> each.getKey().endsWith("/" + target.name()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(null);
    }

    private int connections() throws IOException {
        return statistic("FRONTEND", "stot");
    }

    private int currentConnections(Target target) throws IOException {
        return statistic(target.name(), "scur");
    }

    private int statistic(String server, String column) throws IOException {
        var lines = haproxy.socket().ask("show stat").lines().toList();
        var index = List.of(lines.getFirst().split(",", -1)).indexOf(column);
        return lines.stream()
                .map(line -> line.split(",", -1))
                .filter(words -> words.length > index && words[1].equals(server))
                .mapToInt(words -> words[index].isEmpty() ? 0 : Integer.parseInt(words[index]))
                .sum();
    }

    private List<String> running() throws IOException {
        return TargetTable.targets(haproxy.socket().ask("show servers state")).values().stream()
                .flatMap(List::stream)
                .filter(target -> target.role() == Target.Role.CHECKED)
                .map(Target::name)
                .sorted()
                .toList();
    }

    private String curl(String url) throws IOException {
        return inside("curl", "-s", "--max-time", "10", url);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private String inside(String... command) throws IOException {
        var all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
        all.addAll(List.of(command));
        return run(all.toArray(String[]::new));
    }

    private static String run(String... command) throws IOException {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
