package dev.monopod.controller;

import dev.monopod.kube.api.Host;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.removal.ClusterRemoval;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Runs in a pod, before what installed the controller is removed: ends the controller, and removes
/// what it has put into the cluster. As long as a host is there it does nothing, and fails.
@Command(name = "monopod-uninstall", mixinStandardHelpOptions = true)
public final class UninstallMain implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(UninstallMain.class);

    /// Longer than the grace of the controller's pods.
    private static final Duration END = Duration.ofSeconds(60);

    @Option(
            names = "--in-cluster-as",
            required = true,
            description = "USER whose objects are removed: the controller's")
    private String user = "";

    public static void main(String[] args) {
        System.exit(new CommandLine(new UninstallMain()).execute(args));
    }

    @Override
    public Integer call() throws InterruptedException {
        try (var self = ClusterOptions.inCluster(System.getenv(), Optional.empty());
                var controller = ClusterOptions.inCluster(System.getenv(), Optional.of(user))) {
            return uninstall(self, controller, END) ? 0 : 1;
        }
    }

    /// @param self may delete the Deployment
    /// @param controller may what the controller may
    /// @return whether nothing is left
    static boolean uninstall(KubernetesClient self, KubernetesClient controller, Duration patience)
            throws InterruptedException {
        var hosts = hosts(controller);
        if (!hosts.isEmpty()) {
            LOG.error(
                    "hosts are left, whose pods would be lost: {}. There: monopod down --kubeconfig FILE, with an administrator's; for one that is no more: kubectl delete hosts.monopod.dev NAME",
                    String.join(", ", hosts));
            return false;
        }
        var system = Names.SYSTEM_NAMESPACE;
        self.apps()
                .deployments()
                .inNamespace(system)
                .withName(Names.CONTROLLER_DEPLOYMENT)
                .delete();
        // One that leads would bring back what is removed.
        if (!isGone(controller, patience)) {
            LOG.error(
                    "pods of Deployment {}/{} do not end; nothing was removed",
                    system,
                    Names.CONTROLLER_DEPLOYMENT);
            return false;
        }
        var removal = new ClusterRemoval(controller);
        removal.admission();
        removal.objects();
        controller.leases().inNamespace("kube-system").withName(Names.CONTROLLER_LEASE).delete();
        LOG.info("nothing of the controller is left");
        return true;
    }

    private static List<String> hosts(KubernetesClient controller) {
        return ApiCall.unless(
                        ApiCode.NOT_FOUND, () -> controller.resources(Host.class).list().getItems())
                .orElse(List.of())
                .stream()
                .map(HasMetadata::getMetadata)
                .map(metadata -> metadata.getName())
                .sorted()
                .toList();
    }

    private static boolean isGone(KubernetesClient controller, Duration patience)
            throws InterruptedException {
        var gone =
                controller
                        .pods()
                        .inNamespace(Names.SYSTEM_NAMESPACE)
                        .withLabel("app.kubernetes.io/name", Names.CONTROLLER_DEPLOYMENT)
                        .informOnCondition(List::isEmpty);
        try {
            gone.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException late) {
            return false;
        } catch (ExecutionException failure) {
            throw new IllegalStateException("pods can't be watched", failure);
        } finally {
            gone.cancel(true);
        }
    }
}
