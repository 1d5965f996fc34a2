package dev.monopod.agent;

import dev.monopod.host.machine.QemuConfiguration.Clones;
import dev.monopod.model.names.Defaults;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The agent's flags.
final class AgentOptions {
    @Option(names = "--kubeconfig", description = "Kubeconfig; default: the client's own search.")
    Optional<Path> kubeconfig = Optional.empty();

    @Option(names = "--host-name", description = "Name of the Host object; default: the hostname.")
    String hostName = localName();

    @Option(names = "--data-dir", description = "State. Default: ${DEFAULT-VALUE}.")
    Path dataDirectory = Path.of(Defaults.DATA_DIRECTORY);

    @Option(names = "--run-dir", description = "Sockets. Default: ${DEFAULT-VALUE}.")
    Path runDirectory = Path.of(Defaults.RUN_DIRECTORY);

    @Option(
            names = "--guest-dir",
            required = true,
            description = "Folder with vmlinuz and initramfs.cpio.gz.")
    Path guestDirectory = Path.of("dist/guest");

    @Option(names = "--cluster-dns", description = "Default: ${DEFAULT-VALUE}.")
    String clusterDns = Defaults.CLUSTER_DNS;

    @Option(names = "--cluster-domain", description = "Default: ${DEFAULT-VALUE}.")
    String clusterDomain = Defaults.CLUSTER_DOMAIN;

    @Option(names = "--service-cidr", description = "Default: ${DEFAULT-VALUE}.")
    String serviceCidr = Defaults.SERVICE_CIDR;

    @Option(
            names = "--cpu-overcommit",
            description = "vCPUs promised for each processor, unless the Host says otherwise.")
    int cpuOvercommit = 1;

    @Option(
            names = "--storage-overcommit",
            description = "Disk promised for each byte there is, unless the Host says otherwise.")
    int storageOvercommit = 1;

    @Option(
            names = "--clones",
            description =
                    "Whether a machine may begin with the memory of one that has booted, and share"
                            + " what it does not write with others (SHARED) or not (OWN):"
                            + " ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.",
            defaultValue = "${env:MONOPOD_CLONES:-SHARED}")
    Clones clones = Clones.SHARED;

    @Option(
            names = "--warm-machines",
            description =
                    "How many machines of each size that was asked for lately wait for pods at"
                            + " least; as many as came at once wait, if memory allows. 0: none. Default: ${DEFAULT-VALUE}.",
            defaultValue = "${env:MONOPOD_WARM:-1}")
    int warmMachines;

    @Option(names = "--kubelet-port", description = "Default: ${DEFAULT-VALUE}.")
    int kubeletPort = Defaults.KUBELET_PORT;

    @Option(
            names = "--health-bind",
            description = "ADDRESS:PORT of /readyz and /healthz. Default: ${DEFAULT-VALUE}.")
    String healthBind = "127.0.0.1:" + Defaults.AGENT_HEALTH_PORT;

    @Option(names = "--kubelet-ca-cert", description = "Default: DATA/pki/kubelet-ca.crt.")
    Optional<Path> kubeletCertificate = Optional.empty();

    @Option(names = "--kubelet-ca-key", description = "Default: DATA/pki/kubelet-ca.key.")
    Optional<Path> kubeletKey = Optional.empty();

    @Option(names = "--client-ca", description = "Who signs the API server's client certificate.")
    Optional<Path> clientAuthority = Optional.empty();

    @Option(names = "--registries", description = "Registries: mirrors and credentials.")
    Optional<Path> registries = Optional.empty();

    @Option(
            names = "--image-credential-provider-config",
            description =
                    "The kubelet's CredentialProviderConfig; default: DATA/credential-providers.yaml, if it is there.")
    Optional<Path> credentialProviderConfig = Optional.empty();

    @Option(
            names = "--image-credential-provider-bin-dir",
            description = "Where the plugins are; default: DATA/credential-providers.")
    Optional<Path> credentialProviderDirectory = Optional.empty();

    @Option(
            names = "--image-gc-high-threshold",
            description = "Disk use in percent from which on images are removed.")
    int imageHighThreshold = 85;

    @Option(
            names = "--image-gc-low-threshold",
            description = "Disk use in percent to which images are removed.")
    int imageLowThreshold = 80;

    @Option(
            names = "--minimum-image-ttl-seconds",
            description = "Time since an image was last wanted, before it may go.")
    int minimumImageSeconds = 120;

    @Option(names = "--region", description = "Default: ${DEFAULT-VALUE}.")
    String region = Defaults.REGION;

    @Option(
            names = "--pod-identity",
            description = "Pass on to the controller what SDKs of AWS in pods ask.")
    boolean podIdentity;

    @Option(names = "--cluster-name", description = "Default: ${DEFAULT-VALUE}.")
    String clusterName = Defaults.CLUSTER_NAME;

    @Option(
            names = "--host-address",
            description = "Address of this host for pods; default: base + 4 of the first VPC.")
    Optional<String> hostAddress = Optional.empty();

    @Option(
            names = "--underlay-address",
            description =
                    "Address by which other hosts reach this one; without it there are no others.")
    Optional<String> underlayAddress = Optional.empty();

    Path kubeletCertificate() {
        return kubeletCertificate.orElse(dataDirectory.resolve("pki/kubelet-ca.crt"));
    }

    Path kubeletKey() {
        return kubeletKey.orElse(dataDirectory.resolve("pki/kubelet-ca.key"));
    }

    private static String localName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }
}
