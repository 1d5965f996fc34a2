package dev.monopod.cli.join;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.util.HexFormat;
import java.util.regex.Pattern;

/// By this a host knows the cluster that it joins before it tells it anything: the hash of the
/// public key of the cluster's authority.
///
/// @param text `sha256:` and 64 hexadecimal digits
record AuthorityHash(String text) {
    private static final Pattern FORM = Pattern.compile("sha256:[0-9a-fA-F]{64}");

    AuthorityHash {
        if (!FORM.matcher(text).matches()) {
            throw new IllegalArgumentException("not sha256: and 64 hexadecimal digits");
        }
    }

    /// @param certificate of the authority, PEM
    static AuthorityHash of(byte[] certificate) throws GeneralSecurityException {
        var key =
                CertificateFactory.getInstance("X.509")
                        .generateCertificate(new ByteArrayInputStream(certificate))
                        .getPublicKey()
                        .getEncoded();
        return new AuthorityHash(
                "sha256:"
                        + HexFormat.of()
                                .formatHex(MessageDigest.getInstance("SHA-256").digest(key)));
    }
}
