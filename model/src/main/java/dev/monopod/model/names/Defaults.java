package dev.monopod.model.names;

import java.time.Duration;

/// The ranges, ports and places that all parts of Monopod agree on where a user says nothing else.
/// They stand here once; the control plane in Go has them from `monopod up`, and a test compares
/// those that it must know itself.
public final class Defaults {
    /// Name of the VPC that the controller makes, and its range.
    public static final String VPC = "default";

    public static final String VPC_CIDR = "192.168.0.0/16";
    public static final String SERVICE_CIDR = "10.100.0.0/16";
    public static final String CLUSTER_DNS = "10.100.0.10";
    public static final String CLUSTER_DOMAIN = "cluster.local";
    public static final String REGION = "us-west-2";

    public static final String DATA_DIRECTORY = "/var/lib/monopod";
    public static final String RUN_DIRECTORY = "/run/monopod";

    /// vCPUs and disk promised by `monopod up` for each that a host has.
    public static final int OVERCOMMIT = 10;

    /// Of the agent, on the host and at each pod's address.
    public static final int KUBELET_PORT = 10_250;

    public static final int API_SERVER_PORT = 6443;
    public static final int ETCD_PORT = 2379;
    public static final int ETCD_PEER_PORT = 2380;
    public static final int CONTROLLER_MANAGER_PORT = 10_257;
    public static final int SCHEDULER_PORT = 10_259;
    public static final int DNS_HEALTH_PORT = 18_080;
    public static final int DNS_READY_PORT = 18_181;

    /// Of the controller: its admission webhooks, and its health.
    public static final int WEBHOOK_PORT = 9443;

    public static final int HEALTH_PORT = 9440;

    /// Of the controller, for AWS' tools: EKS, STS.
    public static final int EKS_PORT = 9444;

    /// Of the controller, for agents that ask for credentials of their pods.
    public static final int EKS_AUTH_PORT = 9445;

    /// Of the agent, at the host's address in a VPC: where pods' SDKs find their credentials.
    public static final int POD_IDENTITY_PORT = 9446;

    /// Where EKS' own agent answers SDKs in pods, at port 80.
    public static final String POD_IDENTITY_ADDRESS = "169.254.170.23";

    /// Of the cluster, as ARNs have it: twelve digits.
    public static final String ACCOUNT_ID = "000000000000";

    public static final String CLUSTER_NAME = "monopod";

    /// Of the agent's health.
    public static final int AGENT_HEALTH_PORT = 9441;

    /// Where the first host stands in a VPC, counted from the range's base.
    public static final int HOST_OFFSET = 4;

    /// Where the cluster's DNS stands in the range of Services.
    public static final int DNS_OFFSET = 10;

    /// A host whose agent was silent for longer is not ready, and gets no machine.
    public static final Duration HOST_SILENCE = Duration.ofSeconds(40);

    private Defaults() {}
}
