package dev.monopod.eks.sts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrustPolicyTest {
    private static final String ASSUME = "sts:AssumeRole";
    private static final String ACCOUNT = "111122223333";
    private static final Principal ANNA = user("anna");
    private static final Principal SESSION =
            new Principal.Aws(ACCOUNT, "arn:aws:sts::111122223333:assumed-role/admin/anna");
    private static final Principal CLUSTER =
            new Principal.Federated("arn:aws:iam::111122223333:oidc-provider/issuer.example/c1");

    @ParameterizedTest
    @CsvSource({
        "arn:aws:iam::111122223333:user/anna, true",
        "arn:aws:iam::111122223333:user/Anna, false",
        "arn:aws:iam::111122223333:user/ann, false",
        "arn:aws:iam::111122223333:user/*, false",
        "arn:aws:iam::111122223333:root, true",
        "arn:aws-cn:iam::111122223333:root, true",
        "111122223333, true",
        "*, true",
        "11112222333, false",
        "444455556666, false",
        "arn:aws:iam::444455556666:root, false",
        "arn:aws:iam::111122223333:role/anna, false"
    })
    void trustsAUserByNameOrAccount(String named, boolean trusted) throws Exception {
        assertThat(allow(aws(named)).allows(ASSUME, ANNA, Map.of())).isEqualTo(trusted);
    }

    @ParameterizedTest
    @CsvSource({
        "arn:aws:iam::111122223333:role/admin, true",
        "arn:aws:iam::111122223333:role/path/of/admin, true",
        "arn:aws:sts::111122223333:assumed-role/admin/anna, true",
        "arn:aws:sts::111122223333:assumed-role/admin/berta, false",
        "arn:aws:iam::111122223333:role/adm, false",
        "arn:aws:iam::111122223333:role/admin/anna, false",
        "arn:aws:iam::444455556666:role/admin, false",
        "111122223333, true"
    })
    void trustsTheSessionsOfARole(String named, boolean trusted) throws Exception {
        assertThat(allow(aws(named)).allows(ASSUME, SESSION, Map.of())).isEqualTo(trusted);
    }

    @Test
    void trustsOneOfSeveral() throws Exception {
        var policy =
                allow(
                        "{\"AWS\": [\"arn:aws:iam::111122223333:user/berta\","
                                + " \"arn:aws:iam::111122223333:user/anna\"]}");

        assertThat(policy.allows(ASSUME, ANNA, Map.of())).isTrue();
        assertThat(policy.allows(ASSUME, user("carla"), Map.of())).isFalse();
    }

    @Test
    void trustsAnIdentityProviderAsSuchAlone() throws Exception {
        var federated =
                allow(
                        "{\"Federated\":"
                                + " \"arn:aws:iam::111122223333:oidc-provider/issuer.example/c1\"}");
        var account = allow(aws(ACCOUNT));
        var anyone = allow("\"*\"");
        var service = allow("{\"Service\": \"ec2.amazonaws.com\"}");

        assertThat(federated.allows(ASSUME, CLUSTER, Map.of())).isTrue();
        assertThat(federated.allows(ASSUME, ANNA, Map.of())).isFalse();
        assertThat(account.allows(ASSUME, CLUSTER, Map.of())).isFalse();
        assertThat(anyone.allows(ASSUME, CLUSTER, Map.of())).isTrue();
        assertThat(anyone.allows(ASSUME, ANNA, Map.of())).isTrue();
        assertThat(service.allows(ASSUME, ANNA, Map.of())).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "sts:AssumeRole, true",
        "STS:assumerole, true",
        "sts:*, true",
        "*, true",
        "sts:Assume????, true",
        "sts:AssumeRoleWithWebIdentity, false",
        "sts:AssumeRol, false",
        "AssumeRole, false",
        "eks:*, false"
    })
    void allowsActionsByPattern(String pattern, boolean allowed) throws Exception {
        var policy = policy(statement("Allow", aws(ACCOUNT), "\"" + pattern + "\"", ""));

        assertThat(policy.allows(ASSUME, ANNA, Map.of())).isEqualTo(allowed);
    }

    @Test
    void deniesWhomOneStatementDeniesWhateverTheOrder() throws Exception {
        var allow = statement("Allow", aws(ACCOUNT), "\"sts:*\"", "");
        var deny = statement("Deny", aws("arn:aws:iam::111122223333:user/anna"), "\"sts:*\"", "");

        for (var policy : new String[] {allow + "," + deny, deny + "," + allow}) {
            assertThat(policy(policy).allows(ASSUME, ANNA, Map.of())).isFalse();
            assertThat(policy(policy).allows(ASSUME, user("berta"), Map.of())).isTrue();
        }
        assertThat(policy(deny).allows(ASSUME, user("berta"), Map.of())).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "StringEquals, system:serviceaccount:a:b, true",
        "StringEquals, system:serviceaccount:a:c, false",
        "StringEquals, system:serviceaccount:a:*, false",
        "StringEquals, SYSTEM:serviceaccount:a:b, false",
        "StringLike, system:serviceaccount:a:*, true",
        "StringLike, system:serviceaccount:?:b, true",
        "StringLike, system:*:b, true",
        "StringLike, system:serviceaccount:b:*, false",
        "StringLike, system:serviceaccount:a, false",
        "StringLike, *, true"
    })
    void asksConditions(String operator, String value, boolean holds) throws Exception {
        var policy =
                conditioned(
                        "{\"%s\": {\"issuer.example/c1:sub\": \"%s\"}}".formatted(operator, value));

        assertThat(
                        policy.allows(
                                ASSUME,
                                CLUSTER,
                                Map.of("issuer.example/c1:sub", "system:serviceaccount:a:b")))
                .isEqualTo(holds);
    }

    /// Part by part, as IAM compares ARNs; the policy of EKS' guide for pod execution roles asks
    /// so.
    @ParameterizedTest
    @CsvSource({
        "ArnLike, arn:aws:eks:us-west-2:111122223333:fargateprofile/c1/*, true",
        "ArnEquals, arn:aws:eks:us-west-2:111122223333:fargateprofile/c1/*, true",
        "ArnLike, arn:aws:eks:*:111122223333:fargateprofile/c?/web/*, true",
        "ArnLike, arn:aws:eks:us-west-2:111122223333:cluster/c1, false",
        "ArnLike, arn:aws:eks:us-east-1:111122223333:fargateprofile/c1/*, false",
        "ArnLike, arn:aws:*/c1/*, false",
        "ArnLike, arn:aws:eks:*:fargateprofile/c1/*, false",
        "ArnLike, *, false",
        "ArnLike, arn:aws:eks:us-west-2:111122223333:*, true"
    })
    void asksConditionsOfArns(String operator, String value, boolean holds) throws Exception {
        var policy =
                conditioned("{\"%s\": {\"aws:SourceArn\": \"%s\"}}".formatted(operator, value));

        assertThat(
                        policy.allows(
                                ASSUME,
                                CLUSTER,
                                Map.of(
                                        "aws:SourceArn",
                                        "arn:aws:eks:us-west-2:111122223333:fargateprofile/c1/web/u1")))
                .isEqualTo(holds);
    }

    @Test
    void asksEveryConditionAndAnyOfItsValues() throws Exception {
        var policy =
                conditioned(
                        "{\"StringEquals\": {\"a\": [\"1\", \"2\"], \"B\": \"3\"},"
                                + " \"StringLike\": {\"c\": \"4*\"}}");

        assertThat(policy.allows(ASSUME, CLUSTER, Map.of("a", "2", "b", "3", "C", "45"))).isTrue();
        assertThat(policy.allows(ASSUME, CLUSTER, Map.of("a", "3", "b", "3", "c", "45"))).isFalse();
        assertThat(policy.allows(ASSUME, CLUSTER, Map.of("a", "2", "b", "2", "c", "45"))).isFalse();
        assertThat(policy.allows(ASSUME, CLUSTER, Map.of("a", "2", "b", "3", "c", "5"))).isFalse();
    }

    @Test
    void holdsNoConditionOfAKeyThatTheRequestLacks() throws Exception {
        var policy = conditioned("{\"StringLike\": {\"sts:ExternalId\": \"*\"}}");

        assertThat(policy.allows(ASSUME, CLUSTER, Map.of())).isFalse();
        assertThat(policy.allows(ASSUME, CLUSTER, Map.of("STS:externalid", ""))).isTrue();
    }

    @Test
    void comparesAPatternOfManyStarsInLittleTime() throws Exception {
        var policy =
                conditioned("{\"StringLike\": {\"a\": \"%s\"}}".formatted("*a".repeat(2000) + "b"));

        assertThat(policy.allows(ASSUME, CLUSTER, Map.of("a", "a".repeat(5000)))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "{}",
                "{\"Statement\": {}}",
                "{\"Version\": \"2030-01-01\", \"Statement\": []}",
                "{\"Statement\": [], \"Statement\": []}",
                "{\"Statement\": [], \"statement\": []}",
                "{\"Statement\": []} x",
                "{\"Statement\": \"x\"}",
                "{\"Statement\": [{\"Effect\": \"allow\", \"Principal\": \"*\", \"Action\":"
                        + " \"*\"}]}",
                "{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"*\"}]}",
                "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\"}]}",
                "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"x\", \"Action\":"
                        + " \"*\"}]}",
                "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": []}]}",
                "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": 1}]}",
                "{\"Statement\": [{\"Effect\": \"Allow\", \"NotPrincipal\": \"*\", \"Action\":"
                        + " \"*\"}]}",
                "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"NotAction\":"
                        + " \"x\"}]}",
                "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"Canonical\": \"x\"},"
                        + " \"Action\": \"*\"}]}"
            })
    void refusesWhatIsNoTrustPolicy(String json) {
        assertThatThrownBy(() -> TrustPolicy.parse(json))
                .isInstanceOf(MalformedPolicyException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"StringNotEquals\": {\"a\": \"b\"}}",
                "{\"StringEqualsIfExists\": {\"a\": \"b\"}}",
                "{\"ForAnyValue:StringEquals\": {\"a\": \"b\"}}",
                "{\"StringEquals\": \"a\"}",
                "{\"StringEquals\": {\"a\": 1}}",
                "{\"StringEquals\": {\"a\": []}}",
                "{\"StringEquals\": {\"a\": \"${aws:username}\"}}",
                "[]",
                "\"a\""
            })
    void refusesAConditionThatIsNotUnderstood(String condition) {
        assertThatThrownBy(() -> conditioned(condition))
                .isInstanceOf(MalformedPolicyException.class);
    }

    @Test
    void trustsNobodyWithoutAStatement() throws Exception {
        assertThat(policy("").allows(ASSUME, ANNA, Map.of())).isFalse();
    }

    @Test
    void refusesAPolicyThatIsTooLong() {
        assertThatThrownBy(() -> TrustPolicy.parse(" ".repeat(20_481)))
                .isInstanceOf(MalformedPolicyException.class)
                .hasMessageContaining("20481");
    }

    private static Principal user(String name) {
        return new Principal.Aws(ACCOUNT, "arn:aws:iam::111122223333:user/" + name);
    }

    private static String aws(String named) {
        return "{\"AWS\": \"%s\"}".formatted(named);
    }

    private static TrustPolicy allow(String principal) throws MalformedPolicyException {
        return policy(statement("Allow", principal, "[\"sts:AssumeRole\"]", ""));
    }

    private static TrustPolicy conditioned(String condition) throws MalformedPolicyException {
        return policy(statement("Allow", "\"*\"", "\"*\"", ", \"Condition\": " + condition));
    }

    private static String statement(
            String effect, String principal, String action, String condition) {
        return "{\"Sid\": \"x\", \"Effect\": \"%s\", \"Principal\": %s, \"Action\": %s%s}"
                .formatted(effect, principal, action, condition);
    }

    private static TrustPolicy policy(String statements) throws MalformedPolicyException {
        return TrustPolicy.parse(
                "{\"Version\": \"2012-10-17\", \"Statement\": [%s]}".formatted(statements));
    }
}
