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
                        "ingressclassparams.elbv2.k8s.aws",
                        "machines.monopod.dev",
                        "patchruns.monopod.dev",
                        "patchschedules.monopod.dev",
                        "prefixlists.monopod.dev",
                        "securitygrouppolicies.vpcresources.k8s.aws",
                        "securitygroups.monopod.dev",
                        "subnets.monopod.dev",
                        "vpcs.monopod.dev");
        assertThat(CRDS)
                .filteredOn(crd -> crd.getSpec().getGroup().equals("monopod.dev"))
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
    void definesSecurityGroupPolicyAsEksDoes() {
        var crd =
                CRDS.stream()
                        .filter(each -> each.getSpec().getGroup().equals("vpcresources.k8s.aws"))
                        .findFirst()
                        .orElseThrow();
        assertThat(crd.getSpec().getScope()).isEqualTo("Namespaced");
        assertThat(crd.getSpec().getNames().getShortNames()).containsExactly("sgp");
        var version = crd.getSpec().getVersions().getFirst();
        assertThat(version.getName()).isEqualTo("v1beta1");
        var spec = version.getSchema().getOpenAPIV3Schema().getProperties().get("spec");
        assertThat(spec.getProperties())
                .containsOnlyKeys("podSelector", "serviceAccountSelector", "securityGroups");
        var ids = spec.getProperties().get("securityGroups").getProperties().get("groupIds");
        assertThat(ids.getMinItems()).isEqualTo(1);
        assertThat(ids.getMaxItems()).isEqualTo(5);
    }

    @Test
    void describesEveryField() {
        for (CustomResourceDefinition crd : CRDS) {
            JSONSchemaProps root =
                    crd.getSpec().getVersions().getFirst().getSchema().getOpenAPIV3Schema();
            for (String part : List.of("spec", "status")) {
                if (root.getProperties().containsKey(part)) {
                    described(
                            crd.getSpec().getNames().getKind() + "." + part,
                            root.getProperties().get(part));
                }
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
