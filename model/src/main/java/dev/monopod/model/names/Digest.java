package dev.monopod.model.names;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// Short names that differ when what they stand for differs, also when somebody looks for two that
/// do not: tenants choose the text.
public final class Digest {
    private static final int BYTES = 16;

    private Digest() {}

    /// 32 hexadecimal digits: the first 128 bits of the SHA-256 of the text.
    public static String of(String text) {
        try {
            var hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, BYTES);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
