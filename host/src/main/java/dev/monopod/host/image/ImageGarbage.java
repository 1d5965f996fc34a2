package dev.monopod.host.image;

import dev.monopod.host.image.ImageRecords.Stored;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/// Decides which images go: those that were never whole and nobody wants, at once, since each tag
/// of a registry can leave one; others when the disk fills up, by the kubelet's rules: above the
/// high threshold as many as it takes to come down to the low one, those unused for longest first;
/// never one that is in use or younger than the minimum age.
///
/// @param highPercent of the file system in use, from which on images are removed
/// @param lowPercent to which images are removed
/// @param minimumAge since an image was last wanted
public record ImageGarbage(int highPercent, int lowPercent, Duration minimumAge) {
    private static final int WHOLE = 100;

    /// Longer than a pull that is tried again takes to be tried.
    private static final Duration ABANDONED = Duration.ofHours(1);

    public ImageGarbage {
        if (lowPercent < 0 || highPercent > WHOLE || lowPercent > highPercent) {
            throw new IllegalArgumentException(
                    "image garbage collection: thresholds must be 0 ≤ low ≤ high ≤ 100, and are %d and %d"
                            .formatted(lowPercent, highPercent));
        }
    }

    /// What to remove, in this order.
    ///
    /// @param inUse digests
    List<Stored> chosen(Room.Space space, List<Stored> images, Set<String> inUse, Instant now) {
        var excess = excess(space);
        var candidates =
                images.stream()
                        .filter(image -> !inUse.contains(image.digest()))
                        .filter(image -> !image.lastUsed().plus(minimumAge).isAfter(now))
                        .sorted(Comparator.comparing(Stored::lastUsed))
                        .toList();
        var chosen = new ArrayList<Stored>();
        for (var image : candidates) {
            var abandoned = !image.whole() && !image.lastUsed().plus(ABANDONED).isAfter(now);
            if (excess > 0 || abandoned) {
                chosen.add(image);
                excess -= image.bytes();
            }
        }
        return chosen;
    }

    /// Bytes above the low threshold, if the high one is reached; else 0.
    long excess(Room.Space space) {
        if (space.total() <= 0) {
            return 0;
        }
        var used = space.total() - space.usable();
        return used * WHOLE >= space.total() * highPercent
                ? used - space.total() / WHOLE * lowPercent
                : 0;
    }
}
