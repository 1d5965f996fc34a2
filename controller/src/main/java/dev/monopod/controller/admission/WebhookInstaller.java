package dev.monopod.controller.admission;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.client.Patches;
import dev.monopod.kube.mapping.Profiles;
import dev.monopod.model.profile.Profile;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the cluster's webhook configurations in step with the profiles. Blocks; one caller at a
/// time (the leader, when profiles change, and now and then, which undoes foreign edits).
public final class WebhookInstaller {
    private static final Logger LOG = LoggerFactory.getLogger(WebhookInstaller.class);
    private static final String FIELD_MANAGER = "monopod-controller";

    private final KubernetesClient client;
    private final Patches patches;
    private final WebhookConfigurations configurations;

    public WebhookInstaller(KubernetesClient client, WebhookConfigurations configurations) {
        this.client = client;
        this.patches = new Patches(client);
        this.configurations = configurations;
    }

    /// What does not depend on profiles. Writes only what differs.
    public void installPolicies() {
        Policies.objects().forEach(object -> patches.apply(object, FIELD_MANAGER));
    }

    /// Writes what differs, and only that. Covers profiles in CREATING too: installed before a
    /// profile turns ACTIVE, no pod slips between.
    public void install(List<FargateProfile> profiles) {
        var active = Profiles.admitted(profiles);
        var mutating = configurations.mutating(active);
        @Nullable MutatingWebhookConfiguration foundMutating = client.resource(mutating).get();
        if (foundMutating == null || !mutating.getWebhooks().equals(foundMutating.getWebhooks())) {
            apply(mutating, active);
        }
        var validating = configurations.validating(active);
        @Nullable ValidatingWebhookConfiguration foundValidating =
                client.resource(validating).get();
        if (foundValidating == null
                || !validating.getWebhooks().equals(foundValidating.getWebhooks())) {
            apply(validating, active);
        }
    }

    private <T extends HasMetadata> void apply(T configuration, List<Profile> active) {
        patches.apply(configuration, FIELD_MANAGER);
        LOG.info(
                "{} follows {}",
                configuration.getKind(),
                active.stream().map(Profile::name).toList());
    }
}
