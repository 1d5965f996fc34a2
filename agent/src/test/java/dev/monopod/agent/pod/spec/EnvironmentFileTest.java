package dev.monopod.agent.pod.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnvironmentFileTest {
    private static String value(String text, String name) {
        return new EnvironmentFile(text).value(name);
    }

    @Test
    void findsAValueAmongCommentsAndBlankLines() {
        String text = "# first\n\n  A='1'  # one\r\n\tB='two # words'\nC=''\n";
        assertThat(value(text, "A")).isEqualTo("1");
        assertThat(value(text, "B")).isEqualTo("two # words");
        assertThat(value(text, "C")).isEmpty();
        assertThat(value(text, "D")).isEmpty();
    }

    @Test
    void aValueMayHaveSeveralLines() {
        assertThat(value("A='1\n 2 \n'\nB='3'", "A")).isEqualTo("1\n 2 \n");
        assertThat(value("A='1\n 2 \n'\nB='3'", "B")).isEqualTo("3");
    }

    @Test
    void aBlankAfterTheSignAssignsNothing() {
        assertThat(value("A= 'x'\nB='y'", "A")).isEmpty();
        assertThat(value("A= 'x'\nB='y'", "B")).isEqualTo("y");
    }

    @Test
    void whatFollowsTheValueIsNotLookedAt() {
        assertThat(value("A='1'\nnonsense", "A")).isEqualTo("1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"A", "=1", "A ='1'", "A=1", "A=\"1\"", "A='1", "A='1' x", "A=", "A='1\n2"})
    void refusesWhatIsNoAssignmentOfAQuotedValue(String text) {
        assertThatThrownBy(() -> value(text, "B"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("couldn't parse env file");
    }
}
