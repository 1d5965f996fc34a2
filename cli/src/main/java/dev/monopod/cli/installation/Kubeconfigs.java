package dev.monopod.cli.installation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// Gives the user's kubectl its configuration without touching one that somebody else wrote.
public record Kubeconfigs(Path home) {
    private static final String MARK = "# Written by `monopod up`; `monopod down` removes it.\n";

    /// Those of the user who runs this; kubectl too goes by `HOME`.
    public static Kubeconfigs ofUser() {
        var home = System.getenv("HOME");
        return new Kubeconfigs(
                Path.of(home == null || home.isBlank() ? System.getProperty("user.home") : home));
    }

    /// Copies the kubeconfig to `~/.kube/config` if there is none, or one of ours.
    ///
    /// @return a command that the user must run for kubectl to find the cluster; empty if none
    public String publish(Path kubeconfig) {
        var target = userFile();
        try {
            if (Files.exists(target) && !Files.readString(target).startsWith(MARK)) {
                return "export KUBECONFIG=" + kubeconfig;
            }
            Files.createDirectories(target.getParent());
            var fresh = target.resolveSibling("config.monopod");
            Files.deleteIfExists(fresh);
            Files.createFile(
                    fresh,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------")));
            Files.writeString(fresh, MARK + Files.readString(kubeconfig));
            Files.move(
                    fresh,
                    target,
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING,
                    java.nio.file.StandardCopyOption.ATOMIC_MOVE);
            var variable = System.getenv("KUBECONFIG");
            return variable == null || variable.isBlank() ? "" : "unset KUBECONFIG";
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /// Removes what [#publish] wrote.
    public void withdraw() {
        var target = userFile();
        try {
            if (Files.exists(target) && Files.readString(target).startsWith(MARK)) {
                Files.delete(target);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private Path userFile() {
        return home.resolve(".kube").resolve("config");
    }
}
