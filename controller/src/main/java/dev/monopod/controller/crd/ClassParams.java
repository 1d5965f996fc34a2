package dev.monopod.controller.crd;

import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaPropsBuilder;

/// AWS' IngressClassParams, by which administrators say who shares load balancers. Fields that
/// Monopod does not read are kept as they are written, so that AWS' manifests apply.
final class ClassParams {
    private ClassParams() {}

    static CustomResourceDefinition definition() {
        var group =
                new JSONSchemaPropsBuilder()
                        .withType("object")
                        .withDescription("The one group of all Ingresses of the class.")
                        .addToProperties("name", text("The group's name.").build())
                        .withXKubernetesPreserveUnknownFields(true)
                        .build();
        var spec =
                new JSONSchemaPropsBuilder()
                        .withType("object")
                        .withDescription("What holds for the Ingresses of a class.")
                        .addToProperties("group", group)
                        .addToProperties("namespaceSelector", selector())
                        .withXKubernetesPreserveUnknownFields(true)
                        .build();
        return new CustomResourceDefinitionBuilder()
                .withNewMetadata()
                .withName("ingressclassparams.elbv2.k8s.aws")
                .withLabels(Names.LABELS)
                .endMetadata()
                .withNewSpec()
                .withGroup("elbv2.k8s.aws")
                .withScope("Cluster")
                .withNewNames()
                .withKind("IngressClassParams")
                .withListKind("IngressClassParamsList")
                .withPlural("ingressclassparams")
                .withSingular("ingressclassparams")
                .withCategories("monopod")
                .endNames()
                .addNewVersion()
                .withName("v1beta1")
                .withServed(true)
                .withStorage(true)
                .withNewSchema()
                .withNewOpenAPIV3Schema()
                .withType("object")
                .addToProperties("spec", spec)
                .endOpenAPIV3Schema()
                .endSchema()
                .endVersion()
                .endSpec()
                .build();
    }

    private static JSONSchemaProps selector() {
        var part =
                new JSONSchemaPropsBuilder()
                        .withType("object")
                        .withRequired("key", "operator")
                        .addToProperties("key", text("Key of the label.").build())
                        .addToProperties(
                                "operator", text("In, NotIn, Exists or DoesNotExist.").build())
                        .addToProperties(
                                "values",
                                list("For In and NotIn.", text("A label's value.").build()))
                        .build();
        return new JSONSchemaPropsBuilder()
                .withType("object")
                .withDescription(
                        "Namespaces that may use the class, and that share the groups of it.")
                .addToProperties(
                        "matchLabels",
                        new JSONSchemaPropsBuilder()
                                .withType("object")
                                .withDescription("Labels that a namespace has.")
                                .withNewAdditionalProperties()
                                .withSchema(text("A label's value.").build())
                                .endAdditionalProperties()
                                .build())
                .addToProperties("matchExpressions", list("All must hold.", part))
                .build();
    }

    private static JSONSchemaPropsBuilder text(String description) {
        return new JSONSchemaPropsBuilder().withType("string").withDescription(description);
    }

    private static JSONSchemaProps list(String description, JSONSchemaProps of) {
        return new JSONSchemaPropsBuilder()
                .withType("array")
                .withDescription(description)
                .withNewItems()
                .withSchema(of)
                .endItems()
                .build();
    }
}
