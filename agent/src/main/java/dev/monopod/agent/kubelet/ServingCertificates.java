package dev.monopod.agent.kubelet;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/// The certificate that the kubelet API serves, valid for every address that it is reached by.
///
/// One server answers for all pods of the host and sees only the host's own address, hence one
/// certificate names them all. Handshakes that begin after [#update] returns see the new one;
/// connections that exist are left alone. A certificate is replaced when a third of its life is
/// left, or when the clock was set back to before it begins. Thread-safe.
public final class ServingCertificates {
    private static final Duration LIFETIME = Duration.ofDays(90);
    private static final Duration RENEW_BEFORE = LIFETIME.dividedBy(3);

    private final CertificateAuthority authority;
    private final List<X509Certificate> clientAuthorities;
    private final Clock clock;
    private SortedSet<String> names = new TreeSet<>();
    private volatile Issued current;

    private ServingCertificates(
            CertificateAuthority authority,
            List<X509Certificate> clientAuthorities,
            Collection<String> names,
            Clock clock)
            throws IOException, GeneralSecurityException {
        this.authority = authority;
        this.clientAuthorities = clientAuthorities;
        this.clock = clock;
        this.names = new TreeSet<>(names);
        this.current = issue();
    }

    /// Reads the serving authority, which is created if neither of its files exists.
    ///
    /// @param clientAuthority who signs client certificates; empty: none are asked for
    /// @param names addresses and DNS names to begin with, at least one
    public static ServingCertificates open(
            Path authorityCertificate,
            Path authorityKey,
            Optional<Path> clientAuthority,
            Collection<String> names,
            Clock clock)
            throws IOException {
        try {
            var clients =
                    clientAuthority.isPresent()
                            ? Pem.readCertificates(clientAuthority.get())
                            : List.<X509Certificate>of();
            var authority =
                    CertificateAuthority.readOrCreate(
                            authorityCertificate, authorityKey, clock.instant());
            return new ServingCertificates(authority, clients, names, clock);
        } catch (GeneralSecurityException e) {
            throw new IOException("cannot issue the kubelet's serving certificate", e);
        }
    }

    /// Makes new handshakes present a certificate for exactly these addresses and DNS names. Costs
    /// nothing if they are the ones it has.
    public synchronized void update(Collection<String> addresses) {
        var wanted = new TreeSet<>(addresses);
        if (wanted.isEmpty() || wanted.equals(names)) {
            return;
        }
        names = wanted;
        replace();
    }

    SslContext sslContext() {
        if (current.serves(clock.instant())) {
            return current.context;
        }
        synchronized (this) {
            if (!current.serves(clock.instant())) {
                replace();
            }
            return current.context;
        }
    }

    X509Certificate certificate() {
        return current.certificate;
    }

    private void replace() {
        try {
            current = issue();
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("cannot issue the kubelet's serving certificate", e);
        }
    }

    private Issued issue() throws GeneralSecurityException, IOException {
        var now = clock.instant();
        var pair = CertificateAuthority.newKeyPair();
        var certificate = authority.issue(pair.getPublic(), names, now, LIFETIME);
        var builder =
                SslContextBuilder.forServer(pair.getPrivate(), certificate, authority.certificate())
                        .sslProvider(SslProvider.JDK)
                        .protocols("TLSv1.3", "TLSv1.2");
        if (clientAuthorities.isEmpty()) {
            builder.clientAuth(ClientAuth.NONE);
        } else {
            builder.clientAuth(ClientAuth.OPTIONAL)
                    .trustManager(clientAuthorities.toArray(X509Certificate[]::new));
        }
        return new Issued(certificate, builder.build(), now.plus(LIFETIME).minus(RENEW_BEFORE));
    }

    private record Issued(X509Certificate certificate, SslContext context, Instant renewAt) {
        boolean serves(Instant now) {
            return now.isBefore(renewAt) && !now.isBefore(certificate.getNotBefore().toInstant());
        }
    }
}
