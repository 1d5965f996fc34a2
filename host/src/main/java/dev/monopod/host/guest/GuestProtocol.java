package dev.monopod.host.guest;

import dev.monopod.protocol.guest.ConfigureResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Optional;

/// Which guests this version can speak to. A machine that an earlier agent started, or a later one
/// before a rollback, may speak otherwise.
public final class GuestProtocol {
    /// The newest number that is spoken here. As in the guest's `machine.rs`.
    static final int NEWEST = 1;

    /// The oldest: guests from before there were numbers say 0.
    static final int OLDEST = 0;

    private GuestProtocol() {}

    /// Why nothing but `Configure` can be said to a guest that answered so; empty if all is well.
    public static Optional<String> trouble(ConfigureResponse guest) {
        // Unsigned, and a guest may say anything.
        var newest = Integer.toUnsignedLong(guest.getProtocol());
        var oldest = Integer.toUnsignedLong(guest.getOldestProtocol());
        return newest >= OLDEST && oldest <= NEWEST
                ? Optional.empty()
                : Optional.of("its guest speaks protocol %d to %d".formatted(oldest, newest))
                        .map(GuestProtocol::remedy);
    }

    /// The same for one that does not even know `Configure`; empty if it failed in another way.
    public static Optional<String> trouble(StatusRuntimeException failure) {
        return failure.getStatus().getCode() == Status.Code.UNIMPLEMENTED
                ? Optional.of(remedy("its guest does not know how this version begins to speak"))
                : Optional.empty();
    }

    private static String remedy(String what) {
        return "%s, and this version of Monopod speaks %d to %d. The machine runs on, and nobody looks after it: run the version that started it here again, or delete the pod"
                .formatted(what, OLDEST, NEWEST);
    }
}
