package dev.monopod.cli.join;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.cluster.JoinedCluster;
import dev.monopod.cli.installation.Addressing;
import dev.monopod.cli.installation.Commands;
import dev.monopod.cli.installation.HostRoutes;
import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.installation.Overcommit;
import dev.monopod.cli.installation.Standing;
import dev.monopod.cli.installation.Underlays;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Steps;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Vpc;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.network.Cidr;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The steps of `join` that make this machine known to the cluster; see [UpSteps] for those after
/// them.
final class JoinSteps {
    private static final Duration LIMIT = Duration.ofSeconds(150);
    private static final String KUBECONFIG = "joined.kubeconfig";
    private static final List<String> AUTHORITY = List.of("kubelet-ca.crt", "kubelet-ca.key");

    private final Layout layout;
    private final Steps steps;
    private final Request request;

    /// What the user asks.
    ///
    /// @param underlay address by which the other hosts are to reach this one
    record Request(
            ApiServer server,
            Token token,
            AuthorityHash hash,
            String hostName,
            Optional<String> underlay) {}

    JoinSteps(Layout layout, Steps steps, Request request) {
        this.layout = layout;
        this.steps = steps;
        this.request = request;
    }

    /// Writes the agent's kubeconfig and the kubelet's authority into the folder.
    ///
    /// @throws CliException naming what is wrong: address, ca-hash, token or clock
    void credentials(Path folder) {
        Installation.read(layout).ifPresent(this::checkSame);
        // As an argument every user of the machine could read it.
        var token = tokenFile(folder);
        Commands.trouble(
                        LIMIT,
                        layout.controlPlane().toString(),
                        "join",
                        "--server",
                        request.server().toString(),
                        "--token-file",
                        token.toString(),
                        "--ca-hash",
                        request.hash().text(),
                        "--host-name",
                        request.hostName(),
                        "--data-dir",
                        folder.toString(),
                        "--kubeconfig",
                        folder.resolve(KUBECONFIG).toString())
                .ifPresent(words -> {
                    throw new CliException(words.replaceFirst("^Error: ", ""));
                });
    }

    private Path tokenFile(Path folder) {
        try {
            return Files.writeString(folder.resolve("token"), request.token().text());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void checkSame(Installation before) {
        var member = before.standing() instanceof Standing.Member;
        if (!member || !before.hostName().equals(request.hostName())) {
            throw new CliException(
                    member
                            ? "this machine is the host " + before.hostName() + " already"
                            : "Monopod is up on this machine already",
                    "monopod down, then join");
        }
    }

    /// Checks that there is a place for this host, takes it, and keeps the credentials.
    Installation place(Path credentials) throws IOException {
        var kubeconfig = credentials.resolve(KUBECONFIG);
        var facts = JoinedCluster.ask(kubeconfig, request.hostName());
        try (var client = Cluster.connect(kubeconfig)) {
            var vpc =
                    client.resources(Vpc.class).list().getItems().stream()
                            .findFirst()
                            .orElseThrow(() ->
                                    new CliException(
                                            "the cluster has no Vpc",
                                            "look whether Monopod's controller runs on the first host"));
            var range = Cidr.parse(vpc.getSpec().cidrs().getFirst());
            var services = Cidr.parse(facts.serviceCidr().orElse(Defaults.SERVICE_CIDR));
            var underlay = underlay();
            checkNames(client.resources(Host.class).list().getItems(), underlay);
            if (Installation.read(layout).isEmpty()) {
                checkRange("range of the VPC " + vpc.getMetadata().getName(), range);
                checkRange("range of the Services", services);
            }
            var address = JoinedCluster.claim(client, request.hostName(), vpc);
            layout.prepare();
            var installation =
                    new Installation(
                            request.hostName(),
                            new Addressing(
                                    vpc.getMetadata().getName(),
                                    range,
                                    services,
                                    vpc.getSpec().region()),
                            Overcommit.USUAL,
                            new Standing.Member(facts.dnsAddress(), underlay, address));
            // First, so that `down` knows what to give back.
            installation.write(layout);
            keep(credentials);
            return installation;
        }
    }

    private void keep(Path credentials) throws IOException {
        Files.createDirectories(layout.data().resolve("kubeconfig"));
        Files.createDirectories(layout.pki(""));
        Files.copy(
                credentials.resolve(KUBECONFIG),
                layout.memberKubeconfig(),
                StandardCopyOption.REPLACE_EXISTING,
                StandardCopyOption.COPY_ATTRIBUTES);
        for (var file : AUTHORITY) {
            Files.copy(
                    credentials.resolve("pki").resolve(file),
                    layout.pki(file),
                    StandardCopyOption.REPLACE_EXISTING,
                    StandardCopyOption.COPY_ATTRIBUTES);
        }
    }

    private String underlay() {
        var server = request.server().host();
        try {
            var address = InetAddress.getByName(server).getHostAddress();
            return request.underlay()
                    .or(() -> Underlays.toward(address))
                    .filter(found -> !found.equals(address))
                    .orElseThrow(() ->
                            new CliException(
                                    "underlay address: %s leads to this machine itself, or nowhere"
                                            .formatted(server),
                                    "join on another machine than the control plane's, or name --underlay-address"));
        } catch (UnknownHostException unknown) {
            throw new CliException("address %s: %s".formatted(server, unknown.getMessage()));
        }
    }

    private void checkNames(List<Host> hosts, String underlay) {
        var again = Installation.read(layout).isPresent();
        for (var host : hosts) {
            var name = host.getMetadata().getName();
            var status = host.getStatus();
            if (name.equals(request.hostName()) && !again) {
                throw new CliException(
                        "host name %s: a host of that name is in the cluster, and spoke last at %s"
                                .formatted(
                                        name,
                                        status == null ? "no time at all" : status.heartbeat()),
                        "join with --host-name OTHER; if it was this machine: kubectl delete hosts.monopod.dev "
                                + name);
            }
            if (!name.equals(request.hostName())
                    && status != null
                    && underlay.equals(status.underlayAddress())) {
                throw new CliException(
                        "underlay address %s: host %s has it already".formatted(underlay, name),
                        "name another by --underlay-address");
            }
        }
        steps.note("host %s is reached at %s".formatted(request.hostName(), underlay));
    }

    private static void checkRange(String what, Cidr wanted) {
        for (var taken : HostRoutes.ranges()) {
            if (taken.overlaps(wanted)) {
                throw new CliException(
                        "%s, %s: this machine has a route to %s already"
                                .formatted(what, wanted, taken),
                        "remove that route, or make the cluster with another range (up --vpc-cidr, --service-cidr)");
            }
        }
    }
}
