package dev.monopod.agent.pod.volume;

import com.google.protobuf.ByteString;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodSettings.DnsSettings;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.kube.client.EventType;
import dev.monopod.protocol.guest.WritePodFilesRequest;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// Writes the pod's `/etc/hosts` and `/etc/resolv.conf` into its guest.
public record PodFiles(
        PodView view, PodReports reports, MachineHandle machine, DnsSettings settings) {
    private static final Duration CALL = Duration.ofSeconds(30);

    /// Tells of a failure.
    ///
    /// @return whether they are written
    boolean write() {
        var pod = view.pod();
        var hosts = HostsFile.render(pod, view.address(), settings.clusterDomain());
        var dns =
                new DnsConfig(
                        settings.clusterDns(),
                        settings.clusterDomain(),
                        DnsConfig.Resolver.parse(lines(settings.resolvConf())));
        var resolver = dns.form(pod);
        try {
            machine.guest()
                    .blocking(CALL)
                    .writePodFiles(
                            WritePodFilesRequest.newBuilder()
                                    .setHosts(ByteString.copyFromUtf8(hosts))
                                    .setResolvConf(ByteString.copyFromUtf8(resolver.text()))
                                    .build());
            resolver.omissions()
                    .forEach(omission ->
                            reports.event(EventType.WARNING, "DNSConfigForming", omission));
            return true;
        } catch (StatusRuntimeException e) {
            reports.event(
                    EventType.WARNING,
                    "FailedMount",
                    "Writing /etc/hosts and /etc/resolv.conf failed: " + e.getStatus());
            return false;
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return List.of();
        }
    }
}
