package dev.monopod.eks.operations;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileSpec;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/// Over a real API server; its definitions take any object, since the controller has the rules.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class KubernetesProfileStoreIT extends ProfileStoreContract {
    private ApiServer apiServer;
    private KubernetesClient client;
    private ProfileStore store;

    @BeforeAll
    void start() throws IOException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        apiServer = ApiServer.start(binary);
        client = apiServer.client();
        store = new KubernetesProfileStore(client);
        define("fargateprofiles", "FargateProfile");
        define("subnets", "Subnet");
        for (var subnet : List.of("private-b", "private-a", "public-a")) {
            create(
                    """
                    apiVersion: monopod.dev/v1
                    kind: Subnet
                    metadata: {name: %s}
                    spec:
                      vpc: default
                      cidr: 192.168.0.0/24
                      zone: us-west-2a
                      routes: [{destination: 0.0.0.0/0, target: %s}]
                    """
                            .formatted(subnet, subnet.startsWith("public") ? "igw" : "nat"));
        }
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

    @AfterEach
    void removeAll() {
        store.list().forEach(this::remove);
    }

    @Override
    ProfileStore store() {
        return store;
    }

    @Override
    void apply(String objectName, FargateProfileSpec spec) {
        var profile = new FargateProfile();
        profile.setMetadata(new ObjectMetaBuilder().withName(objectName).build());
        profile.setSpec(spec);
        var unused = client.resource(profile).create();
    }

    @Override
    void remove(FargateProfile profile) {
        var unused = client.resource(profile).delete();
        Awaitility.await()
                .until(() ->
                        store.list().stream()
                                .noneMatch(other ->
                                        other.getMetadata()
                                                .getUid()
                                                .equals(profile.getMetadata().getUid())));
    }

    private void define(String plural, String kind) {
        create(
                """
                apiVersion: apiextensions.k8s.io/v1
                kind: CustomResourceDefinition
                metadata: {name: %1$s.monopod.dev}
                spec:
                  group: monopod.dev
                  scope: Cluster
                  names: {plural: %1$s, kind: %2$s}
                  versions:
                    - name: v1
                      served: true
                      storage: true
                      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
                """
                        .formatted(plural, kind));
        Awaitility.await()
                .ignoreExceptions()
                .until(() -> client.raw("/apis/monopod.dev/v1/" + plural) != null);
    }

    private void create(String yaml) {
        var unused =
                client.load(new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)))
                        .create();
    }
}
