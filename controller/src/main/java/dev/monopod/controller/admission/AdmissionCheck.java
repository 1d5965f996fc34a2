package dev.monopod.controller.admission;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.List;

/// Whether the API server reaches the webhooks, tried with a profile that only they refuse, and
/// that is not stored in any case.
public final class AdmissionCheck {
    private static final String NAME = "monopod-check";
    private static final String SUBNET = "of-no-vpc";
    private static final String DENIED = "admission webhook";

    private AdmissionCheck() {}

    /// @return why not, in a sentence; empty if it does
    public static String fault(KubernetesClient client) {
        var profile = new FargateProfile();
        profile.getMetadata().setName(NAME);
        profile.setSpec(
                new FargateProfileSpec(
                        null,
                        List.of(new FargateProfileSpec.Selector(NAME, null)),
                        List.of(SUBNET),
                        null,
                        null,
                        null));
        try {
            client.resource(profile).dryRun().create();
        } catch (KubernetesClientException answer) {
            var words = String.valueOf(answer.getMessage());
            return words.contains(DENIED) && words.contains(SUBNET)
                    ? ""
                    : "the API server answered otherwise: " + words;
        }
        return "the API server did not ask the controller about a profile of a subnet that is not there: it does not reach its webhooks, or there are none; kubectl get validatingwebhookconfigurations monopod -o yaml says where they are";
    }
}
