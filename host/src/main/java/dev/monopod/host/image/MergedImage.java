package dev.monopod.host.image;

import com.github.luben.zstd.ZstdInputStream;
import dev.monopod.host.image.LayerMerge.Entry;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/// Layers (bottom first) as one tar stream without whiteouts. Nothing is ever unpacked on the host.
final class MergedImage {
    private final List<Path> layers;
    private final List<String> diffIds;
    private final LayerBounds bounds;
    private final LayerMerge merge = new LayerMerge();

    /// For each hard link that survives while the file that it names does not: that file's path, by
    /// layer.
    private final Map<Integer, Map<String, List<String>>> orphanedLinks = new HashMap<>();

    /// @param diffIds digests of the uncompressed layers, verified while reading
    MergedImage(List<Path> layers, List<String> diffIds) {
        this(layers, diffIds, new LayerBounds());
    }

    MergedImage(List<Path> layers, List<String> diffIds, LayerBounds bounds) {
        this.bounds = bounds;
        this.layers = layers;
        this.diffIds = diffIds;
    }

    void writeTo(OutputStream out) throws IOException {
        decide();
        try (var tar = new TarArchiveOutputStream(out, "UTF-8")) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
            for (var layer = 0; layer < layers.size(); layer++) {
                copy(layer, tar);
            }
        }
    }

    private void decide() throws IOException {
        for (var layer = layers.size() - 1; layer >= 0; layer--) {
            var entries = new ArrayList<Entry>();
            var links = new HashMap<Integer, String>();
            var digest = ImageManifest.sha256();
            try (var raw = new DigestInputStream(bounds.counted(decompress(layer)), digest)) {
                look(new PaxAttributes(raw), entries, links);
                raw.transferTo(OutputStream.nullOutputStream());
            } catch (IOException | RuntimeException e) {
                throw unreadable(layer, e);
            }
            var found = "sha256:" + HexFormat.of().formatHex(digest.digest());
            if (!found.equals(diffIds.get(layer))) {
                throw new IOException(
                        "layer %d is %s, and the configuration says %s"
                                .formatted(layer, found, diffIds.get(layer)));
            }
            merge.layer(layer, entries);
            rememberOrphans(layer, entries, links);
        }
    }

    private void look(InputStream layer, List<Entry> entries, Map<Integer, String> links)
            throws IOException {
        var tar = new TarArchiveInputStream(layer, "UTF-8");
        for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
            if (entry.isLink()) {
                var target = LayerMerge.path(entry.getLinkName());
                bounds.entry(target);
                links.put(entries.size(), target);
            }
            var found = LayerMerge.entry(entry);
            bounds.entry(found.path());
            entries.add(found);
        }
    }

    /// The words of the libraries may be the layer's own.
    private static IOException unreadable(int layer, Exception e) {
        return new IOException(
                "layer %d cannot be read: %s"
                        .formatted(
                                layer,
                                e instanceof UnfitLayerException
                                        ? e.getMessage()
                                        : "it is no tar, or a damaged one"),
                e);
    }

    private void rememberOrphans(int layer, List<Entry> entries, Map<Integer, String> links) {
        if (links.isEmpty()) {
            return;
        }
        var surviving = new HashMap<String, Boolean>();
        for (var i = 0; i < entries.size(); i++) {
            surviving.put(entries.get(i).path(), merge.survives(layer, i, entries.get(i).path()));
        }
        links.forEach((i, target) -> {
            var path = entries.get(i).path();
            if (merge.survives(layer, i, path) && !surviving.getOrDefault(target, Boolean.FALSE)) {
                orphanedLinks
                        .computeIfAbsent(layer, l -> new HashMap<>())
                        .computeIfAbsent(target, t -> new ArrayList<>())
                        .add(path);
            }
        });
    }

    private void copy(int layer, TarArchiveOutputStream out) throws IOException {
        var orphans = orphanedLinks.getOrDefault(layer, Map.of());
        var attributes = new PaxAttributes(decompress(layer));
        try (var in = new TarArchiveInputStream(attributes, "UTF-8")) {
            var number = 0;
            for (var entry = in.getNextEntry();
                    entry != null;
                    entry = in.getNextEntry(), number++) {
                var path = LayerMerge.path(entry.getName());
                if (path.isEmpty()) {
                    continue;
                }
                if (merge.survives(layer, number, path)) {
                    if (!entry.isLink()) {
                        put(entry, path, attributes.current(), in, out);
                    } else if (!orphans.containsKey(LayerMerge.path(entry.getLinkName()))) {
                        link(entry, path, LayerMerge.path(entry.getLinkName()), out);
                    }
                } else if (entry.isFile() && orphans.containsKey(path)) {
                    // The name is gone, the content lives on under its other names.
                    var names = orphans.get(path);
                    put(entry, names.getFirst(), attributes.current(), in, out);
                    for (var other : names.subList(1, names.size())) {
                        link(entry, other, names.getFirst(), out);
                    }
                }
            }
        }
    }

    private static void put(
            TarArchiveEntry entry,
            String path,
            Map<String, byte[]> attributes,
            InputStream content,
            TarArchiveOutputStream out)
            throws IOException {
        var copy =
                entry.isSymbolicLink()
                        ? new TarArchiveEntry(path, TarConstants.LF_SYMLINK)
                        : new TarArchiveEntry(path + (entry.isDirectory() ? "/" : ""), type(entry));
        if (entry.isSymbolicLink()) {
            copy.setLinkName(entry.getLinkName());
        }
        if (entry.isCharacterDevice() || entry.isBlockDevice()) {
            copy.setDevMajor(entry.getDevMajor());
            copy.setDevMinor(entry.getDevMinor());
        }
        describe(copy, entry);
        // As text, since the tar library writes nothing else; sqfstar takes no padding.
        attributes.forEach((name, value) ->
                copy.addPaxHeader(
                        "LIBARCHIVE.xattr." + name,
                        Base64.getEncoder().withoutPadding().encodeToString(value)));
        if (entry.isFile()) {
            copy.setSize(entry.getRealSize());
        }
        out.putArchiveEntry(copy);
        if (entry.isFile()) {
            content.transferTo(out);
        }
        out.closeArchiveEntry();
    }

    private static void link(
            TarArchiveEntry entry, String path, String target, TarArchiveOutputStream out)
            throws IOException {
        var copy = new TarArchiveEntry(path, TarConstants.LF_LINK);
        copy.setLinkName(target);
        describe(copy, entry);
        out.putArchiveEntry(copy);
        out.closeArchiveEntry();
    }

    private static void describe(TarArchiveEntry copy, TarArchiveEntry entry) {
        copy.setMode(entry.getMode());
        copy.setUserId(entry.getLongUserId());
        copy.setGroupId(entry.getLongGroupId());
        copy.setModTime(entry.getModTime());
    }

    private static byte type(TarArchiveEntry entry) {
        if (entry.isDirectory()) {
            return TarConstants.LF_DIR;
        }
        if (entry.isCharacterDevice()) {
            return TarConstants.LF_CHR;
        }
        if (entry.isBlockDevice()) {
            return TarConstants.LF_BLK;
        }
        return entry.isFIFO() ? TarConstants.LF_FIFO : TarConstants.LF_NORMAL;
    }

    /// By the first bytes, whatever the media type says.
    private InputStream decompress(int layer) throws IOException {
        var in = new BufferedInputStream(Files.newInputStream(layers.get(layer)), 1 << 16);
        in.mark(4);
        var magic = in.readNBytes(4);
        in.reset();
        if (magic.length >= 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b) {
            return new GZIPInputStream(in, 1 << 16);
        }
        if (magic.length == 4
                && magic[0] == 0x28
                && magic[1] == (byte) 0xb5
                && magic[2] == 0x2f
                && magic[3] == (byte) 0xfd) {
            return new ZstdInputStream(in);
        }
        return in;
    }
}
