package dev.monopod.agent.pod.log;

import dev.monopod.agent.pod.scope.PodView;
import java.io.IOException;
import java.nio.file.Path;

/// Sends what pods write to where the cluster's logging configuration says. Thread-safe.
public interface LogDelivery {
    /// Nothing is sent.
    LogDelivery NONE =
            new LogDelivery() {
                @Override
                public void begin(PodView view) {}

                @Override
                public void end(String uid, Path podDirectory) {}
            };

    /// The pod has a worker: follows its logs, if its Machine says so. May be called again. Never
    /// throws.
    void begin(PodView view);

    /// The pod's directory is about to go, and nothing writes to it any more: takes what is still
    /// to be sent out of it. May be called again.
    void end(String uid, Path podDirectory) throws IOException;
}
