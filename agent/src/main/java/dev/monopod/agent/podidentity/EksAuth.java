package dev.monopod.agent.podidentity;

import java.io.IOException;
import java.util.Map;

/// The controller, as agents reach it.
interface EksAuth {
    /// An answer of any status.
    record Answer(int status, String mediaType, byte[] body) {}

    /// Posts to a path; blocks for a few seconds at most.
    ///
    /// @throws IOException if there is no answer
    Answer post(String path, Map<String, String> headers, byte[] body) throws IOException;
}
