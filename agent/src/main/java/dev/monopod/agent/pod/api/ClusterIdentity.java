package dev.monopod.agent.pod.api;

import dev.monopod.host.file.FileWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.Supplier;

/// Which cluster the pods of this host came from: the UID of its namespace `kube-system`, noted in
/// a file when the host first met it. Another cluster at the same address has another.
final class ClusterIdentity {
    private final Path file;
    private final Supplier<String> asked;

    /// The API server was last seen to be another cluster's.
    private boolean other;

    /// @param asked the UID as the API server has it now
    ClusterIdentity(Path file, Supplier<String> asked) {
        this.file = file;
        this.asked = asked;
    }

    /// Whether the API server is that of the cluster that is noted.
    ///
    /// @throws RuntimeException when the API server does not answer
    synchronized boolean same() {
        var now = asked.get();
        if (!Files.exists(file)) {
            note(now);
        }
        other = !read().equals(now);
        return !other;
    }

    /// Nothing of the old cluster is left here: from now on this is the cluster.
    synchronized void settle() {
        if (other) {
            note(asked.get());
            other = false;
        }
    }

    private String read() {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void note(String uid) {
        try {
            var fresh = file.resolveSibling(file.getFileName() + ".new");
            FileWriter.real().write(fresh, (uid + "\n").getBytes(StandardCharsets.UTF_8));
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
