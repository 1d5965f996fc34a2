package dev.monopod.controller.admission;

import dev.monopod.logging.config.LoggingConfiguration;
import dev.monopod.model.names.Names;
import dev.monopod.model.profile.Profile;
import dev.monopod.model.profile.Selector;
import dev.monopod.model.profile.Wildcard;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MatchCondition;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.RuleWithOperations;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.RuleWithOperationsBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.WebhookClientConfig;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.WebhookClientConfigBuilder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Supplier;

/// Which questions the API server asks, derived from the ACTIVE profiles. Fails closed for pods
/// that a profile selects; every other pod is never sent, so nothing else stops when the controller
/// does.
public final class WebhookConfigurations {
    private static final int TIMEOUT_SECONDS = 10;
    private static final MatchCondition NOT_OPTED_OUT =
            new MatchCondition(
                    "!has(object.metadata.annotations) ||"
                            + " !('eks.amazonaws.com/compute-type' in object.metadata.annotations) ||"
                            + " object.metadata.annotations['eks.amazonaws.com/compute-type'] != 'ec2'",
                    "not-opted-out");
    private static final MatchCondition NOT_OF_A_DAEMON_SET =
            new MatchCondition(
                    "!has(object.metadata.ownerReferences) ||"
                            + " !object.metadata.ownerReferences.exists(o, o.kind == 'DaemonSet' &&"
                            + " has(o.controller) && o.controller)",
                    "not-of-a-daemon-set");
    private static final MatchCondition NOT_A_MIRROR =
            new MatchCondition(
                    "!has(object.metadata.annotations) || !('kubernetes.io/config.mirror' in"
                            + " object.metadata.annotations)",
                    "not-a-mirror");
    private static final MatchCondition NOT_BOUND =
            new MatchCondition(
                    "!has(object.spec.nodeName) || object.spec.nodeName == ''", "not-bound");
    private static final MatchCondition BOUND =
            new MatchCondition("has(object.spec.nodeName) && object.spec.nodeName != ''", "bound");
    private static final MatchCondition FOR_FARGATE =
            new MatchCondition("object.spec.schedulerName == 'fargate-scheduler'", "for-fargate");
    private static final MatchCondition ON_FARGATE =
            new MatchCondition(
                    "has(object.spec.nodeName) && object.spec.nodeName.startsWith('%s')"
                            .formatted(Names.NODE_PREFIX),
                    "on-fargate");
    private static final MatchCondition NOT_BEING_DELETED =
            new MatchCondition("!has(object.metadata.deletionTimestamp)", "not-being-deleted");

    private final Supplier<WebhookEndpoint> endpoint;
    private final String ownNamespace;

    /// @param endpoint asked at each use: what is trusted there may change
    /// @param ownNamespace where the controllers elect who leads; no wildcard selects its pods
    public WebhookConfigurations(Supplier<WebhookEndpoint> endpoint, String ownNamespace) {
        this.endpoint = endpoint;
        this.ownNamespace = ownNamespace;
    }

    /// Without profiles it has no webhook.
    public MutatingWebhookConfiguration mutating(List<Profile> active) {
        var configuration = new MutatingWebhookConfigurationBuilder().withMetadata(metadata());
        if (!active.isEmpty()) {
            configuration.withWebhooks(
                    new MutatingWebhookBuilder()
                            .withName("pods.mutate.monopod.dev")
                            .withClientConfig(client(AdmissionServer.MUTATE_PODS))
                            .withRules(rule("", "v1", "Namespaced", List.of("pods"), "CREATE"))
                            .withNamespaceSelector(namespaces(active))
                            .withObjectSelector(new LabelSelector())
                            .withMatchConditions(conditions(active, NOT_BOUND))
                            .withFailurePolicy("Fail")
                            .withMatchPolicy("Equivalent")
                            .withReinvocationPolicy("IfNeeded")
                            .withSideEffects("None")
                            .withTimeoutSeconds(TIMEOUT_SECONDS)
                            .withAdmissionReviewVersions("v1")
                            .build());
        }
        return configuration.build();
    }

    /// A new pod is judged by the webhook that completes it; this one is asked about those alone
    /// that the other is not, since they name a node. Without profiles it judges no pod that is
    /// created.
    public ValidatingWebhookConfiguration validating(List<Profile> active) {
        List<ValidatingWebhook> webhooks = new ArrayList<>();
        if (!active.isEmpty()) {
            webhooks.add(
                    validating("pods.validate.monopod.dev", AdmissionServer.VALIDATE_PODS)
                            .withRules(rule("", "v1", "Namespaced", List.of("pods"), "CREATE"))
                            .withNamespaceSelector(namespaces(active))
                            .withMatchConditions(conditions(active, BOUND, FOR_FARGATE))
                            .withFailurePolicy("Fail")
                            .build());
        }
        webhooks.add(ephemeralContainers());
        webhooks.add(own("fargateprofiles", AdmissionServer.VALIDATE_PROFILES));
        webhooks.add(own("subnets", AdmissionServer.VALIDATE_SUBNETS));
        webhooks.add(loadBalancers("services", "", "object.spec.type == 'LoadBalancer'"));
        webhooks.add(
                loadBalancers(
                        "ingresses",
                        "networking.k8s.io",
                        "has(object.metadata.annotations) && 'alb.ingress.kubernetes.io/target-type'"
                                + " in object.metadata.annotations"));
        webhooks.add(own("vpcs", AdmissionServer.VALIDATE_VPCS));
        webhooks.add(own("securitygroups", AdmissionServer.VALIDATE_SECURITY_GROUPS));
        webhooks.add(logging());
        return new ValidatingWebhookConfigurationBuilder()
                .withMetadata(metadata())
                .withWebhooks(webhooks)
                .build();
    }

    /// About the pods of Fargate nodes, whatever became of their labels and annotations; a pod
    /// without a node is judged as a whole when it is placed.
    private ValidatingWebhook ephemeralContainers() {
        return validating(
                        "ephemeralcontainers.validate.monopod.dev",
                        AdmissionServer.VALIDATE_EPHEMERAL_CONTAINERS)
                .withRules(
                        rule("", "v1", "Namespaced", List.of("pods/ephemeralcontainers"), "UPDATE"))
                .withNamespaceSelector(new LabelSelector())
                .withMatchConditions(ON_FARGATE)
                .withFailurePolicy("Fail")
                .build();
    }

    /// The controller judges these again when it takes them up, so they need not fail closed.
    private ValidatingWebhook own(String resource, String path) {
        return validating(resource + ".validate.monopod.dev", path)
                .withRules(
                        rule("monopod.dev", "v1", "Cluster", List.of(resource), "CREATE", "UPDATE"))
                .withNamespaceSelector(new LabelSelector())
                .withMatchConditions(NOT_BEING_DELETED)
                .withFailurePolicy("Ignore")
                .build();
    }

    /// What gets past is told by an event, so these need not fail closed either.
    private ValidatingWebhook loadBalancers(String resource, String group, String expression) {
        return validating(
                        resource + ".validate.monopod.dev", AdmissionServer.VALIDATE_LOAD_BALANCERS)
                .withRules(rule(group, "v1", "Namespaced", List.of(resource), "CREATE", "UPDATE"))
                .withNamespaceSelector(new LabelSelector())
                .withMatchConditions(
                        NOT_BEING_DELETED, new MatchCondition(expression, "load-balancer"))
                .withFailurePolicy("Ignore")
                .build();
    }

    /// About the one ConfigMap. What gets past is told to each pod.
    private ValidatingWebhook logging() {
        return validating("logging.validate.monopod.dev", AdmissionServer.VALIDATE_LOGGING)
                .withRules(rule("", "v1", "Namespaced", List.of("configmaps"), "CREATE", "UPDATE"))
                .withNamespaceSelector(byName(List.of(LoggingConfiguration.NAMESPACE)))
                .withMatchConditions(
                        NOT_BEING_DELETED,
                        new MatchCondition(
                                "object.metadata.name == '%s'".formatted(LoggingConfiguration.NAME),
                                "aws-logging"))
                .withFailurePolicy("Ignore")
                .build();
    }

    private ValidatingWebhookBuilder validating(String name, String path) {
        return new ValidatingWebhookBuilder()
                .withName(name)
                .withClientConfig(client(path))
                .withObjectSelector(new LabelSelector())
                .withMatchPolicy("Equivalent")
                .withSideEffects("None")
                .withTimeoutSeconds(TIMEOUT_SECONDS)
                .withAdmissionReviewVersions("v1");
    }

    private List<MatchCondition> conditions(List<Profile> active, MatchCondition... further) {
        var conditions = new ArrayList<MatchCondition>();
        conditions.add(
                new MatchCondition(
                        SelectionExpression.of(active, ownNamespace), "selected-by-a-profile"));
        conditions.addAll(List.of(NOT_OPTED_OUT, NOT_OF_A_DAEMON_SET, NOT_A_MIRROR));
        conditions.addAll(List.of(further));
        return conditions;
    }

    /// The cheap test first: by name if every profile names its namespaces, else any.
    private static LabelSelector namespaces(List<Profile> active) {
        var patterns =
                active.stream()
                        .flatMap(profile -> profile.selectors().stream())
                        .map(Selector::namespace)
                        .distinct()
                        .sorted()
                        .toList();
        if (!patterns.stream().allMatch(pattern -> new Wildcard(pattern).literal())) {
            return new LabelSelector();
        }
        return byName(patterns);
    }

    private static LabelSelector byName(List<String> namespaces) {
        return new LabelSelectorBuilder()
                .addNewMatchExpression()
                .withKey("kubernetes.io/metadata.name")
                .withOperator("In")
                .withValues(namespaces)
                .endMatchExpression()
                .build();
    }

    private WebhookClientConfig client(String path) {
        var now = endpoint.get();
        var bundle =
                Base64.getEncoder()
                        .encodeToString(now.authority().getBytes(StandardCharsets.UTF_8));
        var client = new WebhookClientConfigBuilder().withCaBundle(bundle);
        return switch (now) {
            case WebhookEndpoint.Url(String base, String _) -> client.withUrl(base + path).build();
            case WebhookEndpoint.Service(String namespace, String name, int port, String _) ->
                    client.withNewService()
                            .withNamespace(namespace)
                            .withName(name)
                            .withPort(port)
                            .withPath(path)
                            .endService()
                            .build();
        };
    }

    private static RuleWithOperations rule(
            String group,
            String version,
            String scope,
            List<String> resources,
            String... operations) {
        return new RuleWithOperationsBuilder()
                .withApiGroups(group)
                .withApiVersions(version)
                .withScope(scope)
                .withResources(resources)
                .withOperations(operations)
                .build();
    }

    private static ObjectMeta metadata() {
        return new ObjectMetaBuilder().withName(Names.WEBHOOKS).withLabels(Names.LABELS).build();
    }
}
