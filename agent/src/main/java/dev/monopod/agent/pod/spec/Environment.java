package dev.monopod.agent.pod.spec;

import dev.monopod.agent.pod.api.ConfigSource;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.FileKeySelector;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.grpc.StatusRuntimeException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Renders what Kubernetes adds to a container's environment: services, `envFrom`, `env`, later
/// ones over earlier. Names are taken as they are: since 1.34 every name that an API server accepts
/// is one.
public final class Environment {
    /// Reads a file that a container left in a volume of the pod.
    @FunctionalInterface
    public interface VolumeFiles {
        String read(String volume, String path);
    }

    private final ConfigSource source;
    private final DownwardFields fields;
    private final VolumeFiles files;
    private final String namespace;

    public Environment(ConfigSource source, DownwardFields fields, VolumeFiles files) {
        this.source = source;
        this.fields = fields;
        this.files = files;
        this.namespace = fields.pod().getMetadata().getNamespace();
    }

    /// The image's `NAME=VALUE` entries, and what Kubernetes adds over them. Only the latter is
    /// known to `$(NAME)`.
    public static Map<String, String> over(List<String> image, Map<String, String> added) {
        Map<String, String> result = new LinkedHashMap<>();
        for (var entry : image) {
            var equals = entry.indexOf('=');
            if (equals > 0) {
                result.put(entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        result.putAll(added);
        return result;
    }

    /// @throws ConfigurationException naming the ConfigMap, Secret, file or key that is not there
    public Map<String, String> render(Container container) {
        Map<String, String> declared = new LinkedHashMap<>();
        for (var from : container.getEnvFrom()) {
            declared.putAll(from(from));
        }
        var services = serviceVariables();
        Map<String, String> known = new LinkedHashMap<>(declared);
        for (var variable : container.getEnv()) {
            var value = value(container, variable, known, services);
            value.ifPresent(text -> {
                known.put(variable.getName(), text);
                declared.put(variable.getName(), text);
            });
        }
        Map<String, String> result = new LinkedHashMap<>(services);
        result.putAll(declared);
        return result;
    }

    private Map<String, String> serviceVariables() {
        List<Service> services = new ArrayList<>();
        if (!Boolean.FALSE.equals(fields.pod().getSpec().getEnableServiceLinks())) {
            services.addAll(source.services(namespace));
        }
        // A namespace's own Service of this name hides the API server's.
        var hidden = services.stream().anyMatch(Environment::apiServer);
        if (!hidden) {
            source.services("default").stream()
                    .filter(Environment::apiServer)
                    .forEach(services::add);
        }
        return ServiceVariables.of(services);
    }

    private static boolean apiServer(Service service) {
        var address = service.getSpec().getClusterIP();
        return service.getMetadata().getName().equals("kubernetes")
                && address != null
                && !address.isEmpty()
                && !address.equals("None");
    }

    private Map<String, String> from(EnvFromSource from) {
        var prefix = Optional.ofNullable(from.getPrefix()).orElse("");
        Map<String, String> result = new LinkedHashMap<>();
        if (from.getConfigMapRef() != null) {
            var name = from.getConfigMapRef().getName();
            var map = source.configMap(namespace, name);
            if (map.isEmpty() && !Boolean.TRUE.equals(from.getConfigMapRef().getOptional())) {
                throw new ConfigurationException("configmap \"" + name + "\" not found");
            }
            map.map(ConfigMap::getData)
                    .ifPresent(data ->
                            data.forEach((k, v) -> {
                                var origin = origin(k, "ConfigMap", name);
                                result.put(prefix + k, checked(prefix + k, v, origin));
                            }));
        }
        if (from.getSecretRef() != null) {
            var name = from.getSecretRef().getName();
            var secret = source.secret(namespace, name);
            if (secret.isEmpty() && !Boolean.TRUE.equals(from.getSecretRef().getOptional())) {
                throw new ConfigurationException("secret \"" + name + "\" not found");
            }
            secret.map(Secret::getData)
                    .ifPresent(data ->
                            data.forEach((k, v) -> {
                                var origin = origin(k, "Secret", name);
                                result.put(prefix + k, decode(prefix + k, v, origin));
                            }));
        }
        return result;
    }

    private Optional<String> value(
            Container container,
            EnvVar variable,
            Map<String, String> known,
            Map<String, String> services) {
        var from = variable.getValueFrom();
        if (from == null) {
            Map<String, String> lookup = new LinkedHashMap<>(services);
            lookup.putAll(known);
            var text = Optional.ofNullable(variable.getValue()).orElse("");
            return Optional.of(
                    checked(variable.getName(), Expansion.expand(text, lookup), "its value"));
        }
        if (from.getFieldRef() != null) {
            return Optional.of(fields.field(from.getFieldRef().getFieldPath()));
        }
        if (from.getResourceFieldRef() != null) {
            return Optional.of(fields.resource(from.getResourceFieldRef(), container.getName()));
        }
        if (from.getConfigMapKeyRef() != null) {
            var ref = from.getConfigMapKeyRef();
            var map = source.configMap(namespace, ref.getName());
            var origin = origin(ref.getKey(), "ConfigMap", ref.getName());
            return key(
                            map.map(ConfigMap::getData),
                            "configmap",
                            "ConfigMap",
                            ref.getName(),
                            ref.getKey(),
                            ref.getOptional())
                    .map(text -> checked(variable.getName(), text, origin));
        }
        if (from.getSecretKeyRef() != null) {
            var ref = from.getSecretKeyRef();
            var secret = source.secret(namespace, ref.getName());
            var origin = origin(ref.getKey(), "Secret", ref.getName());
            return key(
                            secret.map(Secret::getData),
                            "secret",
                            "Secret",
                            ref.getName(),
                            ref.getKey(),
                            ref.getOptional())
                    .map(text -> decode(variable.getName(), text, origin));
        }
        if (from.getFileKeyRef() != null) {
            return inFile(from.getFileKeyRef());
        }
        throw new ConfigurationException("env " + variable.getName() + ": unsupported valueFrom");
    }

    private Optional<String> inFile(FileKeySelector ref) {
        String text;
        try {
            text = files.read(ref.getVolumeName(), ref.getPath());
        } catch (StatusRuntimeException e) {
            throw new ConfigurationException("couldn't parse env file");
        }
        var value = new EnvironmentFile(text).value(ref.getKey());
        if (value.isEmpty() && !Boolean.TRUE.equals(ref.getOptional())) {
            throw new ConfigurationException(
                    "environment variable key \"%s\" not found in file \"%s\""
                            .formatted(ref.getKey(), ref.getPath()));
        }
        return Optional.of(value).filter(found -> !found.isEmpty());
    }

    @SuppressWarnings("TooManyParameters") // two kinds, one rule
    private Optional<String> key(
            Optional<Map<String, String>> data,
            String lower,
            String kind,
            String name,
            String key,
            @org.jspecify.annotations.Nullable Boolean optional) {
        var value = data.map(map -> map.get(key));
        if (value.isEmpty() && !Boolean.TRUE.equals(optional)) {
            throw new ConfigurationException(
                    data.isEmpty()
                            ? lower + " \"" + name + "\" not found"
                            : "couldn't find key "
                                    + key
                                    + " in "
                                    + kind
                                    + " "
                                    + namespace
                                    + "/"
                                    + name);
        }
        return value;
    }

    private String origin(String key, String kind, String name) {
        return "key %s of %s %s/%s".formatted(key, kind, namespace, name);
    }

    /// @param origin of the value, for the message
    private static String decode(String variable, String base64, String origin) {
        var bytes = ByteBuffer.wrap(Base64.getDecoder().decode(base64));
        try {
            var text = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
            return checked(variable, text, origin);
        } catch (CharacterCodingException e) {
            throw new ConfigurationException(
                    "environment variable %s: %s is binary, not UTF-8 text; mount it as a file"
                            .formatted(variable, origin));
        }
    }

    private static String checked(String variable, String value, String origin) {
        if (value.indexOf(0) >= 0) {
            throw new ConfigurationException(
                    "environment variable %s: %s contains NUL, which no variable can hold"
                            .formatted(variable, origin));
        }
        return value;
    }
}
