package dev.monopod.eks.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class KubernetesAccessEntriesIT extends AccessEntriesContract {
    private ApiServer apiServer;
    private KubernetesClient client;
    private AccessEntries entries;

    @BeforeAll
    void start() throws IOException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        apiServer = ApiServer.start(binary);
        client = apiServer.client();
        // The API server makes it too, at its own time.
        client.resource(
                        new NamespaceBuilder()
                                .withNewMetadata()
                                .withName(KubernetesAccessEntries.NAMESPACE)
                                .endMetadata()
                                .build())
                .serverSideApply();
        entries = new KubernetesAccessEntries(client);
    }

    @BeforeEach
    void removeAll() {
        client.configMaps().inNamespace(KubernetesAccessEntries.NAMESPACE).delete();
    }

    @AfterAll
    void stop() {
        if (client != null) {
            client.close();
        }
        if (apiServer != null) {
            apiServer.close();
        }
    }

    @Override
    AccessEntries entries() {
        return entries;
    }

    @Test
    void believesNoConfigMapUnderTheNameOfAnother() {
        var victim = Callers.entry(Callers.ROLE);
        var thief = Callers.principal(Callers.USER);
        write(thief, EntryDocument.write(victim), "true");

        assertThat(entries.list()).isEmpty();
        assertThat(entries.find(thief)).isEmpty();
        assertThat(entries.find(victim.principal())).isEmpty();
    }

    @Test
    void readsTheOthersWhenOneIsNoEntry() {
        var good = Callers.entry(Callers.ROLE);
        assertThat(entries.create(good)).isTrue();
        write(Callers.principal(Callers.USER), "{\"principalArn\": 7}", "true");

        assertThat(entries.list()).containsExactly(good);
    }

    @Test
    void doesNotFindWhatItDoesNotList() {
        var entry = Callers.entry(Callers.ROLE);
        write(entry.principal(), EntryDocument.write(entry), "false");

        assertThat(entries.list()).isEmpty();
        assertThat(entries.find(entry.principal())).isEmpty();
    }

    private void write(Principal named, String text, String label) {
        client.resource(
                        new ConfigMapBuilder()
                                .withNewMetadata()
                                .withName(KubernetesAccessEntries.PREFIX + named.digest())
                                .withNamespace(KubernetesAccessEntries.NAMESPACE)
                                .withLabels(Map.of(KubernetesAccessEntries.LABEL, label))
                                .endMetadata()
                                .addToData("entry.json", text)
                                .build())
                .create();
    }
}
