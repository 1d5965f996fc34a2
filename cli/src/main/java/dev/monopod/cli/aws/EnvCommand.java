package dev.monopod.cli.aws;

import dev.monopod.cli.cluster.Cluster;
import dev.monopod.cli.installation.CommonOptions;
import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.eks.identity.AccessKey;
import dev.monopod.model.names.Defaults;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// What tools of AWS read from their environment, for a shell to take over.
@Command(
        name = "env",
        mixinStandardHelpOptions = true,
        description = "Print variables for tools of AWS: eval \"$(monopod aws env)\".")
final class EnvCommand implements Callable<Integer> {
    private static final String ADMINISTRATOR = "admin";

    @Mixin private CommonOptions options = new CommonOptions();

    @Option(
            names = "--user",
            paramLabel = "USER",
            defaultValue = ADMINISTRATOR,
            description =
                    "Whose key (${DEFAULT-VALUE}, who administers the cluster and is made when first asked for).")
    private String user = ADMINISTRATOR;

    @Override
    public Integer call() {
        var layout = options.layout();
        var installation =
                Installation.read(layout)
                        .filter(it -> it.standing().runsControlPlane())
                        .orElseThrow(() ->
                                new CliException(
                                        "no EKS API on this host: it runs beside a control plane that `monopod up` made",
                                        "run `monopod up`, or run this on the first host"));
        try (var client = Cluster.connect(layout)) {
            var region = installation.network().region();
            var variables =
                    variables(key(new Users(client)), region, layout.pki("ca.crt").toString());
            if (options.json()) {
                CommonOptions.printJson(variables);
            } else {
                System.out.println("unset AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE");
                variables.forEach(
                        (name, value) -> System.out.printf("export %s='%s'%n", name, value));
            }
            return 0;
        }
    }

    private AccessKey key(Users users) {
        var found = users.keyOf(user);
        if (found.isPresent()) {
            return found.get();
        }
        if (!user.equals(ADMINISTRATOR)) {
            throw new CliException(
                    "user %s has no access key".formatted(user),
                    "monopod aws key create %s".formatted(user));
        }
        var made = users.create(user);
        users.makeAdministrator(made.caller());
        return made;
    }

    /// None of the values has a quote.
    static Map<String, String> variables(AccessKey key, String region, String authority) {
        Map<String, String> variables = new LinkedHashMap<>();
        variables.put("AWS_ENDPOINT_URL", "https://127.0.0.1:" + Defaults.EKS_PORT);
        variables.put("AWS_CA_BUNDLE", authority);
        variables.put("AWS_ACCESS_KEY_ID", key.id());
        variables.put("AWS_SECRET_ACCESS_KEY", key.secret());
        variables.put("AWS_REGION", region);
        variables.put("AWS_DEFAULT_REGION", region);
        // Whoever looks for other credentials finds none, and need not wait for that.
        variables.put("AWS_EC2_METADATA_DISABLED", "true");
        return variables;
    }
}
