package dev.monopod.testkit.api;

import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.Program;
import dev.monopod.host.program.ProgramRunner;
import dev.monopod.host.program.Running;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.awaitility.Awaitility;

/// A real etcd and kube-apiserver on loopback, in a folder of their own; gone after [#close()]. One
/// at a time on a machine, since its ports are fixed. Needs the built control plane.
public final class ApiServer implements AutoCloseable {
    /// Of three in a row; another one lets checkouts of one machine test at the same time.
    private static final int FIRST_PORT = Integer.getInteger("monopod.test.port", 21_010);

    private static final int ETCD_PORT = FIRST_PORT;
    private static final int ETCD_PEER_PORT = FIRST_PORT + 1;
    private static final int PORT = FIRST_PORT + 2;

    private final Path folder;
    private final Path binary;
    private final ProgramRunner programs = new HostPrograms();
    private final List<Running> processes = new ArrayList<>();

    private ApiServer(Path folder, Path binary) {
        this.folder = folder;
        this.binary = binary.toAbsolutePath();
    }

    /// The control plane that the build makes, as a module's folder sees it. It may not be there.
    public static Path binary() {
        return Path.of(System.getProperty("monopod.controlPlane", "../dist/monopod-control-plane"));
    }

    /// Returns when it is ready.
    public static ApiServer start(Path binary) throws IOException {
        var server = new ApiServer(Files.createTempDirectory("monopod-api-server"), binary);
        try {
            server.makeCertificates();
            server.start(server.etcd());
            server.start(server.apiServer());
            server.awaitReady();
            return server;
        } catch (IOException | RuntimeException failure) {
            server.close();
            throw failure;
        }
    }

    public KubernetesClient client() throws IOException {
        var config = Config.fromKubeconfig(Files.readString(kubeconfig()));
        config.setMasterUrl("https://127.0.0.1:" + PORT);
        return new KubernetesClientBuilder().withConfig(config).build();
    }

    /// Stands before this server, and fails as it is told. Its clients are who [#client()] is.
    public ApiFront front() throws IOException {
        var config = Config.fromKubeconfig(Files.readString(kubeconfig()));
        try {
            return new ApiFront(
                    URI.create("https://127.0.0.1:" + PORT),
                    HttpClient.newBuilder().sslContext(SSLUtils.sslContext(config)).build());
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    public Path kubeconfig() {
        return folder.resolve("kubeconfig/admin.kubeconfig");
    }

    public Path pki(String file) {
        return folder.resolve("pki").resolve(file);
    }

    @Override
    public void close() {
        for (var process : processes.reversed()) {
            process.kill();
        }
        awaitEnd();
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException left) {
            throw new IllegalStateException("could not remove " + folder, left);
        }
    }

    private void awaitReady() {
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(500))
                .ignoreException(KubernetesClientException.class)
                .until(() -> {
                    try (var client = client()) {
                        return "ok".equals(client.raw("/readyz"));
                    }
                });
    }

    private void awaitEnd() {
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .until(() -> processes.stream().noneMatch(Running::alive));
    }

    private void makeCertificates() throws IOException {
        var unused =
                programs.output(
                        Program.of(
                                Duration.ofMinutes(1),
                                binary.toString(),
                                "certificates",
                                "--data-dir=" + folder,
                                "--host-address=127.0.0.1",
                                "--api-server-port=" + PORT));
    }

    private void start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(binary.toString()));
        command.addAll(List.of(arguments));
        processes.add(
                programs.start(
                        Program.of(Duration.ofMinutes(1), command),
                        folder.resolve(arguments[0] + ".log")));
    }

    private String[] etcd() {
        return new String[] {
            "etcd",
            "--data-dir=" + folder.resolve("etcd"),
            "--listen-client-urls=http://127.0.0.1:" + ETCD_PORT,
            "--advertise-client-urls=http://127.0.0.1:" + ETCD_PORT,
            "--listen-peer-urls=http://127.0.0.1:" + ETCD_PEER_PORT,
            "--unsafe-no-fsync"
        };
    }

    private String[] apiServer() {
        return new String[] {
            "kube-apiserver",
            "--etcd-servers=http://127.0.0.1:" + ETCD_PORT,
            "--bind-address=127.0.0.1",
            "--secure-port=" + PORT,
            "--tls-cert-file=" + pki("apiserver.crt"),
            "--tls-private-key-file=" + pki("apiserver.key"),
            "--client-ca-file=" + pki("ca.crt"),
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-key-file=" + pki("sa.pub"),
            "--service-account-signing-key-file=" + pki("sa.key"),
            "--service-cluster-ip-range=10.100.0.0/16",
            "--allow-privileged=true"
        };
    }
}
