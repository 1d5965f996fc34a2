package dev.monopod.agent.pod.scope;

import dev.monopod.agent.pod.spec.SeccompProfiles;
import java.nio.file.Path;
import java.time.Duration;

/// Settings of this host that pods depend on.
///
/// @param bootPatience how long a guest may take to its first answer
public record PodSettings(
        Path dataDirectory,
        String hostAddress,
        DnsSettings dns,
        VolumeSettings volumes,
        Duration bootPatience) {

    /// Where the operator puts system call filters for `Localhost` profiles.
    public Path seccompDirectory() {
        return dataDirectory.resolve("seccomp");
    }

    public SeccompProfiles seccompProfiles() {
        return new SeccompProfiles(seccompDirectory());
    }

    /// @param nfsModules disk with the kernel's modules for NFS
    /// @param region of EFS' file systems
    public record VolumeSettings(Path nfsModules, String region) {}

    /// @param resolvConf of the host, for `dnsPolicy: Default`
    public record DnsSettings(String clusterDns, String clusterDomain, Path resolvConf) {}
}
