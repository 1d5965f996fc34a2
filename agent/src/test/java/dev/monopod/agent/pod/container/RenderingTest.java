package dev.monopod.agent.pod.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.agent.pod.api.ConfigSource;
import dev.monopod.agent.pod.spec.DownwardFields;
import dev.monopod.agent.pod.spec.Environment;
import dev.monopod.agent.pod.spec.PodNames;
import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.agent.pod.spec.ResourceNumbers;
import dev.monopod.agent.pod.spec.SeccompProfiles;
import dev.monopod.agent.pod.spec.Signals;
import dev.monopod.agent.pod.volume.DnsConfig;
import dev.monopod.agent.pod.volume.HostsFile;
import dev.monopod.agent.pod.volume.PodObjects;
import dev.monopod.agent.pod.volume.TokenVolumes;
import dev.monopod.agent.pod.volume.Volumes;
import dev.monopod.host.image.ImageStore.ImageConfig;
import dev.monopod.model.time.Clocks;
import dev.monopod.protocol.guest.StartContainerRequest;
import dev.monopod.protocol.guest.WriteVolumeRequest;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class RenderingTest {
    private static final Pod POD =
            Serialization.unmarshal(
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata:
                      {name: web, namespace: shop, uid: u1, labels: {app: web, tier: front}}
                    spec:
                      serviceAccountName: seller
                      hostname: web-0
                      subdomain: peers
                      hostAliases: [{ip: 10.1.2.3, hostnames: [db, db.local]}]
                      securityContext: {runAsUser: 1000, fsGroup: 2000, supplementalGroups: [3000]}
                      containers:
                      - name: app
                        image: app:1
                        command: ["run", "$(GREETING)", "$(NOBODY)", "$$(GREETING)", "$(PATH)"]
                        env:
                        - {name: WHO, value: you}
                        - {name: GREETING, value: "hi $(WHO) at $(DB_SERVICE_HOST)"}
                        - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
                        - {name: APP, valueFrom: {fieldRef: {fieldPath: "metadata.labels['app']"}}}
                        - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
                        - {name: MEM, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
                        - {name: DISK, valueFrom: {resourceFieldRef: {resource: limits.ephemeral-storage, divisor: 1Gi}}}
                        - {name: FILE, valueFrom: {fileKeyRef: {volumeName: scratch, path: env, key: KEY}}}
                        - {name: NO_FILE, valueFrom: {fileKeyRef: {volumeName: scratch, path: env, key: NONE, optional: true}}}
                        - {name: SECRET, valueFrom: {secretKeyRef: {name: keys, key: password}}}
                        - {name: MAYBE, valueFrom: {configMapKeyRef: {name: none, key: x, optional: true}}}
                        envFrom:
                        - {prefix: CFG_, configMapRef: {name: config}}
                        resources: {requests: {cpu: 250m, memory: 64Mi}, limits: {cpu: "1", memory: 128Mi}}
                        securityContext:
                          allowPrivilegeEscalation: false
                          readOnlyRootFilesystem: true
                          capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}
                        volumeMounts:
                        - {name: all, mountPath: /all, readOnly: true}
                        - {name: scratch, mountPath: /tmp/x, subPathExpr: "$(WHO)"}
                      volumes:
                      - {name: scratch, emptyDir: {medium: Memory, sizeLimit: 16Mi}}
                      - name: all
                        projected:
                          defaultMode: 0600
                          sources:
                          - serviceAccountToken: {path: token, expirationSeconds: 3600}
                          - configMap: {name: config, items: [{key: a, path: sub/a, mode: 0444}]}
                          - secret: {name: keys}
                          - downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}
                      - {name: broken, configMap: {name: missing}}
                    """,
                    Pod.class);

    private final List<String> tokens = new ArrayList<>();

    private final ConfigSource source =
            new ConfigSource() {
                @Override
                public Optional<ConfigMap> configMap(String namespace, String name) {
                    return name.equals("config")
                            ? Optional.of(
                                    new ConfigMapBuilder()
                                            .addToData("a", "1")
                                            .addToData("b", "2")
                                            .build())
                            : Optional.empty();
                }

                @Override
                public Optional<Secret> secret(String namespace, String name) {
                    return name.equals("keys")
                            ? Optional.of(
                                    new SecretBuilder().addToData("password", "c2Vzc2Ft").build())
                            : Optional.empty();
                }

                @Override
                public Optional<PersistentVolumeClaim> claim(String namespace, String name) {
                    return Optional.empty();
                }

                @Override
                public Optional<PersistentVolume> persistentVolume(String name) {
                    return Optional.empty();
                }

                @Override
                public ConfigSource recent() {
                    return this;
                }

                @Override
                public List<Service> services(String namespace) {
                    String name = namespace.equals("default") ? "kubernetes" : "db";
                    return List.of(
                            new ServiceBuilder()
                                    .withNewMetadata()
                                    .withName(name)
                                    .endMetadata()
                                    .withNewSpec()
                                    .withClusterIP("10.100.0.7")
                                    .addNewPort()
                                    .withPort(443)
                                    .withName("https")
                                    .withProtocol("TCP")
                                    .endPort()
                                    .endSpec()
                                    .build());
                }

                @Override
                public String executionRole(String profile) {
                    return "";
                }

                @Override
                public Token token(Pod pod, String audience, long expirationSeconds) {
                    tokens.add(audience);
                    return new Token(
                            "token" + tokens.size(), Instant.EPOCH.plusSeconds(expirationSeconds));
                }
            };

    private final DownwardFields fields =
            new DownwardFields(
                    POD,
                    "192.168.96.9",
                    "192.168.96.9",
                    new DownwardFields.Allocatable(1000, 512L << 20, 20L << 30));

    private StartContainerRequest request() {
        return new ContainerRequest(
                        POD,
                        new Environment(source, fields, (_, _) -> "KEY='in a file'\n"),
                        new SeccompProfiles(Path.of("/nonexistent")),
                        512L << 20)
                .render(
                        PodPlan.of(POD).container("app"),
                        0,
                        new ImageConfig(
                                List.of("/entry"),
                                List.of("cmd"),
                                List.of("PATH=/bin", "WHO=image"),
                                "/srv",
                                "app",
                                Optional.empty(),
                                Map.of(),
                                List.of("/srv/data", "/all/", "/cache//", "/", "/a/../b")),
                        1);
    }

    @Test
    void rendersTheEnvironment() {
        Map<String, String> variables = new TreeMap<>();
        request().getEnvironmentList().forEach(v -> variables.put(v.getName(), v.getValue()));
        assertThat(variables)
                .containsEntry("PATH", "/bin")
                .containsEntry("WHO", "you")
                .containsEntry("GREETING", "hi you at 10.100.0.7")
                .containsEntry("IP", "192.168.96.9")
                .containsEntry("APP", "web")
                .containsEntry("CPU", "1")
                .containsEntry("MEM", "128")
                .containsEntry("DISK", "20")
                .containsEntry("FILE", "in a file")
                .containsEntry("SECRET", "sessam")
                .containsEntry("CFG_a", "1")
                .containsEntry("KUBERNETES_SERVICE_HOST", "10.100.0.7")
                .containsEntry("KUBERNETES_SERVICE_PORT_HTTPS", "443")
                .containsEntry("DB_PORT_443_TCP_ADDR", "10.100.0.7")
                .doesNotContainKeys("MAYBE", "NO_FILE");
    }

    @Test
    void rendersCommandSecurityAndResources() {
        StartContainerRequest request = request();
        assertThat(request.getArgsList())
                .containsExactly(
                        "run", "hi you at 10.100.0.7", "$(NOBODY)", "$(GREETING)", "$(PATH)");
        assertThat(request.getWorkingDirectory()).isEqualTo("/srv");
        assertThat(request.getUser().getUid()).isEqualTo(1000);
        assertThat(request.getUser().getSupplementalGroupsList()).containsExactly(3000L, 2000L);
        assertThat(request.getSecurity().getCapabilitiesList())
                .containsExactly("CAP_NET_BIND_SERVICE");
        assertThat(request.getSecurity().getNoNewPrivileges()).isTrue();
        assertThat(request.getReadOnlyRoot()).isTrue();
        assertThat(request.getResources().getCpuQuotaMicros()).isEqualTo(100_000);
        assertThat(request.getResources().getCpuWeight()).isEqualTo(10);
        assertThat(request.getResources().getMemoryMaxBytes()).isEqualTo(128L << 20);
        assertThat(request.getResources().getNofileHard()).isEqualTo(65_535);
        assertThat(request.getMounts(1).getSubPath()).isEqualTo("you");
        assertThat(request.getContainerId()).matches("[0-9a-f]{64}");
    }

    @Test
    void keepsTheImagesVolumesWritableWhereThePodMountsNothing() {
        assertThat(request().getImageVolumesList()).containsExactly("/srv/data", "/cache");
    }

    @Test
    void rendersVolumes() {
        Volumes volumes =
                new Volumes(
                        source,
                        new PodObjects("shop"),
                        new TokenVolumes(
                                source, Clocks.of(Clock.fixed(Instant.EPOCH, ZoneOffset.UTC))),
                        fields);
        WriteVolumeRequest scratch = volumes.render(POD.getSpec().getVolumes().get(0));
        assertThat(scratch.getEmptyDirectory().getMemory()).isTrue();
        assertThat(scratch.getEmptyDirectory().getSizeLimitBytes()).isEqualTo(16L << 20);
        WriteVolumeRequest all = volumes.render(POD.getSpec().getVolumes().get(1));
        assertThat(all.getFiles().getFsGroup()).isEqualTo(2000);
        assertThat(all.getFiles().getFilesList())
                .extracting(f ->
                        f.getPath()
                                + " "
                                + Integer.toOctalString(f.getMode())
                                + " "
                                + f.getContent().toStringUtf8())
                .containsExactly(
                        "token 600 token1",
                        "sub/a 444 1",
                        "password 600 sessam",
                        "labels 600 app=\"web\"\ntier=\"front\"");
        assertThatThrownBy(() -> volumes.render(POD.getSpec().getVolumes().get(2)))
                .hasMessage("configmap \"missing\" not found");
    }

    @Test
    void renewsATokenAtFourFifthsOfItsLife() {
        var clock =
                new Object() {
                    Instant now = Instant.EPOCH;
                };
        TokenVolumes held =
                new TokenVolumes(
                        source,
                        Clocks.of(
                                new Clock() {
                                    @Override
                                    public java.time.ZoneId getZone() {
                                        return ZoneOffset.UTC;
                                    }

                                    @Override
                                    public Clock withZone(java.time.ZoneId zone) {
                                        return this;
                                    }

                                    @Override
                                    public Instant instant() {
                                        return clock.now;
                                    }
                                }));
        assertThat(held.token(POD, "", 3600)).isEqualTo("token1");
        clock.now = Instant.EPOCH.plus(Duration.ofMinutes(47));
        assertThat(held.token(POD, "", 3600)).isEqualTo("token1");
        clock.now = Instant.EPOCH.plus(Duration.ofMinutes(49));
        assertThat(held.token(POD, "", 3600)).isEqualTo("token2");
    }

    /// By a clock that is an hour behind it would live for two, and none is asked for in time.
    @Test
    void renewsATokenInTimeWhateverTheWallClockSays() {
        for (var hours : List.of(-1, 1)) {
            var wall = Instant.EPOCH.plus(Duration.ofHours(hours));
            var steady = new AtomicReference<>(Instant.EPOCH);
            InstantSource stepped = steady::get;
            var held =
                    new TokenVolumes(
                            source,
                            new Clocks(
                                    Clock.fixed(wall, ZoneOffset.UTC),
                                    stepped.withZone(ZoneOffset.UTC)));
            var first = held.token(POD, "", 3600);
            steady.set(Instant.EPOCH.plus(Duration.ofMinutes(47)));
            assertThat(held.token(POD, "", 3600)).isEqualTo(first);
            steady.set(Instant.EPOCH.plus(Duration.ofMinutes(49)));
            assertThat(held.token(POD, "", 3600)).isNotEqualTo(first);
        }
    }

    @Test
    void rendersHostsAndResolvConf() {
        assertThat(HostsFile.render(POD, "192.168.96.9", "cluster.local"))
                .isEqualTo(
                        """
                        # Kubernetes-managed hosts file.
                        127.0.0.1\tlocalhost
                        ::1\tlocalhost ip6-localhost ip6-loopback
                        fe00::0\tip6-localnet
                        fe00::0\tip6-mcastprefix
                        fe00::1\tip6-allnodes
                        fe00::2\tip6-allrouters
                        192.168.96.9\tweb-0.peers.shop.svc.cluster.local\tweb-0

                        # Entries added by HostAliases.
                        10.1.2.3\tdb\tdb.local
                        """);
        var host =
                DnsConfig.Resolver.parse(
                        List.of("nameserver 127.0.0.53", "nameserver 9.9.9.9", "search corp"));
        assertThat(new DnsConfig("10.100.0.10", "cluster.local", host).form(POD).text())
                .isEqualTo(
                        "search shop.svc.cluster.local svc.cluster.local cluster.local corp\n"
                                + "nameserver 10.100.0.10\noptions ndots:5\n");
    }

    @Test
    void hostnameOverrideHasNoDomain() {
        Pod pod =
                new PodBuilder(POD)
                        .editSpec()
                        .withHostnameOverride("shop.example")
                        .endSpec()
                        .build();
        assertThat(PodNames.hostname(pod)).isEqualTo("shop.example");
        assertThat(HostsFile.render(pod, "192.168.96.9", "cluster.local"))
                .contains("192.168.96.9\tshop.example\n");
    }

    @Test
    void theKernelIsCalledByTheFullNameWhenAsked() {
        Pod pod =
                new PodBuilder(POD)
                        .editSpec()
                        .withHostname("shop")
                        .withSubdomain("web")
                        .withSetHostnameAsFQDN(true)
                        .endSpec()
                        .build();
        assertThat(PodNames.kernel(pod, "cluster.local"))
                .isEqualTo("shop.web.shop.svc.cluster.local");
        assertThatThrownBy(() ->
                        PodNames.kernel(pod, "a-rather-long-domain-of-a-cluster.of.ours.example"))
                .hasMessageContaining("is too long (64 characters is the max, 67 characters");
        Pod plain = new PodBuilder(pod).editSpec().withSubdomain(null).endSpec().build();
        assertThat(PodNames.kernel(plain, "cluster.local")).isEqualTo("shop");
    }

    @Test
    void computesTheKubeletsNumbers() {
        assertThat(ResourceNumbers.weight(0)).isEqualTo(1);
        assertThat(ResourceNumbers.weight(1000)).isEqualTo(39);
        assertThat(Signals.parse(Optional.of("SIGRTMIN+3"))).isEqualTo(37);
        assertThat(Signals.parse(Optional.of("SIGQUIT"))).isEqualTo(3);
        assertThat(DownwardFields.amount(Map.of("cpu", new Quantity("0")), "cpu")).isEmpty();
    }
}
