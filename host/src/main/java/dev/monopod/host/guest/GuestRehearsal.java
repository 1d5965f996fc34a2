package dev.monopod.host.guest;

import com.google.protobuf.ByteString;
import dev.monopod.protocol.guest.ConfigureRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;

/// Has a guest that waits for its pod go through its configuration once, up to the scratch disk: an
/// emulated processor translates code when it first runs it, and a pod need not wait for that. The
/// guest refuses, since there is no such disk, and is nobody's as before: whoever configures it
/// later gives it everything anew, random numbers included.
public final class GuestRehearsal {
    /// More than a machine has.
    private static final int NO_DISK = 255;

    private static final int ENTROPY_BYTES = 64;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final SecureRandom random = new SecureRandom();
    private final InstantSource clock;

    public GuestRehearsal(InstantSource clock) {
        this.clock = clock;
    }

    /// @param socket of its channel, on which nothing is left when this returns
    /// @throws IOException when it does not refuse, or not for that
    public void at(Path socket) throws IOException {
        try (var transport = new GuestChannel.Transport();
                var channel = new GuestChannel(socket, transport)) {
            var answer = channel.blocking(PATIENCE).configure(request());
            throw new IOException("a guest that waits took itself for a pod's: " + answer);
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.INTERNAL) {
                throw new IOException("the guest does not answer: " + e.getStatus(), e);
            }
        }
        StaleOutput.discard(socket);
    }

    private ConfigureRequest request() {
        var entropy = new byte[ENTROPY_BYTES];
        random.nextBytes(entropy);
        var now = clock.instant();
        return ConfigureRequest.newBuilder()
                .setMachineId("waiting")
                .setHostname("waiting")
                .setUnixTimeNanos(now.getEpochSecond() * 1_000_000_000L + now.getNano())
                .setEntropy(ByteString.copyFrom(entropy))
                .setScratchDiskSlot(NO_DISK)
                .build();
    }
}
