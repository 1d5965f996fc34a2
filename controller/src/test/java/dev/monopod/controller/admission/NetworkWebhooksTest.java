package dev.monopod.controller.admission;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.monopod.controller.TestRoles;
import dev.monopod.model.profile.ProfileQuota;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Rows F14, F16 and F19; contract, "Profiles".
final class NetworkWebhooksTest {
    private final FixedReads reads =
            new FixedReads()
                    .withVpc("default", "{cidrs: [192.168.0.0/16], region: us-west-2}")
                    .withSubnet(
                            "public-a",
                            "{vpc: default, cidr: 192.168.0.0/19, zone: us-west-2a, routes:"
                                    + " [{destination: 0.0.0.0/0, target: igw}]}")
                    .withSubnet(
                            "private-a", "{vpc: default, cidr: 192.168.96.0/19, zone: us-west-2a}")
                    .withProfile("taken", "{selectors: [{namespace: b}], subnets: [private-a]}");

    @Test
    void acceptsAProfileOfPrivateSubnets() {
        assertThat(profile("web", "private-a")).isEqualTo(Verdict.Allowed.SILENTLY);
    }

    @Test
    void refusesAProfileWithAPublicSubnetInEksWords() {
        assertThat(profile("web", "public-a"))
                .isEqualTo(
                        new Verdict.Denied(
                                422,
                                "Invalid",
                                "Subnet public-a provided in Fargate Profile is not a private subnet"
                                        + " (spec.subnets[0])"));
    }

    @Test
    void refusesASecondProfileOfTheSameName() {
        assertThat(profile("other, profileName: taken", "private-a"))
                .isEqualTo(
                        new Verdict.Denied(
                                409,
                                "Conflict",
                                "A Fargate Profile already exists with this name in this cluster."));
    }

    @Test
    void warnsOfAProfileThatSelectsWhatAnotherSelects() {
        reads.withProfile("web", "{selectors: [{namespace: 'a*'}], subnets: [private-a]}");

        assertThat(profile("new", "private-a"))
                .isInstanceOfSatisfying(
                        Verdict.Allowed.class,
                        allowed ->
                                assertThat(allowed.warnings())
                                        .singleElement()
                                        .asString()
                                        .startsWith(
                                                "spec.selectors[0] may select pods that Fargate profile"
                                                        + " web selects too"));
    }

    @Test
    void refusesAnEleventhProfileButNotAChangeOfOneThatExists() {
        for (int number = 2; number <= 10; number++) {
            assertThat(profile("web", "private-a")).isEqualTo(Verdict.Allowed.SILENTLY);
            reads.withProfile("p" + number, "{selectors: [{namespace: b}], subnets: [private-a]}");
        }

        assertThat(profile("web", "private-a"))
                .isEqualTo(
                        new Verdict.Denied(
                                403,
                                "Forbidden",
                                "A cluster has at most 10 Fargate profiles, this one has 10 already;"
                                        + " delete one of them first, or raise the quota"
                                        + " (MONOPOD_PROFILE_QUOTA, the controller's"
                                        + " --profile-quota)"));
        reads.withProfile("p11", "{selectors: [{namespace: b}], subnets: [private-a]}");
        assertThat(profile("p11", "private-a")).isEqualTo(Verdict.Allowed.SILENTLY);
    }

    @Test
    void refusesAProfileWhoseRoleDoesNotTrustFargateInEksWords() {
        reads.withProfile("old", "{selectors: [{namespace: b}], subnets: [private-a]}");
        reads.withRole(TestRoles.pods("ec2"));
        var role = ", podExecutionRoleArn: 'arn:aws:iam::111122223333:role/pods'";

        assertThat(profile("new" + role, "private-a"))
                .isEqualTo(
                        new Verdict.Denied(
                                422,
                                "Invalid",
                                "Misconfigured PodExecutionRole Trust Policy; Please add the"
                                        + " eks-fargate-pods.amazonaws.com Service Principal ("
                                        + TestRoles.UNTRUSTED
                                        + ") (spec.podExecutionRoleArn)"));
        // It was there before its role was broken.
        assertThat(profile("old" + role, "private-a")).isEqualTo(Verdict.Allowed.SILENTLY);
    }

    @Test
    void takesARoleThatTrustsFargateAndOneThatIsANameOnly() {
        reads.withRole(TestRoles.pods("eks-fargate-pods"));
        var role = ", podExecutionRoleArn: 'arn:aws:iam::111122223333:role/%s'";
        var required = new ProfileValidation(reads, ProfileQuota.OF_EKS, TestRoles.REQUIRED);

        for (var name : List.of("pods", "other")) {
            assertThat(profile("new" + role.formatted(name), "private-a"))
                    .isEqualTo(Verdict.Allowed.SILENTLY);
        }
        assertThat(required.judge(profileReview("new" + role.formatted("pods"), "private-a")))
                .isEqualTo(Verdict.Allowed.SILENTLY);
        assertThat(required.judge(profileReview("new" + role.formatted("other"), "private-a")))
                .isInstanceOf(Verdict.Denied.class);
        assertThat(required.judge(profileReview("new", "private-a")))
                .isInstanceOf(Verdict.Denied.class);
    }

    @Test
    void refusesSubnetsOverSiblingsAndOutsideTheVpc() {
        assertThat(subnet("192.168.128.0/19")).isEqualTo(Verdict.Allowed.SILENTLY);
        assertThat(subnet("192.168.112.0/24"))
                .isEqualTo(
                        new Verdict.Denied(
                                422,
                                "Invalid",
                                "The CIDR '192.168.112.0/24' conflicts with another subnet: private-a"
                                        + " has 192.168.96.0/19 (spec.cidr)"));
        assertThat(subnet("10.0.0.0/24")).isInstanceOf(Verdict.Denied.class);
    }

    @Test
    void refusesAVpcOverAnother() {
        assertThat(new VpcValidation(reads).judge(vpc("[10.0.0.0/16, 192.168.64.0/20]")))
                .isEqualTo(
                        new Verdict.Denied(
                                422,
                                "Invalid",
                                "The CIDR '192.168.64.0/20' conflicts with VPC default, which has"
                                        + " 192.168.0.0/16 (spec.cidrs[1])"));
        assertThat(new VpcValidation(reads).judge(vpc("[10.0.0.0/16]")))
                .isEqualTo(Verdict.Allowed.SILENTLY);
    }

    private static Review vpc(String cidrs) {
        return review("{metadata: {name: other}, spec: {region: r, cidrs: %s}}".formatted(cidrs));
    }

    @Test
    void refusesASecurityGroupOfNoVpcAndWarnsOfRulesThatAllowNothing() {
        var validation = new SecurityGroupValidation(reads);
        assertThat(validation.judge(review("{metadata: {name: a}, spec: {vpc: gone}}")))
                .isEqualTo(
                        new Verdict.Denied(
                                422, "Invalid", "The vpc ID 'gone' does not exist (spec.vpc)"));
        assertThat(
                        validation.judge(
                                review(
                                        "{metadata: {name: a}, spec: {vpc: default, ingress:"
                                                + " [{protocol: tcp, group: a}, {protocol: tcp,"
                                                + " group: b}]}}")))
                .isEqualTo(
                        new Verdict.Allowed(
                                List.of(
                                        "The security group 'b' does not exist in VPC default; the"
                                                + " rule allows nothing (spec.ingress[1].group)")));
    }

    private Verdict subnet(String cidr) {
        return new SubnetValidation(reads)
                .judge(
                        review(
                                "{metadata: {name: new}, spec: {vpc: default, cidr: %s, zone: us-west-2a}}"
                                        .formatted(cidr)));
    }

    private Verdict profile(String name, String subnet) {
        return new ProfileValidation(reads, ProfileQuota.OF_EKS, TestRoles.OPTIONAL)
                .judge(profileReview(name, subnet));
    }

    private static Review profileReview(String name, String subnet) {
        String[] parts = name.split(", ", 2);
        String more = parts.length == 1 ? "" : ", " + parts[1];
        return review(
                "{metadata: {name: %s}, spec: {selectors: [{namespace: a}], subnets: [%s]%s}}"
                        .formatted(parts[0], subnet, more));
    }

    private static Review review(String yaml) {
        return new Review("1", "", Serialization.unmarshal("---\n" + yaml, JsonNode.class));
    }
}
