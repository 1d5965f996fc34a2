package dev.monopod.host.image;

import dev.monopod.host.image.ImageRecords.Stored;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/// The images that a host has on disk, for whoever tends them by hand. Works beside an agent that
/// uses the same folder, and without one.
public final class StoredImages {
    private static final String SHA = "sha256:";

    private final OciImageStore store;

    /// @param programs folder that holds `monopod-jail` and `monopod-layers`
    public StoredImages(Path directory, Path programs) {
        this.store = new OciImageStore(directory, programs, new RegistryConfiguration(List.of()));
    }

    /// Whether an image can be removed, or used at all.
    public enum State {
        USED,
        UNUSED,
        INCOMPLETE
    }

    /// @param bytes on disk
    /// @param references by which pods name it
    public record Image(
            String digest, long bytes, State state, Instant lastUsed, List<String> references) {
        public Image {
            references = List.copyOf(references);
        }
    }

    /// Loads all images of an OCI layout or `docker save` tar.
    ///
    /// @return the references by which they can be used now
    /// @throws ImageException when the tar has a fault, or the disk has no room
    public List<String> load(Path tar) {
        return store.load(tar);
    }

    public List<Image> list() throws IOException {
        var stored = store.all();
        var open = OpenFiles.among(stored.stream().map(it -> store.disk(it.digest())).toList());
        return stored.stream()
                .map(it ->
                        new Image(
                                it.digest(),
                                it.bytes(),
                                open.contains(store.disk(it.digest()))
                                        ? State.USED
                                        : it.whole() ? State.UNUSED : State.INCOMPLETE,
                                it.lastUsed(),
                                it.references()))
                .toList();
    }

    /// Removes one image that no machine uses.
    ///
    /// @param text a reference, or a digest or its beginning
    /// @return its digest
    /// @throws IOException naming the text, if it means no image, several, or one in use
    public String remove(String text) throws IOException {
        var chosen = meant(store.all().stream(), text);
        if (chosen.size() != 1) {
            throw new IOException(
                    chosen.isEmpty()
                            ? "image \"" + text + "\" is not here"
                            : "\"" + text + "\" means " + chosen.size() + " images");
        }
        var digest = chosen.getFirst().digest();
        if (!OpenFiles.among(List.of(store.disk(digest))).isEmpty()) {
            throw new IOException("image \"" + text + "\" is used by a machine");
        }
        store.remove(digest);
        return digest;
    }

    static List<Stored> meant(Stream<Stored> images, String text) {
        return images.filter(image -> numbered(image, text) || named(image, text)).toList();
    }

    private static boolean numbered(Stored image, String text) {
        return text.matches("(sha256:)?[0-9a-f]{6,64}")
                && image.digest().substring(SHA.length()).startsWith(text.replace(SHA, ""));
    }

    private static boolean named(Stored image, String text) {
        try {
            return image.references().contains(ImageReference.parse(text).toString());
        } catch (ImageException notAReference) {
            return false;
        }
    }
}
