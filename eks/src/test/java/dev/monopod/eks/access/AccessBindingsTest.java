package dev.monopod.eks.access;

import static dev.monopod.eks.access.Callers.ACCOUNT;
import static dev.monopod.eks.access.Callers.ROLE;
import static dev.monopod.eks.access.Callers.THEN;
import static dev.monopod.eks.access.Callers.entry;
import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.eks.access.AccessEntry.Association;
import dev.monopod.eks.access.AccessEntry.Scope;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AccessBindingsTest {
    private static final Scope CLUSTER = new Scope.Cluster();

    @Test
    void bindsThePolicyOfTheClusterToTheGroupOfItsEntryAlone() {
        var wanted = of(entry(ROLE).with(association(AccessPolicy.VIEW, CLUSTER)), "shop");

        assertThat(wanted.namespaced()).isEmpty();
        assertThat(wanted.cluster())
                .singleElement()
                .satisfies(binding -> {
                    assertThat(binding.getRoleRef().getKind()).isEqualTo("ClusterRole");
                    assertThat(binding.getRoleRef().getName())
                            .isEqualTo("monopod:eks:AmazonEKSViewPolicy");
                    assertThat(binding.getSubjects())
                            .singleElement()
                            .satisfies(subject -> {
                                assertThat(subject.getKind()).isEqualTo("Group");
                                assertThat(subject.getName())
                                        .isEqualTo(
                                                "eks-access-entry:"
                                                        + Callers.principal(ROLE).digest());
                            });
                });
    }

    @ParameterizedTest
    @CsvSource({
        "dev-*, dev-1, true",
        "dev-*, dev-, true",
        "dev-*, dev, false",
        "dev-*, mydev-1, false",
        "dev-*, kube-system, false",
        "shop, shop, true",
        "shop, shop2, false",
        "shop, myshop, false",
        "*-dev, a-dev, true",
        "*-dev, a-dev-b, false",
        "a*b, ab, true",
        "a*b, abc, false",
        "*, anything, true"
    })
    void bindsInTheNamespacesThatMatchAndInNoOther(
            String pattern, String namespace, boolean matches) {
        var wanted =
                of(
                        entry(ROLE)
                                .with(
                                        association(
                                                AccessPolicy.EDIT,
                                                new Scope.Namespaces(List.of(pattern)))),
                        namespace);

        assertThat(wanted.cluster()).isEmpty();
        assertThat(wanted.namespaced().size()).isEqualTo(matches ? 1 : 0);
    }

    @Test
    void bindsOnceInANamespaceThatTwoPatternsMatch() {
        var scope = new Scope.Namespaces(List.of("shop", "s*", "other"));

        var wanted =
                of(
                        entry(ROLE)
                                .with(association(AccessPolicy.EDIT, scope))
                                .with(association(AccessPolicy.VIEW, CLUSTER)),
                        "shop");

        assertThat(wanted.namespaced())
                .singleElement()
                .satisfies(binding ->
                        assertThat(binding.getMetadata().getNamespace()).isEqualTo("shop"));
        assertThat(wanted.cluster()).hasSize(1);
    }

    @Test
    void givesNothingByAnEntryThatTheApiWouldHaveRefused() {
        var node =
                entry(ROLE, EntryType.EC2_LINUX)
                        .with(association(AccessPolicy.CLUSTER_ADMIN, CLUSTER));
        var forged =
                entry(ROLE, "name", "system:masters")
                        .with(association(AccessPolicy.CLUSTER_ADMIN, CLUSTER));

        for (var entry : List.of(node, forged)) {
            assertThat(of(entry, "shop").cluster()).isEmpty();
        }
    }

    @Test
    void namesTheBindingsOfTwoPoliciesAndOfTwoPrincipalsApart() {
        var wanted =
                AccessBindings.of(
                        List.of(
                                entry(ROLE)
                                        .with(association(AccessPolicy.VIEW, CLUSTER))
                                        .with(association(AccessPolicy.ADMIN_VIEW, CLUSTER)),
                                entry(Callers.USER).with(association(AccessPolicy.VIEW, CLUSTER))),
                        Set.of(),
                        ACCOUNT);

        assertThat(wanted.clusterKeys()).hasSize(3);
    }

    @Test
    void letsOnlyTheAdministratorOfTheClusterDoEverything() {
        for (var role : of(entry(ROLE)).roles()) {
            var all = role.getRules().stream().anyMatch(rule -> rule.getVerbs().contains("*"));
            assertThat(all)
                    .as(role.getMetadata().getName())
                    .isEqualTo(role.getMetadata().getName().contains("ClusterAdmin"));
        }
    }

    @Test
    void letsAViewerReadNoSecretAndWriteNothing() {
        var rules = rules(AccessPolicy.VIEW);

        assertThat(rules)
                .allSatisfy(
                        rule -> assertThat(rule.getVerbs()).containsExactly("get", "list", "watch"))
                .noneMatch(rule -> rule.getResources().contains("secrets"))
                .noneMatch(rule -> rule.getResources().contains("*"));
    }

    @Test
    void letsOnlyAnAdministratorGiveRights() {
        assertThat(rules(AccessPolicy.ADMIN)).anyMatch(AccessBindingsTest::isOfRbac);
        assertThat(rules(AccessPolicy.EDIT)).noneMatch(AccessBindingsTest::isOfRbac);
        assertThat(rules(AccessPolicy.VIEW)).noneMatch(AccessBindingsTest::isOfRbac);
    }

    private static boolean isOfRbac(PolicyRule rule) {
        return rule.getApiGroups().contains("rbac.authorization.k8s.io");
    }

    private static List<PolicyRule> rules(AccessPolicy policy) {
        return of(entry(ROLE)).roles().stream()
                .filter(role -> role.getMetadata().getName().equals(policy.clusterRole()))
                .findFirst()
                .orElseThrow()
                .getRules();
    }

    private static AccessBindings of(AccessEntry entry, String... namespaces) {
        return AccessBindings.of(List.of(entry), Set.of(namespaces), ACCOUNT);
    }

    private static Association association(AccessPolicy policy, Scope scope) {
        return new Association(policy, scope, THEN, THEN);
    }
}
