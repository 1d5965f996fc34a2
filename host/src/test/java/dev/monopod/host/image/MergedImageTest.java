package dev.monopod.host.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MergedImageTest {
    @TempDir Path folder;

    @Test
    void aWhiteoutRemovesAFileAndAFolder() throws IOException {
        var low = new Tars().directory("d").file("d/a", "1").file("d/b", "2").file("c", "3");
        var high = new Tars().file("d/.wh.a", "").file(".wh.c", "");
        assertEquals(Map.of("d", "/", "d/b", "2"), merge(low, high));
        assertEquals(
                Map.of("c", "3"),
                merge(
                        new Tars().directory("d").file("d/a", "1").file("c", "3"),
                        new Tars().file(".wh.d", "")));
    }

    @Test
    void aWhiteoutDoesNotHideWhatItsOwnLayerPutsThere() throws IOException {
        var low = new Tars().directory("d").file("d/a", "1");
        var high = new Tars().file(".wh.d", "").directory("d").file("d/b", "2");
        assertEquals(Map.of("d", "/", "d/b", "2"), merge(low, high));
    }

    @Test
    void anOpaqueFolderHidesOnlyWhatIsBelow() throws IOException {
        var low = new Tars().directory("d").file("d/a", "1").directory("d/e").file("d/e/f", "2");
        var high = new Tars().directory("d").file("d/b", "3").file("d/.wh..wh..opq", "");
        assertEquals(Map.of("d", "/", "d/b", "3"), merge(low, high));
    }

    @Test
    void aFileReplacesAFolderWithAllThatIsInIt() throws IOException {
        var low = new Tars().directory("d").file("d/a", "1");
        assertEquals(Map.of("d", "file"), merge(low, new Tars().file("d", "file")));
    }

    @Test
    void aHardLinkOutlivesTheFileThatItNames() throws IOException {
        var low = new Tars().file("a", "old").hardLink("b", "a").hardLink("c", "a");
        var high = new Tars().file("a", "new");
        assertEquals(Map.of("a", "new", "b", "old", "c", "=b"), merge(low, high));
    }

    @Test
    void aLinkToAHardLinkThatIsGoneStillHasItsContent() throws IOException {
        var low = new Tars().file("a", "x").hardLink("b", "a");
        assertEquals(Map.of("b", "x"), merge(low, new Tars().file(".wh.a", "")));
    }

    @Test
    void theLaterOfTwoEqualEntriesCounts() throws IOException {
        assertEquals(Map.of("a", "2"), merge(new Tars().file("a", "1").file("./a", "2")));
    }

    @Test
    void refusesAnEntryThatLeavesTheImage() {
        assertEquals(
                "layer 0 cannot be read: an entry of a layer leaves the image",
                assertThrows(IOException.class, () -> merge(new Tars().file("a/../../b", "1")))
                        .getMessage());
    }

    @Test
    void refusesALayerThatIsNotTheOneConfigured() throws IOException {
        var file = Files.write(folder.resolve("layer"), new Tars().file("a", "1").bytes());
        var image = new MergedImage(List.of(file), List.of("sha256:" + "0".repeat(64)));
        assertThrows(IOException.class, () -> image.writeTo(new ByteArrayOutputStream()));
    }

    /// Content by path; `/` for a folder, `=PATH` for a hard link.
    private Map<String, String> merge(Tars... layers) throws IOException {
        var files = new ArrayList<Path>();
        var digests = new ArrayList<String>();
        for (var layer : layers) {
            var bytes = layer.bytes();
            files.add(Files.write(folder.resolve("layer" + files.size()), bytes));
            digests.add(ImageManifest.digest(bytes));
        }
        var out = new ByteArrayOutputStream();
        new MergedImage(files, digests).writeTo(out);
        var found = new TreeMap<String, String>();
        try (var tar =
                new TarArchiveInputStream(new ByteArrayInputStream(out.toByteArray()), "UTF-8")) {
            for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                found.put(
                        LayerMerge.path(entry.getName()),
                        entry.isDirectory()
                                ? "/"
                                : entry.isLink()
                                        ? "=" + entry.getLinkName()
                                        : new String(tar.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return found;
    }
}
