package dev.monopod.controller.admission;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.model.names.Names;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

final class AdmissionCheckIT {
    @Test
    void findsWhetherTheWebhooksAreReached() throws Exception {
        try (var rig = AdmissionRig.start()) {
            var client = rig.client();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(AdmissionCheck.fault(client)).isEmpty());

            // It is asked, and does not answer: such a profile would be taken.
            rig.admission().close();
            assertThat(AdmissionCheck.fault(client)).contains("does not reach its webhooks");

            client.admissionRegistration()
                    .v1()
                    .validatingWebhookConfigurations()
                    .withName(Names.WEBHOOKS)
                    .delete();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(20))
                    .untilAsserted(() ->
                            assertThat(AdmissionCheck.fault(client)).contains("there are none"));

            assertThat(client.resources(FargateProfile.class).list().getItems()).isEmpty();
        }
    }
}
