package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;

class PaxAttributesTest {
    private static final String CAPABILITY = "security.capability";

    /// cap_setuid has the bit that UTF-8 spoils.
    private static final byte[] VALUE = {1, 0, 0, 2, (byte) 0x80, 0x20, 0, 0, 0, 0, 0, 0};

    private static Map<String, Map<String, byte[]>> read(InputStream in) throws IOException {
        var found = new TreeMap<String, Map<String, byte[]>>();
        var attributes = new PaxAttributes(in);
        try (var tar = new TarArchiveInputStream(attributes, "UTF-8")) {
            for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                found.put(entry.getName(), attributes.current());
            }
        }
        return found;
    }

    @Test
    void givesAnEntryItsOwnAttributesByteByByte() throws IOException {
        var tar =
                new Tars()
                        .file("before", "x".repeat(5000))
                        .file("ping", "x", CAPABILITY, VALUE)
                        .directory("d")
                        .file("d/n", "y", "user.k", new byte[] {'v'})
                        .file("after", "")
                        .bytes();

        var found = read(new ByteArrayInputStream(tar));

        assertThat(found.get("ping")).containsOnlyKeys(CAPABILITY);
        assertThat(found.get("ping").get(CAPABILITY)).isEqualTo(VALUE);
        assertThat(found.get("d/n")).containsOnlyKeys("user.k");
        assertThat(found.get("before")).isEmpty();
        assertThat(found.get("d/")).isEmpty();
        assertThat(found.get("after")).isEmpty();
    }

    @Test
    void leavesOutWhatTheMachineWouldTakeForItsOwn() throws IOException {
        var tar = new Tars().file("f", "x", "trusted.overlay.opaque", new byte[] {'y'}).bytes();

        assertThat(read(new ByteArrayInputStream(tar)).get("f")).isEmpty();
    }

    @Test
    void refusesBytesThatAreNoTar() {
        var bytes = new byte[3000];
        java.util.Arrays.fill(bytes, (byte) 7);

        assertThatThrownBy(() -> new PaxAttributes(new ByteArrayInputStream(bytes)).readAllBytes())
                .hasMessage("it is no tar, or a damaged one");
    }
}
