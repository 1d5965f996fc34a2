package dev.monopod.controller.loadbalancing;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One round over objects of many tenants: what fails for one of them is tried again in the next
/// round, and holds up no other. One caller.
final class Attempts {
    private static final Logger LOG = LoggerFactory.getLogger(Attempts.class);

    private boolean failed;

    /// @param what whose it is, for people
    void make(Object what, Runnable attempt) {
        try {
            attempt.run();
        } catch (RuntimeException | StackOverflowError e) {
            failed = true;
            LOG.info("failed to settle {}, retrying: {}", what, e.toString());
        }
    }

    boolean failed() {
        return failed;
    }
}
