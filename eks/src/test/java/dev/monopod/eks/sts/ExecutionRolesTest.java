package dev.monopod.eks.sts;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.eks.sts.ExecutionRoles.Definition;
import dev.monopod.eks.sts.ExecutionRoles.Fault;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileSpec;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ExecutionRolesTest {
    private static final String ACCOUNT = "111122223333";
    private static final String ROLE = "arn:aws:iam::111122223333:role/pods";
    private static final String FARGATE =
            "{\"Service\": [\"ec2.amazonaws.com\", \"eks-fargate-pods.amazonaws.com\"]}";

    @ParameterizedTest
    @EnumSource
    void passesARoleThatTrustsFargate(Definition definition) {
        assertThat(why(definition, ROLE, role("true", ROLE, FARGATE, ""))).isEmpty();
    }

    /// As EKS' guide, eksctl and the Terraform module write it.
    @ParameterizedTest
    @CsvSource({
        "aws:SourceArn, arn:aws:eks:us-west-2:111122223333:fargateprofile/c1/*, true",
        "aws:SourceArn, arn:aws:eks:us-west-2:111122223333:cluster/c1, false",
        "aws:SourceArn, arn:aws:eks:us-west-2:111122223333:fargateprofile/c2/*, false",
        "aws:SourceVpc, arn:aws:eks:us-west-2:111122223333:fargateprofile/c1/*, false"
    })
    void asksTheSourceOfThePolicy(String key, String pattern, boolean passes) {
        var condition = "{\"ArnLike\": {\"%s\": \"%s\"}}".formatted(key, pattern);

        assertThat(why(Definition.OPTIONAL, ROLE, role("true", ROLE, FARGATE, condition)).isEmpty())
                .isEqualTo(passes);
    }

    @Test
    void asksTheAccountOfThePolicy() {
        var own = "{\"StringEquals\": {\"aws:SourceAccount\": \"%s\"}}".formatted(ACCOUNT);
        var other = "{\"StringEquals\": {\"aws:SourceAccount\": \"444455556666\"}}";

        assertThat(why(Definition.OPTIONAL, ROLE, role("true", ROLE, FARGATE, own))).isEmpty();
        assertThat(why(Definition.OPTIONAL, ROLE, role("true", ROLE, FARGATE, other))).isPresent();
    }

    @ParameterizedTest
    @EnumSource
    void blocksARoleThatTrustsAnother(Definition definition) {
        var ec2 = role("true", ROLE, "{\"Service\": \"ec2.amazonaws.com\"}", "");

        assertThat(why(definition, ROLE, ec2))
                .contains(ROLE + " does not trust it with sts:AssumeRole");
    }

    @Test
    void blocksARoleThatIsDefinedTwiceOrByAPolicyThatIsNotUnderstood() {
        var good = role("true", ROLE, FARGATE, "");

        assertThat(why(Definition.OPTIONAL, ROLE, good, good))
                .contains(ROLE + " is defined by 2 ConfigMaps");
        assertThat(why(Definition.OPTIONAL, ROLE, role("true", ROLE, "7", "")))
                .contains(
                        ROLE
                                + " has a trust policy that is not understood: ConfigMap"
                                + " kube-system/pods, trust-policy.json: Principal must be an object");
    }

    @Test
    void passesARoleThatIsANameOnlyUnlessRolesAreRequired() {
        var other = role("true", ROLE + "2", "7", "");
        var none = role("false", ROLE, "7", "");

        assertThat(why(Definition.OPTIONAL, ROLE, other, none)).isEmpty();
        assertThat(why(Definition.REQUIRED, ROLE, other, none))
                .contains(ROLE + " is not defined in this cluster");
        assertThat(why(Definition.OPTIONAL, null, other)).isEmpty();
        assertThat(why(Definition.REQUIRED, null, other)).contains("the profile names no role");
    }

    /// Others search for these sentences.
    @Test
    void speaksInEksWords() {
        var fault = new Fault("web", "why");

        assertThat(fault.ofLaunches())
                .isEqualTo(
                        "Misconfigured Fargate Profile: fargate profile web blocked for new launches"
                                + " due to: Failed to assume PodExecutionRole; Please make sure the"
                                + " role exists and trusts the eks-fargate-pods.amazonaws.com"
                                + " service principal (why)");
        assertThat(fault.ofCreation())
                .isEqualTo(
                        "Misconfigured PodExecutionRole Trust Policy; Please add the"
                                + " eks-fargate-pods.amazonaws.com Service Principal (why)");
    }

    private static Optional<String> why(
            Definition definition, @Nullable String arn, ConfigMap... roles) {
        var profile = new FargateProfile();
        profile.setMetadata(new ObjectMetaBuilder().withName("web").build());
        profile.setSpec(
                new FargateProfileSpec(null, List.of(), List.of("private-a"), arn, null, null));
        return new ExecutionRoles(
                        definition,
                        ACCOUNT,
                        named ->
                                "arn:aws:eks:us-west-2:%s:fargateprofile/c1/%s/u1"
                                        .formatted(ACCOUNT, named.getMetadata().getName()))
                .fault(profile, List.of(roles))
                .map(Fault::why);
    }

    private static ConfigMap role(String label, String arn, String principal, String condition) {
        var policy =
                "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": %s, \"Action\": \"sts:AssumeRole\"%s}}"
                        .formatted(
                                principal,
                                condition.isEmpty() ? "" : ", \"Condition\": " + condition);
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace("kube-system")
                .withName("pods")
                .addToLabels("monopod.dev/iam-role", label)
                .endMetadata()
                .withData(Map.of("arn", arn, "trust-policy.json", policy))
                .build();
    }
}
