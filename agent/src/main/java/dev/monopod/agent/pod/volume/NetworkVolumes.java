package dev.monopod.agent.pod.volume;

import dev.monopod.agent.pod.api.ConfigSource;
import dev.monopod.agent.pod.spec.ConfigurationException;
import dev.monopod.model.names.Names;
import dev.monopod.protocol.guest.NetworkFileSystem;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Finds out what a volume on a server is: claim, PersistentVolume, server, address. Each failure
/// is told in the kubelet's words. Nothing is kept: a volume is asked for until it is mounted, and
/// then no more.
///
/// @param addresses of server names, as this host knows them, like a kubelet's
public final class NetworkVolumes {
    /// Says which server stands for a file system of EFS: by its id, or `default`; `HOST:/PATH`.
    static final String EFS_NAMESPACE = Names.SYSTEM_NAMESPACE;

    static final String EFS_SERVERS = "efs-servers";

    private static final String EVERY_FILE_SYSTEM = "default";

    /// As EFS' mount helper gives them; a PersistentVolume's own come after, and win.
    private static final List<String> EFS_OPTIONS =
            List.of(
                    "vers=4.1",
                    "rsize=1048576",
                    "wsize=1048576",
                    "hard",
                    "timeo=600",
                    "retrans=2",
                    "noresvport");

    private final ConfigSource source;
    private final ServerAddresses addresses;
    private final String region;

    NetworkVolumes(ConfigSource source, ServerAddresses addresses, String region) {
        this.source = source;
        this.addresses = addresses;
        this.region = region;
    }

    /// Turns the name of a server into its IPv4 address.
    @FunctionalInterface
    interface ServerAddresses {
        /// @throws ConfigurationException when there is none
        String of(String server);
    }

    /// What has to be mounted, but for the disk of the kernel's modules.
    record Export(String server, String path, List<String> options, boolean readOnly) {
        Export {
            options = List.copyOf(options);
        }
    }

    static boolean is(Volume volume) {
        return volume.getNfs() != null
                || volume.getPersistentVolumeClaim() != null
                || volume.getEphemeral() != null;
    }

    public static boolean any(Pod pod) {
        return pod.getSpec().getVolumes().stream().anyMatch(NetworkVolumes::is);
    }

    /// @param modulesSlot disk with the kernel's modules for NFS
    /// @throws ConfigurationException for what can't be mounted now
    NetworkFileSystem render(Pod pod, Volume volume, int modulesSlot) {
        var export = export(pod, volume);
        return NetworkFileSystem.newBuilder()
                .setServer(export.server())
                .setAddress(addresses.of(export.server()))
                .setPath(export.path())
                .addAllOptions(export.options())
                .setReadOnly(export.readOnly())
                .setModulesDiskSlot(modulesSlot)
                .build();
    }

    private Export export(Pod pod, Volume volume) {
        if (volume.getNfs() != null) {
            var nfs = volume.getNfs();
            return new Export(
                    nfs.getServer(),
                    nfs.getPath(),
                    List.of(),
                    Boolean.TRUE.equals(nfs.getReadOnly()));
        }
        var ephemeral = volume.getEphemeral() != null;
        var claim =
                ephemeral
                        ? pod.getMetadata().getName() + "-" + volume.getName()
                        : volume.getPersistentVolumeClaim().getClaimName();
        var readOnly =
                !ephemeral && Boolean.TRUE.equals(volume.getPersistentVolumeClaim().getReadOnly());
        try {
            return export(bound(pod, claim, ephemeral), readOnly);
        } catch (ConfigurationException e) {
            throw new ConfigurationException(
                    "error processing PVC %s/%s: %s"
                            .formatted(pod.getMetadata().getNamespace(), claim, e.getMessage()));
        }
    }

    private PersistentVolume bound(Pod pod, String name, boolean ephemeral) {
        var namespace = pod.getMetadata().getNamespace();
        var claim =
                source.claim(namespace, name)
                        .orElseThrow(() ->
                                new ConfigurationException(
                                        "failed to fetch PVC from API server: persistentvolumeclaims \"%s\" not found"
                                                .formatted(name)));
        if (ephemeral
                && claim.getMetadata().getOwnerReferences().stream()
                        .noneMatch(owner -> owner.getUid().equals(pod.getMetadata().getUid()))) {
            throw new ConfigurationException(
                    "PVC %s/%s was not created for pod %s/%s (pod is not owner)"
                            .formatted(namespace, name, namespace, pod.getMetadata().getName()));
        }
        if (claim.getMetadata().getDeletionTimestamp() != null) {
            throw new ConfigurationException("PVC is being deleted");
        }
        var volumeName = claim.getSpec().getVolumeName();
        if (volumeName == null
                || volumeName.isEmpty()
                || claim.getStatus() == null
                || !"Bound".equals(claim.getStatus().getPhase())) {
            throw new ConfigurationException("PVC is not bound");
        }
        var volume =
                source.persistentVolume(volumeName)
                        .orElseThrow(() ->
                                new ConfigurationException(
                                        "failed to fetch PV %s from API server: persistentvolumes \"%s\" not found"
                                                .formatted(volumeName, volumeName)));
        var reference = volume.getSpec().getClaimRef();
        if (reference == null) {
            throw new ConfigurationException(
                    "found PV object %s but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim"
                            .formatted(volumeName));
        }
        if (!claim.getMetadata().getUid().equals(reference.getUid())) {
            throw new ConfigurationException(
                    "found PV object %s but its pv.Spec.ClaimRef.UID %s does not point to claim.UID %s"
                            .formatted(
                                    volumeName, reference.getUid(), claim.getMetadata().getUid()));
        }
        return volume;
    }

    private Export export(PersistentVolume volume, boolean readOnly) {
        var options = volume.getSpec().getMountOptions();
        if (volume.getSpec().getNfs() != null) {
            var nfs = volume.getSpec().getNfs();
            return new Export(
                    nfs.getServer(),
                    nfs.getPath(),
                    options,
                    readOnly || Boolean.TRUE.equals(nfs.getReadOnly()));
        }
        var driver = volume.getSpec().getCsi();
        if (driver != null && EfsVolume.DRIVER.equals(driver.getDriver())) {
            return efs(
                    EfsVolume.parse(driver.getVolumeHandle()),
                    options,
                    readOnly || Boolean.TRUE.equals(driver.getReadOnly()));
        }
        throw new ConfigurationException(
                "PV %s is neither of NFS nor of CSI Driver %s"
                        .formatted(volume.getMetadata().getName(), EfsVolume.DRIVER));
    }

    private Export efs(EfsVolume handle, List<String> mountOptions, boolean readOnly) {
        var volume = handle;
        var encrypted = false;
        List<String> options = new ArrayList<>(EFS_OPTIONS);
        for (var option : mountOptions) {
            if (option.startsWith("accesspoint=")) {
                volume = volume.withAccessPoint(option.substring("accesspoint=".length()));
            } else if (option.equals("tls") || option.equals("iam")) {
                encrypted = true;
            } else {
                options.add(option);
            }
        }
        var substitute = substitute(volume.fileSystem());
        if (substitute.isPresent()) {
            return onServerOfOnesOwn(substitute.get(), volume, options, readOnly);
        }
        if (encrypted || volume.accessPoint().isPresent()) {
            throw new ConfigurationException(
                    "EFS %s needs EFS' mount helper, which machines do not have: mount options tls and iam, and access points, are not supported. Mount a path of the file system, or name a server of your own in ConfigMap %s/%s"
                            .formatted(volume.fileSystem(), EFS_NAMESPACE, EFS_SERVERS));
        }
        return new Export(volume.awsServer(region), volume.path(), options, readOnly);
    }

    private Optional<String> substitute(String fileSystem) {
        return source.configMap(EFS_NAMESPACE, EFS_SERVERS)
                .map(map -> map.getData())
                .flatMap(data ->
                        Optional.ofNullable(data.get(fileSystem))
                                .or(() -> Optional.ofNullable(data.get(EVERY_FILE_SYSTEM))));
    }

    /// Its administrator decides on encryption and on who may do what; an access point is a folder
    /// there.
    private static Export onServerOfOnesOwn(
            String place, EfsVolume volume, List<String> options, boolean readOnly) {
        var colon = place.indexOf(":/");
        if (colon < 1) {
            throw new ConfigurationException(
                    "ConfigMap %s/%s: '%s' is not of the form HOST:/PATH"
                            .formatted(EFS_NAMESPACE, EFS_SERVERS, place));
        }
        var path =
                place.substring(colon + 1)
                        + volume.accessPoint().map(name -> "/" + name).orElse("")
                        + volume.path();
        var normal = path.replaceAll("/+", "/");
        return new Export(
                place.substring(0, colon),
                normal.length() > 1 && normal.endsWith("/")
                        ? normal.substring(0, normal.length() - 1)
                        : normal,
                options,
                readOnly);
    }
}
