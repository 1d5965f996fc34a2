package dev.monopod.host.machine;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A machine saved, and restored into another QEMU that has the same devices. Memory that is a file
/// stays there; of other memory pages of zeros take no room, neither on the way nor in the machine.
/// Source: QEMU's QMP reference, `migrate`, `migrate-incoming`, capability `x-ignore-shared`.
final class Migration {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long LOOK_MILLIS = 2;
    private static final long MOST_BYTES_A_SECOND = 10L << 30;

    private Migration() {}

    /// Whether the guest has opened its channel, so that it can be talked to.
    static boolean guestListens(Qmp qmp) throws IOException {
        for (var device : qmp.execute("query-chardev", Map.of())) {
            if (device.path("label").asText().equals("guest")) {
                return device.path("frontend-open").asBoolean();
            }
        }
        return false;
    }

    /// Stops the machine for good and sends it, as fast as it can.
    ///
    /// @param socket as QEMU sees it
    static boolean save(Qmp qmp, Path socket, QemuOrigin.Memory memory) throws IOException {
        qmp.execute("stop", Map.of());
        switch (memory) {
            case OWN -> {}
            case FILE, FILE_AT_FIRST -> leaveFiles(qmp);
        }
        qmp.execute("migrate-set-parameters", Map.of("max-bandwidth", MOST_BYTES_A_SECOND));
        qmp.execute("migrate", Map.of("uri", "unix:" + socket));
        awaitCompletion(qmp);
        return true;
    }

    /// A machine that stands still takes no processor time, and what it is goes on afterwards.
    static boolean halt(Qmp qmp) throws IOException {
        qmp.execute("stop", Map.of());
        return true;
    }

    static boolean resume(Qmp qmp) throws IOException {
        qmp.execute("cont", Map.of());
        return true;
    }

    /// Gives a machine that waits for it what it has open, and lets it run.
    static boolean restore(Qmp qmp, Saved saved) throws IOException {
        switch (saved) {
            case Saved.Whole(_) -> {}
            case Saved.Apart(_, _, _) -> leaveFiles(qmp);
        }
        qmp.execute("migrate-incoming", Map.of("uri", "fd:" + saved.descriptor()));
        awaitCompletion(qmp);
        qmp.execute("cont", Map.of());
        return true;
    }

    private static void leaveFiles(Qmp qmp) throws IOException {
        var capability = Map.of("capability", "x-ignore-shared", "state", true);
        qmp.execute("migrate-set-capabilities", Map.of("capabilities", List.of(capability)));
    }

    private static void awaitCompletion(Qmp qmp) throws IOException {
        var deadline = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            var answer = qmp.execute("query-migrate", Map.of());
            var status = answer.path("status").asText();
            if (status.equals("completed")) {
                return;
            }
            if (status.equals("failed") || status.equals("cancelled")) {
                throw new IOException("migration " + status + ": " + answer.path("error-desc"));
            }
            if (System.nanoTime() - deadline > 0) {
                throw new IOException(
                        "migration has not ended after %d s".formatted(LIMIT.toSeconds()));
            }
            pause();
        }
    }

    private static void pause() throws IOException {
        try {
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
