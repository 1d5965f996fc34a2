package dev.monopod.controller.serving;

import java.io.IOException;
import java.io.Reader;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Serves the certificate that the files hold at the time of each handshake, so that a renewed one
/// needs no restart. A pair that cannot be read leaves the last good one in use. Any thread.
public final class ServingCertificate extends X509ExtendedKeyManager {
    private static final Logger LOG = LoggerFactory.getLogger(ServingCertificate.class);
    private static final String ALIAS = "serving";

    private final Path certificateFile;
    private final Path keyFile;
    private volatile Loaded loaded;

    /// @throws IOException if the pair cannot be read: without one there is nothing to serve
    public ServingCertificate(Path certificateFile, Path keyFile) throws IOException {
        this.certificateFile = certificateFile;
        this.keyFile = keyFile;
        this.loaded = load(certificateFile, keyFile);
    }

    /// TLS with it, asking callers for none.
    public SSLContext context() {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {this}, null, null);
            return context;
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("the JDK has no TLS", impossible);
        }
    }

    /// TLS with it, that trusts callers whom one of these authorities has signed for; whether they
    /// are asked is a parameter of the connection.
    ///
    /// @param authorities PEM
    /// @throws IOException if they cannot be read
    public SSLContext context(Path authorities) throws IOException {
        try {
            var trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            for (var authority : chain(authorities)) {
                trusted.setCertificateEntry(Integer.toString(trusted.size()), authority);
            }
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            var context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {this}, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException malformed) {
            throw new IOException(authorities + ": " + malformed, malformed);
        }
    }

    private Loaded current() {
        var last = loaded;
        try {
            if (last.isOf(certificateFile, keyFile)) {
                return last;
            }
            var next = load(certificateFile, keyFile);
            loaded = next;
            LOG.info("serving certificate reloaded from {}", certificateFile);
            return next;
        } catch (IOException unreadable) {
            LOG.warn("serving certificate kept: {}", unreadable.getMessage());
            return last;
        }
    }

    private static Loaded load(Path certificateFile, Path keyFile) throws IOException {
        var certificateTime = Files.getLastModifiedTime(certificateFile);
        var keyTime = Files.getLastModifiedTime(keyFile);
        try {
            var chain = chain(certificateFile);
            return new Loaded(chain, key(keyFile), certificateTime, keyTime);
        } catch (GeneralSecurityException malformed) {
            throw new IOException(certificateFile + " or " + keyFile + ": " + malformed, malformed);
        }
    }

    private static List<X509Certificate> chain(Path file)
            throws IOException, GeneralSecurityException {
        List<X509Certificate> chain = new ArrayList<>();
        var converter = new JcaX509CertificateConverter();
        try (Reader reader = Files.newBufferedReader(file);
                var parser = new PEMParser(reader)) {
            for (var object = parser.readObject(); object != null; object = parser.readObject()) {
                if (object instanceof X509CertificateHolder holder) {
                    chain.add(converter.getCertificate(holder));
                }
            }
        }
        if (chain.isEmpty()) {
            throw new IOException(file + " holds no certificate");
        }
        return List.copyOf(chain);
    }

    private static PrivateKey key(Path file) throws IOException {
        var converter = new JcaPEMKeyConverter();
        try (Reader reader = Files.newBufferedReader(file);
                var parser = new PEMParser(reader)) {
            for (var object = parser.readObject(); object != null; object = parser.readObject()) {
                if (object instanceof PEMKeyPair pair) {
                    return converter.getPrivateKey(pair.getPrivateKeyInfo());
                }
                if (object instanceof PrivateKeyInfo info) {
                    return converter.getPrivateKey(info);
                }
            }
        }
        throw new IOException(file + " holds no private key");
    }

    @Override
    public String chooseEngineServerAlias(
            String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
        return ALIAS;
    }

    @Override
    public String chooseServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return ALIAS;
    }

    @Override
    public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        return new String[] {ALIAS};
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        return current().chain.toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        return current().key;
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }

    private record Loaded(
            List<X509Certificate> chain,
            PrivateKey key,
            FileTime certificateTime,
            FileTime keyTime) {
        boolean isOf(Path certificateFile, Path keyFile) throws IOException {
            return certificateTime.equals(Files.getLastModifiedTime(certificateFile))
                    && keyTime.equals(Files.getLastModifiedTime(keyFile));
        }
    }
}
