package dev.monopod.host.image;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Looks after the images of a store for `monopod image`: `list DIRECTORY`, `remove DIRECTORY
/// IMAGE…`. Lists one image a line: digest, bytes, whether it is in use, when it was last wanted,
/// and its references.
public final class ImageMain {
    private ImageMain() {}

    public static void main(String[] args) {
        if (args.length < 2 || !List.of("list", "remove").contains(args[0])) {
            System.err.println("usage: list DIRECTORY | remove DIRECTORY IMAGE...");
            System.exit(2);
        }
        var store = new OciImageStore(Path.of(args[1]), new RegistryConfiguration(List.of()));
        try {
            if (args[0].equals("list")) {
                list(store);
            } else {
                for (var image : List.of(args).subList(2, args.length)) {
                    remove(store, image);
                }
            }
        } catch (IOException | ImageException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }

    private static void list(OciImageStore store) throws IOException {
        var images = store.all();
        var open = OpenFiles.among(images.stream().map(i -> store.disk(i.digest())).toList());
        for (var image : images) {
            var state =
                    open.contains(store.disk(image.digest()))
                            ? "used"
                            : image.whole() ? "unused" : "incomplete";
            System.out.println(
                    String.join(
                            "\t",
                            image.digest(),
                            Long.toString(image.bytes()),
                            state,
                            image.lastUsed().toString(),
                            String.join(",", image.references())));
        }
    }

    /// @param text a reference, or a digest or its beginning
    private static void remove(OciImageStore store, String text) throws IOException {
        var images = store.all();
        var chosen =
                images.stream()
                        .filter(image -> numbered(image, text) || named(image, text))
                        .toList();
        if (chosen.size() != 1) {
            throw new IOException(
                    chosen.isEmpty()
                            ? "image \"" + text + "\" is not here"
                            : "\"" + text + "\" means " + chosen.size() + " images");
        }
        var image = chosen.getFirst();
        if (!OpenFiles.among(List.of(store.disk(image.digest()))).isEmpty()) {
            throw new IOException("image \"" + text + "\" is used by a machine");
        }
        store.remove(image.digest());
        System.out.println(image.digest());
    }

    private static boolean numbered(ImageRecords.Stored image, String text) {
        return text.matches("(sha256:)?[0-9a-f]{6,64}")
                && image.digest()
                        .substring("sha256:".length())
                        .startsWith(text.replace("sha256:", ""));
    }

    private static boolean named(ImageRecords.Stored image, String text) {
        try {
            return image.references().contains(ImageReference.parse(text).toString());
        } catch (ImageException e) {
            return false;
        }
    }
}
