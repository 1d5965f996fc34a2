package dev.monopod.host.image;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Images of this host, each one read-only squashfs file per image digest, shared by all machines.
/// Thread-safe; calls block and are meant for virtual threads; interrupting the thread cancels.
public interface ImageStore {
    /// Finds out which image a reference means, and makes sure that its disk file exists (possibly
    /// still empty, with its final apparent size of [#DISK_BYTES]), so that a machine can be
    /// started with it while [#fetch] goes on. `IF_NOT_PRESENT` and `NEVER` answer from what is
    /// here, without asking the registry, when the reference is known, and was pulled by anyone or
    /// by the same credentials.
    ///
    /// @throws ImageException that says why it can't be had
    ResolvedImage resolve(String reference, PullPolicy policy, PullIdentity identity);

    /// Returns when the image's disk holds the whole image, verified: its size in bytes, as
    /// shipped. At once when it is there already. Concurrent calls for one digest share the work.
    ///
    /// @throws ImageException that says why it can't be had
    long fetch(ResolvedImage image, PullIdentity identity, Consumer<PullProgress> progress);

    /// Whether the image's disk is whole.
    boolean present(ResolvedImage image);

    /// Imports every image of an OCI layout or `docker save` tar; returns the references that it
    /// can be used by.
    List<String> load(Path tar);

    /// Apparent size of every image disk.
    long DISK_BYTES = 16L << 30;

    /// As in the pod spec.
    enum PullPolicy {
        ALWAYS,
        IF_NOT_PRESENT,
        NEVER
    }

    /// One way to authenticate.
    ///
    /// @param registry for which images: `host[:port][/path]`; labels of the host may hold
    ///   wildcards
    record RegistryCredential(String registry, String username, String password) {}

    /// As whom an image is pulled. Asked only when it matters, since it costs calls of the API.
    interface PullIdentity {
        /// From the pod's image pull secrets.
        List<RegistryCredential> secrets();

        /// ARN of the pod execution role, for credential provider plugins; may be empty.
        String executionRole();

        static PullIdentity anyone() {
            return with(List.of());
        }

        static PullIdentity with(List<RegistryCredential> secrets) {
            return new PullIdentity() {
                @Override
                public List<RegistryCredential> secrets() {
                    return List.copyOf(secrets);
                }

                @Override
                public String executionRole() {
                    return "";
                }
            };
        }
    }

    /// What a reference meant when it was resolved.
    ///
    /// @param imageId `repository@sha256:…`, for the container status
    /// @param digest of the platform's manifest, `sha256:…`
    /// @param disk squashfs file, attached read-only
    /// @param present whether the disk was whole when this was resolved
    record ResolvedImage(
            String reference,
            String imageId,
            String digest,
            Path disk,
            boolean present,
            ImageConfig config) {}

    /// The parts of the OCI image configuration that a container needs.
    ///
    /// @param volumes folders that a container may write whatever its root is; absolute
    record ImageConfig(
            List<String> entrypoint,
            List<String> command,
            List<String> environment,
            String workingDirectory,
            String user,
            Optional<String> stopSignal,
            Map<String, String> labels,
            List<String> volumes) {
        public ImageConfig {
            // What an earlier version recorded has none.
            volumes = List.copyOf(Objects.requireNonNullElse(volumes, List.of()));
        }

        /// Characters of all of it.
        long length() {
            var lists = Stream.of(entrypoint, command, environment, volumes).flatMap(List::stream);
            var pairs = Stream.concat(labels.keySet().stream(), labels.values().stream());
            var single = Stream.concat(Stream.of(workingDirectory, user), stopSignal.stream());
            return Stream.of(lists, pairs, single)
                    .flatMap(all -> all)
                    .mapToLong(text -> text.length() + 32L)
                    .sum();
        }
    }

    /// How far a pull is.
    record PullProgress(long bytesDone, long bytesTotal) {}
}
