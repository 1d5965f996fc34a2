package dev.monopod.cli.installation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class KubeconfigsTest {
    @TempDir private Path home;
    private Path target;
    private Path source;

    @BeforeEach
    void writeSource() throws IOException {
        target = home.resolve(".kube/config");
        source = Files.writeString(home.resolve("admin.kubeconfig"), "kind: Config\n");
    }

    @Test
    void writesOneThatOnlyItsOwnerReads() throws IOException {
        new Kubeconfigs(home).publish(source);

        assertThat(target).content().endsWith("kind: Config\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target)))
                .isEqualTo("rw-------");
    }

    @Test
    void replacesItsOwnAndRemovesIt() throws IOException {
        Kubeconfigs kubeconfigs = new Kubeconfigs(home);
        kubeconfigs.publish(source);
        Files.writeString(source, "kind: Changed\n");

        kubeconfigs.publish(source);
        assertThat(target).content().endsWith("kind: Changed\n");

        kubeconfigs.withdraw();
        assertThat(target).doesNotExist();
    }

    @Test
    void leavesSomebodyElsesAlone() throws IOException {
        Files.createDirectories(target.getParent());
        Files.writeString(target, "kind: Theirs\n");
        Kubeconfigs kubeconfigs = new Kubeconfigs(home);

        String hint = kubeconfigs.publish(source);
        kubeconfigs.withdraw();

        assertThat(hint).isEqualTo("export KUBECONFIG=" + source);
        assertThat(target).hasContent("kind: Theirs");
    }
}
