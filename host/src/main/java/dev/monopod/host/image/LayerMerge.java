package dev.monopod.host.image;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;

/// Decides which entries of an image's layers show in the merged file system. Layers are looked at
/// from the top down, each one once; then [#survives] answers. Source: OCI image specification,
/// "Whiteouts".
final class LayerMerge {
    private static final String WHITEOUT = ".wh.";
    private static final String OPAQUE = ".wh..wh..opq";

    /// Which entry of which layer won a path.
    private record Winner(int layer, int entry) {}

    private final Map<String, Winner> winners = new HashMap<>();
    private final Set<String> directories = new HashSet<>();
    private final Set<String> others = new HashSet<>();
    private final Set<String> removed = new HashSet<>();
    private final Set<String> opaque = new HashSet<>();

    /// One layer's entries, in order.
    ///
    /// @param path normalised; see [#path]
    record Entry(String path, boolean directory) {}

    void layer(int layer, List<Entry> entries) {
        var newDirectories = new ArrayList<String>();
        var newOthers = new ArrayList<String>();
        var newRemoved = new ArrayList<String>();
        var newOpaque = new ArrayList<String>();
        var own = new HashMap<String, Integer>();
        for (var i = 0; i < entries.size(); i++) {
            var entry = entries.get(i);
            var parent = parent(entry.path());
            var name = entry.path().substring(parent.isEmpty() ? 0 : parent.length() + 1);
            if (name.equals(OPAQUE)) {
                newOpaque.add(parent);
            } else if (name.startsWith(WHITEOUT)) {
                var hidden = name.substring(WHITEOUT.length());
                newRemoved.add(parent.isEmpty() ? hidden : parent + "/" + hidden);
            } else if (!hidden(entry)) {
                own.put(entry.path(), i);
                (entry.directory() ? newDirectories : newOthers).add(entry.path());
            }
        }
        own.forEach((path, i) -> winners.put(path, new Winner(layer, i)));
        directories.addAll(newDirectories);
        others.addAll(newOthers);
        removed.addAll(newRemoved);
        opaque.addAll(newOpaque);
    }

    boolean survives(int layer, int entry, String path) {
        return new Winner(layer, entry).equals(winners.get(path));
    }

    /// Whether a higher layer has replaced or removed it, or a directory above it.
    private boolean hidden(Entry entry) {
        var path = entry.path();
        if (directories.contains(path) || others.contains(path) || removed.contains(path)) {
            return true;
        }
        for (var above = parent(path); ; above = parent(above)) {
            if (opaque.contains(above)) {
                return true;
            }
            if (above.isEmpty()) {
                return false;
            }
            if (others.contains(above) || removed.contains(above)) {
                return true;
            }
        }
    }

    private static String parent(String path) {
        var slash = path.lastIndexOf('/');
        return slash < 0 ? "" : path.substring(0, slash);
    }

    static Entry entry(TarArchiveEntry entry) throws UnfitLayerException {
        return new Entry(path(entry.getName()), entry.isDirectory());
    }

    /// A path within the image: no leading or doubled slashes, no `.`; empty for the root.
    ///
    /// @throws UnfitLayerException for one that would leave the image, or that no file system has;
    ///   without its words
    static String path(String name) throws UnfitLayerException {
        if (name.length() > LayerBounds.LONGEST_PATH) {
            throw new UnfitLayerException(
                    "an entry of a layer has a path of %d characters, and may have %d"
                            .formatted(name.length(), LayerBounds.LONGEST_PATH));
        }
        var parts = new ArrayList<String>();
        for (var part : name.split("/")) {
            if (part.equals("..")) {
                throw new UnfitLayerException("an entry of a layer leaves the image");
            }
            if (part.length() > LayerBounds.LONGEST_NAME
                    || parts.size() >= LayerBounds.DEEPEST_PATH) {
                throw new UnfitLayerException(
                        "an entry of a layer has a name of more than %d characters, or lies more than %d folders deep"
                                .formatted(LayerBounds.LONGEST_NAME, LayerBounds.DEEPEST_PATH));
            }
            if (!part.isEmpty() && !part.equals(".")) {
                parts.add(part);
            }
        }
        return String.join("/", parts);
    }
}
