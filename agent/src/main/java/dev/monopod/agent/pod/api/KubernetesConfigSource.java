package dev.monopod.agent.pod.api;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.client.Watched;
import dev.monopod.model.time.SteadyClock;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// [ConfigSource] over the API server: ConfigMaps and Secrets are read when a pod needs them,
/// Services come from a watch.
public final class KubernetesConfigSource implements ConfigSource {
    private final KubernetesClient client;
    private final Watched<Service> services;
    private final Granted granted = new Granted();
    private final ConfigSource recent = new RecentSource(this, SteadyClock.ofProcess());

    public KubernetesConfigSource(KubernetesClient client, Watched<Service> services) {
        this.client = client;
        this.services = services;
    }

    @Override
    public Optional<ConfigMap> configMap(String namespace, String name) {
        return granted.ask(() ->
                Optional.ofNullable(
                        client.configMaps().inNamespace(namespace).withName(name).get()));
    }

    @Override
    public Optional<Secret> secret(String namespace, String name) {
        return granted.ask(() ->
                Optional.ofNullable(client.secrets().inNamespace(namespace).withName(name).get()));
    }

    @Override
    public Optional<PersistentVolumeClaim> claim(String namespace, String name) {
        return Optional.ofNullable(
                client.persistentVolumeClaims().inNamespace(namespace).withName(name).get());
    }

    @Override
    public Optional<PersistentVolume> persistentVolume(String name) {
        return Optional.ofNullable(client.persistentVolumes().withName(name).get());
    }

    @Override
    public ConfigSource recent() {
        return recent;
    }

    @Override
    public List<Service> services(String namespace) {
        return services.inNamespace(namespace);
    }

    @Override
    public String executionRole(String profile) {
        return Optional.ofNullable(client.resources(FargateProfile.class).withName(profile).get())
                .map(found -> found.getSpec().podExecutionRoleArn())
                .orElse("");
    }

    @Override
    public Token token(Pod pod, String audience, long expirationSeconds) {
        var account = Optional.ofNullable(pod.getSpec().getServiceAccountName()).orElse("default");
        var request =
                new TokenRequestBuilder()
                        .withNewSpec()
                        .withAudiences(audience.isEmpty() ? List.of() : List.of(audience))
                        .withExpirationSeconds(expirationSeconds)
                        .withNewBoundObjectRef()
                        .withApiVersion("v1")
                        .withKind("Pod")
                        .withName(pod.getMetadata().getName())
                        .withUid(pod.getMetadata().getUid())
                        .endBoundObjectRef()
                        .endSpec()
                        .build();
        var answer =
                granted.ask(() ->
                        client.serviceAccounts()
                                .inNamespace(pod.getMetadata().getNamespace())
                                .withName(account)
                                .tokenRequest(request));
        return new Token(
                answer.getStatus().getToken(),
                Instant.parse(answer.getStatus().getExpirationTimestamp()));
    }
}
