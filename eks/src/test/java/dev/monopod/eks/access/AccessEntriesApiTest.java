package dev.monopod.eks.access;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiResponse;
import dev.monopod.eks.wire.UriEncoding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class AccessEntriesApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ENTRIES = "/clusters/c1/access-entries";
    private static final String ROLE = ENTRIES + "/" + UriEncoding.encode(Callers.ROLE);
    private static final String POLICIES = ROLE + "/access-policies";
    private static final String VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy";
    private static final String ADMIN =
            "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy";

    private final MemoryAccessEntries entries = new MemoryAccessEntries();
    private Instant now = Callers.THEN;
    private final AccessEntriesApi api =
            new AccessEntriesApi(
                    entries,
                    new ClusterIdentity("c1", "aws", "us-west-2", Callers.ACCOUNT),
                    () -> now,
                    () -> UUID.fromString("00000000-0000-4000-8000-000000000001"));

    @Test
    void createsAndDescribesAnEntry() throws JsonProcessingException {
        var created = send("POST", ENTRIES, principal(Callers.ROLE));

        var expected =
                JSON.readTree(
                        """
                        {"accessEntry": {
                          "clusterName": "c1",
                          "principalArn": "arn:aws:iam::111122223333:role/Admin",
                          "kubernetesGroups": [],
                          "accessEntryArn": "arn:aws:eks:us-west-2:111122223333:access-entry/c1/role/111122223333/Admin/00000000-0000-4000-8000-000000000001",
                          "createdAt": 1795942800.250,
                          "modifiedAt": 1795942800.250,
                          "tags": {},
                          "username": "arn:aws:sts::111122223333:assumed-role/Admin/{{SessionName}}",
                          "type": "STANDARD"}}
                        """);
        assertThat(created.status()).isEqualTo(200);
        assertThat(json(created)).isEqualTo(expected);
        assertThat(json(send("GET", ROLE, ""))).isEqualTo(expected);
        assertThat(created.headers()).containsEntry("Content-Type", "application/json");
    }

    @Test
    void writesATimeWithoutMillisecondsAsAPlainNumber() {
        now = Instant.ofEpochSecond(1_800_000_000);

        assertThat(text(send("POST", ENTRIES, principal(Callers.ROLE))))
                .contains("\"createdAt\":1800000000.000,");
    }

    @Test
    void takesUsernameGroupsAndTags() {
        var answer =
                send(
                        "POST",
                        ENTRIES,
                        """
                        {"principalArn": "%s", "username": "ops:{{SessionName}}", "type": null,
                         "kubernetesGroups": ["ops", "ops", "dev"], "tags": {"team": "a"}}
                        """
                                .formatted(Callers.ROLE));

        var entry = json(answer).path("accessEntry");
        assertThat(entry.path("username").asText()).isEqualTo("ops:{{SessionName}}");
        assertThat(entry.path("kubernetesGroups"))
                .map(JsonNode::asText)
                .containsExactly("ops", "dev");
        assertThat(entry.path("tags").path("team").asText()).isEqualTo("a");
    }

    @ParameterizedTest
    @CsvSource({
        "EC2_LINUX, system:node:{{EC2PrivateDNSName}}",
        "EC2_Windows, system:node:{{EC2PrivateDNSName}}",
        "FARGATE_LINUX, system:node:{{SessionName}}",
        "HYBRID_LINUX, system:node:{{SessionName}}"
    })
    void namesNodesItself(String type, String username) {
        var answer =
                send(
                        "POST",
                        ENTRIES,
                        """
                        {"principalArn": "%s", "type": "%s", "kubernetesGroups": []}
                        """
                                .formatted(Callers.ROLE, type));

        var entry = json(answer).path("accessEntry");
        assertThat(entry.path("username").asText()).isEqualTo(username);
        assertThat(entry.path("kubernetesGroups")).map(JsonNode::asText).contains("system:nodes");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"kubernetesGroups\": [\"system:masters\"]",
                "\"kubernetesGroups\": [\"ok\", \"eks:x\"]",
                "\"kubernetesGroups\": [\"aws:x\"]",
                "\"kubernetesGroups\": [\"amazon:x\"]",
                "\"kubernetesGroups\": [\"iam:x\"]",
                "\"kubernetesGroups\": [\"monopod:agents\"]",
                "\"kubernetesGroups\": [\"eks-access-entry:0123\"]",
                "\"kubernetesGroups\": [\"{{SessionName}}\"]",
                "\"kubernetesGroups\": [\"\"]",
                "\"username\": \"system:admin\"",
                "\"username\": \"eks:admin\"",
                "\"username\": \"monopod:controller\"",
                "\"username\": \"john{{SessionName}}\"",
                "\"username\": \"john{{SessionNameRaw}}:\"",
                "\"username\": \"a:{{EC2PrivateDNSName}}\"",
                "\"username\": \"a:{{Other}}\"",
                "\"username\": \"a\\u0000b\"",
                "\"type\": \"EC2\"",
                "\"type\": \"EC2_LINUX\", \"kubernetesGroups\": [\"ops\"]",
                "\"type\": \"EC2_LINUX\", \"username\": \"ops\"",
                "\"tags\": {\"aws:x\": \"y\"}",
                "\"tags\": {\"\": \"y\"}"
            })
    void refusesWhatAnEntryMustNotBe(String fields) {
        var answer =
                send(
                        "POST",
                        ENTRIES,
                        "{\"principalArn\": \"%s\", %s}".formatted(Callers.ROLE, fields));

        assertProblem(answer, 400, "InvalidParameterException");
        assertThat(entries.list()).isEmpty();
    }

    @Test
    void saysInEksWordsWhyAGroupIsRefused() {
        var answer =
                send(
                        "POST",
                        ENTRIES,
                        """
                        {"principalArn": "%s", "kubernetesGroups": ["system:masters"]}
                        """
                                .formatted(Callers.ROLE));

        assertThat(text(answer))
                .isEqualTo(
                        "{\"clusterName\":null,\"nodegroupName\":null,\"fargateProfileName\":null,"
                                + "\"addonName\":null,\"message\":\"The kubernetes group name"
                                + " system:masters is invalid, it cannot start with system:\"}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "arn:aws:sts::111122223333:assumed-role/Admin/ann",
                "arn:aws:sts::111122223333:federated-user/bob",
                "arn:aws:iam::111122223333:group/admins",
                "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
            })
    void refusesPrincipalsThatHaveNoEntries(String arn) {
        assertProblem(send("POST", ENTRIES, principal(arn)), 400, "InvalidParameterException");
    }

    @Test
    void refusesNodesOfUsersAndOfOtherAccounts() {
        for (var arn : List.of(Callers.USER, "arn:aws:iam::999999999999:role/Admin")) {
            var body = "{\"principalArn\": \"%s\", \"type\": \"EC2_LINUX\"}".formatted(arn);
            assertProblem(send("POST", ENTRIES, body), 400, "InvalidParameterException");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "{\"principalArn\": 1}",
                "{\"principalArn\": \"%s\", \"kubernetesGroups\": \"ops\"}",
                "{\"principalArn\": \"%s\", \"tags\": []}"
            })
    void refusesABodyThatItCannotRead(String body) {
        assertProblem(
                send("POST", ENTRIES, body.formatted(Callers.ROLE)), 400, "SerializationException");
    }

    @Test
    void refusesASecondEntryOfAPrincipal() {
        create(Callers.ROLE);

        var answer = send("POST", ENTRIES, principal("arn:aws:iam::111122223333:role/ADMIN"));

        assertProblem(answer, 409, "ResourceInUseException");
        assertThat(text(answer))
                .contains("The specified access entry resource is already in use on this cluster.");
    }

    @Test
    void answersTheRepetitionOfARequestAsBefore() {
        var body =
                "{\"principalArn\": \"%s\", \"clientRequestToken\": \"t1\"}"
                        .formatted(Callers.ROLE);
        var first = send("POST", ENTRIES, body);

        assertThat(text(send("POST", ENTRIES, body))).isEqualTo(text(first));
        assertProblem(
                send("POST", ENTRIES, body.replace("t1", "t2")), 409, "ResourceInUseException");
        assertProblem(
                send("POST", ENTRIES, body.replace("}", ", \"username\": \"x\"}")),
                409,
                "ResourceInUseException");
    }

    @Test
    void decodesAPrincipalOnlyAfterThePathWasSplit() {
        create("arn:aws:iam::111122223333:role/dev/apps/a+b");

        var found =
                send(
                        "GET",
                        ENTRIES + "/arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fdev%2Fapps%2Fa%2Bb",
                        "");

        assertThat(found.status()).isEqualTo(200);
        assertProblem(
                send("GET", ENTRIES + "/arn:aws:iam::111122223333:role/dev/apps/a+b", ""),
                404,
                "UnknownOperationException");
        assertProblem(send("GET", ENTRIES + "/%2", ""), 400, "SerializationException");
    }

    @Test
    void findsAnEntryInAnyLetterCaseButWithItsOwnPathOnly() {
        create("arn:aws:iam::111122223333:role/dev/Admin");

        assertThat(send("GET", of("arn:aws:iam::111122223333:role/dev/ADMIN"), "").status())
                .isEqualTo(200);
        assertProblem(send("GET", ROLE, ""), 404, "ResourceNotFoundException");
        assertProblem(send("DELETE", ROLE, ""), 404, "ResourceNotFoundException");
    }

    @Test
    void knowsOnlyItsOwnCluster() {
        var answer = send("GET", "/clusters/c2/access-entries", "");

        assertProblem(answer, 404, "ResourceNotFoundException");
        assertThat(text(answer)).contains("No cluster found for name: c2.");
    }

    @Test
    void saysWhereToLookForAPrincipalThatHasNoEntry() {
        assertThat(text(send("GET", ROLE, "")))
                .contains(
                        "The specified principalArn could not be found. You can view your available"
                                + " access entries with 'list-access-entries'.");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/clusters",
                "/clusters/c1",
                "/clusters/c1/fargate-profiles",
                "/",
                "/tags/x",
                "/access-policies/x",
                "/clusters/c1/access-entriesx"
            })
    void leavesOtherPathsToOthers(String path) {
        assertThat(api.answer(new ApiRequest("GET", path, "", List.of(), new byte[0]))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "PUT, /clusters/c1/access-entries",
        "DELETE, /clusters/c1/access-entries",
        "PUT, /clusters/c1/access-entries/x",
        "POST, /access-policies",
        "GET, /clusters/c1/access-entries/x/y",
        "GET, /clusters/c1/access-entries/x/access-policies/y",
        "DELETE, /clusters/c1/access-entries/x/other/y",
        "GET, /clusters/c1/access-entries/x/access-policies/y/z"
    })
    void knowsNoOtherOperations(String method, String path) {
        assertProblem(send(method, path, "{}"), 404, "UnknownOperationException");
    }

    @Test
    void listsPageByPage() {
        for (var name : List.of("c", "a", "d", "b", "e")) {
            create("arn:aws:iam::111122223333:role/" + name);
        }

        List<String> arns = new ArrayList<>();
        var query = "maxResults=2";
        var pages = 0;
        JsonNode page;
        do {
            page = json(send("GET", ENTRIES, query, ""));
            page.path("accessEntries").forEach(arn -> arns.add(arn.asText()));
            query = "maxResults=2&nextToken=" + page.path("nextToken").asText();
            pages++;
        } while (!page.path("nextToken").isNull());

        assertThat(pages).isEqualTo(3);
        assertThat(arns).hasSize(5).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void endsAListWhosePageIsJustFullWithNull() {
        create(Callers.ROLE);

        assertThat(text(send("GET", ENTRIES, "maxResults=1", "")))
                .isEqualTo(
                        "{\"accessEntries\":[\"arn:aws:iam::111122223333:role/Admin\"],\"nextToken\":null}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "maxResults=0",
                "maxResults=101",
                "maxResults=x",
                "nextToken=%21",
                "associatedPolicyArn=x"
            })
    void refusesAListThatCannotBe(String query) {
        assertProblem(send("GET", ENTRIES, query, ""), 400, "InvalidParameterException");
    }

    @Test
    void listsTheEntriesOfAPolicy() {
        create(Callers.ROLE);
        create(Callers.USER);
        associate(VIEW, "{\"type\": \"cluster\"}");

        var query = "associatedPolicyArn=" + UriEncoding.encode(VIEW);

        assertThat(json(send("GET", ENTRIES, query, "")).path("accessEntries"))
                .map(JsonNode::asText)
                .containsExactly(Callers.ROLE);
    }

    @Test
    void updatesWhatIsNamedAndNothingElse() {
        create(Callers.ROLE);
        associate(VIEW, "{\"type\": \"cluster\"}");
        now = now.plusSeconds(1);

        var groups =
                json(send("POST", ROLE, "{\"kubernetesGroups\": [\"ops\"]}")).path("accessEntry");
        var name = json(send("POST", ROLE, "{\"username\": \"x\"}")).path("accessEntry");

        assertThat(groups.path("username").asText()).endsWith("{{SessionName}}");
        assertThat(name.path("kubernetesGroups")).map(JsonNode::asText).containsExactly("ops");
        assertThat(name.path("username").asText()).isEqualTo("x");
        assertThat(name.path("createdAt").asDouble())
                .isLessThan(name.path("modifiedAt").asDouble());
        assertThat(entries.list().getFirst().associations()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"kubernetesGroups\": [\"system:masters\"]}",
                "{\"username\": \"system:kube-controller-manager\"}",
                "{\"username\": \"x{{SessionName}}\"}"
            })
    void refusesAnUpdateToWhatCouldNotBeCreated(String body) {
        create(Callers.ROLE);
        var before = entries.list();

        assertProblem(send("POST", ROLE, body), 400, "InvalidParameterException");
        assertThat(entries.list()).isEqualTo(before);
    }

    @Test
    void changesAndAssociatesNothingOfANode() {
        assertThat(
                        send(
                                        "POST",
                                        ENTRIES,
                                        "{\"principalArn\": \"%s\", \"type\": \"EC2_LINUX\"}"
                                                .formatted(Callers.ROLE))
                                .status())
                .isEqualTo(200);

        for (var answer :
                List.of(
                        send("POST", ROLE, "{\"kubernetesGroups\": [\"ops\"]}"),
                        associate(VIEW, "{\"type\": \"cluster\"}"))) {
            assertProblem(answer, 400, "InvalidParameterException");
            assertThat(text(answer)).contains("Access Entries with a type of \\\"STANDARD\\\".");
        }
    }

    @Test
    void deletesAnEntry() {
        create(Callers.ROLE);

        assertThat(text(send("DELETE", ROLE, ""))).isEqualTo("{}");
        assertProblem(send("DELETE", ROLE, ""), 404, "ResourceNotFoundException");
    }

    @Test
    void associatesAPolicyAndChangesItsScope() throws JsonProcessingException {
        create(Callers.ROLE);
        associate(VIEW, "{\"type\": \"cluster\", \"namespaces\": []}");
        now = now.plusSeconds(1);

        var answer =
                associate(VIEW, "{\"type\": \"namespace\", \"namespaces\": [\"dev-*\", \"*\"]}");

        assertThat(json(answer))
                .isEqualTo(
                        JSON.readTree(
                                """
                                {"clusterName": "c1",
                                 "principalArn": "arn:aws:iam::111122223333:role/Admin",
                                 "associatedAccessPolicy": {
                                   "policyArn": "%s",
                                   "accessScope": {"type": "namespace", "namespaces": ["dev-*", "*"]},
                                   "associatedAt": 1795942800.250, "modifiedAt": 1795942801.250}}
                                """
                                        .formatted(VIEW)));
        assertThat(entries.list().getFirst().associations()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"type\": \"other\"}",
                "{\"type\": \"namespace\"}",
                "{\"type\": \"namespace\", \"namespaces\": []}",
                "{\"type\": \"namespace\", \"namespaces\": [\"Dev\"]}",
                "{\"type\": \"namespace\", \"namespaces\": [\"-x\"]}",
                "{\"type\": \"namespace\", \"namespaces\": [\"a?\"]}",
                "{\"type\": \"namespace\", \"namespaces\": [\"\"]}",
                "{\"type\": \"cluster\", \"namespaces\": [\"dev\"]}",
                "null"
            })
    void refusesAScopeThatIsNone(String scope) {
        create(Callers.ROLE);

        assertProblem(associate(VIEW, scope), 400, "InvalidParameterException");
        assertThat(entries.list().getFirst().associations()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "AmazonEKSViewPolicy",
                "arn:aws:eks::aws:cluster-access-policy/Other",
                "arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
                ""
            })
    void refusesAPolicyThatDoesNotExist(String policy) {
        create(Callers.ROLE);

        assertProblem(
                associate(policy, "{\"type\": \"cluster\"}"), 400, "InvalidParameterException");
    }

    @Test
    void listsTheAssociatedPolicies() {
        create(Callers.ROLE);
        associate(VIEW, "{\"type\": \"cluster\"}");
        associate(ADMIN, "{\"type\": \"namespace\", \"namespaces\": [\"shop\"]}");

        var first = json(send("GET", POLICIES, "maxResults=1", ""));
        var second =
                json(
                        send(
                                "GET",
                                POLICIES,
                                "maxResults=1&nextToken=" + first.path("nextToken").asText(),
                                ""));

        assertThat(first.path("principalArn").asText()).isEqualTo(Callers.ROLE);
        assertThat(first.at("/associatedAccessPolicies/0/policyArn").asText()).isEqualTo(ADMIN);
        assertThat(second.at("/associatedAccessPolicies/0/policyArn").asText()).isEqualTo(VIEW);
        assertThat(second.path("nextToken").isNull()).isTrue();
    }

    @Test
    void disassociatesAPolicy() {
        create(Callers.ROLE);
        associate(VIEW, "{\"type\": \"cluster\"}");
        var path = POLICIES + "/" + UriEncoding.encode(VIEW);

        assertThat(text(send("DELETE", path, ""))).isEqualTo("{}");
        assertProblem(send("DELETE", path, ""), 404, "ResourceNotFoundException");
        assertThat(entries.list().getFirst().associations()).isEmpty();
    }

    @Test
    void listsThePoliciesThatThereAre() {
        var listed = json(send("GET", "/access-policies", "", "")).path("accessPolicies");

        assertThat(listed)
                .map(policy -> policy.path("name").asText())
                .containsExactly(
                        "AmazonEKSAdminPolicy",
                        "AmazonEKSAdminViewPolicy",
                        "AmazonEKSClusterAdminPolicy",
                        "AmazonEKSEditPolicy",
                        "AmazonEKSViewPolicy");
        assertThat(listed.path(4).path("arn").asText()).isEqualTo(VIEW);
    }

    private ApiResponse associate(String policy, String scope) {
        return send(
                "POST",
                POLICIES,
                "{\"policyArn\": \"%s\", \"accessScope\": %s}".formatted(policy, scope));
    }

    private void create(String arn) {
        assertThat(send("POST", ENTRIES, principal(arn)).status()).isEqualTo(200);
    }

    private static String of(String arn) {
        return ENTRIES + "/" + UriEncoding.encode(arn);
    }

    private static String principal(String arn) {
        return "{\"principalArn\": \"%s\"}".formatted(arn);
    }

    private ApiResponse send(String method, String path, String body) {
        return send(method, path, "", body);
    }

    private ApiResponse send(String method, String path, String query, String body) {
        return api.answer(
                        new ApiRequest(
                                method,
                                path,
                                query,
                                List.of(),
                                body.getBytes(StandardCharsets.UTF_8)))
                .orElseThrow();
    }

    private static void assertProblem(ApiResponse answer, int status, String type) {
        assertThat(answer.headers()).containsEntry("x-amzn-ErrorType", type);
        assertThat(answer.status()).isEqualTo(status);
        assertThat(json(answer).path("message").asText()).isNotEmpty();
    }

    private static JsonNode json(ApiResponse answer) {
        try {
            return JSON.readTree(answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(ApiResponse answer) {
        return new String(answer.body(), StandardCharsets.UTF_8);
    }
}
