package dev.monopod.agent.pod.container;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.monopod.protocol.guest.ProbeFailure;
import dev.monopod.protocol.guest.ProbeResponse;
import dev.monopod.protocol.guest.StartContainerResponse;
import dev.monopod.protocol.guest.StartRefusal;
import io.grpc.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// What a fuzzer that looks at coverage tries of what a guest says of starts and probes: each
/// answer is an outcome, and its words are text of bounded length, fit for a status or an event.
public final class OutcomesFuzz {
    private OutcomesFuzz() {}

    /// Writes inputs to begin with into the folder that the environment names.
    public static void fuzzerInitialize() {
        var folder = System.getenv("MONOPOD_FUZZ_SEEDS");
        if (folder == null) {
            return;
        }
        try {
            for (var seed : seeds()) {
                Files.write(Path.of(folder, "seed-" + Arrays.hashCode(seed)), seed);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// @param input `KIND PADDING ANSWER`: of a start, a probe or a failed call; how far its words
    ///   are from where they are cut
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length < 2) {
            return;
        }
        var answer = Arrays.copyOfRange(input, 2, input.length);
        // Up to where words are cut.
        var most = input[1] < 0 ? ProbeOutcome.TEXT_LIMIT : StartOutcome.MESSAGE_LIMIT;
        var padding = "x".repeat(most - (input[1] & 0x1f));
        try {
            switch (input[0] % 3) {
                case 0 -> start(StartContainerResponse.parseFrom(answer), padding);
                case 1 -> probe(ProbeResponse.parseFrom(answer), padding);
                default -> {
                    var words = padding + new String(answer, StandardCharsets.UTF_8);
                    check(StartOutcome.of(Status.INTERNAL.withDescription(words)));
                }
            }
        } catch (InvalidProtocolBufferException refused) {
            // As the channel does.
        }
    }

    private static void start(StartContainerResponse told, String padding) {
        check(StartOutcome.of(told));
        if (told.hasRefused()) {
            var longer = told.getRefused().toBuilder();
            longer.setMessage(padding + longer.getMessage());
            check(StartOutcome.of(told.toBuilder().setRefused(longer).build()));
        }
    }

    private static void check(StartOutcome outcome) {
        switch (outcome) {
            case StartOutcome.Running(var at, _) -> text(at.toString(), 64);
            case StartOutcome.Unclear() -> {}
            case StartOutcome.Later(var words) -> text(words, StartOutcome.MESSAGE_LIMIT);
            case StartOutcome.Unmakeable(_, var words) -> text(words, StartOutcome.MESSAGE_LIMIT);
            case StartOutcome.Ended(var words) -> text(words, StartOutcome.MESSAGE_LIMIT);
        }
    }

    private static void probe(ProbeResponse told, String padding) {
        check(ProbeOutcome.of(told));
        if (told.hasFailure()) {
            var longer = told.getFailure().toBuilder();
            longer.setMessage(padding + longer.getMessage());
            check(ProbeOutcome.of(told.toBuilder().setFailure(longer).build()));
        }
    }

    private static void check(ProbeOutcome outcome) {
        switch (outcome) {
            case ProbeOutcome.Success() -> {}
            case ProbeOutcome.Warning(var words) -> text(words, ProbeOutcome.TEXT_LIMIT);
            case ProbeOutcome.Failure(_, var words) -> text(words, ProbeOutcome.TEXT_LIMIT);
            case ProbeOutcome.Unknown(var words) -> text(words, ProbeOutcome.TEXT_LIMIT);
        }
    }

    private static void text(String words, int most) {
        if (words.length() > most || !StandardCharsets.UTF_8.newEncoder().canEncode(words)) {
            throw new AssertionError("%d characters that are no text".formatted(words.length()));
        }
    }

    static List<byte[]> seeds() {
        var refused =
                StartContainerResponse.newBuilder()
                        .setRefused(
                                StartRefusal.newBuilder().setKindValue(5).setMessage("no ünit 😀"))
                        .build();
        var failed =
                ProbeResponse.newBuilder()
                        .setFailure(ProbeFailure.newBuilder().setMessage("no 😀😀"))
                        .build();
        return List.of(
                seed(0, 31, refused.toByteArray()),
                seed(1, 159, failed.toByteArray()),
                seed(2, 31, "😀 late".getBytes(StandardCharsets.UTF_8)));
    }

    private static byte[] seed(int kind, int padding, byte[] answer) {
        var seed = new byte[2 + answer.length];
        seed[0] = (byte) kind;
        seed[1] = (byte) padding;
        System.arraycopy(answer, 0, seed, 2, answer.length);
        return seed;
    }
}
