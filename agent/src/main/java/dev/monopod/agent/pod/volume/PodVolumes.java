package dev.monopod.agent.pod.volume;

import com.google.protobuf.ByteString;
import dev.monopod.agent.pod.api.ConfigSource;
import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.scope.PodRuntime;
import dev.monopod.protocol.guest.WritePodFilesRequest;
import dev.monopod.protocol.guest.WriteVolumeRequest;
import io.fabric8.kubernetes.api.model.Volume;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Brings the pod's files and volumes into its guest and keeps them fresh. Used by one thread.
/// Changes of ConfigMaps and Secrets are found by asking, those of the pod itself come at once.
public final class PodVolumes {
    private static final Duration CALL = Duration.ofSeconds(30);
    private static final Duration FIRST_RETRY = Duration.ofMillis(500);
    private static final Duration LAST_RETRY = Duration.ofSeconds(60);
    private static final Duration REFRESH = Duration.ofSeconds(5);

    /// A failure that stays the same is told as often.
    private static final Duration TELL_AGAIN = Duration.ofSeconds(60);

    private final PodRuntime runtime;
    private final TokenVolumes tokens;
    private final NetworkVolumes network;
    private final ImageVolumes images;
    private final PodObjects objects;
    private final Map<String, WriteVolumeRequest> written = new HashMap<>();
    private final Map<String, Told> failures = new HashMap<>();

    private record Told(String failure, Instant at) {}

    public PodVolumes(PodRuntime runtime) {
        this.runtime = runtime;
        this.tokens = new TokenVolumes(runtime.services().source(), runtime.services().clock());
        this.network =
                new NetworkVolumes(
                        runtime.services().source(),
                        new HostResolver(),
                        runtime.services().settings().volumes().region());
        this.images = new ImageVolumes(runtime);
        this.objects = new PodObjects(runtime.plan().namespace());
    }

    /// Returns when everything is written; tells of each failure and tries again.
    public void prepare() throws InterruptedException {
        Duration delay = FIRST_RETRY;
        while (!runtime.closed()) {
            ConfigSource source = runtime.services().source();
            if (writeFiles() & writeAll(source, unfinished())) {
                return;
            }
            if (runtime.pause(delay)) {
                return;
            }
            delay = delay.multipliedBy(2);
            delay = delay.compareTo(LAST_RETRY) > 0 ? LAST_RETRY : delay;
        }
    }

    /// Writes what changed, for as long as the pod lives.
    public void refresh() throws InterruptedException {
        List<Volume> changing =
                runtime.pod().getSpec().getVolumes().stream().filter(Volumes::changes).toList();
        while (!changing.isEmpty() && !runtime.closed()) {
            runtime.volumeNews().await(REFRESH);
            writeAll(runtime.services().source().recent(), changing);
        }
    }

    /// What is not there yet. Servers come last: one that does not answer holds up no other volume.
    private List<Volume> unfinished() {
        return runtime.pod().getSpec().getVolumes().stream()
                .filter(volume -> Volumes.changes(volume) || !written.containsKey(volume.getName()))
                .sorted(Comparator.comparing(NetworkVolumes::is))
                .toList();
    }

    private boolean writeFiles() {
        var settings = runtime.services().settings().dns();
        var pod = runtime.pod();
        String hosts =
                HostsFile.render(
                        pod,
                        runtime.machine().getSpec().network().address(),
                        settings.clusterDomain());
        DnsConfig dns =
                new DnsConfig(
                        settings.clusterDns(),
                        settings.clusterDomain(),
                        DnsConfig.Resolver.parse(lines(settings.resolvConf())));
        DnsConfig.Form resolver = dns.form(pod);
        try {
            runtime.guest()
                    .blocking(CALL)
                    .writePodFiles(
                            WritePodFilesRequest.newBuilder()
                                    .setHosts(ByteString.copyFromUtf8(hosts))
                                    .setResolvConf(ByteString.copyFromUtf8(resolver.text()))
                                    .build());
            resolver.omissions()
                    .forEach(omission ->
                            runtime.event(PodApi.EventType.Warning, "DNSConfigForming", omission));
            return true;
        } catch (StatusRuntimeException e) {
            runtime.event(
                    PodApi.EventType.Warning,
                    "FailedMount",
                    "Writing /etc/hosts and /etc/resolv.conf failed: " + e.getStatus());
            return false;
        }
    }

    private boolean writeAll(ConfigSource source, List<Volume> volumes) {
        boolean all = true;
        for (Volume volume : volumes) {
            if (runtime.closed()) {
                return false;
            }
            try {
                WriteVolumeRequest request = render(source, volume);
                if (!request.equals(written.get(volume.getName()))) {
                    runtime.guest().blocking(CALL).writeVolume(request);
                    written.put(volume.getName(), request);
                }
                failures.remove(volume.getName());
            } catch (RuntimeException e) {
                all = false;
                tell(volume, e);
            }
        }
        return all;
    }

    private WriteVolumeRequest render(ConfigSource source, Volume volume) {
        if (volume.getImage() != null) {
            return WriteVolumeRequest.newBuilder()
                    .setName(volume.getName())
                    .setImage(images.render(volume))
                    .build();
        }
        if (NetworkVolumes.is(volume)) {
            return WriteVolumeRequest.newBuilder()
                    .setName(volume.getName())
                    .setNetworkFileSystem(network.render(runtime.pod(), volume, runtime.nfsSlot()))
                    .build();
        }
        return new Volumes(source, objects, tokens, runtime.fields()).render(volume);
    }

    private void tell(Volume volume, RuntimeException e) {
        if (runtime.closed()) {
            return;
        }
        String failure =
                e instanceof StatusRuntimeException status
                                && status.getStatus().getDescription() != null
                        ? status.getStatus().getDescription()
                        : String.valueOf(e.getMessage());
        Instant now = runtime.services().clock().instant();
        Told told = failures.get(volume.getName());
        if (told != null
                && told.failure().equals(failure)
                && now.isBefore(told.at().plus(TELL_AGAIN))) {
            return;
        }
        failures.put(volume.getName(), new Told(failure, now));
        runtime.event(
                PodApi.EventType.Warning,
                "FailedMount",
                "MountVolume.SetUp failed for volume \"%s\" : %s"
                        .formatted(volume.getName(), failure));
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return List.of();
        }
    }
}
