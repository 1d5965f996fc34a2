package dev.monopod.controller.serving;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// A serving certificate that is its own authority, and its key, both PEM. Nobody has a key that
/// could sign another one.
///
/// @param names DNS names that it is for
/// @param made when it was made: its validity begins [#BACKDATED] before
/// @param ends when its validity ends
record CertificatePair(
        String certificate, String key, Set<String> names, Instant made, Instant ends) {
    /// The API server's clock may be behind.
    static final Duration BACKDATED = Duration.ofHours(1);

    private static final String CURVE = "secp256r1";
    private static final String ALGORITHM = "SHA256withECDSA";
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

    /// @param names DNS names that it is for
    static CertificatePair make(Collection<String> names, Instant now, Duration life) {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec(CURVE));
            var keys = generator.generateKeyPair();
            var subject = new X500Principal("CN=monopod-webhooks");
            var builder =
                    new JcaX509v3CertificateBuilder(
                            subject,
                            new BigInteger(127, RANDOM).add(BigInteger.ONE),
                            Date.from(now.minus(BACKDATED)),
                            Date.from(now.plus(life)),
                            subject,
                            keys.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.extendedKeyUsage,
                    false,
                    new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
            builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(
                            names.stream()
                                    .map(name -> new GeneralName(GeneralName.dNSName, name))
                                    .toArray(GeneralName[]::new)));
            var certificate =
                    new JcaX509CertificateConverter()
                            .getCertificate(
                                    builder.build(
                                            new JcaContentSignerBuilder(ALGORITHM)
                                                    .build(keys.getPrivate())));
            return of(
                    certificate,
                    pem("CERTIFICATE", certificate.getEncoded()),
                    pem("PRIVATE KEY", keys.getPrivate().getEncoded()));
        } catch (GeneralSecurityException | OperatorCreationException | IOException impossible) {
            throw new IllegalStateException("the JDK makes no key of " + CURVE, impossible);
        }
    }

    /// @throws GeneralSecurityException if it is no certificate, no key, or not the key of it
    static CertificatePair parse(String certificate, String key) throws GeneralSecurityException {
        var read =
                (X509Certificate)
                        CertificateFactory.getInstance("X.509")
                                .generateCertificate(
                                        new ByteArrayInputStream(certificate.getBytes(UTF_8)));
        try {
            var encoded =
                    Base64.getMimeDecoder().decode(key.replaceAll("-----[A-Z ]+-----", "").strip());
            var secret =
                    KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(encoded));
            var signer = Signature.getInstance(ALGORITHM);
            signer.initSign(secret);
            signer.update(encoded);
            var signed = signer.sign();
            signer.initVerify(read);
            signer.update(encoded);
            if (!signer.verify(signed)) {
                throw new GeneralSecurityException("the key is another certificate's");
            }
        } catch (IllegalArgumentException malformed) {
            throw new GeneralSecurityException("no key in PEM", malformed);
        }
        return of(read, certificate, key);
    }

    private static CertificatePair of(X509Certificate read, String certificate, String key)
            throws GeneralSecurityException {
        Collection<List<?>> alternatives =
                Objects.requireNonNullElse(read.getSubjectAlternativeNames(), List.of());
        return new CertificatePair(
                certificate,
                key,
                alternatives.stream()
                        .map(pair -> String.valueOf(pair.get(1)))
                        .collect(Collectors.toUnmodifiableSet()),
                read.getNotBefore().toInstant().plus(BACKDATED),
                read.getNotAfter().toInstant());
    }

    private static String pem(String type, byte[] content) {
        return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
                .formatted(type, LINES.encodeToString(content), type);
    }

    /// Without the key.
    @Override
    public String toString() {
        return "CertificatePair[made=%s, ends=%s]".formatted(made, ends);
    }
}
