package dev.monopod.model.names;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Names that users and tools see, as EKS writes them, and Monopod's own. Source: CONTRACT.md,
/// "Names that users and tools see".
public final class Names {
    /// API group of Monopod's own objects.
    public static final String GROUP = "monopod.dev";

    /// Begins the keys of Monopod's own labels, annotations and finalizers.
    public static final String OWN_PREFIX = GROUP + "/";

    /// Annotation of a user: `false` leaves a pod of the default scheduler to it, whatever profile
    /// comes later.
    public static final String ADOPT_ANNOTATION = OWN_PREFIX + "adopt";

    public static final String PROFILE_LABEL = "eks.amazonaws.com/fargate-profile";
    public static final String COMPUTE_TYPE = "eks.amazonaws.com/compute-type";
    public static final String COMPUTE_TYPE_FARGATE = "fargate";
    public static final String CAPACITY_ANNOTATION = "CapacityProvisioned";

    /// Security groups of a pod, joined by commas, as the webhook chose them.
    public static final String SECURITY_GROUPS_ANNOTATION = "fargate.amazonaws.com/pod-sg";

    public static final String LOGGING_ANNOTATION = "Logging";
    public static final String SCHEDULER_NAME = "fargate-scheduler";
    public static final String PRIORITY_CLASS = "system-node-critical";
    public static final int PRIORITY = 2_000_001_000;
    public static final String HOST_LABEL = "monopod.dev/host";

    /// On pods that wait for a load balancer's health check.
    public static final String TARGET_HEALTH_LABEL = "monopod.dev/target-health";

    private static final String MACHINE_PREFIX = "m-";
    private static final String HOSTNAME_PREFIX = "ip-";
    private static final String NODE_BEFORE_HOSTNAME = "fargate-";
    private static final Pattern NODE_ADDRESS =
            Pattern.compile(NODE_BEFORE_HOSTNAME + HOSTNAME_PREFIX + "(\\d+-\\d+-\\d+-\\d+)\\.");

    /// Begins the name of every Node of ours.
    public static final String NODE_PREFIX = NODE_BEFORE_HOSTNAME + HOSTNAME_PREFIX;

    /// Of what an `IPAddress` belongs to where that has none, such as a group of Ingresses or a
    /// host; the API wants one.
    public static final String NO_NAMESPACE = "none";

    public static final String MACHINE_LABEL = "monopod.dev/machine";

    /// On a Host: when the controller last removed Machines of it, since it took it for lost.
    public static final String GIVEN_UP_ANNOTATION = "monopod.dev/given-up";

    /// Keeps a Machine until its host has taken it down.
    public static final String AGENT_FINALIZER = "monopod.dev/agent";

    /// Keeps an object of the network until nothing uses it.
    public static final String NETWORK_FINALIZER = "monopod.dev/network";

    /// On every object of the cluster's scope that the controller installs.
    public static final Map<String, String> LABELS = Map.of("app.kubernetes.io/part-of", "monopod");

    /// What is Monopod's own in a cluster stands there.
    public static final String SYSTEM_NAMESPACE = "monopod-system";

    /// Of the Lease, in `kube-system`, of the controller that leads.
    public static final String CONTROLLER_LEASE = "monopod-controller";

    /// Of the Deployment in [#SYSTEM_NAMESPACE], where a chart has brought the controller.
    public static final String CONTROLLER_DEPLOYMENT = "monopod-controller";

    /// Of both webhook configurations.
    public static final String WEBHOOKS = "monopod";

    /// Of the ValidatingAdmissionPolicy that keeps Fargate nodes free, and of its binding.
    public static final String BINDING_POLICY = "monopod-fargate-nodes";

    /// Of the ValidatingAdmissionPolicy that keeps users from what the system writes on pods, and
    /// of its binding.
    public static final String POD_POLICY = "monopod-fargate-pods";

    /// Of the ValidatingAdmissionPolicy that keeps an agent to its own host, and of its binding.
    public static final String AGENT_POLICY = "monopod-agents";

    /// Group of all agents' users.
    public static final String AGENTS = "monopod:agents";

    /// Header by which an agent tells the controller for which host a pod signed its request: the
    /// controller's certificate is for another.
    public static final String ASKED_HOST_HEADER = "X-Monopod-Host";

    /// Begins the name of an agent's user; the name of its host follows.
    public static final String AGENT_USER = "monopod:agent:";

    /// Right of a host on `monopod.dev` `nodes` and `serviceaccounts`, kinds that exist as rights
    /// only: it stands for these Nodes, and for pods of these accounts.
    public static final String SERVE_VERB = "serve";

    /// On a Host: when its rights were taken from it. It gets none again.
    public static final String REVOKED_ANNOTATION = "monopod.dev/revoked";

    /// Begins the type of a condition that load balancers write, and that a pod waits for.
    public static final String TARGET_HEALTH_GATE = "target-health.";

    private Names() {}

    /// Name of the security group that pods of the VPC get without a SecurityGroupPolicy.
    public static String clusterSecurityGroup(String vpc) {
        return "sg-cluster-" + vpc;
    }

    /// Name of the Machine of the pod with this UID; a pod can have one only.
    public static String machine(String podUid) {
        return MACHINE_PREFIX + podUid;
    }

    /// UID of the pod that the Machine of this name is for.
    public static String podUid(String machine) {
        return machine.substring(MACHINE_PREFIX.length());
    }

    /// Name of the Node of the pod at this address,
    /// `fargate-ip-192-168-1-23.us-west-2.compute.internal`.
    public static String node(String address, String region) {
        return NODE_BEFORE_HOSTNAME + hostname(address, region);
    }

    /// The address in the name of a Node that [#node] made; empty for another name.
    public static Optional<String> address(String node) {
        var matcher = NODE_ADDRESS.matcher(node);
        return matcher.lookingAt()
                ? Optional.of(matcher.group(1).replace('-', '.'))
                : Optional.empty();
    }

    /// Value of the Node's label `kubernetes.io/hostname`.
    public static String hostname(String address, String region) {
        return HOSTNAME_PREFIX + address.replace('.', '-') + "." + region + ".compute.internal";
    }
}
