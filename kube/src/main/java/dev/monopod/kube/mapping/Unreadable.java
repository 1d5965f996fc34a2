package dev.monopod.kube.mapping;

import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Holds what one object does wrong to that object: the others are read as if it were not there.
final class Unreadable {
    private static final Logger LOG = LoggerFactory.getLogger(Unreadable.class);

    private Unreadable() {}

    /// What the object says, or `otherwise` where it can't be read.
    static <T> T or(T otherwise, Supplier<T> read) {
        try {
            return read.get();
        } catch (RuntimeException | StackOverflowError malformed) {
            LOG.debug("left out what can't be read", malformed);
            return otherwise;
        }
    }
}
