package dev.monopod.eks.access;

import static dev.monopod.eks.access.Callers.principal;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AwsAuthTest {
    @Test
    void readsRolesUsersAndAccounts() {
        var read =
                AwsAuth.parse(
                        Map.of(
                                "mapRoles",
                                """
                                - rolearn: arn:aws:iam::111122223333:role/Admin
                                  username: admin:{{SessionName}}
                                  groups: [system:masters, "ops"]
                                """,
                                "mapUsers",
                                """
                                - userarn: arn:aws:iam::111122223333:user/ann
                                  username: ann
                                """,
                                "mapAccounts",
                                """
                                - "444455556666"
                                - 012345670123
                                """));

        assertThat(read.problems()).isEmpty();
        assertThat(read.find(principal(Callers.ROLE)))
                .contains(
                        new AwsAuth.Line(
                                "admin:{{SessionName}}", List.of("system:masters", "ops")));
        assertThat(read.find(principal(Callers.USER))).contains(new AwsAuth.Line("ann", List.of()));
        assertThat(read.hasAccount("444455556666")).isTrue();
        // Not the number that its digits would be in octal.
        assertThat(read.hasAccount("012345670123")).isTrue();
        assertThat(read.hasAccount("111122223333")).isFalse();
    }

    @Test
    void leavesOutBadLinesOneByOneAndNamesThem() {
        var read =
                AwsAuth.parse(
                        Map.of(
                                "mapRoles",
                                """
                                - nonsense
                                - username: nobody
                                - rolearn: arn:aws:iam::111122223333:role/Text
                                  groups: system:masters
                                - rolearn: arn:aws:iam::111122223333:role/Nested
                                  groups: [[system:masters]]
                                - rolearn: arn:aws:iam::111122223333:role/Map
                                  username: {a: b}
                                - rolearn: arn:aws:iam::111122223333:role/Thief
                                  groups: ["eks-access-entry:0123"]
                                -
                                - rolearn: arn:aws:iam::111122223333:role/Admin
                                  username: admin
                                """,
                                "mapAccounts",
                                """
                                - 1234
                                - [444455556666]
                                - 777788889999
                                """));

        assertThat(read.find(principal(Callers.ROLE))).isPresent();
        assertThat(read.hasAccount("777788889999")).isTrue();
        for (var bad : List.of("Text", "Nested", "Map", "Thief")) {
            assertThat(read.find(principal("arn:aws:iam::111122223333:role/" + bad))).isEmpty();
        }
        assertThat(read.problems())
                .extracting(problem -> problem.substring(0, problem.indexOf(':')))
                .containsExactly(
                        "mapRoles[0]",
                        "mapRoles[1]",
                        "mapRoles[2]",
                        "mapRoles[3]",
                        "mapRoles[4]",
                        "mapRoles[5]",
                        "mapRoles[6]",
                        "mapAccounts[0]",
                        "mapAccounts[1]");
    }

    @Test
    void losesOnlyTheSectionThatIsNoYaml() {
        var read =
                AwsAuth.parse(
                        Map.of(
                                "mapRoles",
                                "- rolearn: [unclosed\n",
                                "mapUsers",
                                "- userarn: arn:aws:iam::111122223333:user/ann\n"));

        assertThat(read.find(principal(Callers.USER))).isPresent();
        assertThat(read.problems()).singleElement().asString().startsWith("mapRoles: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " \n", "``", "\"\"", "''"})
    void acceptsSectionsOfNothing(String text) {
        assertThat(AwsAuth.parse(Map.of("mapRoles", text)).problems()).isEmpty();
    }

    @Test
    void readsKeysAndArnsInAnyLetterCase() {
        var read =
                AwsAuth.parse(
                        Map.of(
                                "mapRoles",
                                """
                                - RoleARN: arn:aws:iam::111122223333:role/ADMIN
                                  UserName: admin
                                  GROUPS: [ops]
                                  ? [odd]
                                  : key
                                """));

        assertThat(read.find(principal(Callers.ROLE)))
                .contains(new AwsAuth.Line("admin", List.of("ops")));
    }

    @Test
    void takesAnEmptyFieldForNone() {
        var read =
                AwsAuth.parse(
                        Map.of(
                                "mapRoles",
                                """
                                - rolearn: arn:aws:iam::111122223333:role/Admin
                                  username:
                                  groups:
                                """));

        assertThat(read.find(principal(Callers.ROLE))).contains(new AwsAuth.Line("", List.of()));
    }

    @Test
    void believesTheLastOfTwoLines() {
        var read =
                AwsAuth.parse(
                        Map.of(
                                "mapRoles",
                                """
                                - {rolearn: "arn:aws:iam::111122223333:role/Admin", username: one}
                                - {rolearn: "arn:aws:iam::111122223333:role/admin", username: two}
                                """));

        assertThat(read.find(principal(Callers.ROLE))).contains(new AwsAuth.Line("two", List.of()));
    }

    @Test
    void saysThatARoleWithAPathMatchesNobody() {
        var read =
                AwsAuth.parse(
                        Map.of(
                                "mapRoles",
                                "- rolearn: arn:aws:iam::111122223333:role/dev/Admin\n"));

        assertThat(read.find(principal(Callers.ROLE))).isEmpty();
        assertThat(read.problems()).singleElement().asString().contains("matches nobody");
    }

    @Test
    void refusesABombOfAliases() {
        var bomb = new StringBuilder("- &a0 [x]\n");
        for (var i = 1; i < 60; i++) {
            bomb.append("- &a%d [*a%d, *a%d]\n".formatted(i, i - 1, i - 1));
        }

        assertThat(AwsAuth.parse(Map.of("mapRoles", bomb.toString())).problems())
                .singleElement()
                .asString()
                .startsWith("mapRoles: cannot read it");
    }
}
