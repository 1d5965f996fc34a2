package dev.monopod.controller.admission;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.model.profile.Profile;
import dev.monopod.model.profile.Profile.UnsupportedPods;
import dev.monopod.model.profile.Selector;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Admission fails closed where profiles select, and nowhere else.
final class WebhookConfigurationsTest {
    private final WebhookConfigurations configurations =
            new WebhookConfigurations(
                    () -> new WebhookEndpoint.Url("https://192.168.0.4:9443", "PEM"),
                    "kube-system");

    @Test
    void asksNothingAboutNewPodsWithoutProfiles() {
        assertThat(configurations.mutating(List.of()).getWebhooks()).isEmpty();
        assertThat(configurations.validating(List.of()).getWebhooks())
                .extracting(webhook -> webhook.getName() + " " + webhook.getFailurePolicy())
                .containsExactly(
                        "ephemeralcontainers.validate.monopod.dev Fail",
                        "fargateprofiles.validate.monopod.dev Ignore",
                        "subnets.validate.monopod.dev Ignore",
                        "services.validate.monopod.dev Ignore",
                        "ingresses.validate.monopod.dev Ignore",
                        "vpcs.validate.monopod.dev Ignore",
                        "securitygroups.validate.monopod.dev Ignore",
                        "logging.validate.monopod.dev Ignore");
    }

    @Test
    void asksAboutTheOneConfigMapOfLogging() {
        var webhook = configurations.validating(List.of()).getWebhooks().getLast();

        assertThat(webhook.getNamespaceSelector().getMatchExpressions().getFirst().getValues())
                .containsExactly("aws-observability");
        assertThat(webhook.getMatchConditions().getLast().getExpression())
                .isEqualTo("object.metadata.name == 'aws-logging'");
    }

    @Test
    void namesLiteralNamespacesInTheSelector() {
        var webhook =
                configurations
                        .mutating(
                                List.of(
                                        profile(new Selector("shop", Map.of("app", "web"))),
                                        profile(new Selector("bank", Map.of()))))
                        .getWebhooks()
                        .getFirst();

        assertThat(webhook.getFailurePolicy()).isEqualTo("Fail");
        assertThat(webhook.getClientConfig().getUrl())
                .isEqualTo("https://192.168.0.4:9443/mutate/pods");
        assertThat(webhook.getNamespaceSelector().getMatchExpressions().getFirst().getValues())
                .containsExactly("bank", "shop");
        assertThat(webhook.getMatchConditions().getFirst().getExpression())
                .isEqualTo(
                        "(request.namespace == 'shop' && has(object.metadata.labels) && 'app' in"
                                + " object.metadata.labels && object.metadata.labels['app'] == 'web') ||"
                                + " (request.namespace == 'bank')");
    }

    @Test
    void neverSelectsTheNamespaceOfTheControllerItself() {
        var webhook =
                configurations
                        .mutating(
                                List.of(
                                        profile(
                                                new Selector("monopod-system", Map.of()),
                                                new Selector("kube-system", Map.of()),
                                                new Selector("*", Map.of()))))
                        .getWebhooks()
                        .getFirst();

        assertThat(webhook.getMatchConditions().getFirst().getExpression())
                .isEqualTo(
                        "(request.namespace == 'monopod-system' && request.namespace !="
                                + " 'monopod-system') || (request.namespace == 'kube-system') ||"
                                + " (request.namespace.matches('^.*$') && request.namespace !="
                                + " 'kube-system' && request.namespace != 'monopod-system')");
    }

    @Test
    void expressesWildcardsAndSparesTheControllersOwnPods() {
        var webhook =
                configurations
                        .mutating(List.of(profile(new Selector("m*", Map.of("a.b/*", "x?")))))
                        .getWebhooks()
                        .getFirst();

        assertThat(webhook.getNamespaceSelector().getMatchExpressions()).isEmpty();
        assertThat(webhook.getMatchConditions().getFirst().getExpression())
                .isEqualTo(
                        "(request.namespace.matches('^m.*$') && request.namespace != 'monopod-system'"
                                + " && has(object.metadata.labels) && object.metadata.labels.exists(k,"
                                + " k.matches('^a\\\\.b/.*$') &&"
                                + " object.metadata.labels[k].matches('^x.$')))");
    }

    private static Profile profile(Selector... selectors) {
        return new Profile("p", List.of(selectors), List.of("a"), UnsupportedPods.REJECT);
    }
}
