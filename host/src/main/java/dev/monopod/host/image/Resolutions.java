package dev.monopod.host.image;

import dev.monopod.host.image.ImageRecords.Known;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What registries answered about references whose images are not whole yet. It is recorded when
/// they are: a pull that fails, is cancelled or killed leaves its reference as it was. The last
/// answer about a reference wins, whichever pull ends first. Thread-safe.
final class Resolutions {
    /// One that is gone is asked for once more.
    private static final int MOST_OPEN = 128;

    private final ImageRecords records;
    private final Map<Key, Resolution> open = new Recent<>(MOST_OPEN);
    private final Map<String, Recorded> recorded = new Recent<>(ImageRecords.MOST_REFERENCES);
    private long answers;

    /// Whose answer it is: what the registry lets one in for is no other's.
    ///
    /// @param holders all that the one who asked may hold the image as
    record Key(String name, String digest, Set<String> holders) {
        Key {
            holders = Set.copyOf(holders);
        }
    }

    /// @param number grows from answer to answer; 0 for an answer of an earlier process
    record Resolution(ImageManifest manifest, Known known, long number) {}

    private record Recorded(String digest, long number) {}

    private static final class Recent<K, V> extends LinkedHashMap<K, V> {
        private static final long serialVersionUID = 1;

        private final int most;

        Recent(int most) {
            this.most = most;
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > most;
        }
    }

    Resolutions(ImageRecords records) {
        this.records = records;
    }

    synchronized Resolution answered(Key key, ImageManifest manifest, Known known) {
        answers++;
        var resolution = new Resolution(manifest, known, answers);
        open.put(key, resolution);
        return resolution;
    }

    synchronized Optional<Resolution> answer(Key key) {
        return Optional.ofNullable(open.get(key));
    }

    /// Records what the reference means, now that the image is whole, unless a later answer has
    /// been recorded.
    synchronized void whole(Key key, Resolution resolution) throws IOException {
        open.remove(key);
        var last = recorded.getOrDefault(key.name(), new Recorded(key.digest(), 0));
        var late = last.number() > resolution.number();
        if (late && !last.digest().equals(key.digest())) {
            return;
        }
        records.remember(key.name(), resolution.known());
        if (!late) {
            recorded.put(key.name(), new Recorded(key.digest(), resolution.number()));
        }
    }
}
