package dev.monopod.host.network;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// Names of what Monopod makes on a host; all begin with `mp-` or `monopod`, and are found by that
/// after a crash. A Linux interface name holds at most 15 bytes.
final class LinkNames {
    static final String LINK_PREFIX = "mp-";
    static final String NAMESPACE_PREFIX = "monopod-vpc-";
    private static final int LONGEST = 15;

    private LinkNames() {}

    static String namespace(String vpc) {
        return NAMESPACE_PREFIX + vpc;
    }

    /// The host's end of a VPC's link.
    static String hostLink(String vpc) {
        var name = LINK_PREFIX + vpc;
        return name.length() <= LONGEST ? name : LINK_PREFIX + "v" + digest(vpc);
    }

    /// A machine's tap: `mp-` and 8 hex digits.
    static String tap(String machineId) {
        return LINK_PREFIX + digest(machineId);
    }

    static String digest(String text) {
        try {
            var sha = MessageDigest.getInstance("SHA-256");
            return HexFormat.of()
                    .formatHex(sha.digest(text.getBytes(StandardCharsets.UTF_8)), 0, 4);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
