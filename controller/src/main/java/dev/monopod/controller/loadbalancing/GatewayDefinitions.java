package dev.monopod.controller.loadbalancing;

import dev.monopod.kube.client.ApiCode;
import dev.monopod.loadbalancing.rules.Gateways;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayClassBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Upstream's definitions of the Gateway API, and the class of ours. What a cluster has already
/// stays as it is, since others may need it so.
public final class GatewayDefinitions {
    private static final Logger LOG = LoggerFactory.getLogger(GatewayDefinitions.class);
    private static final String CLASS = "alb";

    private final KubernetesClient client;

    public GatewayDefinitions(KubernetesClient client) {
        this.client = client;
    }

    /// @param folder upstream's files, one definition each
    public void install(Path folder) {
        List<Path> files;
        try (var all = Files.list(folder)) {
            files = all.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (var file : files) {
            try (var input = Files.newInputStream(file)) {
                client.load(input).items().forEach(this::create);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /// The class, where the definitions are served.
    void installClass() {
        create(
                new GatewayClassBuilder()
                        .withNewMetadata()
                        .withName(CLASS)
                        .withLabels(Names.LABELS)
                        .endMetadata()
                        .withNewSpec()
                        .withControllerName(Gateways.CONTROLLER)
                        .endSpec()
                        .build());
    }

    private void create(HasMetadata object) {
        try {
            client.resource(object).create();
            LOG.info("created {} {}", object.getKind(), object.getMetadata().getName());
        } catch (KubernetesClientException e) {
            var known = ApiCode.CONFLICT.in(e);
            var notServed = ApiCode.NOT_FOUND.in(e);
            if (!known && !notServed) {
                throw e;
            }
        }
    }
}
