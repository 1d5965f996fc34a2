package dev.monopod.eks.access;

import static dev.monopod.eks.access.Callers.ACCOUNT;
import static dev.monopod.eks.access.Callers.ROLE;
import static dev.monopod.eks.access.Callers.USER;
import static dev.monopod.eks.access.Callers.entry;
import static dev.monopod.eks.access.Callers.session;
import static dev.monopod.eks.access.Callers.user;
import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.eks.access.Mapping.Mapped;
import dev.monopod.eks.access.Mapping.Unmapped;
import dev.monopod.eks.identity.Caller;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class IdentityMappingTest {
    private static final String ANNS_SESSION =
            "arn:aws:sts::111122223333:assumed-role/Admin/ann@example.org";
    private static final String INSTANCE = "i-0123456789abcdef0";

    @Test
    void mapsASessionByTheEntryOfItsRole() {
        var mapped =
                mapped(
                        session("Admin", "ann@example.org"),
                        entry(ROLE, "ops:{{SessionName}}", "ops"));

        assertThat(mapped)
                .isEqualTo(
                        new Mapped(
                                "ops:ann-example.org",
                                "aws-iam-authenticator:111122223333:AROAEXAMPLE",
                                List.of("ops", group(ROLE)),
                                Map.of(
                                        "arn",
                                        List.of(ANNS_SESSION),
                                        "canonicalArn",
                                        List.of(ROLE),
                                        "sessionName",
                                        List.of("ann@example.org"),
                                        "accessKeyId",
                                        List.of("ASIAEXAMPLE"),
                                        "principalId",
                                        List.of("AROAEXAMPLE"),
                                        "sigs.k8s.io/aws-iam-authenticator/principalId",
                                        List.of("AROAEXAMPLE"))));
    }

    @Test
    void namesPrincipalsAsEksDoesIfNobodyChoseAName() {
        assertThat(
                        mapped(
                                        session("deployer", "run-1"),
                                        entry("arn:aws:iam::111122223333:role/dev/deployer"))
                                .username())
                .isEqualTo("arn:aws:sts::111122223333:assumed-role/deployer/run-1");
        assertThat(mapped(user("ann"), entry(USER)).username()).isEqualTo(USER);
    }

    @Test
    void mapsByAnEntryWhoseArnDiffersInCase() {
        var entry = entry("arn:aws:iam::111122223333:role/ADMIN");

        assertThat(mapped(session("admin", "ann"), entry).groups()).containsExactly(group(ROLE));
    }

    @Test
    void doesNotMapByTheEntryOfAnotherPrincipal() {
        var entries =
                List.of(
                        entry("arn:aws:iam::444455556666:role/Admin"),
                        entry("arn:aws-cn:iam::111122223333:role/Admin"),
                        entry("arn:aws:iam::111122223333:user/Admin"),
                        entry("arn:aws:iam::111122223333:role/Admin2"));

        assertThat(map(session("Admin", "ann"), entries, AwsAuth.NONE))
                .isEqualTo(new Unmapped(ROLE + " has no access entry and no line in aws-auth"));
    }

    @Test
    void believesAnEntryBeforeAwsAuth() {
        var awsAuth = roles(ROLE, "from-aws-auth", "system:masters");

        assertThat(map(session("Admin", "ann"), List.of(entry(ROLE, "by-entry")), awsAuth))
                .isInstanceOfSatisfying(
                        Mapped.class,
                        mapped -> {
                            assertThat(mapped.username()).isEqualTo("by-entry");
                            assertThat(mapped.groups()).containsExactly(group(ROLE));
                        });
    }

    @ParameterizedTest
    @CsvSource({
        "EC2_LINUX, system:node:ip-10-0-0-1.ec2.internal",
        "EC2_WINDOWS, system:node:ip-10-0-0-1.ec2.internal",
        "FARGATE_LINUX, system:node:i-0123456789abcdef0",
        "HYBRID_LINUX, system:node:i-0123456789abcdef0"
    })
    void mapsNodes(EntryType type, String username) {
        var mapped = mapped(session("Admin", INSTANCE), entry(ROLE, type));

        assertThat(mapped.username()).isEqualTo(username);
        assertThat(mapped.groups()).contains("system:nodes").isEqualTo(type.groups());
    }

    @Test
    void givesTheGroupsOfFargateToAPodExecutionRole() {
        assertThat(
                        mapped(session("Admin", "node-1"), entry(ROLE, EntryType.FARGATE_LINUX))
                                .groups())
                .containsExactly("system:bootstrappers", "system:nodes", "system:node-proxier");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ann", "i-0123", "i-unknown1"})
    void mapsNobodyByTheNameOfAnInstanceThatIsNotKnown(String session) {
        assertUnmapped(session("Admin", session), entry(ROLE, EntryType.EC2_LINUX));
    }

    @Test
    void mapsByAwsAuth() {
        var awsAuth =
                roles(
                        ROLE,
                        "{{AccountID}}:{{SessionNameRaw}}:{{AccessKeyID}}",
                        "system:masters",
                        "of-{{AccountID}}");

        assertThat(map(session("Admin", "ann@b"), List.of(), awsAuth))
                .isInstanceOfSatisfying(
                        Mapped.class,
                        mapped -> {
                            assertThat(mapped.username())
                                    .isEqualTo("111122223333:ann@b:ASIAEXAMPLE");
                            assertThat(mapped.groups())
                                    .containsExactly("system:masters", "of-111122223333");
                        });
    }

    @Test
    void mapsUsersAndAccountsByAwsAuth() {
        var awsAuth =
                AwsAuth.parse(
                        Map.of(
                                "mapUsers",
                                "- {userarn: \"%s\", username: ann, groups: [ops]}".formatted(USER),
                                "mapAccounts",
                                "- " + ACCOUNT));

        assertThat(map(user("ann"), List.of(), awsAuth))
                .isInstanceOfSatisfying(
                        Mapped.class,
                        mapped -> {
                            assertThat(mapped.username()).isEqualTo("ann");
                            assertThat(mapped.groups()).containsExactly("ops");
                        });
        assertThat(map(session("Other", "bob"), List.of(), awsAuth))
                .isInstanceOfSatisfying(
                        Mapped.class,
                        mapped -> {
                            assertThat(mapped.username())
                                    .isEqualTo("arn:aws:iam::111122223333:role/Other");
                            assertThat(mapped.groups()).isEmpty();
                        });
    }

    @Test
    void callsALineWithoutAUsernameByItsArn() {
        var awsAuth = AwsAuth.parse(Map.of("mapRoles", "- {rolearn: \"" + ROLE + "\"}"));

        assertThat(map(session("Admin", "ann"), List.of(), awsAuth))
                .isInstanceOfSatisfying(
                        Mapped.class, mapped -> assertThat(mapped.username()).isEqualTo(ROLE));
    }

    @Test
    void mapsTheNodesOfAwsAuth() {
        var byInstance = roles(ROLE, "system:node:{{EC2PrivateDNSName}}", "system:nodes");
        var bySession = roles(ROLE, "system:node:{{SessionName}}", "system:nodes");

        assertThat(map(session("Admin", INSTANCE), List.of(), byInstance))
                .isInstanceOfSatisfying(
                        Mapped.class,
                        mapped ->
                                assertThat(mapped.username())
                                        .isEqualTo("system:node:ip-10-0-0-1.ec2.internal"));
        assertThat(map(session("Admin", "n1"), List.of(), bySession))
                .isInstanceOfSatisfying(
                        Mapped.class,
                        mapped -> assertThat(mapped.username()).isEqualTo("system:node:n1"));
    }

    @Test
    void mapsNoSessionWhoseNameHasAColon() {
        assertUnmapped(session("Admin", "x:y"), entry(ROLE));
        assertThat(
                        map(
                                session("Admin", "system:masters"),
                                List.of(),
                                roles(ROLE, "x", "{{SessionName}}")))
                .isInstanceOf(Unmapped.class);
    }

    @ParameterizedTest
    @CsvSource({
        "system:{{SessionName}}, masters",
        "system:{{SessionNameRaw}}, masters",
        "{{SessionName}}:masters, system",
        "system:serviceaccount:kube-system:{{SessionName}}, default",
        "system:{{AccountID}}, ann",
        "monopod:{{SessionName}}, controller",
        "{{SessionName}}:controller, monopod",
        "eks-access-entry:{{SessionName}}, 0123456789abcdef",
        "{{SessionName}}:0123456789abcdef, eks-access-entry"
    })
    void letsNoPlaceholderMakeANameOfTheSystem(String template, String session) {
        assertThat(map(session("Admin", session), List.of(), roles(ROLE, template, "g")))
                .isInstanceOf(Unmapped.class);
        assertThat(map(session("Admin", session), List.of(), roles(ROLE, "name", template)))
                .isInstanceOf(Unmapped.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "system:masters",
                "eks:x",
                "aws:x",
                "amazon:x",
                "iam:x",
                "monopod:agents",
                "eks-access-entry:0123",
                "",
                "x{{SessionName}}",
                "a\nb"
            })
    void mapsNobodyByAnEntryThatWasWrittenPastTheApi(String group) {
        assertUnmapped(session("Admin", "ann"), entry(ROLE, "name", group));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "system:admin", "eks:x", "monopod:controller", "john{{SessionName}}",
                "{{SessionName}}:x", "a:{{EC2PrivateDNSName}}", "a:{{Unknown}}", " "
            })
    void mapsNobodyByAnEntryWithABadUsername(String username) {
        assertUnmapped(session("Admin", INSTANCE), entry(ROLE, username));
    }

    @ParameterizedTest
    @EnumSource(value = EntryType.class, mode = EnumSource.Mode.EXCLUDE, names = "STANDARD")
    void mapsNoUserAndNoOtherAccountAsANode(EntryType type) {
        assertUnmapped(user("ann"), entry(USER, type));
        assertThat(
                        mapping("999999999999", List.of(entry(ROLE, type)), AwsAuth.NONE)
                                .map(session("Admin", INSTANCE)))
                .isInstanceOf(Unmapped.class);
        assertUnmapped(
                session("Admin", INSTANCE),
                entry(ROLE, type).named("system:node:other", type.groups(), Callers.THEN));
        assertUnmapped(
                session("Admin", INSTANCE),
                entry(ROLE, type)
                        .named(
                                entry(ROLE, type).username(),
                                List.of("system:masters"),
                                Callers.THEN));
    }

    private static void assertUnmapped(Caller caller, AccessEntry entry) {
        assertThat(map(caller, List.of(entry), AwsAuth.NONE)).isInstanceOf(Unmapped.class);
    }

    private static Mapped mapped(Caller caller, AccessEntry entry) {
        return (Mapped) map(caller, List.of(entry), AwsAuth.NONE);
    }

    private static Mapping map(Caller caller, List<AccessEntry> entries, AwsAuth awsAuth) {
        return mapping(ACCOUNT, entries, awsAuth).map(caller);
    }

    private static IdentityMapping mapping(
            String account, List<AccessEntry> entries, AwsAuth awsAuth) {
        return new IdentityMapping(
                account,
                entries,
                awsAuth,
                instance ->
                        instance.equals(INSTANCE)
                                ? Optional.of("ip-10-0-0-1.ec2.internal")
                                : Optional.empty());
    }

    private static AwsAuth roles(String arn, String username, String... groups) {
        var quoted = List.of(groups).stream().map("\"%s\""::formatted).toList();
        return AwsAuth.parse(
                Map.of(
                        "mapRoles",
                        "- {rolearn: \"%s\", username: \"%s\", groups: %s}"
                                .formatted(arn, username, quoted)));
    }

    private static String group(String arn) {
        return "eks-access-entry:" + Callers.principal(arn).digest();
    }
}
