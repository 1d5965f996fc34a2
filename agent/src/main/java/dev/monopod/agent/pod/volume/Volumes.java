package dev.monopod.agent.pod.volume;

import com.google.protobuf.ByteString;
import dev.monopod.agent.pod.api.ConfigSource;
import dev.monopod.agent.pod.spec.ConfigurationException;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.agent.pod.spec.DownwardFields;
import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.agent.pod.spec.PodResources;
import dev.monopod.protocol.guest.EmptyDirectory;
import dev.monopod.protocol.guest.Files;
import dev.monopod.protocol.guest.VolumeFile;
import dev.monopod.protocol.guest.WriteVolumeRequest;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.DownwardAPIVolumeFile;
import io.fabric8.kubernetes.api.model.EmptyDirVolumeSource;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ServiceAccountTokenProjection;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeProjection;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Renders the pod's volumes as the guest is told of them.
public final class Volumes {
    private static final int DEFAULT_MODE = 0644;
    private static final long DEFAULT_TOKEN_SECONDS = 3600;

    private final ConfigSource source;
    private final PodObjects objects;
    private final TokenVolumes tokens;
    private final DownwardFields fields;
    private final Pod pod;

    /// @param objects what is known of the pod's objects for good
    public Volumes(
            ConfigSource source, PodObjects objects, TokenVolumes tokens, DownwardFields fields) {
        this.source = source;
        this.objects = objects;
        this.tokens = tokens;
        this.fields = fields;
        this.pod = fields.pod();
    }

    /// Whether what the volume holds can change while the pod runs.
    public static boolean changes(Volume volume) {
        return volume.getConfigMap() != null
                || volume.getSecret() != null
                || volume.getDownwardAPI() != null
                || volume.getProjected() != null;
    }

    /// @throws ConfigurationException naming what is missing
    public WriteVolumeRequest render(Volume volume) {
        var request = WriteVolumeRequest.newBuilder().setName(volume.getName());
        if (volume.getEmptyDir() != null) {
            return request.setEmptyDirectory(emptyDirectory(volume.getEmptyDir())).build();
        }
        List<VolumeFile> files = new ArrayList<>();
        if (volume.getConfigMap() != null) {
            var from = volume.getConfigMap();
            files.addAll(
                    keys(
                            configMap(from.getName(), from.getOptional()),
                            "configmap references non-existent config key: ",
                            from.getItems(),
                            mode(from.getDefaultMode()),
                            from.getOptional()));
        } else if (volume.getSecret() != null) {
            var from = volume.getSecret();
            files.addAll(
                    keys(
                            secret(from.getSecretName(), from.getOptional()),
                            "references non-existent secret key: ",
                            from.getItems(),
                            mode(from.getDefaultMode()),
                            from.getOptional()));
        } else if (volume.getDownwardAPI() != null) {
            files.addAll(
                    downward(
                            volume.getDownwardAPI().getItems(),
                            mode(volume.getDownwardAPI().getDefaultMode())));
        } else if (volume.getProjected() != null) {
            var mode = mode(volume.getProjected().getDefaultMode());
            for (var projection : volume.getProjected().getSources()) {
                files.addAll(projected(projection, mode));
            }
        } else {
            throw new ConfigurationException(
                    "volume " + volume.getName() + " is of an unsupported type");
        }
        // Only those of a ConfigMap does a kubelet keep on a disk.
        var sticky = volume.getConfigMap() == null;
        var all = Files.newBuilder().addAllFiles(files).setSticky(sticky);
        fsGroup().ifPresent(all::setFsGroup);
        return request.setFiles(all).build();
    }

    private EmptyDirectory emptyDirectory(EmptyDirVolumeSource from) {
        var directory = EmptyDirectory.newBuilder();
        if ("Memory".equals(from.getMedium())) {
            directory.setMemory(true).setSizeLimitBytes(memoryBytes(from.getSizeLimit()));
        } else if (from.getMedium() != null && !from.getMedium().isEmpty()) {
            throw new ConfigurationException("unknown storage medium \"" + from.getMedium() + "\"");
        }
        fsGroup().ifPresent(directory::setFsGroup);
        return directory.build();
    }

    /// The least of what the machine has, what the pod may have, and what the volume may hold.
    private long memoryBytes(@Nullable Quantity sizeLimit) {
        var least = BigDecimal.valueOf(fields.memory());
        least = PodResources.wholeLimit(pod, "memory").map(least::min).orElse(least);
        if (sizeLimit != null && sizeLimit.getNumericalAmount().signum() > 0) {
            least = least.min(sizeLimit.getNumericalAmount());
        }
        return least.longValue();
    }

    private OptionalLong fsGroup() {
        var context = pod.getSpec().getSecurityContext();
        return context == null || context.getFsGroup() == null
                ? OptionalLong.empty()
                : OptionalLong.of(context.getFsGroup());
    }

    private List<VolumeFile> projected(VolumeProjection projection, int mode) {
        if (projection.getConfigMap() != null) {
            var from = projection.getConfigMap();
            return keys(
                    configMap(from.getName(), from.getOptional()),
                    "configmap references non-existent config key: ",
                    from.getItems(),
                    mode,
                    from.getOptional());
        }
        if (projection.getSecret() != null) {
            var from = projection.getSecret();
            return keys(
                    secret(from.getName(), from.getOptional()),
                    "references non-existent secret key: ",
                    from.getItems(),
                    mode,
                    from.getOptional());
        }
        if (projection.getDownwardAPI() != null) {
            return downward(projection.getDownwardAPI().getItems(), mode);
        }
        if (projection.getServiceAccountToken() != null) {
            return List.of(token(projection.getServiceAccountToken(), mode));
        }
        throw new ConfigurationException("projected volume with an unsupported source");
    }

    private VolumeFile token(ServiceAccountTokenProjection from, int mode) {
        long seconds =
                Optional.ofNullable(from.getExpirationSeconds()).orElse(DEFAULT_TOKEN_SECONDS);
        var audience = Optional.ofNullable(from.getAudience()).orElse("");
        var file =
                VolumeFile.newBuilder()
                        .setPath(from.getPath())
                        .setContent(ByteString.copyFromUtf8(tokens.token(pod, audience, seconds)));
        var owner = soleUser();
        owner.ifPresent(file::setUser);
        // The guest lets the group read.
        return file.setMode(owner.isPresent() || fsGroup().isPresent() ? 0600 : mode).build();
    }

    /// The user that every container of the pod runs as, if they all say the same.
    private OptionalLong soleUser() {
        var context = pod.getSpec().getSecurityContext();
        Long ofPod = context == null ? null : context.getRunAsUser();
        var users =
                PodPlan.of(pod).containers().stream()
                        .map(ContainerPlan::spec)
                        .map(container -> user(container, ofPod))
                        .collect(Collectors.toSet());
        if (users.size() != 1) {
            return OptionalLong.empty();
        }
        var sole = users.iterator().next();
        return sole.isPresent() ? OptionalLong.of(sole.get()) : OptionalLong.empty();
    }

    private static Optional<Long> user(Container container, @Nullable Long ofPod) {
        var own = container.getSecurityContext();
        return Optional.ofNullable(
                own != null && own.getRunAsUser() != null ? own.getRunAsUser() : ofPod);
    }

    private List<VolumeFile> downward(List<DownwardAPIVolumeFile> items, int mode) {
        List<VolumeFile> files = new ArrayList<>();
        for (var item : items) {
            var value =
                    item.getFieldRef() != null
                            ? fields.field(item.getFieldRef().getFieldPath())
                            : fields.resource(item.getResourceFieldRef(), "");
            files.add(
                    file(
                            item.getPath(),
                            value.getBytes(StandardCharsets.UTF_8),
                            item.getMode() == null ? mode : item.getMode()));
        }
        return files;
    }

    private Optional<Map<String, byte[]>> configMap(String name, @Nullable Boolean optional) {
        var map = objects.configMap(source, name);
        if (map.isEmpty() && !Boolean.TRUE.equals(optional)) {
            throw new ConfigurationException("configmap \"" + name + "\" not found");
        }
        return map.map(found -> {
            Map<String, byte[]> data = new HashMap<>();
            if (found.getData() != null) {
                found.getData().forEach((k, v) -> data.put(k, v.getBytes(StandardCharsets.UTF_8)));
            }
            if (found.getBinaryData() != null) {
                found.getBinaryData().forEach((k, v) -> data.put(k, Base64.getDecoder().decode(v)));
            }
            return data;
        });
    }

    private Optional<Map<String, byte[]>> secret(String name, @Nullable Boolean optional) {
        var secret = objects.secret(source, name);
        if (secret.isEmpty() && !Boolean.TRUE.equals(optional)) {
            throw new ConfigurationException("secret \"" + name + "\" not found");
        }
        return secret.map(found -> {
            Map<String, byte[]> data = new HashMap<>();
            if (found.getData() != null) {
                found.getData().forEach((k, v) -> data.put(k, Base64.getDecoder().decode(v)));
            }
            return data;
        });
    }

    private static List<VolumeFile> keys(
            Optional<Map<String, byte[]>> data,
            String missing,
            @Nullable List<KeyToPath> items,
            int mode,
            @Nullable Boolean optional) {
        if (data.isEmpty()) {
            return List.of();
        }
        List<VolumeFile> files = new ArrayList<>();
        if (items == null || items.isEmpty()) {
            data.get().forEach((key, value) -> files.add(file(key, value, mode)));
            return files;
        }
        for (var item : items) {
            var value = data.get().get(item.getKey());
            if (value == null) {
                if (Boolean.TRUE.equals(optional)) {
                    continue;
                }
                throw new ConfigurationException(missing + item.getKey());
            }
            files.add(file(item.getPath(), value, item.getMode() == null ? mode : item.getMode()));
        }
        return files;
    }

    private static VolumeFile file(String path, byte[] content, int mode) {
        return VolumeFile.newBuilder()
                .setPath(path)
                .setContent(ByteString.copyFrom(content))
                .setMode(mode)
                .build();
    }

    private static int mode(@Nullable Integer mode) {
        return mode == null ? DEFAULT_MODE : mode;
    }
}
