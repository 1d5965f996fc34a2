package dev.monopod.agent.kubelet;

import dev.monopod.agent.kubelet.Authenticator.User;
import dev.monopod.agent.kubelet.Authorizer.Access;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.net.ssl.SSLPeerUnverifiedException;

/// Decides who makes a request, by client certificate or bearer token, and whether they may. Nobody
/// is anonymous.
final class AccessControl {
    private static final String BEARER = "Bearer ";

    private final Authenticator authenticator;
    private final Authorizer authorizer;

    AccessControl(Authenticator authenticator, Authorizer authorizer) {
        this.authenticator = authenticator;
        this.authorizer = authorizer;
    }

    Optional<User> user(Exchange exchange) throws IOException {
        var byCertificate = certificate(exchange).flatMap(AccessControl::user);
        if (byCertificate.isPresent()) {
            return byCertificate;
        }
        var header =
                Optional.ofNullable(exchange.request().headers().get(HttpHeaderNames.AUTHORIZATION))
                        .orElse("");
        if (!header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            return Optional.empty();
        }
        var token = header.substring(BEARER.length()).strip();
        return token.isEmpty() ? Optional.empty() : authenticator.authenticate(token);
    }

    /// Whether the user may do this to any of the subresources of the node.
    boolean isAllowed(User user, String verb, String node, List<String> subresources)
            throws IOException {
        for (var subresource : subresources) {
            if (authorizer.isAllowed(user, new Access(verb, node, subresource))) {
                return true;
            }
        }
        return false;
    }

    // The TLS handshake has verified it against the client authority.
    private static Optional<X509Certificate> certificate(Exchange exchange) {
        var tls = exchange.connection().channel().pipeline().get(SslHandler.class);
        if (tls == null) {
            return Optional.empty();
        }
        try {
            var chain = tls.engine().getSession().getPeerCertificates();
            return Optional.of((X509Certificate) chain[0]);
        } catch (SSLPeerUnverifiedException _) {
            return Optional.empty();
        }
    }

    /// Common name: user; organizations: groups.
    static Optional<User> user(X509Certificate certificate) {
        try {
            var subject = new LdapName(certificate.getSubjectX500Principal().getName());
            var groups = new ArrayList<String>();
            var name = "";
            for (var part : subject.getRdns()) {
                var attributes = part.toAttributes().getAll();
                while (attributes.hasMore()) {
                    var attribute = attributes.next();
                    var value = String.valueOf(attribute.get());
                    switch (attribute.getID()) {
                        case "CN" -> name = value;
                        case "O" -> groups.add(value);
                        default -> {}
                    }
                }
            }
            groups.add("system:authenticated");
            return name.isEmpty()
                    ? Optional.empty()
                    : Optional.of(new User(name, "", groups, Map.of()));
        } catch (InvalidNameException e) {
            return Optional.empty();
        } catch (javax.naming.NamingException e) {
            throw new IllegalStateException("attributes in memory cannot fail to be read", e);
        }
    }
}
