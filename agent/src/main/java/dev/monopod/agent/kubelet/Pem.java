package dev.monopod.agent.kubelet;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemWriter;

/// Certificates and private keys as PEM files. Keys may be SEC1, PKCS #1 or PKCS #8, unencrypted.
final class Pem {
    private Pem() {}

    static PrivateKey readPrivateKey(Path file) throws IOException, GeneralSecurityException {
        try (var parser = new PEMParser(new StringReader(Files.readString(file)))) {
            for (var object = parser.readObject(); object != null; object = parser.readObject()) {
                if (object instanceof PEMKeyPair pair) {
                    return privateKey(pair.getPrivateKeyInfo());
                }
                if (object instanceof PrivateKeyInfo info) {
                    return privateKey(info);
                }
            }
        }
        throw new IOException(file + " has no private key that can be read");
    }

    /// At least one certificate, the leaf first.
    static List<X509Certificate> readCertificates(Path file)
            throws IOException, GeneralSecurityException {
        var certificates = new ArrayList<X509Certificate>();
        try (var input = Files.newInputStream(file)) {
            for (var certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(input)) {
                certificates.add((X509Certificate) certificate);
            }
        }
        if (certificates.isEmpty()) {
            throw new IOException(file + " has no certificate");
        }
        return List.copyOf(certificates);
    }

    /// Writes by rename, so that a reader never sees half of it.
    static void write(Path file, String type, byte[] der, String permissions) throws IOException {
        var text = new StringWriter();
        try (var writer = new PemWriter(text)) {
            writer.writeObject(new PemObject(type, der));
        }
        var directory = file.toAbsolutePath().getParent();
        Files.createDirectories(directory);
        var attribute =
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
        var temporary = Files.createTempFile(directory, ".pem", "", attribute);
        Files.writeString(temporary, text.toString(), StandardCharsets.US_ASCII);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    }

    // The JDK knows elliptic curve keys as EC, whereas Bouncy Castle's converter asks for ECDSA.
    private static PrivateKey privateKey(PrivateKeyInfo info)
            throws IOException, GeneralSecurityException {
        var encoded = new PKCS8EncodedKeySpec(info.getEncoded());
        var algorithm =
                switch (info.getPrivateKeyAlgorithm().getAlgorithm().getId()) {
                    case "1.2.840.10045.2.1" -> "EC";
                    case "1.2.840.113549.1.1.1" -> "RSA";
                    case "1.3.101.112" -> "Ed25519";
                    default ->
                            throw new IOException(
                                    "private keys of algorithm "
                                            + info.getPrivateKeyAlgorithm().getAlgorithm()
                                            + " are not supported");
                };
        return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
    }
}
