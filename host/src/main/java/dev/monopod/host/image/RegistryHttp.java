package dev.monopod.host.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.auth.AuthScope;
import org.apache.hc.client5.http.auth.UsernamePasswordCredentials;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.config.TlsConfig;
import org.apache.hc.client5.http.impl.auth.BasicCredentialsProvider;
import org.apache.hc.client5.http.impl.auth.BasicScheme;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.BasicHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.routing.DefaultProxyRoutePlanner;
import org.apache.hc.client5.http.io.HttpClientConnectionManager;
import org.apache.hc.client5.http.io.ManagedHttpClientConnection;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.HostnameVerificationPolicy;
import org.apache.hc.client5.http.ssl.NoopHostnameVerifier;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.apache.hc.core5.http.TruncatedChunkException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.config.RegistryBuilder;
import org.apache.hc.core5.http.io.HttpConnectionFactory;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.net.URIAuthority;
import org.apache.hc.core5.util.Timeout;

/// One GET over a connection of its own, by Apache HttpClient's minimal client ([ADR 52]), which
/// follows, repeats, authenticates, unpacks and keeps nothing. It connects to the addresses that
/// were checked, and to no other, or to the proxy that the operator has named. Everything that the other side sends is bounded, in length and in
/// time, however slowly it comes.
///
/// [ADR 52]: docs/adr/0052-registries-by-apache-httpclient.md
final class RegistryHttp {
    private static final int BUFFER = 64 << 10;
    private static final int LONGEST_LINE = 16 << 10;
    private static final int MOST_HEADERS = 100;
    private static final int MOST_ADDRESSES = 8;
    private static final int HTTPS = 443;
    private static final int HTTP = 80;

    /// Bytes a second, below which a body is given up.
    private static final long SLOWEST = 32 << 10;

    private final RegistryAddresses addresses;
    private final RegistryProxy.Choice proxies;
    private final Patience patience;
    private final RequestConfig request;
    private final HttpConnectionFactory<ManagedHttpClientConnection> connections;

    /// How long to wait.
    ///
    /// @param connect to each address
    /// @param read for the next bytes
    /// @param answer for TLS, the status line and headers, once connected; a body may take as long
    ///   again, and what it takes at [#SLOWEST]
    record Patience(Duration connect, Duration read, Duration answer) {
        static final Patience USUAL =
                new Patience(
                        Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(30));
    }

    RegistryHttp(RegistryAddresses addresses, Patience patience) {
        this(addresses, RegistryProxy.Choice.NONE, patience);
    }

    RegistryHttp(RegistryAddresses addresses, RegistryProxy.Choice proxies, Patience patience) {
        this.addresses = addresses;
        this.proxies = proxies;
        this.patience = patience;
        this.request =
                RequestConfig.custom().setResponseTimeout(Timeout.of(patience.read())).build();
        this.connections =
                ManagedHttpClientConnectionFactory.builder()
                        .http1Config(
                                Http1Config.custom()
                                        .setBufferSize(BUFFER)
                                        .setMaxLineLength(LONGEST_LINE)
                                        .setMaxHeaderCount(MOST_HEADERS)
                                        .build())
                        .responseParserFactory(AnswerHead::parser)
                        .build();
    }

    /// What came back. Whoever has it closes the body, and with it the connection.
    record Answer(ClassicHttpResponse response, InputStream body) implements AutoCloseable {
        int status() {
            return response.getCode();
        }

        /// The last of that name, if there are several.
        Optional<String> header(String name) {
            return Optional.ofNullable(response.getLastHeader(name)).map(it -> it.getValue());
        }

        @Override
        public void close() throws IOException {
            body.close();
        }
    }

    /// @param mostBytes of the body: more are an error
    /// @param tls for this host
    Answer get(URI uri, Map<String, String> headers, long mostBytes, SSLContext tls)
            throws IOException {
        var secure = "https".equals(uri.getScheme());
        if (uri.getHost() == null
                || uri.getRawUserInfo() != null
                || !secure && !"http".equals(uri.getScheme())) {
            throw new IOException("no HTTP address");
        }
        var host = uri.getHost().toLowerCase(Locale.ROOT).replaceAll("[\\[\\]]", "");
        var port = uri.getPort() >= 0 ? uri.getPort() : secure ? HTTPS : HTTP;
        var proxy = proxies.of(authority(uri));
        var pinned = pinned(host, authority(uri), proxy);
        var get = request(uri, headers);
        var client = client(pinned, tls, proxy);
        var limit =
                TimeLimit.start(
                        patience.connect()
                                .multipliedBy(pinned.addresses().size())
                                .plus(patience.answer()),
                        get::cancel);
        var connection = new Connection(get, client, limit);
        try {
            var context = HttpClientContext.create();
            var response =
                    client.executeOpen(new HttpHost(uri.getScheme(), host, port), get, context);
            if (secure && proxy.isPresent() && context.getSSLSession() == null) {
                // What refuses a tunnel comes without TLS, and is nothing that a registry says.
                throw new ProxyRefusal(response.getCode());
            }
            var entity = response.getEntity();
            var declared = entity == null ? 0 : entity.getContentLength();
            limit.restart(
                    patience.answer()
                            .plusSeconds(
                                    (declared < 0 ? mostBytes : Math.min(declared, mostBytes))
                                            / SLOWEST));
            var content = entity == null ? InputStream.nullInputStream() : entity.getContent();
            return new Answer(response, new BoundedBody(content, declared, mostBytes, connection));
        } catch (ProxyRefusal e) {
            connection.close();
            throw e;
        } catch (IOException e) {
            connection.close();
            throw connection.told(e);
        } catch (RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    private Pinned pinned(String host, String authority, Optional<RegistryProxy> proxy)
            throws IOException {
        if (proxy.isEmpty()) {
            return new Pinned(
                    host, addresses.of(host, authority).stream().limit(MOST_ADDRESSES).toList());
        }
        addresses.checkBehindProxy(host, authority);
        try {
            // The operator's own, wherever it is.
            var all = InetAddress.getAllByName(proxy.get().host());
            return new Pinned(
                    proxy.get().host(),
                    List.of(all).subList(0, Math.min(all.length, MOST_ADDRESSES)));
        } catch (UnknownHostException e) {
            throw new IOException("the proxy %s is unknown".formatted(proxy.get().host()), e);
        }
    }

    /// `host[:port]`, the port left out where it is the scheme's own.
    static String authority(URI uri) {
        var usual = "https".equals(uri.getScheme()) ? HTTPS : HTTP;
        var port = uri.getPort() < 0 || uri.getPort() == usual ? "" : ":" + uri.getPort();
        return uri.getHost().toLowerCase(Locale.ROOT) + port;
    }

    private HttpGet request(URI uri, Map<String, String> headers) {
        var get = new HttpGet(uri);
        var usual = "https".equals(uri.getScheme()) ? HTTPS : HTTP;
        get.setAuthority(
                new URIAuthority(
                        uri.getHost().toLowerCase(Locale.ROOT),
                        uri.getPort() == usual ? -1 : uri.getPort()));
        get.setConfig(request);
        get.setHeader("User-Agent", "monopod");
        get.setHeader("Connection", "close");
        headers.forEach((name, value) -> {
            if (value.chars().anyMatch(c -> c < ' ' || c > '~')) {
                throw new IllegalArgumentException(name + " holds characters that no header may");
            }
            get.setHeader(name, value);
        });
        return get;
    }

    /// For one request: it has the addresses and the certificates to trust of one host.
    private CloseableHttpClient client(
            DnsResolver resolver, SSLContext tls, Optional<RegistryProxy> proxy) {
        // The JDK compares the host with the certificate. The client's own comparison would load
        // a list of public suffixes first.
        var strategy =
                new DefaultClientTlsStrategy(
                        tls, HostnameVerificationPolicy.BUILTIN, NoopHostnameVerifier.INSTANCE);
        var manager =
                BasicHttpClientConnectionManager.create(
                        null,
                        resolver,
                        RegistryBuilder.<TlsSocketStrategy>create()
                                .register("https", strategy)
                                .build(),
                        connections);
        var read = Timeout.of(patience.read());
        manager.setSocketConfig(SocketConfig.custom().setSoTimeout(read).build());
        manager.setConnectionConfig(
                ConnectionConfig.custom()
                        .setConnectTimeout(Timeout.of(patience.connect()))
                        .setSocketTimeout(read)
                        .build());
        manager.setTlsConfig(TlsConfig.custom().setHandshakeTimeout(read).build());
        return proxy.map(one -> through(one, manager))
                .orElseGet(() -> HttpClients.createMinimal(manager));
    }

    /// The minimal client knows no proxies; this one does, and else no more than that.
    private static CloseableHttpClient through(
            RegistryProxy proxy, HttpClientConnectionManager manager) {
        var address = new HttpHost("http", proxy.host(), proxy.port());
        var credentials = new BasicCredentialsProvider();
        proxy.credential()
                .ifPresent(one ->
                        credentials.setCredentials(
                                new AuthScope(address),
                                new UsernamePasswordCredentials(
                                        one.user(), one.password().toCharArray())));
        return HttpClients.custom()
                .setConnectionManager(manager)
                .setRoutePlanner(new DefaultProxyRoutePlanner(address))
                .setDefaultCredentialsProvider(credentials)
                .setProxyAuthenticationStrategy((_, challenges, _) ->
                        challenges.containsKey("basic") ? List.of(new BasicScheme()) : List.of())
                .setTargetAuthenticationStrategy((_, _, _) -> List.of())
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableContentCompression()
                .disableCookieManagement()
                .disableConnectionState()
                .disableAuthCaching()
                .disableDefaultUserAgent()
                .build();
    }

    /// No tunnel to the host that was asked for.
    private static final class ProxyRefusal extends IOException {
        private static final long serialVersionUID = 1;

        private ProxyRefusal(int status) {
            super("the proxy refused to reach it: HTTP " + status);
        }
    }

    /// One host, at the addresses that were checked.
    private record Pinned(String host, List<InetAddress> addresses) implements DnsResolver {
        @Override
        public InetAddress[] resolve(String name) throws UnknownHostException {
            if (!name.equals(host)) {
                throw new UnknownHostException(name);
            }
            return addresses.toArray(InetAddress[]::new);
        }

        @Override
        public String resolveCanonicalHostname(String name) throws UnknownHostException {
            throw new UnknownHostException(name);
        }
    }

    /// What a request holds until its body is closed.
    private record Connection(HttpGet get, CloseableHttpClient client, TimeLimit limit)
            implements BoundedBody.Source {
        /// Without reading what is left of the body.
        @Override
        public void close() {
            limit.close();
            get.cancel();
            client.close(CloseMode.IMMEDIATE);
        }

        /// The client's own words may be those of the answer.
        @Override
        public IOException told(IOException e) {
            if (limit.passed()) {
                return new IOException("too slow", e);
            }
            return switch (e) {
                case SSLException it -> it;
                case ConnectException it -> it;
                case SocketTimeoutException it -> it;
                case InterruptedIOException _ -> new IOException("interrupted", e);
                case SocketException it -> it;
                case MessageConstraintException _ ->
                        new IOException("headers that are too long", e);
                case ConnectionClosedException _ ->
                        new IOException("the connection ended early", e);
                case NoHttpResponseException _ -> new IOException("the connection ended early", e);
                case TruncatedChunkException _ -> new IOException("the connection ended early", e);
                default -> new IOException("no answer of HTTP", e);
            };
        }
    }
}
