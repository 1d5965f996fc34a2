package dev.monopod.model.support;

import java.util.List;
import java.util.Set;

/// What of a pod decides whether Fargate can run it.
///
/// @param hostNamespaces which of the host's namespaces it asks for
/// @param options what else it asks for as a whole
/// @param ids the users and groups that it names
/// @param containers all of them, init and ephemeral ones too
/// @param volumes its volumes
public record PodShape(
        Set<HostNamespace> hostNamespaces,
        Set<Option> options,
        List<Id> ids,
        List<Container> containers,
        List<Volume> volumes) {
    public PodShape {
        hostNamespaces = Set.copyOf(hostNamespaces);
        options = Set.copyOf(options);
        ids = List.copyOf(ids);
        containers = List.copyOf(containers);
        volumes = List.copyOf(volumes);
    }

    /// A pod that asks for nothing more.
    public PodShape(
            Set<HostNamespace> hostNamespaces, List<Container> containers, List<Volume> volumes) {
        this(hostNamespaces, Set.of(), List.of(), containers, volumes);
    }

    /// Something that a pod may ask for as a whole.
    public enum Option {
        /// `hostUsers: false`.
        OWN_USER_NAMESPACE,
        /// `securityContext.windowsOptions`.
        WINDOWS_OPTIONS,
        /// `resourceClaims`, of devices.
        RESOURCE_CLAIMS
    }

    /// A user or group.
    ///
    /// @param fieldPath for example `spec.securityContext.supplementalGroups[0]`
    public record Id(String fieldPath, long value) {}

    /// A namespace of the host that a pod may ask to share.
    public enum HostNamespace {
        NETWORK("HostNetwork", "hostNetwork", "the pod has a network interface of its own"),
        PID("HostPID", "hostPID", "the pod has a kernel of its own"),
        IPC("HostIPC", "hostIPC", "the pod has a kernel of its own");

        private final String word;
        private final String field;
        private final String reason;

        HostNamespace(String word, String field, String reason) {
            this.word = word;
            this.field = field;
            this.reason = reason;
        }

        String word() {
            return word;
        }

        String field() {
            return field;
        }

        String reason() {
            return reason;
        }
    }

    /// Something of a container's security context that no machine gives.
    public enum Permission {
        PRIVILEGED,
        ALLOW_PRIVILEGE_ESCALATION,
        /// `procMount: Unmasked`.
        UNMASKED_PROC,
        WINDOWS_OPTIONS
    }

    /// One container.
    ///
    /// @param fieldPath for example `spec.containers[0]`
    /// @param permissions those set
    /// @param addedCapabilities as written
    /// @param ports only those with a host port or host address
    /// @param extendedResources names of requests other than CPU, memory and ephemeral storage
    public record Container(
            String fieldPath,
            Set<Permission> permissions,
            List<String> addedCapabilities,
            List<HostPort> ports,
            List<String> extendedResources) {
        public Container {
            permissions = Set.copyOf(permissions);
            addedCapabilities = List.copyOf(addedCapabilities);
            ports = List.copyOf(ports);
            extendedResources = List.copyOf(extendedResources);
        }

        boolean ephemeral() {
            return fieldPath.startsWith("spec.ephemeralContainers[");
        }
    }

    /// A port's host part; `field` is `hostPort` or `hostIP`, index its place in `ports`.
    public record HostPort(int index, String field) {}

    /// One volume; `index` is its place in `spec.volumes`.
    public record Volume(int index, String name, Source source) {}

    /// Where a volume comes from.
    public sealed interface Source {
        /// emptyDir, configMap, secret, projected, downwardAPI, image or nfs.
        record Supported() implements Source {}

        /// Any other type, by its field's name, for example `hostPath`.
        record Unsupported(String type) implements Source {}

        /// An emptyDir of huge pages.
        record HugePages(String medium) implements Source {}

        /// A projected volume with a source of another type, by its place and its field's name.
        record UnsupportedProjection(int index, String type) implements Source {}

        /// A claim.
        record Claim(String claim, ClaimState state) implements Source {}
    }

    /// What is known of a claim.
    public sealed interface ClaimState {
        /// Nothing yet; not a reason to refuse.
        record Unknown() implements ClaimState {}

        /// No such claim.
        record Missing() implements ClaimState {}

        /// Not bound to a volume.
        record Unbound() implements ClaimState {}

        /// Bound to a volume that machines can mount: NFS, or EFS' driver.
        record Mountable() implements ClaimState {}

        /// Bound to a volume of a CSI driver that needs a host.
        record ForeignDriver(String volume, String driver) implements ClaimState {}

        /// Bound to a volume of another type, by its field's name.
        record ForeignType(String volume, String type) implements ClaimState {}
    }
}
