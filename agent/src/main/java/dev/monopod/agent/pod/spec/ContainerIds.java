package dev.monopod.agent.pod.spec;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// Container ids: 64 hex digits that follow from pod, container and attempt, so that an agent that
/// was killed finds its containers again without having noted them down.
public final class ContainerIds {
    private static final String SCHEME = "monopod://";

    private ContainerIds() {}

    public static String of(String podUid, String container, int attempt) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            var text = podUid + "/" + container + "/" + attempt;
            return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    /// As `containerID` in the status.
    public static String withScheme(String id) {
        return SCHEME + id;
    }
}
