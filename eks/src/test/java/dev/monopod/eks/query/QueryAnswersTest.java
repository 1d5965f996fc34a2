package dev.monopod.eks.query;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class QueryAnswersTest {
    private final QueryAnswers answers = new QueryAnswers("http://x/");

    @Test
    void keepsEveryTextWhatItIs() {
        var text = "<a href='x'>&amp; ]]> \" ä \uD83D\uDE00 \t\n\r</a>";

        var answer = Answer.of(answers.xml("Do", "id", Element.of("R", Element.of("T", text))));

        assertThat(answer.text("T")).isEqualTo(text);
        assertThat(answer.root()).isEqualTo("DoResponse");
        assertThat(answer.namespace()).isEqualTo("http://x/");
        assertThat(answer.text("RequestId")).isEqualTo("id");
    }

    @Test
    void replacesWhatXmlCannotHave() {
        var answer =
                Answer.of(
                        answers.error(
                                QueryException.invalid("a\u0000b\u001bc\uFFFEd\uD800e"), "id"));

        assertThat(answer.text("Message")).isEqualTo("a?b?c?d?e");
    }

    @Test
    void blamesTheSenderOrItself() {
        var sender = Answer.of(answers.error(QueryException.invalid("x"), "id"));
        var receiver = Answer.of(answers.error(QueryException.unavailable(), "id"));

        assertThat(sender.status()).isEqualTo(400);
        assertThat(sender.text("Type")).isEqualTo("Sender");
        assertThat(receiver.status()).isEqualTo(503);
        assertThat(receiver.text("Type")).isEqualTo("Receiver");
    }

    @Test
    void saysAnErrorWithJsonToo() {
        var response = answers.jsonError(QueryException.invalid("a\"b"), "id");

        assertThat(new String(response.body(), StandardCharsets.UTF_8))
                .isEqualTo(
                        "{\"Error\":{\"Type\":\"Sender\",\"Code\":\"ValidationError\","
                                + "\"Message\":\"a\\\"b\"},\"RequestId\":\"id\"}");
        assertThat(response.headers()).containsEntry("Content-Type", "application/json");
    }
}
