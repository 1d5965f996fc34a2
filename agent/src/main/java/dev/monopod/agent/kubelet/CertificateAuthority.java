package dev.monopod.agent.kubelet;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// The authority that signs the kubelet's serving certificates, and nothing else.
record CertificateAuthority(X509Certificate certificate, PrivateKey key) {
    private static final Duration AUTHORITY_LIFETIME = Duration.ofDays(3650);

    /// How long before now a certificate begins: who asks may have a clock that is behind, and this
    /// one may be set back after it was ahead.
    static final Duration BACKDATED = Duration.ofDays(1);

    private static final SecureRandom RANDOM = new SecureRandom();

    /// Reads the authority, or makes a self-signed one if neither file is there.
    static CertificateAuthority readOrCreate(Path certificateFile, Path keyFile, Instant now)
            throws IOException, GeneralSecurityException {
        if (!Files.exists(certificateFile) && !Files.exists(keyFile)) {
            var authority = selfSigned(now);
            Pem.write(keyFile, "PRIVATE KEY", authority.key.getEncoded(), "rw-------");
            Pem.write(
                    certificateFile,
                    "CERTIFICATE",
                    authority.certificate.getEncoded(),
                    "rw-r--r--");
            return authority;
        }
        return new CertificateAuthority(
                Pem.readCertificates(certificateFile).getFirst(), Pem.readPrivateKey(keyFile));
    }

    private static CertificateAuthority selfSigned(Instant now) throws GeneralSecurityException {
        var pair = newKeyPair();
        var name = new X500Principal("CN=monopod-kubelet-serving-ca");
        var builder = builder(name, name, pair.getPublic(), now, now.plus(AUTHORITY_LIFETIME));
        try {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
            builder.addExtension(
                    Extension.keyUsage,
                    true,
                    new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            builder.addExtension(
                    Extension.subjectKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils().createSubjectKeyIdentifier(pair.getPublic()));
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
        return new CertificateAuthority(sign(builder, pair.getPrivate()), pair.getPrivate());
    }

    static KeyPair newKeyPair() throws GeneralSecurityException {
        var generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    /// A serving certificate for these addresses and DNS names, which does not outlive the
    /// authority.
    X509Certificate issue(
            PublicKey publicKey, Collection<String> names, Instant now, Duration lifetime)
            throws GeneralSecurityException {
        var end = now.plus(lifetime);
        var authorityEnd = certificate.getNotAfter().toInstant();
        var builder =
                builder(
                        certificate.getSubjectX500Principal(),
                        new X500Principal("O=system:nodes,CN=system:node:monopod"),
                        publicKey,
                        now,
                        end.isBefore(authorityEnd) ? end : authorityEnd);
        try {
            var extensions = new JcaX509ExtensionUtils();
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.extendedKeyUsage,
                    false,
                    new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    extensions.createAuthorityKeyIdentifier(certificate.getPublicKey()));
            builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(
                            names.stream()
                                    .map(CertificateAuthority::generalName)
                                    .toArray(GeneralName[]::new)));
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
        return sign(builder, key);
    }

    private static GeneralName generalName(String name) {
        try {
            InetAddress.ofLiteral(name);
            return new GeneralName(GeneralName.iPAddress, name);
        } catch (IllegalArgumentException _) {
            return new GeneralName(GeneralName.dNSName, name);
        }
    }

    private static JcaX509v3CertificateBuilder builder(
            X500Principal issuer,
            X500Principal subject,
            PublicKey publicKey,
            Instant now,
            Instant end) {
        return new JcaX509v3CertificateBuilder(
                issuer,
                new BigInteger(127, RANDOM).add(BigInteger.ONE),
                Date.from(now.minus(BACKDATED)),
                Date.from(end),
                subject,
                publicKey);
    }

    private static X509Certificate sign(JcaX509v3CertificateBuilder builder, PrivateKey key)
            throws GeneralSecurityException {
        var algorithm =
                switch (key.getAlgorithm()) {
                    case "EC" -> "SHA256withECDSA";
                    case "RSA" -> "SHA256withRSA";
                    default -> "Ed25519";
                };
        try {
            var signer = new JcaContentSignerBuilder(algorithm).build(key);
            return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }
}
