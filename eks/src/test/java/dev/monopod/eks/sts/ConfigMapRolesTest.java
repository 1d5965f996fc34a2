package dev.monopod.eks.sts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.eks.identity.IdentityUnavailableException;
import dev.monopod.eks.identity.MemoryApi;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConfigMapRolesTest {
    private static final String ARN = "arn:aws:iam::111122223333:role/admin";
    private static final String ANYONE =
            "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"*\"}}";

    private MemoryApi api;
    private KubernetesClient client;
    private Roles roles;

    @BeforeEach
    void start() throws IOException {
        api = new MemoryApi();
        client = api.client();
        roles = new ConfigMapRoles(client);
    }

    @AfterEach
    void stop() {
        client.close();
        api.close();
    }

    @Test
    void findsARoleByItsArn() {
        create("admin", "true", ARN, ANYONE);
        create("other", "true", ARN + "2", "");

        assertThat(roles.find(ARN)).isPresent();
        assertThat(roles.find(ARN.toUpperCase(Locale.ROOT))).isEmpty();
        assertThat(roles.find("")).isEmpty();
    }

    @Test
    void takesNoConfigMapForARoleThatIsNotLabelledSo() {
        create("admin", "false", ARN, ANYONE);

        assertThat(roles.find(ARN)).isEmpty();
    }

    @Test
    void trustsNobodyByAMalformedPolicy() {
        create("admin", "true", ARN, "{}");

        assertThat(roles.find(ARN)).isEmpty();
    }

    @Test
    void trustsNobodyForARoleThatIsThereTwice() {
        create("admin", "true", ARN, ANYONE);
        create("admin2", "true", ARN, ANYONE);

        assertThat(roles.find(ARN)).isEmpty();
    }

    @Test
    void tellsAnOutageFromAnUnknownRole() {
        api.fail(500);

        assertThatThrownBy(() -> roles.find(ARN)).isInstanceOf(IdentityUnavailableException.class);
    }

    private void create(String name, String label, String arn, String policy) {
        client.resource(
                        new ConfigMapBuilder()
                                .withNewMetadata()
                                .withNamespace("kube-system")
                                .withName(name)
                                .addToLabels("monopod.dev/iam-role", label)
                                .endMetadata()
                                .withData(Map.of("arn", arn, "trust-policy.json", policy))
                                .build())
                .create();
    }
}
