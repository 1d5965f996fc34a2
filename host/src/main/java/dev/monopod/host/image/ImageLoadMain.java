package dev.monopod.host.image;

import java.nio.file.Path;
import java.util.List;

/// Loads the images of a tar into an image store, for `monopod image load`: `DIRECTORY TAR`. Prints
/// each name that they can be used by.
public final class ImageLoadMain {
    private ImageLoadMain() {}

    public static void main(String[] args) {
        if (args.length != 2) {
            System.err.println("usage: image-load DIRECTORY TAR");
            System.exit(2);
        }
        try {
            new OciImageStore(Path.of(args[0]), new RegistryConfiguration(List.of()))
                    .load(Path.of(args[1]))
                    .forEach(System.out::println);
        } catch (ImageException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }
}
