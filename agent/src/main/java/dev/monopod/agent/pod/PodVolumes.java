package dev.monopod.agent.pod;

import com.google.protobuf.ByteString;
import dev.monopod.protocol.guest.WritePodFilesRequest;
import dev.monopod.protocol.guest.WriteVolumeRequest;
import io.fabric8.kubernetes.api.model.Volume;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Brings the pod's files and volumes into its guest and keeps them fresh. Used by one thread.
final class PodVolumes {
    private static final Duration CALL = Duration.ofSeconds(30);
    private static final Duration FIRST_RETRY = Duration.ofMillis(500);
    private static final Duration LAST_RETRY = Duration.ofSeconds(60);
    private static final Duration REFRESH = Duration.ofSeconds(60);

    private final PodRuntime runtime;
    private final TokenVolumes tokens;
    private final Map<String, WriteVolumeRequest> written = new HashMap<>();

    PodVolumes(PodRuntime runtime) {
        this.runtime = runtime;
        this.tokens = new TokenVolumes(runtime.services().source(), runtime.services().clock());
    }

    /// Returns when everything is written; tells of each failure and tries again.
    void prepare() throws InterruptedException {
        Duration delay = FIRST_RETRY;
        while (!runtime.closed()) {
            if (writeFiles() & writeVolumes()) {
                return;
            }
            if (runtime.pause(delay)) {
                return;
            }
            delay = delay.multipliedBy(2);
            delay = delay.compareTo(LAST_RETRY) > 0 ? LAST_RETRY : delay;
        }
    }

    /// Writes what changed, once a minute, for as long as the pod lives.
    void refresh() throws InterruptedException {
        boolean any = runtime.pod().getSpec().getVolumes().stream().anyMatch(Volumes::changes);
        while (any && !runtime.pause(REFRESH)) {
            writeVolumes();
        }
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

    private boolean writeVolumes() {
        boolean all = true;
        Volumes volumes = new Volumes(runtime.services().source(), tokens, runtime.fields());
        for (Volume volume : runtime.pod().getSpec().getVolumes()) {
            try {
                WriteVolumeRequest request = volumes.render(volume);
                if (!request.equals(written.get(volume.getName()))) {
                    runtime.guest().blocking(CALL).writeVolume(request);
                    written.put(volume.getName(), request);
                }
            } catch (RuntimeException e) {
                if (runtime.closed()) {
                    return false;
                }
                all = false;
                runtime.event(
                        PodApi.EventType.Warning,
                        "FailedMount",
                        "MountVolume.SetUp failed for volume \"%s\" : %s"
                                .formatted(volume.getName(), e.getMessage()));
            }
        }
        return all;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return List.of();
        }
    }
}
