package dev.monopod.eks.operations;

import static dev.monopod.eks.operations.ApiRig.ASSOCIATIONS;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PodIdentityOperationsTest {
    private static final String ROLE = "arn:aws:iam::111122223333:role/reader";
    private final ApiRig rig = new ApiRig();

    private static String body(String account, String more) {
        return "{\"namespace\":\"shop\",\"serviceAccount\":\"%s\",\"roleArn\":\"%s\"%s}"
                .formatted(account, ROLE, more);
    }

    private JsonNode create(String account, String more) {
        var answer = rig.post(ASSOCIATIONS, body(account, more));
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        return answer.json().path("association");
    }

    @Test
    void tellsWhatItMade() {
        var answer = rig.post(ASSOCIATIONS, body("reader", ",\"tags\":{\"team\":\"a\"}"));

        var made = answer.json().path("association");
        var id = made.path("associationId").asText();
        assertThat(id).matches("a-[a-z0-9]{17}");
        assertThat(answer.text())
                .isEqualTo(
                        "{\"association\":{\"clusterName\":\"c1\",\"namespace\":\"shop\",\"serviceAccount\":\"reader\",\"roleArn\":\"%s\",\"associationArn\":\"arn:aws:eks:us-west-2:111122223333:podidentityassociation/c1/%s\",\"associationId\":\"%s\",\"tags\":{\"team\":\"a\"},\"createdAt\":1795942800.250,\"modifiedAt\":1795942800.250,\"disableSessionTags\":false}}"
                                .formatted(ROLE, id, id));
        assertThat(rig.get(ASSOCIATIONS + "/" + id).json().path("association")).isEqualTo(made);
    }

    @Test
    void letsAServiceAccountHaveOne() {
        var id = create("reader", "").path("associationId").asText();

        rig.post(ASSOCIATIONS, body("reader", ""))
                .isRefused(409, "ResourceInUseException", "Association already exists: " + id);
    }

    @Test
    void answersARepeatedRequestWithWhatItMade() {
        var token = ",\"clientRequestToken\":\"t1\"";
        var made = create("reader", token);

        assertThat(create("reader", token)).isEqualTo(made);
        assertThat(
                        rig.post(
                                        ASSOCIATIONS,
                                        body("reader", token + ",\"disableSessionTags\":true"))
                                .status())
                .isEqualTo(409);
    }

    @Test
    void listsByPagesAndByAccount() {
        for (var account : List.of("a", "b", "c")) {
            create(account, "");
        }

        var found = new ArrayList<String>();
        var next = "";
        do {
            var page = rig.get(ASSOCIATIONS + "?maxResults=2" + next).json();
            page.path("associations")
                    .forEach(one -> found.add(one.path("serviceAccount").asText()));
            next =
                    page.path("nextToken").isTextual()
                            ? "&nextToken=" + page.path("nextToken").asText()
                            : "";
        } while (!next.isEmpty());
        assertThat(found).containsExactlyInAnyOrder("a", "b", "c");
        var one = rig.get(ASSOCIATIONS + "?namespace=shop&serviceAccount=b").json();
        assertThat(one.path("associations")).hasSize(1);
        assertThat(one.at("/associations/0/roleArn").isMissingNode()).isTrue();
        assertThat(rig.get(ASSOCIATIONS + "?namespace=mall").json().path("associations")).isEmpty();
        assertThat(one.path("nextToken").isNull()).isTrue();
    }

    @Test
    void changesTheRoleAndWhatIsTagged() {
        var id = create("reader", "").path("associationId").asText();

        var changed =
                rig.post(
                                ASSOCIATIONS + "/" + id,
                                "{\"roleArn\":\"%s2\",\"disableSessionTags\":true}".formatted(ROLE))
                        .json()
                        .path("association");

        assertThat(changed.path("roleArn").asText()).isEqualTo(ROLE + "2");
        assertThat(changed.path("disableSessionTags").asBoolean()).isTrue();
        assertThat(rig.post(ASSOCIATIONS + "/" + id, "{}").json().path("association"))
                .isEqualTo(changed);
    }

    @Test
    void deletes() {
        var made = create("reader", "");
        var path = ASSOCIATIONS + "/" + made.path("associationId").asText();

        assertThat(rig.delete(path).json().path("association")).isEqualTo(made);
        assertThat(rig.get(path).errorType()).isEqualTo("ResourceNotFoundException");
        assertThat(rig.delete(path).status()).isEqualTo(404);
        assertThat(rig.post(path, "{}").status()).isEqualTo(404);
    }

    @Test
    void tagsAndUntags() {
        var made = create("reader", ",\"tags\":{\"a\":\"1\",\"b\":\"2\"}");
        var path = "/tags/" + made.path("associationArn").asText().replace("/", "%2F");

        assertThat(rig.post(path, "{\"tags\":{\"c\":\"3\"}}").status()).isEqualTo(200);
        assertThat(rig.delete(path + "?tagKeys=a").status()).isEqualTo(200);
        assertThat(rig.get(path).text()).isEqualTo("{\"tags\":{\"b\":\"2\",\"c\":\"3\"}}");
        assertThat(rig.get(path + "x").status()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"namespace\":\"Shop\",\"serviceAccount\":\"r\",\"roleArn\":\"arn:aws:iam::111122223333:role/r\"}",
                "{\"namespace\":\"shop\",\"serviceAccount\":\"r/s\",\"roleArn\":\"arn:aws:iam::111122223333:role/r\"}",
                "{\"namespace\":\"shop\",\"serviceAccount\":\"r\",\"roleArn\":\"arn:aws:iam::111122223333:user/r\"}",
                "{\"namespace\":\"shop\",\"serviceAccount\":\"r\",\"roleArn\":\"arn:aws:iam::444455556666:role/r\"}",
                "{\"namespace\":\"shop\",\"serviceAccount\":\"r\",\"roleArn\":\"arn:aws:iam::111122223333:role/r\",\"tags\":{\"aws:x\":\"y\"}}",
                "{\"namespace\":\"shop\",\"serviceAccount\":\"r\",\"roleArn\":\"arn:aws:iam::111122223333:role/r\",\"targetRoleArn\":\"arn:aws:iam::444455556666:role/r\"}",
                "{\"namespace\":\"shop\",\"serviceAccount\":\"r\",\"roleArn\":\"arn:aws:iam::111122223333:role/r\",\"policy\":\"{}\"}",
            })
    void refusesWrongInputAndMakesNothing(String body) {
        var answer = rig.post(ASSOCIATIONS, body);

        assertThat(answer.errorType()).as(answer.text()).isEqualTo("InvalidParameterException");
        assertThat(rig.associations.list()).isEmpty();
    }

    @Test
    void knowsNoOtherCluster() {
        rig.post("/clusters/c2/pod-identity-associations", body("reader", ""))
                .isRefused(404, "ResourceNotFoundException", "No cluster found for name: c2.");
    }
}
