package dev.monopod.model.support;

/// Part of EKS' sentence that a refusal belongs to, in the order in which EKS writes them.
public enum Clause {
    /// `fields not supported: HostNetwork, HostPID`.
    FIELDS("fields not supported: ", ", "),
    /// `invalid SecurityContext fields: Privileged`, one clause for each container.
    SECURITY_CONTEXT("invalid SecurityContext fields: ", ","),
    /// `port contains HostIP or HostPort`, once.
    PORT("port contains HostIP or HostPort", ""),
    /// `volumes not supported: NAME is of an unsupported volume Type`.
    VOLUMES("volumes not supported: ", ", "),
    /// `resources not supported: nvidia.com/gpu`. Words of Monopod's own: EKS has none for it.
    RESOURCES("resources not supported: ", ", ");

    private final String introduction;
    private final String separator;

    Clause(String introduction, String separator) {
        this.introduction = introduction;
        this.separator = separator;
    }

    String introduction() {
        return introduction;
    }

    String separator() {
        return separator;
    }
}
