package dev.monopod.controller.eks;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import dev.monopod.controller.serving.ServingCertificate;
import java.io.IOException;
import java.nio.file.Path;
import javax.net.ssl.SSLContext;

/// TLS of the listeners, by the certificate of the command line, re-read when it changes.
final class AwsTls {
    private AwsTls() {}

    /// Asks callers for no certificate: their requests are signed.
    ///
    /// @throws IOException if the pair cannot be read
    static HttpsConfigurator ofTools(AwsOptions options) throws IOException {
        return new HttpsConfigurator(
                new ServingCertificate(options.certificate(), options.key()).context());
    }

    /// Lets nobody in without a certificate of the cluster's authority.
    ///
    /// @throws IOException if the pair or the authority cannot be read
    static HttpsConfigurator ofAgents(AwsOptions options) throws IOException {
        var certificate = new ServingCertificate(options.certificate(), options.key());
        return new ByCertificate(certificate, options.authority());
    }

    private static final class ByCertificate extends HttpsConfigurator {
        ByCertificate(ServingCertificate certificate, Path authority) throws IOException {
            super(certificate.context(authority));
        }

        @Override
        public void configure(HttpsParameters parameters) {
            SSLContext context = getSSLContext();
            var tls = context.getDefaultSSLParameters();
            tls.setNeedClientAuth(true);
            parameters.setSSLParameters(tls);
        }
    }
}
