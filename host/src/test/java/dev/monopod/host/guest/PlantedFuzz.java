package dev.monopod.host.guest;

/// Must be found, in seconds, and can be only by coverage: else a silent fuzzer would be taken for
/// good news.
public final class PlantedFuzz {
    private PlantedFuzz() {}

    /// @throws IllegalStateException for four certain bytes
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length >= 4 && input[0] == 'f') {
            if (input[1] == 'i') {
                if (input[2] == 'n') {
                    if (input[3] == 'd') {
                        throw new IllegalStateException("what was planted");
                    }
                }
            }
        }
    }
}
