package dev.monopod.host.image;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Removes images when the disk fills up. One thread looks once a minute.
public final class ImageCollector implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ImageCollector.class);
    private static final Duration INTERVAL = Duration.ofMinutes(1);

    private final OciImageStore store;
    private final ImageGarbage rules;
    private final Supplier<Set<Path>> wanted;
    private final Room.Measure measure;
    private final Clock clock;
    private final CountDownLatch closing = new CountDownLatch(1);
    private boolean told;

    /// @param wanted disks of the pods that are here
    public ImageCollector(
            OciImageStore store, ImageGarbage rules, Supplier<Set<Path>> wanted, Clock clock) {
        this(store, rules, wanted, () -> Room.space(store.directory()), clock);
    }

    ImageCollector(
            OciImageStore store,
            ImageGarbage rules,
            Supplier<Set<Path>> wanted,
            Room.Measure measure,
            Clock clock) {
        this.store = store;
        this.rules = rules;
        this.wanted = wanted;
        this.measure = measure;
        this.clock = clock;
    }

    public void start() {
        Thread.ofVirtual()
                .name("image-collector")
                .start(() -> {
                    try {
                        while (!closing.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
                            collect();
                        }
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
    }

    /// One look.
    void collect() {
        try {
            var images = store.all();
            var open = OpenFiles.among(images.stream().map(i -> store.disk(i.digest())).toList());
            open.addAll(wanted.get());
            var inUse =
                    images.stream()
                            .map(ImageRecords.Stored::digest)
                            .filter(digest -> open.contains(store.disk(digest)))
                            .collect(Collectors.toSet());
            store.used(inUse);
            var space = measure.now();
            var chosen = rules.chosen(space, images, inUse, clock.instant());
            for (var image : chosen) {
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
                        "the disk of {} is filling up, and no image can be removed",
                        store.directory());
            }
            told = stuck;
        } catch (IOException e) {
            LOG.warn("cannot look for images to remove: {}", e.toString());
        } catch (RuntimeException e) {
            LOG.error("failed to look for images to remove", e);
        }
    }

    @Override
    public void close() {
        closing.countDown();
    }
}
