package dev.monopod.host.image;

import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Removes images when the disk fills up. A loop looks once a minute.
public final class ImageCollector implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ImageCollector.class);
    private static final Pace PACE = Pace.every(Duration.ofMinutes(1)).after(Duration.ofMinutes(1));

    /// More than a file system rounds by.
    private static final Duration TOLERANCE = Duration.ofSeconds(10);

    private final OciImageStore store;
    private final ImageGarbage rules;
    private final Supplier<Set<Path>> wanted;
    private final Room.Measure measure;
    private final Clock clock;
    private final Loop loop;
    private boolean told;

    /// @param wanted disks of the pods that are here
    public ImageCollector(
            OciImageStore store,
            ImageGarbage rules,
            Supplier<Set<Path>> wanted,
            Clock clock,
            Loops loops) {
        this(store, rules, wanted, () -> Room.space(store.directory()), clock, loops);
    }

    ImageCollector(
            OciImageStore store,
            ImageGarbage rules,
            Supplier<Set<Path>> wanted,
            Room.Measure measure,
            Clock clock,
            Loops loops) {
        this.store = store;
        this.rules = rules;
        this.wanted = wanted;
        this.measure = measure;
        this.clock = clock;
        this.loop = loops.lasting("image-collector", PACE, this::collect);
    }

    public void start() {
        loop.start();
    }

    /// A look, soon.
    void nudge() {
        loop.nudge();
    }

    /// One look.
    void collect(Loop.Signs signs) throws IOException {
        var images = store.all();
        var open = OpenFiles.among(images.stream().map(i -> store.disk(i.digest())).toList());
        open.addAll(wanted.get());
        var inUse =
                images.stream()
                        .map(ImageRecords.Stored::digest)
                        .filter(digest -> open.contains(store.disk(digest)))
                        .collect(Collectors.toSet());
        store.used(inUse);
        var now = clock.instant();
        store.used(ofTheFuture(images, now));
        var space = measure.now();
        var chosen = rules.chosen(space, images, inUse, now);
        for (var image : chosen) {
            // A large image takes a while.
            signs.works();
            if (store.remove(image.digest())) {
                LOG.info(
                        "image {} {} removed: the disk is {} % full, last used {}, {} bytes",
                        image.references(),
                        image.digest(),
                        100 - space.usable() * 100 / space.total(),
                        image.lastUsed(),
                        image.bytes());
            }
        }
        var stuck = rules.excess(space) > 0 && chosen.isEmpty();
        if (stuck && !told) {
            LOG.warn(
                    "the disk of {} is filling up, and no image can be removed", store.directory());
        }
        told = stuck;
    }

    /// Used while the clock was ahead: their age counts from now on, or they would stay until the
    /// clock has come to that time.
    private static Set<String> ofTheFuture(List<ImageRecords.Stored> images, Instant now) {
        return images.stream()
                .filter(image -> image.lastUsed().isAfter(now.plus(TOLERANCE)))
                .map(ImageRecords.Stored::digest)
                .collect(Collectors.toSet());
    }

    @Override
    public void close() {
        loop.close();
    }
}
