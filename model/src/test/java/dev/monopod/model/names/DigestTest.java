package dev.monopod.model.names;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DigestTest {
    @Test
    void isTheBeginningOfSha256() {
        // printf abc | sha256sum
        assertThat(Digest.of("abc")).isEqualTo("ba7816bf8f01cfea414140de5dae2223");
    }
}
