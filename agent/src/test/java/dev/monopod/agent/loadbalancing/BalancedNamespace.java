package dev.monopod.agent.loadbalancing;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.monopod.loadbalancing.haproxy.HaproxyConfiguration;
import dev.monopod.loadbalancing.rules.LoadBalancers;
import dev.monopod.loadbalancing.rules.Owner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A network namespace with a real HAProxy at [#ADDRESS], which serves what the objects of a
/// cluster ask for. Closing ends all that runs in it. Needs root.
final class BalancedNamespace implements AutoCloseable {
    static final String ADDRESS = "10.66.0.1";
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final Path folder;
    private final String name;
    private final HaproxyProcess haproxy;
    private final List<Process> servers = new ArrayList<>();

    private BalancedNamespace(Path folder, String name) {
        this.folder = folder;
        this.name = name;
        this.haproxy = new HaproxyProcess(folder.resolve("lb"), folder.resolve("log"), name);
    }

    static BalancedNamespace make(Path folder) throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root for netns");
        assumeTrue(
                run("sh", "-c", "command -v haproxy; command -v busybox").lines().count() == 2,
                "skipped: no haproxy");
        // HAProxy's user has to pass through.
        run("chmod", "755", folder.toString());
        var made = new BalancedNamespace(folder, "monopod-lb-gw" + ProcessHandle.current().pid());
        run("ip", "netns", "add", made.name);
        made.inside("ip", "link", "set", "lo", "up");
        made.address(ADDRESS);
        made.inside("sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start");
        return made;
    }

    /// Gives the namespace another address.
    void address(String address) throws IOException {
        inside("ip", "addr", "add", address + "/32", "dev", "lo");
    }

    /// Serves what the cluster asks for, as an agent does.
    void serve(FixedCluster cluster, Owner owner) throws IOException {
        haproxy.load(
                HaproxyConfiguration.of(
                        new LoadBalancers()
                                .of(cluster, List.of("10.0.0.0/8"), Map.of(owner, ADDRESS)),
                        haproxy.folder()));
    }

    /// Starts a server with an address of its own; returns when its port is open.
    void server(String address, int port, String... command) throws IOException {
        address(address);
        var all = new ArrayList<>(List.of("ip", "netns", "exec", name));
        all.addAll(List.of(command));
        servers.add(
                new ProcessBuilder(all)
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve(address + ".log").toFile())
                        .start());
        await().atMost(LIMIT)
                .until(() ->
                        inside(
                                        "bash",
                                        "-c",
                                        "(exec 3<>/dev/tcp/%s/%d) 2>/dev/null && echo open"
                                                .formatted(address, port))
                                .contains("open"));
    }

    /// A web server that answers with a text for each file.
    void webServer(String address, Map<String, String> files) throws IOException {
        var root = Files.createDirectories(folder.resolve("www-" + address));
        for (var file : files.entrySet()) {
            var path = root.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.writeString(path, file.getValue());
        }
        server(
                address,
                8080,
                "busybox",
                "httpd",
                "-f",
                "-p",
                address + ":8080",
                "-h",
                root.toString());
    }

    /// A server of TLS at port 8443 with a certificate for a host.
    void tlsServer(String address, String host) throws IOException {
        certificate(host);
        server(
                address,
                8443,
                "openssl",
                "s_server",
                "-accept",
                address + ":8443",
                "-key",
                folder.resolve(host + ".key").toString(),
                "-cert",
                folder.resolve(host + ".crt").toString(),
                "-quiet");
    }

    /// Whose certificate a client gets that asks for a host; nothing about one if the connection
    /// ends before.
    String served(String host) throws IOException {
        return inside(
                "sh",
                "-c",
                "openssl s_client -connect %s:443 -servername %s </dev/null 2>&1 | grep -m1 ^subject"
                        .formatted(ADDRESS, host));
    }

    /// What a program says, its errors too.
    String inside(String... command) throws IOException {
        var all = new ArrayList<>(List.of("ip", "netns", "exec", name));
        all.addAll(List.of(command));
        return run(all.toArray(String[]::new));
    }

    /// A certificate for a name and its key, in PEM.
    String certificate(String host) throws IOException {
        var key = folder.resolve(host + ".key");
        var certificate = folder.resolve(host + ".crt");
        run(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=" + host,
                "-addext",
                "subjectAltName=DNS:" + host,
                "-keyout",
                key.toString(),
                "-out",
                certificate.toString());
        return Files.readString(certificate) + Files.readString(key);
    }

    static String run(String... command) throws IOException {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        haproxy.stop();
        servers.forEach(Process::destroyForcibly);
        run("ip", "netns", "delete", name);
    }
}
