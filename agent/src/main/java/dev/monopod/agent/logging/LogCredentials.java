package dev.monopod.agent.logging;

import dev.monopod.logging.output.AssumedRole;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.auth.StsAssumeRoleCredentialsProvider;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/// As whom an output asks AWS: who has the credentials of the agent's process, as AWS' SDK finds
/// them, or the role that this one takes on. Asked for anew before they end. Thread-safe.
final class LogCredentials implements AwsCredentialsProvider, SdkAutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration ANSWER = Duration.ofSeconds(20);
    private static final String SESSION = "monopod-logs";

    private final AwsCredentialsProvider provider;
    private final List<SdkAutoCloseable> parts;
    private final AtomicBoolean closed = new AtomicBoolean();

    private LogCredentials(AwsCredentialsProvider provider, List<SdkAutoCloseable> parts) {
        this.provider = provider;
        this.parts = parts;
    }

    /// @param region whose STS is asked
    static LogCredentials of(String region, Optional<AssumedRole> role) {
        var own = DefaultCredentialsProvider.builder().build();
        if (role.isEmpty()) {
            return new LogCredentials(own, List.of(own));
        }
        var wanted = role.get();
        var sts = client(StsClient.builder(), region, wanted.endpoint(), own);
        var assumed =
                StsAssumeRoleCredentialsProvider.builder()
                        .stsClient(sts)
                        .refreshRequest(request ->
                                request.roleArn(wanted.arn())
                                        .roleSessionName(SESSION)
                                        .externalId(orNull(wanted.externalId())))
                        .build();
        return new LogCredentials(assumed, List.of(assumed, sts, own));
    }

    private static @Nullable String orNull(Optional<String> text) {
        return text.orElse(null);
    }

    /// A client of a service, with what all of them have in common.
    ///
    /// @param endpoint a URL, or a host, instead of AWS' own
    static <B extends AwsClientBuilder<B, C> & AwsSyncClientBuilder<B, C>, C> C client(
            B builder,
            String region,
            Optional<String> endpoint,
            AwsCredentialsProvider credentials) {
        builder.region(Region.of(region))
                .credentialsProvider(credentials)
                .httpClientBuilder(
                        UrlConnectionHttpClient.builder()
                                .connectionTimeout(CONNECT)
                                .socketTimeout(ANSWER))
                .overrideConfiguration(settings -> settings.apiCallTimeout(ANSWER));
        endpoint.map(one -> URI.create(one.contains("://") ? one : "https://" + one))
                .ifPresent(builder::endpointOverride);
        return builder.build();
    }

    @Override
    public AwsCredentials resolveCredentials() {
        return provider.resolveCredentials();
    }

    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            parts.forEach(SdkAutoCloseable::close);
        }
    }
}
