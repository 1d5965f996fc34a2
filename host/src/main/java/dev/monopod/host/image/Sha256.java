package dev.monopod.host.image;

import com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sums of layers. Our processes run without the JVM's second compiler, the only one that uses the
/// processor's instructions for SHA-256: its own takes 7 s for a gigabyte, AWS-LC takes half of one
/// (ADR 69). Where that can't be loaded, the JVM's own serves.
final class Sha256 {
    private static final Logger LOG = LoggerFactory.getLogger(Sha256.class);
    private static final String ALGORITHM = "SHA-256";

    private Sha256() {}

    private static final class Loaded {
        static final Optional<Provider> PROVIDER = load();

        private static Optional<Provider> load() {
            try {
                var provider = AmazonCorrettoCryptoProvider.INSTANCE;
                provider.assertHealthy();
                return Optional.of(provider);
            } catch (RuntimeException | LinkageError e) {
                LOG.info("sums of images are made by the JVM, which is slow: {}", e.toString());
                return Optional.empty();
            }
        }
    }

    /// Loads what takes a fifth of a second, once, before somebody waits for it.
    static void prepare() {
        var unused = begin();
    }

    static MessageDigest begin() {
        try {
            return Loaded.PROVIDER.isPresent()
                    ? MessageDigest.getInstance(ALGORITHM, Loaded.PROVIDER.get())
                    : MessageDigest.getInstance(ALGORITHM);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
