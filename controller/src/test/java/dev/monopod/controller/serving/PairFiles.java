package dev.monopod.controller.serving;

import java.io.IOException;
import java.io.Writer;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPrivateKey;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;

/// A certificate and its key in a folder, as the control plane writes them.
record PairFiles(Path folder) {
    enum Form {
        SEC1,
        PKCS8
    }

    Path file(String extension) {
        return folder.resolve("pair." + extension);
    }

    void write(String name, Form form, int version) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        KeyPair pair = generator.generateKeyPair();
        Instant start = Instant.parse("2026-01-01T00:00:00Z");
        X500Name subject = new X500Name("CN=" + name);
        writePem(
                file("crt"),
                new JcaX509v3CertificateBuilder(
                                subject,
                                BigInteger.valueOf(version),
                                Date.from(start),
                                Date.from(start.plusSeconds(1_000_000_000)),
                                subject,
                                pair.getPublic())
                        .build(
                                new JcaContentSignerBuilder("SHA256withECDSA")
                                        .build(pair.getPrivate())));
        writePem(
                file("key"),
                switch (form) {
                    case SEC1 -> sec1((ECPrivateKey) pair.getPrivate());
                    case PKCS8 -> new JcaPKCS8Generator(pair.getPrivate(), null);
                });
        for (String extension : new String[] {"crt", "key"}) {
            Files.setLastModifiedTime(file(extension), FileTime.from(start.plusSeconds(version)));
        }
    }

    /// As OpenSSL writes it without a public half: the curve inside.
    private static PemObject sec1(ECPrivateKey key) throws IOException {
        return new PemObject(
                "EC PRIVATE KEY",
                new org.bouncycastle.asn1.sec.ECPrivateKey(
                                256, key.getS(), SECObjectIdentifiers.secp256r1)
                        .getEncoded());
    }

    private static void writePem(Path file, Object object) throws IOException {
        try (Writer writer = Files.newBufferedWriter(file);
                JcaPEMWriter pem = new JcaPEMWriter(writer)) {
            pem.writeObject(object);
        }
    }
}
