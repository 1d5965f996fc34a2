package dev.monopod.host.guest;

import com.google.protobuf.ByteString;
import dev.monopod.protocol.guest.ConfigureRequest;
import dev.monopod.protocol.guest.RehearseRequest;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;

/// Has a guest that waits for its pod go through a pod's start once: an emulated processor
/// translates code when it first runs it, and a pod need not wait for that. The machine is nobody's
/// after it, as before: whoever configures it gives it everything anew, random numbers included.
public final class GuestRehearsal {
    private static final int ENTROPY_BYTES = 64;

    /// More than it takes at the lowest weight on a busy host.
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final SecureRandom random = new SecureRandom();
    private final InstantSource clock;

    public GuestRehearsal(InstantSource clock) {
        this.clock = clock;
    }

    /// @param socket of its channel, on which nothing is left when this returns
    /// @throws IOException when the machine may not be as it was before
    public void at(Path socket) throws IOException {
        try (var transport = new GuestChannel.Transport();
                var channel = new GuestChannel(socket, transport)) {
            channel.blocking(PATIENCE).rehearse(request());
        } catch (StatusRuntimeException e) {
            throw new IOException("the guest did not rehearse: " + e.getStatus(), e);
        }
        StaleOutput.discard(socket);
    }

    private RehearseRequest request() {
        var entropy = new byte[ENTROPY_BYTES];
        random.nextBytes(entropy);
        var now = clock.instant();
        return RehearseRequest.newBuilder()
                .setConfiguration(
                        ConfigureRequest.newBuilder()
                                .setHostname("waiting")
                                .setUnixTimeNanos(
                                        now.getEpochSecond() * 1_000_000_000L + now.getNano())
                                .setEntropy(ByteString.copyFrom(entropy)))
                .build();
    }
}
