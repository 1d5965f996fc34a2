package dev.monopod.kube.mapping;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.model.support.PodShape;
import dev.monopod.model.support.PodShape.ClaimState;
import dev.monopod.model.support.PodShape.HostNamespace;
import dev.monopod.model.support.PodShape.HostPort;
import dev.monopod.model.support.PodShape.Option;
import dev.monopod.model.support.PodShape.Permission;
import dev.monopod.model.support.PodShape.Source;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EphemeralContainer;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What of a pod decides whether Fargate can run it.
public final class PodShapes {
    private static final Set<String> OWN_RESOURCES = Set.of("cpu", "memory", "ephemeral-storage");
    private static final Set<String> SUPPORTED_VOLUMES =
            Set.of("emptyDir", "configMap", "secret", "projected", "downwardAPI", "image", "nfs");
    private static final Set<String> SUPPORTED_PROJECTIONS =
            Set.of("configMap", "secret", "downwardAPI", "serviceAccountToken");
    private static final String EFS_DRIVER = "efs.csi.aws.com";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private PodShapes() {}

    /// The pod as refusals look at it.
    ///
    /// @param claims what is known of a claim of the pod's namespace, by name
    public static PodShape of(PodSpec spec, Function<String, ClaimState> claims) {
        return of(spec, "", claims);
    }

    /// The same for a pod whose name is known, so that the claims of its generic ephemeral volumes
    /// are known too.
    public static PodShape of(PodSpec spec, String pod, Function<String, ClaimState> claims) {
        Set<HostNamespace> namespaces = EnumSet.noneOf(HostNamespace.class);
        addIf(spec.getHostNetwork(), HostNamespace.NETWORK, namespaces);
        addIf(spec.getHostPID(), HostNamespace.PID, namespaces);
        addIf(spec.getHostIPC(), HostNamespace.IPC, namespaces);
        List<PodShape.Container> containers = new ArrayList<>();
        addAll("spec.initContainers", spec.getInitContainers(), containers);
        addAll("spec.containers", spec.getContainers(), containers);
        var ephemeral = orEmpty(spec.getEphemeralContainers());
        for (var index = 0; index < ephemeral.size(); index++) {
            containers.add(ephemeral(index, ephemeral.get(index)));
        }
        List<PodShape.Volume> volumes = new ArrayList<>();
        var declared = orEmpty(spec.getVolumes());
        for (var index = 0; index < declared.size(); index++) {
            var volume = declared.get(index);
            volumes.add(new PodShape.Volume(index, volume.getName(), source(volume, pod, claims)));
        }
        return new PodShape(namespaces, options(spec), PodIds.of(spec), containers, volumes);
    }

    private static Set<Option> options(PodSpec spec) {
        Set<Option> options = EnumSet.noneOf(Option.class);
        addIf(Boolean.FALSE.equals(spec.getHostUsers()), Option.OWN_USER_NAMESPACE, options);
        addIf(
                spec.getSecurityContext() != null
                        && spec.getSecurityContext().getWindowsOptions() != null,
                Option.WINDOWS_OPTIONS,
                options);
        addIf(!orEmpty(spec.getResourceClaims()).isEmpty(), Option.RESOURCE_CLAIMS, options);
        return options;
    }

    /// Whether machines can mount what a claim is bound to.
    public static ClaimState boundTo(PersistentVolume volume) {
        var name = volume.getMetadata().getName();
        if (volume.getSpec().getNfs() != null) {
            return new ClaimState.Mountable();
        }
        if (volume.getSpec().getCsi() != null) {
            var driver = Objects.requireNonNullElse(volume.getSpec().getCsi().getDriver(), "");
            return driver.equals(EFS_DRIVER)
                    ? new ClaimState.Mountable()
                    : new ClaimState.ForeignDriver(name, driver);
        }
        var spec = MAPPER.valueToTree(volume.getSpec());
        for (var names = spec.fieldNames(); names.hasNext(); ) {
            var field = names.next();
            if (spec.get(field).isObject() && !NOT_A_TYPE.contains(field)) {
                return new ClaimState.ForeignType(name, field);
            }
        }
        return new ClaimState.ForeignType(name, "unknown");
    }

    private static final Set<String> NOT_A_TYPE = Set.of("capacity", "claimRef", "nodeAffinity");

    private static Source source(Volume volume, String pod, Function<String, ClaimState> claims) {
        if (volume.getPersistentVolumeClaim() != null) {
            var claim =
                    Objects.requireNonNullElse(
                            volume.getPersistentVolumeClaim().getClaimName(), "");
            return new Source.Claim(claim, claims.apply(claim));
        }
        if (volume.getEphemeral() != null) {
            var claim = pod + "-" + volume.getName();
            return new Source.Claim(
                    claim, pod.isEmpty() ? new ClaimState.Unknown() : claims.apply(claim));
        }
        String medium = volume.getEmptyDir() == null ? null : volume.getEmptyDir().getMedium();
        if (medium != null && medium.startsWith("HugePages")) {
            return new Source.HugePages(medium);
        }
        var tree = MAPPER.valueToTree(volume);
        var projections =
                volume.getProjected() == null
                        ? List.of()
                        : orEmpty(volume.getProjected().getSources());
        for (var index = 0; index < projections.size(); index++) {
            var projection = MAPPER.valueToTree(projections.get(index));
            for (var names = projection.fieldNames(); names.hasNext(); ) {
                var field = names.next();
                if (!SUPPORTED_PROJECTIONS.contains(field)) {
                    return new Source.UnsupportedProjection(index, field);
                }
            }
        }
        for (var names = tree.fieldNames(); names.hasNext(); ) {
            var field = names.next();
            if (!field.equals("name")) {
                return SUPPORTED_VOLUMES.contains(field)
                        ? new Source.Supported()
                        : new Source.Unsupported(field);
            }
        }
        return new Source.Supported();
    }

    private static void addAll(
            String path, @Nullable List<Container> containers, List<PodShape.Container> shapes) {
        var declared = orEmpty(containers);
        for (var index = 0; index < declared.size(); index++) {
            var container = declared.get(index);
            shapes.add(
                    shape(
                            path + "[" + index + "]",
                            container.getSecurityContext(),
                            orEmpty(container.getPorts()),
                            container.getResources()));
        }
    }

    private static PodShape.Container ephemeral(int index, EphemeralContainer container) {
        return shape(
                "spec.ephemeralContainers[" + index + "]",
                container.getSecurityContext(),
                orEmpty(container.getPorts()),
                container.getResources());
    }

    private static PodShape.Container shape(
            String path,
            @Nullable SecurityContext context,
            List<ContainerPort> ports,
            @Nullable ResourceRequirements resources) {
        Set<Permission> permissions = EnumSet.noneOf(Permission.class);
        List<String> capabilities = List.of();
        if (context != null) {
            addIf(context.getPrivileged(), Permission.PRIVILEGED, permissions);
            addIf(
                    context.getAllowPrivilegeEscalation(),
                    Permission.ALLOW_PRIVILEGE_ESCALATION,
                    permissions);
            addIf("Unmasked".equals(context.getProcMount()), Permission.UNMASKED_PROC, permissions);
            addIf(context.getWindowsOptions() != null, Permission.WINDOWS_OPTIONS, permissions);
            if (context.getCapabilities() != null) {
                capabilities = orEmpty(context.getCapabilities().getAdd());
            }
        }
        return new PodShape.Container(
                path, permissions, capabilities, hostPorts(ports), extended(resources));
    }

    private static List<HostPort> hostPorts(List<ContainerPort> ports) {
        List<HostPort> hostPorts = new ArrayList<>();
        for (var index = 0; index < ports.size(); index++) {
            var port = ports.get(index);
            if (port.getHostPort() != null && port.getHostPort() != 0) {
                hostPorts.add(new HostPort(index, "hostPort"));
            }
            if (port.getHostIP() != null && !port.getHostIP().isEmpty()) {
                hostPorts.add(new HostPort(index, "hostIP"));
            }
        }
        return hostPorts;
    }

    private static List<String> extended(@Nullable ResourceRequirements resources) {
        Set<String> names = new TreeSet<>();
        if (resources != null && resources.getRequests() != null) {
            names.addAll(resources.getRequests().keySet());
        }
        if (resources != null && resources.getLimits() != null) {
            names.addAll(resources.getLimits().keySet());
        }
        names.removeAll(OWN_RESOURCES);
        return List.copyOf(names);
    }

    private static <T> void addIf(@Nullable Boolean set, T value, Set<T> values) {
        if (Boolean.TRUE.equals(set)) {
            values.add(value);
        }
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
