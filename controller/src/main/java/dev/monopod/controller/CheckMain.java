package dev.monopod.controller;

import dev.monopod.controller.admission.AdmissionCheck;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Runs in a pod, and says whether the controller of its cluster does what it is there for.
@Command(name = "monopod-check", mixinStandardHelpOptions = true)
public final class CheckMain implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(CheckMain.class);

    @Option(
            names = "--in-cluster-as",
            required = true,
            description = "USER as whom the service account of this pod asks")
    private String user = "";

    public static void main(String[] args) {
        System.exit(new CommandLine(new CheckMain()).execute(args));
    }

    @Override
    public Integer call() {
        try (var client = ClusterOptions.inCluster(System.getenv(), Optional.of(user))) {
            var fault = AdmissionCheck.fault(client);
            if (!fault.isEmpty()) {
                LOG.error("{}", fault);
                return 1;
            }
            LOG.info("the API server asks the controller");
            return 0;
        }
    }
}
