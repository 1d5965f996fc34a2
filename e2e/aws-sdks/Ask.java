import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.services.sts.StsClient;

/// Who this pod is to AWS, as the AWS SDK for Java finds out by itself: what STS answers.
final class Ask {
    private Ask() {}

    static void main() {
        var provider = DefaultCredentialsProvider.builder().build();
        try (var sts = StsClient.builder().credentialsProvider(provider).build()) {
            IO.println(sts.getCallerIdentity().arn());
        }
    }
}
