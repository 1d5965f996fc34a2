package dev.monopod.controller.crd;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class CrdsTest {
    private static final List<CustomResourceDefinition> CRDS = Crds.all();

    @Test
    void definesEveryKindClusterScopedWithStatus() {
        assertThat(CRDS)
                .extracting(crd -> crd.getMetadata().getName())
                .containsExactly(
                        "fargateprofiles.monopod.dev",
                        "hosts.monopod.dev",
                        "machines.monopod.dev",
                        "subnets.monopod.dev",
                        "vpcs.monopod.dev");
        assertThat(CRDS)
                .allSatisfy(crd -> {
                    assertThat(crd.getSpec().getScope()).isEqualTo("Cluster");
                    assertThat(crd.getSpec().getNames().getCategories()).containsExactly("monopod");
                    assertThat(crd.getSpec().getNames().getShortNames()).hasSize(1);
                    var version = crd.getSpec().getVersions().getFirst();
                    assertThat(version.getSubresources().getStatus()).isNotNull();
                    assertThat(version.getAdditionalPrinterColumns())
                            .filteredOn(column -> column.getPriority() == 0)
                            .hasSizeBetween(2, 5);
                });
    }

    @Test
    void describesEveryField() {
        for (CustomResourceDefinition crd : CRDS) {
            JSONSchemaProps root =
                    crd.getSpec().getVersions().getFirst().getSchema().getOpenAPIV3Schema();
            for (String part : List.of("spec", "status")) {
                described(
                        crd.getSpec().getNames().getKind() + "." + part,
                        root.getProperties().get(part));
            }
        }
    }

    private static void described(String path, JSONSchemaProps schema) {
        if (schema.getProperties() == null) {
            return;
        }
        for (Map.Entry<String, JSONSchemaProps> field : schema.getProperties().entrySet()) {
            String name = path + "." + field.getKey();
            if (!name.contains(".conditions.")) {
                assertThat(field.getValue().getDescription()).as(name).isNotBlank();
            }
            described(name, field.getValue());
            if (field.getValue().getItems() != null) {
                described(name, field.getValue().getItems().getSchema());
            }
        }
    }
}
