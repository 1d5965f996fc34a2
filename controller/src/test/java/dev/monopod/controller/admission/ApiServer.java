package dev.monopod.controller.admission;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/// A real etcd and kube-apiserver on loopback, in a folder of their own; gone after [#close()].
public final class ApiServer implements AutoCloseable {
    private static final int ETCD_PORT = 21010;
    private static final int ETCD_PEER_PORT = 21011;
    private static final int PORT = 21012;

    private final Path folder;
    private final Path binary;
    private final List<Process> processes = new ArrayList<>();

    private ApiServer(Path folder, Path binary) {
        this.folder = folder;
        this.binary = binary;
    }

    /// Returns when it is ready.
    public static ApiServer start(Path binary) throws IOException, InterruptedException {
        ApiServer server = new ApiServer(Files.createTempDirectory("monopod-admission-it"), binary);
        try {
            int status =
                    server.run(
                                    "certificates",
                                    "--data-dir=" + server.folder,
                                    "--host-address=127.0.0.1",
                                    "--api-server-port=" + PORT)
                            .waitFor();
            if (status != 0) {
                throw new IOException("certificates ended with " + status);
            }
            server.processes.add(server.run(server.etcd()));
            server.processes.add(server.run(server.apiServer()));
            server.awaitReady();
            return server;
        } catch (IOException | InterruptedException | RuntimeException failure) {
            server.close();
            throw failure;
        }
    }

    public KubernetesClient client() throws IOException {
        Config config = Config.fromKubeconfig(Files.readString(kubeconfig()));
        config.setMasterUrl("https://127.0.0.1:" + PORT);
        return new KubernetesClientBuilder().withConfig(config).build();
    }

    public Path kubeconfig() {
        return folder.resolve("kubeconfig/admin.kubeconfig");
    }

    public Path pki(String file) {
        return folder.resolve("pki").resolve(file);
    }

    @Override
    public void close() {
        for (Process process : processes.reversed()) {
            process.destroyForcibly();
            process.onExit().join();
        }
        try (Stream<Path> files = Files.walk(folder)) {
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
                    try (KubernetesClient client = client()) {
                        return "ok".equals(client.raw("/readyz"));
                    }
                });
    }

    private Process run(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(binary.toString()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(arguments[0] + ".log").toFile())
                .start();
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
